"""One case examined: every gradient judged at the point and, where the point is special, beside it.

At a kink the derivative does not exist, and where several kinks meet no interval of subgradients helps: such entries
are judged at points displaced off the kink. A disagreement counts only if it shows beside its point as well, with
another upstream gradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from checks.case import Case
from checks.comparison import compare
from checks.entries import AGREES, DIFFERS, UNDECIDED, Entries
from checks.errors import GradproofError
from checks.evaluation import Evaluation, quiet
from checks.ladder import differentiate
from checks.results import Comparison, GradientVerdict, Worst
from checks.rows import row

BESIDE = 1e-3
BESIDE_SINGLE = 1e-2
MOST_OWED = 16  # entries of an array without a gradient that are differentiated to see whether it plays a part
MOST_BESIDE = 32  # entries of one gradient looked at beside their point


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CaseResult:
    """What one case showed: a row for each gradient, and how the layer behaved. `case` may lie beside the drawn one.

    `zero`: gradients that are all zeros and wrong. `nothing`: derivatives that are zero here, in every entry.
    `lost_precision`: the output's dtype where it is narrower than that of the arrays.
    """

    case: Case
    rows: Mapping[str, Comparison]
    output_shape: tuple[int, ...]
    upstream_shape: tuple[int, ...]
    finite: bool
    deterministic: bool
    mutated: tuple[str, ...]
    evaluations: int
    wrong_shapes: Mapping[str, str] = field(default_factory=dict)
    kinks: int = 0
    zero: frozenset[str] = frozenset()
    nothing: frozenset[str] = frozenset()
    lost_precision: str | None = None

    @property
    def differing(self) -> frozenset[str]:
        """Gradients that are wrong or not there."""
        return frozenset(name for name, r in self.rows.items() if r.verdict in ("differs", "missing"))

    @property
    def undecided(self) -> frozenset[str]:
        return frozenset(name for name, r in self.rows.items() if r.verdict == "undecided")


def examine(case: Case) -> CaseResult:
    """Judges every gradient of the case. Errors: UserCodeRaised and LayerError, from the layer's code."""
    with quiet():
        look = _Look(case)
        if not look.evaluation.steady:
            spent = look.evaluation.evaluations
            look = _Look(case, rebuild=True)
            look.spent = spent
        doubts = look.doubts()
        return _beside(look, doubts) if doubts else look.result()


