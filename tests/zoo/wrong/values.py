"""Activations and entrywise layers, each with one fault; FAULTS says which."""

import numpy as np


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


class Sigmoid:
    def __init__(self):
        self.out = None

    def forward(self, x):
        self.out = sigmoid(x)
        return self.out

    def backward(self, dout):
        return dout * self.out


class TanhLayer:
    """Output kept on the object."""

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.tanh(inputs)

    def backward(self, dvalues):
        self.dinputs = dvalues * (1 - self.output)


class LeakyReLU:
    def __init__(self, alpha=0.1):
        self.alpha = alpha

    def forward(self, x):
        self.mask = x > 0
        return np.where(self.mask, x, self.alpha * x)

    def backward(self, dout):
        dx = np.array(dout)
        dx[self.mask] *= 1.0
        return dx


class ELU:
    def __init__(self, alpha=1.5):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        self.out = np.where(x > 0, x, self.alpha * (np.exp(np.minimum(x, 0)) - 1))
        return self.out

    def backward(self, dout):
        return dout * np.where(self.x > 0, 1.0, self.alpha * np.exp(np.minimum(self.out, 0)))


class Softplus:
    """Activation object: a function and its local derivative."""

    def fn(self, z):
        return np.logaddexp(0, z)

    def grad(self, z):
        return sigmoid(self.fn(z))


class Swish:
    def forward(self, x):
        self.x = x
        self.s = sigmoid(x)
        return x * self.s

    def backward(self, grad_output):
        return grad_output * (self.s + self.s * (1 - self.s))


class GELU:
    """The tanh form."""

    def forward(self, x):
        self.x = x
        self.t = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
        return 0.5 * x * (1 + self.t)

    def backward(self, dout):
        x = self.x
        inner = np.sqrt(2 / 3.14) * (1 + 3 * 0.044715 * x**2)
        return dout * (0.5 * (1 + self.t) + 0.5 * x * (1 - self.t**2) * inner)


class ReLU6:
    def forward(self, x):
        self.x = x
        return np.clip(x, 0, 6)

    def backward(self, dout):
        dx = dout.copy()
        dx[self.x < 0] = 0
        return dx


class HardTanh:
    def __init__(self, low=-0.7, high=0.9):
        self.low, self.high = low, high

    def forward(self, x):
        self.x = x
        return np.clip(x, self.low, self.high)

    def backward(self, dout):
        return dout * np.ones_like(self.x)


class ReluActivation:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dx = dout.copy()
        dx[self.mask] = 0
        dx[dout <= 0] = 0
        return dx


class ArcTan:
    def __call__(self, x):
        return np.arctan(x)

    def gradient(self, x):
        return 1 / (1 + np.abs(x))


class Gaussian:
    def __call__(self, x):
        return np.exp(-(x**2))

    def derivative(self, x):
        return 2 * x * np.exp(-(x**2))


class Softsign:
    def forward(self, x):
        self.denominator = 1 + np.abs(x)
        return x / self.denominator

    def backward(self, dout):
        return dout / self.denominator


class SquareLayer:
    def forward_pass(self, x):
        self.input = x
        return x**2

    def backward_pass(self, accum_grad):
        return accum_grad * self.input


class SELU:
    def __init__(self):
        self.alpha = 1.6732632423543772
        self.scale = 1.0507009873554805

    def forward(self, x):
        self.x = x
        return self.scale * np.where(x > 0, x, self.alpha * (np.exp(np.minimum(x, 0)) - 1))

    def backward(self, dout):
        slope = np.where(self.x > 0, 1.0, self.scale * self.alpha * np.exp(np.minimum(self.x, 0)))
        return dout * slope


class HardSigmoid:
    def forward(self, x):
        self.inside = (x > -2.5) & (x < 2.5)
        return np.clip(0.2 * x + 0.5, 0, 1)

    def backward(self, dout):
        return dout * self.inside


class PReLU:
    def __init__(self, channels):
        self.a = np.full(channels, 0.25)
        self.da = np.zeros(channels)

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.a * x)

    def backward(self, dout):
        self.da = np.sum(dout * self.x * (self.x > 0), axis=0)
        return np.where(self.x > 0, dout, self.a * dout)


