"""Losses that compare each entry of x with its target and take the mean: squares, Huber, binary cross-entropy.

L = mean over all M entries of l(x[i], t[i]), so dL/dx[i] = dout l'(x[i]) / M, where l' is the derivative by
the first argument. The target is given, and gets no gradient.

Alike for all of them: x and t have one shape, any that has an entry; `dout` is a number. Integers are taken as
float64, other dtypes are kept; t is taken in x's dtype, unless it is complex. Raises ValueError for shapes that
differ, for no entries and for an upstream gradient that is no number, RuntimeError for backward before forward.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, constant, floating, misfit, not_run, upstream
from reference.activations import Sigmoid


class MeanLoss:
    """L = 1/M sum_i l(x[i], t[i]): forward keeps `slope`, which is l'(x[i], t[i]), of x's shape.

    dx = dout * slope / M
    """

    def __init__(self) -> None:
        self.loss: Any = None
        self.slope: Array | None = None

    def backward(self, dout: ArrayLike = 1) -> Array:
        """dx, a new array of x's shape."""
        layer = type(self).__name__
        if self.slope is None:
            raise not_run(layer)
        dout = upstream(dout, (), self.slope.dtype, layer)
        with np.errstate(under="ignore"):
            return np.asarray(dout * (self.slope / constant(self.slope.size, self.slope)))


class MeanSquaredError(MeanLoss):
    """l = (x - t)^2, so l' = 2 (x - t):

    dx = dout * 2 (x - t) / M
    """

    def forward(self, x: ArrayLike, t: ArrayLike) -> Any:
        """The mean of the squared differences, a number of x's dtype."""
        x, t = _pair("MeanSquaredError", x, t)
        difference = np.asarray(x - t)
        self.slope = np.asarray(constant(2, difference) * difference)
        with np.errstate(under="ignore"):
            self.loss = np.mean(np.square(difference))
        return self.loss


class Huber(MeanLoss):
    """l = d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), with d = x - t: a parabola that goes on
    straight. So l' = d, but no further from 0 than delta:

        dx = dout * min(max(d, -delta), delta) / M

    Value and slope of both pieces agree at |d| = delta. Of complex d the real part decides.
    Raises ValueError for a delta that is not above 0.
    """

    def __init__(self, delta: float = 1.0) -> None:
        super().__init__()
        if not delta > 0:
            raise ValueError(f"Huber: expected delta above 0, got {delta}")
        self.delta = delta

    def forward(self, x: ArrayLike, t: ArrayLike) -> Any:
        """The mean cost, a number of x's dtype."""
        x, t = _pair("Huber", x, t)
        d = np.asarray(x - t)
        delta, half = constant(self.delta, d), constant(0.5, d)
        inside = np.abs(d.real) <= self.delta
        self.slope = np.where(inside, d, np.copysign(delta.real, d.real))
        # d of the parabola is kept small outside, where it is not used and its square could overflow
        with np.errstate(under="ignore"):
            parabola = half * np.square(np.where(inside, d, constant(0, d)))
            self.loss = np.mean(np.where(inside, parabola, self.slope * d - half * delta * delta))
        return self.loss


class BinaryCrossEntropyWithLogits(MeanLoss):
    """l = -t log y - (1 - t) log(1 - y) with y = sigmoid(x). As d log y/dx = 1 - y and d log(1 - y)/dx = -y,
    l' = -t (1 - y) + (1 - t) y:

        dx = dout * (y - t) / M

    log y would be -infinity where y is rounded to 0. Written in x, with z = exp(-|x|), every term is finite:

        l = (1 - t) max(x, 0) + t max(-x, 0) + log(1 + z)

    t: the probability of class 1, in general 0 or 1. Of complex x the real part decides the sign.
    """

    def forward(self, x: ArrayLike, t: ArrayLike) -> Any:
        """The mean cross-entropy, a number of x's dtype."""
        x, t = _pair("BinaryCrossEntropyWithLogits", x, t)
        self.slope = np.asarray(Sigmoid().forward(x) - t)
        negative = x.real < 0
        with np.errstate(under="ignore"):
            straight = np.where(negative, -x * t, x * (constant(1, x) - t))
            self.loss = np.mean(straight + np.log1p(np.exp(np.where(negative, x, -x))))
        return self.loss


def _pair(layer: str, x: ArrayLike, t: ArrayLike) -> tuple[Array, Array]:
    """x and t as floating arrays of one shape, t in x's dtype unless it is complex."""
    x, t = floating(x), floating(t)
    if t.shape != x.shape:
        raise misfit(layer, "t", t.shape, "x", x.shape, f"give one target for each entry, of shape {x.shape}")
    if x.size == 0:
        raise ValueError(f"{layer}.forward: x of shape {x.shape} has no entry: a mean needs one at least")
    return x, t if t.dtype.kind == "c" else t.astype(x.dtype)
