"""Normalisations, each with one fault; FAULTS says which."""

# ruff: noqa: NPY002  (this is how they are written)

import numpy as np


class BatchNorm:
    """Step by step, as in the chain of nodes; training only."""

    def __init__(self, gamma, beta, eps=1e-5):
        self.gamma, self.beta, self.eps = gamma, beta, eps
        self.dgamma = None
        self.dbeta = None

    def forward(self, x):
        self.xc = x - x.mean(axis=0)
        self.std = np.sqrt(np.mean(self.xc**2, axis=0) + self.eps)
        self.xn = self.xc / self.std
        return self.gamma * self.xn + self.beta

    def backward(self, dout):
        n = dout.shape[0]
        self.dbeta = dout.sum(axis=0)
        self.dgamma = np.sum(self.xn * dout, axis=0)
        dxn = self.gamma * dout
        dxc = dxn / self.std
        dstd = -np.sum(dxn * self.xc / self.std**2, axis=0)
        dvar = 0.5 * dstd / self.std
        dxc += 2.0 / n * self.xc * dvar
        return dxc


class BatchNormalization:
    """With running statistics and a training flag."""

    def __init__(self, n_features, momentum=0.9):
        self.gamma = np.random.uniform(0.5, 1.5, n_features)
        self.beta = np.random.randn(n_features)
        self.momentum = momentum
        self.running_mean = np.zeros(n_features)
        self.running_var = np.ones(n_features)
        self.dgamma = np.zeros(n_features)
        self.dbeta = np.zeros(n_features)

    def forward(self, x, train_flg=True):
        self.train_flg = train_flg
        if train_flg:
            mu, var = x.mean(axis=0), x.var(axis=0)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mu
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        else:
            mu, var = self.running_mean, self.running_var
        self.istd = 1 / np.sqrt(var + 1e-5)
        self.xhat = (x - mu) * self.istd
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        self.dbeta = dout.sum(axis=0)
        self.dgamma = (dout * self.xhat).sum(axis=0)
        dxhat = dout * self.gamma
        return self.istd * (dxhat - dxhat.mean(axis=0) - self.xhat * (dxhat * self.xhat).mean(axis=0))


class BatchNorm1d:
    """Gamma is a row."""

    def __init__(self, dim, eps=1e-5):
        self.weight = np.random.uniform(0.5, 1.5, (1, dim))
        self.bias = np.random.randn(1, dim)
        self.eps = eps

    def forward(self, x):
        self.ivar = 1 / np.sqrt(x.var(axis=0, keepdims=True) + self.eps)
        self.xhat = (x - x.mean(axis=0, keepdims=True)) * self.ivar
        return self.xhat * self.weight + self.bias

    def backward(self, grad):
        m = grad.shape[0]
        self.dweight = np.sum(grad * self.xhat, axis=0, keepdims=True)
        self.dbias = np.sum(grad, axis=0, keepdims=True)
        return self.ivar / m * (m * grad - grad.sum(axis=0) - self.xhat * np.sum(grad * self.xhat, axis=0))


class BatchNormOut:
    """Keeps its output only, and gets the normalised input back from it."""

    def __init__(self, gamma, beta):
        self.params = {"gamma": gamma, "beta": beta}
        self.grads = {"gamma": None, "beta": None}

    def forward(self, x):
        self.istd = 1 / np.sqrt(x.var(axis=0) + 1e-5)
        self.out = self.params["gamma"] * (x - x.mean(axis=0)) * self.istd + self.params["beta"]
        return self.out

    def backward(self, dout):
        gamma, beta = self.params["gamma"], self.params["beta"]
        self.grads["gamma"] = np.sum(dout * self.out / gamma, axis=0)
        self.grads["beta"] = dout.sum(axis=0)
        xhat = (self.out - beta) / gamma
        d = dout * gamma
        return self.istd * (d - d.mean(axis=0) - xhat * (d * xhat).mean(axis=0))


