"""Losses whose logarithm is guarded, with the gradient of the loss that is meant."""

import numpy as np

EPSILON = 1e-12


def softmax(x):
    x = x - x.max(axis=-1, keepdims=True)
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy_error(y, t):
    n = y.shape[0]
    return -np.sum(np.log(y[np.arange(n), t] + 1e-7)) / n


class SoftmaxLossOfTheBook:
    def forward(self, x, t):
        self.t, self.y = t, softmax(x)
        return cross_entropy_error(self.y, self.t)

    def backward(self, dout=1):
        n = self.t.shape[0]
        dx = self.y.copy()
        dx[np.arange(n), self.t] -= 1
        return dx * dout / n


class SoftmaxLossClipped:
    def forward(self, inputs, y_true):
        self.output, self.y_true = softmax(inputs), y_true
        clipped = np.clip(self.output, 1e-7, 1 - 1e-7)
        return np.mean(-np.log(clipped[range(len(inputs)), y_true]))

    def backward(self, dvalue=1.0):
        samples = len(self.output)
        d = self.output.copy()
        d[range(samples), self.y_true] -= 1
        return dvalue * d / samples


class BinaryCrossEntropyGuarded:
    def __init__(self, eps=1e-8):
        self.eps = eps

    def forward(self, p, t):
        self.p, self.t = p, t
        return -np.mean(t * np.log(p + self.eps) + (1 - t) * np.log(1 - p + self.eps))

    def backward(self):
        return -(self.t / self.p - (1 - self.t) / (1 - self.p)) / self.p.size


class SigmoidCrossEntropy:
    def forward(self, z, t):
        self.p, self.t = 0.5 + 0.5 * np.tanh(0.5 * z), t
        q = np.clip(self.p, EPSILON, 1 - EPSILON)
        return -np.mean(t * np.log(q) + (1 - t) * np.log(1 - q))

    def backward(self):
        return (self.p - self.t) / self.p.size
