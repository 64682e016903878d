"""What could be: a known layer fed with the arrays of another one, and both layers' numbers beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from checks.agreement import OUTPUT, Sample, sampled
from checks.bench import fresh_output
from checks.case import Case
from checks.duo import sizes_of
from checks.function import Array
from checks.known.family import Family, Forward, Known
from checks.known.feeding import runs
from checks.matching import Matching, matchings
from checks.relation import Both
from checks.subject import Arrays, Subject

LAYOUTS: Final = 3  # of a family that are tried


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Way:
    """A family, with the arrays of the first case as its layers take them."""

    family: Family
    matching: Matching
    there: tuple[Array, ...]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Guess:
    """A candidate that ran on the first case: `expected` is its output there, in the own layer's layout."""

    forward: Forward
    matching: Matching
    expected: Array


class Numbers:
    """A layer's outputs on the cases, and those of whatever it is compared with."""

    def __init__(self, subject: Subject, cases: Sequence[Case], *, briefly: bool) -> None:
        self.subject = subject
        self.briefly = briefly
        self.cases = cases
        self.sizes = [sizes_of(case) for case in cases]
        self.outputs = [fresh_output(subject, case.arrays, case.seed) for case in cases]
        self._samples: list[Sample] | None = None

    def ways(self, family: Family) -> Iterator[Way]:
        case = self.cases[0]
        found = matchings(case.signature, self.subject.roles, case.arrays, family.signature, family.roles)
        alike = [m for m in found if all(_alike(p.own.kind, p.other.kind) for p in m.pairs)]
        for matching in alike[:LAYOUTS]:
            there = tuple(matching.there(case.arrays, self.sizes[0]).values())
            yield Way(family=family, matching=matching, there=there)

    def parameter(self, known: Known, way: Way) -> float | None:
        """The number that the layer seems to have, to six digits; None where there is none to have."""
        if known.parameter is None:
            return None
        if self.outputs[0].shape != way.there[0].shape:
            return np.nan
        return float(f"{known.parameter(way.there[0], self.outputs[0]):.6g}")

    def guess(self, forward: Forward, way: Way) -> Guess | None:
        """None where it does not run in this layout, or gives another shape, or the same number everywhere."""
        try:
            output = np.asarray(forward(*way.there))
        except Exception:  # a layout that it does not take
            return None
        own = self.outputs[0].shape
        matching = way.matching.with_output(own, output.shape)
        expected = None if matching is None else matching.out_back(output, own)
        if matching is None or expected is None or is_constant(expected):
            return None
        return Guess(forward=forward, matching=matching, expected=expected)

    def expected(self, guess: Guess, k: int) -> Array:
        found = self._of_case(guess, k, self.cases[k].arrays)
        return np.full(self.outputs[k].shape, np.nan) if found is None else found

    def _of_case(self, guess: Guess, k: int, arrays: Arrays) -> Array | None:
        there = guess.matching.there(arrays, self.sizes[k]).values()
        return guess.matching.out_back(np.asarray(guess.forward(*there)), self.outputs[k].shape)

    def both(self, guess: Guess) -> list[Both]:
        """Both layers' numbers on every case, each with its allowance."""
        if self._samples is None:
            self._samples = [
                sampled(runs(self.subject, case), case.arrays, case.movable, case.seed, briefly=self.briefly)
                for case in self.cases
            ]
        found = []
        for k, (case, own) in enumerate(zip(self.cases, self._samples, strict=True)):

            def run(arrays: Arrays, k: int = k) -> dict[str, Array]:
                output = self._of_case(guess, k, arrays)
                return {OUTPUT: np.full(self.outputs[k].shape, np.nan) if output is None else output}

            other = sampled(run, case.arrays, case.movable, case.seed, briefly=True)
            found.append(
                Both(
                    own=own.values[OUTPUT],
                    other=other.values[OUTPUT],
                    own_allowance=own.allowances[OUTPUT],
                    other_allowance=other.allowances[OUTPUT],
                    sizes=self.sizes[k],
                )
            )
        return found


def with_number(known: Known, number: float | None) -> Forward:
    return known.forward if number is None else lambda *arrays: known.forward(*arrays, number)


def _alike(own: str, other: str) -> bool:
    """Whether arrays of these kinds may stand for each other: numbers above 0 tell a ReLU from nothing."""
    if other == "probability":
        return own in ("probability", "simplex", "positive")
    return own not in ("probability", "simplex", "positive")


def is_constant(output: Array | None) -> bool:
    return output is None or (output.size > 1 and bool(np.ptp(output) == 0))
