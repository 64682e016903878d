"""What backward does with the gradient from above: nothing, or something that is not linear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from checks.diagnosis.evidence import Evidence, Sample
from checks.diagnosis.finding import Diagnosis
from checks.function import Array

_CLOSE = 1e-9
_NEXT_TO_NOTHING = 2.0**-20  # of the upstream gradient: a step that small changes no parameter that shows


def ignores_upstream(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The same gradient for twice the upstream gradient, and for another one."""
    if not evidence.subject.takes_upstream:
        return
    for sample in evidence.samples:
        own = sample.returned_again.get(name)
        twice, other = _asked(sample, 2 * sample.upstream, name), _asked(sample, _other(sample.upstream), name)
        if own is None or twice is None or other is None or not np.any(own):
            return
        if not (_same(own, twice) and _same(own, other)):
            return
    ones = [_asked(sample, np.ones_like(sample.upstream), name) for sample in evidence.samples]
    scalar = all(sample.output.ndim == 0 for sample in evidence.samples)
    if scalar:
        cured = [
            None if one is None else one * float(s.upstream) for one, s in zip(ones, evidence.samples, strict=True)
        ]
        off = evidence.agreement(name, cured)
        if off is not None:
            yield Diagnosis(
                kind="ignores-upstream",
                what="it does not depend on the gradient from above",
                cure="* dout",
                off=off,
            )
            return
    yield Diagnosis(kind="ignores-upstream", what="it is the same whatever the gradient from above is")


def draws(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """Another gradient where the random state is another one between forward and backward."""
    for sample in evidence.samples:
        own, other = sample.returned_again.get(name), sample.redrawn().get(name)
        if own is None or other is None or _same(own, other):
            return
    yield Diagnosis(
        kind="nondeterministic",
        what="backward draws random numbers of its own: let forward keep what it drew, and backward use that",
    )


def after_update(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The derivative at the parameters that backward has updated, and not at those that forward used; in whole, or in
    the factors that backward takes from them.
    """
    roles = evidence.subject.roles
    if not evidence.subject.updates or roles.get(name) == "parameter":
        return
    learned = [n for n in evidence.names if roles.get(n) == "parameter"]
    samples = [sample for sample in evidence.samples if name in sample.pairs]
    if not learned or not samples:
        return
    in_part = evidence.subject.takes_upstream and all(_follows_the_step(sample, name) for sample in samples)
    if in_part or all(_at_updated(sample, name, learned) for sample in samples):
        yield Diagnosis(
            kind="nonlinear-upstream",
            what=f"it is made with {' and '.join(learned)} as backward has updated them: form it before the update",
        )


def _at_updated(sample: Sample, name: str, learned: Sequence[str]) -> bool:
    """Whether it is the derivative at the parameters as they are after backward."""
    later = sample.updated(learned)
    derivative = None if later is None else later.derivative(name, sample.upstream)
    if derivative is None:
        return False
    size = float(np.max(np.abs(derivative), initial=0.0))
    return bool(np.allclose(sample.pairs[name].analytic, derivative, rtol=1e-5, atol=1e-6 * size))


def _follows_the_step(sample: Sample, name: str) -> bool:
    """Whether it is off in proportion to the upstream gradient, beside being right for next to none: so is the step."""
    pair = sample.pairs[name]
    slopes = {}
    for share in (_NEXT_TO_NOTHING, 0.5):
        found = _asked(sample, share * sample.upstream, name)
        if found is None or found.shape != pair.analytic.shape:
            return False
        slopes[share] = found / share
    off, half = pair.analytic - pair.numerical, slopes[0.5] - pair.numerical
    size = float(np.max(np.abs(pair.numerical), initial=0.0))
    right = np.allclose(slopes[_NEXT_TO_NOTHING], pair.numerical, rtol=1e-4, atol=1e-4 * size)
    return bool(right and np.allclose(half, off / 2, rtol=1e-3, atol=1e-4 * float(np.max(np.abs(off), initial=0.0))))


def nonlinear_upstream(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The gradient of a sum of upstream gradients is not the sum of their gradients."""
    if not evidence.subject.takes_upstream:
        return
    for sample in evidence.samples:
        own, turned = sample.returned_again.get(name), _asked(sample, -sample.upstream, name)
        other = _other(sample.upstream)
        apart, both = _asked(sample, other, name), _asked(sample, sample.upstream + other, name)
        if own is None or turned is None or apart is None or both is None:
            return
        if _same(turned, -own) and _same(both, own + apart):
            return
    yield Diagnosis(
        kind="nonlinear-upstream",
        what="it is not linear in the gradient from above: that of a sum is not the sum of those of its parts",
    )


def _asked(sample: Sample, upstream: Array, name: str) -> Array | None:
    return sample.backward(upstream).get(name)


def _other(upstream: Array) -> Array:
    """Another upstream gradient: other in every entry, and in their proportions."""
    return upstream * (1.5 + 0.5 * np.cos(np.arange(upstream.size))).reshape(upstream.shape) + 0.25


def _same(a: Array, b: Array) -> bool:
    size = float(np.max(np.abs(b), initial=0.0))
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=0, atol=_CLOSE * size))
