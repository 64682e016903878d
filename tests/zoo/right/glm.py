"""Regressions with a loss and a gradient of the parameters alone, and layers whose parameters are plain numbers."""

import numpy as np


class LeastSquares:
    def __init__(self, n_features):
        self.w = np.zeros(n_features)

    def loss(self, X, y):
        r = X @ self.w - y
        return r @ r / len(y)

    def gradient(self, X, y):
        return 2 * X.T @ (X @ self.w - y) / len(y)


class SoftmaxRegressionGiven:
    def __init__(self, W):
        self.W = W

    def _log_p(self, X):
        z = X @ self.W
        z = z - z.max(axis=1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))

    def cost(self, X, y):
        return -self._log_p(X)[np.arange(len(y)), y].mean()

    def gradient(self, X, y):
        p = np.exp(self._log_p(X))
        p[np.arange(len(y)), y] -= 1
        return X.T @ p / len(y)


class RidgeWithIntercept:
    def __init__(self, d, lam=0.1):
        self.coef_, self.intercept_, self.lam = np.zeros(d), 0.0, lam

    def loss(self, X, y):
        r = X @ self.coef_ + self.intercept_ - y
        return 0.5 * r @ r + 0.5 * self.lam * self.coef_ @ self.coef_

    def gradient(self, X, y):
        r = X @ self.coef_ + self.intercept_ - y
        return X.T @ r + self.lam * self.coef_, r.sum()


class LogisticWithBias:
    def __init__(self, d):
        self.w, self.b = np.zeros(d), 0.0

    def loss(self, X, y):
        z = X @ self.w + self.b
        return np.mean(np.logaddexp(0, z) - y * z)

    def gradient(self, X, y):
        e = (0.5 + 0.5 * np.tanh(0.5 * (X @ self.w + self.b)) - y) / len(y)
        return {"w": X.T @ e, "b": e.sum()}


class LeakByNumber:
    def __init__(self):
        self.a = 0.25

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.a * x)

    def backward(self, g):
        return g * np.where(self.x > 0, 1.0, self.a), np.sum(g * np.where(self.x > 0, 0.0, self.x))


class GaussianScore:
    def __init__(self):
        self.mu, self.log_sigma = 0.3, 0.1

    def forward(self, x):
        self.z = (x - self.mu) * np.exp(-self.log_sigma)
        return -0.5 * self.z**2 - self.log_sigma

    def backward(self, d):
        dz = -d * self.z
        e = np.exp(-self.log_sigma)
        return dz * e, -(dz * e).sum(), -(dz * self.z).sum() - d.sum()


class HuberBothWays:
    """delta is no parameter, though two gradients come back."""

    def __init__(self, delta=1.0):
        self.delta = delta

    def forward(self, y, t):
        self.r = y - t
        a = np.abs(self.r)
        return np.where(a < self.delta, 0.5 * self.r**2, self.delta * (a - 0.5 * self.delta)).sum()

    def backward(self):
        g = np.clip(self.r, -self.delta, self.delta)
        return g, -g


class RidgeByMethods:
    """`loss(w, X, y)` and `gradient(w, X, y)`: what is learned comes first."""

    def __init__(self, alpha=0.1):
        self.alpha = alpha

    def loss(self, w, X, y):
        r = X @ w - y
        return 0.5 * np.mean(r**2) + 0.5 * self.alpha * np.sum(w**2)

    def gradient(self, w, X, y):
        return X.T @ (X @ w - y) / len(y) + self.alpha * w


class LogitLast:
    def loss(self, X, y, w):
        z = X @ w
        return np.mean(np.logaddexp(0, z) - y * z)

    def gradient(self, X, y, w):
        return X.T @ (1 / (1 + np.exp(-X @ w)) - y) / len(y)


class QuantileFit:
    """The two are for its own use."""

    def __init__(self, tau=0.7):
        self.tau = tau

    def _loss(self, coef, X, y):
        u = y - X @ coef
        return np.mean(np.where(u >= 0, self.tau * u, (self.tau - 1) * u))

    def _gradient(self, coef, X, y):
        u = y - X @ coef
        return -X.T @ np.where(u >= 0, self.tau, self.tau - 1) / len(u)

    def fit(self, X, y, steps=100, rate=0.1):
        self.coef_ = np.zeros(X.shape[1])
        for _ in range(steps):
            self.coef_ -= rate * self._gradient(self.coef_, X, y)
        return self

    def predict(self, X):
        return X @ self.coef_


class SoftmaxRegressionFit:
    """A penalty beside the loss: the labels are rows of one 1 all the same."""

    def __init__(self, alpha=0.1):
        self.alpha = alpha

    def _probabilities(self, W, X):
        s = X @ W
        e = np.exp(s - s.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def loss(self, W, X, Y):
        return -np.mean(np.sum(Y * np.log(self._probabilities(W, X)), axis=1)) + self.alpha * np.sum(W**2)

    def gradient(self, W, X, Y):
        return X.T @ (self._probabilities(W, X) - Y) / len(X) + 2 * self.alpha * W
