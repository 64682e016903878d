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

from checks.agreement import MARGIN, OUTPUT, Run, Sample, excess, sampled
from checks.bench import clones, own_gradient, own_output, random_state, reseed, same
from checks.case import Case
from checks.errors import LayerError
from checks.evaluation import quiet
from checks.examine import BESIDE, BESIDE_SINGLE
from checks.function import Array, typical_size
from checks.matching import Matching, matchings
from checks.ordinary import distinct_case
from checks.relation import Both, relation
from checks.report.numbers import counted, pair
from checks.results import Finding
from checks.side_by_side import side_by_side
from checks.signature import Shape, Signature
from checks.standing import Standing
from checks.subject import Arrays, Subject
from checks.trusted import Trusted, read_like

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
            sizes=_sizes(self.case),
        )


def compare(own: Subject, trusted: Trusted, cases: Sequence[Case], deadline: float = np.inf) -> Standing:
    """How `own` stands beside the trusted layer on these cases. Raises LayerError where they cannot be compared."""
    with quiet():
        return _Comparison(own, trusted).standing(cases, deadline)


class _Comparison:
    def __init__(self, own: Subject, trusted: Trusted) -> None:
        self.own = own
        self.trusted = trusted
        self.other = trusted.subject
        self.name = trusted.name
        self.known: dict[Signature, Matching] = {}
        self.other_raised: list[Exception] = []
        self.shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None
        self.drawing: str | None = None  # which of the two draws; empty for neither
        self.probe: Case | None = None

    def standing(self, cases: Sequence[Case], deadline: float) -> Standing:
        seen: list[_Seen] = []
        for case in cases:
            if len(seen) >= LEAST_CASES and time.monotonic() > deadline:
                break
            matching = self._matching(case)
            if self.drawing is None:
                self.drawing = self._draws(self.probe or case, matching)
            if self.drawing:
                drawing = self.drawing
                return Standing(likeness=f"not compared with {self.name}: {drawing} draws random numbers")
            one = self._look(case, matching)
            if one is not None:
                seen.append(one)
            if self.shapes is not None:
                return self._other_shape(*self.shapes)
        notes = []
        if self.other_raised:
            count = f"in {len(self.other_raised)} of {len(cases)} cases"
            notes.append(f"{count} {self.name} raised {_described(self.other_raised[0])}; they were not compared")
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
                    shown.case, self.other, shown.matching, key, place, self._upstream(shown.case, shown.own)
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
            here = [f"{name} = {n}" for name, n in _sizes(shown.case).items() if re.search(rf"\b{name}\b", words)]
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

    # --- one case

    def _look(self, case: Case, matching: Matching) -> _Seen | None:
        samples = self._samples(case, matching)
        if samples is None:
            return None
        wrong = _differences(*samples)
        if wrong:
            again = self._samples(self._beside(case), matching)
            there = {} if again is None else _differences(*again)
            wrong = {key: _confirmed(off, there[key]) for key, off in wrong.items() if key in there}
        return _Seen(case=case, matching=matching, own=samples[0], other=samples[1], wrong=wrong)

    def _beside(self, case: Case) -> Case:
        single = any(case.arrays[name].dtype.itemsize < 8 for name in case.movable)
        return case.displaced(BESIDE_SINGLE if single else BESIDE)

    def _samples(self, case: Case, matching: Matching) -> tuple[Sample, Sample] | None:
        """What both give; None where either does not run. A shape that no layout explains is noted down."""
        seed = case.seed
        try:
            output = _output(self.own, case.arrays, seed)
            upstream = self._upstream_of(case, output)
            own = sampled(self._run(case, upstream), case.arrays, case.movable, seed, upstream)
        except Exception:  # reported by the check itself
            return None
        try:
            run = self._other_run(case, matching, upstream, output.shape)
            if self.shapes is not None:
                return None
            return own, sampled(run, case.arrays, case.movable, seed, upstream)
        except Exception as error:  # the trusted layer need not take what the other one does
            self.other_raised.append(error)
            return None

    def _run(self, case: Case, upstream: Array) -> Run:
        def run(arrays: Arrays) -> dict[str, Array]:
            own = clones(arrays)
            reseed(case.seed)
            trial = self.own.build(own)
            found = {OUTPUT: own_output(trial.forward(own))}
            try:
                given = {k: own_gradient(k, v) for k, v in trial.backward(np.array(upstream)).items()}
            except Exception:  # reported by the check itself
                return found
            return found | {k: v.reshape(arrays[k].shape) for k, v in given.items() if v.size == arrays[k].size}

        return run

    def _other_run(self, case: Case, matching: Matching, upstream: Array, shape: tuple[int, ...]) -> Run:
        """The trusted layer as a function of the own layer's arrays, its answers in the own layer's layout."""
        names = {p.other.name: p for p in matching.pairs}
        sizes = _sizes(case)

        def run(arrays: Arrays) -> dict[str, Array]:
            there = matching.there(arrays, sizes)
            reseed(case.seed)
            trial = self.other.build(there)
            output = own_output(trial.forward(there))
            back = matching.out_back(output, shape)
            if back is None:
                self.shapes = shape, output.shape
                return {OUTPUT: output}
            found = {OUTPUT: back}
            for key, value in trial.backward(matching.upstream_there(upstream, output.shape)).items():
                own_name = names[key].own.name if key in names else None
                if own_name is not None and not names[key].labels:
                    gradient = names[key].back(own_gradient(key, value), arrays[own_name].shape)
                    if gradient.shape == arrays[own_name].shape:
                        found[own_name] = gradient
            return found

        run(case.arrays)
        return run

    def _upstream_of(self, case: Case, output: Array) -> Array:
        """Ones where either layer takes no upstream gradient."""
        one = not (self.own.takes_upstream and self.other.takes_upstream)
        return np.ones(output.shape, dtype=output.dtype) if one else case.upstream_for(output)

    def _upstream(self, case: Case, own: Sample) -> Array:
        return self._upstream_of(case, own.values[OUTPUT])

    def _draws(self, case: Case, matching: Matching) -> str:
        """Which of the two draws random numbers, or does not repeat itself; empty for neither."""
        there = matching.there(case.arrays, _sizes(case))
        for name, subject, arrays in ((self.own.name, self.own, case.arrays), (self.name, self.other, there)):
            try:
                first = _output(subject, arrays, case.seed)
                copies = clones(arrays)
                trial = subject.build(copies)
                before = random_state()
                outputs = [own_output(trial.forward(copies)) for _ in range(2)]
                drew = random_state() != before
            except Exception:
                continue
            # A generator of its own shows in a second forward, and so does a state that is carried on.
            suspect = subject.recipe is not None and subject.recipe.draws
            if not same(first, _output(subject, arrays, case.seed)) or (suspect and (drew or not same(*outputs))):
                return name
        return ""

    # --- which array is which

    def _matching(self, case: Case) -> Matching:
        if case.signature not in self.known:
            probe = distinct_case(self.own, 7, _dtype(case), signature=case.signature) or case
            self.probe = self.probe or probe
            self.known[case.signature] = self._chosen(probe)
        return self.known[case.signature]

    def _chosen(self, probe: Case) -> Matching:
        """The most natural matching under which the trusted layer runs.

        Where names do not decide between several, one under which the outputs agree is preferred: values may choose
        which array is which, never excuse a layout that the shapes do not force.
        """
        running = self._running(probe)
        if not running and (other := read_like(self.trusted, self.own)) is not None:
            self.other = other
            running = self._running(probe)
        if not running:
            raise LayerError(
                f"it has {self.own.signature}, {self.name} has {self.other.signature}:\n"
                "these arrays cannot stand for each other; compare it with a layer of the same arrays"
            )
        first = running[0]
        if self.shapes is not None or self._agrees(probe, first):
            return first
        turned = any(p.turned for p in first.pairs)
        rest = [m for m in running[1:] if m.named and (turned or not any(p.turned for p in m.pairs))]
        return next((m for m in rest if self._agrees(probe, m)), first)

    def _running(self, probe: Case) -> list[Matching]:
        """The matchings under which the trusted layer runs: those whose output fits first, the natural ones first."""
        ready: list[tuple[bool, float, Matching]] = []
        for signature in self.other.signatures:
            for found in matchings(probe.signature, self.own.roles, probe.arrays, signature, self.other.roles):
                shapes = self._output_shapes(probe, found)
                if shapes is not None:
                    settled = found.with_output(*shapes)
                    ready.append((settled is None, found.cost, settled or found))
        return [matching for _, _, matching in sorted(ready, key=lambda one: one[:2])]

    def _output_shapes(self, probe: Case, matching: Matching) -> tuple[Shape, Shape] | None:
        try:
            own = _output(self.own, probe.arrays, probe.seed).shape
            other = _output(self.other, matching.there(probe.arrays, _sizes(probe)), probe.seed).shape
        except Exception:
            return None
        return own, other

    def _agrees(self, probe: Case, matching: Matching) -> bool:
        samples = self._samples(probe, matching)
        self.shapes, self.other_raised = None, []
        return samples is not None and OUTPUT not in _differences(*samples)


def _output(subject: Subject, arrays: Arrays, seed: int) -> Array:
    """A fresh object's output under the random state of the seed."""
    copies = clones(arrays)
    reseed(seed)
    return own_output(subject.build(copies).forward(copies))


def _differences(own: Sample, other: Sample) -> dict[str, Array]:
    """By key, how far each entry is off in allowances, where any is beyond the margin; other entries 0."""
    found = {}
    for key in own.values:
        if key in other.values and own.values[key].shape == other.values[key].shape:
            off = excess(own.values[key], other.values[key], own.allowances[key] + other.allowances[key])
            if np.any(off > MARGIN):
                found[key] = np.where(off > MARGIN, off, 0.0)
    return found


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


def _sizes(case: Case) -> dict[str, int]:
    return case.signature.fit({name: array.shape for name, array in case.arrays.items()})


def _dtype(case: Case) -> np.dtype[np.floating]:
    return next((case.arrays[name].dtype for name in case.movable), np.dtype(np.float64))


def _described(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return type(error).__name__ + (f": {text[0]}" if text else "")
