"""A term that is missing or too many: a number times an array at hand, or what a sum or a mean of the gradient is."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

import numpy as np

from checks.diagnosis import constants
from checks.diagnosis.evidence import Evidence, Pair
from checks.diagnosis.expressions import Expression, expressions, sizes_of
from checks.diagnosis.finding import Diagnosis
from checks.function import Array
from checks.statement import read_in_backward

_WORD = re.compile(r"[A-Za-z_]\w*")


def added_alone(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The derivative is the gradient plus a number times an array, or times what the upstream gradient makes."""
    return _added(evidence, name, simple=True)


def added(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The derivative is the gradient plus a number times an expression of the arrays."""
    return _added(evidence, name, simple=False)


def _added(evidence: Evidence, name: str, *, simple: bool) -> Iterator[Diagnosis]:
    pairs = evidence.pairs(name)
    apart = [np.where(pair.known, pair.numerical - pair.analytic, 0.0) for pair in pairs]
    if any(not np.any(one) or not np.all(np.isfinite(one)) for one in apart):
        return
    for one in (
        *_of_upstream(evidence, pairs),
        *expressions(evidence.samples, [pair.analytic.shape for pair in pairs]),
    ):
        if simple and " " in one.text.replace(" > ", ">"):
            continue
        ratios = [_ratio(difference, value) for difference, value in zip(apart, one.values, strict=True)]
        if any(ratio is None for ratio in ratios):
            continue
        known = [ratio for ratio in ratios if ratio is not None]
        cured = [pair.analytic + r * value for pair, r, value in zip(pairs, known, one.values, strict=True)]
        off = evidence.agreement(name, cured)
        text = None if off is None else constants.named(known, sizes_of(evidence.samples))
        if off is None or text is None:
            continue
        yield _named(one, text, off, there=_is_read(evidence, one))
        return


def centred(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The derivative is the gradient less its mean, or less what lies along another array."""
    pairs = evidence.pairs(name)
    for axes in _axes(pairs):
        text = f"axis={axes[0] if len(axes) == 1 else axes}"
        cured = [pair.analytic - pair.analytic.mean(axis=axes, keepdims=True) for pair in pairs]
        off = evidence.agreement(name, cured)
        if off is not None:
            yield Diagnosis(
                kind="missing-term",
                what=f"the mean over {text} is not taken off",
                cure=f"- d{name}.mean({text})",
                off=off,
            )
            return
    for one in expressions(evidence.samples, [pair.analytic.shape for pair in pairs]):
        if one.text.startswith("1 / ") or any(
            v.shape != p.analytic.shape for v, p in zip(one.values, pairs, strict=True)
        ):
            continue
        for axes in _axes(pairs):
            for way, projected in itertools.product(("sum", "mean"), (False, True)):
                cured = [
                    _without(pair.analytic, v, axes, way, projected=projected)
                    for pair, v in zip(pairs, one.values, strict=True)
                ]
                off = evidence.agreement(name, cured)
                if off is not None:
                    text = f"axis={axes[0] if len(axes) == 1 else axes}, keepdims=True"
                    inner = f"(d{name} * {one.text})" if projected else f"d{name}"
                    yield Diagnosis(
                        kind="missing-term",
                        what=f"what lies along {one.text} is not taken off",
                        cure=f"- {one.text} * {inner}.{way}({text})",
                        off=off,
                    )
                    return


def _without(gradient: Array, along: Array, axes: tuple[int, ...], way: str, *, projected: bool) -> Array:
    """`y * g` less `y * sum(y * g)`: for a softmax's output `y` whose gradient lacks the sum.

    `projected`: g less `y * mean(g * y)`, for what a normalisation has made `y`.
    """
    inner = gradient * along if projected else gradient
    total = inner.sum(axis=axes, keepdims=True) if way == "sum" else inner.mean(axis=axes, keepdims=True)
    return np.asarray(gradient - along * total)


def _axes(pairs: Sequence[Pair]) -> Iterator[tuple[int, ...]]:
    axes = range(pairs[0].analytic.ndim)
    yield from ((axis,) for axis in axes)
    if len(axes) > 2:
        yield tuple(axes[1:])
        yield (0, *axes[2:])
    if len(axes) > 1:
        yield tuple(axes)


def _of_upstream(evidence: Evidence, pairs: Sequence[Pair]) -> Iterator[Expression]:
    """The gradient from above, where it has the array's shape, and its sums that have."""
    if not evidence.subject.takes_upstream:
        return
    ups = [sample.upstream for sample in evidence.samples]
    if all(up.shape == pair.analytic.shape for up, pair in zip(ups, pairs, strict=True)):
        yield Expression("dout", tuple(ups))
    for axis in range(ups[0].ndim):
        sums = tuple(up.sum(axis=axis) for up in ups)
        if all(one.shape == pair.analytic.shape for one, pair in zip(sums, pairs, strict=True)):
            yield Expression(f"dout.sum(axis={axis})", sums)


def _ratio(difference: Array, value: Array) -> float | None:
    wide = np.broadcast_to(value, difference.shape)
    square = float(np.sum(wide * wide))
    return float(np.sum(difference * wide)) / square if square > 0 and np.isfinite(square) else None


def _is_read(evidence: Evidence, one: Expression) -> bool:
    """Whether backward reads an array of the expression, by any of its names; so does one that has no source."""
    known = read_in_backward(evidence.subject)
    if known is None:
        return True
    words = set(_WORD.findall(one.text))
    arrays = evidence.samples[0].case.arrays
    for text, value in evidence.samples[0].held.items():
        if any(word in arrays and np.array_equal(arrays[word], value) for word in words):
            words |= set(_WORD.findall(text))
    return bool((words - {"self"}) & known)


def _named(one: Expression, text: str, off: float, *, there: bool) -> Diagnosis:
    """The fault in words; what is to be taken off is one too many, or its negative is missing where it is not there."""
    number = text.removeprefix("-")
    term = one.text if number == "1" else f"{number} * {one.text}"
    if not text.startswith("-"):
        return Diagnosis(kind="missing-term", what=f"the term {term} is missing", cure=f"+ {term}", off=off)
    if there:
        return Diagnosis(kind="extra-term", what=f"the term {term} is too many", cure=f"- {term}", off=off)
    return Diagnosis(kind="missing-term", what=f"the term -{term} is missing", cure=f"- {term}", off=off)
