"""Right values at wrong places: in another array's gradient, transposed, reversed, rolled, in another memory order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from checks.diagnosis.evidence import Evidence, Pair
from checks.diagnosis.finding import Diagnosis
from checks.function import Array

_MOST_AXES = 4


def swapped(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The gradient is another array's, and that one's is this array's."""
    own = evidence.pairs(name)
    for other in evidence.names:
        if other == name:
            continue
        theirs = evidence.pairs(other)
        if len(theirs) != len(own) or any(
            a.analytic.shape != b.analytic.shape for a, b in zip(own, theirs, strict=True)
        ):
            continue
        off = evidence.agreement(name, [pair.analytic for pair in theirs])
        if off is not None and evidence.agreement(other, [pair.analytic for pair in own]) is not None:
            yield Diagnosis(
                kind="swapped",
                what=f"it is the gradient of {other}, and that of {other} is this one",
                cure="the two exchanged",
                off=off,
            )
            return


def misplaced(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The gradient with its axes exchanged, reversed or rolled, or read in another order, agrees."""
    pairs = evidence.pairs(name)
    if not pairs or not all(_telling(pair) for pair in pairs):
        return
    for kind, what, cure, move in _moves(pairs):
        off = evidence.agreement(name, [move(pair.analytic) for pair in pairs])
        if off is not None:
            yield Diagnosis(kind=kind, what=what, cure=cure, off=off)
            return


def _telling(pair: Pair) -> bool:
    """Whether moving anything would show: no two entries need be alike."""
    return pair.numerical.size > 1 and bool(np.ptp(pair.numerical) > 0)


Move = Callable[[Array], "Array | None"]


def _moves(pairs: Sequence[Pair]) -> Iterator[tuple[str, str, str, Move]]:
    axes: Sequence[int] = range(pairs[0].analytic.ndim)
    if 1 < len(axes) <= _MOST_AXES:
        for order in itertools.permutations(axes):
            if order != tuple(axes):
                text = "its transpose" if len(axes) == 2 else f"its axes in the order {order}"
                what = "it is transposed" if len(axes) == 2 else "its axes are in another order"
                yield "transposed", what, text, lambda a, order=order: a.transpose(order)  # type: ignore[misc]
        yield "permuted", "it is read in Fortran order", 'reshape(..., order="F")', _fortran
        yield "permuted", "it is read in Fortran order", 'reshape(..., order="F")', _from_fortran
    # Two entries that are reversed are rolled, and halves exchanged, too: nothing tells which.
    axes = [axis for axis in axes if any(pair.analytic.shape[axis] > 2 for pair in pairs)]
    for axis in axes:
        if all(pair.analytic.shape[axis] % 2 == 0 for pair in pairs):
            yield (
                "permuted",
                f"its halves along axis {axis} are exchanged",
                f"np.roll(..., n // 2, axis={axis}), n being its length,",
                lambda a, axis=axis: np.roll(a, a.shape[axis] // 2, axis),  # type: ignore[misc]
            )
        yield (
            "permuted",
            f"it is reversed along axis {axis}",
            f"axis {axis} reversed",
            lambda a, axis=axis: np.flip(a, axis),  # type: ignore[misc]
        )
    if len(axes) > 1:
        yield "permuted", "it is reversed along its last two axes", "both reversed", lambda a: a[..., ::-1, ::-1]
    for axis in axes:
        for by in (1, -1, 2, -2):
            yield (
                "permuted",
                f"it is rolled by {-by} along axis {axis}",
                f"np.roll(..., {by}, axis={axis})",
                lambda a, by=by, axis=axis: np.roll(a, by, axis),  # type: ignore[misc]
            )


def _fortran(array: Array) -> Array:
    return array.reshape(-1).reshape(array.shape, order="F")


def _from_fortran(array: Array) -> Array:
    return array.reshape(-1, order="F").reshape(array.shape)
