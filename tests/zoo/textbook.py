"""Layers as a textbook writes them, right and wrong; tests import them by name."""

# ruff: noqa: NPY002  (this is how they are written)

from __future__ import annotations

from collections import OrderedDict

import numpy as np


def softmax(z):
    z = z - z.max(axis=-1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy(y, t):
    if y.ndim == 1:
        y, t = y.reshape(1, -1), t.reshape(1, -1)
    if t.size == y.size:
        t = t.argmax(axis=1)
    return -np.sum(np.log(y[np.arange(len(y)), t] + 1e-7)) / len(y)


class Affine:
    def __init__(self, W, b):
        self.W = W
        self.b = b
        self.x = None
        self.dW = None
        self.db = None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class AffineSlip(Affine):
    """Announces dW, stores dw."""

    def backward(self, dout):
        self.dw = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class AffineUnannounced:
    """Never says dW; stores dw beside db."""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dw = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class AffineSwapped(Affine):
    """Each gradient under the other's name."""

    def backward(self, dout):
        self.db = self.x.T @ dout
        self.dW = dout.sum(axis=0)
        return dout @ self.W.T


class AffineForgets(Affine):
    """Returns dx alone."""

    def backward(self, dout):
        return dout @ self.W.T


class AffineCopies(Affine):
    """Keeps copies of what it was given."""

    def __init__(self, W, b):
        super().__init__(W.copy(), np.array(b))


class AffineTransposes(Affine):
    """Keeps a transform of what it was given."""

    def __init__(self, W, b):
        super().__init__(W, b)
        self.V = np.ascontiguousarray(2 * W.T)
        del self.W

    def forward(self, x):
        self.x = x
        return x @ self.V.T + self.b

    def backward(self, dout):
        self.dW = 2 * self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.V


class AffineReturns:
    def __init__(self, W, b):
        self.params = [W, b]

    def forward(self, x):
        W, b = self.params
        self.x = x
        return x @ W + b

    def backward(self, dout):
        W, _ = self.params
        return dout @ W.T, self.x.T @ dout, dout.sum(axis=0)


class AffineLists:
    """Parallel lists, gradients written in place."""

    def __init__(self, W, b):
        self.params = [W, b]
        self.grads = [np.zeros_like(W), np.zeros_like(b)]

    def forward(self, x):
        W, b = self.params
        self.x = x
        return np.dot(x, W) + b

    def backward(self, dout):
        W, _ = self.params
        self.grads[0][...] = np.dot(self.x.T, dout)
        self.grads[1][...] = dout.sum(axis=0)
        return np.dot(dout, W.T)


class Linear:
    """Sizes instead of arrays; a word for each parameter, an initial for its gradient."""

    def __init__(self, in_features, out_features):
        self.weights = np.random.randn(in_features, out_features) * 0.1
        self.bias = np.zeros(out_features)

    def forward(self, x):
        self.x = x
        return x @ self.weights + self.bias

    def backward(self, dout):
        self.dw = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.weights.T


class LinearDicts:
    def __init__(self, n_in, n_out, scale=0.1):
        self.params = {"W": scale * np.random.randn(n_in, n_out), "b": np.zeros(n_out)}
        self.grads = {}

    def forward_pass(self, inputs):
        self.inputs = inputs
        return inputs @ self.params["W"] + self.params["b"]

    def backward_pass(self, grad):
        self.grads["W"] = self.inputs.T @ grad
        self.grads["b"] = grad.sum(axis=0)
        return grad @ self.params["W"].T


class LinearForgetsBias(LinearDicts):
    def backward_pass(self, grad):
        self.grads["W"] = self.inputs.T @ grad
        return grad @ self.params["W"].T


class LinearUpdates:
    """Changes its weights inside backward, by a learning rate."""

    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_in, n_out)
        self.bias = np.zeros((1, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.weights + self.bias

    def backward(self, output_error, learning_rate):
        error = output_error @ self.weights.T
        self.weights -= learning_rate * self.x.T @ output_error
        self.bias = self.bias - learning_rate * output_error.sum(axis=0, keepdims=True)
        return error


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout = dout.copy()
        dout[self.mask] = 0
        return dout


class Remembering:
    """Forward returns nothing; the output is kept, and so is the gradient."""

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.tanh(inputs)

    def backward(self, dvalues):
        self.dinputs = dvalues * (1 - self.output**2)


class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dout):
        return dout * self.y, dout * self.x


class MatMul:
    def forward(self, x, W):
        self.x, self.W = x, W
        return x @ W

    def backward(self, dout):
        return dout @ self.W.T, self.x.T @ dout


class Swish:
    """A number with a placeholder for its gradient."""

    def __init__(self, beta=1.5):
        self.beta = beta
        self.dbeta = None

    def forward(self, x):
        self.x = x
        self.s = 1 / (1 + np.exp(-self.beta * x))
        return x * self.s

    def backward(self, dout):
        slope = self.s * (1 - self.s)
        self.dbeta = (dout * self.x**2 * slope).sum()
        return dout * (self.s + self.beta * self.x * slope)


class Logarithm:
    def forward(self, x):
        self.x = x
        return np.log(x)

    def backward(self, dout):
        return dout / self.x


class SoftmaxWithLoss:
    def forward(self, x, t):
        self.t = t
        self.y = softmax(x)
        return cross_entropy(self.y, t)

    def backward(self, dout=1):
        batch = self.t.shape[0]
        if self.t.size == self.y.size:
            return dout * (self.y - self.t) / batch
        dx = self.y.copy()
        dx[np.arange(batch), self.t] -= 1
        return dout * dx / batch


class OneHotLoss:
    """One-hot rows alone, and no upstream gradient."""

    def forward(self, x, t):
        self.y, self.t = softmax(x), t
        return -np.sum(t * np.log(self.y)) / len(x)

    def backward(self):
        return (self.y - self.t) / len(self.y)


class MeanSquared:
    def forward(self, prediction, target):
        self.difference = prediction - target
        return np.mean(self.difference**2)

    def backward(self):
        return 2 * self.difference / self.difference.size


class CrossEntropy:
    """Takes probabilities."""

    def forward(self, y, t):
        self.y, self.t = np.clip(y, 1e-7, 1), t
        return -np.sum(t * np.log(self.y)) / len(y)

    def backward(self, dout=1):
        return -dout * self.t / self.y / len(self.y)


class Embedding:
    def __init__(self, W):
        self.W = W
        self.dW = None

    def forward(self, idx):
        self.idx = idx
        return self.W[idx]

    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.idx, dout)


