"""Slips where several gradients come back, or one of an input that is not the first."""

import numpy as np


class PoissonModel:
    """Counts, with an intercept of its own."""

    def __init__(self, l2=0.1):
        self.l2 = l2

    def loss(self, w, b, X, counts):
        eta = X @ w + b
        return np.mean(np.exp(eta) - counts * eta) + 0.5 * self.l2 * np.sum(w**2)

    def gradient(self, w, b, X, counts):
        rest = (np.exp(X @ w + b) - counts) / len(counts)
        return X.T @ rest + self.l2 * w, rest.mean()


class ConditionalLogit:
    """beta: (k,), attributes: of each alternative of each person; chosen: which one."""

    def loss(self, beta, attributes, chosen):
        v = attributes @ beta
        v = v - v.max(axis=1, keepdims=True)
        self.p = np.exp(v) / np.exp(v).sum(axis=1, keepdims=True)
        return -np.log(self.p[np.arange(len(chosen)), chosen]).mean()

    def gradient(self, beta, attributes, chosen):
        self.loss(beta, attributes, chosen)
        mean = attributes.mean(axis=1)
        return (mean - attributes[np.arange(len(chosen)), chosen]).mean(axis=0)


class FactorModel:
    def loss(self, U, V, R):
        return 0.5 * np.sum((U @ V.T - R) ** 2)

    def gradient(self, U, V, R):
        rest = U @ V.T - R
        return rest @ V, -rest.T @ U


class MeanOfNeighbours:
    """A[i, j] is 1 where j is a neighbour of i."""

    def __init__(self, W_self, W_other, bias):
        self.W_self, self.W_other, self.bias = W_self, W_other, bias

    def forward(self, A, h):
        self.P = A / np.maximum(A.sum(axis=1, keepdims=True), 1)
        self.h = h
        self.m = self.P @ h
        self.out = np.tanh(h @ self.W_self + self.m @ self.W_other + self.bias)
        return self.out

    def backward(self, g):
        dz = g * (1 - self.out**2)
        self.dW_self = self.h.T @ dz
        self.dW_other = self.m.T @ dz
        self.dbias = dz.sum(axis=0)
        return dz @ self.W_self.T + self.P @ (dz @ self.W_other.T)


class Diffusion:
    def forward(self, K, u):
        self.K = K
        return u - 0.1 * K @ u

    def backward(self, du):
        return du - 0.1 * self.K @ du


def observe_forward(H, state):
    """state: (n,), seen through H"""
    return np.tanh(H @ state), (H, state)


def observe_backward(dy, cache):
    H, state = cache
    return H.T @ (dy * (1 - np.tanh(H @ state)))


class Discriminated:
    """Scores of what is real and of what is not, and the gradients of both."""

    def loss(self, d_real, d_fake):
        return -np.mean(np.log(d_real)) - np.mean(np.log(1 - d_fake))

    def grad(self, d_real, d_fake):
        return -1 / d_real / d_real.size, 1 / (1 - d_fake) / d_real.size


class Alike:
    def loss(self, u, v):
        self.diff = u - v
        return 0.5 * np.sum(self.diff**2) + np.sum(u * v)

    def gradient(self, u, v):
        diff = u - v
        return diff + v, diff + u


class PoissonOfMany:
    """Data under a name that says nothing."""

    def __init__(self, l2=0.1):
        self.l2 = l2

    def loss(self, w, b, Z, counts, log_exposure=None):
        eta = Z @ w + b + (0 if log_exposure is None else log_exposure)
        return np.mean(np.exp(eta) - counts * eta) + self.l2 * (w @ w)

    def gradient(self, w, b, Z, counts, log_exposure=None):
        eta = Z @ w + b + (0 if log_exposure is None else log_exposure)
        rest = (np.exp(eta) - counts) / len(counts)
        return Z.T @ rest + self.l2 * w, rest.sum()


FAULTS = {
    "PoissonModel": "factor: the mean of what is a mean already, b",
    "ConditionalLogit": "wrong-values: the plain mean for the one with weights, beta",
    "FactorModel": "sign: V",
    "MeanOfNeighbours": "transposed: the graph, h",
    "Diffusion": "transposed: the matrix, u",
    "observe_forward": "missing-factor: the square of the tanh, state",
    "Discriminated": "factor: divided by how many the others are, d_fake",
    "Alike": "sign of one term: v",
    "PoissonOfMany": "factor in one term: the penalty, w",
}
