# A function that is its own derivative where a flag says so, each with one fault.
import numpy as np


def swish(x, deriv=False):
    s = 0.5 * (1 + np.tanh(x / 2))
    if deriv:
        return s * (1 - s)
    return x * s


def bent_identity(x, derivative=False):
    if derivative:
        return x / (2 * np.sqrt(x ** 2 + 1))
    return (np.sqrt(x ** 2 + 1) - 1) / 2 + x


def squared(y_pred, y_true, prime=False):
    if prime:
        return y_pred - y_true
    return np.sum((y_pred - y_true) ** 2)


FAULTS = {
    "swish": "wrong-values: the sigmoid's derivative, x",
    "bent_identity": "missing-term: 1, x",
    "squared": "factor: 2, y_pred",
}
