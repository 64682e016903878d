"""Sums over too few or too many axes, and contributions that replace one another instead of adding up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from checks.diagnosis.evidence import Evidence
from checks.diagnosis.finding import Diagnosis
from checks.function import Array

_MOST_OUTPUTS = 400  # entries: beyond this, single contributions are not looked at


def wrong_shape(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """Of another shape than its array: a sum over an axis, a transpose or a reshape would mend it."""
    returned = [np.asarray(sample.returned.get(name), dtype=float) for sample in evidence.samples]
    truths = [sample.derivative(name) for sample in evidence.samples]
    if any(truth is None for truth in truths) or any(r.dtype == object for r in returned):
        return
    known = [truth for truth in truths if truth is not None]
    for what, cure, cured in _mended(returned, known):
        if all(
            c.shape == t.shape and np.allclose(c, t, rtol=1e-5, atol=1e-7) for c, t in zip(cured, known, strict=True)
        ):
            off = max(float(np.max(np.abs(c - t), initial=0.0)) for c, t in zip(cured, known, strict=True))
            yield Diagnosis(kind="wrong-shape", what=what, cure=cure, off=off)
            return


def _mended(returned: Sequence[Array], truths: Sequence[Array]) -> Iterator[tuple[str, str, list[Array]]]:
    extra = returned[0].ndim - truths[0].ndim
    for axis in range(returned[0].ndim):
        if extra == 1:
            yield f"axis {axis} is not summed over", f".sum(axis={axis})", [r.sum(axis=axis) for r in returned]
    if extra > 1:
        front = tuple(range(extra))
        yield f"axes {front} are not summed over", f".sum(axis={front})", [r.sum(axis=front) for r in returned]
        ends = (0, *range(2, returned[0].ndim))
        yield f"axes {ends} are not summed over", f".sum(axis={ends})", [r.sum(axis=ends) for r in returned]
    if extra == 0 and returned[0].ndim == 2:
        yield "it is transposed", ".T", [r.T for r in returned]
        for axis in (0, 1):
            keep = [r.sum(axis=axis, keepdims=True) for r in returned]
            yield f"axis {axis} is not summed over", f".sum(axis={axis}, keepdims=True)", keep
    if all(r.size == t.size for r, t in zip(returned, truths, strict=True)):
        yield "it is flat", ".reshape", [r.reshape(t.shape) for r, t in zip(returned, truths, strict=True)]


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
    if any(s.output.size > _MOST_OUTPUTS for s in evidence.samples):
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
