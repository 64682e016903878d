"""The row that sums up the entries of one gradient about one case."""

from __future__ import annotations

import numpy as np

from checks.entries import BLIND, DIFFERS, UNDECIDED, Entries, rms
from checks.evaluation import Evaluation
from checks.function import Array
from checks.results import Comparison, Worst

_LEAST = 512  # units of round-off, as a share of an entry
_APART = 30.0  # times: sizes of a gradient at a point and beside it, where the point is no ordinary one


def row(evaluation: Evaluation, entries: Entries) -> Comparison:
    """The gradient's row about this case."""
    array = evaluation.case.arrays[entries.name]
    along = entries.along
    if along is not None and not len(entries.indices):
        return Comparison(
            name=entries.name,
            role=evaluation.case.subject.roles.get(entries.name, "input"),
            shape=array.shape,
            dtype=str(array.dtype),
            verdict="agrees",
            method="directions",
            allowance=along.allowance,
            detectable=along.detectable,
            typical=entries.typical,
            miss_probability=along.miss_probability,
        )
    off = np.abs(entries.analytic - entries.numerical)
    with np.errstate(all="ignore"):
        distance = np.where(np.isfinite(off), off / np.maximum(entries.allowances, np.finfo(float).tiny), np.inf)
        relative = np.where(entries.sizes > 0, off / entries.sizes, 0.0)
    # A differing entry outranks an undecided one, whatever its distance, and one that was looked at closely the rest.
    closely = ~np.isin(entries.indices, list(entries.rough))
    rank = np.lexsort((distance, closely, entries.codes))
    worst = int(rank[-1]) if len(rank) else None
    open_entries = [int(k) for k in np.flatnonzero(entries.codes == UNDECIDED)]
    undecided = sorted({str(entries.causes[k]) for k in open_entries if k in entries.causes})
    return Comparison(
        name=entries.name,
        role=evaluation.case.subject.roles.get(entries.name, "input"),
        shape=array.shape,
        dtype=str(array.dtype),
        verdict=entries.verdict,
        method="entries" if along is None else "directions",
        miss_probability=None if along is None else along.miss_probability,
        max_abs_diff=_largest(off),
        mean_abs_diff=float(np.mean(off)) if off.size else 0.0,
        max_rel_diff=_largest(relative),
        allowance=None if worst is None else float(entries.allowances[worst]),
        allowance_at_max=None if worst is None else float(entries.allowances[int(np.argmax(np.nan_to_num(off)))]),
        detectable=_detectable(evaluation, entries),
        typical=entries.typical,
        worst=None if worst is None else _worst(entries, worst, array.shape),
        wrong_entries=int(np.count_nonzero(entries.codes == DIFFERS)),
        wrong_where=None if along is None else along.where,
        cause=", ".join(undecided) or None if entries.verdict == "undecided" else None,
    )


def _detectable(evaluation: Evaluation, entries: Entries) -> float | None:
    """The largest 4 E / s; None where nothing but round-off is to be seen, so that no share of it means anything.

    An entry at a kink has the allowance with which it was judged beside it. Round-off of a few units at one point may
    be ten times that at the next, where an accusation has to be confirmed: no less than `_LEAST` units are promised,
    and nothing at all where the gradient is lost in the round-off of the function at this point alone.
    """
    unit = max(evaluation.units[entries.name], 2.0**-53)
    if not len(entries.indices) or not np.all(entries.sizes > 0):
        return None
    if entries.typical <= BLIND * float(np.max(entries.zero_sizes)) and _stands_alone(evaluation, entries):
        return None
    hidden = np.where(np.abs(entries.numerical) <= entries.hidden, entries.hidden, 0.0)
    share = max(_largest(4 * np.maximum(entries.allowances, hidden) / entries.sizes), 4 * entries.reach)
    return max(share, _LEAST * unit) if share < 1 else None


def _stands_alone(evaluation: Evaluation, entries: Entries) -> bool:
    """Whether the gradient is of another size beside the point, so that what is seen here cannot be confirmed there."""
    beside = evaluation.gradient_beside(entries.name)
    return beside is not None and not entries.typical / _APART <= rms(beside) <= _APART * entries.typical


def _largest(values: Array) -> float:
    return float(np.max(values, initial=0.0))


def _worst(entries: Entries, k: int, shape: tuple[int, ...]) -> Worst:
    index = np.unravel_index(int(entries.indices[k]), shape) if shape else ()
    return Worst(
        index=tuple(int(i) for i in index),
        analytic=float(entries.analytic[k]),
        numerical=float(entries.numerical[k]),
        allowance=float(entries.allowances[k]),
    )
