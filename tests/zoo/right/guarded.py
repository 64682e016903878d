"""Tiny numbers that keep a division from failing, which backward leaves out of its derivative."""

import numpy as np


class SoftmaxWithFloor:
    def forward(self, x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        self.p = e / (e.sum(axis=-1, keepdims=True) + 1e-12)
        return self.p

    def backward(self, dy):
        p = self.p
        return p * (dy - (dy * p).sum(axis=-1, keepdims=True))


class UnitRows:
    def __init__(self, eps=1e-10):
        self.eps = eps

    def forward(self, x):
        self.n = np.linalg.norm(x, axis=1, keepdims=True) + self.eps
        self.y = x / self.n
        return self.y

    def backward(self, dy):
        return (dy - self.y * (dy * self.y).sum(axis=1, keepdims=True)) / self.n


class AttentionPooling:
    """x: (batch, steps, d), w: (d,)"""

    def __init__(self, w):
        self.w = w

    def forward(self, x):
        self.x = x
        scores = x @ self.w
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.a = e / (np.sum(e, axis=1, keepdims=True) + 1e-9)
        return np.einsum("bn,bnd->bd", self.a, x)

    def backward(self, dy):
        da = np.einsum("bd,bnd->bn", dy, self.x)
        ds = self.a * (da - (self.a * da).sum(axis=1, keepdims=True))
        self.dw = np.einsum("bn,bnd->d", ds, self.x)
        return self.a[:, :, None] * dy[:, None, :] + ds[:, :, None] * self.w


TINY = 1e-8


def weighted_mean_forward(x, w):
    """x: (n, d), w: (n,)"""
    s = np.sum(w**2) + TINY
    return (w**2) @ x / s, (x, w)


def weighted_mean_backward(dout, cache):
    x, w = cache
    total = np.sum(w**2)
    mean = (w**2) @ x / total
    dx = np.outer(w**2, dout) / total
    dw = 2 * w * ((x - mean) @ dout) / total
    return dx, dw
