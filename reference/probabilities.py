"""Softmax as a layer of its own, and its logarithm: every output depends on every input of the same sample.

Classes are along the last axis. Alike for both: integers are taken as float64, other dtypes are kept; forward
keeps the probabilities as an array of its own. Raises ValueError for x without a class and for an upstream
gradient that is not of the output's shape, RuntimeError for backward before forward.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, not_run, upstream
from reference.loss import log_softmax, softmax


class Softmax:
    """y[k] = exp(x[k]) / sum_j exp(x[j]), so dy[k]/dx[i] = y[k] ([k = i] - y[i]). Summed over k with dout:

        dx[i] = y[i] (dout[i] - sum_k dout[k] y[k])

    What all dout have in common cancels, as it has to: the outputs sum to 1 whatever x is.
    """

    def __init__(self) -> None:
        self.y: Array | None = None

    def forward(self, x: ArrayLike) -> Array:
        """The probabilities, a new array of x's shape (..., K)."""
        self.y = softmax(x)
        return self.y.copy()

    def backward(self, dout: ArrayLike) -> Array:
        """dx, a new array of x's shape."""
        if self.y is None:
            raise not_run("Softmax")
        return softmax_gradient(upstream(dout, self.y.shape, self.y.dtype, "Softmax"), self.y)


class LogSoftmax:
    """out[k] = x[k] - log(sum_j exp(x[j])), so d out[k]/dx[i] = [k = i] - y[i] with y = softmax(x):

    dx[i] = dout[i] - y[i] sum_k dout[k]
    """

    def __init__(self) -> None:
        self.y: Array | None = None

    def forward(self, x: ArrayLike) -> Array:
        """The logarithms of the probabilities, a new array of x's shape (..., K)."""
        self.y = softmax(x)
        return log_softmax(x)

    def backward(self, dout: ArrayLike) -> Array:
        """dx, a new array of x's shape."""
        if self.y is None:
            raise not_run("LogSoftmax")
        dout = upstream(dout, self.y.shape, self.y.dtype, "LogSoftmax")
        with np.errstate(under="ignore"):
            return np.asarray(dout - self.y * dout.sum(axis=-1, keepdims=True))


def softmax_gradient(dout: Array, y: Array) -> Array:
    """dx of y = softmax(x) from dout, along the last axis: y (dout - sum_k dout[k] y[k])."""
    with np.errstate(under="ignore"):
        return np.asarray(y * (dout - np.sum(dout * y, axis=-1, keepdims=True)))
