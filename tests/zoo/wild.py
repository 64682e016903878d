"""Layers in the manners of many projects, all of them right; tests import them by name."""

# ruff: noqa: NPY002  (this is how they are written)

from __future__ import annotations

import copy

import numpy as np


class DenseLayer:
    """Everything is kept on the object."""

    def __init__(self, n_inputs, n_neurons, weight_l2=0):
        self.weights = 0.1 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))
        self.weight_l2 = weight_l2

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs @ self.weights + self.biases

    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = dvalues.sum(axis=0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T


class CategoricalLoss:
    """A value per sample; backward is handed the predictions, and the labels again."""

    def forward(self, y_pred, y_true):
        clipped = np.clip(y_pred, 1e-7, 1 - 1e-7)
        confidence = clipped[range(len(y_pred)), y_true] if y_true.ndim == 1 else (clipped * y_true).sum(axis=1)
        return -np.log(confidence)

    def backward(self, dvalues, y_true):
        if y_true.ndim == 1:
            y_true = np.eye(dvalues.shape[1])[y_true]
        self.dinputs = -y_true / dvalues


class FusedLoss:
    """Backward is handed the softmax that forward kept."""

    def forward(self, inputs, y_true):
        e = np.exp(inputs - inputs.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
        return np.mean(-np.log(self.output[range(len(inputs)), y_true]))

    def backward(self, dvalues, y_true):
        self.dinputs = dvalues.copy()
        self.dinputs[range(len(dvalues)), y_true] -= 1
        self.dinputs = self.dinputs / len(dvalues)


class Dropout:
    def __init__(self, dropout_ratio=0.5):
        self.dropout_ratio = dropout_ratio
        self.mask = None

    def forward(self, x, train_flg=True):
        if train_flg:
            self.mask = np.random.rand(*x.shape) > self.dropout_ratio
            return x * self.mask
        return x * (1.0 - self.dropout_ratio)

    def backward(self, dout):
        return dout * self.mask


class LSTMCell:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]

    def forward(self, x, h_prev, c_prev):
        Wx, Wh, b = self.params
        hidden = h_prev.shape[1]
        gates = x @ Wx + h_prev @ Wh + b

        def sigmoid(z):
            return 1 / (1 + np.exp(-z))

        f, i, o = (sigmoid(gates[:, k * hidden : (k + 1) * hidden]) for k in (0, 2, 3))
        g = np.tanh(gates[:, hidden : 2 * hidden])
        c = f * c_prev + g * i
        h = o * np.tanh(c)
        self.cache = x, h_prev, c_prev, i, f, g, o, c
        return h, c

    def backward(self, dh_next, dc_next):
        Wx, Wh, _ = self.params
        x, h_prev, c_prev, i, f, g, o, c = self.cache
        t = np.tanh(c)
        ds = dc_next + dh_next * o * (1 - t**2)
        parts = (
            ds * c_prev * f * (1 - f),
            ds * i * (1 - g**2),
            ds * g * i * (1 - i),
            dh_next * t * o * (1 - o),
        )
        d = np.hstack(parts)
        self.grads[0][...] = x.T @ d
        self.grads[1][...] = h_prev.T @ d
        self.grads[2][...] = d.sum(axis=0)
        return d @ Wx.T, d @ Wh.T, ds * f


class TimeAffine:
    def __init__(self, W, b):
        self.params = [W, b]
        self.grads = [np.zeros_like(W), np.zeros_like(b)]

    def forward(self, x):
        n, t, _ = x.shape
        W, b = self.params
        self.x = x
        return (x.reshape(n * t, -1) @ W + b).reshape(n, t, -1)

    def backward(self, dout):
        n, t, _ = self.x.shape
        W, _ = self.params
        dout, rows = dout.reshape(n * t, -1), self.x.reshape(n * t, -1)
        self.grads[0][...] = rows.T @ dout
        self.grads[1][...] = dout.sum(axis=0)
        return (dout @ W.T).reshape(self.x.shape)


class TimeRNN:
    def __init__(self, Wx, Wh, b, stateful=False):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.h, self.dh, self.stateful = None, None, stateful

    def forward(self, xs):
        Wx, Wh, b = self.params
        n, steps, _ = xs.shape
        self.xs, self.hs = xs, np.zeros((n, steps + 1, Wh.shape[0]))
        for t in range(steps):
            self.hs[:, t + 1] = np.tanh(self.hs[:, t] @ Wh + xs[:, t] @ Wx + b)
        return self.hs[:, 1:]

    def backward(self, dhs):
        Wx, Wh, b = self.params
        dWx, dWh, db, dh, dxs = (
            np.zeros_like(Wx),
            np.zeros_like(Wh),
            np.zeros_like(b),
            0,
            np.zeros_like(self.xs),
        )
        for t in reversed(range(dhs.shape[1])):
            dt = (dhs[:, t] + dh) * (1 - self.hs[:, t + 1] ** 2)
            dWx += self.xs[:, t].T @ dt
            dWh += self.hs[:, t].T @ dt
            db += dt.sum(axis=0)
            dxs[:, t], dh = dt @ Wx.T, dt @ Wh.T
        self.grads[0][...], self.grads[1][...], self.grads[2][...] = dWx, dWh, db
        return dxs


class Dense:
    """Sizes and the optimizer come later; the weights change inside backward."""

    def __init__(self, n_units, input_shape=None):
        self.n_units, self.input_shape = n_units, input_shape

    def initialize(self, optimizer):
        self.W = np.random.uniform(-1, 1, (self.input_shape[0], self.n_units))
        self.w0 = np.zeros((1, self.n_units))
        self.W_opt, self.w0_opt = copy.copy(optimizer), copy.copy(optimizer)

    def forward_pass(self, X, training=True):
        self.layer_input = X
        return X.dot(self.W) + self.w0

    def backward_pass(self, accum_grad):
        W = self.W
        self.W = self.W_opt.update(self.W, self.layer_input.T.dot(accum_grad))
        self.w0 = self.w0_opt.update(self.w0, np.sum(accum_grad, axis=0, keepdims=True))
        return accum_grad.dot(W.T)


class Conv2D:
    """Channels last, sizes in the constructor."""

    def __init__(self, in_channels, out_channels, kernel_size=3):
        self.W = np.random.randn(kernel_size, kernel_size, in_channels, out_channels)
        self.b = np.zeros(out_channels)
        self.k = kernel_size

    def forward(self, x):
        self.x = x
        k = self.k
        n, h, w, c = x.shape
        if c != self.W.shape[2]:
            raise ValueError("channels")
        out = np.zeros((n, h - k + 1, w - k + 1, self.W.shape[3])) + self.b
        for i in range(k):
            for j in range(k):
                out += x[:, i : i + h - k + 1, j : j + w - k + 1] @ self.W[i, j]
        return out

    def backward(self, dout):
        k, dx, self.dW = self.k, np.zeros_like(self.x), np.zeros_like(self.W)
        _, h, w, _ = self.x.shape
        self.db = dout.sum(axis=(0, 1, 2))
        for i in range(k):
            for j in range(k):
                window = np.s_[:, i : i + h - k + 1, j : j + w - k + 1]
                self.dW[i, j] = np.tensordot(self.x[window], dout, axes=([0, 1, 2], [0, 1, 2]))
                dx[window] += dout @ self.W[i, j].T
        return dx


class SelfAttention:
    def __init__(self, d_model):
        self.W_q, self.W_k, self.W_v = (np.random.randn(d_model, d_model) for _ in range(3))

    def forward(self, x):
        self.x = x
        self.q, self.key, self.v = x @ self.W_q, x @ self.W_k, x @ self.W_v
        scores = self.q @ self.key.transpose(0, 2, 1) / np.sqrt(x.shape[-1])
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        self.p = e / e.sum(axis=-1, keepdims=True)
        return self.p @ self.v

    def backward(self, dout):
        dp = dout @ self.v.transpose(0, 2, 1)
        ds = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True)) / np.sqrt(self.x.shape[-1])
        dq, dk, dv = ds @ self.key, ds.transpose(0, 2, 1) @ self.q, self.p.transpose(0, 2, 1) @ dout
        self.dW_q, self.dW_k, self.dW_v = (np.einsum("nsd,nse->de", self.x, d) for d in (dq, dk, dv))
        return dq @ self.W_q.T + dk @ self.W_k.T + dv @ self.W_v.T


