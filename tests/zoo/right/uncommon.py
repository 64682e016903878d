"""Correct layers with uncommon names for common things, uncommon shapes, or a use that is not the default one."""

import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class UnitsDense:
    def __init__(self, units_in, units_out, squash="tanh"):
        self.W = np.random.randn(units_in, units_out) * 0.3
        self.b = np.zeros((1, units_out))
        if squash not in ("tanh", "none", "softplus"):
            raise ValueError(squash)
        self.squash = squash

    def forward(self, a_prev):
        self.a_prev = a_prev
        self.z = a_prev @ self.W + self.b
        if self.squash == "tanh":
            return np.tanh(self.z)
        return np.logaddexp(0, self.z) if self.squash == "softplus" else self.z

    def backward(self, da):
        if self.squash == "tanh":
            da = da * (1 - np.tanh(self.z) ** 2)
        elif self.squash == "softplus":
            da = da * 0.5 * (1 + np.tanh(self.z / 2))
        self.dW = self.a_prev.T @ da
        self.db = da.sum(axis=0, keepdims=True)
        return da @ self.W.T


class ShortDicts:
    def __init__(self, width):
        self.p = {"gain": np.random.uniform(0.5, 1.5, width), "shift": np.zeros(width)}
        self.g = {name: np.zeros_like(value) for name, value in self.p.items()}

    def forward(self, x):
        self.x = x
        return x * self.p["gain"] + self.p["shift"]

    def backward(self, dy):
        self.g["gain"] = (dy * self.x).sum(axis=0)
        self.g["shift"] = dy.sum(axis=0)
        return dy * self.p["gain"]


class OneNumber:
    """The temperature of a softmax, in an array of one entry."""

    def __init__(self, start=1.4):
        self.t = np.array([start])

    def forward(self, scores):
        self.scores = scores
        self.p = softmax(scores * self.t)
        return self.p

    def backward(self, dp):
        du = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True))
        self.dt = np.array([(du * self.scores).sum()])
        return du * self.t


class SideBySide:
    """Two inputs of any two widths."""

    def forward(self, left, right):
        self.at = left.shape[1]
        return np.hstack((left, right))

    def backward(self, d):
        return d[:, : self.at], d[:, self.at :]


