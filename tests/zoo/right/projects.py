# Style: corners of larger projects: contexts with save_for_backward, options and initialisers, hyperparameters, per-layer optimizers and names.
from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np

logger = logging.getLogger(__name__)


# ---- initialisers as objects, parameters by name, one base class

class Initializer:
    def __call__(self, shape):
        return self.init(shape).astype(np.float64)

    def init(self, shape):
        raise NotImplementedError


class Zeros(Initializer):
    def init(self, shape):
        return np.zeros(shape)


class XavierUniform(Initializer):
    def __init__(self, gain=1.0):
        self._gain = gain

    def init(self, shape):
        fan_in, fan_out = shape[0], shape[-1]
        a = self._gain * np.sqrt(6.0 / (fan_in + fan_out))
        return np.random.uniform(-a, a, size=shape)


class NetLayer(ABC):
    def __init__(self, name):
        self.name = name
        self.params, self.grads = {}, {}
        self.is_training = True

    @abstractmethod
    def forward(self, inputs):
        raise NotImplementedError

    @abstractmethod
    def backward(self, grad):
        raise NotImplementedError

    def set_phase(self, phase):
        self.is_training = True if phase == "TRAIN" else False


class Dense(NetLayer):
    def __init__(self, num_out, num_in=None, w_init=XavierUniform(), b_init=Zeros()):
        super().__init__("Linear")
        self.initializers = {"w": w_init, "b": b_init}
        self.shapes = {"w": [num_in, num_out], "b": [num_out]}
        self.is_init = False
        if num_in is not None:
            self._init_parameters(num_in)
        self.inputs = None

    def _init_parameters(self, input_size):
        self.shapes["w"][0] = input_size
        self.params["w"] = self.initializers["w"](shape=self.shapes["w"])
        self.params["b"] = self.initializers["b"](shape=self.shapes["b"])
        self.is_init = True

    def forward(self, inputs):
        if not self.is_init:
            self._init_parameters(inputs.shape[1])
        self.inputs = inputs
        return inputs @ self.params["w"] + self.params["b"]

    def backward(self, grad):
        self.grads["w"] = self.inputs.T @ grad
        self.grads["b"] = np.sum(grad, axis=0)
        return grad @ self.params["w"].T


class Activation(NetLayer):
    def __init__(self, name="activation"):
        super().__init__(name)
        self.inputs = None

    def forward(self, inputs):
        self.inputs = inputs
        return self.func(inputs)

    def backward(self, grad):
        return self.derivative_func(self.inputs) * grad

    def func(self, x):
        raise NotImplementedError

    def derivative_func(self, x):
        raise NotImplementedError


class SoftplusActivation(Activation):
    def __init__(self):
        super().__init__("Softplus")

    def func(self, x):
        return np.log(1.0 + np.exp(-np.abs(x))) + np.maximum(x, 0.0)

    def derivative_func(self, x):
        return 1.0 / (1.0 + np.exp(-x))


class ReLU6(Activation):
    def __init__(self):
        super().__init__("ReLU6")

    def func(self, x):
        return np.minimum(np.maximum(x, 0.0), 6.0)

    def derivative_func(self, x):
        return (x > 0.0) & (x < 6.0)


# ---- functions with a context

class Context:
    def __init__(self):
        self.saved = ()

    def save_for_backward(self, *arrays):
        self.saved = arrays


class LinearFunction:
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return x @ weight.T + bias

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved
        return grad_output @ weight, grad_output.T @ x, grad_output.sum(axis=0)


class SigmoidFunction:
    @staticmethod
    def forward(ctx, x):
        y = 1 / (1 + np.exp(-x))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad_output):
        (y,) = ctx.saved
        return grad_output * y * (1 - y)


class ExpMulFunction:
    @staticmethod
    def forward(ctx, a, b):
        e = np.exp(a)
        ctx.save_for_backward(e, b)
        return e * b

    @staticmethod
    def backward(ctx, grad):
        e, b = ctx.saved
        return grad * e * b, grad * e


# ---- dataclasses

@dataclass
class AffineConfig:
    n_in: int = 4
    n_out: int = 3
    scale: float = 0.5


