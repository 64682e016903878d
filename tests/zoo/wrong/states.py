"""Layers with one fault in what they keep between the calls; FAULTS says which."""

# ruff: noqa: NPY002, B006, RUF012  (this is how they are written)

import numpy as np


class DenseOnce:
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.x = None
        self.dW, self.db = None, None

    def forward(self, x):
        if self.x is None:
            self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class ReluMask:
    """The mask is made when the shape changes."""

    def __init__(self):
        self.mask = None

    def forward(self, x):
        if self.mask is None or self.mask.shape != x.shape:
            self.mask = x > 0
        return np.maximum(x, 0)

    def backward(self, dout):
        return dout * self.mask


class TanhHistory:
    def __init__(self):
        self.outputs = []

    def forward(self, x):
        y = np.tanh(x)
        self.outputs.append(y)
        return y

    def backward(self, dout):
        return dout * (1 - self.outputs[0] ** 2)


class SigmoidLagged:
    """Keeps two outputs, the last and the one before."""

    def __init__(self):
        self.y = None
        self.before = None

    def forward(self, x):
        y = 0.5 * (1 + np.tanh(0.5 * x))
        self.before = y if self.y is None else self.y
        self.y = y
        return y

    def backward(self, dout):
        return dout * self.before * (1 - self.before)


class Dropout:
    def __init__(self, p=0.5):
        self.p = p

    def forward(self, x):
        mask = np.random.rand(*x.shape) > self.p
        return x * mask / (1 - self.p)

    def backward(self, dout):
        mask = np.random.rand(*dout.shape) > self.p
        return dout * mask / (1 - self.p)


class DropoutLayer:
    """Inverted; the identity outside training."""

    def __init__(self, rate=0.4, seed=0):
        self.rate = rate
        self.rng = np.random.default_rng(seed)

    def forward(self, x, training=True):
        if not training:
            self.mask = np.ones_like(x)
            return x.copy()
        self.mask = (self.rng.random(x.shape) >= self.rate) / (1 - self.rate)
        return x * self.mask

    def backward(self, dout):
        return dout * (self.mask > 0)


class DropoutFlag:
    """Scaled when not training, not before."""

    def __init__(self, dropout_ratio=0.3):
        self.dropout_ratio = dropout_ratio
        self.mask = 1.0
        self.train_flg = True

    def forward(self, x, train_flg=True):
        self.train_flg = train_flg
        if train_flg:
            self.mask = np.random.rand(*x.shape) > self.dropout_ratio
            return x * self.mask
        return x * (1.0 - self.dropout_ratio)

    def backward(self, dout):
        if self.train_flg:
            return dout * self.mask
        return dout.copy()


class FeatureDropout:
    """Whole features."""

    def __init__(self, n_features, keep=0.6):
        self.keep = keep
        self.n_features = n_features
        self.mask = np.random.rand(n_features) < keep

    def forward(self, x):
        mask = np.random.rand(self.n_features) < self.keep
        return x * mask / self.keep

    def backward(self, dout):
        return dout * self.mask / self.keep


class GaussianScale:
    """Multiplicative noise."""

    def __init__(self, sigma=0.3):
        self.sigma = sigma

    def forward(self, x):
        self.shape = x.shape
        return x * (1 + self.sigma * np.random.randn(*x.shape))

    def backward(self, dout):
        return dout * (1 + self.sigma * np.random.randn(*self.shape))


class RandomReLU:
    """The slope below zero is drawn."""

    def __init__(self, low=0.1, high=0.4):
        self.low, self.high = low, high

    def forward(self, x, train=True):
        slope = np.random.uniform(self.low, self.high, x.shape) if train else (self.low + self.high) / 2
        self.neg = x < 0
        return np.where(self.neg, slope * x, x)

    def backward(self, dout):
        return np.where(self.neg, (self.low + self.high) / 2 * dout, dout)


