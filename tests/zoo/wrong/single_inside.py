"""Layers of float64 with something in single precision on the way, with a fault each."""

import numpy as np


class RunningSteps:
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
            self.grads[1] += self.hs[:, t + 1].T @ da
            dxs[:, t] = da @ Wx.T
            dh = da @ Wh.T
        return dxs


class CastFirst:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.x = x.astype(np.float32)
        return np.tanh(self.x @ self.w + self.b)

    def backward(self, dout):
        d = dout * (1 - np.tanh(self.x @ self.w) ** 2)
        self.dw = self.x.T @ d
        self.db = d.sum(axis=0)
        return d @ self.w.T


class CastInside:
    def __init__(self, w1, w2, b2):
        self.w1, self.w2, self.b2 = w1, w2, b2

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.w1).astype("f")
        return self.h @ self.w2 + self.b2

    def backward(self, dout):
        self.db2 = dout.sum(axis=0)
        self.dw2 = self.h.T @ dout
        d = (dout @ self.w2.T) * (1 - self.h)
        self.dw1 = self.x.T @ d
        return d @ self.w1.T


FAULTS = {
    "RunningSteps": "the state after a step stands where the one before it belongs",
    "CastFirst": "the bias is forgotten in the derivative",
    "CastInside": "the hidden layer is not squared in its derivative",
}
