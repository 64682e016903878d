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

from checks.function import Array

SINGLE = 2.0**-24
POINTS = 7
# Spacings of the seven points, relative to each entry's size. The first is small enough that a kink at the middle
# point adds next to nothing, and large enough that the rounding of the argument is part of what is measured. The
# others are for outputs that stand still under it: they lie on a staircase, wider than the first spacing.
SPACINGS = (2.0**-36, 2.0**-32, 2.0**-18, 2.0**-14)
SPACINGS_SINGLE = (2.0**-14, 2.0**-20)  # in single precision; what only the wider one shows is a wave, and no noise
SPACINGS_INSIDE = (2.0**-20, 2.0**-23)  # about the grid of single precision
SPACINGS_HIDDEN = tuple(2.0**-k for k in range(4, 37, 4))
HIDDEN = 2.0**-49  # of the largest number at hand, or of one: round-off that may hide in a part that stands still
PROBE = 2.0**-10
UNSEEN = 2.0**-30  # of an entry's size: a step that single precision does not show, and double precision does


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Noise:
    """The standard deviation of each output's round-off, and the unit round-off of what the function computes in."""

    deviation: Array
    unit_roundoff: float

    @property
    def single(self) -> bool:
        return self.unit_roundoff > 1e-12


def measure_noise(
    evaluate: Callable[[], Array],
    arrays: Sequence[Array],
    base: Array,
    output_dtype: np.dtype[Any],
    seed: int = 0,
) -> Noise:
    """Noise of `evaluate` about the present values of `arrays`, never below unit round-off times |f|.

    `base` is the flat output at the present values. Eight evaluations, six more for each wider spacing that an
    output on a staircase asks for.
    """
    line = Together(evaluate, arrays, seed)
    dtype = np.dtype(output_dtype)
    unit = float(np.finfo(dtype).eps) / 2 if np.issubdtype(dtype, np.floating) else 2.0**-53
    size = np.abs(np.where(np.isfinite(base), base, 0.0)).astype(np.float64)
    if unit >= SINGLE:
        found = _single_noise(line, base) if unit == SINGLE else table_noise(line.table(2.0**-6, base))
        return Noise(deviation=np.maximum(found, unit * size), unit_roundoff=unit)
    above, below = line.at(PROBE), line.at(-PROBE)
    slope = np.abs(above - below).astype(np.float64) / (2 * PROBE)
    deviation, width, stairs = _spaced(line, base, slope, unit * size)
    staircase = SPACINGS[1] < width <= SPACINGS[2] and not _absorbed(
        np.concatenate([above[stairs], below[stairs]]), 2.0**-5
    )
    if _representable_in_single(above, below) or staircase:
        unit = SINGLE
        deviation = np.maximum(deviation, _single_noise(line, base))
    return Noise(deviation=np.maximum(deviation, unit * size), unit_roundoff=unit)


def noise_inside(evaluate: Callable[[], Array], array: Array, base: Array, seed: int = 0) -> Array:
    """The noise of each output along `array`, of a function that rounds to single what it takes from it."""
    line = Together(evaluate, [array], seed)
    return np.maximum(*(table_noise(line.table(spacing, base)) for spacing in SPACINGS_INSIDE))


def hidden_noise(evaluate: Callable[[], Array], array: Array, base: Array, seed: int = 0) -> Array:
    """The noise of each output that shows about wider spacings alone: a part of it stands still, and another moves.

    log(exp(x)) - x about 1e-8: exp(x) lies on the grid of numbers near one, and x moves between its points. Round-off
    is the same about two spacings, which a kink's, a wave's or a smooth part's share is not, and no more than that of
    numbers near one, or near the largest at hand. Some fifty evaluations.
    """
    line = Together(evaluate, [array], seed)
    finite = [float(np.max(np.abs(values[np.isfinite(values)]), initial=1.0)) for values in (array, base)]
    most = HIDDEN * max(finite)
    largest = np.zeros(base.shape)
    before = None
    for spacing in SPACINGS_HIDDEN:
        found = table_noise(line.table(spacing, base))
        if before is not None:
            wide, close = np.maximum(found, before), np.minimum(found, before)
            largest = np.where((wide <= 4 * close) & (wide <= most), np.maximum(largest, wide), largest)
        before = found
    return largest


def rounded_inside(evaluate: Callable[[], Array], array: Array, base: Array, seed: int = 0) -> bool:
    """Whether the function rounds to single what it takes from `array`, and not what it takes from others.

    The outputs themselves may move as in double precision, by what they take from other arrays. A step that single
    precision does not show leaves most of the derivative out, then, and the round-off is the same about two spacings,
    which that of a kink or of a wave is not. Four evaluations, twelve more where they raise the suspicion.
    """
    line = Together(evaluate, [array], seed)
    far = (line.at(PROBE) - line.at(-PROBE)) / (2 * PROBE)
    near = (line.at(UNSEEN) - line.at(-UNSEEN)) / (2 * UNSEEN)
    grain = 2.0**-53 * np.abs(base)
    shows = np.isfinite(far) & np.isfinite(near) & (np.abs(far) * UNSEEN > 64 * grain) & (far != 0)
    left_out = shows & (np.abs(near - far) > 0.1 * np.abs(far))
    if not left_out.any() or 2 * left_out.sum() < shows.sum():
        return False
    wide, close = (table_noise(line.table(spacing, base)) for spacing in SPACINGS_INSIDE)
    small = np.maximum(wide, close) <= 2.0**-18 * (np.abs(far) + np.abs(base))
    like = (wide <= 4 * close) & small & (wide > 0)
    return bool(2 * (like & left_out).sum() >= left_out.sum())