class ConfiguredAffine:
    def __init__(self, config: AffineConfig):
        self.config = config
        self.kernel = config.scale * np.random.randn(config.n_in, config.n_out)
        self.beta = np.zeros(config.n_out)

    def forward(self, x: np.ndarray) -> np.ndarray:
        logger.debug("forward %s", x.shape)
        self._x = x
        return x @ self.kernel + self.beta

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dkernel = self._x.T @ dy
        self.dbeta = dy.sum(axis=0)
        return dy @ self.kernel.T


@dataclass
class Scaler:
    n: int
    factors: np.ndarray = field(init=False)
    grad_factors: np.ndarray = field(init=False, default=None)

    def __post_init__(self):
        self.factors = np.random.uniform(0.5, 1.5, self.n)

    def forward(self, x):
        self._x = x
        return x * self.factors

    def backward(self, dy):
        self.grad_factors = np.einsum("ni,ni->i", dy, self._x)
        return dy * self.factors


# ---- keyword options

class FlexibleDense:
    """
    Options: activation ("tanh", "relu", "linear"), use_bias.
    """

    def __init__(self, **kwargs):
        self.input_dim = kwargs.get("input_dim", 4)
        self.output_dim = kwargs.get("output_dim", 3)
        self.activation = kwargs.get("activation", "tanh")
        self.use_bias = kwargs.get("use_bias", True)
        self.weight = np.random.normal(0, 0.5, (self.input_dim, self.output_dim))
        if self.use_bias:
            self.bias = np.random.normal(0, 0.1, (self.output_dim,))

    def forward(self, x):
        self.x = x
        z = x @ self.weight
        if self.use_bias:
            z = z + self.bias
        if self.activation == "tanh":
            self.y = np.tanh(z)
        elif self.activation == "relu":
            self.y = np.maximum(z, 0)
        else:
            self.y = z
        return self.y

    def backward(self, dy):
        if self.activation == "tanh":
            dz = dy * (1 - self.y ** 2)
        elif self.activation == "relu":
            dz = dy * (self.y > 0)
        else:
            dz = dy
        self.grad_weight = self.x.T @ dz
        if self.use_bias:
            self.grad_bias = dz.sum(axis=0)
        return dz @ self.weight.T


class WeightNormDense:
    # w = g * v / |v|, columns
    def __init__(self, n_in, n_out):
        self.v = np.random.randn(n_in, n_out)
        self.g = np.ones(n_out)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        self.norm = np.sqrt((self.v ** 2).sum(axis=0))
        self.w = self.g * self.v / self.norm
        return x @ self.w + self.b

    def backward(self, dy):
        dw = self.x.T @ dy
        u = self.v / self.norm
        self.dg = (dw * u).sum(axis=0)
        self.dv = self.g / self.norm * (dw - u * (dw * u).sum(axis=0))
        self.db = dy.sum(axis=0)
        return dy @ self.w.T


class LowRank:
    """x + x A B, as in adapters"""

    def __init__(self, d, r=2):
        self.A = np.random.randn(d, r)
        self.B = np.random.randn(r, d)

    def forward(self, x):
        self.x = x
        self.xa = x @ self.A
        return x + self.xa @ self.B

    def backward(self, dy):
        dxa = dy @ self.B.T
        return dy + dxa @ self.A.T, {"A": self.x.T @ dxa, "B": self.xa.T @ dy}


class MultiOutput:
    # two heads; backward takes a gradient for each
    def __init__(self, n, m1, m2):
        self.W1, self.W2 = np.random.randn(n, m1), np.random.randn(n, m2)

    def forward(self, x):
        self.x = x
        return x @ self.W1, np.tanh(x @ self.W2)

    def backward(self, d1, d2):
        d2 = d2 * (1 - np.tanh(self.x @ self.W2) ** 2)
        self.dW1 = self.x.T @ d1
        self.dW2 = self.x.T @ d2
        return d1 @ self.W1.T + d2 @ self.W2.T


class SplitHalves:
    def forward(self, x):
        self.n = x.shape[1] // 2
        return x[:, :self.n].copy(), x[:, self.n:].copy()

    def backward(self, da, db):
        return np.hstack((da, db))


class GLU:
    def forward(self, x):
        assert x.shape[-1] % 2 == 0, "an even number of features"
        self.a, b = np.split(x, 2, axis=-1)
        self.s = 1 / (1 + np.exp(-b))
        return self.a * self.s

    def backward(self, dy):
        return np.concatenate([dy * self.s, dy * self.a * self.s * (1 - self.s)], axis=-1)
