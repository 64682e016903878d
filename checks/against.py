"""A layer beside a trusted one, on the same cases: the outputs first, then the gradients.

A wrong forward with its own right derivative passes any check of gradients; what its author meant to compute is told
by another layer only. The allowance is that of `checks.agreement`, and a difference counts if it shows beside its point
as well: at a kink two right layers may choose another subgradient.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from checks.agreement import OUTPUT, Sample
from checks.case import Case
from checks.counterpart import counterpart
from checks.duo import Duo, differences, sizes_of
from checks.evaluation import BESIDE, BESIDE_SINGLE, quiet
from checks.function import Array, typical_size
from checks.loading.pieces import described
from checks.matching import Matching
from checks.ordinary import distinct_case
from checks.relation import Both, relation
from checks.report.numbers import counted, pair
from checks.results import Finding
from checks.side_by_side import side_by_side
from checks.signature import Signature
from checks.standing import Standing
from checks.subject import Subject
from checks.trusted import Trusted

LEAST_CASES = 3  # that are compared whatever the time


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Seen:
    """One case, with what both layers gave for it in the own layer's layout, and where they differ."""

    case: Case
    matching: Matching
    own: Sample
    other: Sample
    wrong: Mapping[str, Array]  # by key: how far each entry is off, in allowances, beyond the margin and confirmed

    def both(self, key: str) -> Both:
        return Both(
            own=self.own.values[key],
            other=self.other.values[key],
            own_allowance=self.own.allowances[key],
            other_allowance=self.other.allowances[key],
            sizes=sizes_of(self.case),
        )


def compare(own: Subject, trusted: Trusted, cases: Sequence[Case], deadline: float = np.inf) -> Standing:
    """How `own` stands beside the trusted layer on these cases. Raises LayerError where they cannot be compared."""
    with quiet():
        return _Comparison(own, trusted).standing(cases, deadline)


