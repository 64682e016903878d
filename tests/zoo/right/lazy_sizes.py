# Style: sizes known later: build(), initialize(), connect_to(), set_input_shape(), or at the first forward.
import copy

import numpy as np


class LazyDense:
    # weights appear at the first forward
    def __init__(self, units):
        self.units = units
        self.W = None
        self.b = None

    def forward(self, x):
        if self.W is None:
            self.W = np.random.randn(x.shape[1], self.units) / np.sqrt(x.shape[1])
            self.b = np.zeros(self.units)
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db = dy.sum(axis=0)
        return dy @ self.W.T


class FullyConnected:
    def __init__(self, n_out, init="glorot"):
        self.n_out = n_out
        self.init = init
        self.is_initialized = False
        self.parameters = {"W": None, "b": None}
        self.gradients = {}

    def _init_params(self, n_in):
        s = np.sqrt(2 / (n_in + self.n_out)) if self.init == "glorot" else np.sqrt(2 / n_in)
        self.parameters["W"] = np.random.randn(n_in, self.n_out) * s
        self.parameters["b"] = np.zeros((1, self.n_out))
        self.is_initialized = True

    def forward(self, X):
        if not self.is_initialized:
            self._init_params(X.shape[1])
        self.X = X
        self.Z = X @ self.parameters["W"] + self.parameters["b"]
        return np.maximum(self.Z, 0)

    def backward(self, dLdy):
        dZ = dLdy * (self.Z > 0)
        self.gradients["W"] = self.X.T @ dZ
        self.gradients["b"] = dZ.sum(axis=0, keepdims=True)
        return dZ @ self.parameters["W"].T


class DenseBuilt:
    def __init__(self, units):
        self.units = units

    def build(self, input_shape):
        self.w = np.random.randn(input_shape[-1], self.units) * 0.1
        self.b = np.zeros(self.units)

    def forward(self, x):
        self.x = x
        return np.dot(x, self.w) + self.b

    def backward(self, dy):
        self.dw = self.x.T @ dy
        self.db = np.sum(dy, axis=0)
        return dy @ self.w.T


class LayerNormBuilt:
    def __init__(self, epsilon=1e-6):
        self.epsilon = epsilon
        self.built = False

    def build(self, input_shape):
        d = input_shape[-1]
        self.gamma = np.ones(d)
        self.beta = np.zeros(d)
        self.built = True

    def __call__(self, x):
        if not self.built:
            self.build(x.shape)
        return self.forward(x)

    def forward(self, x):
        m = x.mean(axis=-1, keepdims=True)
        self.s = 1 / np.sqrt(x.var(axis=-1, keepdims=True) + self.epsilon)
        self.h = (x - m) * self.s
        return self.gamma * self.h + self.beta

    def backward(self, dy):
        self.dgamma = np.sum(dy * self.h, axis=0)
        self.dbeta = np.sum(dy, axis=0)
        d = dy * self.gamma
        return self.s * (d - d.mean(axis=-1, keepdims=True) - self.h * np.mean(d * self.h, axis=-1, keepdims=True))


class DenseInitialized:
    def __init__(self, n_units):
        self.n_units = n_units
        self.params = {}
        self.grads = {}

    def initialize(self, n_inputs, seed=None):
        rng = np.random.RandomState(seed)
        self.params["W"] = rng.randn(n_inputs, self.n_units)
        self.params["b"] = rng.randn(self.n_units)
        return self

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, g):
        self.grads = {"W": self.x.T @ g, "b": g.sum(0)}
        return g @ self.params["W"].T


class ScaleInitialized:
    def __init__(self):
        self.scale = None

    def initialize(self, n):
        self.scale = np.random.rand(n) + 1

    def forward(self, x):
        self.x = x
        return x * self.scale

    def backward(self, g):
        self.dscale = (g * self.x).sum(axis=0)
        return g * self.scale


class InputLayer:
    def __init__(self, n):
        self.n_out = n


