"""Slips after which no arrangement of arrays runs, or only an odd one: the natural one is judged."""

import numpy as np


class TanhOfRows:
    """The bias is not summed over the rows that it was added to, and is kept as a row itself."""

    def __init__(self, n_out):
        self.n_out, self.parameters = n_out, None

    def forward(self, X):
        if self.parameters is None:
            self.parameters = {"W": np.random.randn(X.shape[1], self.n_out), "b": np.zeros((1, self.n_out))}
            self.gradients = {name: np.zeros_like(value) for name, value in self.parameters.items()}
        self.X, self.count = X, len(X)
        self.y = np.tanh(X @ self.parameters["W"] + self.parameters["b"])
        return self.y

    def backward(self, dy):
        dz = dy * (1 - self.y**2)
        self.gradients["W"] += self.X.T @ dz
        self.gradients["b"] += dz
        return dz @ self.parameters["W"].T


class RegressionOnData:
    """The step of the bias is not summed; the data are in the object."""

    def __init__(self, X, Y, rate=0.1):
        self.X, self.Y, self.rate = X, Y, rate
        self.W, self.b = np.random.randn(X.shape[1], Y.shape[1]), np.zeros((1, Y.shape[1]))

    def forward(self):
        self.guess = self.X @ self.W + self.b
        return self.guess

    def loss(self):
        return np.mean((self.guess - self.Y) ** 2)

    def backward(self):
        d = 2 * (self.guess - self.Y) / self.Y.size
        self.W -= self.rate * (self.X.T @ d)
        self.b -= self.rate * d


class LinearOutput:
    """One gradient has something behind its name, beside two that have nothing."""

    def __init__(self, n_in, n_out):
        self.w, self.b = np.random.randn(n_in, n_out) * 0.5, np.zeros(n_out)

    def forward(self, x):
        self.x = x
        self.y = np.dot(x, self.w) + self.b

    def error(self, t):
        return 0.5 * np.sum((self.y - t) ** 2)

    def backward(self, t):
        delta = self.y - t
        self.grad_w, self.grad_b = np.dot(self.x.T, delta), np.sum(delta, axis=0)
        self.grad_x_old = np.dot(delta, self.w.T)


class SolvesSystem:
    """The matrix's gradient is an outer product with the matrix in place of the solution."""

    def forward(self, A, b):
        self.A, self.z = A, np.linalg.solve(A, b)
        return self.z

    def backward(self, dz):
        db = np.linalg.solve(self.A.T, dz)
        return -np.outer(db, self.A), db


class WithoutOnes:
    """Not transposed, which the sizes allow for by chance where there are as many rows as columns but one."""

    def __init__(self, X, y, lam=0.1):
        self.X, self.y, self.lam = X, y, lam

    def cost(self, theta):
        r = self.X @ theta - self.y
        return 0.5 * (r @ r + self.lam * theta[1:] @ theta[1:]) / len(r)

    def gradient(self, theta):
        r = self.X @ theta - self.y
        g = np.empty_like(theta)
        g[0] = self.X[:, 0] @ r
        g[1:] = self.X[:, 1:] @ r + self.lam * theta[1:]
        return g / len(r)


class Squares:
    """The data stand where the targets belong."""

    def __init__(self, X, y):
        self.X, self.y = X, y

    def loss(self, w):
        r = self.X @ w - self.y
        return 0.5 * r @ r

    def gradient(self, w):
        return self.X.T @ (self.X @ w - self.X)


FAULTS = {
    "TanhOfRows": "the bias is not summed",
    "RegressionOnData": "the step of the bias is not summed",
    "LinearOutput": "a gradient under another name",
    "SolvesSystem": "the matrix for the solution",
    "WithoutOnes": "not transposed",
    "Squares": "the data for the targets",
}
