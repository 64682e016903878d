"""Layers that are wrong in a use that is not the plain one; each counterexample has to run as it stands."""

import numpy as np


class Built:
    def __init__(self, units):
        self.units = units

    def build(self, input_shape):
        self.w = np.full((input_shape[-1], self.units), 0.7)
        self.b = np.zeros(self.units)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, dy):
        self.dw = self.x.T @ dy
        self.db = dy.mean(axis=0)
        return dy @ self.w.T


class Connected:
    def __init__(self, n_out):
        self.n_out = n_out

    def connect_to(self, prev):
        self.W = np.full((prev.n_out, self.n_out), 0.7)

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        self.dW = -self.x.T @ dy
        return dy @ self.W.T


class Caching:
    def forward(self, x):
        y = np.tanh(x)
        return y, (x, y)

    def backward(self, dy, cache):
        return dy * (1 - cache[1])


class Evaluates:
    def __init__(self, d):
        self.g = np.ones(d)
        self.training = True

    def forward(self, x):
        self.x = x
        return x * self.g * (1.0 if self.training else 0.5)

    def backward(self, dy):
        self.dg = (dy * self.x).sum(0) * (1.0 if self.training else 0.5)
        return dy * self.g


class Strided:
    def __init__(self, stride=1):
        self.stride = stride

    def forward(self, x):
        self.s = x.shape
        return 2 * x[:, :: self.stride]

    def backward(self, dy):
        dx = np.zeros(self.s)
        dx[:, : dy.shape[1]] = 2 * dy
        return dx


class Two:
    def forward(self, x):
        self.x = x
        return x**2, np.sin(x)

    def backward(self, d1, d2):
        return 2 * d1 * self.x + d2 * np.sin(self.x)


class Ctx:
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x * w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w, 2 * (g * x).sum(0)


class Quiet:
    def forward(self, x):
        self.x = x
        self.output = x**3

    def backward(self, dy):
        self.dinputs = dy * 2 * self.x**2


class WithAnOptimizer:
    """The gain is made by a method that takes an optimizer, one that steps by itself."""

    def set_input_shape(self, shape):
        self.input_shape = shape

    def initialize(self, optimizer):
        self.gain = np.ones(self.input_shape)
        self.gain_opt = optimizer

    def forward_pass(self, x, training=True):
        self.x = x
        return np.tanh(self.gain * x)

    def backward_pass(self, grad):
        dz = grad * (1 - np.tanh(self.gain * self.x))
        gain = self.gain
        self.gain = self.gain_opt.update(self.gain, np.sum(dz * self.x, axis=0))
        return dz * gain
