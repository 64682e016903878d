"""Layers of float64 that keep or cast something in single precision on the way."""

import numpy as np


class RunningSteps:
    """A recurrent layer whose states are float32, with a read-out that is not."""

    def __init__(self, Wx, Wh, Wy):
        self.params = [Wx, Wh, Wy]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wy)]

    def forward(self, xs):
        Wx, Wh, Wy = self.params
        n, steps, _ = xs.shape
        self.xs = xs
        self.hs = np.zeros((n, steps + 1, Wh.shape[0]), dtype="f")
        for t in range(steps):
            self.hs[:, t + 1] = np.tanh(xs[:, t] @ Wx + self.hs[:, t] @ Wh)
        return self.hs[:, -1] @ Wy

    def backward(self, dout):
        Wx, Wh, Wy = self.params
        steps = self.xs.shape[1]
        for grad in self.grads:
            grad[...] = 0
        self.grads[2][...] = self.hs[:, -1].T @ dout
        dxs = np.empty_like(self.xs)
        dh = dout @ Wy.T
        for t in reversed(range(steps)):
            da = dh * (1 - self.hs[:, t + 1] ** 2)
            self.grads[0] += self.xs[:, t].T @ da
            self.grads[1] += self.hs[:, t].T @ da
            dxs[:, t] = da @ Wx.T
            dh = da @ Wh.T
        return dxs


class WindowSums:
    """Sums over windows of two, gathered in float32, scaled after."""

    def __init__(self, scale):
        self.scale = scale
        self.dscale = None

    def forward(self, x):
        self.sums = np.zeros((x.shape[0], x.shape[1] + 1), np.float32)
        self.sums[:, :-1] += x
        self.sums[:, 1:] += x
        return np.tanh(self.sums.astype(float)) * self.scale

    def backward(self, dout):
        y = np.tanh(self.sums.astype(float))
        self.dscale = np.sum(dout * y)
        d = dout * self.scale * (1 - y**2)
        return d[:, :-1] + d[:, 1:]


class CastFirst:
    """The input is cast, as from a data set; the rest is float64."""

    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.x = x.astype(np.float32)
        return np.tanh(self.x @ self.w + self.b)

    def backward(self, dout):
        d = dout * (1 - np.tanh(self.x @ self.w + self.b) ** 2)
        self.dw = self.x.T @ d
        self.db = d.sum(axis=0)
        return d @ self.w.T


class CastInside:
    """The hidden layer is cast to float32 and its product with the second weights is not."""

    def __init__(self, w1, w2, b2):
        self.w1, self.w2, self.b2 = w1, w2, b2

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.w1).astype("f")
        return self.h @ self.w2 + self.b2

    def backward(self, dout):
        self.db2 = dout.sum(axis=0)
        self.dw2 = self.h.T @ dout
        d = (dout @ self.w2.T) * (1 - self.h**2)
        self.dw1 = self.x.T @ d
        return d @ self.w1.T


class KeptAside:
    """A state of single precision that is made once and written into."""

    def __init__(self, width=5):
        self.w = np.random.randn(width, width)
        self.kept = None

    def forward(self, x):
        if self.kept is None or self.kept.shape != x.shape:
            self.kept = np.empty(x.shape, dtype=np.float32)
        self.kept[...] = np.sin(x)
        self.h = self.kept.copy()
        self.x = x
        return self.h @ self.w

    def backward(self, dout):
        self.dw = self.h.T @ dout
        return (dout @ self.w.T) * np.cos(self.x)
