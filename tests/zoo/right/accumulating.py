"""Layers whose forward appends to lists until a method empties them, with a backward over all that is there."""

import numpy as np


class GatheringDense:
    """Built with its sizes; gradients add up over the inputs that were seen."""

    def __init__(self, n_in, n_out):
        self.X = []
        self.W = np.random.randn(n_in, n_out) * 0.5
        self.b = np.zeros(n_out)
        self.zero_grad()

    def zero_grad(self):
        self.X = []
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, X):
        self.X.append(X)
        return X @ self.W + self.b

    def backward(self, dY):
        many = dY if isinstance(dY, list) else [dY]
        dX = []
        for dy, x in zip(many, self.X):
            self.dW += x.T @ dy
            self.db += dy.sum(axis=0)
            dX.append(dy @ self.W.T)
        return dX[0] if len(self.X) == 1 else dX


class LazyTanh:
    """Its weights are made by the first forward, and so is the dict of lists that the later ones append to."""

    def __init__(self, n_out):
        self.X = []
        self.n_out = n_out
        self.parameters = {}
        self.gradients = {}
        self.derived_variables = {}
        self.is_initialized = False

    def _init_params(self, n_in):
        W = np.random.randn(n_in, self.n_out) / np.sqrt(n_in)
        b = np.zeros((1, self.n_out))
        self.parameters = {"W": W, "b": b}
        self.gradients = {"W": np.zeros_like(W), "b": np.zeros_like(b)}
        self.derived_variables = {"Z": [], "n": []}
        self.is_initialized = True

    def flush_gradients(self):
        self.X = []
        for k in self.derived_variables:
            self.derived_variables[k] = []
        for k, v in self.gradients.items():
            self.gradients[k] = np.zeros_like(v)

    def forward(self, X, retain_derived=True):
        if not self.is_initialized:
            self._init_params(X.shape[1])
        Z = X @ self.parameters["W"] + self.parameters["b"]
        if retain_derived:
            self.X.append(X)
            self.derived_variables["Z"].append(Z)
            self.derived_variables["n"].append(len(X))
        return np.tanh(Z)

    def backward(self, dLdY, retain_grads=True):
        if not isinstance(dLdY, list):
            dLdY = [dLdY]
        dX = []
        for dy, x, z in zip(dLdY, self.X, self.derived_variables["Z"]):
            dZ = dy * (1 - np.tanh(z) ** 2)
            dX.append(dZ @ self.parameters["W"].T)
            if retain_grads:
                self.gradients["W"] += x.T @ dZ
                self.gradients["b"] += dZ.sum(axis=0, keepdims=True)
        return dX[0] if len(self.X) == 1 else dX


class StackedMasks:
    """The last one kept is answered for and dropped; several uses nest."""

    def __init__(self):
        self.masks = []

    def forward(self, x):
        self.masks.append(x > 0)
        return np.where(self.masks[-1], x, 0.1 * x)

    def backward(self, dout):
        return np.where(self.masks.pop(), dout, 0.1 * dout)


class UnrolledCell:
    """One step of a recurrence, used once for each step of the sequence; the steps are cleared between sequences."""

    def __init__(self, size):
        self.U = np.random.randn(size, size) * 0.4
        self.dU = np.zeros_like(self.U)
        self.steps = []

    def clear_steps(self):
        self.steps = []
        self.dU = np.zeros_like(self.U)

    def forward(self, x):
        y = np.tanh(x @ self.U)
        self.steps.append((x, y))
        return y

    def backward(self, dy):
        x, y = self.steps[0]
        dz = dy * (1 - y**2)
        self.dU += x.T @ dz
        return dz @ self.U.T
