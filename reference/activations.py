"""Activations: applied to each entry alone, so the Jacobian is diagonal and backward an entrywise product."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, floating, not_run, upstream


class ReLU:
    """out = x where x > 0, else 0, so d out/dx = 1 where x > 0, else 0:

        dx = dout where x > 0, else 0

    At the kink x = 0 any slope from 0 to 1 is a subgradient; this layer takes 0.

    x: any shape. Integers are taken as float64, other dtypes are kept; of complex x the real part decides.
    Of x, forward keeps only `mask`, True where x <= 0, so changing x afterwards changes nothing.
    Raises ValueError for an upstream gradient that is not of the output's shape, RuntimeError for backward
    before forward.
    """

    def __init__(self) -> None:
        self.mask: Array | None = None

    def forward(self, x: ArrayLike) -> Array:
        """max(x, 0), a new array of x's shape."""
        out = np.array(floating(x))
        self.mask = np.asarray(out.real <= 0)
        self._dtype = out.dtype
        out[self.mask] = 0
        return out

    def backward(self, dout: ArrayLike) -> Array:
        """dx, a new array of x's shape."""
        if self.mask is None:
            raise not_run("ReLU")
        dx = np.array(upstream(dout, self.mask.shape, self._dtype, "ReLU"))
        dx[self.mask] = 0
        return dx


class Sigmoid:
    """out = 1 / (1 + exp(-x)), so d out/dx = exp(-x) / (1 + exp(-x))^2 = out (1 - out):

        dx = dout * out * (1 - out)

    exp(-x) overflows far below 0, and 1 - out is rounded to 0 far above. Both forms are therefore written
    with z = exp(-|x|), which never exceeds 1:

        out = 1 / (1 + z) where x >= 0, z / (1 + z) elsewhere        out (1 - out) = z / (1 + z)^2

    x: any shape. Integers are taken as float64, other dtypes are kept; of complex x the real part decides the
    sign. forward keeps only `slope`, d out/dx, so changing x or the output afterwards changes nothing.
    Raises ValueError for an upstream gradient that is not of the output's shape, RuntimeError for backward
    before forward.
    """

    def __init__(self) -> None:
        self.slope: Array | None = None

    def forward(self, x: ArrayLike) -> Array:
        """The sigmoid of x, a new array of x's shape."""
        x = floating(x)
        negative = x.real < 0
        with np.errstate(under="ignore"):  # z is 0 far from 0, which is its right value in this dtype
            z = np.exp(np.where(negative, x, -x))
            one = np.ones_like(z)  # of z's dtype
            self.slope = np.asarray(z / np.square(one + z))
            return np.asarray(np.where(negative, z, one) / (one + z))

    def backward(self, dout: ArrayLike) -> Array:
        """dx, a new array of x's shape."""
        if self.slope is None:
            raise not_run("Sigmoid")
        dout = upstream(dout, self.slope.shape, self.slope.dtype, "Sigmoid")
        with np.errstate(under="ignore"):
            return np.asarray(dout * self.slope)
