"""Wrong on one side of a condition, or in a few entries: where the errors are, told by the arrays at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from checks.diagnosis.evidence import CLOSE, Evidence, Pair
from checks.diagnosis.expressions import Expression, bases
from checks.diagnosis.finding import Diagnosis
from checks.function import Array

_FEWEST = 3  # entries on either side, over all cases
_MOST_LISTED = 4
_FEW = 0.25  # of the entries


def branch(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """All errors, and nothing else, on one side of a threshold of an array of the same shape."""
    pairs = evidence.pairs(name)
    wrong = [_wrong(pair) for pair in pairs]
    count = sum(int(w.sum()) for w in wrong)
    if _fades(pairs, wrong):
        return
    right = sum(int((_telling(pair) & ~w).sum()) for pair, w in zip(pairs, wrong, strict=True))
    if count < _FEWEST or right < _FEWEST:
        return
    for one in bases(evidence.samples):
        if any(value.shape != pair.analytic.shape for value, pair in zip(one.values, pairs, strict=True)):
            continue
        text = _condition(one, pairs, wrong)
        if text is not None:
            what, cure, off = _mended(pairs, wrong)
            yield Diagnosis(
                kind="branch", what=f"it is wrong where {text}, and right elsewhere{what}", cure=cure, off=off
            )
            return


def about_zero(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """All errors, and nothing else, where an array is positive, or where it is not."""
    for found in branch(evidence, name):
        if re.match(r"it is wrong where [^,]* (<=|>) 0,", found.what):
            yield found


def at_an_end(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """All right but the first or the last place along an axis."""
    pairs = evidence.pairs(name)
    wrong = [_wrong(pair) for pair in pairs]
    for axis in range(pairs[0].analytic.ndim):
        for index, words in ((-1, "last"), (0, "first")):
            if all(_only_at(w, axis, index) and w.shape[axis] > 2 for w in wrong):
                yield Diagnosis(kind="few-entries", what=f"it is wrong in the {words} place along axis {axis} alone")
                return


def few_entries(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """Nearly all entries right; the others are listed."""
    pairs = evidence.pairs(name)
    wrong = [_wrong(pair) for pair in pairs]
    # Zeros agree with much: a row of units that are off says nothing of the others.
    share = [float(w.sum()) / max(int((w | _telling(pair)).sum()), 1) for pair, w in zip(pairs, wrong, strict=True)]
    if max(share) > _FEW or not all(w.any() for w in wrong):
        return
    places = [tuple(int(i) for i in index) for index in np.argwhere(wrong[0])[:_MOST_LISTED]]
    listed = ", ".join(str(list(place)) for place in places)
    more = int(wrong[0].sum()) - len(places)
    yield Diagnosis(
        kind="few-entries",
        what=f"all entries are right but {listed}{f' and {more} more' if more > 0 else ''}, of shape {wrong[0].shape}",
    )


def _wrong(pair: Pair) -> Array:
    size = np.maximum(np.abs(pair.numerical), float(np.sqrt(np.mean(pair.numerical[pair.known] ** 2) or 0.0)))
    off = np.abs(pair.analytic - pair.numerical)
    return np.asarray(pair.known & (off > 4 * pair.allowance + CLOSE * size))


def _telling(pair: Pair) -> Array:
    """Entries that are known, and of a size at which a fault would show: far out, much is right since it is nothing."""
    size = np.maximum(np.abs(pair.numerical), np.abs(pair.analytic))
    return np.asarray(pair.known & (size > 1e-3 * np.max(size[pair.known], initial=0.0)))


def _fades(pairs: Sequence[Pair], wrong: Sequence[Array]) -> bool:
    """Whether the errors become small towards where all is right: no condition does that, but something that decays."""
    a, n = (
        np.concatenate([getattr(p, k)[w] for p, w in zip(pairs, wrong, strict=True)]) for k in ("analytic", "numerical")
    )
    shares = np.abs(a - n) / np.maximum(np.abs(a), np.abs(n))
    return bool(len(shares)) and float(shares.min()) < 1e-3 * float(shares.max())


def _only_at(wrong: Array, axis: int, index: int) -> bool:
    there = np.take(wrong, index, axis=axis)
    return bool(there.any()) and int(there.sum()) == int(wrong.sum())


def _condition(one: Expression, pairs: Sequence[Pair], wrong: Sequence[Array]) -> str | None:
    """`x <= 0`, `abs(x) > 1.5`: the side on which the errors are, with its threshold between the nearest values."""
    both = list(zip(pairs, wrong, strict=True))
    known = np.concatenate([(_telling(p) | w | (p.known & (p.analytic == 0))).reshape(-1) for p, w in both])
    bad = np.concatenate([w.reshape(-1) for w in wrong])[known]
    values = np.concatenate([value.reshape(-1) for value in one.values])[known]
    for text, of in ((one.text, values), (f"abs({one.text})", np.abs(values))):
        low, high = of[bad], of[~bad]
        if low.max() < high.min():
            return f"{text} <= {_threshold(float(low.max()), float(high.min()))}"
        if low.min() > high.max():
            return f"{text} > {_threshold(float(high.max()), float(low.min()))}"
    low, high = values[bad], values[~bad]
    below, above = low[low < high.min()], low[low > high.max()]
    if len(below) and len(above) and len(below) + len(above) == len(low):
        edges = _threshold(float(below.max()), float(high.min())), _threshold(float(high.max()), float(above.min()))
        return f"{one.text} is outside of [{edges[0]}, {edges[1]}]"
    return None


def _threshold(below: float, above: float) -> str:
    """The simplest number between two."""
    for number in (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 6.0):
        if below <= number <= above:
            return f"{number:g}"
    for digits in range(6):
        number = round((below + above) / 2, digits)
        if below <= number <= above:
            return f"{number:g}"
    return f"{(below + above) / 2:.6g}"


def _mended(pairs: Sequence[Pair], wrong: Sequence[Array]) -> tuple[str, str | None, float | None]:
    """What the derivative is on that side: nothing, or a number times the gradient."""
    n = np.concatenate([pair.numerical[w] for pair, w in zip(pairs, wrong, strict=True)])
    a = np.concatenate([pair.analytic[w] for pair, w in zip(pairs, wrong, strict=True)])
    e = np.concatenate([pair.allowance[w] for pair, w in zip(pairs, wrong, strict=True)])
    if np.all(np.abs(n) <= 4 * e + CLOSE * np.abs(a)):
        return ", where the derivative is 0", "0 there", float(np.max(np.abs(n), initial=0.0))
    square = float(np.sum(a * a))
    ratio = float(np.sum(a * n)) / square if square > 0 else 0.0
    if ratio and np.all(np.abs(ratio * a - n) <= 4 * e + CLOSE * np.abs(n)):
        return "", f"* {ratio:.6g} there", float(np.max(np.abs(ratio * a - n) / np.abs(n)))
    return "", None, None
