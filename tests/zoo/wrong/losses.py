"""Losses with labels or targets, each with one fault; FAULTS says which."""

import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class MSELoss:
    """Targets of the input's shape."""

    def forward(self, y, t):
        self.y, self.t = y, t
        return np.mean((y - t) ** 2)

    def backward(self, dout=1.0):
        return dout * (self.y - self.t) / self.y.size


class HalfSquaredError:
    def forward(self, y_pred, y_true):
        self.diff = y_pred - y_true
        return 0.5 * np.sum(self.diff**2) / len(y_pred)

    def backward(self):
        return -self.diff / len(self.diff)


class L1Loss:
    """The mean over everything."""

    def __call__(self, y, t):
        return self.forward(y, t)

    def forward(self, y, t):
        self.y, self.t = y, t
        return np.abs(y - t).mean()

    def backward(self):
        return np.sign(self.y - self.t) / self.y.shape[0]


class HuberLoss:
    def __init__(self, delta=0.8):
        self.delta = delta

    def forward(self, y, t):
        self.r = y - t
        small = np.abs(self.r) <= self.delta
        losses = np.where(small, 0.5 * self.r**2, self.delta * (np.abs(self.r) - 0.5 * self.delta))
        return losses.sum() / len(y)

    def backward(self, dout=1):
        inner = np.abs(self.r) <= self.delta
        return dout * np.where(inner, self.r, np.sign(self.r)) / len(self.r)


class SoftmaxWithLoss:
    """Class numbers."""

    def __init__(self):
        self.y = None
        self.t = None

    def forward(self, x, t):
        self.t = t
        self.y = softmax(x)
        return -np.sum(np.log(self.y[np.arange(len(t)), t] + 1e-12)) / len(t)

    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dx * dout / dx.shape[1]


class CrossEntropyOneHot:
    def forward(self, logits, one_hot):
        self.p = softmax(logits)
        self.one_hot = one_hot
        z = logits - logits.max(axis=1, keepdims=True)
        logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return -(one_hot * logp).sum() / len(logits)

    def backward(self, dout=1.0):
        return dout * (self.p - self.one_hot) / 32


class SmoothedCrossEntropy:
    """Label smoothing."""

    def __init__(self, smoothing=0.2):
        self.smoothing = smoothing

    def forward(self, x, labels):
        n, k = x.shape
        self.p = softmax(x)
        self.hard = np.eye(k)[labels]
        soft = (1 - self.smoothing) * self.hard + self.smoothing / k
        z = x - x.max(axis=1, keepdims=True)
        return -np.sum(soft * (z - np.log(np.exp(z).sum(axis=1, keepdims=True)))) / n

    def backward(self):
        return (self.p - self.hard) / len(self.p)


class BCELoss:
    """Probabilities inside (0, 1), targets of zeros and ones."""

    def forward(self, p, t):
        self.p, self.t = np.clip(p, 1e-7, 1 - 1e-7), t
        return -np.mean(t * np.log(self.p) + (1 - t) * np.log(1 - self.p))

    def backward(self, dout=1.0):
        return dout * (-self.t / self.p) / self.p.size


class SigmoidWithLoss:
    """Logits and zero-one targets."""

    def forward(self, x, t):
        self.t = t
        self.y = 0.5 * (1 + np.tanh(0.5 * x))
        return np.mean(np.logaddexp(0, x) - t * x)

    def backward(self, dout=1.0):
        return dout * (self.y - self.t) * self.y * (1 - self.y) / self.t.size


class NLLLoss:
    """Log probabilities in, class numbers as labels."""

    def forward(self, logp, y):
        self.shape, self.y = logp.shape, y
        return -logp[np.arange(len(y)), y].mean()

    def backward(self):
        g = np.zeros(self.shape)
        g[:, self.y] = -1 / len(self.y)
        return g


class LogSoftmax:
    def forward(self, x):
        z = x - x.max(axis=1, keepdims=True)
        self.out = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return self.out

    def backward(self, dout):
        return dout - np.exp(self.out) * dout


class KLDivergence:
    """sum p log(p / q), by q's logits."""

    def forward(self, logits, p):
        self.p = p
        self.q = softmax(logits)
        z = logits - logits.max(axis=1, keepdims=True)
        logq = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return np.sum(p * (np.log(p + 1e-12) - logq))

    def backward(self):
        return self.p - self.q * self.p.sum(axis=1, keepdims=True)


