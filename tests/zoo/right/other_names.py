# Style: other names for the two passes: forward_pass/backward_pass, backprop, backward_propagation, fprop/bprop, propagate, a returned cache.
import numpy as np


class DenseLayer:
    def __init__(self, n_inputs, n_units):
        self.w = np.random.randn(n_inputs, n_units)
        self.b = np.zeros((1, n_units))

    def forward_pass(self, a_prev):
        self._a_prev = np.array(a_prev, copy=True)
        return np.dot(a_prev, self.w) + self.b

    def backward_pass(self, da_curr):
        self.dw = np.dot(self._a_prev.T, da_curr)
        self.db = np.sum(da_curr, axis=0, keepdims=True)
        return np.dot(da_curr, self.w.T)

    @property
    def weights(self):
        return self.w, self.b

    @property
    def gradients(self):
        return self.dw, self.db


class ReluLayer:
    def __init__(self):
        self._z = None

    def forward_pass(self, a_prev, training=False):
        self._z = np.maximum(0, a_prev)
        return self._z

    def backward_pass(self, da_curr):
        dz = np.array(da_curr, copy=True)
        dz[self._z <= 0] = 0
        return dz


class TanhLayer:
    def forward_propagation(self, input_data):
        self.input = input_data
        self.output = np.tanh(self.input)
        return self.output

    def backward_propagation(self, output_error):
        return (1 - np.tanh(self.input) ** 2) * output_error


class LinearProp:
    def __init__(self, n, m):
        self.weight = np.random.randn(n, m)
        self.bias = np.random.randn(m)

    def forward_propagation(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward_propagation(self, grad):
        self.weight_grad = self.x.T @ grad
        self.bias_grad = grad.sum(axis=0)
        return grad @ self.weight.T


class SoftplusLayer:
    def feedforward(self, x):
        self.x = x
        return np.logaddexp(0, x)

    def backprop(self, delta):
        return delta / (1 + np.exp(-self.x))


class HiddenSigmoid:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.random.randn(n_out)

    def feedforward(self, x):
        self.x = x
        self.a = 1 / (1 + np.exp(-(x @ self.W + self.b)))
        return self.a

    def backprop(self, error):
        delta = error * self.a * (1 - self.a)
        self.nabla_w = self.x.T @ delta
        self.nabla_b = delta.sum(axis=0)
        return delta @ self.W.T


class Weights:
    def __init__(self, shape):
        self.W = np.random.randn(*shape)
        self.dW = np.zeros(shape)

    def fprop(self, x):
        self.x = x
        return x @ self.W

    def bprop(self, dy):
        self.dW[...] = self.x.T @ dy
        return dy @ self.W.T


class LeakyRectifier:
    def __init__(self, slope=0.01):
        self.slope = slope

    def fprop(self, x):
        self.k = np.where(x > 0, 1.0, self.slope)
        return x * self.k

    def bprop(self, dy):
        return dy * self.k


class Callable:
    # y = sin(x W), calling it is the forward pass
    def __init__(self, W):
        self.W = W

    def __call__(self, x):
        self.x = x
        self.z = x @ self.W
        return np.sin(self.z)

    def backward(self, dy):
        dz = dy * np.cos(self.z)
        return dz @ self.W.T, self.x.T @ dz


class CallGrad:
    def __call__(self, x, y):
        self.x, self.y = x, y
        return x ** 2 * y

    def grad(self, dz):
        return 2 * self.x * self.y * dz, self.x ** 2 * dz


class Stateless:
    """forward gives (y, cache); backward takes (dy, cache)"""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.random.randn(n_out)

    def forward(self, x):
        y = np.tanh(x @ self.W + self.b)
        return y, (x, y)

    def backward(self, dy, cache):
        x, y = cache
        dz = dy * (1 - y ** 2)
        return dz @ self.W.T, {"W": x.T @ dz, "b": dz.sum(axis=0)}


class StatelessSigmoid:
    def forward(self, x):
        y = 1 / (1 + np.exp(-x))
        return y, y

    def backward(self, dy, y):
        return dy * y * (1 - y)


class Stacked:
    # a stack of inputs, for layers that are used more than once in a graph
    def __init__(self, n_in, n_out):
        self.params = {"W": np.random.randn(n_in, n_out)}
        self.grads = {}
        self.X = []

    def forward(self, x):
        self.X.append(x)
        return x @ self.params["W"]

    def backward(self, dy):
        x = self.X.pop()
        self.grads["W"] = x.T @ dy
        return dy @ self.params["W"].T


class ForwardInputBackward:
    """backward gets the input again"""

    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_in, n_out)

    def forward(self, input):
        return np.maximum(input.dot(self.weights), 0)

    def backward(self, input, grad_output):
        g = grad_output * (input.dot(self.weights) > 0)
        self.grad_weights = input.T.dot(g)
        return g.dot(self.weights.T)


class CubeInput:
    def forward(self, input):
        return input ** 3

    def backward(self, input, grad_output):
        return 3 * input ** 2 * grad_output
