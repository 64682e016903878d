# Style: losses as classes and as functions; one-hot, class ids, logits, probabilities, regression targets; means and sums.
import numpy as np


class MSELoss:
    def forward(self, y_pred, y_true):
        assert y_pred.shape == y_true.shape
        self.diff = y_pred - y_true
        return np.mean(self.diff ** 2)

    def backward(self):
        return 2 * self.diff / self.diff.size


class SquaredError:
    # no backward: loss and gradient are asked for separately
    def loss(self, y, y_pred):
        return 0.5 * np.sum(np.power(y - y_pred, 2))

    def gradient(self, y, y_pred):
        return -(y - y_pred)


class MAE:
    def __call__(self, pred, target):
        self.pred, self.target = pred, target
        return np.abs(pred - target).mean()

    def grad(self):
        return np.sign(self.pred - self.target) / self.pred.size


class HuberLoss:
    def __init__(self, delta=1.0):
        self.delta = delta

    def forward(self, prediction, target):
        self.r = prediction - target
        a = np.abs(self.r)
        quad = 0.5 * self.r ** 2
        lin = self.delta * (a - 0.5 * self.delta)
        return np.mean(np.where(a <= self.delta, quad, lin))

    def backward(self, dout=1.0):
        return dout * np.clip(self.r, -self.delta, self.delta) / self.r.size


class LogCosh:
    def forward(self, y_hat, y):
        self.e = y_hat - y
        return np.sum(np.log(np.cosh(self.e)))

    def backward(self):
        return np.tanh(self.e)


class HingeLoss:
    """Binary, labels are -1 and +1."""

    def forward(self, scores, y):
        self.y = y
        self.margin = 1 - y * scores
        return np.maximum(0, self.margin).mean()

    def backward(self):
        return np.where(self.margin > 0, -self.y, 0) / self.y.size


class MultiClassHinge:
    def __init__(self, margin=1.0):
        self.margin = margin

    def forward(self, scores, labels):
        n = len(labels)
        self.labels = labels
        m = scores - scores[np.arange(n), labels].reshape(-1, 1) + self.margin
        m[np.arange(n), labels] = 0
        self.pos = m > 0
        return np.sum(m[self.pos]) / n

    def backward(self):
        n = len(self.labels)
        d = self.pos.astype(np.float64)
        d[np.arange(n), self.labels] = -d.sum(axis=1)
        return d / n


class CrossEntropyLoss:
    # logits and class ids
    def forward(self, logits, labels):
        shifted = logits - logits.max(axis=1, keepdims=True)
        self.log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.labels = labels
        return -self.log_p[np.arange(len(labels)), labels].mean()

    def backward(self):
        n = len(self.labels)
        g = np.exp(self.log_p)
        g[np.arange(n), self.labels] -= 1.0
        return g / n


class SoftmaxCrossEntropyOneHot:
    def __init__(self, reduction="mean"):
        self.reduction = reduction

    def __call__(self, x, t):
        return self.forward(x, t)

    def forward(self, x, t):
        e = np.exp(x - x.max(1, keepdims=True))
        self.p = e / e.sum(1, keepdims=True)
        self.t = t
        total = -np.sum(t * np.log(self.p))
        return total / len(x) if self.reduction == "mean" else total

    def backward(self):
        d = self.p - self.t
        if self.reduction == "mean":
            d = d / self.t.shape[0]
        return d


class CrossEntropyProbabilities:
    # already softmaxed
    def loss(self, y, p):
        return -np.sum(y * np.log(p)) / y.shape[0]

    def gradient(self, y, p):
        return -y / p / y.shape[0]


class NLLLoss:
    """log probabilities and ids"""

    def forward(self, log_probs: np.ndarray, target: np.ndarray) -> float:
        self.shape, self.target = log_probs.shape, target
        return -np.mean(log_probs[np.arange(len(target)), target])

    def backward(self) -> np.ndarray:
        g = np.zeros(self.shape)
        g[np.arange(len(self.target)), self.target] = -1 / len(self.target)
        return g


