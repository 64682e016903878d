"""Every entry's derivative for two evaluations each, with allowances calibrated on a few entries.

The step is chosen once for an array, on its first entries: among steps that fall by 8 the smallest whose
round-off is still below a small share of the derivative (small steps cross fewer kinks), else the one where
round-off and truncation together are least. An allowance that turns out too small costs nothing but a closer look
at that entry; the comparison asks for it, here by smaller steps, then by the ladder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from checks.function import Array, Function

SHARE = 1e-9  # of the derivative: round-off below it is not worth a larger step
RUNGS = tuple(8.0**-k for k in range(7))
RUNGS_SINGLE = tuple(4.0**-k for k in range(4))


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Sweep:
    """Values and allowances of all entries, flat. `ratio` is the step in units of each entry's own scale."""

    values: Array
    allowances: Array
    ratio: float
    truncation: float


def sweep(function: Function, entries: Sequence[int] | Array, pilots: Sequence[int]) -> Sweep:
    """Central differences by `entries`, with the step calibrated on the entries `pilots`."""
    ratio, truncation = calibrate(function, pilots)
    values = np.zeros(len(entries))
    allowances = np.zeros(len(entries))
    for k, index in enumerate(entries):
        values[k], allowances[k] = once(function, int(index), ratio, truncation)
    return Sweep(values=values, allowances=allowances, ratio=ratio, truncation=truncation)


def once(function: Function, index: int, ratio: float, truncation: float) -> tuple[float, float]:
    """(value, allowance) by one pair at `ratio` times the entry's scale."""
    step = ratio * float(function.scale[index])
    value, noise, roundoff = function.slope(index, step)
    return value, 4 * noise / step + roundoff + truncation


def calibrate(function: Function, pilots: Sequence[int]) -> tuple[float, float]:
    """(step in units of the scale, truncation left at that step) that suit all the pilot entries."""
    ratios, truncations = [], []
    for index in pilots:
        ratio, truncation = _calibrate_one(function, int(index))
        ratios.append(ratio)
        truncations.append(truncation)
    if not ratios:
        return RUNGS[3], 0.0
    smallest = min(ratios)
    # A pilot calibrated at a larger step has less truncation at the smallest one: its own figure is an upper bound.
    return smallest, max(truncations)


def _calibrate_one(function: Function, index: int) -> tuple[float, float]:
    scale = float(function.scale[index])
    rungs = RUNGS_SINGLE if function.single else RUNGS
    slopes, noises = [], []
    for ratio in rungs:
        slope, noise, roundoff = function.slope(index, ratio * scale)
        slopes.append(slope)
        noises.append(4 * noise / (ratio * scale) + roundoff)
    errors = []
    for k, slope in enumerate(slopes):
        neighbour = slopes[k - 1] if k else slopes[1]
        # Truncation falls by the square of the ratio from rung to rung; half that fall is counted on.
        fall = 1.0 if k == 0 else 2 * (rungs[k] / rungs[k - 1]) ** 2
        error = abs(neighbour - slope) * fall
        errors.append(error if np.isfinite(error) else np.inf)
    totals = [error + noise if np.isfinite(noise) else np.inf for error, noise in zip(errors, noises, strict=True)]
    best = int(np.argmin(totals))
    goal = max(2 * totals[best], SHARE * abs(slopes[best])) if np.isfinite(slopes[best]) else totals[best]
    chosen = max((k for k, total in enumerate(totals) if total <= goal), default=best)
    truncation = errors[chosen] if np.isfinite(errors[chosen]) else 0.0
    return rungs[chosen], truncation