class ConnectedDense:
    def __init__(self, n_out):
        self.n_out = n_out

    def connect_to(self, prev_layer):
        self.n_in = prev_layer.n_out
        self.W = np.random.randn(self.n_out, self.n_in)
        self.b = np.random.randn(self.n_out)

    def fprop(self, x):
        self.x = x
        return x @ self.W.T + self.b

    def bprop(self, dy):
        self.W_grad = dy.T @ self.x
        self.b_grad = dy.sum(axis=0)
        return dy @ self.W


class DenseShape:
    def __init__(self, n_units, input_shape=None):
        self.input_shape = input_shape
        self.n_units = n_units
        if input_shape is not None:
            self.set_input_shape(input_shape)

    def set_input_shape(self, shape):
        self.input_shape = shape
        n = int(np.prod(shape))
        self.weight = np.random.uniform(-1, 1, (n, self.n_units)) / np.sqrt(n)
        self.bias = np.zeros((1, self.n_units))

    def forward(self, x):
        self.shape = x.shape
        self.x = x.reshape(len(x), -1)
        return self.x @ self.weight + self.bias

    def backward(self, d):
        self.grad_weight = self.x.T @ d
        self.grad_bias = d.sum(0, keepdims=True)
        return (d @ self.weight.T).reshape(self.shape)


class _Stage:
    def set_input_shape(self, shape):
        self.input_shape = shape

    def parameters(self):
        return 0


class SteppedNorm(_Stage):
    """Sized by a method, given its optimizers by another; backward is for training, whatever forward was told."""

    def __init__(self, momentum=0.9):
        self.momentum = momentum
        self.mean = None

    def initialize(self, optimizer):
        self.gamma = np.ones(self.input_shape)
        self.beta = np.zeros(self.input_shape)
        self.gamma_opt, self.beta_opt = copy.copy(optimizer), copy.copy(optimizer)

    def forward_pass(self, X, training=True):
        if self.mean is None:
            self.mean, self.var = X.mean(axis=0), X.var(axis=0)
        if training:
            mean, var = X.mean(axis=0), X.var(axis=0)
            self.mean = self.momentum * self.mean + (1 - self.momentum) * mean
            self.var = self.momentum * self.var + (1 - self.momentum) * var
        else:
            mean, var = self.mean, self.var
        self.centred = X - mean
        self.inverse = 1 / np.sqrt(var + 0.01)
        return self.gamma * self.centred * self.inverse + self.beta

    def backward_pass(self, accum_grad):
        gamma = self.gamma
        normed = self.centred * self.inverse
        self.gamma = self.gamma_opt.update(self.gamma, np.sum(accum_grad * normed, axis=0))
        self.beta = self.beta_opt.update(self.beta, np.sum(accum_grad, axis=0))
        n = accum_grad.shape[0]
        return (gamma * self.inverse / n) * (
            n * accum_grad - accum_grad.sum(axis=0) - normed * np.sum(accum_grad * normed, axis=0)
        )


class Carries:
    """It builds itself when it is called for the first time, as its base class would have it."""

    built = False

    def __init__(self, bias=-1.0):
        self.bias, self.weights, self.grads = bias, {}, {}

    def __call__(self, inputs):
        if not self.built:
            self.build(inputs.shape)
            self.built = True
        return self.call(inputs)

    def build(self, input_shape):
        d = input_shape[-1]
        self.weights["kernel"] = np.random.randn(d, d) / np.sqrt(d)
        self.weights["bias"] = np.full(d, self.bias)

    def call(self, inputs):
        self.x, self.h = inputs, np.tanh(inputs @ self.weights["kernel"] + self.weights["bias"])
        return self.h + inputs

    def backward(self, grad):
        d = grad * (1 - self.h**2)
        self.grads["kernel"], self.grads["bias"] = self.x.T @ d, d.sum(axis=0)
        return grad + d @ self.weights["kernel"].T
