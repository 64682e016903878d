"""What a diagnosis is made of: both gradients on a few ordinary cases, the arrays at hand, and more for the asking.

The cases are drawn for this: every size another one, and other sizes from case to case, so that a factor of n is not
taken for one of 3. A cure has to make the gradient agree on all of them.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from checks.bench import clones, reseed, same
from checks.case import Case
from checks.dialects.reach import walk
from checks.entries import UNDECIDED, Entries
from checks.errors import GradproofError
from checks.evaluation import quiet
from checks.function import Array, Function
from checks.live import Live
from checks.look import CaseResult, Look
from checks.ordinary import ordinary_case, reaching
from checks.subject import Subject

CLOSE = 1e-5  # of an entry's size: how well a cure has to make it agree, beside the allowance
_ROUGH = 2e-4  # of a value that was not looked at closely
_SHORT = 1e-5  # step, as a share of an entry's scale
_CLOSE_SINGLE = 1e-3
_STARTS = (3, 4, 3)  # the first size of each case that is drawn
_SMALL = 2  # and of the second, where the first took long
_LONG = 800  # forward passes
BESIDE = 0.01  # of each entry: two decimals are often the same, and a tie tells nothing
_MOST_CASES, _MOST_CONTROLS = 4, 2
_LEAST_CASES, _LEAST_ENTRIES = 2, 4
_NOTHING_SAID = 1e-2  # off by more, a cure is within an allowance alone, of gradients that are nothing
_TELLING = 1e-3  # of the largest entry
_MOST_FORWARDS = 2000
_MOST_DIFFERENCES = 400  # entries of an array whose derivative by each output is asked for
_MOST_ENTRIES = 600  # of one array: larger cases are not looked at entry by entry again


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Pair:
    """One gradient on one case: backward's values, the derivative, what is allowed between them, where it is known."""

    analytic: Array
    numerical: Array
    allowance: Array
    known: Array

    def agrees(self, cured: Array) -> float | None:
        """How far off the cured gradient is, as a share of an entry; None where it does not agree."""
        if cured.shape != self.numerical.shape or not np.all(np.isfinite(cured[self.known])):
            return None
        off = np.abs(cured - self.numerical)[self.known]
        if not off.size:
            return None
        typical = float(np.sqrt(np.mean(self.numerical[self.known] ** 2)))
        size = np.maximum(np.abs(self.numerical[self.known]), typical)
        close = CLOSE if self.analytic.dtype.itemsize > 4 else _CLOSE_SINGLE
        if not np.all(off <= 4 * self.allowance[self.known] + close * size):
            return None
        return float(np.max(off / np.where(size > 0, size, 1.0)))


