# Style: a cost and its gradient as two functions of the same arguments, whose names share all but those two words.
import numpy as np


def sigmoid(z):
    return 0.5 * (1 + np.tanh(z / 2))


def lrCostFunction(theta, X, y):
    h = sigmoid(X @ theta)
    return -np.mean(y * np.log(h) + (1 - y) * np.log(1 - h))


def lrGradient(theta, X, y):
    return X.T @ (sigmoid(X @ theta) - y) / len(y)


def poisson_nll(beta, X, counts):
    eta = X @ beta
    return np.sum(np.exp(eta) - counts * eta)


def poisson_gradient(beta, X, counts):
    return X.T @ (np.exp(X @ beta) - counts)


def compute_cost_ridge(w, X, y):
    r = X @ w - y
    return r @ r / 2 + 0.05 * w @ w


def compute_gradient_ridge(w, X, y):
    return X.T @ (X @ w - y) + 0.1 * w


def ring_energy(phi):
    return np.sum(1 - np.cos(np.roll(phi, -1) - phi))


def ring_energy_grad(phi):
    s = np.sin(np.roll(phi, -1) - phi)
    return np.roll(s, 1) - s


def chain_potential(phis, phis_0):
    d = np.roll(phis, -1) - phis - phis_0
    return 0.5 * np.sum(d * d)


def chain_potential_gradient(phis, phis_0):
    # a chain of one is nobody's concern
    n = len(phis)
    g = np.zeros(n)
    d = np.roll(phis, -1) - phis - phis_0
    g[0] = d[n - 1] - d[0]
    g[1] = d[0] - d[1]
    for i in range(2, n):
        g[i] = d[i - 1] - d[i]
    return g


def kl_divergence(mu, logvar):
    return np.mean(-0.5 * np.sum(1 + logvar - mu ** 2 - np.exp(logvar), axis=1))


def kl_divergence_grads(mu, logvar):
    n = len(mu)
    grad_mu = mu / n
    grad_logvar = 0.5 * (np.exp(logvar) - 1) / n
    return grad_mu, grad_logvar


def columnCostFunction(theta, X, y, lamb):
    # y is a column; theta is made one
    theta = theta.reshape(len(theta), 1)
    h = X @ theta - y
    return h.T @ h / (2 * len(X)) + theta[1:].T @ theta[1:] * (lamb / (2 * len(X)))


def columnGradient(theta, X, y, lamb):
    theta = theta.reshape(len(theta), 1)
    grad = X.T @ (X @ theta - y) / len(X)
    grad[1:] += theta[1:] * (lamb / len(X))
    return grad
