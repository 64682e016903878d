"""A guard, and a fault beside it."""

import numpy as np


class SoftmaxWithFloor:
    def forward(self, x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        self.p = e / (e.sum(axis=-1, keepdims=True) + 1e-12)
        return self.p

    def backward(self, dy):
        return self.p * (1 - self.p) * dy


class UnitRows:
    def __init__(self, eps=1e-10):
        self.eps = eps

    def forward(self, x):
        self.n = np.linalg.norm(x, axis=1, keepdims=True) + self.eps
        self.y = x / self.n
        return self.y

    def backward(self, dy):
        return (dy - self.y * (dy * self.y).sum(axis=1, keepdims=True)) / self.n**2


TINY = 1e-8


def weighted_mean_forward(x, w):
    """x: (n, d), w: (n,)"""
    s = np.sum(w**2) + TINY
    return (w**2) @ x / s, (x, w)


def weighted_mean_backward(dout, cache):
    x, w = cache
    total = np.sum(w**2)
    dx = np.outer(w**2, dout) / total
    dw = 2 * w * (x @ dout) / total
    return dx, dw


FAULTS = {
    "SoftmaxWithFloor": "missing-term: the sum's path, x",
    "UnitRows": "factor: divided by the norm twice, x",
    "weighted_mean_forward": "missing-term: the mean, w",
}