class FlattenDense:
    """The weights are made for the first images that come."""

    def __init__(self, n_out=3):
        self.n_out = n_out
        self.W = None
        self.shape = None

    def forward(self, x):
        if self.shape is None:
            self.shape = x.shape
        flat = x.reshape(len(x), -1)
        if self.W is None:
            self.W = np.random.randn(flat.shape[1], self.n_out)
        self.flat = flat
        return flat @ self.W

    def backward(self, dout):
        self.dW = self.flat.T @ dout
        return (dout @ self.W.T).reshape(self.shape)


class SharedCacheScale:
    def __init__(self, gamma, cache={}):
        self.gamma = gamma
        self.dgamma = None
        self.cache = cache

    def forward(self, x):
        self.cache["x"] = x
        return x * self.gamma

    def backward(self, dout):
        self.dgamma = (dout * self.cache["x"]).sum(axis=0)
        return dout * self.gamma


class DenseGrads:
    """The gradients are collected in a dict."""

    def __init__(self, n_in, n_out):
        self.params = {"W": np.random.randn(n_in, n_out), "b": np.random.randn(n_out)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.grads.setdefault("W", self.x.T @ dout)
        self.grads["b"] = dout.sum(axis=0)
        return dout @ self.params["W"].T


class SquareShift:
    _cache = {}

    def __init__(self, shift):
        self.shift = shift
        self.dshift = None

    def forward(self, x):
        self._cache["z"] = x + self.shift
        return self._cache["z"] ** 2

    def backward(self, dout):
        dz = 2 * self._cache["z"] * dout
        self.dshift = dz.sum(axis=0)
        return dz


class InPlaceScale:
    def __init__(self, gamma):
        self.gamma = gamma
        self.dgamma = np.zeros_like(gamma)

    def forward(self, x):
        out = x.copy()
        self.x = out
        out *= self.gamma
        return out

    def backward(self, dout):
        self.dgamma = (dout * self.x).sum(axis=0)
        return dout * self.gamma


class Cube:
    """Powers kept for later."""

    def forward(self, x):
        self.x = x.copy()
        self.x2 = self.x
        self.x2 *= self.x
        return x * self.x2

    def backward(self, dout):
        return dout * 3 * self.x**2


class MovingCenter:
    """Takes off a running mean outside training."""

    def __init__(self, dim, rate=0.1):
        self.rate = rate
        self.mean = np.zeros(dim)

    def forward(self, x, training=True):
        self.n = len(x)
        if training:
            mu = x.mean(axis=0)
            self.mean = (1 - self.rate) * self.mean + self.rate * mu
            return x - mu
        return x - self.mean

    def backward(self, dout, training=True):
        if training:
            return dout - dout.sum(axis=0) / self.n
        return dout - self.rate * dout.mean(axis=0)


FAULTS = {
    "DenseOnce": "stale-cache: keeps the first x, W",
    "ReluMask": "stale-cache: the mask of the first input of a shape, x",
    "TanhHistory": "stale-cache: the first output, x",
    "SigmoidLagged": "stale-cache: the output before the last, x",
    "Dropout": "nondeterministic: backward draws a mask of its own, x",
    "DropoutLayer": "factor: 1 / (1 - rate) forgotten, x",
    "DropoutFlag": "wrong in eval mode only: the scale forgotten, x",
    "FeatureDropout": "stale-cache: backward uses the mask drawn in __init__, x",
    "GaussianScale": "nondeterministic: backward draws noise of its own, x",
    "RandomReLU": "branch: the mean slope instead of the one drawn, where x < 0 (right in eval mode), x",
    "FlattenDense": "raises / stale-cache: keeps the first shape, raises at another batch size, x",
    "SharedCacheScale": "stale-cache: a mutable default shared between objects, gamma",
    "DenseGrads": "stale-cache: setdefault keeps the first backward's gradient, W",
    "SquareShift": "stale-cache: a class attribute shared between objects, x and shift",
    "InPlaceScale": "wrong-values: the cache is scaled in place, gamma",
    "Cube": "wrong-values: the cache is squared in place, x",
    "MovingCenter": "extra-term in eval mode only: x",
}
