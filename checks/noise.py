"""How noisy a function is, and in which precision it computes.

The noise comes from a table of differences along a line of seven closely spaced points: smooth parts vanish in the
high differences, round-off stays (Moré and Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33, 2011).
A function that casts to single precision inside shows either as outputs that are all representable in float32 at
points that are not, or as a staircase: no change at all under steps that have to show in double precision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checks.function import line_scale

Array = NDArray[Any]

SINGLE = 2.0**-24
POINTS = 7
# Spacing of the seven points, relative to the line's scale: small enough that a kink at the middle point adds next
# to nothing to the noise, large enough that the rounding of the argument is part of what is measured.
SPACING = 2.0**-36
SPACING_SINGLE = 2.0**-14
PROBE = 2.0**-10


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Noise:
    """The standard deviation of each output's round-off, and the unit round-off of what the function computes in."""

    deviation: Array
    unit_roundoff: float

    @property
    def single(self) -> bool:
        return self.unit_roundoff > 1e-12


def measure_noise(
    evaluate: Callable[[], Array], arrays: Sequence[Array], base: Array, output_dtype: np.dtype[Any], seed: int = 0
) -> Noise:
    """Noise of `evaluate` about the present values of `arrays`, never below unit round-off times |f|.

    `base` is the flat output at the present values. Nine evaluations, seven more where single precision shows.
    """
    line = _Line(evaluate, arrays, seed)
    dtype = np.dtype(output_dtype)
    unit = float(np.finfo(dtype).eps) / 2 if np.issubdtype(dtype, np.floating) else 2.0**-53
    floor = np.abs(np.where(np.isfinite(base), base, 0.0)).astype(np.float64)
    if unit <= 2.0**-53:
        above, below = line.at(PROBE), line.at(-PROBE)
        table = line.table(SPACING, base)
        if not (_representable_in_single(above, below) or _staircase(table, above, below, floor, unit)):
            return Noise(deviation=np.maximum(table_noise(table), unit * floor), unit_roundoff=unit)
        unit = SINGLE
    table = line.table(SPACING_SINGLE if unit <= SINGLE else 2.0**-6, base)
    return Noise(deviation=np.maximum(table_noise(table), unit * floor), unit_roundoff=unit)


class _Line:
    """All arrays moved together along one random direction, each entry in units of its own scale."""

    def __init__(self, evaluate: Callable[[], Array], arrays: Sequence[Array], seed: int) -> None:
        self.evaluate = evaluate
        self.arrays = arrays
        self.saved = [array.copy() for array in arrays]
        rng = np.random.default_rng([seed, 3])
        self.directions = []
        for array in arrays:
            # Full random mantissas: dyadic directions would keep short values representable in single precision.
            signs = rng.choice([-1.0, 1.0], size=array.size)
            self.directions.append((line_scale(array) * signs * rng.uniform(1, 2, array.size)).reshape(array.shape))

    def at(self, t: float) -> Array:
        try:
            for array, saved, direction in zip(self.arrays, self.saved, self.directions, strict=True):
                array[...] = saved + t * direction
            return self.evaluate()
        finally:
            for array, saved in zip(self.arrays, self.saved, strict=True):
                array[...] = saved

    def table(self, spacing: float, base: Array) -> Array:
        half = POINTS // 2
        rows = [base if k == 0 else self.at(k * spacing) for k in range(-half, half + 1)]
        return np.stack([np.asarray(row, dtype=base.dtype) for row in rows])


def table_noise(table: Array) -> Array:
    """Standard deviation of the noise of each column: the largest of what differences of order 3 to 6 give.

    sigma_k^2 = (k!)^2 / (2k)! * mean of the squared k-th differences.
    """
    differences = np.array(table)
    largest = np.zeros(table.shape[1])
    for order in range(1, len(table)):
        differences = np.diff(differences, axis=0)
        if order >= 3:
            gamma = factorial(order) ** 2 / factorial(2 * order)
            largest = np.fmax(largest, np.sqrt(gamma * np.mean(differences.astype(np.float64) ** 2, axis=0)))
    return np.where(np.isfinite(largest), largest, 0.0)


def _representable_in_single(above: Array, below: Array) -> bool:
    """Whether every output that moves is a float32 number, at points that are not."""
    moved = (above != below) & np.isfinite(above) & np.isfinite(below)
    if not moved.any():
        return False
    values = np.concatenate([above[moved], below[moved]])
    with np.errstate(over="ignore"):
        return bool(np.all(values == values.astype(np.float32)))


def _staircase(table: Array, above: Array, below: Array, size: Array, unit: float) -> bool:
    """Whether outputs stand still under small steps although their slope says that they have to move visibly."""
    slope = np.abs(above - below).astype(np.float64) / (2 * PROBE)
    expected = slope * SPACING * (POINTS - 1)
    has_to_move = np.isfinite(slope) & (expected > 64 * unit * size)
    if not has_to_move.any():
        return False
    still = np.all(table == table[POINTS // 2], axis=0)
    return bool(np.mean(still[has_to_move]) > 0.5)
