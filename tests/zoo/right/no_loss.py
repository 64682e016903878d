"""Networks whose backward starts from labels, of a loss that no call gives."""

import numpy as np


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def sigmoid_derivative(s):
    return s * (1 - s)


class DataInside:
    """Data and labels are the object's own; what is lacking is added."""

    def __init__(self, x, y):
        self.input = x
        self.weights1 = np.random.rand(self.input.shape[1], 4)
        self.weights2 = np.random.rand(4, 1)
        self.y = y
        self.output = np.zeros(self.y.shape)

    def feedforward(self):
        self.layer1 = sigmoid(np.dot(self.input, self.weights1))
        self.output = sigmoid(np.dot(self.layer1, self.weights2))

    def backprop(self):
        slope = 2 * (self.y - self.output) * sigmoid_derivative(self.output)
        d_weights2 = np.dot(self.layer1.T, slope)
        d_weights1 = np.dot(self.input.T, np.dot(slope, self.weights2.T) * sigmoid_derivative(self.layer1))
        self.weights1 += d_weights1
        self.weights2 += d_weights2


class DataInsideLinear:
    def __init__(self, X, Y, hidden=3, lr=0.1):
        self.X, self.Y, self.lr = X, Y, lr
        self.W1 = np.random.randn(X.shape[1], hidden) * 0.5
        self.b1 = np.zeros((1, hidden))
        self.W2 = np.random.randn(hidden, Y.shape[1]) * 0.5
        self.b2 = np.zeros((1, Y.shape[1]))

    def forward(self):
        self.a1 = np.tanh(self.X @ self.W1 + self.b1)
        self.yhat = self.a1 @ self.W2 + self.b2
        return self.yhat

    def loss(self):
        return np.mean((self.Y - self.yhat) ** 2)

    def backward(self):
        d = 2 * (self.yhat - self.Y) / self.Y.size
        d_hidden = d @ self.W2.T * (1 - self.a1**2)
        self.W2 -= self.lr * (self.a1.T @ d)
        self.b2 -= self.lr * d.sum(axis=0, keepdims=True)
        self.W1 -= self.lr * (self.X.T @ d_hidden)
        self.b1 -= self.lr * d_hidden.sum(axis=0, keepdims=True)


class LogisticInside:
    def __init__(self, x, y):
        self.x, self.y = x, y
        self.w = np.random.randn(x.shape[1], y.shape[1])
        self.b = np.zeros(y.shape[1])

    def forward(self):
        self.out = sigmoid(self.x @ self.w + self.b)
        return self.out

    def backward(self):
        delta = self.out - self.y
        return self.x.T @ delta, delta.sum(axis=0)


class OutputHandedBack:
    """backward(X, y, o): what forward gave comes back last, and the weights are stepped without a rate."""

    def __init__(self):
        self.W1 = np.random.randn(2, 3)
        self.W2 = np.random.randn(3, 1)

    def forward(self, X):
        self.z2 = sigmoid(X @ self.W1)
        return sigmoid(self.z2 @ self.W2)

    def backward(self, X, y, o):
        o_delta = (y - o) * sigmoid_derivative(o)
        z2_delta = o_delta.dot(self.W2.T) * sigmoid_derivative(self.z2)
        self.W1 += X.T.dot(z2_delta)
        self.W2 += self.z2.T.dot(o_delta)


class SoftmaxRows:
    def __init__(self, n_in, n_hidden, n_out):
        self.w1 = np.random.randn(n_in, n_hidden)
        self.w2 = np.random.randn(n_hidden, n_out)

    def forward(self, X):
        self.h = np.tanh(X @ self.w1)
        e = np.exp(self.h @ self.w2)
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, X, y):
        delta = (self.p - y) / len(X)
        self.dw2 = self.h.T @ delta
        self.dw1 = X.T @ (delta @ self.w2.T * (1 - self.h**2))


class ClassIndices:
    """The labels are classes, and forward gives scores."""

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
        d /= len(labels)
        self.grads["W"] = self.x.T @ d
        self.grads["b"] = d.sum(axis=0)


class Columns:
    """Samples in columns, one-hot labels in columns."""

    def __init__(self, n_x, n_h, n_y):
        self.W1, self.b1 = np.random.randn(n_h, n_x), np.zeros((n_h, 1))
        self.W2, self.b2 = np.random.randn(n_y, n_h), np.zeros((n_y, 1))

    def forward(self, X):
        self.A1 = np.maximum(0, self.W1 @ X + self.b1)
        Z2 = self.W2 @ self.A1 + self.b2
        e = np.exp(Z2 - Z2.max(axis=0))
        self.A2 = e / e.sum(axis=0)
        return self.A2

    def backward(self, X, Y):
        m = X.shape[1]
        dZ2 = self.A2 - Y
        dW2, db2 = dZ2 @ self.A1.T / m, dZ2.sum(axis=1, keepdims=True) / m
        dZ1 = self.W2.T @ dZ2 * (self.A1 > 0)
        dW1, db1 = dZ1 @ X.T / m, dZ1.sum(axis=1, keepdims=True) / m
        return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


class StepByRate:
    def __init__(self, sizes_in, sizes_out):
        self.weights = np.random.randn(sizes_in, sizes_out) * 0.3
        self.bias = np.zeros((1, sizes_out))

    def forward(self, inputs):
        self.inputs = inputs
        self.outputs = inputs @ self.weights + self.bias
        return self.outputs

    def backward(self, targets, learning_rate):
        error = self.outputs - targets
        self.weights -= learning_rate * self.inputs.T @ error / len(targets)
        self.bias -= learning_rate * error.mean(axis=0, keepdims=True)


class OwnRate:
    """The rate is a number of the object's own."""

    def __init__(self, n, m):
        self.lr = 0.05
        self.W = np.random.randn(n, m)

    def forward(self, x):
        self.x = x
        self.y = np.tanh(x @ self.W)
        return self.y

    def backward(self, target):
        d = (self.y - target) * (1 - self.y**2)
        self.W -= self.lr * (self.x.T @ d)


class Absolute:
    def __init__(self, n):
        self.w = np.random.randn(n)

    def forward(self, X):
        self.X = X
        self.pred = X @ self.w
        return self.pred

    def backward(self, y_true):
        self.dw = self.X.T @ np.sign(self.pred - y_true)
        return self.dw


class Ascending:
    """What is stored is to be added."""

    def __init__(self, n, k):
        self.W = np.random.randn(n, k)

    def forward(self, X):
        self.X = X
        self.P = sigmoid(X @ self.W)
        return self.P

    def backward(self, Y):
        self.dW = self.X.T @ (Y - self.P)
        return self.dW

    def step(self, rate=0.1):
        self.W += rate * self.dW