class RNNCell:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        self.cache = (x, h_prev, np.tanh(h_prev @ Wh + x @ Wx + b))
        return self.cache[2]

    def backward(self, dh):
        Wx, Wh, _ = self.params
        x, h_prev, h = self.cache
        dt = dh * (1 - h**2)
        self.grads[0][...] = x.T @ dt
        self.grads[1][...] = h_prev.T @ dt
        self.grads[2][...] = dt.sum(axis=0)
        return dt @ Wx.T, dt @ Wh.T


class BatchNorm:
    def __init__(self, gamma, beta, momentum=0.9, running_mean=None, running_var=None):
        self.gamma, self.beta, self.momentum = gamma, beta, momentum
        self.running_mean, self.running_var = running_mean, running_var
        self.dgamma = None
        self.dbeta = None

    def forward(self, x, train_flg=True):
        if self.running_mean is None:
            self.running_mean, self.running_var = np.zeros(x.shape[1]), np.zeros(x.shape[1])
        if not train_flg:
            return self.gamma * (x - self.running_mean) / np.sqrt(self.running_var + 1e-6) + self.beta
        mean, var = x.mean(axis=0), x.var(axis=0)
        self.std = np.sqrt(var + 1e-6)
        self.xn = (x - mean) / self.std
        self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
        self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        return self.gamma * self.xn + self.beta

    def backward(self, dout):
        self.dbeta = dout.sum(axis=0)
        self.dgamma = (self.xn * dout).sum(axis=0)
        dxn = self.gamma * dout
        return (dxn - dxn.mean(axis=0) - self.xn * (dxn * self.xn).mean(axis=0)) / self.std


