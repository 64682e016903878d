"""More activations: tanh, and the rectifiers that let something through below 0, from the leaky one to Swish.

Each is applied to every entry alone, and forward keeps `slope`, the derivative of each entry: see `Entrywise`.
Alike for all of them: x may have any shape; integers are taken as float64, other dtypes are kept; of complex x
the real part decides on which side of 0 an entry lies.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, constant, floating, not_run, upstream
from reference.activations import Sigmoid


class Entrywise:
    """out[i] is a function of x[i] alone, so the Jacobian is diagonal:

        dx = dout * slope        slope[i] = d out[i]/dx[i]

    `slope` is forward's to keep, an array of its own, so changing x or the output afterwards changes nothing.
    Raises ValueError for an upstream gradient that is not of the output's shape, RuntimeError for backward
    before forward.
    """

    def __init__(self) -> None:
        self.slope: Array | None = None

    def backward(self, dout: ArrayLike) -> Array:
        """dx, a new array of x's shape."""
        layer = type(self).__name__
        if self.slope is None:
            raise not_run(layer)
        dout = upstream(dout, self.slope.shape, self.slope.dtype, layer)
        with np.errstate(under="ignore"):
            return np.asarray(dout * self.slope)


class Tanh(Entrywise):
    """out = tanh(x) = (1 - z) / (1 + z) with z = exp(-2x), so d out/dx = 4z / (1 + z)^2 = 1 - out^2:

        dx = dout * (1 - out^2)

    1 - out^2 is rounded to 0 long before the slope is, which is even in x: it is computed from
    z = exp(-2|x|), which never exceeds 1.
    """

    def forward(self, x: ArrayLike) -> Array:
        """tanh(x), a new array of x's shape."""
        x = floating(x)
        with np.errstate(under="ignore"):  # z is 0 far from 0, which is its right value in this dtype
            z = np.square(np.exp(np.where(x.real < 0, x, -x)))
            self.slope = np.asarray(constant(4, x) * z / np.square(constant(1, x) + z))
            return np.asarray(np.tanh(x))


class LeakyReLU(Entrywise):
    """out = x where x > 0, else alpha x, so the slope is 1 or alpha:

        dx = dout where x > 0, else alpha dout

    At the kink x = 0 any slope between the two would do; this layer takes alpha.
    """

    def __init__(self, alpha: float = 0.01) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, x: ArrayLike) -> Array:
        """x or alpha x, a new array of x's shape."""
        x = floating(x)
        self.slope = np.where(x.real > 0, constant(1, x), constant(self.alpha, x))
        with np.errstate(under="ignore"):
            return np.asarray(x * self.slope)


class ELU(Entrywise):
    """out = x where x > 0, else alpha (exp(x) - 1), so the slope is 1 or alpha exp(x):

        dx = dout where x > 0, else dout * alpha exp(x)

    For alpha = 1 the two sides meet in one slope. For another there is a kink at x = 0, where this layer takes
    alpha. exp(x) - 1 is computed as expm1(x), which keeps its digits near 0.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, x: ArrayLike) -> Array:
        """x or alpha (exp(x) - 1), a new array of x's shape."""
        x = floating(x)
        positive, alpha = x.real > 0, constant(self.alpha, x)
        below = np.where(positive, constant(0, x), x)
        with np.errstate(under="ignore"):
            self.slope = np.where(positive, constant(1, x), alpha * np.exp(below))
            return np.where(positive, x, alpha * np.expm1(below))


class Softplus(Entrywise):
    """out = log(1 + exp(x)), so the slope is exp(x) / (1 + exp(x)), the sigmoid:

        dx = dout * sigmoid(x)

    exp(x) overflows far above 0. Taking it out of the logarithm there leaves, with z = exp(-|x|),

        out = max(x, 0) + log(1 + z)
    """

    def forward(self, x: ArrayLike) -> Array:
        """log(1 + exp(x)), a new array of x's shape."""
        x = floating(x)
        self.slope = Sigmoid().forward(x)
        negative = x.real < 0
        with np.errstate(under="ignore"):
            return np.asarray(np.where(negative, constant(0, x), x) + np.log1p(np.exp(np.where(negative, x, -x))))


class Swish(Entrywise):
    """out = x s with s = sigmoid(x), also called SiLU. The product rule gives

    dx = dout * (s + x s')        s' = s (1 - s)
    """

    def forward(self, x: ArrayLike) -> Array:
        """x sigmoid(x), a new array of x's shape."""
        x, sigmoid = floating(x), Sigmoid()
        s = sigmoid.forward(x)
        with np.errstate(under="ignore"):
            self.slope = np.asarray(s + x * sigmoid.slope)
            return np.asarray(x * s)


class GELU(Entrywise):
    """out = x/2 (1 + tanh(u)) with u = sqrt(2/pi) (x + 0.044715 x^3), the GELU in its form with tanh.

    As (1 + tanh(u)) / 2 = sigmoid(2u), which loses no digits far below 0, this is x s with s = sigmoid(2u).
    Product and chain rule give

        dx = dout * (s + x s' * 2u')        s' = s (1 - s)        u' = sqrt(2/pi) (1 + 3 * 0.044715 x^2)

    It is the derivative of this form, not of the x/2 (1 + erf(x / sqrt(2))) that it stands for: the two
    outputs differ by 5e-4 at most, and so backward is exact for what forward returns.
    """

    def forward(self, x: ArrayLike) -> Array:
        """x/2 (1 + tanh(u)), a new array of x's shape."""
        x, sigmoid = floating(x), Sigmoid()
        # Beyond 64, s is 0 or 1 in every dtype and s' is 0; nearer to 0 no power of x overflows.
        near = np.where(np.abs(x.real) < 64, x, np.copysign(constant(64, x.real), x.real))
        scale, cubic, one = constant(2 * math.sqrt(2 / math.pi), x), constant(0.044715, x), constant(1, x)
        with np.errstate(under="ignore"):
            square = cubic * np.square(near)
            s = sigmoid.forward(scale * near * (one + square))
            self.slope = np.asarray(s + near * sigmoid.slope * scale * (one + constant(3, x) * square))
            return np.asarray(x * s)
