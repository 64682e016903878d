"""One case examined: every gradient judged at the point and, where the point is special, beside it.

At a kink the derivative does not exist, and where several kinks meet no interval of subgradients helps: such entries
are judged at points displaced off the kink. A disagreement counts only if it shows beside its point as well, with
another upstream gradient.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from checks.case import Case
from checks.entries import AGREES, DIFFERS, UNDECIDED, Entries
from checks.errors import GradproofError
from checks.evaluation import quiet
from checks.look import CaseResult, Look, subset


def examine(case: Case) -> CaseResult:
    """Judges every gradient of the case. Errors: UserCodeRaised and LayerError, from the layer's code."""
    with quiet():
        look = Look(case)
        if not look.evaluation.steady:
            spent = look.evaluation.evaluations
            look = Look(case, rebuild=True)
            look.spent = spent
        doubts = look.doubts()
        return _beside(look, doubts) if doubts else look.result()


def _beside(look: Look, doubts: Mapping[str, Entries]) -> CaseResult:
    """The result at the point, with the doubtful entries' verdicts from beside it.

    Where an entry agrees at a kink and differs beside it, the case beside is the one that counts.
    """
    spent = 0
    for salt in (1, 2):
        try:
            other = Look(look.case.displaced(look.evaluation.far_beside, salt), only=doubts)
        except GradproofError:
            other = None
        if other is None or not other.finite:
            continue
        spent += other.evaluation.evaluations
        unseen = {
            name: subset(doubts[name], np.flatnonzero(_too_small_for(doubts[name], there)))
            for name, there in other.entries.items()
            if _too_small_for(doubts[name], there).any()
        }
        again = Look(look.case.with_other_upstream(salt), only=unseen) if unseen else None
        spent += again.evaluation.evaluations if again is not None else 0
        verdicts = {
            name: _merge(
                doubts[name],
                other.entries.get(name),
                again.entries.get(name) if again else None,
                finite=bool(np.all(np.isfinite(other.evaluation.analytic.get(name, np.nan)))),
            )
            for name in doubts
        }
        if any(moved for _, moved in verdicts.values()):
            full = Look(other.case)
            for name, there in other.entries.items():
                full.entries[name].take(there)
            full.spent = spent + look.evaluation.evaluations
            return full.result()
        open_accusation = any(
            (codes[doubts[name].codes == DIFFERS] == UNDECIDED).any() and not (codes == DIFFERS).any()
            for name, (codes, _) in verdicts.items()
        )
        if not open_accusation or salt == 2:
            for name, (codes, _) in verdicts.items():
                if name in other.entries:
                    _take_from_beside(doubts[name], other.entries[name], codes == AGREES)
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


def _merge(here: Entries, there: Entries | None, again: Entries | None, *, finite: bool) -> tuple[np.ndarray, bool]:
    """(codes for the entries here, whether a fault shows only beside them).

    `again`: entries that could not have been seen beside, at the same point under another upstream gradient.
    `finite`: all of the gradient is, beside the point.
    """
    if there is None:
        return np.where(here.codes == DIFFERS, UNDECIDED, here.codes), False
    accused = here.codes == DIFFERS
    # Accused here with a threefold margin: beside the point it is enough that it does not agree.
    outside = ~(np.abs(there.analytic - there.numerical) <= there.allowances) & (there.codes != AGREES)
    # What is far below the function's round-off may hide a kink nearby: there, only what is seen beside it counts.
    blind = here.hides_kinks
    repeated = again is not None and bool((again.codes == DIFFERS)[~np.isin(again.indices, here.indices[blind])].any())
    confirmed = bool(outside[accused].any()) or repeated
    codes = here.codes.copy()
    if not confirmed:
        # A gradient that is no number at a single point (x / |x| at 0) is no wrong derivative.
        cleared = (blind | (finite & ~np.isfinite(here.analytic))) & (there.codes == AGREES)
        codes[accused] = np.where(cleared, AGREES, UNDECIDED)[accused]
    open_here = ~accused
    moved = bool((there.codes[open_here] == DIFFERS).any()) and not confirmed
    # An entry on a kink was judged with the allowance that it has beside it.
    here.allowances[here.kinks] = np.where(there.kinks, here.allowances, there.allowances)[here.kinks]
    settled = open_here & (there.codes == AGREES)
    codes[settled] = AGREES
    return codes, moved


def _take_from_beside(here: Entries, there: Entries, agreeing: np.ndarray) -> None:
    """Shows the values from beside the point for entries that agree there and have no derivative or no number here."""
    off = np.abs(here.analytic - here.numerical)
    fits = np.isfinite(here.allowances) & (off <= here.allowances)
    for k in np.flatnonzero(agreeing & ~fits):
        if not np.isfinite(here.analytic[k]):
            here.no_numbers[int(here.indices[k])] = float(here.analytic[k]), float(here.numerical[k])
        here.analytic[k], here.numerical[k] = there.analytic[k], there.numerical[k]
        here.allowances[k], here.kinks[k] = there.allowances[k], True


def _apply(entries: Entries, doubts: Entries, codes: np.ndarray) -> None:
    """Writes the verdicts from beside the point into all entries; those not looked at follow their like."""
    at = np.searchsorted(entries.indices, doubts.indices)
    entries.analytic[at], entries.numerical[at] = doubts.analytic, doubts.numerical
    entries.allowances[at], entries.kinks[at] = doubts.allowances, doubts.kinks
    entries.no_numbers.update(doubts.no_numbers)
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
