# Style: parameters and gradients as attributes, in all the spellings people choose (grad_W, W_grad, dw, weights_update...).
import numpy as np


class Layer:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad):
        raise NotImplementedError

    def update(self, lr):
        pass


class Dense(Layer):
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * np.sqrt(2.0 / n_in)
        self.b = np.zeros((1, n_out))

    def forward(self, X):
        self.X = X
        return X @ self.W + self.b

    def backward(self, grad_output):
        self.grad_W = self.X.T @ grad_output
        self.grad_b = grad_output.sum(axis=0, keepdims=True)
        return grad_output @ self.W.T

    def update(self, lr):
        self.W -= lr * self.grad_W
        self.b -= lr * self.grad_b


class ScaleShift(Layer):
    # y = a * x + c per feature
    def __init__(self, size):
        self.a = np.ones(size)
        self.c = np.zeros(size)
        self.grad_a = None
        self.grad_c = None

    def forward(self, x):
        self.x = x
        return self.a * x + self.c

    def backward(self, grad):
        self.grad_a = (grad * self.x).sum(axis=0)
        self.grad_c = grad.sum(axis=0)
        return grad * self.a


class LinearLayer(Layer):
    """Fully connected, weights stored as (out, in)."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True):
        k = 1 / np.sqrt(in_features)
        self.W = np.random.uniform(-k, k, size=(out_features, in_features))
        self.b = np.random.uniform(-k, k, size=(out_features,)) if bias else None
        self.W_grad = np.zeros_like(self.W)
        self.b_grad = np.zeros_like(self.b) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        assert x.ndim == 2
        self.inp = x
        y = x.dot(self.W.T)
        if self.b is not None:
            y = y + self.b
        return y

    def backward(self, delta: np.ndarray) -> np.ndarray:
        self.W_grad = delta.T.dot(self.inp)
        if self.b is not None:
            self.b_grad = delta.sum(0)
        return delta.dot(self.W)


class MaxoutLayer(Layer):
    def __init__(self, n_in, n_out, pieces=3):
        self.W = np.random.randn(pieces, n_in, n_out)
        self.b = np.random.randn(pieces, n_out) * 0.1
        self.W_grad, self.b_grad = None, None

    def forward(self, x):
        self.x = x
        z = np.einsum("ni,pio->npo", x, self.W) + self.b
        self.best = z.argmax(axis=1)
        return z.max(axis=1)

    def backward(self, delta):
        p = self.W.shape[0]
        sel = (np.arange(p)[None, :, None] == self.best[:, None, :]) * delta[:, None, :]
        self.W_grad = np.einsum("ni,npo->pio", self.x, sel)
        self.b_grad = sel.sum(axis=0)
        return np.einsum("npo,pio->ni", sel, self.W)


class FullyConnected:
    def __init__(self, input_size, output_size, weight_scale=0.1):
        self.weight = weight_scale * np.random.randn(input_size, output_size)
        self.bias = np.zeros(output_size)
        self.dw = None
        self.db = None

    def forward(self, input):
        self.input = input
        return np.matmul(input, self.weight) + self.bias

    def backward(self, top_diff):
        self.dw = np.matmul(self.input.T, top_diff)
        self.db = np.sum(top_diff, axis=0)
        bottom_diff = np.matmul(top_diff, self.weight.T)
        return bottom_diff


class NoBias:
    def __init__(self, fan_in, fan_out):
        self.weights = np.random.normal(0, 1 / np.sqrt(fan_in), (fan_in, fan_out))

    def forward(self, x):
        self.prev = x
        return x @ self.weights

    def backward(self, d):
        self.dw = self.prev.T @ d
        return d @ self.weights.T


class HiddenLayer:
    # applies its own tanh
    def __init__(self, inputs, outputs):
        self.weights = np.random.rand(inputs, outputs) - 0.5
        self.bias = np.random.rand(outputs) - 0.5
        self.weights_update = np.zeros_like(self.weights)
        self.bias_update = np.zeros_like(self.bias)

    def forward(self, x):
        self.last_input = x
        self.last_output = np.tanh(x @ self.weights + self.bias)
        return self.last_output

    def backward(self, error):
        delta = error * (1 - self.last_output ** 2)
        self.weights_update = self.last_input.T @ delta
        self.bias_update = delta.sum(axis=0)
        return delta @ self.weights.T

    def apply_update(self, eta):
        self.weights -= eta * self.weights_update
        self.bias -= eta * self.bias_update


class RBFLayer:
    def __init__(self, n_in, n_centers):
        self.weights = np.random.randn(n_centers, n_in)   # the centres
        self.log_gamma = np.full(n_centers, -0.5)
        self.weights_update = None
        self.log_gamma_update = None

    def forward(self, x):
        self.diff = x[:, None, :] - self.weights[None]
        self.d2 = np.sum(self.diff ** 2, axis=2)
        self.phi = np.exp(-np.exp(self.log_gamma) * self.d2)
        return self.phi

    def backward(self, error):
        g = np.exp(self.log_gamma)
        dd2 = -error * self.phi * g
        self.log_gamma_update = np.sum(-error * self.phi * self.d2 * g, axis=0)
        ddiff = 2 * dd2[:, :, None] * self.diff
        self.weights_update = -ddiff.sum(axis=0)
        return ddiff.sum(axis=1)


class LayerNorm:
    def __init__(self, dim, eps=1e-5):
        self.gamma = np.ones((1, dim))
        self.beta = np.zeros((1, dim))
        self.eps = eps

    def forward(self, x):
        mu = x.mean(axis=-1, keepdims=True)
        var = x.var(axis=-1, keepdims=True)
        self.inv = 1.0 / np.sqrt(var + self.eps)
        self.xhat = (x - mu) * self.inv
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        self.dgamma = np.sum(dy * self.xhat, axis=0, keepdims=True)
        self.dbeta = np.sum(dy, axis=0, keepdims=True)
        g = dy * self.gamma
        return self.inv * (g - g.mean(-1, keepdims=True) - self.xhat * (g * self.xhat).mean(-1, keepdims=True))


class RMSNorm:
    def __init__(self, d):
        self.gamma = np.ones(d)
        self.dgamma = np.zeros(d)

    def forward(self, x):
        self.x = x
        self.r = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-6)
        return x / self.r * self.gamma

    def backward(self, dy):
        n = self.x / self.r
        self.dgamma = (dy * n).sum(axis=tuple(range(dy.ndim - 1)))
        t = dy * self.gamma
        return (t - n * np.mean(t * n, axis=-1, keepdims=True)) / self.r


class PReLU:
    def __init__(self, channels, init=0.25):
        self.alpha = np.full(channels, init)
        self.dalpha = np.zeros(channels)

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * x)

    def backward(self, dy):
        neg = self.x <= 0
        self.dalpha = np.sum(dy * self.x * neg, axis=0)
        return np.where(neg, self.alpha * dy, dy)
