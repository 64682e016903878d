"""What backward does with the gradient from above: nothing, or something that is not linear."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from checks.diagnosis.evidence import Evidence, Sample
from checks.diagnosis.finding import Diagnosis
from checks.function import Array

_CLOSE = 1e-9


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
    """The derivative at the parameters that backward has updated, and not at those that forward used."""
    roles = evidence.subject.roles
    if not evidence.subject.updates or roles.get(name) == "parameter":
        return
    learned = [n for n in evidence.names if roles.get(n) == "parameter"]
    cured = []
    for sample in evidence.samples:
        later = sample.updated(learned)
        derivative = None if later is None else later.derivative(name, sample.upstream)
        analytic = sample.pairs[name].analytic if name in sample.pairs else None
        if derivative is None or analytic is None or not learned:
            return
        size = float(np.max(np.abs(derivative), initial=0.0))
        cured.append(bool(np.allclose(analytic, derivative, rtol=1e-5, atol=1e-6 * size)))
    if cured and all(cured):
        yield Diagnosis(
            kind="nonlinear-upstream",
            what=f"it is made with {' and '.join(learned)} as backward has updated them: form it before the update",
        )


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
