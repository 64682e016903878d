"""Layers whose one fault does not show in the plainest use; FAULTS says which."""

import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class SoftplusDense:
    """Right for the default option."""

    def __init__(self, units_in, units_out, squash="tanh"):
        self.W = np.random.randn(units_in, units_out) * 0.3
        self.b = np.zeros((1, units_out))
        self.squash = squash

    def forward(self, a_prev):
        self.a_prev = a_prev
        self.z = a_prev @ self.W + self.b
        return np.logaddexp(0, self.z) if self.squash == "softplus" else np.tanh(self.z)

    def backward(self, da):
        if self.squash == "softplus":
            da = da * 0.5 * (1 + np.tanh(self.z))
        else:
            da = da * (1 - np.tanh(self.z) ** 2)
        self.dW = self.a_prev.T @ da
        self.db = da.sum(axis=0, keepdims=True)
        return da @ self.W.T


class ShortDicts:
    def __init__(self, width):
        self.p = {"gain": np.random.uniform(0.5, 1.5, width)}
        self.g = {"gain": np.zeros(width)}

    def forward(self, x):
        self.x = x
        return x * self.p["gain"]

    def backward(self, dy):
        self.g["gain"] = dy.sum(axis=0)
        return dy * self.p["gain"]


class OneNumber:
    def __init__(self, start=1.4):
        self.t = np.array([start])

    def forward(self, scores):
        self.scores = scores
        self.p = softmax(scores * self.t)
        return self.p

    def backward(self, dp):
        du = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True))
        self.dt = np.array([-(du * self.scores).sum()])
        return du * self.t


class SideBySide:
    def forward(self, left, right):
        return np.hstack((left, right))

    def backward(self, d):
        half = d.shape[1] // 2
        return d[:, :half], d[:, half:]


class SplitHeads:
    """Right for one head."""

    def __init__(self, d_model, n_heads):
        if d_model % n_heads:
            raise ValueError(f"{d_model} is no multiple of {n_heads}")
        self.heads = n_heads
        self.w = np.random.randn(d_model, d_model) * 0.4

    def _split(self, z):
        n, t, d = z.shape
        return z.reshape(n, t, self.heads, d // self.heads).transpose(0, 2, 1, 3)

    def forward(self, x):
        self.x, self.h = x, self._split(x @ self.w)
        return np.tanh(self.h).transpose(0, 2, 1, 3).reshape(x.shape)

    def backward(self, dy):
        dh = self._split(dy) * (1 - np.tanh(self.h) ** 2)
        dh = dh.reshape(dy.shape)
        self.dw = np.einsum("nti,ntj->ij", self.x, dh)
        return dh @ self.w.T


class MaskedPooling:
    """Right without a mask."""

    def forward(self, x, mask=None):
        self.m = np.ones(x.shape[:2]) if mask is None else mask
        self.count = np.maximum(self.m.sum(axis=1), 1)[:, None]
        return (x * self.m[:, :, None]).sum(axis=1) / self.count

    def backward(self, d):
        return np.ones_like(self.m)[:, :, None] * (d / self.count)[:, None, :]


class RememberingLoss:
    def loss(self, guess, target):
        self.off = guess - target
        return 0.5 * (self.off**2).sum() / len(guess)

    def backward(self):
        return self.off


class PositivesLoss:
    """Right for targets other than 1."""

    def __init__(self, weight=3.0):
        self.weight = weight

    def forward(self, score, target):
        self.off = score - target
        self.w = np.where(target == 1, self.weight, 1.0)
        return (self.w * self.off**2).sum()

    def backward(self):
        return 2 * self.off


class SignedHinge:
    """Right for targets of 1, and where all are on the same side."""

    def forward(self, s, t):
        self.t, self.open = t, (t * s < 1).astype(float)
        return np.maximum(0, 1 - t * s).mean()

    def backward(self):
        return -np.sign(self.t.sum()) * np.abs(self.t) * self.open / self.t.size


class BareOption:
    """Right with the bias that it has by default."""

    def __init__(self, n_in, n_out, use_bias=True):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.random.randn(n_out) if use_bias else 0.0
        self.use_bias = use_bias

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, d):
        self.dW = self.x.T @ d
        self.db = d.sum(axis=0)
        return d @ self.W.T if self.use_bias else d @ self.W.T * 2


class Wave:
    """Right for the first of its kinds."""

    def __init__(self, kind):
        self.kind = kind

    def forward(self, x):
        self.x = x
        return np.sin(x) if self.kind == "sine" else np.cos(x) if self.kind == "cosine" else x

    def backward(self, d):
        return d * (np.cos(self.x) if self.kind == "sine" else np.sin(self.x) if self.kind == "cosine" else 1)


def dense_activation_forward(x, W, b, activation):
    z = x @ W + b
    out = np.tanh(z) if activation == "tanh" else np.logaddexp(0, z) if activation == "softplus" else z
    return out, (x, W, z)


def dense_activation_backward(dout, cache, activation):
    x, W, z = cache
    if activation == "tanh":
        dout = dout * (1 - np.tanh(z) ** 2)
    elif activation == "softplus":
        dout = dout * 0.5 * (1 + np.tanh(z))
    return dout @ W.T, x.T @ dout, dout.sum(axis=0)


FAULTS = {
    "SoftplusDense": "wrong-values: the derivative of another function, with squash='softplus' alone",
    "ShortDicts": "missing-factor: the input forgotten in the gradient of gain, which lies in g beside p",
    "OneNumber": "sign: of the gradient of t, an array of one entry",
    "SideBySide": "wrong-shape: split in the middle, whatever the widths",
    "SplitHeads": "permuted: the heads not put back behind the steps, with two heads and more",
    "MaskedPooling": "wrong-values: the mask forgotten, where one is given",
    "RememberingLoss": "factor: 1 / n missing, guess",
    "PositivesLoss": "missing-factor: the weight of targets that are 1",
    "SignedHinge": "wrong-values: one sign for the whole batch",
    "Wave": "sign: of the sine, with kind='cosine' alone",
    "dense_activation_forward": "wrong-values: the derivative of another function, with activation='softplus' alone",
    "BareOption": "factor: 2, with use_bias=False alone",
}
