# Style: activation objects giving the local derivative (fn/grad, __call__/gradient, forward/derivative, f/prime); the caller multiplies.
from abc import ABC, abstractmethod

import numpy as np


class ActivationBase(ABC):
    def __init__(self, **kwargs):
        super().__init__()

    def __call__(self, z):
        if z.ndim == 1:
            z = z.reshape(1, -1)
        return self.fn(z)

    @abstractmethod
    def fn(self, z):
        raise NotImplementedError

    @abstractmethod
    def grad(self, x, **kwargs):
        raise NotImplementedError


class Sigmoid(ActivationBase):
    def __str__(self):
        return "Sigmoid"

    def fn(self, z):
        return 1 / (1 + np.exp(-z))

    def grad(self, x):
        fn_x = self.fn(x)
        return fn_x * (1 - fn_x)


class ELU(ActivationBase):
    def __init__(self, alpha=1.0):
        self.alpha = alpha
        super().__init__()

    def __str__(self):
        return "ELU(alpha={})".format(self.alpha)

    def fn(self, z):
        return np.where(z > 0, z, self.alpha * (np.exp(z) - 1))

    def grad(self, x):
        return np.where(x > 0, np.ones_like(x), self.alpha * np.exp(x))


class SELU(ActivationBase):
    def __init__(self):
        self.alpha = 1.6732632423543772848170429916717
        self.scale = 1.0507009873554804934193349852946
        self.elu = ELU(alpha=self.alpha)
        super().__init__()

    def fn(self, z):
        return self.scale * self.elu.fn(z)

    def grad(self, x):
        return np.where(x > 0, np.ones_like(x) * self.scale, np.exp(x) * self.alpha * self.scale)


class HardSigmoid(ActivationBase):
    def fn(self, z):
        return np.clip((0.2 * z) + 0.5, 0.0, 1.0)

    def grad(self, x):
        return np.where((x >= -2.5) & (x <= 2.5), 0.2, 0)


# __call__ / gradient

class ReLU:
    def __call__(self, x):
        return np.where(x >= 0, x, 0)

    def gradient(self, x):
        return np.where(x >= 0, 1, 0)


class LeakyReLU:
    def __init__(self, alpha=0.2):
        self.alpha = alpha

    def __call__(self, x):
        return np.where(x >= 0, x, self.alpha * x)

    def gradient(self, x):
        return np.where(x >= 0, 1, self.alpha)


class SoftPlus:
    def __call__(self, x):
        return np.log(1 + np.exp(x))

    def gradient(self, x):
        return 1 / (1 + np.exp(-x))


class TanH:
    def __call__(self, x):
        return 2 / (1 + np.exp(-2 * x)) - 1

    def gradient(self, x):
        return 1 - np.power(self.__call__(x), 2)


# forward / derivative and the like

class Swish:
    def __init__(self, beta=1.0):
        self.beta = beta

    def forward(self, x):
        return x / (1 + np.exp(-self.beta * x))

    def derivative(self, x):
        s = 1 / (1 + np.exp(-self.beta * x))
        return s + self.beta * x * s * (1 - s)


class GELU:
    # tanh form, and the derivative of the tanh form
    c = np.sqrt(2 / np.pi)

    def forward(self, x):
        return 0.5 * x * (1 + np.tanh(self.c * (x + 0.044715 * x ** 3)))

    def derivative(self, x):
        t = np.tanh(self.c * (x + 0.044715 * x ** 3))
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * self.c * (1 + 3 * 0.044715 * x ** 2)


class Mish:
    def activate(self, x):
        return x * np.tanh(np.logaddexp(0, x))

    def derivative(self, x):
        sp = np.logaddexp(0, x)
        t = np.tanh(sp)
        return t + x * (1 - t ** 2) / (1 + np.exp(-x))


class SoftSign:
    def activate(self, x):
        return x / (1 + np.abs(x))

    def derivative(self, x):
        return 1 / (1 + np.abs(x)) ** 2


class Gaussian:
    @staticmethod
    def fn(x):
        return np.exp(-x ** 2)

    @staticmethod
    def prime(x):
        return -2 * x * np.exp(-x ** 2)


class ArcTan:
    def __call__(self, x):
        return np.arctan(x)

    def prime(self, x):
        return 1 / (1 + x * x)


# the derivative takes the output, not the input

class SigmoidOfOutput:
    def activate(self, x):
        return 1.0 / (1.0 + np.exp(-x))

    def derivative(self, y):
        return y * (1.0 - y)


class TanhOfOutput:
    def forward(self, x):
        return np.tanh(x)

    def derivative(self, output):
        return 1 - output ** 2


# ... or nothing

class SigmoidRemembered:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def derivative(self):
        return self.out * (1 - self.out)


class SineRemembered:
    def __call__(self, x):
        self.x = x
        return np.sin(x)

    def grad(self):
        return np.cos(self.x)


# ones that do multiply

class LogSigmoid:
    def __call__(self, x):
        self.x = x
        return -np.log1p(np.exp(-x))

    def grad(self, upstream):
        return upstream / (1 + np.exp(self.x))


class Softmax:
    """Full Jacobian for each row."""

    def forward(self, x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        self.p = e / e.sum(axis=-1, keepdims=True)
        return self.p

    def backward(self, dy):
        dx = np.empty_like(dy)
        for i, (p, g) in enumerate(zip(self.p, dy)):
            J = np.diag(p) - np.outer(p, p)
            dx[i] = J @ g
        return dx


# functions with a flag, and a dictionary of pairs

def tanh(x, deriv=False):
    if deriv:
        return 1 - np.tanh(x) ** 2
    return np.tanh(x)


def softplus(x, derivative=False):
    if derivative:
        return 1 / (1 + np.exp(-x))
    return np.logaddexp(0, x)


ACTIVATIONS = {
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(float)),
    "linear": (lambda x: x, lambda x: np.ones_like(x)),
}


class ActivationLayer:
    def __init__(self, name):
        self.f, self.df = ACTIVATIONS[name]

    def forward(self, x):
        self.x = x
        return self.f(x)

    def backward(self, dy):
        return dy * self.df(self.x)


class DenseActivated:
    def __init__(self, n_in, n_out, activation="sigmoid"):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.random.randn(n_out)
        self.f, self.df = ACTIVATIONS[activation]

    def forward(self, x):
        self.x = x
        self.z = x @ self.W + self.b
        return self.f(self.z)

    def backward(self, dy):
        dz = dy * self.df(self.z)
        self.dW = self.x.T @ dz
        self.db = dz.sum(axis=0)
        return dz @ self.W.T


class NeuronLayer:
    def __init__(self, n_in, n_out, act_fn=None):
        self.weights = np.random.randn(n_in, n_out)
        self.bias = np.zeros((1, n_out))
        self.act_fn = act_fn if act_fn is not None else TanH()
        self.gradients = {}

    def forward(self, X):
        self.X = X
        self.Z = X @ self.weights + self.bias
        return self.act_fn(self.Z)

    def backward(self, dLdy):
        dZ = dLdy * self.act_fn.gradient(self.Z)
        self.gradients["weights"] = self.X.T @ dZ
        self.gradients["bias"] = dZ.sum(axis=0, keepdims=True)
        return dZ @ self.weights.T
