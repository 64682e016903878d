# Style: penalties that have to be told, and networks that end in their loss, with labels handed to backward again.
import numpy as np


class DecayedRight:
    def __init__(self, n_in, n_out, reg):
        self.W = np.random.randn(n_in, n_out); self.reg = reg

    def loss(self, X, y):
        r = X @ self.W - y
        return 0.5*np.sum(r*r) + 0.5*self.reg*np.sum(self.W**2)

    def gradient(self, X, y):
        return {"W": X.T @ (X @ self.W - y) + self.reg*self.W}


class EndsInLoss:
    def __init__(self, n, m):
        self.W = np.random.randn(n, m)
        self.b = np.zeros(m)

    def forward(self, X, y):
        self.X = X
        self.p = X @ self.W + self.b
        return 0.5 * np.sum((self.p - y) ** 2)

    def backward(self, y):
        self.dW = self.X.T @ (self.p - y)
        self.db = np.sum(self.p - y, axis=0)


class EndsInLossReturned(EndsInLoss):
    def backward(self, y):
        d = self.p - y
        return self.X.T @ d, d.sum(axis=0)


class EndsInLossKept:
    def __init__(self, n_in, n_hidden, n_out):
        self.W = [np.random.randn(n_in, n_hidden) * 0.4, np.random.randn(n_hidden, n_out) * 0.4]

    def forward(self, X, y):
        self.X, self.y = X, y
        self.h = np.tanh(X @ self.W[0])
        self.p = self.h @ self.W[1]
        return np.mean(np.sum((self.p - y) ** 2, axis=1))

    def backward(self):
        d = 2 * (self.p - self.y) / len(self.y)
        return [self.X.T @ (d @ self.W[1].T * (1 - self.h ** 2)), self.h.T @ d]
