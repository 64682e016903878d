"""Layers whose arguments and attributes say nothing, with one fault each."""

import numpy as np


def q1_forward(r, s, t):
    z = s @ r + t
    return np.tanh(z), (r, s, np.tanh(z))


def q1_backward(g, kept):
    r, s, a = kept
    z = g * (1 - a)
    return s.T @ z, z @ r.T, z.sum(axis=1, keepdims=True)


def q2_forward(r, s, t):
    m = r.mean(axis=(0, 2, 3), keepdims=True)
    v = 1 / np.sqrt(r.var(axis=(0, 2, 3), keepdims=True) + 1e-5)
    h = (r - m) * v
    return s * h + t, (h, s, v)


def q2_backward(g, kept):
    h, s, v = kept
    p = g * s
    axes = (0, 2, 3)
    dr = v * (p - p.mean(axis=axes, keepdims=True))
    return dr, (g * h).sum(axis=axes, keepdims=True), g.sum(axis=axes, keepdims=True)


def q3_forward(r, s):
    return np.exp(-0.5 * (r * s) ** 2), (r, s)


def q3_backward(g, kept):
    r, s = kept
    p = -g * np.exp(-0.5 * (r * s) ** 2) * r * s
    return p * s, (p * s).sum(axis=0)


class Q4:
    """Distances from centres, each with scales of its own, and a weight for each centre."""

    def __init__(self, c1, c2, c3):
        self.c1, self.c2, self.c3 = c1, c2, c3

    def forward(self, r):
        self.t = (r[:, None] - self.c1) * self.c2
        self.e = np.exp(-0.5 * (self.t**2).mean(axis=2))
        return self.e @ self.c3

    def backward(self, g):
        p = -np.outer(g, self.c3)[:, :, None] * self.e[:, :, None] * self.t / self.t.shape[2]
        self.u1 = -(p * self.c2).sum(axis=0)
        self.u2 = (p * self.t).sum(axis=0)
        self.u3 = self.e.T @ g
        return (p * self.c2).sum(axis=1)


class Q5:
    """The gradient is of the second argument, and of the mean."""

    def loss(self, r, s):
        return 0.5 * np.sum(np.log1p((r - s) ** 2), axis=1)

    def gradient(self, r, s):
        return (s - r) / (1 + np.abs(r - s)) / len(r)


def q6_forward(r, s, k):
    a = np.tanh(k["U"] @ r + k["V"] @ s + k["c"])
    return a, (r, s, k, a)


def q6_backward(g, kept):
    r, s, k, a = kept
    z = g * (1 - a**2)
    return {
        "din_data": k["U"].T @ z,
        "dprevious": k["V"].T @ z,
        "dU": z @ r.T,
        "dV": (g * (1 + a**2)) @ s.T,
        "dc": z.sum(axis=1, keepdims=True),
    }


FAULTS = {
    "q1_forward": "the derivative of tanh without the square",
    "q2_forward": "the part of the variance is missing",
    "q3_forward": "the scale in the place of the input",
    "Q4": "a division by the scale is missing",
    "Q5": "an absolute value for a square",
    "q6_forward": "a plus for a minus in one gradient",
}
