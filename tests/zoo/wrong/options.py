"""Layers that are right at their defaults, and wrong or refused at another option; FAULTS says which."""

import numpy as np


def grouped_norm_forward(x, gamma, beta, G=1, eps=1e-5):
    n, c, h, w = x.shape
    if c % G:
        raise ValueError("the groups have to divide the channels")
    g = x.reshape(n, G, -1)
    inv = 1 / np.sqrt(g.var(axis=2, keepdims=True) + eps)
    hat = ((g - g.mean(axis=2, keepdims=True)) * inv).reshape(x.shape)
    return gamma.reshape(1, c, 1, 1) * hat + beta.reshape(1, c, 1, 1), (hat, inv, gamma, G)


def grouped_norm_backward(dout, cache):
    hat, inv, gamma, G = cache
    n, c, h, w = dout.shape
    d = (dout * gamma.reshape(1, c, 1, 1)).reshape(n, G, -1)
    k = hat.reshape(n, G, -1)
    m = c * h * w
    dx = inv / m * (m * d - d.sum(2, keepdims=True) - k * (d * k).sum(2, keepdims=True))
    return dx.reshape(dout.shape), (dout * hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


def lagged_forward(x, w, lag=2):
    y = w * x
    y[:, lag:] += x[:, : x.shape[1] - lag]
    return y, (x, w, lag)


def lagged_backward(dy, cache):
    x, w, _ = cache
    dx = w * dy
    dx[:, : dy.shape[1] - 2] += dy[:, 2:]
    return dx, np.sum(dy * x, axis=0)


def stretched_forward(x, factor=2):
    return np.repeat(x, factor, axis=1), x.shape


def stretched_backward(dout, shape, factor=2):
    return dout.reshape(shape[0], -1, 2)[:, : shape[1]].sum(axis=2)


def tilted_forward(x, slope=0.1):
    return np.where(x > 0, x, slope * x), x


def tilted_backward(dout, x, slope=0.1):
    return dout * np.where(x > 0, 1, 0.1)


def bounded_loss(pred, target, delta=1.0):
    r = pred - target
    loss = np.where(np.abs(r) <= delta, 0.5 * r**2, delta * (np.abs(r) - 0.5 * delta)).sum()
    grad = np.clip(r, -1, 1)
    return loss, grad


def mixed_forward(x, y, weighting="even"):
    share = 0.8 if weighting == "first" else 0.5 if weighting == "even" else 0.2
    return share * x + (1 - share) * y, share


def mixed_backward(dout, share):
    return share * dout, share * dout


class Border:
    """Cuts as much off as the default border is wide."""

    def __init__(self, pad=1):
        self.pad = pad

    def forward(self, x):
        return 2.0 * np.pad(x, ((0, 0), (0, 0), (self.pad, self.pad), (self.pad, self.pad)))

    def backward(self, dy):
        return 2.0 * dy[:, :, 1:-1, 1:-1] if self.pad else 2.0 * dy


class Smoother:
    """Steps, as it is padded: backward knows of a padding of one, and does not run at another."""

    def __init__(self, channels, k=3, pad=1):
        self.k, self.pad = k, pad
        self.w = np.random.randn(k, channels)

    def forward(self, x):
        n, t, c = x.shape
        self.xp = np.pad(x, ((0, 0), (self.pad, self.pad), (0, 0)))
        self.shape = x.shape
        steps = t + 2 * self.pad - self.k + 1
        return sum(self.xp[:, i:i + steps] * self.w[i] for i in range(self.k))

    def backward(self, dy):
        n, t, c = self.shape
        dxp = np.zeros((n, t + 2, c))
        self.dw = np.zeros_like(self.w)
        for i in range(self.k):
            dxp[:, i:i + dy.shape[1]] += dy * self.w[i]
            self.dw[i] = (dy * self.xp[:, i:i + dy.shape[1]]).sum(axis=(0, 1))
        return dxp[:, 1:-1]


class HeadScores:
    """Two heads, whatever their number."""

    def __init__(self, heads=2):
        self.heads = heads

    def forward(self, q, k):
        n, s, d = q.shape
        self.width = d // self.heads
        self.q, self.k = (a.reshape(n, s, self.heads, self.width) for a in (q, k))
        return np.einsum("nshd,nthd->nhst", self.q, self.k) / np.sqrt(self.width)

    def backward(self, dy):
        n, s = self.q.shape[:2]
        scale = np.sqrt(self.heads * self.width / 2)
        dq = np.einsum("nhst,nthd->nshd", dy, self.k) / scale
        dk = np.einsum("nhst,nshd->nthd", dy, self.q) / scale
        return dq.reshape(n, s, -1), dk.reshape(n, s, -1)


class Exponential:
    """ELU with its alpha forgotten in backward."""

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def backward(self, dy):
        return dy * np.where(self.x > 0, 1, np.exp(np.minimum(self.x, 0)))


class SoftmaxAlong:
    def __init__(self, axis=-1):
        self.axis = axis

    def forward(self, x):
        e = np.exp(x - x.max(axis=self.axis, keepdims=True))
        self.y = e / e.sum(axis=self.axis, keepdims=True)
        return self.y

    def backward(self, dy):
        return self.y * (dy - (dy * self.y).sum(axis=-1, keepdims=True))


class PowerMean:
    def __init__(self, p=2):
        self.p = p

    def forward(self, x):
        self.x = x
        return (np.abs(x) ** self.p).mean(axis=1)

    def backward(self, dy):
        return dy[:, None] * 2 * self.x / self.x.shape[1]


class Leaky:
    """An activation object, whose derivative the caller multiplies."""

    def __init__(self, slope=0.01):
        self.slope = slope

    def __call__(self, x):
        return np.where(x > 0, x, self.slope * x)

    def gradient(self, x):
        return np.where(x > 0, 1, 0.01)


class Windows:
    """Windows side by side, whose number backward takes for two."""

    def __init__(self, size=2):
        self.size = size

    def forward(self, x):
        if x.shape[1] % self.size:
            raise ValueError("the windows have to divide the length")
        self.shape = x.shape
        return x.reshape(x.shape[0], -1, self.size).mean(axis=2)

    def backward(self, dy):
        return np.repeat(dy, self.size, axis=1) / 2


class NormOfRank:
    """A mean for the sum of images, which the constructor is told of."""

    def __init__(self, num_features, num_dims):
        self.axes = 0 if num_dims == 2 else (0, 2, 3)
        shape = (1, num_features) if num_dims == 2 else (1, num_features, 1, 1)
        self.gamma, self.beta = np.ones(shape), np.zeros(shape)

    def forward(self, X):
        mean = X.mean(axis=self.axes, keepdims=True)
        self.inv = 1 / np.sqrt(X.var(axis=self.axes, keepdims=True) + 1e-5)
        self.hat = (X - mean) * self.inv
        return self.gamma * self.hat + self.beta

    def backward(self, dY):
        self.dgamma = (dY * self.hat).sum(axis=self.axes, keepdims=True)
        self.dbeta = (dY.sum if dY.ndim == 2 else dY.mean)(axis=self.axes, keepdims=True)
        g = dY * self.gamma
        centred = g - g.mean(axis=self.axes, keepdims=True)
        return self.inv * (centred - self.hat * (g * self.hat).mean(axis=self.axes, keepdims=True))


FAULTS = {
    "grouped_norm_forward": "wrong-values: the size of one group alone, with G=2",
    "lagged_forward": "wrong-values: a lag of two, whatever it is told",
    "stretched_forward": "wrong-values or raises: a factor of two in backward",
    "tilted_forward": "wrong-values: the default slope in backward, which is told another",
    "bounded_loss": "wrong-values: clipped at one, with delta=0.7",
    "mixed_forward": "wrong-values: of y the share of x, with another weighting",
    "Border": "wrong-shape: cut by one, with pad=2",
    "Smoother": "wrong-shape or raises: padded by one in backward, with pad=2",
    "HeadScores": "factor: two heads in the scale, with heads=1 or 3",
    "Exponential": "missing-factor: alpha",
    "SoftmaxAlong": "over-summed: along the last axis, with axis=0",
    "PowerMean": "wrong-values: the derivative of the square, with p=3",
    "Leaky": "wrong-values: a slope of 0.01, with another",
    "NormOfRank": "factor: beta, with num_dims=4",
    "Windows": "factor: windows of two, with size=3",
}
