"""The affine layer, also called fully connected or dense."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, floating, not_run, upstream


class Affine:
    """out = x W + b, in entries out[n,o] = sum_i x[n,i] W[i,o] + b[o].

    With dout = dL/dout the chain rule sums over the entries of the output that each number went into:

        dL/dx[n,i] = sum_o dout[n,o] W[i,o]        dx = dout W^T
        dL/dW[i,o] = sum_n x[n,i] dout[n,o]        dW = x^T dout
        dL/db[o]   = sum_n dout[n,o]               db = dout summed over the samples

    W: (I, O), b: (O,). x: (N, ...) with I numbers a sample, flattened to (N, I) for the product; dx gets x's
    own shape back. x of shape (I,) is one sample, a batch of one, and gives an output of shape (O,).
    Integers are taken as float64, other dtypes are kept, and promoted among each other as NumPy does.

    backward returns dx and stores dW and db, new arrays each time. forward keeps a copy of x. W and b are the
    caller's arrays, not copies, so that an optimiser can update them in place: run backward before it does.
    Raises ValueError for shapes that do not fit, RuntimeError for backward before forward.
    """

    def __init__(self, W: ArrayLike, b: ArrayLike) -> None:
        self.W: Array = np.asarray(W)
        self.b: Array = np.asarray(b)
        self.x: Array | None = None
        self.dW: Array | None = None
        self.db: Array | None = None

    def forward(self, x: ArrayLike) -> Array:
        """x W + b, of shape (N, O), or (O,) for one sample."""
        x, W, b = floating(x), floating(self.W), floating(self.b)
        batch = x.shape[:1] if x.ndim > 1 else ()
        inputs = math.prod(x.shape[len(batch) :])
        if W.ndim != 2 or W.shape[0] != inputs:
            raise ValueError(
                f"Affine.forward: x of shape {x.shape} does not fit W of shape {W.shape}:\n"
                f"x has {inputs} numbers a sample, W needs the shape ({inputs}, outputs)"
            )
        if b.shape != W.shape[1:]:
            raise ValueError(
                f"Affine.forward: b of shape {b.shape} does not fit W of shape {W.shape}:\n"
                f"b needs the shape {W.shape[1:]}, one number for each output"
            )
        self.x = np.array(x.reshape(math.prod(batch), inputs), order="C")
        out = (self.x @ W + b).reshape(batch + b.shape)
        self._x_shape, self._out_shape, self._out_dtype = x.shape, out.shape, out.dtype
        return out

    def backward(self, dout: ArrayLike) -> Array:
        """dx, of x's shape; dW and db are stored."""
        if self.x is None:
            raise not_run("Affine")
        W = floating(self.W)
        dout = upstream(dout, self._out_shape, self._out_dtype, "Affine").reshape(len(self.x), W.shape[1])
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return (dout @ W.T).reshape(self._x_shape)
