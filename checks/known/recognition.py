"""Whether a layer computes what one of `reference/` does, or nearly: said in a line, and no verdict.

One forward pass is compared roughly with each candidate; what fits is looked at again on five cases, ordinary ones of
two sizes and inputs of other magnitudes, entry by entry up to rounding. Nothing is said that does not hold there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

import numpy as np

from checks.case import Case
from checks.evaluation import quiet
from checks.function import Array
from checks.known.change import CHANGES, changed
from checks.known.feeding import seconds_of, telling_cases
from checks.known.guess import Guess, Numbers, Way, is_constant, with_number
from checks.known.table import families, is_reference
from checks.relation import Both, relation
from checks.subject import Subject

ROUGH: Final = 1e-4  # of the largest entry: what a look at one forward pass lets through
SLOW: Final = 0.02  # seconds of a forward pass from which on nothing is looked for
LEISURELY: Final = 0.001  # and from which on its round-off is told by its conditioning alone
_RELATIONS: Final = {"its negative": "the negative of what", "its transpose": "the transpose of what"}


def recognised(subject: Subject, seed: int, drawn: Sequence[Case] = ()) -> str | None:
    """`computes what reference.Affine computes`, with what is different about it; None where nothing is known.

    `drawn`: cases to look at where there is no ordinary one. Of the layers of `reference/` themselves nothing is said.
    """
    with quiet():
        try:
            if subject.file is not None and is_reference(subject.file):
                return None
            cases = telling_cases(subject, seed, drawn)
            seconds = seconds_of(subject, cases[0]) if cases else None
            if seconds is None or seconds > SLOW:
                return None
            return _Recognition(Numbers(subject, cases, briefly=seconds > LEISURELY)).words()
        except Exception:  # the user's code need not run in all that is tried
            return None


class _Recognition:
    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self.outputs = numbers.outputs

    def words(self) -> str | None:
        """What holds exactly first, then what holds but for something, then a factor or a sign, then one side."""
        if not all(np.all(np.isfinite(output)) for output in self.outputs[:3]) or is_constant(self.outputs[0]):
            return None
        ways = [way for family in families() for way in self.numbers.ways(family)]
        return next(chain(self._exactly(ways), self._related(ways), self._on_one_side(ways)), None)

    def _exactly(self, ways: Sequence[Way]) -> Iterator[str]:
        found = []
        for way in ways:
            for known in way.family.layers:
                number = self.numbers.parameter(known, way)
                if number is not None and not np.isfinite(number):
                    continue
                guess = self.numbers.guess(with_number(known, number), way)
                if guess is not None and _close(self.outputs[0], guess.expected).all():
                    found.append((bool(known.but), way.matching.cost, known, number, guess))
        for _, _, known, number, guess in sorted(found, key=lambda one: one[:2]):
            if all(both.holds() for both in self.numbers.both(guess)):
                but = f", but {known.but.format(number)}" if known.but else ""
                layout = f", {guess.matching.words}" if guess.matching.words else ""
                name = known.name if known.but or number is None else known.name.format(number)
                yield f"computes what {name} computes{but}{layout}"

    def _related(self, ways: Sequence[Way]) -> Iterator[str]:
        for way in ways:
            for change in CHANGES if way.family.entrywise else CHANGES[:1]:
                for known in way.family.layers:
                    guess = self.numbers.guess(changed(known.forward, change), way) if known.plain else None
                    words = None if guess is None else self._relation(guess)
                    if guess is not None and words is not None:
                        layout = f", {guess.matching.words}" if guess.matching.words else ""
                        yield f"computes {words} {known.name} computes{change.words}{layout}"

    def _on_one_side(self, ways: Sequence[Way]) -> Iterator[str]:
        for way in ways:
            for known in way.family.layers if way.family.entrywise else ():
                guess = self.numbers.guess(known.forward, way) if known.plain else None
                for side, name, other in ((1, "x > 0", "x < 0"), (-1, "x < 0", "x > 0")):
                    if guess is not None and self._only_where(guess, side):
                        yield f"computes what {known.name} computes where {name}, but not where {other}"

    def _only_where(self, guess: Guess, side: int) -> bool:
        """Whether all entries with x of that sign agree, and most with x of the other sign do not."""
        name = guess.matching.pairs[0].own.name
        x, expected = self.numbers.cases[0].arrays[name], guess.expected
        here = np.sign(x) == side
        if here.all() or not here.any() or is_constant(expected[here]) or np.array_equal(expected[here], x[here]):
            return False  # an identity or a constant on that side is many layers'
        close = _close(self.outputs[0], expected)
        if not close[here].all() or 2 * np.count_nonzero(close[~here]) > np.count_nonzero(~here):
            return False
        sides = [np.sign(case.arrays[name]) == side for case in self.numbers.cases]
        return all(_part(both, part).holds() for both, part in zip(self.numbers.both(guess), sides, strict=True))

    def _relation(self, guess: Guess) -> str | None:
        """`what`, `2 times what`, `the negative of what`: by a rough look first, then up to rounding."""
        if not _may_be_related(self.outputs[0], guess.expected):
            return None
        expected = [self.numbers.expected(guess, k) for k in range(len(self.numbers.cases))]
        rough = [
            Both(
                own=own,
                other=other,
                own_allowance=np.full(own.shape, ROUGH * _largest(own)),
                other_allowance=np.zeros(own.shape),
                sizes=sizes,
            )
            for own, other, sizes in zip(self.outputs, expected, self.numbers.sizes, strict=True)
        ][:3]
        if all(both.holds() for both in rough):
            return "what" if all(both.holds() for both in self.numbers.both(guess)) else None
        words = None if relation(rough) is None else relation(self.numbers.both(guess))
        return None if words is None else _RELATIONS.get(words, words.replace(" it", " what"))


def _may_be_related(own: Array, other: Array) -> bool:
    """Whether, roughly, own is a multiple of other, or has a constant distance from it, or is its transpose."""
    at = int(np.argmax(np.abs(other)))
    size = ROUGH * _largest(own)
    factor = float(own.reshape(-1)[at] / other.reshape(-1)[at])
    turned = own.ndim == 2 and own.shape == other.T.shape and np.all(np.abs(own - other.T) <= size)
    return bool(np.all(np.abs(own - factor * other) <= size) or np.ptp(own - other) <= size or turned)


def _close(own: Array, other: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(np.abs(own - other) <= ROUGH * _largest(other))


def _part(both: Both, chosen: Array) -> Both:
    return replace(
        both,
        own=both.own[chosen],
        other=both.other[chosen],
        own_allowance=both.own_allowance[chosen],
        other_allowance=both.other_allowance[chosen],
    )


def _largest(output: Array) -> float:
    return float(np.max(np.abs(output[np.isfinite(output)]), initial=1e-300))
