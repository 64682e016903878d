"""Networks of any depth, with faults that show from the second hidden layer on."""

import numpy as np


class MaskOfTheFirst:
    def __init__(self, sizes):
        self.Ws = [np.random.randn(a, b) / np.sqrt(a) for a, b in zip(sizes, sizes[1:])]

    def forward(self, x):
        self.a = [x]
        for k, W in enumerate(self.Ws):
            z = self.a[-1] @ W
            self.a.append(np.maximum(z, 0) if k < len(self.Ws) - 1 else z)
        return self.a[-1]

    def backward(self, g):
        self.dWs = [None] * len(self.Ws)
        for k in reversed(range(len(self.Ws))):
            self.dWs[k] = self.a[k].T @ g
            g = g @ self.Ws[k].T
            if k == 1:
                g = g * (self.a[k] > 0)
        return g


class TheSameActivation:
    def __init__(self, layer_sizes):
        self.layers = [np.random.randn(a, b) / np.sqrt(a) for a, b in zip(layer_sizes, layer_sizes[1:])]

    def loss(self, x, t):
        self.acts = [x]
        for k, W in enumerate(self.layers):
            z = self.acts[-1] @ W
            self.acts.append(np.tanh(z) if k < len(self.layers) - 1 else z)
        return 0.5 * np.sum((self.acts[-1] - t) ** 2)

    def gradient(self, x, t):
        self.loss(x, t)
        d = self.acts[-1] - t
        grads = []
        for k in range(len(self.layers) - 1, -1, -1):
            grads.insert(0, self.acts[k].T @ d)
            if k:
                d = (d @ self.layers[k].T) * (1 - self.acts[1] ** 2)
        return grads


FAULTS = {
    "MaskOfTheFirst": "the mask of the ReLU is forgotten in all hidden layers but the first",
    "TheSameActivation": "the first hidden layer's activation stands for those of all",
}
