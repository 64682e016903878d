# Objectives of data that the constructor was handed, each with one fault.
import numpy as np


class HalfRidge:
    def __init__(self, X, y, lam=0.1):
        self.X, self.y, self.lam = X, y, lam

    def cost(self, theta):
        r = self.X @ theta - self.y
        return r @ r + self.lam * theta @ theta

    def grad(self, theta):
        return 2 * self.X.T @ (self.X @ theta - self.y) + self.lam * theta


class LinearCounts:
    def __init__(self, X, y):
        self.X, self.y = X, y

    def objective(self, beta):
        eta = self.X @ beta
        return np.sum(np.exp(eta) - self.y * eta)

    def gradient(self, beta):
        return self.X.T @ (self.X @ beta - self.y)


class MeanForgotten:
    def __init__(self, data, targets):
        self.data, self.targets = data, targets

    def fun(self, w):
        return 0.5 * np.mean((self.data @ w - self.targets) ** 2)

    def jac(self, w):
        return self.data.T @ (self.data @ w - self.targets)


class QuadraticUnhalved:
    def __init__(self, A, b):
        self.A, self.b = A, b

    def cost(self, v):
        return v @ self.A @ v - self.b @ v

    def gradient(self, v):
        return self.A @ v - self.b


class InterceptTwice:
    def __init__(self, X, y):
        self.X, self.y = X, y

    def cost(self, theta):
        r = self.X @ theta - self.y
        return 0.5 * r @ r

    def gradient(self, theta):
        r = self.X @ theta - self.y
        g = self.X.T @ r
        g[0] += r.sum()
        return g


class KernelRidgeUnweighted:
    def __init__(self, lam=0.1, gamma=0.5):
        self.lam, self.gamma = lam, gamma

    def loss(self, alpha, X, y):
        K = np.exp(-self.gamma * ((X[:, None] - X[None]) ** 2).sum(-1))
        r = K @ alpha - y
        return 0.5 * r @ r + 0.5 * self.lam * alpha @ K @ alpha

    def gradient(self, alpha, X, y):
        K = np.exp(-self.gamma * ((X[:, None] - X[None]) ** 2).sum(-1))
        return K @ (K @ alpha - y) + self.lam * alpha


FAULTS = {
    "HalfRidge": "the penalty's factor 2 is missing",
    "LinearCounts": "the exponential is missing",
    "MeanForgotten": "not divided by the number of samples",
    "QuadraticUnhalved": "half of the first term, for a symmetric A too",
    "InterceptTwice": "the intercept's gradient doubled, for a column of ones too",
    "KernelRidgeUnweighted": "the penalty's kernel is missing",
}
