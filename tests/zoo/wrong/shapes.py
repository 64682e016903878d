"""Layers that sum, repeat or move entries, each with one fault in an axis or a place; FAULTS says which."""

# ruff: noqa: NPY002  (this is how they are written)

import numpy as np


class BiasAdd:
    def __init__(self, b):
        self.b = b
        self.db = None

    def forward(self, x):
        return x + self.b

    def backward(self, dout):
        self.db = dout.copy()
        return dout.copy()


class BiasLayer:
    def __init__(self, size):
        self.params = {"b": np.random.randn(size)}
        self.grads = {}

    def forward(self, x):
        return x + self.params["b"]

    def backward(self, dout):
        self.grads["b"] = np.sum(dout)
        return 1.0 * dout


class Dense:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.random.randn(1, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = np.sum(dout, axis=1, keepdims=True)
        return dout @ self.W.T


class Gain:
    """A gain a feature."""

    def __init__(self, gain):
        self.gain = gain
        self.dgain = np.zeros_like(gain)

    def forward(self, x):
        self.x = x
        return x * self.gain

    def backward(self, dout):
        self.dgain = np.sum(dout * self.x, keepdims=True)
        return dout * self.gain


class OuterGain:
    """A gain a row."""

    def __init__(self, rows):
        self.g = np.random.randn(rows, 1)
        self.dg = np.zeros((rows, 1))

    def forward(self, x):
        self.x = x
        return self.g * x

    def backward(self, dout):
        self.dg = np.sum(dout * self.x, axis=0, keepdims=True).T
        return self.g * dout


class ChannelScale:
    """NCHW."""

    def __init__(self, channels):
        self.gamma = np.random.uniform(0.5, 1.5, channels)
        self.beta = np.random.randn(channels)
        self.dgamma = np.zeros(channels)
        self.dbeta = np.zeros(channels)

    def forward(self, x):
        self.x = x
        return x * self.gamma[None, :, None, None] + self.beta[None, :, None, None]

    def backward(self, dout):
        self.dgamma = np.sum(dout * self.x, axis=(0, 2, 3))
        self.dbeta = np.sum(dout, axis=(0, 2))[..., 0]
        return dout * self.gamma[None, :, None, None]


class TimeBias:
    """Sequences (N, T, D)."""

    def __init__(self, b):
        self.params = [b]
        self.grads = [np.zeros_like(b)]

    def forward(self, xs):
        return xs + self.params[0]

    def backward(self, dout):
        self.grads[0] = dout.sum(axis=0)
        return dout.copy()


class RowMean:
    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=1)

    def backward(self, dout):
        n, d = self.shape
        return np.repeat(dout[:, None], d, axis=1) / n


class ColumnSum:
    def forward(self, x):
        self.shape = x.shape
        return x.sum(axis=0)

    def backward(self, dout):
        return np.broadcast_to(dout, self.shape) / self.shape[0]


class RepeatLayer:
    """Each feature k times."""

    def __init__(self, k=3):
        self.k = k

    def forward(self, x):
        self.n, self.d = x.shape
        return np.repeat(x, self.k, axis=1)

    def backward(self, dout):
        return dout.reshape(self.n, self.k, self.d).sum(axis=1)


class TileLayer:
    """The rows, n times over."""

    def __init__(self, n=4):
        self.n = n

    def forward(self, x):
        return np.tile(x, (self.n, 1))

    def backward(self, dout):
        rows = dout.shape[0] // self.n
        return dout[:rows].copy()


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(x.shape[0], -1)

    def backward(self, dout):
        return dout.reshape(self.shape, order="F")


class Permute:
    """Axes (N, H, W, C) to (N, C, H, W)."""

    def forward(self, x):
        self.shape = x.shape
        return x.transpose(0, 3, 1, 2)

    def backward(self, dout):
        return dout.reshape(self.shape)


class Transpose:
    def __init__(self, axes=(1, 2, 0)):
        self.axes = axes

    def forward(self, x):
        return np.transpose(x, self.axes)

    def backward(self, dout):
        return np.transpose(dout, self.axes)


