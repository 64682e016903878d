"""A factor that is missing or too many: a number, or an array at hand, on the gradient or on the one from above."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from checks.diagnosis import constants
from checks.diagnosis.evidence import Evidence
from checks.diagnosis.expressions import Expression, expressions, products, sizes_of
from checks.diagnosis.finding import Diagnosis
from checks.function import Array

_SPREAD = 1e-5  # of a ratio that is to be the same for all entries


def constant(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The derivative is a number times the gradient, one for each case."""
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
    yield Diagnosis(kind="factor", what="it is off by a factor", cure=f"* {text}", off=off)


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
