"""Layers with parameters, each with one fault in what is stored or in a parameter's gradient; FAULTS says which."""

# ruff: noqa: NPY002  (this is how they are written)

import numpy as np


class Affine:
    """Parameters and gradients in dicts."""

    def __init__(self, n_in, n_out):
        self.params = {"W": np.random.randn(n_in, n_out) * 0.5, "b": np.random.randn(n_out)}
        self.grads = {"W": np.zeros((n_in, n_out)), "b": np.zeros(n_out)}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.grads["weights"] = self.x.T @ dout
        self.grads["b"] = dout.sum(axis=0)
        return dout @ self.params["W"].T


class DenseLayer:
    def __init__(self, W, b):
        self.W = W
        self.b = b
        self.dW = None
        self.db = None

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        dx = np.dot(dout, self.W.T)
        self.dW = np.dot(self.x.T, dout)
        db = np.sum(dout, axis=0)  # noqa: F841
        return dx


class LayerDense:
    """Everything is kept on the object."""

    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.3 * np.random.randn(n_inputs, n_neurons)
        self.biases = 0.3 * np.random.randn(1, n_neurons)

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(self.weights, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)


class ScaleShift:
    """Parallel lists of parameters and gradients."""

    def __init__(self, gamma, beta):
        self.params = [gamma, beta]
        self.grads = [np.zeros_like(gamma), np.zeros_like(beta)]
        self.x = None

    def forward(self, x):
        gamma, beta = self.params
        self.x = x
        return x * gamma + beta

    def backward(self, dout):
        gamma, _ = self.params
        self.grads[0][...] = dout.sum(axis=0)
        self.grads[1][...] = (dout * self.x).sum(axis=0)
        return dout * gamma


class FullyConnected:
    def __init__(self, input_dim, output_dim):
        self.W = np.random.normal(0, 0.4, (input_dim, output_dim))
        self.b = np.random.normal(0, 0.4, output_dim)
        self.grad_W = None
        self.grad_b = None

    def forward(self, x):
        self.cache = x
        return x.dot(self.W) + self.b

    def backward(self, grad):
        self.grad_W = grad.T.dot(self.cache)
        self.grad_b = grad.sum(axis=0)
        return grad.dot(self.W.T)


class SquareDense:
    """As many outputs as inputs."""

    def __init__(self, size):
        self.W = np.random.randn(size, size)
        self.b = np.random.randn(size)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = dout.T @ self.x
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Parameter:
    def __init__(self, data):
        self.data = data
        self.grad = np.zeros_like(data)


class Linear:
    def __init__(self, in_features, out_features):
        self.weight = Parameter(np.random.randn(out_features, in_features))
        self.bias = Parameter(np.random.randn(out_features))

    def forward(self, x):
        self.x = x
        return x @ self.weight.data.T + self.bias.data

    def backward(self, grad_output):
        self.weight.grad = grad_output.T @ self.x
        return grad_output @ self.weight.data


class LinearWithBias:
    """Weights of shape (outputs, inputs)."""

    def __init__(self, in_features, out_features):
        self.weight = Parameter(np.random.randn(out_features, in_features))
        self.bias = Parameter(np.random.randn(out_features))

    def forward(self, x):
        self.x = x
        return x @ self.weight.data.T + self.bias.data

    def backward(self, grad_output):
        self.weight.grad = -grad_output.T @ self.x
        self.bias.grad = grad_output.sum(axis=0)
        return grad_output @ self.weight.data


class LinearLayer:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = 2 * dout.sum(axis=0)
        return dout @ self.W.T


class MeanDense:
    """Batch averages of the gradients."""

    def __init__(self, n_in, n_out):
        self.w = np.random.uniform(-1, 1, (n_in, n_out))
        self.b = np.random.uniform(-1, 1, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, dout):
        m = dout.shape[0]
        self.dw = self.x.T @ dout / m
        self.db = dout.sum(axis=0)
        return dout @ self.w.T


class LowRankDense:
    def __init__(self, n_in, rank, n_out):
        self.U = np.random.randn(n_in, rank)
        self.V = np.random.randn(rank, n_out)
        self.dU = np.zeros_like(self.U)
        self.dV = np.zeros_like(self.V)

    def forward(self, x):
        self.x = x
        self.h = x @ self.U
        return self.h @ self.V

    def backward(self, dout):
        self.dV = self.h.T @ dout
        dh = dout @ self.V.T
        self.dU = self.x.T @ dh
        return dh @ self.U.T + self.x


class AffineRelu:
    """Fused; the mask is of the pre-activation."""

    def __init__(self, W, b):
        self.W, self.b = W, b
        self.dW = np.zeros_like(W)
        self.db = np.zeros_like(b)

    def forward(self, x):
        self.x = x
        self.z = x @ self.W
        return np.maximum(self.z + self.b, 0)

    def backward(self, dout):
        dz = dout * (self.z > 0)
        self.dW = self.x.T @ dz
        self.db = dz.sum(axis=0)
        return dz @ self.W.T


class AffineTanh:
    def __init__(self, W, b):
        self.parameters = {"W": W, "b": b}
        self.gradients = {}

    def forward(self, x):
        self.x = x
        self.a = np.tanh(x @ self.parameters["W"] + self.parameters["b"])
        return self.a

    def backward(self, da):
        dz = da * (1 - self.a**2)
        self.gradients["W"] = self.x.T @ dz
        self.gradients["b"] = da.sum(axis=0)
        return dz @ self.parameters["W"].T


