"""What is asked before an entry is accused: whether its steps could have seen what they say is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from checks.entries import ONE_DIGIT
from checks.function import Array, Function
from checks.noise import HIDDEN

Which = Literal["gradient", "numerical"]
# Steps, each a quarter of the one before, that have the one slope or the other: by chance, in one of many thousands.
IN_A_ROW: dict[Which, int] = {"gradient": 4, "numerical": 5}


def holds_closer(
    function: Function,
    wide: Callable[[], Function | None],
    index: int,
    step: float,
    values: dict[Which, float],
    allowance: float,
) -> bool:
    """Whether much shorter steps have the gradient's slope, in longdouble perhaps, before round-off ends them.

    Longer ones see nothing of what lies between them: a kink beside the point, a wave, chaos.
    """
    if not ONE_DIGIT * abs(values["numerical"]) < abs(values["gradient"]) < np.inf:
        return False
    said = _slope_of_shorter_steps(function, index, step, values, allowance)
    if said is None and (wider := wide()) is not None:
        said = _slope_of_shorter_steps(wider, index, step, values, allowance)
    return said == "gradient"


def _slope_of_shorter_steps(
    function: Function, index: int, step: float, values: dict[Which, float], allowance: float
) -> Which | None:
    """Which of the two values a row of ever shorter steps has for its slope; None where it has neither."""
    apart = abs(values["gradient"] - values["numerical"])
    close = {which: min(apart, max(abs(value), allowance)) / 8 for which, value in values.items()}
    row = dict.fromkeys(values, 0)
    for octaves in range(4, 56, 2):
        slope = function.slope(index, step * 2.0**-octaves)[0]
        for which, value in values.items():
            off = abs(slope - value)
            to_three_digits = which == "numerical" and off <= close[which] / 128
            row[which] = row[which] + (3 if to_three_digits else 1) if off <= close[which] else 0
            if row[which] >= IN_A_ROW[which]:
                return which
    return None


def swallowed(function: Function, index: int, step: float, moving: Array | None) -> float:
    """What the slope may lack by outputs that stand still under the step, and move further away.

    A saturated probability of 1 does not show what small ones beside it gain. One that never moves is another's.
    `moving`: which outputs move when everything does, where that is what counts; else those that this entry moves.
    """
    plus, minus, _ = function.pair(index, step)
    still = (plus == function.base) & (minus == function.base)
    if moving is None:
        far = [function.pair(index, float(function.scale[index]) * 64.0**octave)[:2] for octave in range(1, 7)]
        moving = np.any([one != function.base for pair in far for one in pair], axis=0)
    hidden = function.unit_roundoff * np.abs(function.weights * function.base)[still & moving]
    return float(hidden.sum()) / step


def within_round_off(function: Function, off: float, step: float) -> bool:
    """Whether the round-off of numbers near one could make such a difference, by steps as short as this."""
    largest = max(1.0, float(np.max(np.abs(function.base), initial=0.0)))
    return bool(off * step <= HIDDEN * largest * float(np.sum(np.abs(function.weights))))
