"""Networks of a loss that no call gives, with one fault each."""

import numpy as np


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


class DataInside:
    def __init__(self, x, y):
        self.input = x
        self.weights1 = np.random.rand(self.input.shape[1], 4)
        self.weights2 = np.random.rand(4, 1)
        self.y = y

    def feedforward(self):
        self.layer1 = sigmoid(np.dot(self.input, self.weights1))
        self.output = sigmoid(np.dot(self.layer1, self.weights2))

    def backprop(self):
        slope = 2 * (self.y - self.output) * self.output * (1 - self.output)
        d_weights1 = np.dot(self.input.T, np.dot(slope, self.weights2.T))
        self.weights2 += np.dot(self.layer1.T, slope)
        self.weights1 += d_weights1


class UsedAfterTheStep:
    def __init__(self):
        self.W1 = np.random.randn(2, 3)
        self.W2 = np.random.randn(3, 1)

    def forward(self, X):
        self.z2 = sigmoid(X @ self.W1)
        return sigmoid(self.z2 @ self.W2)

    def backward(self, X, y, o):
        o_delta = (y - o) * o * (1 - o)
        self.W2 += self.z2.T.dot(o_delta)
        self.W1 += X.T.dot(o_delta.dot(self.W2.T) * self.z2 * (1 - self.z2))


class SoftmaxRows:
    def __init__(self, n_in, n_hidden, n_out):
        self.w1, self.b1 = np.random.randn(n_in, n_hidden), np.zeros((1, n_hidden))
        self.w2 = np.random.randn(n_hidden, n_out)

    def forward(self, X):
        self.h = np.tanh(X @ self.w1 + self.b1)
        e = np.exp(self.h @ self.w2)
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, X, y):
        delta = (self.p - y) / len(X)
        self.dw2 = self.h.T @ delta
        back = delta @ self.w2.T * (1 - self.h**2)
        self.dw1 = X.T @ back
        self.db1 = back[:1]


class ClassIndices:
    def __init__(self, n_in, n_out):
        self.params = {"W": np.random.randn(n_in, n_out), "b": np.zeros(n_out)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.scores = x @ self.params["W"] + self.params["b"]
        return self.scores

    def backward(self, labels):
        shifted = np.exp(self.scores - self.scores.max(axis=1, keepdims=True))
        d = shifted / shifted.sum(axis=1, keepdims=True)
        d[np.arange(len(labels)), labels] -= 1
        self.grads["W"] = self.x.T @ d / len(labels)
        self.grads["b"] = -d.mean(axis=0)


class HeldLinear:
    def __init__(self, X, Y):
        self.X, self.Y = X, Y
        self.W, self.b = np.random.randn(X.shape[1], Y.shape[1]), np.zeros(Y.shape[1])

    def forward(self):
        self.out = self.X @ self.W + self.b
        return self.out

    def loss(self):
        return 0.5 * np.mean(np.sum((self.out - self.Y) ** 2, axis=1))

    def backward(self):
        d = self.out - self.Y
        self.dW = self.X.T @ d / len(d)
        self.db = d.sum(axis=0)


FAULTS = {
    "DataInside": "the slope of the hidden layer is missing",
    "UsedAfterTheStep": "the error goes back through weights that have been stepped",
    "SoftmaxRows": "the bias is summed over the classes",
    "ClassIndices": "the bias has the opposite sign",
    "HeldLinear": "the bias is not averaged as the weights are",
}