class LogLayer:
    def __init__(self, eps=1e-2):
        self.eps = eps

    def forward(self, x):
        self.x = x
        return np.log(np.abs(x) + self.eps)

    def backward(self, dout):
        return dout * np.sign(self.x) / np.abs(self.x)


class ExpLayer:
    def forward(self, x):
        self.out = np.exp(-np.abs(x))
        self.sign = np.sign(x)
        return self.out

    def backward(self, dout):
        return -self.sign * self.out


class SineLayer:
    def __init__(self, omega=3.0):
        self.omega = omega

    def forward(self, x):
        self.x = x
        return np.sin(self.omega * x)

    def backward(self, dout):
        return np.ones_like(dout) * self.omega * np.cos(self.omega * self.x)


class MulLayer:
    def forward(self, x, y):
        self.x = x
        self.y = y
        return x * y

    def backward(self, dout):
        dx = dout * self.x
        dy = dout * self.y
        return dx, dy


class SubLayer:
    def forward(self, x, y):
        return x - y

    def backward(self, dout):
        return dout * 1, dout * 1


class DivLayer:
    def forward(self, a, b):
        self.a, self.b = a, b
        return a / (1 + b**2)

    def backward(self, dout):
        q = 1 + self.b**2
        da = dout / q
        db = -dout * self.a * 2 * self.b / q
        return da, db


class MaximumLayer:
    """The larger of two arrays, entrywise."""

    def forward(self, a, b):
        self.first = a > b
        return np.where(self.first, a, b)

    def backward(self, dout):
        da = dout * self.first
        db = dout * np.ones_like(self.first)
        return da, db


class Mish:
    def forward(self, x):
        self.x = x
        self.t = np.tanh(np.logaddexp(0, x))
        return x * self.t

    def backward(self, dout):
        s = sigmoid(self.x)
        return dout * (self.t - self.x * s * (1 - self.t**2))


class GatedLinear:
    """First half times the sigmoid of the second half."""

    def forward(self, x):
        self.a, gate = np.split(x, 2, axis=1)
        self.g = sigmoid(gate)
        return self.a * self.g

    def backward(self, dout):
        da = dout * self.g
        dg = dout * self.g * (1 - self.g)
        return np.concatenate([da, dg], axis=1)


FAULTS = {
    "Sigmoid": "missing-factor: (1 - out) forgotten, x",
    "TanhLayer": "wrong-values: 1 - out instead of 1 - out**2, inputs",
    "LeakyReLU": "branch: slope 1 where x <= 0, x",
    "ELU": "wrong-values (branch x <= 0): derivative taken at the output, x",
    "Softplus": "wrong-values: derivative taken at the output, z",
    "Swish": "missing-factor in one term: x * s * (1 - s) without the x, x",
    "GELU": "inconsistent-forward: 3.14 for pi in backward, x",
    "ReLU6": "branch: gradient passes where x > 6, x",
    "HardTanh": "branch: gradient passes where clipped, x",
    "ReluActivation": "nonlinear-upstream: negative upstream dropped, x",
    "ArcTan": "wrong-values: abs(x) instead of x**2, x",
    "Gaussian": "sign: x",
    "Softsign": "missing-factor: the denominator is not squared, x",
    "SquareLayer": "factor 1/2: x",
    "SELU": "branch: scale forgotten where x > 0, x",
    "HardSigmoid": "factor 5: slope 0.2 forgotten, x",
    "PReLU": "wrong-values: mask of the other side in a's gradient, a",
    "LogLayer": "inconsistent-forward: epsilon missing in backward, x",
    "ExpLayer": "ignores-upstream: x",
    "SineLayer": "ignores-upstream: only its shape is used, x",
    "MulLayer": "swapped: x and y",
    "SubLayer": "sign: y",
    "DivLayer": "missing-factor: the denominator is not squared, b",
    "MaximumLayer": "branch: b gets the gradient also where a is larger, b",
    "Mish": "sign of one term, x",
    "GatedLinear": "missing-factor: a forgotten in the gate's half, x",
}