class LayerNorm:
    def __init__(self, dim, eps=1e-5):
        self.gamma = np.random.uniform(0.5, 1.5, dim)
        self.beta = np.random.randn(dim)
        self.eps = eps
        self.dgamma = np.zeros(dim)
        self.dbeta = np.zeros(dim)

    def forward(self, x):
        mu = x.mean(axis=-1, keepdims=True)
        self.istd = 1 / np.sqrt(x.var(axis=-1, keepdims=True) + self.eps)
        self.xhat = (x - mu) * self.istd
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        axes = tuple(range(dout.ndim - 1))
        self.dgamma = (dout * self.xhat).sum(axis=axes)
        self.dbeta = dout.sum(axis=axes)
        d = dout * self.gamma
        return self.istd * (
            d - d.mean(axis=0, keepdims=True) - self.xhat * (d * self.xhat).mean(axis=-1, keepdims=True)
        )


class LayerNormalization:
    """Different paths for the mean and the variance."""

    def __init__(self, gamma, beta):
        self.gamma, self.beta = gamma, beta

    def forward(self, x):
        self.x = x
        self.mu = x.mean(axis=1, keepdims=True)
        self.var = ((x - self.mu) ** 2).mean(axis=1, keepdims=True) + 1e-3
        return self.gamma * (x - self.mu) / np.sqrt(self.var) + self.beta

    def backward(self, dout):
        d = self.x.shape[1]
        xc, std = self.x - self.mu, np.sqrt(self.var)
        self.dgamma = np.sum(dout * xc / std, axis=0)
        self.dbeta = np.sum(dout, axis=0)
        g = dout * self.gamma
        dvar = np.sum(g * xc, axis=1, keepdims=True) * 0.5 * self.var**-1.5
        dmu = -np.sum(g, axis=1, keepdims=True) / std
        return g / std + dvar * 2 * xc / d + dmu / d


class RMSNorm:
    def __init__(self, scale):
        self.scale = scale
        self.dscale = None

    def forward(self, x):
        self.x = x
        self.rms = np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-6)
        return self.scale * x / self.rms

    def backward(self, dout):
        self.dscale = np.sum(dout * self.x / self.rms, axis=0)
        return dout * self.scale / self.rms


class RootMeanSquareNorm:
    """Sequences (N, T, D)."""

    def __init__(self, dim):
        self.params = [np.random.uniform(0.5, 1.5, dim)]
        self.grads = [np.zeros(dim)]

    def forward(self, x):
        (g,) = self.params
        self.r = 1 / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-6)
        self.u = x * self.r
        return g * self.u

    def backward(self, dout):
        (g,) = self.params
        self.grads[0][...] = (dout * self.u).sum(axis=(0, 1))
        d = dout * g
        return self.r * (d - self.u * (d * self.u).sum(axis=-1, keepdims=True) / self.u.shape[1])


class InstanceNorm:
    """NCHW, without parameters."""

    def forward(self, x):
        mu = x.mean(axis=(2, 3), keepdims=True)
        self.istd = 1 / np.sqrt(x.var(axis=(2, 3), keepdims=True) + 1e-5)
        self.y = (x - mu) * self.istd
        return self.y

    def backward(self, dy):
        h = dy.shape[2]
        m = h * h
        s1 = dy.sum(axis=(2, 3), keepdims=True) / m
        s2 = (dy * self.y).sum(axis=(2, 3), keepdims=True) / m
        return self.istd * (dy - s1 - self.y * s2)


class GroupNorm:
    """NCHW; gamma and beta a channel."""

    def __init__(self, channels, groups=2):
        self.groups = groups
        self.gamma = np.random.uniform(0.5, 1.5, channels)
        self.beta = np.random.randn(channels)
        self.dgamma, self.dbeta = np.zeros(channels), np.zeros(channels)

    def forward(self, x):
        n, c = x.shape[:2]
        g = x.reshape(n, self.groups, -1)
        self.istd = 1 / np.sqrt(g.var(axis=2, keepdims=True) + 1e-5)
        self.ghat = (g - g.mean(axis=2, keepdims=True)) * self.istd
        self.xhat = self.ghat.reshape(x.shape)
        return self.xhat * self.gamma.reshape(1, c, 1, 1) + self.beta.reshape(1, c, 1, 1)

    def backward(self, dout):
        self.dgamma = (dout * self.xhat).sum(axis=(0, 2, 3))
        self.dbeta = dout.sum(axis=(0, 2, 3))
        d = dout.reshape(self.ghat.shape)
        dg = self.istd * (d - d.mean(axis=2, keepdims=True) - self.ghat * (d * self.ghat).mean(axis=2, keepdims=True))
        return dg.reshape(dout.shape)