class LayerNorm:
    def __init__(self, dim, eps=1e-5):
        self.gamma, self.beta, self.eps = np.ones(dim), np.zeros(dim), eps

    def forward(self, x):
        mu, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        self.std = np.sqrt(var + self.eps)
        self.xhat = (x - mu) / self.std
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        axes = tuple(range(dout.ndim - 1))
        self.grad_gamma, self.grad_beta = (dout * self.xhat).sum(axes), dout.sum(axes)
        d = dout * self.gamma
        inner = d - d.mean(-1, keepdims=True) - self.xhat * (d * self.xhat).mean(-1, keepdims=True)
        return inner / self.std


class SmallNet:
    """`loss(X, y)` returns the loss and all gradients."""

    def __init__(self, input_size, hidden_size, output_size, std=0.1):
        self.params = {
            "W1": std * np.random.randn(input_size, hidden_size),
            "b1": np.zeros(hidden_size),
            "W2": std * np.random.randn(hidden_size, output_size),
            "b2": np.zeros(output_size),
        }

    def loss(self, X, y=None, reg=0.0):
        W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
        hidden = np.maximum(0, X @ W1 + b1)
        scores = hidden @ W2 + b2
        if y is None:
            return scores
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(X)), y]).mean() + reg * sum((W**2).sum() for W in (W1, W2))
        d = p.copy()
        d[np.arange(len(X)), y] -= 1
        d /= len(X)
        grads = {"W2": hidden.T @ d + 2 * reg * W2, "b2": d.sum(axis=0)}
        back = d @ W2.T * (hidden > 0)
        grads["W1"], grads["b1"] = X.T @ back + 2 * reg * W1, back.sum(axis=0)
        return loss, grads


