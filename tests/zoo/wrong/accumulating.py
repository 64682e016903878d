"""Layers that keep what forward saw until a method empties it, each with one fault; FAULTS says which."""

import numpy as np


class KeepsTheFirst:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.x = None
        self.flush_gradients()

    def flush_gradients(self):
        self.dW = np.zeros_like(self.W)

    def forward(self, x):
        if self.x is None:
            self.x = x
        return x @ self.W

    def backward(self, dout):
        self.dW += self.x.T @ dout
        return dout @ self.W.T


class HalfFlushed:
    """flush_gradients empties one list of two."""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.X, self.Z = [], []
        self.flush_gradients()

    def flush_gradients(self):
        self.X = []
        self.dW = np.zeros_like(self.W)

    def forward(self, x):
        z = x @ self.W
        self.X.append(x)
        self.Z.append(z)
        return np.tanh(z)

    def backward(self, dout):
        dX = []
        for x, z in zip(self.X, self.Z):
            dz = dout * (1 - np.tanh(z) ** 2)
            self.dW += x.T @ dz
            dX.append(dz @ self.W.T)
        return dX[0]


class LazySquare:
    """Its weights are made by the first forward."""

    def __init__(self, n_out):
        self.X = []
        self.n_out = n_out
        self.parameters, self.gradients = {}, {}

    def flush_gradients(self):
        self.X = []
        self.gradients["W"] = np.zeros_like(self.parameters["W"])

    def forward(self, X):
        if not self.parameters:
            self.parameters["W"] = np.random.randn(X.shape[1], self.n_out)
            self.gradients["W"] = np.zeros_like(self.parameters["W"])
        self.X.append(X)
        return (X @ self.parameters["W"]) ** 2

    def backward(self, dY):
        dX = []
        for x in self.X:
            dz = dY * (x @ self.parameters["W"])
            self.gradients["W"] += 2 * x.T @ dz
            dX.append(dz @ self.parameters["W"].T)
        return dX[0]


class FirstForEver:
    """Nothing empties the list, and backward reads its first entry."""

    def __init__(self):
        self.seen = []

    def forward(self, x):
        self.seen.append(x)
        return x**3

    def backward(self, dout):
        return 3 * self.seen[0] ** 2 * dout


class ProductOfList:
    """The inputs come in a list; each gradient is multiplied by its own input."""

    def forward(self, X):
        self.X = X
        out = X[0].copy()
        for x in X[1:]:
            out = out * x
        return out

    def backward(self, d):
        return [d * x for x in self.X]


FAULTS = {
    "ProductOfList": "swapped: each input's own value instead of the other's",
    "KeepsTheFirst": "answers for the first input it saw",
    "HalfFlushed": "a list that flush_gradients does not empty",
    "LazySquare": "half the input's gradient",
    "FirstForEver": "answers for the first input it saw",
}
