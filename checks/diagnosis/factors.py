"""A factor that is missing or too many: a number, or an array at hand, on the gradient or on the one from above."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from checks.diagnosis import constants
from checks.diagnosis.evidence import Evidence, Pair, told_otherwise
from checks.diagnosis.expressions import Expression, expressions, products, sizes_of
from checks.diagnosis.finding import Diagnosis
from checks.function import Array

_SPREAD = 1e-5  # of a ratio that is to be the same for all entries
_MOST_OPTIONS = 4  # other numbers that the layer is told


def constant(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The derivative is a number times the gradient, one for each case."""
    if evidence.is_right_somewhere(name):
        return
    ratios = []
    for pair in evidence.pairs(name):
        a, n = pair.analytic[pair.known], pair.numerical[pair.known]
        square = float(np.sum(a * a))
        if not square > 0 or not np.isfinite(square):
            return
        ratios.append(float(np.sum(a * n)) / square)
    if not ratios or not all(np.isfinite(ratio) and ratio for ratio in ratios):
        return
    off = evidence.agreement(
        name, [ratio * pair.analytic for ratio, pair in zip(ratios, evidence.pairs(name), strict=True)]
    )
    if off is None:
        return
    if all(abs(ratio + 1) < _SPREAD for ratio in ratios):
        yield Diagnosis(kind="sign", what="it is the negative of the derivative", cure="* -1", off=off)
        return
    text = constants.named(ratios, sizes_of(evidence.samples))
    if text is None:
        return
    yield Diagnosis(
        kind="factor", what="it is off by a factor", cure=f"* {_of_option(evidence, name, ratios) or text}", off=off
    )


def _of_option(evidence: Evidence, name: str, ratios: Sequence[float]) -> str | None:
    """The factor in terms of what the layer keeps, where it is another number when the layer is told another one.

    `2` is `1/self.tau` of a layer whose `tau` defaults to 0.5.
    """
    first = evidence.samples[0]
    if any(abs(ratio - ratios[0]) > _SPREAD * abs(ratio) for ratio in ratios):
        return None
    for other in itertools.islice(told_otherwise(first.case), _MOST_OPTIONS):
        ratio = _ratio(other.pairs[name]) if name in other.pairs else None
        if ratio is not None and abs(ratio - ratios[0]) > _SPREAD * abs(ratio):
            kept = sizes_of([first, other])
            text = constants.named([ratios[0], ratio], {t: v for t, v in kept.items() if t.startswith("self.")})
            if text is not None and "self." in text:
                return text
    return None


def _ratio(pair: Pair) -> float | None:
    """The number by which the gradient has to be multiplied; None where there is none."""
    a, n = pair.analytic[pair.known], pair.numerical[pair.known]
    square = float(np.sum(a * a))
    ratio = float(np.sum(a * n)) / square if square > 0 else 0.0
    return ratio if ratio and np.isfinite(ratio) and pair.agrees(ratio * pair.analytic) is not None else None


def entrywise(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The derivative is the gradient times an expression of one of the arrays, entry by entry."""
    yield from _among(evidence, name, expressions(evidence.samples, _shapes(evidence, name)))


def by_two(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The derivative is the gradient times a product of two such expressions."""
    yield from _among(evidence, name, products(list(expressions(evidence.samples, _shapes(evidence, name)))))


def _shapes(evidence: Evidence, name: str) -> list[tuple[int, ...]]:
    return [pair.analytic.shape for pair in evidence.pairs(name)]


def _among(evidence: Evidence, name: str, found: Iterable[Expression]) -> Iterator[Diagnosis]:
    pairs = evidence.pairs(name)
    for one in found:
        off = evidence.agreement(name, [pair.analytic * v for pair, v in zip(pairs, one.values, strict=True)])
        if off is not None:
            yield _named(one, off)
            return


def above(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The gradient is right for the upstream gradient times an expression: a local derivative was left out."""
    if not evidence.subject.takes_upstream:
        return
    found = list(expressions(evidence.samples, [sample.output.shape for sample in evidence.samples]))
    for one in found:
        cured: list[Array | None] = []
        for sample, values in zip(evidence.samples, one.values, strict=True):
            cured.append(sample.backward(sample.upstream * values).get(name))
            if agreement_of(evidence, name, cured) is None:
                break
        else:
            off = evidence.agreement(name, cured)
            if off is not None:
                yield _named(one, off, "dout ")
                return


def agreement_of(evidence: Evidence, name: str, cured: Sequence[Array | None]) -> float | None:
    """The last one's agreement alone, so that a wrong expression is given up after one case."""
    pair, last = evidence.pairs(name)[len(cured) - 1], cured[-1]
    return None if last is None else pair.agrees(last)


def _named(one: Expression, off: float, beside: str = "") -> Diagnosis:
    if one.text.startswith("1 / "):
        what = f"the factor {one.text[4:]} is too many"
        return Diagnosis(kind="missing-factor", what=what, cure=f"{beside}/ {one.text[4:]}", off=off)
    return Diagnosis(
        kind="missing-factor", what=f"the factor {one.text} is missing", cure=f"{beside}* {one.text}", off=off
    )
