"""Slips in the inner function."""

import numpy as np


def dense(x, W, b):
    y = x @ W + b

    def back(dy):
        return dy @ W.T, x.T @ dy, dy.mean(axis=0)

    return y, back


def maxout(X, W, b):
    """X (batch, nI), W (nO, nP, nI), b (nO, nP)"""
    Z = np.einsum("bi,opi->bop", X, W) + b
    which = Z.argmax(axis=-1)

    def backprop(dY):
        dZ = np.zeros_like(Z)
        B, O = np.indices(which.shape)
        dZ[B, O, which] = dY
        dX = np.einsum("bop,opi->bi", dZ, W)
        dW = np.einsum("bop,bi->opi", np.abs(dZ), X)
        db = dZ.sum(axis=0)
        return dX, dW, db

    return Z.max(axis=-1), backprop


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    p = e / e.sum(axis=axis, keepdims=True)

    def pullback(g):
        return p * (1 - p) * g

    return p, pullback


def squared_distance(a, b):
    d = a - b
    return (d * d).sum(axis=1), lambda g: (2 * g[:, None] * d, 2 * g[:, None] * d)


FAULTS = {
    "dense": "the mean for the sum over the rows",
    "maxout": "the absolute value of what comes from above",
    "softmax": "the diagonal of the Jacobian alone",
    "squared_distance": "the sign of the second gradient",
}
