# Penalties that the constructor has to be told, and losses that a network ends in, each with one fault.
import numpy as np


class Decayed:
    def __init__(self, n_in, n_out, reg):
        self.W = np.random.randn(n_in, n_out); self.reg = reg

    def loss(self, X, y):
        r = X @ self.W - y
        return 0.5*np.sum(r*r) + 0.5*self.reg*np.sum(self.W**2)

    def gradient(self, X, y):
        return {"W": X.T @ (X @ self.W - y) + 2*self.reg*self.W}


class EndsInLossAveraged:
    def __init__(self, n, m):
        self.W = np.random.randn(n, m)
        self.b = np.zeros(m)

    def forward(self, X, y):
        self.X = X
        self.p = X @ self.W + self.b
        return 0.5 * np.sum((self.p - y) ** 2)

    def backward(self, y):
        self.dW = self.X.T @ (self.p - y)
        self.db = np.mean(self.p - y, axis=0)


class EndsInLossTanh:
    def __init__(self, n_in, n_hidden, n_out):
        self.W = [np.random.randn(n_in, n_hidden) * 0.4, np.random.randn(n_hidden, n_out) * 0.4]

    def forward(self, X, y):
        self.X = X
        self.h = np.tanh(X @ self.W[0])
        self.p = self.h @ self.W[1]
        return np.mean(np.sum((self.p - y) ** 2, axis=1))

    def backward(self, y):
        d = 2 * (self.p - y) / len(y)
        return [self.X.T @ (d @ self.W[1].T * (1 - self.h)), self.h.T @ d]


def l2_penalty(W, reg_strength):
    loss = reg_strength * np.sum(W**2)
    grad = reg_strength * W
    return loss, grad


FAULTS = {
    "Decayed": "extra-term: the penalty twice, W, with reg=0.3",
    "EndsInLossAveraged": "factor: a mean for a sum, b",
    "EndsInLossTanh": "missing-factor: 1 + h, W_0",
    "l2_penalty": "factor: the 2 of the square, W",
}
