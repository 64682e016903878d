"""Several gradients of a loss among data, and one gradient of an input that is not the first."""

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
        return X.T @ rest + self.l2 * w, rest.sum()


class LogisticModel:
    def cost(self, X, y, w, b):
        z = X @ w + b
        return np.mean(np.logaddexp(0, z) - y * z)

    def gradient(self, X, y, w, b):
        rest = (1 / (1 + np.exp(-(X @ w + b))) - y) / len(y)
        return X.T @ rest, rest.sum()


class TwoOutputs:
    """A regression of several outputs at once."""

    def loss(self, W, b, X, Y):
        return 0.5 * np.sum((X @ W + b - Y) ** 2) / len(X)

    def gradient(self, W, b, X, Y):
        rest = (X @ W + b - Y) / len(X)
        return X.T @ rest, rest.sum(axis=0)


class ConditionalLogit:
    """beta: (k,), attributes: of each alternative of each person; chosen: which one."""

    def loss(self, beta, attributes, chosen):
        v = attributes @ beta
        v = v - v.max(axis=1, keepdims=True)
        self.p = np.exp(v) / np.exp(v).sum(axis=1, keepdims=True)
        return -np.log(self.p[np.arange(len(chosen)), chosen]).mean()

    def gradient(self, beta, attributes, chosen):
        self.loss(beta, attributes, chosen)
        mean = np.einsum("nj,njk->nk", self.p, attributes)
        return (mean - attributes[np.arange(len(chosen)), chosen]).mean(axis=0)


class FactorModel:
    def loss(self, U, V, R):
        return 0.5 * np.sum((U @ V.T - R) ** 2)

    def gradient(self, U, V, R):
        rest = U @ V.T - R
        return rest @ V, rest.T @ U


class HuberRegression:
    def loss(self, coef, intercept, X, y):
        r = X @ coef + intercept - y
        return np.sum(np.where(np.abs(r) < 1, 0.5 * r**2, np.abs(r) - 0.5))

    def grad(self, coef, intercept, X, y):
        r = np.clip(X @ coef + intercept - y, -1, 1)
        return X.T @ r, np.sum(r)


def poisson_loss(w, b, X, counts):
    eta = X @ w + b
    return np.sum(np.exp(eta) - counts * eta)


def poisson_loss_grad(w, b, X, counts):
    rest = np.exp(X @ w + b) - counts
    return X.T @ rest, rest.sum()


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
        return dz @ self.W_self.T + self.P.T @ (dz @ self.W_other.T)


class Diffusion:
    def forward(self, K, u):
        self.K = K
        return u - 0.1 * K @ u

    def backward(self, du):
        return du - 0.1 * self.K.T @ du


class Projected:
    """Rows of coefficients on a basis that is given."""

    def __init__(self, W):
        self.W = W

    def forward(self, basis, c):
        self.basis, self.c = basis, c
        return basis @ c @ self.W

    def backward(self, dout):
        self.dW = (self.basis @ self.c).T @ dout
        dc = self.basis.T @ dout @ self.W.T
        return dc


def observe_forward(H, state):
    """state: (n,), seen through H"""
    return np.tanh(H @ state), (H, state)


def observe_backward(dy, cache):
    H, state = cache
    return H.T @ (dy * (1 - np.tanh(H @ state) ** 2))


class Discriminated:
    """Scores of what is real and of what is not, and the gradients of both."""

    def loss(self, d_real, d_fake):
        return -np.mean(np.log(d_real)) - np.mean(np.log(1 - d_fake))

    def grad(self, d_real, d_fake):
        return -1 / d_real / d_real.size, 1 / (1 - d_fake) / d_fake.size


class Alike:
    def loss(self, u, v):
        self.diff = u - v
        return 0.5 * np.sum(self.diff**2) + np.sum(u * v)

    def gradient(self, u, v):
        diff = u - v
        return diff + v, -diff + u


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
        return Z.T @ rest + 2 * self.l2 * w, rest.sum()
