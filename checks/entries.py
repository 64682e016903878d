"""The entries of one gradient, judged: an allowance each, a verdict each.

E = e + r         numerical error estimate and the round-off of the analytic gradient
s = max(|a|, |n|, typical size in this gradient)
agrees            |a - n| <= E and E <= 1e-4 s  (1e-2 s in single precision)
                  or a true zero: |a|, |n| <= E <= 1e-8 S  (1e-3 S), S = sum |upstream * f| / L
                  or next to one: |a|, |n| <= 1e-9 S and E <= 1e-2 s
differs           |a - n| > 3 E (10 E where a = 0 and |n| <= 1e-9 S) and E <= 0.1 max(|a|, |n|), or a is no number
                  where n is known
undecided         otherwise
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from checks.function import Array
from checks.results import GradientVerdict

AGREES, UNDECIDED, DIFFERS = 0, 1, 2
VERDICTS: tuple[GradientVerdict, ...] = ("agrees", "undecided", "differs")
BLIND = 1e-5  # of S: values in whose round-off a kink nearby may hide
ONE_DIGIT = 0.1
VERY_WEAK = 1e-9  # of S: values so far below the function's own size that they are its round-off


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the directions say of a gradient: `allowance`, what an entry may be off unseen; `detectable`, the smallest
    error of one entry that would have been seen, as a share of the largest; `suspects`: entries that seem to be wrong,
    some of them where there are many, and `where` they lie then, in words.
    """

    allowance: float
    detectable: float
    miss_probability: float
    suspects: tuple[int, ...] = ()
    where: str | None = None


Cause = Literal["noise", "truncation", "domain", "kink", "roundoff"]


@dataclass(eq=False, slots=True, kw_only=True)
class Entries:
    """All that is known about the entries of one gradient; arrays are flat and run over `indices`.

    `codes`: AGREES, UNDECIDED or DIFFERS. `kinks`: entries at which forward has a kink; their interval is in
    `allowances`. `causes`: why an entry is undecided. `hidden`: the error that an entry whose derivative is exactly
    zero could hide in the rounding of the output. `reach`: the allowance, as a share of its size, with which the
    entry that is known least can be accused; 0.0 where that is its allowance. `no_numbers`: flat indices of
    entries that agree beside their point and are not finite at it, with what they are and what the derivative is.
    `rough`: flat indices of entries that differ like others before them, by their cheap values alone. `along`: what
    directions told of a gradient of too many entries; then `indices` are only those that were looked at one by one.
    """

    name: str
    indices: Array
    analytic: Array
    numerical: Array
    allowances: Array
    sizes: Array
    zero_sizes: Array
    codes: Array
    kinks: Array
    typical: float
    causes: dict[int, Cause]
    hidden: float = 0.0
    reach: float = 0.0
    no_numbers: dict[int, tuple[float, float]] = field(default_factory=dict)
    rough: frozenset[int] = frozenset()
    along: Overview | None = None

    @property
    def verdict(self) -> GradientVerdict:
        worst = int(self.codes.max(initial=AGREES))
        return VERDICTS[worst]

    @property
    def hides_kinks(self) -> Array:
        """Entries so far below the function's own size that its round-off may hide a kink beside the point."""
        return np.asarray(np.fmax(np.abs(self.analytic), np.abs(self.numerical)) <= BLIND * self.zero_sizes)

    def take(self, other: Entries) -> None:
        """Puts in what a closer look at some of the entries found to differ."""
        for k in np.flatnonzero(other.codes == DIFFERS):
            here = int(np.searchsorted(self.indices, other.indices[k]))
            self.numerical[here], self.allowances[here] = other.numerical[k], other.allowances[k]
            self.codes[here], self.kinks[here] = DIFFERS, False


def judge(
    a: Array,
    n: Array,
    e: Array,
    r: Array,
    s: Array,
    zero_size: Array,
    tolerance: float,
    zero_tolerance: float,
    close: float,
) -> Array:
    """A code for each entry. `close`: the largest numerical allowance, as a share of s, that is believed.

    Below `tolerance` it asks for a closer look, and so do values that only noise excuses.
    """
    final = close >= tolerance
    allowance = e + r
    off = np.abs(a - n)
    sharp = (allowance <= tolerance * s) & (e <= close * s)
    small = (np.abs(a) <= allowance) & (np.abs(n) <= allowance) & (allowance <= zero_tolerance * zero_size)
    small &= final | (np.abs(a) <= r)
    flushed = np.maximum(np.maximum(np.abs(a), np.abs(n)), allowance) <= (2.0**-112 if tolerance > 1e-3 else 2.0**-1008)
    zero = small | flushed | ((a == 0) & (n == 0) & (zero_size == 0))
    # So far below the function's own size, all of it is round-off of the function: two digits are what can be had.
    dim = (np.maximum(np.abs(a), np.abs(n)) <= VERY_WEAK * zero_size) & (allowance <= 1e-2 * s) & final
    codes = np.full(a.shape, UNDECIDED)
    codes[(off <= allowance) & (sharp | zero | dim)] = AGREES
    known = np.isfinite(n) & ((e <= 1e-2 * s) | (e <= zero_tolerance * zero_size))
    # And a kink on which it lies, which the round-off hides, costs several allowances.
    margin = np.where((a == 0) & (np.abs(n) <= VERY_WEAK * zero_size), 10, 3)
    # Nor is anything accused by a value of which not even one digit is known: noise as large as that hides kinks.
    telling = allowance <= ONE_DIGIT * np.maximum(np.abs(a), np.abs(n))
    codes[np.where(np.isfinite(a), (off > margin * allowance) & telling, known)] = DIFFERS
    return codes


def rms(values: Array) -> float:
    """Root mean square, without overflow; 0.0 of nothing."""
    largest = float(np.max(np.abs(values), initial=0.0))
    return largest * float(np.sqrt(np.mean((values / largest) ** 2))) if largest else 0.0
