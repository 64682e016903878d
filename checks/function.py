"""A function of one array as the numerics see it: moved in place, observed as a flat vector, counted.

The function reads the array where it lies. Nothing is copied for an evaluation, and every entry comes back bit for
bit, also after an exception, since it is restored from its saved value (x + h - h is not x).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def flat_output(value: Any) -> Array:
    """The output as a fresh flat vector in float64, or in longdouble where it is that wide."""
    array = np.asarray(value)
    wide = array.dtype == np.longdouble and np.dtype(np.longdouble).itemsize > 8
    return np.array(array, dtype=np.longdouble if wide else np.float64).reshape(-1)


class Function:
    """`evaluate()` as a function of the entries of `x`, contracted with `weights` (the upstream gradient).

    `x`: a writeable floating-point array that `evaluate` reads. `base`: the output at the unmoved `x`, flat.
    `noise`: the standard deviation of each output's round-off. `unit_roundoff`: of what `evaluate` computes in.
    `contracted_noise`: that of `weights @ f`, with every output in it: one that stands still may only move too little.
    """

    def __init__(
        self,
        evaluate: Callable[[], Array],
        x: Array,
        weights: Array,
        base: Array,
        noise: Array,
        unit_roundoff: float,
    ) -> None:
        self.evaluate = evaluate
        self.x = x
        self.weights = weights
        self.base = base
        self.noise = noise
        self.unit_roundoff = unit_roundoff
        self.scale = line_scale(x)
        self.contracted_noise = float(np.sqrt(np.sum((weights * noise) ** 2, dtype=np.float64)))

    @property
    def single(self) -> bool:
        """Whether the function computes in single precision, whatever the dtype of what it returns."""
        return self.unit_roundoff > 1e-12

    def pair(self, index: int, step: float) -> tuple[Array, Array, Any]:
        """f at x + step and at x - step in one entry, with the width between the points as realised."""
        flat = self.x.flat
        saved = flat[index]
        try:
            flat[index] = saved + step
            upper = flat[index]
            plus = self.evaluate()
            flat[index] = saved - step
            lower = flat[index]
            minus = self.evaluate()
        finally:
            flat[index] = saved
        return plus, minus, upper - lower

    def slope(self, index: int, step: float) -> tuple[float, float, float]:
        """(derivative, noise of `weights @ f`, round-off of the contraction) from one pair of evaluations.

        The derivative is not finite where either point lies outside the domain.
        """
        plus, minus, width = self.pair(index, step)
        terms = self.weights * (plus - minus)
        total = float(terms.sum() / width)
        size = abs(total) if terms.size == 1 else float(np.abs(terms).sum() / abs(width))
        noise = self.contracted_noise + self.argument_noise(index, total)
        return total, noise, 4 * self.unit_roundoff_of_sum * size

    def argument_noise(self, index: int, slope: float) -> float:
        """u |x| |f'|: what rounding the argument, or a product that it enters first, makes of the output."""
        return self.unit_roundoff * abs(float(self.x.flat[index])) * abs(slope)

    @property
    def unit_roundoff_of_sum(self) -> float:
        """Unit round-off of the contraction, which is done in the output's working precision."""
        return float(np.finfo(self.base.dtype).eps) / 2


class Along(Function):
    """A function along one direction: entry 0 moves all entries `where` (flat) at once, each by its own length.

    `longest`: the scale of the steps, in lengths. `noise`: what rounding the moved entries makes of the output; where
    it is None, each is taken to have its own share of the slope at most.
    """

    def __init__(
        self,
        function: Function,
        where: Array | slice,
        lengths: Array,
        *,
        longest: float = 1.0,
        noise: float | None = None,
    ) -> None:
        own = function
        super().__init__(own.evaluate, own.x, own.weights, own.base, own.noise, own.unit_roundoff)
        self.where, self.lengths, self._noise = where, lengths, noise
        self.scale = np.full(1, longest)

    def pair(self, index: int, step: float) -> tuple[Array, Array, Any]:
        """f at both ends of the step along the direction, with twice the step."""
        flat = self.x.reshape(-1) if self.x.flags.c_contiguous else self.x.flat
        saved = np.array(flat[self.where])
        try:
            flat[self.where] = saved + step * self.lengths
            plus = self.evaluate()
            flat[self.where] = saved - step * self.lengths
            minus = self.evaluate()
        finally:
            flat[self.where] = saved
        return plus, minus, 2 * step

    def argument_noise(self, index: int, slope: float) -> float:
        return self.unit_roundoff * abs(slope) if self._noise is None else self._noise


def typical_size(array: Array) -> float:
    """The root mean square of the entries that are not zero, or 1.0 where all are zero."""
    values = np.abs(np.asarray(array, dtype=np.float64).reshape(-1))
    values = values[(values > 0) & np.isfinite(values)]
    if not values.size:
        return 1.0
    largest = float(values.max())
    return largest * float(np.sqrt(np.mean((values / largest) ** 2)))


def line_scale(x: Array) -> Array:
    """A length for a line through each entry: its own size or the array's typical size, the larger; 1 for zeros."""
    return np.maximum(np.abs(np.asarray(x, dtype=np.float64).reshape(-1)), typical_size(x))
