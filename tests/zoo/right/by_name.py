"""Functions that hand everything on by name, losses of several arrays, and parameters in one flat vector."""

import numpy as np


def ReLU(Z):
    return np.maximum(Z, 0)


def ReLU_deriv(Z):
    return Z > 0


def softmax(Z):
    return np.exp(Z) / sum(np.exp(Z))


def forward_prop(W1, b1, W2, b2, X):
    Z1 = W1.dot(X) + b1
    A1 = ReLU(Z1)
    Z2 = W2.dot(A1) + b2
    A2 = softmax(Z2)
    return Z1, A1, Z2, A2


def one_hot(Y):
    one_hot_Y = np.zeros((Y.size, Y.max() + 1))
    one_hot_Y[np.arange(Y.size), Y] = 1
    return one_hot_Y.T


def backward_prop(Z1, A1, Z2, A2, W1, W2, X, Y):
    m = Y.size
    dZ2 = A2 - one_hot(Y)
    dW2 = 1 / m * dZ2.dot(A1.T)
    db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = W2.T.dot(dZ2) * ReLU_deriv(Z1)
    dW1 = 1 / m * dZ1.dot(X.T)
    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
    return dW1, db1, dW2, db2


class VariationalLoss:
    """The gradients come back in another order than the arrays, and are called after them."""

    @staticmethod
    def loss(y, y_pred, t_mean, t_log_var):
        y_pred = np.clip(y_pred, 1e-12, 1 - 1e-12)
        rec = -np.sum(y * np.log(y_pred) + (1 - y) * np.log(1 - y_pred), axis=1)
        kl = -0.5 * np.sum(1 + t_log_var - t_mean**2 - np.exp(t_log_var), axis=1)
        return np.mean(kl + rec)

    @staticmethod
    def grad(y, y_pred, t_mean, t_log_var):
        n = len(y)
        y_pred = np.clip(y_pred, 1e-12, 1 - 1e-12)
        dY_pred = (y_pred - y) / (n * y_pred * (1 - y_pred))
        dMean = t_mean / n
        dLogVar = (np.exp(t_log_var) - 1) / (2 * n)
        return dY_pred, dLogVar, dMean


class PoissonFit:
    """The intercept is the last of the parameters."""

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def _loss_grad(self, params, X, y):
        w, b = params[:-1], params[-1]
        eta = X @ w + b
        loss = np.mean(np.exp(eta) - y * eta) + 0.5 * self.alpha * np.dot(w, w)
        r = (np.exp(eta) - y) / X.shape[0]
        grad = np.empty_like(params)
        grad[:-1] = X.T @ r + self.alpha * w
        grad[-1] = r.sum()
        return loss, grad


def margin_loss(scores, y, delta=1.0):
    """Multiclass hinge loss; returns loss and dscores."""
    n = scores.shape[0]
    margins = np.maximum(0, scores - scores[np.arange(n), y][:, None] + delta)
    margins[np.arange(n), y] = 0
    ind = (margins > 0).astype(float)
    ind[np.arange(n), y] = -ind.sum(axis=1)
    return margins.sum() / n, ind / n