class _Look:
    """One evaluation with the entries of its gradients (of all, or of those asked for)."""

    def __init__(self, case: Case, *, rebuild: bool = False, only: Mapping[str, Entries] | None = None) -> None:
        self.case = case
        self.spent = 0
        self.evaluation = Evaluation(case, rebuild=rebuild)
        self.finite = bool(np.all(np.isfinite(self.evaluation.native.base)))
        self.entries: dict[str, Entries] = {}
        self.missing: dict[str, Worst] = {}
        if self.finite:
            for name in case.arrays:
                self._compare(name, only)

    def _compare(self, name: str, only: Mapping[str, Entries] | None) -> None:
        if not self.case.is_differentiable(name):
            return
        if only is not None:
            if name in only and name in self.evaluation.analytic:
                known = only[name]
                accused = bool((known.codes == DIFFERS).any())
                self.entries[name] = compare(self.evaluation, name, known.indices, known.typical, closely=accused)
            return
        if name in self.evaluation.analytic:
            self.entries[name] = compare(self.evaluation, name)
        elif name in self.case.subject.owed and name not in self.evaluation.problems:
            owed = self._owed(name)
            if owed is not None:
                self.missing[name] = owed

    def _owed(self, name: str) -> Worst | None:
        """The largest derivative among the first entries of an array without a gradient; None if it plays no part."""
        function = self.evaluation.function(name)
        assert function is not None
        found = {k: differentiate(function, k) for k in range(min(function.x.size, MOST_OWED))}
        known = [
            k for k, derivative in found.items() if abs(derivative.value) > derivative.allowance or derivative.kink
        ]
        if not known:
            return None
        k = max(known, key=lambda k: abs(found[k].value))
        index = tuple(int(i) for i in np.unravel_index(k, function.x.shape)) if function.x.shape else ()
        return Worst(index=index, analytic=np.nan, numerical=found[k].value, allowance=found[k].allowance)

    def doubts(self) -> dict[str, Entries]:
        """The entries, by gradient, whose verdict rests on a special point or would be an accusation."""
        doubts = {}
        for name, entries in self.entries.items():
            special = np.array(
                [
                    code == DIFFERS or kink or (code == UNDECIDED and entries.causes.get(k) != "noise")
                    for k, (code, kink) in enumerate(zip(entries.codes, entries.kinks, strict=True))
                ],
                dtype=bool,
            )
            if special.any():
                doubts[name] = _subset(entries, _foremost(entries, np.flatnonzero(special)))
        return doubts

    def _lost_precision(self) -> str | None:
        bench = self.evaluation.native
        dtypes = [bench.arrays[name].dtype for name in self.case.movable]
        narrow = dtypes and np.issubdtype(bench.output.dtype, np.floating)
        return (
            str(bench.output.dtype)
            if narrow and bench.output.dtype.itemsize < min(d.itemsize for d in dtypes)
            else None
        )

    def result(self) -> CaseResult:
        evaluation = self.evaluation
        rows = {name: row(evaluation, entries) for name, entries in self.entries.items()}
        roles = self.case.subject.roles
        verdict: GradientVerdict
        for name in self.case.arrays:
            array = self.case.arrays[name]
            role, shape, dtype = roles.get(name, "input"), array.shape, str(array.dtype)
            if name in self.missing:
                verdict, cause = "missing", "backward gave no gradient for it"
            elif name in evaluation.problems and name not in evaluation.analytic:
                verdict, cause = "differs", f"the gradient {evaluation.problems[name]}"
            elif not self.finite and name in evaluation.analytic:
                verdict, cause = "undecided", "domain: the output is not finite"
            else:
                continue
            rows[name] = Comparison(
                name=name,
                role=role,
                shape=shape,
                dtype=dtype,
                verdict=verdict,
                cause=cause,
                worst=self.missing.get(name),
            )
        return CaseResult(
            case=replace(self.case, upstream=evaluation.upstream if self.case.subject.takes_upstream else None),
            rows={name: rows[name] for name in self.case.arrays if name in rows},
            output_shape=evaluation.native.output.shape,
            upstream_shape=evaluation.upstream.shape,
            finite=self.finite,
            deterministic=evaluation.native.deterministic,
            mutated=evaluation.native.mutated,
            evaluations=evaluation.evaluations + self.spent,
            wrong_shapes=dict(evaluation.problems),
            kinks=sum(int(entries.kinks.sum()) for entries in self.entries.values()),
            zero=frozenset(
                name
                for name, entries in self.entries.items()
                if entries.verdict == "differs" and not np.any(entries.analytic)
            ),
            nothing=frozenset(name for name, entries in self.entries.items() if not entries.typical),
            lost_precision=self._lost_precision(),
        )


def _foremost(entries: Entries, at: Sequence[int] | np.ndarray) -> np.ndarray:
    """The most telling of the entries `at`: those that differ first, then the furthest off."""
    at = np.asarray(at, dtype=int)
    off = np.abs(entries.analytic[at] - entries.numerical[at]) / np.maximum(entries.allowances[at], 1e-300)
    order = np.lexsort((-np.nan_to_num(off, nan=np.inf), -entries.codes[at]))
    return np.sort(at[order[:MOST_BESIDE]])


def _subset(entries: Entries, at: np.ndarray) -> Entries:
    causes = {new: entries.causes[int(old)] for new, old in enumerate(at) if int(old) in entries.causes}
    return replace(
        entries,
        indices=entries.indices[at],
        analytic=entries.analytic[at],
        numerical=entries.numerical[at],
        allowances=entries.allowances[at],
        sizes=entries.sizes[at],
        zero_sizes=entries.zero_sizes[at],
        codes=entries.codes[at],
        kinks=entries.kinks[at],
        causes=causes,
    )


