# Style: a function that is its own derivative where a flag says so.
import numpy as np


def sigmoid(x, deriv=False):
    s = 0.5 * (1 + np.tanh(x / 2))
    if deriv:
        return s * (1 - s)
    return s


def nonlin(x, deriv=False):
    # the derivative is one of the output
    if deriv == True:  # noqa: E712
        return x * (1 - x)
    return 0.5 * (1 + np.tanh(x / 2))


def tanh(x, derivative=False):
    return 1 - np.tanh(x) ** 2 if derivative else np.tanh(x)


def leaky_relu(z, prime=False, alpha=0.1):
    if prime:
        return np.where(z > 0, 1.0, alpha)
    return np.where(z > 0, z, alpha * z)


def mse(y_pred, y_true, grad=False):
    if grad:
        return 2 * (y_pred - y_true) / y_true.size
    return np.mean((y_pred - y_true) ** 2)
