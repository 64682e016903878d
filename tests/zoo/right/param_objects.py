# Style: Parameter objects holding .data/.grad (or .value/.grad, .param/.grad), the gradient stored anew at each backward.
import numpy as np


class Parameter:
    def __init__(self, data):
        self.data = data
        self.grad = np.zeros_like(data)

    def zero_grad(self):
        self.grad = np.zeros_like(self.data)

    def __repr__(self):
        return "Parameter%s" % (self.data.shape,)


class Module:
    def parameters(self):
        return [v for v in self.__dict__.values() if isinstance(v, Parameter)]

    def zero_grad(self):
        for p in self.parameters():
            p.zero_grad()

    def __call__(self, *args):
        return self.forward(*args)

    def forward(self, x):
        raise NotImplementedError

    def backward(self, dy):
        raise NotImplementedError


class Linear(Module):
    def __init__(self, n_in, n_out):
        self.weight = Parameter(np.random.randn(n_in, n_out) / np.sqrt(n_in))
        self.bias = Parameter(np.zeros(n_out))

    def forward(self, x):
        self.x = x
        return x @ self.weight.data + self.bias.data

    def backward(self, dy):
        self.weight.grad = self.x.reshape(-1, self.x.shape[-1]).T @ dy.reshape(-1, dy.shape[-1])
        self.bias.grad = dy.reshape(-1, dy.shape[-1]).sum(0)
        return dy @ self.weight.data.T


class LayerNorm(Module):
    def __init__(self, n):
        self.gamma = Parameter(np.ones(n))
        self.beta = Parameter(np.zeros(n))

    def forward(self, x):
        m = x.mean(-1, keepdims=True)
        v = x.var(-1, keepdims=True)
        self.rstd = 1 / np.sqrt(v + 1e-5)
        self.norm = (x - m) * self.rstd
        return self.norm * self.gamma.data + self.beta.data

    def backward(self, dy):
        axes = tuple(range(dy.ndim - 1))
        self.gamma.grad = (dy * self.norm).sum(axes)
        self.beta.grad = dy.sum(axes)
        d = dy * self.gamma.data
        return self.rstd * (d - d.mean(-1, keepdims=True) - self.norm * (d * self.norm).mean(-1, keepdims=True))


class CausalConv1d(Module):
    # x: (N, C, T), left padded so that output t sees inputs up to t
    def __init__(self, c_in, c_out, k=3):
        self.k = k
        self.kernel = Parameter(np.random.randn(c_out, c_in, k) * 0.3)
        self.bias = Parameter(np.random.randn(c_out) * 0.1)

    def forward(self, x):
        self.xp = np.pad(x, ((0, 0), (0, 0), (self.k - 1, 0)))
        T = x.shape[2]
        out = 0
        for j in range(self.k):
            out = out + np.einsum("nct,oc->not", self.xp[:, :, j:j + T], self.kernel.data[:, :, j])
        return out + self.bias.data[None, :, None]

    def backward(self, dy):
        T = dy.shape[2]
        dxp = np.zeros_like(self.xp)
        dk = np.zeros_like(self.kernel.data)
        for j in range(self.k):
            dk[:, :, j] = np.einsum("not,nct->oc", dy, self.xp[:, :, j:j + T])
            dxp[:, :, j:j + T] += np.einsum("not,oc->nct", dy, self.kernel.data[:, :, j])
        self.kernel.grad = dk
        self.bias.grad = dy.sum(axis=(0, 2))
        return dxp[:, :, self.k - 1:]


class FeedForward(Module):
    """Linear - relu - linear, the middle of a transformer block."""

    def __init__(self, d_model, d_ff):
        self.fc1 = Linear(d_model, d_ff)
        self.fc2 = Linear(d_ff, d_model)

    def parameters(self):
        return self.fc1.parameters() + self.fc2.parameters()

    def forward(self, x):
        h = self.fc1(x)
        self.mask = h > 0
        return self.fc2(h * self.mask)

    def backward(self, dy):
        dh = self.fc2.backward(dy) * self.mask
        return self.fc1.backward(dh)


# -- .value / .grad, as in an assignment of a deep learning course

class Param:
    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)


class FullyConnectedLayer:
    def __init__(self, n_input, n_output):
        self.W = Param(0.1 * np.random.randn(n_input, n_output))
        self.B = Param(0.1 * np.random.randn(1, n_output))
        self.X = None

    def forward(self, X):
        self.X = X.copy()
        return np.dot(X, self.W.value) + self.B.value

    def backward(self, d_out):
        self.W.grad = np.dot(self.X.T, d_out)
        self.B.grad = np.sum(d_out, axis=0, keepdims=True)
        return np.dot(d_out, self.W.value.T)

    def params(self):
        return {"W": self.W, "B": self.B}


class ConvolutionalLayer:
    # NHWC, stride 1, loops over the output
    def __init__(self, in_channels, out_channels, filter_size, padding):
        self.filter_size = filter_size
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.W = Param(np.random.randn(filter_size, filter_size, in_channels, out_channels))
        self.B = Param(np.zeros(out_channels))
        self.padding = padding

    def forward(self, X):
        batch, height, width, channels = X.shape
        assert channels == self.in_channels
        p, f = self.padding, self.filter_size
        self.X = np.pad(X, ((0, 0), (p, p), (p, p), (0, 0)))
        oh = height + 2 * p - f + 1
        ow = width + 2 * p - f + 1
        out = np.zeros((batch, oh, ow, self.out_channels))
        Wr = self.W.value.reshape(-1, self.out_channels)
        for y in range(oh):
            for x in range(ow):
                patch = self.X[:, y:y + f, x:x + f, :].reshape(batch, -1)
                out[:, y, x, :] = patch @ Wr + self.B.value
        return out

    def backward(self, d_out):
        batch, oh, ow, _ = d_out.shape
        p, f = self.padding, self.filter_size
        self.W.grad = np.zeros_like(self.W.value)
        self.B.grad = d_out.sum(axis=(0, 1, 2))
        Wr = self.W.value.reshape(-1, self.out_channels)
        dX = np.zeros_like(self.X)
        for y in range(oh):
            for x in range(ow):
                patch = self.X[:, y:y + f, x:x + f, :].reshape(batch, -1)
                self.W.grad += (patch.T @ d_out[:, y, x, :]).reshape(self.W.value.shape)
                dX[:, y:y + f, x:x + f, :] += (d_out[:, y, x, :] @ Wr.T).reshape(batch, f, f, -1)
        if p > 0:
            dX = dX[:, p:-p, p:-p, :]
        return dX

    def params(self):
        return {"W": self.W, "B": self.B}


# -- .param / .grad

class Weight:
    def __init__(self, param, name=""):
        self.param, self.grad, self.name = param, None, name


class AffineW:
    def __init__(self, n, m):
        self.w = Weight(np.random.randn(n, m), "w")
        self.b = Weight(np.random.randn(m), "b")
        self.weights = [self.w, self.b]

    def forward(self, x):
        self.x = x
        return x @ self.w.param + self.b.param

    def backward(self, grad):
        self.w.grad = self.x.T @ grad
        self.b.grad = grad.sum(0)
        return grad @ self.w.param.T


class ChannelScale:
    def __init__(self, c):
        self.weights = [Weight(np.random.rand(c) + 0.5, "scale")]

    def forward(self, x):
        self.x = x
        s = self.weights[0].param
        return x * s.reshape(1, -1, 1, 1)

    def backward(self, grad):
        w = self.weights[0]
        w.grad = (grad * self.x).sum(axis=(0, 2, 3))
        return grad * w.param[None, :, None, None]