class Convolution:
    """Filters over images, one window at a time."""

    def __init__(self, W, b, stride=1):
        self.W, self.b, self.stride = W, b, stride

    def forward(self, x):
        self.x = x
        n, _, height, width = x.shape
        filters, _, kh, kw = self.W.shape
        out = np.zeros((n, filters, height - kh + 1, width - kw + 1))
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                window = x[:, :, i : i + kh, j : j + kw]
                out[:, :, i, j] = np.tensordot(window, self.W, axes=([1, 2, 3], [1, 2, 3])) + self.b
        return out

    def backward(self, dout):
        self.dW, self.db, dx = np.zeros_like(self.W), dout.sum(axis=(0, 2, 3)), np.zeros_like(self.x)
        kh, kw = self.W.shape[2:]
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                d = dout[:, :, i, j]
                self.dW += np.tensordot(d, self.x[:, :, i : i + kh, j : j + kw], axes=([0], [0]))
                dx[:, :, i : i + kh, j : j + kw] += np.tensordot(d, self.W, axes=([1], [0]))
        return dx


class MaxPool:
    def __init__(self, pool_h, pool_w):
        self.size = pool_h, pool_w

    def forward(self, x):
        n, c, h, w = x.shape
        a, b = self.size
        self.x = x
        tiles = x[:, :, : h // a * a, : w // b * b].reshape(n, c, h // a, a, w // b, b)
        self.best = tiles.max(axis=(3, 5))
        return self.best

    def backward(self, dout):
        a, b = self.size
        dx = np.zeros_like(self.x)
        for i in range(dout.shape[2] * a):
            for j in range(dout.shape[3] * b):
                hit = self.x[:, :, i, j] == self.best[:, :, i // a, j // b]
                dx[:, :, i, j] = hit * dout[:, :, i // a, j // b]
        return dx


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size, weight_init_std=0.01):
        self.params = {}
        self.params["W1"] = weight_init_std * np.random.randn(input_size, hidden_size)
        self.params["b1"] = np.zeros(hidden_size)
        self.params["W2"] = weight_init_std * np.random.randn(hidden_size, output_size)
        self.params["b2"] = np.zeros(output_size)
        self.layers = OrderedDict()
        self.layers["Affine1"] = Affine(self.params["W1"], self.params["b1"])
        self.layers["Relu1"] = Relu()
        self.layers["Affine2"] = Affine(self.params["W2"], self.params["b2"])
        self.last = SoftmaxWithLoss()

    def predict(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x, t):
        return self.last.forward(self.predict(x), t)

    def gradient(self, x, t):
        self.loss(x, t)
        dout = self.last.backward(1)
        for layer in reversed(self.layers.values()):
            dout = layer.backward(dout)
        first, second = self.layers["Affine1"], self.layers["Affine2"]
        return {"W1": first.dW, "b1": first.db, "W2": second.dW, "b2": second.db}


class ForgetfulNet(TwoLayerNet):
    def gradient(self, x, t):
        found = super().gradient(x, t)
        return {"W1": found["W1"], "b1": found["b1"], "w2": found["W2"], "b2": found["b2"]}


def affine_forward(x, w, b):
    return x.reshape(len(x), -1) @ w + b, (x, w, b)


def affine_backward(dout, cache):
    x, w, _ = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def tanh_forward(x):
    out = np.tanh(x)
    return out, out


def tanh_backward(dout, cache):
    return dout * (1 - cache**2)


class Silent:
    def forward(self, x):
        return 2 * x

    def backward(self, dout):
        pass


class Overwrites:
    def forward(self, x):
        return 2 * x

    def backward(self, dout):
        dout *= 2


class TooMany:
    def forward(self, x):
        return 2 * x

    def backward(self, dout):
        return 2 * dout, 3 * dout


class Wordy:
    def forward(self, x):
        return 2 * x

    def backward(self, dout):
        return "the gradient"


class Stubborn:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        raise ValueError("only squares of side 17")

    def backward(self, dout):
        return dout


class Breaks:
    """Backward raises."""

    def forward(self, x):
        return 2 * x

    def backward(self, dout):
        return dout * self.missing


class Base:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, dout):
        raise NotImplementedError


class SGD:
    def __init__(self, lr=0.01):
        self.lr = lr

    def update(self, params, grads):
        for key in params:
            params[key] -= self.lr * grads[key]


class AffineNotSummed(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.db = dout
        return dx


class EvenPool:
    """Means over two by two, of even sides only."""

    def forward(self, x):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5))

    def backward(self, dout):
        return np.repeat(np.repeat(dout, 2, axis=2), 2, axis=3) / 4


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dout):
        return dout.reshape(self.shape)


