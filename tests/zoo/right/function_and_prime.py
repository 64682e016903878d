# Style: activation functions beside their derivatives.
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def mish(x):
    return x * np.tanh(np.log1p(np.exp(x)))


def mish_grad(x):
    w = np.log1p(np.exp(x))
    t = np.tanh(w)
    return t + x * (1 - t**2) / (1 + np.exp(-x))


def tanh(x):
    return np.tanh(x)


def dtanh(y):
    return 1 - y**2


def leaky(x, slope=0.1):
    return np.where(x > 0, x, slope * x)


def leaky_derivative(x, slope=0.1):
    return np.where(x > 0, 1.0, slope)


def swish(x):
    return x * sigmoid(x)


def d_swish(x):
    s = sigmoid(x)
    return s + x * s * (1 - s)
