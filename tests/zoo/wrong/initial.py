"""Slips that show only where a state is given to begin with."""

import numpy as np


class FromAnywhere:
    """x: (batch, steps, features)"""

    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b

    def forward(self, x, h0=None):
        n, steps, _ = x.shape
        h = np.zeros((n, self.b.size)) if h0 is None else h0
        self.x, self.hs = x, [h]
        for t in range(steps):
            h = np.tanh(x[:, t] @ self.Wx + h @ self.Wh + self.b)
            self.hs.append(h)
        return np.stack(self.hs[1:], axis=1)

    def backward(self, dhs):
        dx, dh = np.zeros_like(self.x), 0.0
        self.dWx, self.dWh, self.db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        for t in range(self.x.shape[1] - 1, -1, -1):
            dz = (dhs[:, t] + dh) * (1 - self.hs[t + 1] ** 2)
            self.dWx += self.x[:, t].T @ dz
            self.dWh += self.hs[t].T @ dz
            self.db += dz.sum(axis=0)
            dx[:, t] = dz @ self.Wx.T
            dh = dz @ self.Wh.T
        self.dh0 = dz
        return dx


class LastState:
    """The last state alone, and the gradient of the first beside the input's."""

    def __init__(self, n_in, n_hidden):
        self.W = np.random.randn(n_in + n_hidden, n_hidden) * 0.5
        self.b = np.zeros(n_hidden)

    def forward(self, x, state=None):
        h = np.zeros((x.shape[0], self.b.size)) if state is None else state
        self.kept = []
        for t in range(x.shape[1]):
            joined = np.concatenate([x[:, t], h], axis=1)
            h = np.tanh(joined @ self.W + self.b)
            self.kept.append((joined, h))
        self.shape = x.shape
        return h

    def backward(self, dh):
        dx = np.zeros(self.shape)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        for t in reversed(range(self.shape[1])):
            joined, h = self.kept[t]
            dz = dh * (1 - h**2)
            self.dW += joined.T @ dz
            self.db += dz.sum(axis=0)
            both = dz @ self.W.T
            dx[:, t], dh = both[:, : self.shape[2]], both[:, self.shape[2] :]
        return dx, dh * (1 - self.kept[0][1] ** 2)


class Gated:
    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b

    def forward(self, x, h0=None, c0=None):
        n, steps, _ = x.shape
        m = self.Wh.shape[0]
        h = np.zeros((n, m)) if h0 is None else h0
        c = np.zeros((n, m)) if c0 is None else c0
        self.x, self.steps = x, []
        out = np.zeros((n, steps, m))
        for t in range(steps):
            z = x[:, t] @ self.Wx + h @ self.Wh + self.b
            i, f, o = (1 / (1 + np.exp(-z[:, k * m : (k + 1) * m])) for k in range(3))
            g = np.tanh(z[:, 3 * m :])
            before, c = (h, c), f * c + i * g
            h = o * np.tanh(c)
            self.steps.append((before, i, f, o, g, c))
            out[:, t] = h
        return out

    def backward(self, dout):
        dx, dh, dc = np.zeros_like(self.x), 0.0, 0.0
        self.dWx, self.dWh, self.db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        for t in reversed(range(len(self.steps))):
            (h0, c0), i, f, o, g, c = self.steps[t]
            dh = dh + dout[:, t]
            dc = dc + dh * o * (1 - np.tanh(c) ** 2)
            dz = np.hstack(
                [dc * g * i * (1 - i), dc * c0 * f * (1 - f), dh * np.tanh(c) * o * (1 - o), dc * i * (1 - g**2)]
            )
            self.dWx += self.x[:, t].T @ dz
            self.dWh += h0.T @ dz
            self.db += dz.sum(axis=0)
            dx[:, t] = dz @ self.Wx.T
            dh, dc = dz @ self.Wh.T, dc * f
        self.dh0, self.dc0 = dh, dc * f
        return dx


class Detached:
    """The first state is taken as it is: nothing is said of its gradient."""

    def __init__(self, Wx, Wh):
        self.Wx, self.Wh = Wx, Wh

    def forward(self, x, h_prev=None):
        self.x = x
        self.h_prev = np.zeros((len(x), self.Wh.shape[0])) if h_prev is None else h_prev
        self.h = np.tanh(x @ self.Wx + self.h_prev @ self.Wh)
        return self.h

    def backward(self, dh):
        dz = dh * (1 - self.h**2)
        self.dWx = self.x.T @ dz
        self.dWh = self.h_prev.T @ dh
        return dz @ self.Wx.T


class KeepsItsState:
    """Where it is stateful, the last state is the next one's first, and the gradient stops there."""

    def __init__(self, Wx, Wh, stateful=False):
        self.Wx, self.Wh, self.stateful, self.h = Wx, Wh, stateful, None

    def forward(self, x):
        n, steps, _ = x.shape
        if not self.stateful or self.h is None:
            self.h = np.zeros((n, self.Wh.shape[0]))
        self.x, self.hs = x, [self.h]
        for t in range(steps):
            self.h = np.tanh(x[:, t] @ self.Wx + self.h @ self.Wh)
            self.hs.append(self.h)
        return np.stack(self.hs[1:], axis=1)

    def backward(self, dhs):
        dx, dh = np.zeros_like(self.x), 0.0
        self.dWx, self.dWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        for t in reversed(range(self.x.shape[1])):
            dz = (dhs[:, t] + dh) * (1 - self.hs[t + 1] ** 2)
            self.dWx += self.x[:, t].T @ dz
            self.dWh += self.hs[t].T @ dz
            dx[:, t], dh = dz @ self.Wx.T, dz @ self.Wh.T
            if self.stateful:
                dh = 0.0
        return dx


FAULTS = {
    "FromAnywhere": "missing-factor: Wh, h0",
    "LastState": "missing-factor: one too many, state",
    "Gated": "missing-factor: f once too often, c0",
    "Detached": "missing-factor: the tanh's, where a state is given, Wh",
    "KeepsItsState": "overwritten: the gradient through time, where it is stateful",
}
