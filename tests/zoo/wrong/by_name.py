"""Functions that hand everything on by name, with one fault each."""

import numpy as np


def forward_prop(W1, b1, W2, b2, X):
    Z1 = W1.dot(X) + b1
    A1 = np.maximum(Z1, 0)
    Z2 = W2.dot(A1) + b2
    A2 = np.exp(Z2) / sum(np.exp(Z2))
    return Z1, A1, Z2, A2


def one_hot(Y):
    one_hot_Y = np.zeros((Y.size, Y.max() + 1))
    one_hot_Y[np.arange(Y.size), Y] = 1
    return one_hot_Y.T


def backward_prop(Z1, A1, Z2, A2, W1, W2, X, Y):
    m = Y.size
    dZ2 = A2 - one_hot(Y)
    dW2 = 1 / m * dZ2.dot(A1.T)
    db2 = 1 / m * np.sum(dZ2)
    dZ1 = W2.T.dot(dZ2) * (Z1 > 0)
    dW1 = 1 / m * dZ1.dot(X.T)
    db1 = 1 / m * np.sum(dZ1)
    return dW1, db1, dW2, db2


class VariationalLoss:
    @staticmethod
    def loss(y, y_pred, t_mean, t_log_var):
        rec = np.sum((y_pred - y) ** 2, axis=1)
        kl = -0.5 * np.sum(1 + t_log_var - t_mean**2 - np.exp(t_log_var), axis=1)
        return np.mean(kl + rec)

    @staticmethod
    def grad(y, y_pred, t_mean, t_log_var):
        n = len(y)
        dY_pred = 2 * (y_pred - y) / n
        dMean = t_mean / n
        dLogVar = np.exp(t_log_var) / (2 * n)
        return dY_pred, dMean, dLogVar


class PoissonFit:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def _loss_grad(self, params, X, y):
        w, b = params[:-1], params[-1]
        eta = X @ w + b
        loss = np.mean(np.exp(eta) - y * eta) + 0.5 * self.alpha * np.dot(w, w)
        r = (np.exp(eta) - y) / X.shape[0]
        grad = self.alpha * params
        grad[:-1] += X.T @ r
        grad[-1] += r.sum()
        return loss, grad


FAULTS = {
    "forward_prop": "the gradients of the biases are summed over everything",
    "VariationalLoss": "the 1 of the divergence is missing",
    "PoissonFit": "the intercept decays too",
}
