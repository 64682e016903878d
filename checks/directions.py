"""Many entries at once: the derivative along random directions, and which entries are wrong where one disagrees.

A direction u has entries +-(1 + r/256), r uniform in 0..255, times one length for the whole array: plus and minus one
alone would miss two exchanged entries half of the time. An error e of the gradient shows as e . u. Of an error that is
as large as what can be detected in one entry, flipping that entry's sign moves e . u by twice as much, so that at
most half of all directions hide it: a number of independent ones hides it with probability 2^-number.

Where a direction disagrees, halves of the array are asked along the same directions: the right half's share is the
whole's less the left one's, so that one wrong entry of N takes log2(N) steps.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from checks.entries import Overview
from checks.evaluation import COARSE, Evaluation
from checks.function import Along, Array, Function, typical_size
from checks.ladder import differentiate
from checks.sweep import calibrate, once

MANY = 2000  # entries: up to here one by one
WANTED = 1e-3  # the probability with which an error of a detectable size may be missed
COUNT = math.ceil(-math.log2(WANTED))
_LOCATING = 3  # directions that halves are asked along
_MOST_LOCATED = 16
_MOST_ASKED = 1200  # derivatives along parts of a direction
_LONGEST, _LONGEST_SINGLE = 2.0**-12, 2.0**-2  # the longest step, as a share of the array's typical size
_BLUNT, _BLUNT_SINGLE = 1e-4, 1e-2  # of the largest entry: what cannot be told from it has to be looked at one by one
_CLEAR = 3.0  # allowances
_SAMPLED = 24


def overview(evaluation: Evaluation, name: str) -> Overview | None:
    """The gradient judged along `COUNT` directions; None where it has to be looked at entry by entry."""
    function = evaluation.function(name)
    assert function is not None
    if not function.x.flags.c_contiguous:
        return None
    return _Asking(evaluation, name, function).overview()


@dataclass(frozen=True, slots=True)
class _Share:
    """What is amiss along one direction, or a part of it, and how well that is known."""

    off: float
    allowance: float

    def beyond(self, times: float) -> bool:
        """Whether that is more than so many allowances."""
        return abs(self.off) > times * self.allowance

    def less(self, other: _Share) -> _Share:
        return _Share(self.off - other.off, self.allowance + other.allowance)


class _Asking:
    """One gradient asked along directions."""

    def __init__(self, evaluation: Evaluation, name: str, function: Function) -> None:
        self.function = function
        self.analytic = evaluation.analytic[name].reshape(-1)
        self.own = evaluation.roundoff[name].reshape(-1)
        self.length = typical_size(function.x)
        self.largest = float(np.max(np.abs(self.analytic), initial=0.0))
        self.longest = _LONGEST_SINGLE if function.single else _LONGEST
        coarse = max(evaluation.units[name], function.unit_roundoff) > COARSE
        self.blunt = _BLUNT_SINGLE if coarse else _BLUNT
        key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())
        self.rng = [np.random.Generator(np.random.Philox(key=[evaluation.case.seed, key + k])) for k in range(COUNT)]
        self.asked = 0
        self.clear = _CLEAR
        self.ratio, self.truncation = 1.0, 0.0

    def overview(self) -> Overview | None:
        if not self.largest or not np.all(np.isfinite(self.analytic)):
            return None
        lengths = [self._lengths(rng) for rng in self.rng]
        self.ratio, self.truncation = calibrate(self._along(lengths[0], 0)[0], [0])
        known: list[_Share] = []
        for one in lengths:
            share = self._whole(one)
            if share is None:
                return None
            known.append(share)
        allowance = max(share.allowance for share in known) / self.length
        if 4 * allowance > self.blunt * self.largest:
            return None
        off = sorted(range(COUNT), key=lambda k: -abs(known[k].off) / known[k].allowance)[:_LOCATING]
        suspects: list[int] = []
        if known[off[0]].beyond(1.0):
            self.clear = _CLEAR if known[off[0]].beyond(_CLEAR) else 1.0
            suspects = sorted(self._located([lengths[k] for k in off], [known[k] for k in off]))
            if not suspects:
                return None
        return Overview(
            allowance=allowance,
            detectable=4 * allowance / self.largest,
            miss_probability=2.0**-COUNT,
            suspects=tuple(suspects),
            where=self._where(suspects, lengths[off[0]]) if len(suspects) == _MOST_LOCATED else None,
        )

    def _where(self, suspects: Sequence[int], lengths: Array) -> str:
        """Where many wrong entries lie: in one place along an axis and nowhere else, all over, or in what share."""
        shape = self.function.x.shape
        for axis, places in enumerate(np.unravel_index(suspects, shape)):
            if len(shape) > 1 and len(set(places)) == 1:
                rest = lengths.reshape(shape).copy()
                np.moveaxis(rest, axis, 0)[places[0]] = 0.0
                if not self._part(rest.reshape(-1), 0).beyond(self.clear):
                    return f"in place {places[0]} along axis {axis} alone"
        rng = np.random.default_rng(len(lengths))
        sample = rng.choice(len(lengths), _SAMPLED, replace=False)
        count = sum(self._part(lengths[k : k + 1], k).beyond(self.clear) for k in sample)
        return f"in {count} of {_SAMPLED} entries that were sampled"

    def _lengths(self, rng: np.random.Generator) -> Array:
        bits = rng.integers(0, 512, self.analytic.size, dtype=np.uint16)
        sizes = (1.0 + (bits & 255) / 256) * self.length
        return np.where(bits & 256, sizes, -sizes)

    def _along(self, lengths: Array, start: int) -> tuple[Along, float, float]:
        """The function along a part of a direction that begins at `start`; the derivative there by the gradient under
        judgement, and its round-off.
        """
        self.asked += 1
        part = slice(start, start + len(lengths))
        analytic, own = self.analytic[part], self.own[part] * lengths
        rounded = self.function.x.reshape(-1)[part] * analytic
        # Rounding the moved entries makes independent errors, each times its own derivative.
        noise = self.function.unit_roundoff * float(np.sqrt(rounded @ rounded))
        along = Along(self.function, part, lengths, longest=self.longest, noise=noise)
        return along, float(analytic @ lengths), float(np.sqrt(own @ own))

    def _part(self, lengths: Array, start: int) -> _Share:
        """What is amiss along a part of a direction, by two evaluations."""
        along, expected, own = self._along(lengths, start)
        value, allowance = once(along, 0, self.ratio, self.truncation)
        return _Share(expected - value, allowance + own)

    def _whole(self, lengths: Array) -> _Share | None:
        """What is amiss along a direction, by the ladder where two evaluations do not settle it; None where a kink or
        noise keeps it from being had.
        """
        share = self._part(lengths, 0)
        if abs(share.off) <= share.allowance <= self.blunt * self.largest * self.length / 64:
            return share
        along, expected, own = self._along(lengths, 0)
        found = differentiate(along, 0, self.largest * self.length)
        if found.kink or found.cause is not None:
            return None
        return _Share(expected - found.value, found.allowance + own)

    def _located(self, lengths: Sequence[Array], shares: Sequence[_Share]) -> Iterator[int]:
        """Entries that are wrong, by halving; no more than are needed to see what they have in common."""
        left = [(0, self.analytic.size, list(shares))]
        found = 0
        while left and found < _MOST_LOCATED and self.asked < _MOST_ASKED:
            start, stop, known = left.pop()
            if stop - start == 1:
                found += 1
                yield start
                continue
            middle = (start + stop) // 2
            lower = [self._part(one[start:middle], start) for one in lengths]
            upper = [whole.less(half) for whole, half in zip(known, lower, strict=True)]
            if not any(share.beyond(self.clear) for share in (*lower, *upper)):
                upper = [self._part(one[middle:stop], middle) for one in lengths]
            left += [
                (a, b, half)
                for a, b, half in ((middle, stop, upper), (start, middle, lower))
                if any(share.beyond(self.clear) for share in half)
            ]
