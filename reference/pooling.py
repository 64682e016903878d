"""Pooling of images: the largest or the mean number of every window.

Images, windows and the sizes of the output are as in `reference.convolution`; each channel is pooled by itself.
Alike for both: integers are taken as float64, other dtypes are kept; forward keeps no number of x.
Raises ValueError for shapes that do not fit, for a stride below 1 and a pad below 0, RuntimeError for backward
before forward.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, constant, floating, not_run, upstream
from reference.convolution import check_images, check_steps, col2im, im2col


class MaxPooling:
    """out[n,c,p,q] = the largest x[n,c,h,w] of the window at p, q. Only that one number counts, so its slope is 1
    and that of the others is 0:

        dx[n,c,h,w] = the sum of dout[n,c,p,q] over the windows in which x[n,c,h,w] is the largest

    Of equal numbers the first counts, row by row: one of the subgradients. What is padded is smaller than every
    number, and never the largest; so that each window has a number in it, `pad` is at most half a window.
    Of complex x the real part decides.
    """

    def __init__(self, pool_h: int, pool_w: int, stride: int = 2, pad: int = 0) -> None:
        check_steps("MaxPooling", stride, pad)
        if 2 * pad > min(pool_h, pool_w):
            raise ValueError(f"MaxPooling: a pad of {pad} is more than half of a window of shape {(pool_h, pool_w)}")
        self.pool_h = pool_h
        self.pool_w = pool_w
        self.stride = stride
        self.pad = pad
        self.largest: Array | None = None

    def forward(self, x: ArrayLike) -> Array:
        """The largest number of each window, (N, C, OH, OW)."""
        x = floating(x)
        check_images("MaxPooling", x)
        windows = im2col(x, self.pool_h, self.pool_w, self.stride, self.pad, fill=-np.inf, layer="MaxPooling.forward")
        rows = windows.reshape(*windows.shape[:4], self.pool_h * self.pool_w)
        self.largest = rows.real.argmax(axis=-1)[..., np.newaxis]
        self._x_shape, self._dtype = x.shape, x.dtype
        return np.take_along_axis(rows, self.largest, axis=-1)[..., 0]

    def backward(self, dout: ArrayLike) -> Array:
        """dx, a new array of x's shape."""
        if self.largest is None:
            raise not_run("MaxPooling")
        places = self.largest.shape[:-1]
        dout = upstream(dout, places, self._dtype, "MaxPooling")
        rows = np.zeros((*places, self.pool_h * self.pool_w), dout.dtype)
        np.put_along_axis(rows, self.largest, dout[..., np.newaxis], axis=-1)
        return col2im(rows.reshape(*places, self.pool_h, self.pool_w), self._x_shape, self.stride, self.pad)


class AveragePooling:
    """out[n,c,p,q] = the mean of the A = pool_h pool_w numbers of the window at p, q. Each has the slope 1/A:

        dx[n,c,h,w] = the sum of dout[n,c,p,q] / A over the windows that cover x[n,c,h,w]

    What is padded is 0, and counts in the mean.
    """

    def __init__(self, pool_h: int, pool_w: int, stride: int = 2, pad: int = 0) -> None:
        check_steps("AveragePooling", stride, pad)
        self.pool_h = pool_h
        self.pool_w = pool_w
        self.stride = stride
        self.pad = pad
        self._x_shape: tuple[int, ...] | None = None

    def forward(self, x: ArrayLike) -> Array:
        """The mean of each window, (N, C, OH, OW)."""
        x = floating(x)
        check_images("AveragePooling", x)
        windows = im2col(x, self.pool_h, self.pool_w, self.stride, self.pad, layer="AveragePooling.forward")
        out = np.mean(windows, axis=(-2, -1))
        self._x_shape, self._out_shape, self._dtype = x.shape, out.shape, x.dtype
        return np.asarray(out)

    def backward(self, dout: ArrayLike) -> Array:
        """dx, a new array of x's shape."""
        if self._x_shape is None:
            raise not_run("AveragePooling")
        dout = upstream(dout, self._out_shape, self._dtype, "AveragePooling")
        with np.errstate(under="ignore"):
            share = dout / constant(self.pool_h * self.pool_w, dout)
        windows = np.broadcast_to(share[..., np.newaxis, np.newaxis], (*share.shape, self.pool_h, self.pool_w))
        return col2im(windows, self._x_shape, self.stride, self.pad)
