"""Convolution of images, as one matrix product: `im2col` lays every window out as a row.

Images are (N, C, H, W): samples, channels, height, width. A window of height KH and width KW is put at every
`stride`-th row and column of the image with `pad` zeros around it, which gives

    OH = (H + 2 pad - KH) // stride + 1        OW = (W + 2 pad - KW) // stride + 1

places. Rows and columns that no window reaches are not used, and their gradient is 0.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from reference._arrays import Array, floating, misfit, not_run, upstream


class Convolution:
    """out[n,f,p,q] = b[f] + sum_{c,i,j} W[f,c,i,j] x[n, c, stride p + i, stride q + j], x padded with zeros.

    (W is not flipped, as is the custom: strictly speaking this is a cross-correlation.) With one row of `columns`
    for each n, p, q, holding the C KH KW numbers of that window, it is an affine layer:

        out = columns W^T + b        W: (F, C KH KW)

    and so are its gradients, where dout has one row for each n, p, q as well:

        dW = dout^T columns        db = dout summed over the rows        dcolumns = dout W

    A number of x stands in every window that covers it, so dx sums over the places it was copied to: `col2im`.

    W: (F, C, KH, KW), b: (F,), x: (N, C, H, W), out: (N, F, OH, OW). Integers are taken as float64, other dtypes
    are kept. backward returns dx and stores dW and db, new arrays each time. forward keeps `columns`, a copy.
    W and b are the caller's arrays, not copies, so that an optimiser can update them in place: run backward before
    it does. Raises ValueError for shapes that do not fit, for a stride below 1 and a pad below 0, RuntimeError
    for backward before forward.
    """

    def __init__(self, W: ArrayLike, b: ArrayLike, stride: int = 1, pad: int = 0) -> None:
        check_steps("Convolution", stride, pad)
        self.W: Array = np.asarray(W)
        self.b: Array = np.asarray(b)
        self.stride = stride
        self.pad = pad
        self.columns: Array | None = None
        self.dW: Array | None = None
        self.db: Array | None = None

    def forward(self, x: ArrayLike) -> Array:
        """The filters' answers at each place, (N, F, OH, OW)."""
        x, W, b = floating(x), floating(self.W), floating(self.b)
        check_images("Convolution", x)
        if W.ndim != 4 or W.shape[1] != x.shape[1]:
            need = f"x has {x.shape[1]} channels, W needs the shape (filters, {x.shape[1]}, height, width)"
            raise misfit("Convolution", "W", W.shape, "x", x.shape, need)
        if b.shape != W.shape[:1]:
            need = f"b needs the shape {W.shape[:1]}, one number for each filter"
            raise misfit("Convolution", "b", b.shape, "W", W.shape, need)
        height, width = W.shape[2:]
        windows = im2col(x, height, width, self.stride, self.pad, layer="Convolution")
        places = (len(x), *windows.shape[2:4])
        self.columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(math.prod(places), math.prod(W.shape[1:]))
        self._x_shape, self._places = x.shape, places
        out = self.columns @ W.reshape(len(W), -1).T + b
        self._out_dtype = out.dtype
        return np.ascontiguousarray(out.reshape(*places, len(W)).transpose(0, 3, 1, 2))

    def backward(self, dout: ArrayLike) -> Array:
        """dx, of x's shape; dW and db are stored."""
        if self.columns is None:
            raise not_run("Convolution")
        W = floating(self.W)
        samples, out_h, out_w = self._places
        dout = upstream(dout, (samples, len(W), out_h, out_w), self._out_dtype, "Convolution")
        rows = dout.transpose(0, 2, 3, 1).reshape(-1, len(W))
        self.dW = (rows.T @ self.columns).reshape(W.shape)
        self.db = rows.sum(axis=0)
        dcolumns = (rows @ W.reshape(len(W), -1)).reshape(*self._places, *W.shape[1:])
        return col2im(dcolumns.transpose(0, 3, 1, 2, 4, 5), self._x_shape, self.stride, self.pad)


def im2col(
    x: Array, height: int, width: int, stride: int = 1, pad: int = 0, *, fill: float = 0.0, layer: str = "im2col"
) -> Array:
    """windows[n,c,p,q,i,j] = x[n, c, stride p + i, stride q + j] of x with `pad` times `fill` around it.

    x: (N, C, H, W); windows: (N, C, OH, OW, height, width), a view that cannot be written to. Raises ValueError,
    in the name of `layer`, where the window is larger than the padded image.
    """
    samples, channels, image_h, image_w = x.shape
    padded = np.full((samples, channels, image_h + 2 * pad, image_w + 2 * pad), fill, x.dtype)
    padded[:, :, pad : pad + image_h, pad : pad + image_w] = x
    if not (1 <= height <= padded.shape[2] and 1 <= width <= padded.shape[3]):
        raise ValueError(
            f"{layer}: a window of shape {(height, width)} does not fit x of shape {x.shape} with pad {pad}:\n"
            f"it needs a height from 1 to {padded.shape[2]} and a width from 1 to {padded.shape[3]}"
        )
    return sliding_window_view(padded, (height, width), axis=(2, 3))[:, :, ::stride, ::stride]


def col2im(windows: Array, shape: tuple[int, ...], stride: int = 1, pad: int = 0) -> Array:
    """x[n,c,h,w] = the sum of all windows[n,c,p,q,i,j] with stride p + i = h + pad and stride q + j = w + pad.

    The adjoint of `im2col`: it sends the gradient of each copy back to where the copy was taken from. A new array
    of `shape`, (N, C, H, W).
    """
    samples, channels, image_h, image_w = shape
    out_h, out_w, height, width = windows.shape[2:]
    padded = np.zeros((samples, channels, image_h + 2 * pad, image_w + 2 * pad), windows.dtype)
    for i in range(height):  # numbers at one offset of all windows are all different: no sum within a step
        for j in range(width):
            padded[:, :, i : i + stride * out_h : stride, j : j + stride * out_w : stride] += windows[..., i, j]
    return padded[:, :, pad : pad + image_h, pad : pad + image_w].copy()


def check_steps(layer: str, stride: int, pad: int) -> None:
    """ValueError for a stride that does not advance and for a negative pad."""
    if stride < 1 or pad < 0:
        raise ValueError(f"{layer}: expected a stride of 1 or more and a pad of 0 or more, got {stride} and {pad}")


def check_images(layer: str, x: Array) -> None:
    """ValueError for an array that is no batch of images."""
    if x.ndim != 4:
        raise ValueError(f"{layer}.forward: x of shape {x.shape} is no batch of images: expected (N, C, H, W)")