class CrossEntropyEps:
    """One-hot targets against probabilities."""

    def forward(self, p, t):
        self.p, self.t = p, t
        return -np.sum(t * np.log(np.abs(p) + 1e-2)) / p.shape[0]

    def backward(self):
        return -self.t * np.sign(self.p) / (np.abs(self.p) + 1e-7) / self.p.shape[0]


class CosineLoss:
    """One minus the cosine of rows."""

    def forward(self, a, b):
        self.b = b / np.linalg.norm(b, axis=1, keepdims=True)
        self.na = np.linalg.norm(a, axis=1, keepdims=True)
        self.u = a / self.na
        return np.sum(1 - np.sum(self.u * self.b, axis=1))

    def backward(self):
        return -self.b / self.na


class MaskedMSE:
    """The mean over the entries that the mask keeps."""

    def forward(self, x, t, mask):
        self.diff = (x - t) * mask
        self.mask = mask
        self.count = max(mask.sum(), 1)
        return np.sum(self.diff**2) / self.count

    def backward(self):
        return 2 * self.diff / self.mask.size


class LogCosh:
    def loss(self, y, t):
        d = y - t
        return np.sum(np.logaddexp(d, -d) - np.log(2))

    def gradient(self, y, t):
        return 1 - np.tanh(y - t) ** 2


def svm_loss(x, y):
    """Multiclass hinge: the loss and its gradient by the scores."""
    n = x.shape[0]
    correct = x[np.arange(n), y]
    margins = np.maximum(0, x - correct[:, np.newaxis] + 1.0)
    margins[np.arange(n), y] = 0
    loss = np.sum(margins) / n
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(n), y] -= 1
    dx /= n
    return loss, dx


def softmax_loss(x, y):
    """Cross entropy: the loss and its gradient by the scores."""
    shifted = x - np.max(x, axis=1, keepdims=True)
    log_probs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    n = x.shape[0]
    loss = -np.sum(log_probs[np.arange(n), y]) / n
    dx = np.exp(log_probs)
    dx[np.arange(n), y] -= 1
    return loss, dx


def squared_hinge_loss(x, y):
    n = x.shape[0]
    rows = np.arange(n)
    margins = np.maximum(0, x - x[rows, y][:, None] + 1.0)
    margins[rows, y] = 0
    loss = np.sum(margins**2) / n
    dx = 2.0 * (margins > 0)
    dx[rows, y] -= dx.sum(axis=1)
    return loss, dx / n


def temporal_softmax_loss(x, y, mask):
    """(N, T, V) scores; the mean over the samples of the sum over kept steps."""
    n, t, v = x.shape
    flat, labels, keep = x.reshape(-1, v), y.reshape(-1), mask.reshape(-1)
    z = flat - flat.max(axis=1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    loss = -np.sum(keep * logp[np.arange(n * t), labels]) / n
    dx = np.exp(logp)
    dx[np.arange(n * t), labels] -= 1
    dx /= n
    return loss, dx.reshape(n, t, v)


def l2_loss(pred, target):
    diff = pred - target
    loss = np.sqrt(np.sum(diff**2) + 1e-8)
    grad = diff
    return loss, grad


FAULTS = {
    "MSELoss": "factor 1/2: y",
    "HalfSquaredError": "sign: y_pred",
    "L1Loss": "factor: divided by the batch size, not by all entries, y",
    "HuberLoss": "branch: delta forgotten in the outer part, y",
    "SoftmaxWithLoss": "factor: divided by the classes instead of the batch, x",
    "CrossEntropyOneHot": "factor: a fixed batch size of 32, logits",
    "SmoothedCrossEntropy": "missing-term: the smoothing forgotten, x",
    "BCELoss": "missing-term: the (1 - t) half, p",
    "SigmoidWithLoss": "missing-factor (one too many): y * (1 - y), x",
    "NLLLoss": "over-summed: every row gets every label, logp",
    "LogSoftmax": "missing-term: no sum over the classes, x",
    "KLDivergence": "sign: logits",
    "CrossEntropyEps": "inconsistent-forward: another epsilon in backward, p",
    "CosineLoss": "missing-term: the norm's path, a",
    "MaskedMSE": "factor: divided by all entries instead of those kept, x",
    "LogCosh": "wrong-values: the second derivative, y",
    "svm_loss": "missing-factor: the right class gets -1 instead of the count, x",
    "softmax_loss": "factor: the batch size forgotten, x",
    "squared_hinge_loss": "missing-factor: the margins, x",
    "temporal_softmax_loss": "missing-factor: the mask forgotten, x",
    "l2_loss": "missing-factor: not divided by the norm, pred",
}
