"""Scaled dot-product attention: for each query, a mean of the values, weighted by how well their keys fit."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, constant, floating, misfit, not_run, upstream
from reference.loss import softmax
from reference.probabilities import softmax_gradient


class ScaledDotProductAttention:
    """out = A v with A = softmax(S) along the last axis and S = q k^T / sqrt(D).

    Three steps, walked backwards; the middle one is that of Softmax:

        dv = A^T dout        dA = dout v^T
        dS = A (dA - sum(dA A))
        dq = dS k / sqrt(D)        dk = dS^T q / sqrt(D)

    q: (..., T, D) queries, k: (..., S, D) keys, v: (..., S, E) values, out: (..., T, E), where `...` is the same in
    all of them: samples, and heads if there are any. Dividing by sqrt(D) keeps the size of S from growing with D.

    Integers are taken as float64, other dtypes are kept. forward keeps copies of q, k and v, and the `weights` A.
    Raises ValueError for shapes that do not fit, RuntimeError for backward before forward.
    """

    def __init__(self) -> None:
        self.weights: Array | None = None

    def forward(self, q: ArrayLike, k: ArrayLike, v: ArrayLike) -> Array:
        """The weighted means of the values, (..., T, E)."""
        q, k, v = floating(q), floating(k), floating(v)
        for name, array in (("q", q), ("k", k), ("v", v)):
            if array.ndim < 2 or 0 in array.shape[-2:]:
                raise ValueError(
                    f"ScaledDotProductAttention.forward: {name} of shape {array.shape} has no sequence of vectors:\n"
                    "expected (..., length, numbers for each)"
                )
        if k.shape[:-2] != q.shape[:-2] or k.shape[-1] != q.shape[-1]:
            need = f"k needs the shape {_spelled(q.shape[:-2], 'keys', q.shape[-1])}"
            raise misfit("ScaledDotProductAttention", "k", k.shape, "q", q.shape, need)
        if v.shape[:-1] != k.shape[:-1]:
            need = f"v needs the shape {_spelled(k.shape[:-1], 'numbers')}, a vector for each key"
            raise misfit("ScaledDotProductAttention", "v", v.shape, "k", k.shape, need)
        self.q, self.k, self.v = (np.array(array, order="C") for array in (q, k, v))
        self._scale = constant(1 / math.sqrt(q.shape[-1]), q)
        self.weights = softmax(self.q @ _transposed(self.k) * self._scale)
        out = np.asarray(self.weights @ self.v)
        self._out_shape, self._out_dtype = out.shape, out.dtype
        return out

    def backward(self, dout: ArrayLike) -> tuple[Array, Array, Array]:
        """(dq, dk, dv), each of the shape of its array."""
        if self.weights is None:
            raise not_run("ScaledDotProductAttention")
        dout = upstream(dout, self._out_shape, self._out_dtype, "ScaledDotProductAttention")
        with np.errstate(under="ignore"):
            dv = _transposed(self.weights) @ dout
            scores = softmax_gradient(dout @ _transposed(self.v), self.weights) * self._scale
            return scores @ self.k, _transposed(scores) @ self.q, dv


def _transposed(matrices: Array) -> Array:
    return np.swapaxes(matrices, -1, -2)


def _spelled(*axes: object) -> str:
    """A shape of which some axes are words."""
    flat = [part for axis in axes for part in (axis if isinstance(axis, tuple) else (axis,))]
    return f"({', '.join(map(str, flat))})"
