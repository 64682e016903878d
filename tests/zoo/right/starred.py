# Style: nodes of a graph, forward(self, *inputs).
import numpy as np


class Node:
    def forward(self, *inputs):
        raise NotImplementedError(type(self).__name__)

    def backward(self, grad):
        raise NotImplementedError("backward of " + type(self).__name__)


class Mul(Node):
    def forward(self, *inputs):
        a, b = inputs
        self.saved = a, b
        return a * b

    def backward(self, grad):
        a, b = self.saved
        return grad * b, grad * a


class Scale(Node):
    def __init__(self, c=3.0):
        self.c = c

    def forward(self, *inputs):
        return self.c * inputs[0]

    def backward(self, grad):
        return self.c * grad


class Linear(Node):
    def forward(self, *inputs):
        x, w, b = inputs
        self.x, self.w = x, w
        return x @ w + b

    def backward(self, grad):
        return grad @ self.w.T, self.x.T @ grad, grad.sum(axis=0)


class Concat(Node):
    def forward(self, *xs):
        self.widths = [x.shape[1] for x in xs]
        return np.concatenate(xs, axis=1)

    def backward(self, grad):
        return tuple(np.split(grad, np.cumsum(self.widths)[:-1], axis=1))