class Sample:
    """One case with both gradients of each array, and the layer to ask again."""

    def __init__(self, case: Case) -> None:
        look = Look(case)
        self.case = case
        self.finite = look.finite
        self.upstream = np.asarray(look.evaluation.upstream, dtype=np.float64)
        self.output = np.asarray(look.evaluation.native.output, dtype=np.float64)
        self.problems = dict(look.evaluation.problems)
        self.returned = look.evaluation.returned
        self.evaluations = look.evaluation.evaluations
        self._function = look.evaluation.function
        self._jacobians: dict[str, Array | None] = {}
        self.pairs: dict[str, Pair] = {}
        for name, entries in look.entries.items():
            shape = case.arrays[name].shape
            numerical, allowed = self._close_by(name, entries)
            self.pairs[name] = Pair(
                analytic=entries.analytic.reshape(shape),
                numerical=numerical.reshape(shape),
                allowance=allowed.reshape(shape),
                known=(~entries.kinks & np.isfinite(numerical) & (entries.codes != UNDECIDED)).reshape(shape),
            )

    def _close_by(self, name: str, entries: Entries) -> tuple[Array, Array]:
        """The numerical entries and how well they are known; rough ones by a short step, as wide ones pass kinks."""
        function = self._function(name)
        rough = np.isin(entries.indices, list(entries.rough))
        numerical = entries.numerical.copy()
        if function is not None:
            for k in np.flatnonzero(rough):
                numerical[k] = self.upstream.reshape(-1) @ _by_a_short_step(function, int(entries.indices[k]))
        return numerical, np.where(rough, np.fmax(entries.allowances, _ROUGH * np.abs(numerical)), entries.allowances)

    def is_wrong(self, name: str) -> bool:
        """Whether the gradient is off here, or of another shape than its array."""
        pair = self.pairs.get(name)
        return name in self.problems if pair is None else pair.agrees(pair.analytic) is None

    def backward(self, upstream: Array) -> Mapping[str, Array]:
        """What a fresh object gives for another upstream gradient; nothing where it raises."""
        try:
            with quiet():
                live = Live(self.case)
                live.forward(clones(self.case.arrays))
                return {name: np.asarray(g, dtype=np.float64) for name, g in live.backward(upstream).items()}
        except Exception:  # the layer's code need not take it
            return {}

    def restored(self) -> tuple[tuple[str, ...], Mapping[str, Array]]:
        """(the arrays that forward writes into, the gradients where they are put back before backward)."""
        arrays = clones(self.case.arrays)
        try:
            with quiet():
                live = Live(self.case)
                live.forward(arrays)
                changed = tuple(name for name, array in arrays.items() if not same(array, self.case.arrays[name]))
                for name in changed:
                    arrays[name][...] = self.case.arrays[name]
                given = live.backward(self.upstream) if changed else {}
        except Exception:  # the layer's code need not take it
            return (), {}
        return changed, {name: np.asarray(gradient, dtype=np.float64) for name, gradient in given.items()}

    def redrawn(self) -> Mapping[str, Array]:
        """What a fresh object gives for the same upstream gradient, the random state between the two being another."""
        try:
            with quiet():
                live = Live(self.case)
                live.forward(clones(self.case.arrays))
                reseed(self.case.seed + 1)
                return {name: np.asarray(g, dtype=np.float64) for name, g in live.backward(self.upstream).items()}
        except Exception:  # the layer's code need not take it
            return {}

    def updated(self, names: Sequence[str]) -> Sample | None:
        """The case with the parameters as backward leaves them at the rate 1; None where it does not run there."""
        changed = {n: self.case.arrays[n] - self.pairs[n].analytic for n in names if n in self.pairs}
        try:
            with quiet():
                return Sample(replace(self.case, arrays={**self.case.arrays, **changed}))
        except GradproofError:
            return None

    @cached_property
    def returned_again(self) -> Mapping[str, Array]:
        """What a fresh object gives for the same upstream gradient."""
        return self.backward(self.upstream)

    def jacobian(self, name: str) -> Array | None:
        """The derivative of each output by each entry, by central differences; None where forward is not finite."""
        if name not in self._jacobians:
            self._jacobians[name] = self._differences(name)
        return self._jacobians[name]

    def _differences(self, name: str) -> Array | None:
        function = self._function(name)
        if function is None or function.x.size > _MOST_DIFFERENCES:
            return None
        found = np.array([_by_a_short_step(function, index) for index in range(function.x.size)]).T
        return found if np.all(np.isfinite(found)) else None

    def derivative(self, name: str, upstream: Array | None = None) -> Array | None:
        """The derivative by the array, for this upstream gradient or another one."""
        found = self.jacobian(name)
        weights = (self.upstream if upstream is None else upstream).reshape(-1)
        return None if found is None else (weights @ found).reshape(self.case.arrays[name].shape)

    def contributions(self, name: str) -> list[Array] | None:
        """What the outputs add to each entry, grouped along some of the output's axes: for each way, a row a group."""
        found = self.jacobian(name)
        if found is None:
            return None
        parts = (self.upstream.reshape(-1)[:, None] * found).reshape(*self.output.shape, -1)
        axes = range(self.output.ndim)
        chosen = (c for count in range(1, self.output.ndim + 1) for c in itertools.combinations(axes, count))
        return [parts.sum(axis=tuple(a for a in axes if a not in one)).reshape(-1, parts.shape[-1]) for one in chosen]

    @cached_property
    def sizes(self) -> dict[str, int]:
        """The numbers of the signature's sizes."""
        try:
            shapes = {name: array.shape for name, array in self.case.arrays.items()}
            return dict(self.case.signature.fit(shapes))
        except GradproofError:
            return {}

    @cached_property
    def held(self) -> dict[str, Array]:
        """What the object keeps after forward, by the code that says where; numbers included."""
        try:
            with quiet():
                live = Live(self.case)
                live.forward(clones(self.case.arrays))
                root = getattr(live.trial, "holder", None)
                found = {} if root is None else {f"self{slot.path.code}": slot.value for slot in walk(root)}
                found.update({text: v for text, v in getattr(live.trial, "cached", {}).items() if is_number(v)})
        except Exception:  # nothing is known of it then
            return {}
        arrays = {text: np.asarray(value) for text, value in found.items() if not isinstance(value, str | bytes)}
        return {text: np.asarray(a, dtype=np.float64) for text, a in arrays.items() if a.dtype.kind in "fiub"}