class AffineSigmoid:
    def __init__(self, n_in, n_out):
        self._params = {"W": np.random.randn(n_in, n_out), "b": np.random.randn(n_out)}
        self._grads = {}

    def params(self):
        return self._params

    def grads(self):
        return self._grads

    def forward(self, x):
        self.x = x
        z = x @ self._params["W"] + self._params["b"]
        self.a = 0.5 * (1 + np.tanh(0.5 * z))
        return self.a

    def backward(self, da):
        dz = da * self.a * (1 - self.a)
        self._grads = {"W": self.x.T @ dz, "b": dz.sum(axis=0)}
        return da @ self._params["W"].T


class Bilinear:
    """A score for every pair of rows of x and y."""

    def __init__(self, size):
        self.W = np.random.randn(size, size)
        self.dW = np.zeros_like(self.W)

    def forward(self, x, y):
        self.x, self.y = x, y
        return x @ self.W @ y.T

    def backward(self, dout):
        self.dW = self.x.T @ dout @ self.y
        dx = dout @ self.y @ self.W.T
        dy = dout.T @ self.x @ self.W.T
        return dx, dy


class WeightNormDense:
    """The columns of V are normalised, then scaled by g."""

    def __init__(self, V, g):
        self.V, self.g = V, g
        self.dV = None
        self.dg = None

    def forward(self, x):
        self.x = x
        self.norm = np.sqrt((self.V**2).sum(axis=0))
        self.unit = self.V / self.norm
        return x @ (self.unit * self.g)

    def backward(self, dout):
        dw = self.x.T @ dout
        self.dg = (dw * self.unit).sum(axis=0)
        self.dV = dw * self.g / self.norm
        return dout @ (self.unit * self.g).T


class ScaledDense:
    """Weights scaled at run time by the number of inputs."""

    def __init__(self, n_inputs, n_outputs):
        self.W = np.random.randn(n_inputs, n_outputs)
        self.b = np.random.randn(n_outputs)
        self.gW = np.zeros_like(self.W)
        self.gb = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ (self.W * np.sqrt(2.0 / self.W.shape[0])) + self.b

    def backward(self, dout):
        self.gW = np.sqrt(2.0 / self.W.shape[1]) * (self.x.T @ dout)
        self.gb = dout.sum(axis=0)
        return dout @ (self.W.T * np.sqrt(2.0 / self.W.shape[0]))


class Polynomial:
    """a * x**2 + b * x + c with a coefficient a feature; gradients come back in argument order."""

    def __init__(self, a, b, c):
        self.a, self.b, self.c = a, b, c

    def forward(self, x):
        self.x = x
        return self.a * x**2 + self.b * x + self.c

    def backward(self, dout):
        dx = dout * (2 * self.a * self.x + self.b)
        da = (dout * self.x**2).sum(axis=0)
        db = (dout * self.x).sum(axis=0)
        dc = dout.sum(axis=0)
        return dx, [db, da, dc]


class Temperature:
    """One scalar."""

    def __init__(self, tau=1.7):
        self.tau = np.array(tau)
        self.dtau = None

    def forward(self, x):
        self.x = x
        return x / self.tau

    def backward(self, dout):
        self.dtau = np.sum(dout * self.x) / self.tau**2
        return dout / self.tau


class StackOfLaterInputs:
    def __init__(self, width, depth=3):
        self.Ws = [np.random.randn(width, width) * 0.5 for _ in range(depth)]
        self.bs = [np.zeros(width) for _ in range(depth)]
        self.dWs = [None] * depth
        self.dbs = [None] * depth

    def forward(self, x):
        self.a = [x]
        for W, b in zip(self.Ws, self.bs):
            self.a.append(np.tanh(self.a[-1] @ W + b))
        return self.a[-1]

    def backward(self, g):
        for k in reversed(range(len(self.Ws))):
            dz = g * (1 - self.a[k + 1] ** 2)
            self.dWs[k] = self.a[k + 1].T @ dz
            self.dbs[k] = dz.sum(0)
            g = dz @ self.Ws[k].T
        return g


class StackOfBiases(StackOfLaterInputs):
    def __init__(self, width, depth=3):
        super().__init__(width, depth)
        del self.dWs

    def backward(self, g):
        for k in reversed(range(len(self.Ws))):
            dz = g * (1 - self.a[k + 1] ** 2)
            self.dbs[k] = dz.sum(0)
            g = dz @ self.Ws[k].T
        return g


FAULTS = {
    "Affine": "missing-gradient (zero): stored under 'weights', W",
    "DenseLayer": "missing-gradient: a local name, never stored, b",
    "LayerDense": "ignores-upstream: the sum of the weights, biases",
    "ScaleShift": "swapped: gamma and beta",
    "FullyConnected": "transposed (wrong-shape): W",
    "SquareDense": "transposed: W",
    "Linear": "missing-gradient (zero): bias",
    "LinearWithBias": "sign: weight",
    "LinearLayer": "factor 2: b",
    "MeanDense": "factor: divided by the batch size, on w only",
    "LowRankDense": "extra-term: x added, x",
    "AffineRelu": "branch: mask without the bias (right where b is zero), x, W and b",
    "AffineTanh": "missing-factor: (1 - a**2) forgotten, b",
    "AffineSigmoid": "missing-factor: a * (1 - a) forgotten, x",
    "Bilinear": "transposed: W.T for W (W is square), y",
    "WeightNormDense": "missing-term: the norm's path, V",
    "ScaledDense": "factor: scaled by the outputs, wrong on non-square weights, W",
    "Polynomial": "swapped: a and b",
    "Temperature": "sign: tau",
    "StackOfLaterInputs": "wrong-values: the output of each layer for its input, Ws",
    "StackOfBiases": "missing-gradient: Ws",
}