class Outer:
    """One sample at a time."""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return self.W @ x + self.b

    def backward(self, dout):
        self.dW, self.db = np.outer(dout, self.x), dout
        return self.W.T @ dout


class Columns:
    """A sample a column."""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return self.W @ x + self.b

    def backward(self, dout):
        self.dW, self.db = dout @ self.x.T, dout.sum(axis=1, keepdims=True)
        return self.W.T @ dout


class Chatty:
    def forward(self, x):
        print("forward", x.shape)
        self.mask = np.random.rand(*x.shape) > -1
        return np.log(-np.abs(x)) * 0 + x if x.ndim == 99 else x * self.mask

    def backward(self, dout):
        print("backward")
        return dout * self.mask


class AffineTuple(Affine):
    """Keeps its parameters where no one can put others."""

    def __init__(self, W, b):
        self.both = (W, b)

    def forward(self, x):
        self.x = x
        return x @ self.both[0] + self.both[1]

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.both[0].T


class AffineFloat32(Affine):
    """Casts what it is given."""

    def __init__(self, W, b):
        super().__init__(W.astype(np.float32), b.astype(np.float32))


class Capitals:
    """Lower-case gradients of upper-case parameters, throughout."""

    def __init__(self, W, B):
        self.W, self.B = W, B

    def forward(self, x):
        self.x = x
        return x @ self.W + self.B

    def backward(self, dout):
        self.dw, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class Positions:
    """Adds a fixed table."""

    def __init__(self, dim):
        self.table = np.sin(np.arange(dim))

    def forward(self, x):
        return x + self.table

    def backward(self, dout):
        return dout


class MultiplySwapped(Multiply):
    def backward(self, dout):
        return dout * self.x, dout * self.y


class InputLast(Affine):
    def backward(self, dout):
        dW = self.x.T @ dout
        db = dout.sum(axis=0)
        dx = dout @ self.W.T
        return dW, db, dx


class Nested(Affine):
    def backward(self, dout):
        return dout @ self.W.T, [self.x.T @ dout, dout.sum(axis=0)]


class Named(Affine):
    def backward(self, dout):
        return {"dx": dout @ self.W.T, "dW": self.x.T @ dout, "db": dout.sum(axis=0)}


class Tanh:
    """The derivative of the output."""

    def fn(self, z):
        return np.tanh(z)

    def grad(self, a):
        return 1 - a**2


class Softplus:
    """The derivative of the input."""

    def __call__(self, x):
        return np.log1p(np.exp(x))

    def derivative(self, x):
        return 1 / (1 + np.exp(-x))


class WrongSine:
    def function(self, x):
        return np.sin(x)

    def gradient(self, x):
        return -np.cos(x)


class SquareError:
    """The label first; a value per entry."""

    def loss(self, y, y_pred):
        return 0.5 * (y - y_pred) ** 2

    def gradient(self, y, y_pred):
        return y_pred - y


class Boxed:
    """A value with its gradient."""

    def __init__(self, data):
        self.data = data
        self.grad = np.zeros_like(data)


class BoxedLinear:
    def __init__(self, in_dim, out_dim):
        self.W = Boxed(np.random.randn(in_dim, out_dim))
        self.b = Boxed(np.zeros(out_dim))

    def forward(self, x):
        self.x = x
        return x @ self.W.data + self.b.data

    def backward(self, dout):
        self.W.grad = self.x.T @ dout
        self.b.grad = dout.sum(axis=0)
        return dout @ self.W.data.T
