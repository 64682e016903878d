# Style: everything defaults; some options change no forward, some switch a derivative off or pass it straight through.
import numpy as np


class Equilibrium:
    """z = tanh(0.3 z + x), iterated until it stands; backward by the implicit function theorem."""

    def __init__(self, n_iter=80, tol=1e-14):
        self.n_iter, self.tol = n_iter, tol

    def forward(self, x):
        z = np.zeros_like(x)
        for _ in range(self.n_iter):
            z = np.tanh(0.3 * z + x)
        self.z = z
        return z

    def backward(self, dz):
        slope = 1 - self.z**2
        return dz * slope / (1 - 0.3 * slope)


class ClippedUpstream:
    """The threshold is backward's alone."""

    def __init__(self, n_in, n_out, max_grad=50.0, lr=0.01, weight_decay=0.0):
        self.W = np.random.randn(n_in, n_out)
        self.max_grad, self.lr, self.weight_decay = max_grad, lr, weight_decay

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        dy = np.clip(dy, -self.max_grad, self.max_grad)
        self.dW = self.x.T @ dy + self.weight_decay * self.W
        return dy @ self.W.T


class BinaryDense:
    """Straight through the sign, where it is asked for."""

    def __init__(self, n_in, n_out, binary=False):
        self.W = np.random.randn(n_in, n_out)
        self.binary = binary

    def forward(self, x):
        self.x = x
        self.used = np.sign(self.W) if self.binary else self.W
        return x @ self.used

    def backward(self, dy):
        self.dW = self.x.T @ dy
        return dy @ self.used.T


class Rounded:
    """Straight through a quantizer of so many bits; none for 0."""

    def __init__(self, bits=0):
        self.bits = bits

    def forward(self, x):
        if not self.bits:
            return 2.0 * x
        levels = 2**self.bits
        return 2.0 * np.round(x * levels) / levels

    def backward(self, dy):
        return 2.0 * dy


class GumbelSoftmax:
    def __init__(self, tau=1.0, hard=False):
        self.tau, self.hard = tau, hard

    def forward(self, logits):
        z = logits / self.tau
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        self.soft = e / e.sum(axis=-1, keepdims=True)
        if self.hard:
            return (self.soft == self.soft.max(axis=-1, keepdims=True)).astype(float)
        return self.soft

    def backward(self, dy):
        s = self.soft
        return s * (dy - (dy * s).sum(axis=-1, keepdims=True)) / self.tau


class SquaredError:
    """Without a reduction it is no loss, and backward has nothing to start from."""

    def __init__(self, reduction="mean"):
        self.reduction = reduction

    def forward(self, y, t):
        self.d = y - t
        square = self.d**2
        if self.reduction == "none":
            return square
        return square.sum() if self.reduction == "sum" else square.mean()

    def backward(self):
        return 2 * self.d if self.reduction == "sum" else 2 * self.d / self.d.size


class FrozenDense:
    def __init__(self, n_in, n_out, trainable=True):
        self.W = np.random.randn(n_in, n_out)
        self.trainable = trainable

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        self.dW = self.x.T @ dy if self.trainable else np.zeros_like(self.W)
        return dy @ self.W.T


class PaddedEmbedding:
    """The row of the padding does not learn."""

    def __init__(self, vocab, dim, padding_idx=None):
        self.W = np.random.randn(vocab, dim)
        self.padding_idx = padding_idx

    def forward(self, ids):
        self.ids = ids
        return self.W[ids]

    def backward(self, dy):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.ids, dy)
        if self.padding_idx is not None:
            self.dW[self.padding_idx] = 0


class OnlyUnitStride:
    """Says so where it does not support an option."""

    def __init__(self, stride=1, pad=0):
        self.stride, self.pad = stride, pad

    def forward(self, x):
        self.length = x.shape[1]
        return 3.0 * np.pad(x, ((0, 0), (self.pad, self.pad)))[:, :: self.stride]

    def backward(self, dy):
        if self.stride != 1:
            raise ValueError("backward is for stride 1 alone")
        return 3.0 * dy[:, self.pad:self.pad + self.length]


class SmoothedCrossEntropy:
    def __init__(self, label_smoothing=0.0):
        self.smoothing = label_smoothing

    def forward(self, x, t):
        logits = x - x.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        self.p = np.exp(log_p)
        k = x.shape[1]
        self.q = np.full(x.shape, self.smoothing / k)
        self.q[np.arange(len(t)), t] += 1 - self.smoothing
        return -np.sum(self.q * log_p) / len(t)

    def backward(self, dout=1):
        return dout * (self.p - self.q) / len(self.q)


class LpPool:
    """Windows side by side along the last axis, whose length they divide."""

    def __init__(self, size=2, p=2):
        self.size, self.p = size, p

    def forward(self, x):
        if x.shape[-1] % self.size:
            raise ValueError("the windows have to divide the length")
        self.x = x.reshape(*x.shape[:-1], -1, self.size)
        self.out = (np.abs(self.x) ** self.p).sum(-1) ** (1 / self.p)
        return self.out

    def backward(self, dy):
        share = np.sign(self.x) * np.abs(self.x) ** (self.p - 1) / self.out[..., None] ** (self.p - 1)
        return (dy[..., None] * share).reshape(*self.x.shape[:-2], -1)


class UnitRows:
    def __init__(self, eps=0.0, axis=-1):
        self.eps, self.axis = eps, axis

    def forward(self, x):
        self.norm = np.maximum(np.sqrt((x**2).sum(self.axis, keepdims=True)), self.eps)
        self.y = x / self.norm
        return self.y

    def backward(self, dy):
        return (dy - self.y * (dy * self.y).sum(self.axis, keepdims=True)) / self.norm


def shift_forward(x, by=1, fill=0.0):
    out = np.full_like(x, fill)
    out[:, by:] = x[:, : x.shape[1] - by]
    return out, None


def shift_backward(dout, cache, by=1):
    dx = np.zeros_like(dout)
    dx[:, : dout.shape[1] - by] = dout[:, by:]
    return dx



def windowed_sum_forward(x, window=3, stride=1):
    starts = range(0, x.shape[1] - window + 1, stride)
    return np.stack([x[:, s:s + window].sum(axis=1) for s in starts], axis=1)


def windowed_sum_backward(dout, x, window, stride):
    dx = np.zeros_like(x)
    for k in range(dout.shape[1]):
        dx[:, k * stride:k * stride + window] += dout[:, k:k + 1]
    return dx


def huber_loss(pred, target, delta=1.0, average=True):
    r = pred - target
    inside = np.abs(r) <= delta
    loss = np.where(inside, 0.5 * r**2, delta * (np.abs(r) - 0.5 * delta)).sum()
    grad = np.where(inside, r, delta * np.sign(r))
    n = len(r) if average else 1
    return loss / n, grad / n


class NormOfRank:
    """Rows where num_dims is 2, images otherwise; which, the constructor is told."""

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
        self.dbeta = dY.sum(axis=self.axes, keepdims=True)
        g = dY * self.gamma
        centred = g - g.mean(axis=self.axes, keepdims=True)
        return self.inv * (centred - self.hat * (g * self.hat).mean(axis=self.axes, keepdims=True))