class BCELoss:
    # probabilities
    def forward(self, p, y):
        self.p, self.y = p, y
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    def backward(self):
        return (self.p - self.y) / (self.p * (1 - self.p)) / self.p.size


class BCEWithLogits:
    def forward(self, z, y):
        self.z, self.y = z, y
        return np.mean(np.maximum(z, 0) - z * y + np.log(1 + np.exp(-np.abs(z))))

    def backward(self, grad=1.0):
        s = 1 / (1 + np.exp(-self.z))
        return grad * (s - self.y) / self.z.size


class KLDivergence:
    """sum q log(q / p) over a batch mean, q the target, p the prediction"""

    def forward(self, p, q):
        self.p, self.q = p, q
        return np.sum(q * (np.log(q) - np.log(p))) / len(p)

    def backward(self):
        return -self.q / self.p / len(self.p)


class GaussianKL:
    # of a variational autoencoder, against N(0, 1)
    def forward(self, mu, logvar):
        self.mu, self.logvar = mu, logvar
        return -0.5 * np.sum(1 + logvar - mu ** 2 - np.exp(logvar)) / len(mu)

    def backward(self):
        n = len(self.mu)
        return self.mu / n, 0.5 * (np.exp(self.logvar) - 1) / n


class FocalLoss:
    def __init__(self, gamma=2.0):
        self.gamma = gamma

    def forward(self, logits, y):
        self.y = y
        self.s = 1 / (1 + np.exp(-logits))
        self.pt = np.where(y == 1, self.s, 1 - self.s)
        return np.mean(-(1 - self.pt) ** self.gamma * np.log(self.pt))

    def backward(self):
        g, pt = self.gamma, self.pt
        dpt = g * (1 - pt) ** (g - 1) * np.log(pt) - (1 - pt) ** g / pt
        sign = np.where(self.y == 1, 1, -1)
        return dpt * sign * self.s * (1 - self.s) / pt.size


# functions

def mse_loss(y_pred, y_true):
    n = y_pred.size
    loss = np.sum((y_pred - y_true) ** 2) / n
    return loss, 2.0 * (y_pred - y_true) / n


def smooth_l1(x, y, beta=0.5):
    d = x - y
    small = np.abs(d) < beta
    loss = np.where(small, 0.5 * d ** 2 / beta, np.abs(d) - 0.5 * beta).sum()
    dx = np.where(small, d / beta, np.sign(d))
    return loss, dx


def cross_entropy_with_logits(x, y):
    """x: (N, C), y: ids, shape (N,). -> loss, dx"""
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    n = x.shape[0]
    loss = -np.log(p[range(n), y]).sum() / n
    p[range(n), y] -= 1
    return loss, p / n


def perceptron_loss(scores, y):
    # y in {-1, +1}
    wrong = y * scores < 0
    return np.sum(-y * scores * wrong), -y * wrong


def temporal_softmax_loss(x, y, mask):
    N, T, V = x.shape
    xf, yf, mf = x.reshape(N * T, V), y.reshape(N * T), mask.reshape(N * T)
    probs = np.exp(xf - xf.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    loss = -np.sum(mf * np.log(probs[np.arange(N * T), yf])) / N
    d = probs.copy()
    d[np.arange(N * T), yf] -= 1
    d /= N
    d *= mf[:, None]
    return loss, d.reshape(N, T, V)


# pairs

def mse(y_true, y_pred):
    return np.mean(np.power(y_true - y_pred, 2))


def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / np.size(y_true)


def binary_cross_entropy(y_true, y_pred):
    return np.mean(-y_true * np.log(y_pred) - (1 - y_true) * np.log(1 - y_pred))


def binary_cross_entropy_prime(y_true, y_pred):
    return ((1 - y_true) / (1 - y_pred) - y_true / y_pred) / np.size(y_true)