def _by_a_short_step(function: Function, index: int) -> Array:
    """The derivative of each output by one entry, by a central difference."""
    plus, minus, width = function.pair(index, _SHORT * float(function.scale[index]))
    return np.asarray((plus - minus) / width, dtype=np.float64).reshape(-1)


def is_number(value: Any) -> bool:
    """Whether it is an array, or a number."""
    return isinstance(value, np.ndarray | np.generic | float | int)


class Evidence:
    """The cases in which a layer's gradients are wrong, and `controls`, in which they are right."""

    def __init__(self, samples: Sequence[Sample], controls: Sequence[Sample] = ()) -> None:
        self.samples, self.controls = samples, controls

    @property
    def subject(self) -> Subject:
        return self.samples[0].case.subject

    @property
    def names(self) -> tuple[str, ...]:
        """The arrays whose gradients are there in all cases."""
        return tuple(n for n in self.samples[0].pairs if all(n in sample.pairs for sample in self.samples))

    def about(self, name: str) -> Evidence | None:
        """The cases in which this gradient is wrong; None where it is in none of them."""
        wrong = [sample for sample in self.samples if sample.is_wrong(name)]
        return Evidence(wrong, self.controls) if wrong else None

    def is_right_somewhere(self, name: str) -> bool:
        """Whether there is a case in which this gradient is right, and something."""
        return any(np.any(sample.pairs[name].numerical != 0) for sample in self.controls if name in sample.pairs)

    def pairs(self, name: str) -> list[Pair]:
        """The gradient on each case, where there is something to compare."""
        return [sample.pairs[name] for sample in self.samples if name in sample.pairs]

    def agreement(self, name: str, cured: Sequence[Array | None]) -> float | None:
        """How far off the gradient is with a cure, at most; None where it does not agree in one of the cases."""
        return agreement(self.pairs(name), cured)


def agreement(pairs: Sequence[Pair], cured: Sequence[Array | None]) -> float | None:
    """The largest of the pairs' differences; None where one of them does not agree, or they are too few to tell.

    Entries whose derivative is nothing agree with much: they do not count, and neither does a single case.
    """
    worst, telling = 0.0, 0
    for pair, one in zip(pairs, cured, strict=True):
        off = None if one is None else pair.agrees(np.asarray(one))
        if off is None:
            return None
        worst = max(worst, off)
        size = np.abs(pair.numerical[pair.known])
        telling += int((size > _TELLING * size.max(initial=0.0)).sum())
    few = len(pairs) <= _LEAST_CASES
    enough = len(pairs) >= _LEAST_CASES and telling >= (_LEAST_ENTRIES if few else len(pairs))
    return worst if enough and worst < _NOTHING_SAID else None


