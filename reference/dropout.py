"""Dropout: in training, each entry is set to 0 with a given probability."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, constant, floating, not_run, upstream


class Dropout:
    """out[i] = x[i] / (1 - rate) where mask[i], else 0, with mask[i] True with probability 1 - rate.

    The mask does not depend on x, so each entry is x[i] times a constant, and so is its derivative:

        dx = dout / (1 - rate) where mask, else 0

    Dividing by 1 - rate makes the mean of out over all masks x itself. So there is nothing to correct once
    training is over: without `train`, out = x and dx = dout.

    rate: at least 0 and below 1. `rng`: a seed or a NumPy Generator, for masks that can be drawn again; every
    forward in training draws a mask, and `mask` keeps the last one (True everywhere without `train`).
    x: any shape. Integers are taken as float64, other dtypes are kept.
    Raises ValueError for another rate and for an upstream gradient that is not of the output's shape,
    RuntimeError for backward before forward.
    """

    def __init__(self, rate: float = 0.5, rng: np.random.Generator | int | None = None) -> None:
        if not 0 <= rate < 1:
            raise ValueError(f"Dropout: expected a rate of at least 0 and below 1, got {rate}")
        self.rate = rate
        self.rng = np.random.default_rng(rng)
        self.mask: Array | None = None

    def forward(self, x: ArrayLike, train: bool = True) -> Array:
        """x with entries dropped, or a copy of x without `train`; a new array of x's shape."""
        x = floating(x)
        rate = self.rate if train else 0.0
        self.mask = np.asarray(self.rng.random(x.shape) >= rate) if train else np.ones(x.shape, bool)
        self._scale = constant(1 / (1 - rate), x)
        return self._masked(x, self.mask)

    def backward(self, dout: ArrayLike) -> Array:
        """dx, a new array of x's shape."""
        if self.mask is None:
            raise not_run("Dropout")
        return self._masked(upstream(dout, self.mask.shape, self._scale.dtype, "Dropout"), self.mask)

    def _masked(self, values: Array, mask: Array) -> Array:
        with np.errstate(under="ignore"):
            return np.asarray(np.where(mask, values * self._scale, constant(0, values)))
