"""Four layers, each with a slip that is easy to make: `gradproof check examples/my_layers.py` finds all four."""

import numpy as np


class Affine:
    """Stores its weight gradient under another name than the optimizer will look for."""

    def __init__(self, W, b):
        self.W = W
        self.b = b
        self.x = None
        self.dW = None
        self.db = None

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        dx = np.dot(dout, self.W.T)
        self.dw = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return dx


class MeanAffine:
    """Averages the bias gradient over the batch, where the others are summed."""

    def __init__(self, W, b):
        self.W = W
        self.b = b
        self.x = None
        self.dW = None
        self.db = None

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        self.dW = np.dot(self.x.T, dout)
        self.db = np.mean(dout, axis=0)
        return np.dot(dout, self.W.T)


class ReLU:
    """Forgets the mask."""

    def forward(self, x):
        return np.maximum(x, 0)

    def backward(self, dout):
        return dout


class SoftmaxWithLoss:
    """Does not multiply by its upstream gradient."""

    def __init__(self):
        self.loss = None
        self.y = None
        self.t = None

    def forward(self, x, t):
        shifted = x - x.max(axis=-1, keepdims=True)
        exponentials = np.exp(shifted)
        total = exponentials.sum(axis=-1, keepdims=True)
        self.y = exponentials / total
        self.t = t if t.shape == x.shape else np.eye(x.shape[-1])[t]
        self.loss = -np.sum(self.t * (shifted - np.log(total))) / len(x)
        return self.loss

    def backward(self, dout=1):
        return (self.y - self.t) / len(self.y)