def gather(results: Sequence[CaseResult], seed: int, until: float = np.inf) -> Evidence | None:
    """Ordinary cases in which something is wrong, else those that were drawn; None where none is left.

    Two, since one agrees with much; no more of them than a few thousand forward passes buy, and none is begun after the
    time `until` (monotonic).
    """
    wrong = [result for result in results if result.differing]
    if not wrong:
        return None
    first = next((result for result in wrong if result.mode is None), wrong[0])
    names = first.differing
    samples: list[Sample] = []
    controls: list[Sample] = []
    spent = 0
    with quiet():
        for case in _cases(first, wrong, seed, samples):
            try:
                sample = Sample(case)
            except GradproofError:
                continue
            spent += sample.evaluations
            if sample.finite and any(sample.is_wrong(name) for name in names):
                samples.append(sample)
            elif sample.finite and len(controls) < _MOST_CONTROLS:
                controls.append(sample)
            enough = len(samples) >= _LEAST_CASES and spent > _MOST_FORWARDS
            if len(samples) >= _MOST_CASES - 1 or enough or time.monotonic() > until:
                break
        # What mends the gradient at the default alone is no cure.
        room = samples and first.mode is None and spent < _MOST_FORWARDS
        other = next(told_otherwise(samples[0].case), None) if room else None
        if other is not None and other.finite:
            (samples if any(other.is_wrong(name) for name in names) else controls).append(other)
    return Evidence(samples, controls) if samples else None


def _cases(first: CaseResult, wrong: Sequence[CaseResult], seed: int, samples: Sequence[Sample]) -> Iterator[Case]:
    subject = first.case.subject
    for k, usual in enumerate(_STARTS):
        start = _SMALL if any(sample.evaluations > _LONG for sample in samples) else usual
        drawn = partial(ordinary_case, subject, seed + k, first.case.dtype, signature=first.case.signature, start=start)
        apart = drawn(_wide_apart(first.case.signature.sizes, start)) if k else None
        case = apart if apart is not None and _small(apart) else drawn()
        if case is not None and _small(case):
            yield case.displaced(BESIDE)
            if k == 1:
                wide = reaching(case)
                if wide is not case:
                    yield wide.displaced(BESIDE)
    sizes = {name: 4 + 2 * k for k, name in enumerate(first.case.signature.sizes)}  # where some have to be even
    for k in range(2):
        case = ordinary_case(
            subject, seed + k, first.case.dtype, {**sizes, **_larger(sizes, k)}, signature=first.case.signature
        )
        if case is not None and _small(case):
            yield case.displaced(BESIDE)
    known = [replace(result.case, upstream=None) for result in wrong if result.mode == first.mode]
    yield from (case for case in known if _small(case))


def told_otherwise(case: Case) -> Iterator[Sample]:
    """Ordinary cases with another number for one option after the other that is a number."""
    for _, mode in case.subject.modes:
        if mode.option != "number" or str(mode.signature) != str(case.subject.signature):
            continue
        other = ordinary_case(mode, case.seed, case.dtype, start=_STARTS[0])
        if other is not None and _small(other):
            with contextlib.suppress(GradproofError):
                yield Sample(other.displaced(BESIDE))


def _wide_apart(names: Sequence[str], start: int) -> dict[str, int]:
    """Sizes of which none is the next one less 1, the first the largest: n of the batch is taken for no i - 1."""
    others = {name: start + 2 * k for k, name in enumerate(names[1:])}
    return {**{name: start + 2 * len(names) for name in names[:1]}, **others}


def _larger(sizes: Mapping[str, int], by: int) -> dict[str, int]:
    return {name: size + 4 * by for name, size in sizes.items()}


def _small(case: Case) -> bool:
    return all(array.size <= _MOST_ENTRIES for array in case.arrays.values())
