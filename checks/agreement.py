"""Two functions of the same numbers, asked whether they are one: up to what rounding explains, entry by entry.

    allowance = 4 spread + 4 noise + 8 u |f| + 4 u v + tiny

`spread`: the largest change under inputs moved by a rounding (conditioning), or in a wider dtype where the code keeps
it. `noise`: the standard deviation from a table of differences (what is rounded inside). Of both the root mean square
over all entries counts as well, since either is small somewhere by chance. `v`: what the entry changes by when all
inputs are moved by their own size, for values that are what is left of larger ones (1 - p of a saturated p). Two
programs differ by the sum of both allowances at most, and are said to differ from three times that on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from checks.function import Array, flat_output, line_scale
from checks.noise import Together, measure_noise
from checks.roundoff import REPEATS, nudged
from checks.subject import Arrays

OUTPUT: Final = ""  # the key of the output among the gradients' names
MARGIN: Final = 3.0
WAYS: Final = 2
BURIED: Final = 1024.0  # roundings of sum |upstream f| / L in which a gradient may vanish

Run = Callable[[Arrays], Mapping[str, Array]]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Sample:
    """What a function gave, by key, with the allowance of each entry, an array of the same shape."""

    values: Mapping[str, Array]
    allowances: Mapping[str, Array] = field(default_factory=dict)


def sampled(
    run: Run,
    arrays: Arrays,
    movable: tuple[str, ...],
    seed: int,
    upstream: Array | None = None,
    *,
    briefly: bool = False,
) -> Sample:
    """The values of `run` with their allowances; some twenty evaluations.

    `run` gives the output under OUTPUT and gradients under their arrays' names. `briefly`: by the conditioning alone,
    in four evaluations, for a formula that is known to round well. Errors: those of `run`.
    """
    own = {name: np.array(array, order="K") for name, array in arrays.items()}
    values = {key: np.asarray(value) for key, value in run(own).items()}
    moving = [own[name] for name in movable]
    spread = {key: np.zeros(value.shape) for key, value in values.items()}
    for repeat in range(REPEATS):
        moved = {name: nudged(a, seed + 7 * repeat) if name in movable else a for name, a in own.items()}
        _widen(spread, values, run(moved))
    _widen(spread, values, _in_wider_dtype(run, own, movable, values))
    variation = {key: np.zeros(value.shape) for key, value in values.items()}
    for way in range(0 if briefly else WAYS):
        line = _Line(lambda: run(own), moving, seed + way)
        for t in (-1.0, 1.0):
            _widen(variation, values, line.values(t))
    unit = _unit(values[OUTPUT], moving)
    noise = np.zeros(values[OUTPUT].shape)
    if not briefly:
        noise = _noise(lambda: flat_output(run(own)[OUTPUT]), moving, values[OUTPUT], seed)
    allowances = {}
    for key, value in values.items():
        size = np.abs(_finite(value))
        allowed = 4 * _with_rms(spread[key]) + unit * (8 * size + 4 * variation[key]) + 64 * np.finfo(float).tiny
        if key == OUTPUT:
            allowed = allowed + 4 * _with_rms(noise)
        elif upstream is not None and key in own:
            total = float(np.sum(np.abs(upstream * _finite(values[OUTPUT]))))
            allowed = allowed + 4 * unit * float(np.max(size, initial=0.0))
            allowed = allowed + BURIED * unit * (total / line_scale(own[key])).reshape(own[key].shape)
        allowances[key] = np.asarray(allowed)
    return Sample(values=values, allowances=allowances)


def _in_wider_dtype(
    run: Run, arrays: Arrays, movable: tuple[str, ...], values: Mapping[str, Array]
) -> Mapping[str, Array]:
    """The same values in the next wider dtype, where the code keeps it: what rounding inside did to them."""
    wide = {
        name: a.astype(np.float64 if a.dtype.itemsize < 8 else np.longdouble) if name in movable else a
        for name, a in arrays.items()
    }
    try:
        found = run(wide)
    except Exception:  # the user's code need not take such arrays
        return {}
    return found if found[OUTPUT].dtype.itemsize > values[OUTPUT].dtype.itemsize else {}


def excess(a: Array, b: Array, allowance: Array) -> Array:
    """|a - b| in allowances, an array of their shape; 0 where either is no number."""
    with np.errstate(all="ignore"):
        off = np.abs(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)) / allowance
    known = np.isfinite(a) & np.isfinite(b)
    return np.asarray(np.where(known, off, 0.0))


class _Line(Together):
    """Everything moved together, with all values of `run` at a point of the line."""

    def __init__(self, evaluate: Callable[[], Mapping[str, Array]], arrays: list[Array], seed: int) -> None:
        super().__init__(lambda: np.empty(0), arrays, seed)
        self._evaluate = evaluate

    def values(self, t: float) -> Mapping[str, Array]:
        found: list[Mapping[str, Array]] = []

        def note() -> Array:
            found.append(self._evaluate())
            return np.empty(0)

        self.evaluate = note
        try:
            self.at(t)
        except Exception:  # the user's code need not run so far away
            return {}
        return found[0]


def _widen(spread: dict[str, Array], values: Mapping[str, Array], others: Mapping[str, Array]) -> None:
    for key, value in others.items():
        if key in spread and value.shape == spread[key].shape:
            change = np.abs(np.asarray(value, dtype=np.float64) - np.asarray(values[key], dtype=np.float64))
            spread[key] = np.maximum(spread[key], np.where(np.isfinite(change), change, 0.0))


def _noise(evaluate: Callable[[], Array], moving: list[Array], output: Array, seed: int) -> Array:
    base = flat_output(output)

    def careful() -> Array:
        try:
            found = evaluate()
        except Exception:  # beside the point, where it need not run
            return np.full(base.shape, np.nan)
        return found if found.shape == base.shape else np.full(base.shape, np.nan)

    if not moving or not base.size:
        return np.zeros(output.shape)
    found = measure_noise(careful, moving, base, output.dtype, seed)
    return np.asarray(found.deviation, dtype=np.float64).reshape(output.shape)


def _unit(output: Array, moving: list[Array]) -> float:
    dtypes = [a.dtype for a in (output, *moving) if np.issubdtype(a.dtype, np.floating)]
    return max((float(np.finfo(dtype).eps) / 2 for dtype in dtypes), default=2.0**-53)


def _finite(values: Array) -> Array:
    wide = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(wide), wide, 0.0)


def _with_rms(values: Array) -> Array:
    return np.maximum(values, float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0)
