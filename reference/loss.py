"""Softmax and the cross-entropy loss, apart and as one layer.

Classes are along the last axis; the axes before it count samples, and an array without them is one sample.
Labels are class indices, of the scores' shape without the last axis, or one-hot rows, of the scores' shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, floating, not_run, upstream


def softmax(x: ArrayLike) -> Array:
    """y[k] = exp(x[k]) / sum_j exp(x[j]), along the last axis, computed from x - max(x).

    A constant added to all scores of a sample cancels, and with the largest score at 0 nothing overflows.
    Integers are taken as float64, other dtypes are kept. Raises ValueError without a class to choose from.
    """
    with np.errstate(under="ignore"):  # a class far below the best has probability 0 in this dtype
        weights = np.exp(_shifted(x))
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def log_softmax(x: ArrayLike) -> Array:
    """log y[k] = x[k] - log(sum_j exp(x[j])), along the last axis, computed from x - max(x).

    Finite where softmax itself is rounded to 0, and so needs no epsilon. Dtypes and errors as for softmax.
    """
    shifted = _shifted(x)
    with np.errstate(under="ignore"):
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def cross_entropy_error(y: ArrayLike, t: ArrayLike) -> Any:
    """L = -1/N sum_n sum_k t[n,k] log y[n,k], of probabilities y: the mean of -log y[n,t[n]] for indices.

    No epsilon is added: a label whose probability is 0 costs infinity, without a warning. Where scores are at
    hand, SoftmaxWithLoss is the one to use; it stays finite. A number of y's dtype (float64 for integers).
    Raises ValueError for labels that do not fit and for no samples.
    """
    y = _scores(y)
    with np.errstate(divide="ignore"):
        return _mean_cost(np.log(y), as_one_hot(t, y))


class SoftmaxWithLoss:
    """L = -1/N sum_n sum_k t[n,k] log y[n,k] with y = softmax(x): the mean cross-entropy of N samples.

    As log y[k] = x[k] - log(sum_j exp(x[j])), its derivative by x[i] is [k = i] - y[i]. Weighted with t and
    summed over k this leaves, for each sample,

        dx = dout * (y * sum(t) - t) / N

    where sum(t), over the classes, is 1 for class indices and one-hot labels: dx = dout * (y - t) / N.

    x: (N, K) scores, or (K,) for one sample (N = 1). t: class indices (N,) or one-hot (N, K). dout: a number.
    Integers are taken as float64, other dtypes are kept. forward keeps y and t as arrays of its own.
    Raises ValueError for labels or an upstream gradient that do not fit and for no samples, RuntimeError for
    backward before forward.
    """

    def __init__(self) -> None:
        self.loss: Any = None
        self.y: Array | None = None
        self.t: Array | None = None

    def forward(self, x: ArrayLike, t: ArrayLike) -> Any:
        """The loss, a number of x's dtype."""
        x = _scores(x)
        self.t = as_one_hot(t, x)
        shifted = _shifted(x)
        with np.errstate(under="ignore"):  # softmax and log_softmax in one: they share the exponentials
            weights = np.exp(shifted)
            total = weights.sum(axis=-1, keepdims=True)
            self.y = np.asarray(weights / total)
        self.loss = _mean_cost(shifted - np.log(total), self.t)
        return self.loss

    def backward(self, dout: ArrayLike = 1) -> Array:
        """dx, a new array of x's shape."""
        if self.y is None or self.t is None:
            raise not_run("SoftmaxWithLoss")
        dout = upstream(dout, (), self.y.dtype, "SoftmaxWithLoss")
        samples = self.y.size // self.y.shape[-1]
        with np.errstate(under="ignore"):
            return np.asarray(dout * (self.y * self.t.sum(axis=-1, keepdims=True) - self.t) / samples)


def as_one_hot(t: ArrayLike, y: ArrayLike) -> Array:
    """Labels as weights of y's shape and dtype: class index k becomes a row with 1 at k, one-hot rows stay.

    Raises ValueError, naming what was got and what fits, for another shape, for indices that are no integers
    and for an index that is no class.
    """
    t, y = np.asarray(t), _scores(y)
    if t.shape == y.shape:
        t = floating(t)
        return np.array(t, dtype=t.dtype if t.dtype.kind == "c" else y.dtype)
    if t.shape != y.shape[:-1]:
        raise ValueError(
            f"labels of shape {t.shape} do not fit scores of shape {y.shape}:\n"
            f"give class indices of shape {y.shape[:-1]} or one-hot labels of shape {y.shape}"
        )
    if t.dtype.kind not in "iu":
        raise ValueError(f"class indices have to be integers, got dtype {t.dtype}: convert them with t.astype(int)")
    classes = y.shape[-1]
    strays = t[(t < 0) | (t >= classes)]
    if strays.size:
        raise ValueError(f"label {strays[0]} is no class: the {classes} classes are numbered 0 to {classes - 1}")
    return np.asarray(t[..., np.newaxis] == np.arange(classes)).astype(y.dtype)


def _scores(x: ArrayLike) -> Array:
    """x as a floating array that has classes along its last axis."""
    x = floating(x)
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"scores of shape {x.shape} have no class: expected (samples, classes) or (classes,)")
    return x


def _shifted(x: ArrayLike) -> Array:
    """x less its largest score, sample by sample; of complex scores the largest real part."""
    x = _scores(x)
    with np.errstate(over="ignore"):  # a difference beyond the dtype's range is -inf, and its exponential 0
        return np.asarray(x - x.real.max(axis=-1, keepdims=True))


def _mean_cost(log_y: Array, t: Array) -> Any:
    """-mean over the samples of sum_k t[k] log y[k]. Weight 0 times log y counts as 0, be it infinite."""
    if t.size == 0:
        raise ValueError(f"scores of shape {t.shape} have no sample: a mean needs one at least")
    counted = np.where(t != 0, log_y, np.zeros_like(log_y))
    return np.mean(-np.sum(t * counted, axis=-1))
