"""Embedding: a vector for each integer."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, floating, not_run, upstream


class Embedding:
    """out[..., :] = W[ids[...], :], the row of each id. A row may be used many times, and the chain rule sums over
    all of its uses:

        dW[v,:] = the sum of dout[..., :] over the places where ids[...] = v

    which is 0 for a row that was not used. The ids are integers, and no derivative by them exists.

    W: (V, D). ids: integers from 0 to V - 1, any shape; out has D numbers for each. Integers in W are taken as
    float64, other dtypes are kept. forward keeps a copy of the ids; W is the caller's array, not a copy, so that an
    optimiser can update it in place. Raises ValueError for a W that is no matrix, for ids that are no integers or
    no rows of W, and for an upstream gradient that is not of the output's shape, RuntimeError for backward before
    forward.
    """

    def __init__(self, W: ArrayLike) -> None:
        self.W: Array = np.asarray(W)
        self.ids: Array | None = None
        self.dW: Array | None = None

    def forward(self, ids: ArrayLike) -> Array:
        """The rows of these ids, a new array of shape (..., D)."""
        ids, W = np.array(ids), floating(self.W)
        if W.ndim != 2:
            raise ValueError(f"Embedding.forward: W of shape {W.shape} is no matrix: expected (ids, numbers for each)")
        if ids.dtype.kind not in "iu":
            raise ValueError(f"Embedding.forward: expected integer ids, got dtype {ids.dtype}: convert them first")
        strays = ids[(ids < 0) | (ids >= len(W))]
        if strays.size:
            raise ValueError(f"Embedding.forward: id {strays[0]} is no row of W: the {len(W)} rows are numbered from 0")
        self.ids = ids
        out = np.array(W[ids])
        self._shape, self._dtype = W.shape, W.dtype
        return out

    def backward(self, dout: ArrayLike) -> None:
        """Stores dW, of W's shape; there is nothing to hand to the layer before."""
        if self.ids is None:
            raise not_run("Embedding")
        dout = upstream(dout, self.ids.shape + self._shape[1:], self._dtype, "Embedding")
        self.dW = np.zeros(self._shape, dout.dtype)
        np.add.at(self.dW, self.ids, dout)  # unlike dW[ids] += dout, which counts a repeated id once