class BinaryLoss:
    def forward(self, y_pred, y_true):
        self.y_pred, self.y_true = y_pred, y_true
        return -np.mean(y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred))

    def backward(self):
        return (self.y_pred - self.y_true) / (self.y_pred * (1 - self.y_pred)) / self.y_pred.size


class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        self.out = e / e.sum(axis=-1, keepdims=True)
        return self.out

    def backward(self, dout):
        return self.out * (dout - (dout * self.out).sum(axis=-1, keepdims=True))


class TokenEmbedding:
    def __init__(self, vocab_size, embed_dim):
        self.weight = np.random.randn(vocab_size, embed_dim)

    def forward(self, tokens):
        self.tokens = tokens
        return self.weight[tokens]

    def backward(self, dout):
        self.dweight = np.zeros_like(self.weight)
        np.add.at(self.dweight, self.tokens, dout)


class NoArguments:
    """Sizes of its own."""

    def __init__(self):
        self.w = np.random.randn(6, 2)
        self.b = np.random.randn(2)

    def forward(self, x):
        self.x = x
        return np.dot(x, self.w) + self.b

    def backward(self, grad):
        self.dW, self.db = np.dot(self.x.T, grad), grad.sum(0)
        return np.dot(grad, self.w.T)


def batchnorm_forward(x, gamma, beta, bn_param):
    eps = bn_param.get("eps", 1e-5)
    if bn_param["mode"] == "test":
        return x, None
    mean, var = x.mean(axis=0), x.var(axis=0)
    std = np.sqrt(var + eps)
    hat = (x - mean) / std
    return gamma * hat + beta, (hat, gamma, std)


def batchnorm_backward(dout, cache):
    hat, gamma, std = cache
    d = dout * gamma
    dx = (d - d.mean(axis=0) - hat * (d * hat).mean(axis=0)) / std
    return dx, (dout * hat).sum(axis=0), dout.sum(axis=0)


def sigmoid_forward(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_backward(dout, x):
    y = sigmoid_forward(x)
    return dout * y * (1 - y)
