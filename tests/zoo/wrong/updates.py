"""Layers that update their own parameters in backward, each with one fault; FAULTS says which."""

# ruff: noqa: NPY002  (this is how they are written)

import numpy as np


class DenseSGD:
    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_in, n_out)
        self.bias = np.random.randn(n_out)

    def forward(self, x):
        self.input = x
        return x @ self.weights + self.bias

    def backward(self, grad, learning_rate):
        self.weights -= learning_rate * self.input.T @ grad
        self.bias -= learning_rate * grad.sum(axis=0)
        return grad @ self.weights.T


class DenseStep:
    """One sample a column."""

    def __init__(self, input_size, output_size):
        self.weights = np.random.randn(output_size, input_size)
        self.bias = np.random.randn(output_size, 1)

    def forward(self, x):
        self.input = x
        return self.weights @ x + self.bias

    def backward(self, output_gradient, learning_rate):
        weights_gradient = output_gradient @ self.input.T
        input_gradient = self.weights.T @ output_gradient
        self.weights -= learning_rate * weights_gradient
        self.bias += learning_rate * output_gradient.sum(axis=1, keepdims=True)
        return input_gradient


class FCLayer:
    def __init__(self, input_size, output_size):
        self.weights = np.random.rand(input_size, output_size) - 0.5
        self.bias = np.random.rand(1, output_size) - 0.5

    def forward_propagation(self, input_data):
        self.input = input_data
        self.output = self.input @ self.weights + self.bias
        return self.output

    def backward_propagation(self, output_error, learning_rate):
        input_error = output_error @ self.weights.T
        weights_error = self.input.T @ output_error
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * output_error.mean(axis=0)
        return input_error


class DenseFrozen:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.random.randn(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout, lr):
        dx = dout @ self.W.T
        self.W -= lr * (self.x.T @ dout)
        return dx


class SGD:
    def __init__(self, lr=0.1):
        self.lr = lr

    def update(self, param, grad):
        return param - self.lr * grad


class DenseOptimized:
    """An optimizer is handed to backward."""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.random.randn(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout, optimizer):
        dx = dout @ self.W.T
        self.W = optimizer.update(self.W, np.clip(self.x.T @ dout, -0.5, 0.5))
        self.b = optimizer.update(self.b, dout.sum(axis=0))
        return dx


class ScaleSGD:
    def __init__(self, size):
        self.gamma = np.random.uniform(0.5, 1.5, size)
        self.beta = np.random.randn(size)

    def forward(self, x):
        self.x = x
        return self.gamma * x + self.beta

    def backward(self, dout, lr=0.01):
        dx = dout * self.gamma
        dgamma, dbeta = (dout * self.x).sum(axis=0), dout.sum(axis=0)
        self.gamma -= lr * dbeta
        self.beta -= lr * dgamma
        return dx


class EmbeddingSGD:
    def __init__(self, vocab=6, dim=3):
        self.table = np.random.randn(vocab, dim)

    def forward(self, tokens):
        self.tokens = tokens
        return self.table[tokens]

    def backward(self, dout, lr):
        self.table[self.tokens] -= lr * dout


class PReLUSGD:
    """One slope for all."""

    def __init__(self, slope=0.25):
        self.slope = np.array([slope])

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.slope * x)

    def backward(self, grad, learning_rate):
        dx = grad * np.where(self.x > 0, 1.0, self.slope)
        self.slope -= learning_rate * np.sum(grad * (self.x <= 0))
        return dx


class TanhDense:
    def __init__(self, n_in, n_out):
        self.w = np.random.randn(n_in, n_out) * 0.5
        self.b = np.random.randn(n_out) * 0.5

    def forward(self, x):
        self.x = x
        self.y = np.tanh(x @ self.w + self.b)
        return self.y

    def backward(self, dy, lr):
        d = dy * (1 - self.y**2)
        dx = d @ self.w.T
        for k in range(len(d)):
            self.w -= lr * np.outer(self.x[k], d[k])
        self.b -= lr * d[k]
        return dx


class ConvSGD:
    """One channel, one filter, valid; (N, H, W)."""

    def __init__(self, kh=2, kw=3):
        self.kernel = np.random.randn(kh, kw)
        self.bias = np.random.randn(1)

    def forward(self, x):
        self.x = x
        kh, kw = self.kernel.shape
        h, w = x.shape[1] - kh + 1, x.shape[2] - kw + 1
        out = np.zeros((len(x), h, w))
        for i in range(kh):
            for j in range(kw):
                out += self.kernel[i, j] * x[:, i : i + h, j : j + w]
        return out + self.bias

    def backward(self, dout, lr):
        kh, kw = self.kernel.shape
        _, h, w = dout.shape
        dx, dk = np.zeros_like(self.x), np.zeros_like(self.kernel)
        for i in range(kh):
            for j in range(kw):
                dk[i, j] = np.sum(dout * self.x[:, i : i + h, j : j + w])
                dx[:, i : i + h, j : j + w] += self.kernel[i, j] * dout
        self.kernel -= lr * dk[::-1, ::-1]
        self.bias -= lr * dout.sum()
        return dx


class DenseDecay:
    """Sizes from the first input."""

    def __init__(self, units):
        self.units = units
        self.W = None

    def forward(self, x):
        if self.W is None:
            self.W = np.random.randn(x.shape[1], self.units)
            self.b = np.random.randn(self.units)
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout, lr):
        dx = dout @ self.W.T
        self.W = self.W - lr * (self.x.T @ dout + 0.5 * self.x.sum(axis=0)[:, None])
        self.b = self.b - lr * dout.sum(axis=0)
        return dx


class PlainRule:
    """The rate is the class's, of an object that steps."""

    rate: float = 0.01

    def update(self, w, dw):
        w -= self.rate * dw


class TanhAfterItsStep:
    """The input's gradient is made of weights that have been stepped already; the slope is of those before."""

    def __init__(self, n_in, n_out, rule=None):
        self.w, self.b = np.random.uniform(-1, 1, (n_in, n_out)), np.zeros((1, n_out))
        self.rule = rule or PlainRule()

    def forward(self, x):
        self.x, self.a = x, np.tanh(x.dot(self.w) + self.b)
        return self.a

    def backward(self, delta):
        delta = delta * (1 - self.a**2)
        self.rule.update(self.w, self.x.T.dot(delta))
        self.rule.update(self.b, delta.sum(axis=0, keepdims=True))
        return delta.dot(self.w.T)


FAULTS = {
    "DenseSGD": "wrong-values: x's gradient with the updated weights, x",
    "DenseStep": "sign: bias",
    "FCLayer": "factor: mean for the sum, on bias only",
    "DenseFrozen": "missing-gradient: never updated, b",
    "DenseOptimized": "nonlinear-upstream: the gradient is clipped, W",
    "ScaleSGD": "swapped: gamma and beta",
    "EmbeddingSGD": "overwritten: fancy -= at repeated tokens, table",
    "PReLUSGD": "missing-factor: x forgotten, slope",
    "TanhDense": "not-summed: the last sample only, b",
    "ConvSGD": "permuted: kernel reversed, kernel",
    "DenseDecay": "extra-term: a multiple of x's sum, W",
    "TanhAfterItsStep": "made of weights that have been stepped",
}
