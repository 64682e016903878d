"""What one layer's numbers are of another's, where a simple word covers it: a factor, a sign, a constant.

A relation is said only where it holds for every entry of every case, up to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from checks.agreement import MARGIN, excess
from checks.function import Array

_NUMBERS: Final = (1.0, 2.0, 0.5, -1.0, -2.0, -0.5)
_DIGITS: Final = 6


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Both:
    """One case's numbers from both layers, alike in shape; the allowances are each one's own.

    `sizes`: the case's, by name.
    """

    own: Array
    other: Array
    own_allowance: Array
    other_allowance: Array
    sizes: Mapping[str, int]

    @property
    def is_finite(self) -> bool:
        """Whether both layers gave numbers throughout."""
        return bool(np.all(np.isfinite(self.own)) and np.all(np.isfinite(self.other)))

    def holds(self, factor: float = 1.0, constant: float = 0.0) -> bool:
        """Whether own = factor * other + constant."""
        expected = factor * self.other + constant
        rounding = 2.0**-50 * (np.abs(expected) + abs(constant))
        allowance = self.own_allowance + abs(factor) * self.other_allowance + rounding
        return bool(np.all(excess(self.own, expected, allowance) <= MARGIN))


def relation(cases: Sequence[Both]) -> str | None:
    """`its negative`, `0.5 times it`, `n times it`: what the own numbers are, in the first words that hold."""
    telling = [both for both in cases if both.own.size and np.any(both.other) and both.is_finite]
    if not telling or any(both.own.shape != both.other.shape for both in cases):
        return None
    for rule in RULES:
        for words in rule(telling):
            return words
    return None


def _negative(cases: Sequence[Both]) -> Iterator[str]:
    if all(both.holds(-1.0) for both in cases):
        yield "its negative"


def _constant_factor(cases: Sequence[Both]) -> Iterator[str]:
    factor = _rounded(_ratio(cases[0]))
    if factor is not None and sum(both.own.size for both in cases) > 1 and all(both.holds(factor) for both in cases):
        yield f"{factor:.{_DIGITS}g} times it"


def _sizes_factor(cases: Sequence[Both]) -> Iterator[str]:
    """A factor that goes with the sizes: the batch size, or how many entries there are."""
    ratios = [_ratio(both) for both in cases]
    if not all(both.holds(ratio) for both, ratio in zip(cases, ratios, strict=True)):
        return
    names = [name for name in cases[0].sizes if all(name in both.sizes for both in cases)]
    for count in (1, 2, 3):
        for chosen in combinations(names, count):
            products = [float(np.prod([both.sizes[name] for name in chosen])) for both in cases]
            if len(set(products)) < 2:
                continue
            for number in _NUMBERS:
                for power, words in ((1, _product(number, chosen)), (-1, _quotient(number, chosen))):
                    factors = [number * product**power for product in products]
                    if np.allclose(ratios, factors, rtol=1e-3) and _all_hold(cases, factors):
                        yield f"{words} times it"


def _all_hold(cases: Sequence[Both], factors: Sequence[float]) -> bool:
    return all(both.holds(factor) for both, factor in zip(cases, factors, strict=True))


def _product(number: float, names: Sequence[str]) -> str:
    return " ".join(names) if number == 1 else f"{number:g} {' '.join(names)}"


def _quotient(number: float, names: Sequence[str]) -> str:
    return f"{number:g}/{names[0]}" if len(names) == 1 else f"{number:g}/({' '.join(names)})"


def _constant(cases: Sequence[Both]) -> Iterator[str]:
    first = cases[0]
    at = int(np.argmax(np.abs(first.other)))
    constant = _rounded(float(first.own.reshape(-1)[at] - first.other.reshape(-1)[at]))
    if constant and sum(both.own.size for both in cases) > 1 and all(both.holds(1.0, constant) for both in cases):
        yield f"{abs(constant):.{_DIGITS}g} {'more' if constant > 0 else 'less'} than it"


def _transposed(cases: Sequence[Both]) -> Iterator[str]:
    square = [both for both in cases if both.own.ndim == 2 and 1 < both.own.shape[0] == both.own.shape[1]]
    if not square or any(both.own.ndim != 2 or both.own.shape[0] != both.own.shape[1] for both in cases):
        return
    turned = (excess(both.own, both.other.T, both.own_allowance + both.other_allowance.T) <= MARGIN for both in square)
    if all(np.all(fits) for fits in turned):
        yield "its transpose"


def _ratio(both: Both) -> float:
    """own / other where the other is largest."""
    other = both.other.reshape(-1)
    at = int(np.argmax(np.abs(other)))
    return float(both.own.reshape(-1)[at] / other[at])


def _rounded(value: float) -> float | None:
    """The number of six digits that it stands for; None for none."""
    return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) and value != 0 else None


RULES: Final[tuple[Callable[[Sequence[Both]], Iterator[str]], ...]] = (
    _negative,
    _constant_factor,
    _sizes_factor,
    _transposed,
    _constant,
)
