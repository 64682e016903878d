# Style: parameters that are one number: Python floats, 0-d arrays, arrays of one element.
import math

import numpy as np


class Scale:
    def __init__(self, alpha=1.5):
        self.alpha = alpha
        self.dalpha = 0.0

    def forward(self, x):
        self.x = x
        return self.alpha * x

    def backward(self, dout):
        self.dalpha = float(np.sum(dout * self.x))
        return self.alpha * dout


class PReLU:
    def __init__(self, a=0.25):
        self.a = a
        self.grad_a = None

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.a * x)

    def backward(self, dout):
        self.grad_a = np.sum(dout * np.where(self.x > 0, 0, self.x))
        return dout * np.where(self.x > 0, 1, self.a)


class SwishTrainable:
    def __init__(self):
        self.params = {"beta": np.array(1.0)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.s = 1 / (1 + np.exp(-self.params["beta"] * x))
        return x * self.s

    def backward(self, dout):
        ds = self.s * (1 - self.s)
        self.grads["beta"] = np.array(np.sum(dout * self.x ** 2 * ds))
        return dout * (self.s + self.params["beta"] * self.x * ds)


class Temperature:
    """Softmax with a learned temperature, kept as its logarithm."""

    def __init__(self):
        self.log_t = np.zeros(1)
        self.dlog_t = np.zeros(1)

    def forward(self, x):
        self.z = x / np.exp(self.log_t)
        e = np.exp(self.z - self.z.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, dp):
        dz = self.p * (dp - (dp * self.p).sum(axis=1, keepdims=True))
        self.dlog_t = np.array([-(dz * self.z).sum()])
        return dz / np.exp(self.log_t)


class Line:
    # y = m x + c
    def __init__(self, m, c):
        self.m, self.c = m, c

    def forward(self, x):
        self.x = x
        return self.m * x + self.c

    def backward(self, dy):
        return self.m * dy, (dy * self.x).sum(), dy.sum()


class MixtureGate:
    # out = s(g) * a + (1 - s(g)) * b
    def __init__(self, g=0.0):
        self.g = np.array([g])

    def forward(self, a, b):
        self.a, self.b = a, b
        self.s = 1 / (1 + np.exp(-self.g))
        return self.s * a + (1 - self.s) * b

    def backward(self, dout):
        self.dg = np.array([np.sum(dout * (self.a - self.b))]) * self.s * (1 - self.s)
        return dout * self.s, dout * (1 - self.s)


class PowerLearned:
    """|x| ** p"""

    def __init__(self, p: float = 1.7):
        self.p = p
        self.dp = 0.0

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        self.y = np.abs(x) ** self.p
        return self.y

    def backward(self, dout: np.ndarray) -> np.ndarray:
        self.dp = float(np.sum(dout * self.y * np.log(np.abs(self.x))))
        return dout * self.p * np.abs(self.x) ** (self.p - 1) * np.sign(self.x)


class GaussianWindow:
    def __init__(self, center=0.2, width=1.3):
        self.center = center
        self.width = width

    def forward(self, x):
        self.u = (x - self.center) / self.width
        self.y = np.exp(-0.5 * self.u ** 2) / (self.width * math.sqrt(2 * math.pi))
        return self.y

    def backward(self, dy):
        k = dy * self.y
        self.dcenter = np.sum(k * self.u) / self.width
        self.dwidth = np.sum(k * (self.u ** 2 - 1)) / self.width
        return -k * self.u / self.width
