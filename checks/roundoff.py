"""The round-off of an analytic gradient, measured by asking for it again beside the point, and in a wider dtype.

    r = 4 u max|a| + 4 max(spread, rms of spread) + tiny

with `spread` the largest change of the gradient over three backwards in which every array is multiplied by 1 +- 2u,
1 +- 4u and 1 +- 6u.
4u|a| alone is not enough: a batch norm in float32 about an offset of 100 loses far more. Nor is the spread alone: in
p - t of a saturated softmax it is p itself that is rounded, which no nudge of the inputs shows; where the code keeps
a wider dtype, the change of the gradient from one dtype to the other counts as spread too. `tiny`, the smallest
normal number, is what may have been flushed to zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from checks.function import Array

REPEATS = 3


def gradient_roundoff(
    gradients: Mapping[str, Array],
    arrays: Mapping[str, Array],
    movable: tuple[str, ...],
    again: Callable[[Mapping[str, Array]], Mapping[str, Any]],
    unit_roundoff: Mapping[str, float],
    seed: int,
    wider: Mapping[str, Array],
    single: bool = False,
) -> dict[str, Array]:
    """r for each gradient, an array of its shape; `again` gives the gradients at other arrays.

    `wider`: the gradients computed in a wider dtype, for those that have one. `single`: the arrays are moved by
    round-off of single precision, whatever they are.
    """
    spreads = {name: _change(value, wider.get(name, value)) for name, value in gradients.items()}
    for repeat in range(REPEATS):
        moved = {n: nudged(a, seed + 7 * repeat, single=single) if n in movable else a for n, a in arrays.items()}
        for name, value in again(moved).items():
            if name in spreads and value.shape == spreads[name].shape:
                spreads[name] = np.fmax(spreads[name], _change(value, gradients[name]))
    result = {}
    for name, value in gradients.items():
        sizes = np.abs(np.asarray(value, dtype=np.float64))
        finite = sizes[np.isfinite(sizes)]
        spread = np.where(np.isfinite(spreads[name]), spreads[name], 0.0)
        largest = float(np.max(spread, initial=0.0))  # whose square may overflow
        rms = largest * float(np.sqrt(np.mean((spread / largest) ** 2))) if largest else 0.0
        tiny = 64 * (2.0**-126 if unit_roundoff[name] > 1e-12 else 2.0**-1022)
        result[name] = 4 * unit_roundoff[name] * np.max(finite, initial=0.0) + 4 * np.maximum(spread, rms) + tiny
    return result


def _change(a: Array, b: Array) -> Array:
    return np.asarray(np.abs(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)))


def nudged(array: Array, salt: int, *, single: bool = False) -> Array:
    """A copy times 1 +- 2u, 1 +- 4u or 1 +- 6u, by `salt`; u is that of single precision at least, where asked for.

    The sign is a hash of the value's size: equal values move alike, so ties stay ties.
    """
    unit = np.finfo(array.dtype).eps / 2
    unit = (max(unit, 2.0**-24) if single else unit) * (1 + salt % REPEATS)
    mantissa, exponent = np.frexp(np.abs(np.asarray(array, dtype=np.float64)))
    odd = (2 * salt + 1) * 0x9E3779B97F4A7C15 % 2**64
    key = (np.ldexp(mantissa, 53).astype(np.uint64) ^ exponent.astype(np.int64).astype(np.uint64)) * np.uint64(odd)
    signs = np.where((key >> np.uint64(61)) & np.uint64(1), 1.0, -1.0)
    moved = np.array(array, copy=True, order="K")
    moved *= (1 + 2 * unit * signs).astype(array.dtype)
    return moved


def effective_unit(gradient: Array, dtype: np.dtype[Any]) -> float:
    """Unit round-off of a gradient as it was computed: that of its dtype, or single where every value is a float32.

    Whole numbers and short binary fractions are float32 numbers by chance; they say nothing.
    """
    kinds = [d for d in (gradient.dtype, np.dtype(dtype)) if np.issubdtype(d, np.floating)]
    unit = max((float(np.finfo(d).eps) / 2 for d in kinds), default=2.0**-53)
    values = np.asarray(gradient, dtype=np.float64).reshape(-1)
    values = values[np.isfinite(values) & (values != 0)]
    if unit >= 2.0**-24 or not values.size:
        return unit
    with np.errstate(over="ignore", under="ignore"):
        single = values.astype(np.float32).astype(np.float64) == values
        mantissa = np.ldexp(np.frexp(np.abs(values))[0], 16)
    telling = mantissa != np.floor(mantissa)
    return 2.0**-24 if single.all() and telling.sum() >= 2 else unit