class _Comparison:
    def __init__(self, own: Subject, trusted: Trusted) -> None:
        self.own = own
        self.trusted = trusted
        self.name = trusted.name
        self.duo = Duo(own, trusted.subject, trusted.name)
        self.known: dict[Signature, Matching] = {}
        self.drawing: str | None = None  # which of the two draws; empty for neither

    def standing(self, cases: Sequence[Case], deadline: float) -> Standing:
        seen: list[_Seen] = []
        for case in cases:
            if len(seen) >= LEAST_CASES and time.monotonic() > deadline:
                break
            matching = self._matching(case)
            if self.drawing:
                return Standing(likeness=f"not compared with {self.name}: {self.drawing} draws random numbers")
            one = self._look(case, matching)
            if one is not None:
                seen.append(one)
            if self.duo.shapes is not None:
                return self._other_shape(*self.duo.shapes)
        notes = []
        if self.duo.raised:
            count = f"in {len(self.duo.raised)} of {len(cases)} cases"
            notes.append(f"{count} {self.name} raised {described(self.duo.raised[0])}; they were not compared")
        if not seen:
            return Standing(likeness=f"not compared with {self.name}: no case ran in both", notes=tuple(notes))
        lost = sum(bool(np.any(~np.isfinite(s.own.values[OUTPUT]) & np.isfinite(s.other.values[OUTPUT]))) for s in seen)
        if lost:
            notes.append(f"in {lost} of {len(seen)} cases the output is not finite where that of {self.name} is")
        return self._told(seen, tuple(notes))

    def _told(self, seen: Sequence[_Seen], notes: tuple[str, ...]) -> Standing:
        keys = [OUTPUT] if any(OUTPUT in s.wrong for s in seen) else list(self.own.signature.names)
        layout = seen[0].matching.words
        findings, snippet = [], None
        for key in keys:
            wrong = [s for s in seen if key in s.wrong]
            if wrong:
                shown = min(wrong, key=lambda s: _oddness(s.case))
                # The first of those that are as far off as any, up to a little: which one is rounding's choice.
                far = shown.wrong[key] >= 0.9 * shown.wrong[key].max()
                index = np.unravel_index(int(np.argmax(far)), far.shape)
                place = tuple(int(k) for k in index) if shown.wrong[key].shape else ()
                findings.append(self._finding(key, seen, shown, place))
                snippet = snippet or side_by_side(
                    shown.case, self.duo.other, shown.matching, key, place, self.duo.upstream(shown.case, shown.own)
                )
        words = f", {layout}" if layout else ""
        verb = "differs from" if findings else "computes what"
        end = "" if findings else f" computes in {counted(len(seen), 'case')}"
        return Standing(
            likeness=f"{verb} {self.name}{end}{words}", findings=tuple(findings), notes=notes, snippet=snippet
        )

    def _finding(self, key: str, seen: Sequence[_Seen], shown: _Seen, place: tuple[int, ...]) -> Finding:
        index = f"[{', '.join(map(str, place))}]" if place else ""
        value, expected = (float(s.values[key][place]) for s in (shown.own, shown.other))
        got, wanted = pair(value, expected)
        what = f"output{index}" if key == OUTPUT else f"the gradient of {key}{index}"
        words = relation([s.both(key) for s in seen if key in s.other.values and key in s.own.values])
        if words is not None:
            addition = f"; it is {words} in every case" if len(seen) > 1 else f"; it is {words}"
            here = [f"{name} = {n}" for name, n in sizes_of(shown.case).items() if re.search(rf"\b{name}\b", words)]
            addition += f" ({', '.join(here)} here)" if here else ""
        else:
            addition = _share([s.both(key) for s in seen if key in s.wrong])
        return Finding(
            kind="differs-from-reference",
            severity="error",
            message=f"{self.own.name}: {what} is {got}, {self.name} gives {wanted}{addition}",
            gradient=None if key == OUTPUT else key,
        )

    def _other_shape(self, own: tuple[int, ...], other: tuple[int, ...]) -> Standing:
        message = f"{self.own.name}: the output has shape {own}, that of {self.name} has shape {other}"
        finding = Finding(kind="differs-from-reference", severity="error", message=message)
        return Standing(likeness=f"differs from {self.name}", findings=(finding,))

    def _matching(self, case: Case) -> Matching:
        """Made once for a signature, at a case whose sizes are all different; what draws is found there too."""
        if case.signature not in self.known:
            probe = distinct_case(self.own, 7, case.dtype, signature=case.signature) or case
            matching = self.known[case.signature] = counterpart(self.duo, self.trusted, probe)
            if self.drawing is None:
                self.drawing = self.duo.draws(probe, matching)
        return self.known[case.signature]

    def _look(self, case: Case, matching: Matching) -> _Seen | None:
        samples = self.duo.samples(case, matching)
        if samples is None:
            return None
        wrong = differences(*samples)
        if wrong:
            again = self.duo.samples(self._beside(case), matching)
            there = {} if again is None else differences(*again)
            wrong = {key: _confirmed(off, there[key]) for key, off in wrong.items() if key in there}
        return _Seen(case=case, matching=matching, own=samples[0], other=samples[1], wrong=wrong)

    def _beside(self, case: Case) -> Case:
        single = any(case.arrays[name].dtype.itemsize < 8 for name in case.movable)
        return case.displaced(BESIDE_SINGLE if single else BESIDE)


def _confirmed(off: Array, beside: Array) -> Array:
    """The entries that differ beside the point too; all of them where none is the same."""
    again = np.where(beside > 0, off, 0.0)
    return again if again.any() else off


def _share(cases: Sequence[Both]) -> str:
    """How small a difference is that hardly shows."""
    with np.errstate(all="ignore"):
        largest = max(
            float(np.nanmax(np.abs(b.own - b.other)) / max(float(np.nanmax(np.abs(b.other))), 1e-300)) for b in cases
        )
    return f"; they are {largest:.0e} of the largest apart at most" if largest < 1e-2 else ""


def _oddness(case: Case) -> tuple[bool, bool, int]:
    """What makes a case hard to read: long numbers, huge or tiny ones, many of them."""
    sizes = [typical_size(case.arrays[name]) for name in case.movable]
    extreme = any(not 0.01 < size < 100 for size in sizes)
    return not case.rounded, extreme, sum(array.size for array in case.arrays.values())