def _single_noise(line: Together, base: Array) -> Array:
    """The smaller of the noises on the two spacings, output by output."""
    wide, close = (table_noise(line.table(spacing, base)) for spacing in SPACINGS_SINGLE)
    return np.asarray(np.minimum(wide, close))


def _spaced(line: Together, base: Array, slope: Array, grain: Array) -> tuple[Array, float, Array]:
    """(noise of each output, the spacing at which most outputs that have to move do, which stood still at first).

    An output has to move where its slope makes it move visibly, by many of its own units in the last place. Where it
    stands still it was rounded to a coarser grid inside (1 + tiny, a cast to single precision), and only a spacing
    wider than the grid's steps shows how coarse.
    """
    deviation = np.zeros(base.shape)
    open_ = np.ones(base.shape, dtype=bool)
    stairs = np.zeros(base.shape, dtype=bool)
    width = 0.0
    for spacing in SPACINGS:
        table = line.table(spacing, base)
        found = table_noise(table)
        if spacing > SPACINGS[0]:  # a unit that is just off stood still, and rises on one side
            off = open_ & _one_sided(table)
            open_, stairs = open_ & ~off, stairs & ~off
        has_to_move = open_ & np.isfinite(slope) & (slope * spacing * (POINTS - 1) > 64 * grain) & (slope > 0)
        # One step of the staircase may lie between the seven points.
        still = has_to_move & (np.count_nonzero(np.diff(table, axis=0), axis=0) <= 1)
        deviation = np.where(open_, found, deviation)
        if has_to_move.any() and 2 * still.sum() <= has_to_move.sum():
            width = width or spacing
        stairs |= still
        open_ = still
        if not open_.any():
            break
    if open_.any():  # no more than it had to move by, at the far end of the widest table: a kink lies there
        steps = np.abs(np.diff(table, axis=0))
        kink = (steps[1:-1] == 0).all(axis=0) & (steps.max(axis=0) <= 2.5 * slope * spacing)
        deviation = np.where(open_ & kink, 0.0, deviation)
    return deviation, width, stairs


def _one_sided(table: Array) -> Array:
    """Whether an output stands still on one side of the middle and moves all the way out on the other: a kink."""
    moves = np.diff(table, axis=0) != 0
    half = POINTS // 2
    below, above = moves[:half], moves[half:]
    return np.asarray((~below.any(axis=0) & above[-2:].all(axis=0)) | (~above.any(axis=0) & below[:2].all(axis=0)))


class Together:
    """All arrays moved together along one random direction."""

    def __init__(self, evaluate: Callable[[], Array], arrays: Sequence[Array], seed: int) -> None:
        self.evaluate = evaluate
        self.arrays = arrays
        self.saved = [array.copy() for array in arrays]
        rng = np.random.default_rng([seed, 3])
        self.directions = []
        nothing_to_scale = not any(array.any() for array in arrays)
        for array in arrays:
            # Full random mantissas: dyadic directions would keep short values representable in single precision.
            # Each entry moves in proportion to its own size, so that none crosses a kink at zero, and a zero stays.
            sizes = np.ones(array.shape) if nothing_to_scale else np.abs(np.asarray(array, dtype=np.float64))
            signs = rng.choice([-1.0, 1.0], size=array.shape)
            self.directions.append(sizes * signs * rng.uniform(1, 2, array.shape))

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
    exact = np.concatenate([above[moved], below[moved]])
    values = exact.astype(np.float64)
    with np.errstate(over="ignore"):
        single = bool(np.all(values == values.astype(np.float32)))
    mantissa = np.ldexp(np.frexp(np.abs(values))[0], 20)
    filled = bool(np.any(mantissa != np.floor(mantissa)))
    return single and filled and not _absorbed(exact, 2.0**-29)


def _absorbed(values: Array, below: float) -> bool:
    """Whether small values lie on the grid of numbers near one, as log(1 + tiny) does, or the mean of a few.

    They are float32 numbers, or stand on a staircase, by chance: `below` is the size under which neither float64
    nor float32 has a grid as coarse as theirs. The grid is that of the values' own dtype, and log(1 + d) is off it by
    d^2 / 2.
    """
    values = np.abs(values[np.isfinite(values)])
    steps = np.ldexp(values, 4 - int(np.log2(np.finfo(values.dtype).eps)))
    off = np.abs(steps - np.rint(steps))
    return bool(np.all(values < below) and np.all(off <= np.minimum(values * steps, 0.125)))
