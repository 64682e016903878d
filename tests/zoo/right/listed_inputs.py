"""Layers that take their inputs in one list and give a gradient for each."""

import numpy as np


class SumOfAll:
    def forward(self, inputs):
        self.count = len(inputs)
        total = 0
        for x in inputs:
            total = total + x
        self.out = np.tanh(total)
        return self.out

    def backward(self, dout):
        return [dout * (1 - self.out**2) for _ in range(self.count)]


class GateOfTwo:
    def forward(self, xs):
        self.a, self.b = xs
        return self.a * np.tanh(self.b)

    def backward(self, d):
        return d * np.tanh(self.b), d * self.a * (1 - np.tanh(self.b) ** 2)


class ProductOfAll:
    """Kept in lists until they are flushed."""

    def __init__(self):
        self.X = []
        self.derived_variables = {"prod": []}

    def flush_gradients(self):
        self.X = []
        self.derived_variables = {"prod": []}

    def forward(self, X, retain_derived=True):
        out = X[0].copy()
        for i in range(1, len(X)):
            out = out * X[i]
        if retain_derived:
            self.X.append(X)
            self.derived_variables["prod"].append(out)
        return np.tanh(out)

    def backward(self, dLdY, retain_grads=True):
        grads = []
        for dy, x, prod in zip([dLdY], self.X, self.derived_variables["prod"]):
            dz = dy * (1 - np.tanh(prod) ** 2)
            grads.append([dz * np.prod([x[j] for j in range(len(x)) if j != i], axis=0) for i in range(len(x))])
        return grads[0] if len(self.X) == 1 else grads