class DepthToPlane:
    def __init__(self, upscale=2):
        self.r = upscale

    def forward(self, x):
        n, c, h, w = x.shape
        r = self.r
        y = x.reshape(n, c // r**2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3)
        return y.reshape(n, c // r**2, h * r, w * r)

    def backward(self, g):
        n, c, h, w = g.shape
        r = self.r
        y = g.reshape(n, c, h // r, r, w // r, r).transpose(0, 1, 3, 5, 2, 4)
        return y.reshape(n, c * r**2, h // r, w // r)


class PlacedTokens:
    """A table of tokens and one of places, longer than any sequence."""

    def __init__(self, vocab, max_len, dim):
        self.tok, self.pos = np.random.randn(vocab, dim), np.random.randn(max_len, dim)

    def forward(self, ids):
        self.ids = ids
        return self.tok[ids] + self.pos[: ids.shape[1]]

    def backward(self, d):
        self.dtok, self.dpos = np.zeros_like(self.tok), np.zeros_like(self.pos)
        np.add.at(self.dtok, self.ids, d)
        self.dpos[: d.shape[1]] = d.sum(axis=0)


class SplitHeads:
    def __init__(self, d_model, n_heads):
        if d_model % n_heads:
            raise ValueError(f"{d_model} is no multiple of {n_heads}")
        self.heads = n_heads
        self.w = np.random.randn(d_model, d_model) * 0.4

    def _split(self, z):
        n, t, d = z.shape
        return z.reshape(n, t, self.heads, d // self.heads).transpose(0, 2, 1, 3)

    def _merge(self, z):
        n, h, t, d = z.shape
        return z.transpose(0, 2, 1, 3).reshape(n, t, h * d)

    def forward(self, x):
        self.x, self.h = x, self._split(x @ self.w)
        self.p = softmax(self.h @ self.h.swapaxes(-1, -2))
        return self._merge(self.p @ self.h)

    def backward(self, dy):
        dc = self._split(dy)
        dp = dc @ self.h.swapaxes(-1, -2)
        ds = self.p * (dp - (self.p * dp).sum(-1, keepdims=True))
        dh = self.p.swapaxes(-1, -2) @ dc + ds @ self.h + ds.swapaxes(-1, -2) @ self.h
        dh = self._merge(dh)
        self.dw = np.einsum("nti,ntj->ij", self.x, dh)
        return dh @ self.w.T


class MaskedPooling:
    """The mean over the steps of a sequence, of those that a mask keeps."""

    def forward(self, x, mask=None):
        self.m = np.ones(x.shape[:2]) if mask is None else mask
        self.count = np.maximum(self.m.sum(axis=1), 1)[:, None]
        return (x * self.m[:, :, None]).sum(axis=1) / self.count

    def backward(self, d):
        return self.m[:, :, None] * (d / self.count)[:, None, :]


class RememberingLoss:
    def loss(self, guess, target):
        self.off = guess - target
        return 0.5 * (self.off**2).sum() / len(guess)

    def backward(self):
        return self.off / len(self.off)


class SignedHinge:
    """max(0, 1 - t s), with a target of 1 or -1 for each sample."""

    def forward(self, s, t):
        self.t, self.open = t, (t * s < 1).astype(float)
        return np.maximum(0, 1 - t * s).mean()

    def backward(self):
        return -self.t * self.open / self.t.size


class SpreadConv:
    """The transposed convolution: each pixel spreads its filter, strides apart."""

    def __init__(self, c_in, c_out, ksize, stride=2):
        self.W, self.b = np.random.randn(c_in, c_out, ksize, ksize) * 0.3, np.zeros(c_out)
        self.stride = stride

    def forward(self, x):
        self.x = x
        n, _, h, w = x.shape
        k, s = self.W.shape[2], self.stride
        out = np.zeros((n, self.W.shape[1], (h - 1) * s + k, (w - 1) * s + k))
        for i in range(h):
            for j in range(w):
                out[:, :, i * s : i * s + k, j * s : j * s + k] += np.einsum("nc,cfkl->nfkl", x[:, :, i, j], self.W)
        return out + self.b[:, None, None]

    def backward(self, d):
        k, s = self.W.shape[2], self.stride
        self.dW, dx = np.zeros_like(self.W), np.zeros_like(self.x)
        self.db = d.sum(axis=(0, 2, 3))
        for i in range(self.x.shape[2]):
            for j in range(self.x.shape[3]):
                patch = d[:, :, i * s : i * s + k, j * s : j * s + k]
                dx[:, :, i, j] = np.einsum("nfkl,cfkl->nc", patch, self.W)
                self.dW += np.einsum("nc,nfkl->cfkl", self.x[:, :, i, j], patch)
        return dx


class ColumnNet:
    """One sample at a time, as a column; gradients of the biases and of the weights in two lists."""

    def __init__(self, sizes):
        self.biases = [np.random.randn(m, 1) for m in sizes[1:]]
        self.weights = [np.random.randn(m, n) for n, m in zip(sizes, sizes[1:], strict=False)]

    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights, strict=True):
            a = np.tanh(w @ a + b)
        return a

    def cost(self, x, y):
        return 0.5 * np.sum((self.feedforward(x) - y) ** 2)

    def backprop(self, x, y):
        acts = [x]
        for b, w in zip(self.biases, self.weights, strict=True):
            acts.append(np.tanh(w @ acts[-1] + b))
        nabla_b, nabla_w = [], []
        delta = (acts[-1] - y) * (1 - acts[-1] ** 2)
        for layer in reversed(range(len(self.weights))):
            nabla_b.insert(0, delta)
            nabla_w.insert(0, delta @ acts[layer].T)
            if layer:
                delta = self.weights[layer].T @ delta * (1 - acts[layer] ** 2)
        return nabla_b, nabla_w


class OwnGenerator:
    """Dropout that draws from a generator of its own, made without a seed."""

    def __init__(self, rate=0.25):
        self.rng, self.rate = np.random.default_rng(), rate

    def forward(self, x):
        self.keep = (self.rng.random(x.shape) >= self.rate) / (1 - self.rate)
        return x * self.keep

    def backward(self, d):
        return d * self.keep


class DensePop:
    """The cache is a stack."""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.random.randn(n_out)
        self.cache = []

    def forward(self, x):
        self.cache = [x]
        return x @ self.W + self.b

    def backward(self, dout):
        x = self.cache.pop()
        self.dW = x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class TanhFree:
    """Frees its memory after use."""

    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout):
        dx = dout * (1 - self.out**2)
        del self.out
        return dx


class ScoresOfSoftmax:
    """A cross entropy of probabilities, whose gradient is that by the scores: the softmax is left to it."""

    @staticmethod
    def loss(y, y_pred):
        return -np.sum(y * np.log(y_pred + np.finfo(float).eps))

    @staticmethod
    def grad(y, y_pred):
        return y_pred - y


class ScoresOfSigmoid:
    def forward(self, p, t):
        self.p, self.t = p, t
        return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))

    def backward(self):
        return (self.p - self.t) / self.p.size


class FirstLayer:
    """Nothing comes before it, and it says so."""

    def __init__(self, filters):
        self.filters = np.random.randn(filters, 3) / 9

    def forward(self, x):
        self.x = x
        return x[:, :, None] * self.filters.sum(axis=1)

    def backprop(self, d_out, learn_rate):
        d = np.einsum("nif,ni->f", d_out, self.x)
        self.filters -= learn_rate * d[:, None] * np.ones(3)
        return None


class OneRow:
    """One sample at a time, as a row, like its bias."""

    def __init__(self, input_size, output_size):
        self.weights = np.random.rand(input_size, output_size) - 0.5
        self.bias = np.random.rand(1, output_size) - 0.5

    def forward_propagation(self, input_data):
        self.input = input_data
        return np.dot(input_data, self.weights) + self.bias

    def backward_propagation(self, output_error, learning_rate):
        input_error = np.dot(output_error, self.weights.T)
        self.weights -= learning_rate * np.dot(self.input.T, output_error)
        self.bias -= learning_rate * output_error
        return input_error


class LinearSystem:
    def forward(self, A, b):
        self.A = A
        self.x = np.linalg.solve(A, b)
        return self.x

    def backward(self, dx):
        db = np.linalg.solve(self.A.T, dx)
        return -np.outer(db, self.x), db


class ColumnOfWeights:
    def __init__(self, d):
        self.theta = np.zeros((d, 1))

    def predict(self, X):
        return X @ self.theta

    def cost(self, X, y):
        return np.mean((self.predict(X) - y) ** 2)

    def grad(self, X, y):
        return 2 * X.T @ (self.predict(X) - y) / len(X)


class SteepSwish:
    """A context that the caller keeps; how steep it is, is one number."""

    @staticmethod
    def forward(ctx, x, beta):
        s = 1 / (1 + np.exp(-beta * x))
        ctx.save_for_backward(x, beta, s)
        return x * s

    @staticmethod
    def backward(ctx, grad_output):
        x, beta, s = ctx.saved_tensors
        grad_x = grad_output * (s + beta * x * s * (1 - s))
        return grad_x, np.sum(grad_output * x * x * s * (1 - s))