class SpatialBatchNorm:
    """NCHW, one mean and one variance a channel."""

    def __init__(self, gamma, beta):
        self.gamma, self.beta = gamma, beta
        self.dgamma, self.dbeta = None, None

    def forward(self, x):
        self.istd = 1 / np.sqrt(x.var(axis=(0, 2, 3), keepdims=True) + 1e-5)
        self.xhat = (x - x.mean(axis=(0, 2, 3), keepdims=True)) * self.istd
        return self.xhat * self.gamma[:, None, None] + self.beta[:, None, None]

    def backward(self, dout):
        n = dout.shape[0]
        self.dgamma = np.einsum("nchw,nchw->c", dout, self.xhat)
        self.dbeta = np.einsum("nchw->c", dout)
        d = dout * self.gamma[:, None, None]
        s1 = d.sum(axis=(0, 2, 3), keepdims=True)
        s2 = (d * self.xhat).sum(axis=(0, 2, 3), keepdims=True)
        return self.istd * (d - s1 / n - self.xhat * s2 / n)


class L2Normalize:
    """Rows of length one."""

    def forward(self, x):
        self.norm = np.sqrt(np.sum(x**2, axis=1, keepdims=True)) + 1e-12
        self.y = x / self.norm
        return self.y

    def backward(self, dout):
        return dout / self.norm


class Standardize:
    """A sample without its mean, over its standard deviation."""

    def forward(self, x):
        self.eps = 1e-2
        self.xc = x - x.mean(axis=1, keepdims=True)
        self.var = np.mean(self.xc**2, axis=1, keepdims=True)
        return self.xc / np.sqrt(self.var + self.eps)

    def backward(self, dout):
        istd = 1 / np.sqrt(self.var + 1e-5)
        xhat = self.xc * istd
        return istd * (dout - dout.mean(axis=1, keepdims=True) - xhat * (dout * xhat).mean(axis=1, keepdims=True))


class Center:
    def forward(self, x):
        return x - x.mean(axis=0)

    def backward(self, dout):
        return dout - dout.mean(axis=1, keepdims=True)


class MinMaxScale:
    """Every column onto [0, 1]."""

    def forward(self, x):
        self.lo, self.hi = x.argmin(axis=0), x.argmax(axis=0)
        self.cols = np.arange(x.shape[1])
        self.span = x[self.hi, self.cols] - x[self.lo, self.cols] + 1e-8
        self.y = (x - x[self.lo, self.cols]) / self.span
        return self.y

    def backward(self, dout):
        dx = dout / self.span
        dspan = -(dout * self.y).sum(axis=0) / self.span
        dx[self.hi, self.cols] += dspan
        dx[self.lo, self.cols] -= dspan
        return dx


FAULTS = {
    "BatchNorm": "missing-term: the mean's path, x",
    "BatchNormalization": "wrong in eval mode only: the batch's terms, x",
    "BatchNorm1d": "missing-factor: gamma (weight) forgotten, x",
    "BatchNormOut": "extra-term: beta not taken off the output (right where beta is zero), gamma",
    "LayerNorm": "over the wrong axis: the mean's term, x",
    "LayerNormalization": "sign of the variance's term, x",
    "RMSNorm": "missing-term: the norm's path, x",
    "RootMeanSquareNorm": "factor in one term: divided by T instead of D, x",
    "InstanceNorm": "factor: h * h for h * w, wrong on non-square images, x",
    "GroupNorm": "missing-factor: gamma forgotten, x",
    "SpatialBatchNorm": "factor in two terms: divided by n instead of n * h * w, x",
    "L2Normalize": "missing-term: the norm's path, x",
    "Standardize": "inconsistent-forward: another epsilon in backward, x",
    "Center": "over the wrong axis: x",
    "MinMaxScale": "missing-term: the minimum's own path, x",
}
