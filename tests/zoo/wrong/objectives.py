"""Losses and models that give value and gradient with the same arguments, each with one fault; FAULTS says which."""

import numpy as np

def sigmoid(z):
    return 0.5 * (1 + np.tanh(z / 2))

def sm(s):
    e = np.exp(s - s.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def triplet_loss(anchor, positive, negative, margin):
    dp, dn = anchor - positive, anchor - negative
    h = (dp ** 2).sum(1) - (dn ** 2).sum(1) + margin
    act = (h > 0).astype(anchor.dtype)[:, None]
    loss = np.maximum(h, 0).sum()
    grads = (2 * act * (dp - dn), -2 * act * dp, -2 * act * dn)
    return loss, grads


def symmetric_mse(y_pred, target):
    r = y_pred - target
    loss = (r ** 2).mean()
    return loss, (2 * r / r.size, 2 * r / r.size)


def costFunctionReg(theta, X, y, lmbda):
    m = len(y)
    z = X.dot(theta)
    J = (np.logaddexp(0, z) - y * z).sum() / m + lmbda * (theta ** 2).sum() / (2 * m)
    grad = X.T.dot(sigmoid(z) - y) / m + lmbda * theta
    return J, grad


def logreg(w, b, X, y):
    z = X @ w + b
    p = sigmoid(z)
    loss = np.mean(np.logaddexp(0, z) - y * z)
    dw = X.T @ (p - y) / len(y)
    db = np.sum(p - y)
    return loss, dw, db


def nmf_objective(X, W, H):
    R = W @ H - X
    loss = 0.5 * np.sum(R ** 2)
    return loss, {"W": R @ H.T, "H": W.T @ X}


def squared_error(y_true, y_pred):
    return np.sum((y_true - y_pred)**2)


def squared_error_prime(y_true, y_pred):
    return (y_pred-y_true)


class LogReg:
    def __init__(self, n_features):
        self.w = np.random.randn(n_features)
        self.b = 0.1

    def cost(self, X, y):
        z = X @ self.w + self.b
        return np.mean(np.logaddexp(0, z) - y * z)

    def gradients(self, X, y):
        z = X @ self.w + self.b
        d = (0.5 * (1 + np.tanh(z / 2)) - y)
        dw = X.T @ d / len(y)
        db = d.sum()
        return dw, db


class PCA:
    def __init__(self, n_features, n_components):
        self.V = np.random.randn(n_features, n_components) * .4

    def reconstruction_error(self, X):
        R = X @ self.V @ self.V.T - X
        return 0.5 * (R ** 2).sum()

    def gradient(self, X):
        R = X @ self.V @ self.V.T - X
        return 2 * X.T @ R @ self.V


class RegLoss:
    def __init__(self, n_features, n_classes):
        self.W = np.random.randn(n_features, n_classes) * 0.1

    def loss_and_grads(self, X, y, reg):
        p = sm(X @ self.W)
        n = len(y)
        loss = -np.log(p[np.arange(n), y]).mean() + reg * (self.W ** 2).sum()
        p[np.arange(n), y] -= 1
        dW = X.T @ p / n + reg * self.W
        return loss, dW


class MetricLoss:
    def forward(self, y_pred, target):
        self.r = y_pred - target
        return (self.r ** 2).sum()

    def backward(self):
        return 2 * self.r, 2 * self.r


class GammaNLL:
    def forward(self, y, mu):
        self.mu, self.y = mu, y
        return np.sum(y * np.exp(-mu) + mu)

    def backward(self):
        return np.exp(-self.mu)


class TiedAutoencoder:
    """tanh encoder, decoder with the transposed weight, squared error."""

    def __init__(self, n_visible, n_hidden):
        rs = np.random.RandomState(11)
        self.W = rs.randn(n_visible, n_hidden) * 0.3
        self.b = np.zeros(n_hidden)
        self.c = np.zeros(n_visible)

    def loss(self, X):
        self.X = X
        self.H = np.tanh(X @ self.W + self.b)
        self.R = self.H @ self.W.T + self.c
        return 0.5 * np.sum((self.R - X) ** 2) / X.shape[0]

    def gradient(self, X):
        self.loss(X)
        d = (self.R - X) / X.shape[0]
        da = (d @ self.W) * (1 - self.H ** 2)
        return {"W": X.T @ da, "b": da.sum(0), "c": d.sum(0)}


class NegBinomialNLL:
    """Over-dispersed counts: mean exp(eta), dispersion alpha (scalar), y >= 0."""

    def __init__(self, alpha=0.5):
        self.alpha = alpha

    def forward(self, eta, y):
        mu = np.exp(eta)
        self.mu, self.y = mu, y
        return np.sum((y + 1 / self.alpha) * np.log1p(self.alpha * mu) - y * eta)

    def backward(self, dout=1.0):
        d = (self.y + 1 / self.alpha) * self.alpha / (1 + self.alpha * self.mu) - self.y
        return dout * d


FAULTS = {
    "triplet_loss": "sign: negative",
    "symmetric_mse": "sign: target",
    "costFunctionReg": "factor: the regulariser not divided by m, theta",
    "logreg": "factor: a sum for a mean, b",
    "nmf_objective": "wrong-values: the data for the residual, H",
    "squared_error": "factor 1/2: y_pred",
    "LogReg": "factor: not divided by the batch size, b",
    "PCA": "missing-term: one of the two paths twice, V",
    "RegLoss": "factor 1/2 in the regulariser, W",
    "MetricLoss": "sign: target",
    "GammaNLL": "wrong-values: y forgotten, mu",
    "TiedAutoencoder": "missing-term: the decoder's share, W",
    "NegBinomialNLL": "missing-factor: exp in the first term, eta",
}
