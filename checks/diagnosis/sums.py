"""Sums over too few or too many axes, and contributions that replace one another instead of adding up."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from checks.diagnosis.evidence import Evidence
from checks.diagnosis.finding import Diagnosis
from checks.function import Array
from checks.statement import may_overwrite

_MOST_AXES = 5
_MOST_OUTPUTS = 400  # entries: beyond this, single contributions are not looked at


def wrong_shape(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """Of another shape than its array: a sum over an axis, a transpose or a reshape would mend it."""
    returned = [np.asarray(sample.returned.get(name), dtype=float) for sample in evidence.samples]
    truths = [sample.derivative(name) for sample in evidence.samples]
    if any(truth is None for truth in truths) or any(r.dtype == object for r in returned):
        return
    known = [truth for truth in truths if truth is not None]
    for what, cure, cured in _mended(name, returned, known):
        if all(
            c.shape == t.shape and np.allclose(c, t, rtol=1e-5, atol=1e-7) for c, t in zip(cured, known, strict=True)
        ):
            off = max(float(np.max(np.abs(c - t), initial=0.0)) for c, t in zip(cured, known, strict=True))
            yield Diagnosis(kind="wrong-shape", what=what, cure=cure, off=off)
            return


def _mended(name: str, returned: Sequence[Array], truths: Sequence[Array]) -> Iterator[tuple[str, str, list[Array]]]:
    """(what is wrong, the cure, what it makes of each sample): sums, then orders of the axes, then parts."""
    rank, wanted = returned[0].ndim, truths[0].ndim
    if rank > _MOST_AXES or any(r.ndim != rank or t.ndim != wanted for r, t in zip(returned, truths, strict=True)):
        return
    for axes in itertools.chain(*(itertools.combinations(range(rank), count) for count in range(1, rank + 1))):
        some = axes[0] if len(axes) == 1 else axes
        what = f"axis {some} is not summed over" if len(axes) == 1 else f"axes {some} are not summed over"
        if rank == wanted:
            yield what, f".sum(axis={some}, keepdims=True)", [r.sum(axis=axes, keepdims=True) for r in returned]
        sums = [r.sum(axis=axes) for r in returned]
        if rank - len(axes) == wanted:
            yield what, f".sum(axis={some})", sums
        elif rank != wanted and all(r.size == t.size for r, t in zip(sums, truths, strict=True)):
            reshaped = [r.reshape(t.shape) for r, t in zip(sums, truths, strict=True)]
            yield what, f".sum(axis={some}).reshape({name}.shape)", reshaped
    if rank == wanted == 2:
        yield "it is transposed", ".T", [r.T for r in returned]
    elif rank == wanted:
        for order in itertools.permutations(range(rank)):
            yield "its axes are in another order", f".transpose{order}", [r.transpose(order) for r in returned]
    if all(r.size == t.size for r, t in zip(returned, truths, strict=True)):
        yield (
            "it is flat",
            f".reshape({name}.shape)",
            [r.reshape(t.shape) for r, t in zip(returned, truths, strict=True)],
        )
    if rank == wanted:
        yield from _parts(returned, truths)


def _parts(returned: Sequence[Array], truths: Sequence[Array]) -> Iterator[tuple[str, str, list[Array]]]:
    """Where there are entries too many along some axes, by the same number in each sample: without the border of a
    padding, the first ones, the last ones.
    """
    excess = {tuple(np.subtract(r.shape, t.shape)) for r, t in zip(returned, truths, strict=True)}
    if len(excess) != 1 or not all(r.size for r in returned):
        return
    (many,) = excess
    if min(many) < 0:
        return
    for words, ends in (
        ("the border", lambda n: (n // 2, n // 2)),
        ("the first entries", lambda n: (n, 0)),
        ("the last entries", lambda n: (0, n)),
    ):
        cuts = [ends(int(n)) for n in many]
        if [sum(cut) for cut in cuts] == list(many):
            index = tuple(slice(first or None, -last if last else None) for first, last in cuts)
            spelled = ", ".join(f"{first or ''}:{-last if last else ''}" for first, last in cuts)
            yield f"it still has {words} of a larger array", f"[{spelled}]", [r[index] for r in returned]


def one_alone(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """The contribution of one place of the output where those of all are owed: the last one's, the first one's."""
    if not evidence.subject.takes_upstream or any(s.output.size > _MOST_OUTPUTS for s in evidence.samples):
        return
    for axis in range(evidence.samples[0].output.ndim):
        for index, words in ((-1, "last"), (0, "first")):
            offs = []
            for sample in evidence.samples:
                part = np.zeros_like(sample.upstream)
                where = [slice(None)] * part.ndim
                where[axis] = slice(index, None) if index == -1 else slice(0, 1)
                part[tuple(where)] = sample.upstream[tuple(where)]
                truth = sample.derivative(name, part)
                pair = sample.pairs.get(name)
                if truth is None or pair is None or sample.output.shape[axis] < 2:
                    return
                size = float(np.sqrt(np.mean(truth**2)))
                off = float(np.max(np.abs(pair.analytic - truth), initial=0.0))
                if not size or off > 1e-5 * size:
                    break
                offs.append(off / size)
            else:
                yield Diagnosis(
                    kind="not-summed",
                    what=f"it is what the {words} place along axis {axis} of the output adds, without the others: "
                    f"sum over axis {axis}",
                )
                return


def overwritten(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """Entries that are one of their contributions, where all of them are owed: written into again and again."""
    if any(s.output.size > _MOST_OUTPUTS for s in evidence.samples) or not may_overwrite(evidence.subject):
        return
    seen = False
    for sample in evidence.samples:
        pair = sample.pairs.get(name)
        shares = sample.contributions(name)
        if pair is None or shares is None:
            return
        verdict = _single(pair.analytic.reshape(-1), pair.numerical.reshape(-1), shares)
        if verdict is None:
            return
        seen |= verdict
    if seen:
        yield Diagnosis(
            kind="overwritten",
            what="where several outputs contribute to an entry, it holds the last of them alone: add them up, by += or "
            "by np.add.at",
        )


def _single(analytic: Array, numerical: Array, shares: Sequence[Array]) -> bool | None:
    """Whether each wrong entry is one contribution of several, for some grouping of the outputs; None where not."""
    for groups in shares:  # rows: groups of outputs in their order; columns: entries
        size = float(np.max(np.abs(numerical), initial=0.0)) * 1e-5
        lone = np.zeros(len(analytic), dtype=bool)
        for entry in range(len(analytic)):
            parts = [part for part in groups[:, entry] if abs(part) > size * 1e-3]
            total = abs(analytic[entry] - numerical[entry]) <= size
            last = bool(parts) and abs(analytic[entry] - parts[-1]) <= size
            if not total and not last:
                break
            lone[entry] = not total
        else:
            return bool(lone.any())
    return None