def _beside(look: _Look, doubts: Mapping[str, Entries]) -> CaseResult:
    """The result at the point, with the doubtful entries' verdicts from beside it.

    Where an entry agrees at a kink and differs beside it, the case beside is the one that counts.
    """
    single = (
        any(array.dtype.itemsize < 8 for name, array in look.case.arrays.items() if name in look.case.movable)
        or look.evaluation.coarse
    )
    spent = 0
    for salt in (1, 2):
        try:
            other = _Look(look.case.displaced(BESIDE_SINGLE if single else BESIDE, salt), only=doubts)
        except GradproofError:
            other = None
        if other is None or not other.finite:
            continue
        spent += other.evaluation.evaluations
        unseen = {
            name: _subset(doubts[name], np.flatnonzero(_too_small_for(doubts[name], there)))
            for name, there in other.entries.items()
            if _too_small_for(doubts[name], there).any()
        }
        again = _Look(look.case.with_other_upstream(salt), only=unseen) if unseen else None
        spent += again.evaluation.evaluations if again is not None else 0
        verdicts = {
            name: _merge(doubts[name], other.entries.get(name), again.entries.get(name) if again else None)
            for name in doubts
        }
        if any(moved for _, moved in verdicts.values()):
            full = _Look(other.case)
            for name, there in other.entries.items():
                full.entries[name].take(there)
            full.spent = spent + look.evaluation.evaluations
            return full.result()
        open_accusation = any(
            (doubts[name].codes == DIFFERS).any() and not (codes == DIFFERS).any()
            for name, (codes, _) in verdicts.items()
        )
        if not open_accusation or salt == 2:
            for name, (codes, _) in verdicts.items():
                _apply(look.entries[name], doubts[name], codes)
            break
    else:
        for name, entries in doubts.items():
            _apply(look.entries[name], entries, np.where(entries.codes == DIFFERS, UNDECIDED, entries.codes))
    look.spent += spent
    return look.result()


def _too_small_for(here: Entries, there: Entries) -> np.ndarray:
    """Accused entries whose error is too small to be seen beside the point, where round-off is larger."""
    off = np.abs(here.analytic - here.numerical)
    return np.asarray((here.codes == DIFFERS) & (off <= 30 * there.allowances) & (there.codes != DIFFERS))


def _merge(here: Entries, there: Entries | None, again: Entries | None) -> tuple[np.ndarray, bool]:
    """(codes for the entries here, whether a fault shows only beside them).

    `again`: entries that could not have been seen beside, at the same point under another upstream gradient.
    """
    if there is None:
        return np.where(here.codes == DIFFERS, UNDECIDED, here.codes), False
    accused = here.codes == DIFFERS
    # Accused here with a threefold margin: beside the point it is enough that it does not agree.
    outside = (np.abs(there.analytic - there.numerical) > there.allowances) & (there.codes != AGREES)
    confirmed = bool(outside[accused].any()) or (again is not None and bool((again.codes == DIFFERS).any()))
    codes = here.codes.copy()
    if not confirmed:
        codes[accused] = UNDECIDED
    open_here = ~accused
    moved = bool((there.codes[open_here] == DIFFERS).any()) and not confirmed
    # An entry on a kink was judged with the allowance that it has beside it.
    here.allowances[here.kinks] = np.where(there.kinks, here.allowances, there.allowances)[here.kinks]
    settled = open_here & (there.codes == AGREES)
    codes[settled] = AGREES
    return codes, moved


def _apply(entries: Entries, doubts: Entries, codes: np.ndarray) -> None:
    """Writes the verdicts from beside the point into all entries; those not looked at follow their like."""
    at = np.searchsorted(entries.indices, doubts.indices)
    entries.allowances[at] = doubts.allowances
    if doubts.kinks.any():
        entries.allowances[entries.kinks] = np.maximum(
            entries.allowances[entries.kinks], doubts.allowances[doubts.kinks].max()
        )
    cleared = not (codes == DIFFERS).any()
    for k, new in zip(at, codes, strict=True):
        if entries.codes[k] == DIFFERS and new != DIFFERS:
            entries.causes[int(k)] = "kink"
        entries.codes[k] = new
    if cleared:
        rest = np.setdiff1d(np.flatnonzero(entries.codes == DIFFERS), at)
        entries.codes[rest] = UNDECIDED
        for k in rest:
            entries.causes[int(k)] = "kink"
    if not (codes == UNDECIDED).any():
        rest = np.setdiff1d(np.flatnonzero((entries.codes == UNDECIDED) & entries.kinks), at)
        entries.codes[rest] = AGREES