class Concat:
    def forward(self, a, b):
        self.n = a.shape[1]
        return np.concatenate([a, b], axis=1)

    def backward(self, dout):
        da = dout[:, : self.n].copy()
        db = dout[:, : dout.shape[1] - self.n].copy()
        return da, db


class ReverseLayer:
    def forward(self, x):
        return x[:, ::-1].copy()

    def backward(self, dout):
        return dout.copy()


class ShiftLayer:
    def __init__(self, by=1):
        self.by = by

    def forward(self, x):
        return np.roll(x, self.by, axis=1)

    def backward(self, dout):
        return np.roll(dout, self.by, axis=1)


class CumulativeSum:
    def forward(self, x):
        return np.cumsum(x, axis=1)

    def backward(self, dout):
        return np.cumsum(dout, axis=1)


class Difference:
    """x[t + 1] - x[t]."""

    def forward(self, x):
        self.shape = x.shape
        return x[:, 1:] - x[:, :-1]

    def backward(self, dout):
        dx = np.zeros(self.shape)
        dx[:, 1:] = dout
        dx[:, :-1] = -dout
        return dx


class TakeColumns:
    """Columns by number; one may come twice."""

    def __init__(self, columns=(1, 0, 1)):
        self.columns = list(columns)

    def forward(self, x):
        self.shape = x.shape
        return x[:, self.columns]

    def backward(self, dout):
        dx = np.zeros(self.shape)
        dx[:, self.columns] += dout
        return dx


class SqueezeBias:
    """Copes with a vector and with a batch."""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = np.zeros_like(self.b)
        self.db[:] = np.squeeze(dout).sum(axis=0)
        return dout @ self.W.T


class SampleDense:
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.dW, self.db = None, None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout[0].copy()
        return dout @ self.W.T


class VectorDense:
    """Outer products."""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = np.outer(self.x[-1], dout[-1])
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class DotRows:
    """The inner product of rows."""

    def forward(self, a, b):
        self.a, self.b = a, b
        return np.sum(a * b, axis=1)

    def backward(self, dout):
        da = dout[:, None] * self.b
        db = np.sum(dout) * self.a
        return da, db


class MatMul:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]

    def forward(self, x):
        (W,) = self.params
        self.x = x
        return np.dot(x, W)

    def backward(self, dout):
        (W,) = self.params
        self.grads[0][...] = np.dot(self.x.T, dout)
        return np.dot(dout, W.reshape(W.shape[::-1]))


FAULTS = {
    "BiasAdd": "not-summed: over the batch, b",
    "BiasLayer": "over-summed: to one number, b",
    "Dense": "over the wrong axis (wrong-shape): b",
    "Gain": "over-summed: keepdims without an axis, shape (1, 1), gain",
    "OuterGain": "over the wrong axis: g",
    "ChannelScale": "not-summed: only the first column of W, beta",
    "TimeBias": "not-summed: over time (wrong-shape), b",
    "RowMean": "factor: divided by the rows instead of the columns, x",
    "ColumnSum": "factor: divided by the batch size, x",
    "RepeatLayer": "permuted: repeat undone as tile, x",
    "TileLayer": "not-summed: only the first copy, x",
    "Flatten": "permuted: Fortran order, x",
    "Permute": "permuted: reshape instead of transpose, x",
    "Transpose": "permuted (wrong-shape): the same axes instead of their inverse, x",
    "Concat": "permuted: b gets a's part, b",
    "ReverseLayer": "permuted: not reversed, x",
    "ShiftLayer": "permuted: rolled the same way, x",
    "CumulativeSum": "wrong-values: from the wrong end, x",
    "Difference": "overwritten: = instead of -=, x",
    "TakeColumns": "overwritten: fancy += with repeated columns, x",
    "SqueezeBias": "over-summed at batch 1 only, b",
    "SampleDense": "not-summed: the first sample only, right at batch 1, b",
    "VectorDense": "not-summed: the last sample only, right at batch 1, W",
    "DotRows": "over-summed: dout summed over the batch, b",
    "MatMul": "permuted: reshape instead of transpose, x",
}
