# A cost and its gradient as two functions, each pair with one fault.
import numpy as np


def svmCostFunction(theta, X, y):
    m = 1 - (2 * y - 1) * (X @ theta)
    return np.sum(np.maximum(0, m) ** 2) / len(y)


def svmGradient(theta, X, y):
    s = 2 * y - 1
    m = 1 - s * (X @ theta)
    return -X.T @ (s * np.maximum(0, m)) / len(y)


def gamma_nll(beta, X, target):
    eta = X @ beta
    return np.sum(eta + target ** 2 * np.exp(-eta))


def gamma_gradient(beta, X, target):
    return X.T @ (1 + target ** 2 * np.exp(-X @ beta))


def lattice_energy(phi):
    return -np.sum(np.cos(np.roll(phi, -1) - phi))


def lattice_energy_grad(phi):
    return -np.sin(np.roll(phi, -1) - phi)


FAULTS = {
    "svmCostFunction": "factor: the 2 of the square, theta",
    "gamma_nll": "sign: of the second term, beta",
    "lattice_energy": "missing-term: each entry has two neighbours, phi",
}
