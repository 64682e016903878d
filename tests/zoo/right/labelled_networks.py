"""Networks whose backward starts from the labels; the cost is an object's, or only its derivative is there."""

import numpy as np


class SquaredCost:
    @staticmethod
    def fn(a, y):
        return 0.5 * np.linalg.norm(a - y) ** 2

    @staticmethod
    def delta(z, a, y):
        return (a - y) * a * (1 - a)


class EntropyCost:
    @staticmethod
    def fn(a, y):
        return np.sum(np.nan_to_num(-y * np.log(a) - (1 - y) * np.log(1 - a)))

    @staticmethod
    def delta(z, a, y):
        return a - y


def squash(z):
    return 0.5 * (1 + np.tanh(0.5 * z))


class Layered:
    def __init__(self, sizes):
        self.sizes = sizes
        self.biases = [np.random.randn(k, 1) for k in sizes[1:]]
        self.weights = [np.random.randn(k, j) / np.sqrt(j) for j, k in zip(sizes[:-1], sizes[1:])]

    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights):
            a = squash(w @ a + b)
        return a

    def first_delta(self, a, y):
        return self.cost_derivative(a, y) * a * (1 - a)

    def backprop(self, x, y):
        steps = [x]
        for b, w in zip(self.biases, self.weights):
            steps.append(squash(w @ steps[-1] + b))
        delta = self.first_delta(steps[-1], y)
        nabla_b, nabla_w = [delta], [delta @ steps[-2].T]
        for k in range(2, len(self.sizes)):
            a = steps[-k]
            delta = self.weights[-k + 1].T @ delta * a * (1 - a)
            nabla_b.insert(0, delta)
            nabla_w.insert(0, delta @ steps[-k - 1].T)
        return nabla_b, nabla_w

    def cost_derivative(self, output_activations, y):
        return output_activations - y


class FourthPower(Layered):
    def cost_derivative(self, output, y):
        return (output - y) ** 3


class WithCost(Layered):
    def __init__(self, sizes, cost=EntropyCost):
        super().__init__(sizes)
        self.cost = cost

    def backprop(self, x, y):
        self.y = y
        return super().backprop(x, y)

    def first_delta(self, a, y):
        return self.cost.delta(None, a, y)


class WithSquares:
    """Rows of samples, one hidden layer, the gradients in a dict."""

    def __init__(self, n_in, n_hidden, n_out):
        self.cost = SquaredCost()
        self.params = {
            "W1": 0.1 * np.random.randn(n_in, n_hidden),
            "b1": np.zeros(n_hidden),
            "W2": 0.1 * np.random.randn(n_hidden, n_out),
            "b2": np.zeros(n_out),
        }

    def predict(self, x):
        p = self.params
        return squash(np.tanh(x @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"])

    def backward(self, x, y):
        p = self.params
        h = np.tanh(x @ p["W1"] + p["b1"])
        delta = self.cost.delta(None, squash(h @ p["W2"] + p["b2"]), y)
        back = delta @ p["W2"].T * (1 - h**2)
        return {"W1": x.T @ back, "b1": back.sum(axis=0), "W2": h.T @ delta, "b2": delta.sum(axis=0)}


class StepsByItself:
    """A softmax of its own; backward takes one-hot rows, and steps by a rate that it is handed."""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) / np.sqrt(n_in)
        self.b = np.zeros(n_out)

    def forward(self, X):
        self.X = X
        e = np.exp(X @ self.W + self.b)
        self.probs = e / e.sum(axis=1, keepdims=True)
        return self.probs

    def loss(self, y):
        return -np.mean(np.sum(y * np.log(self.probs), axis=1))

    def backward(self, y, learning_rate):
        dz = (self.probs - y) / len(y)
        self.W -= learning_rate * (self.X.T @ dz)
        self.b -= learning_rate * dz.sum(axis=0)


class StepsAtItsRate(StepsByItself):
    """The rate is the constructor's."""

    def __init__(self, n_in, n_out, lr=0.1):
        super().__init__(n_in, n_out)
        self.lr = lr

    def backward(self, y):
        super().backward(y, self.lr)
