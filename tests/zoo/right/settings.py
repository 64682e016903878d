"""Layers that are told what they are by a collection of settings: a dict, an object, keywords, a shape."""

from dataclasses import dataclass

import numpy as np


class DictLinear:
    def __init__(self, config):
        self.W = np.random.randn(config["n_in"], config["n_out"]) * 0.1
        self.b = np.zeros(config["n_out"])

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(0)
        return dout @ self.W.T


class GptFeedForward:
    def __init__(self, config):
        self.config = config
        self.fc_w = np.random.randn(config.n_embd, 4 * config.n_embd) * 0.1
        self.fc_b = np.zeros(4 * config.n_embd)
        self.proj_w = np.random.randn(4 * config.n_embd, config.n_embd) * 0.1
        self.proj_b = np.zeros(config.n_embd)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.fc_w + self.fc_b)
        return self.h @ self.proj_w + self.proj_b

    def backward(self, dy):
        rows = int(np.prod(dy.shape[:-1]))
        h, d = self.h.reshape(rows, -1), dy.reshape(rows, -1)
        self.dproj_w = h.T @ d
        self.dproj_b = d.sum(0)
        dh = (d @ self.proj_w.T) * (1 - h**2)
        self.dfc_w = self.x.reshape(rows, -1).T @ dh
        self.dfc_b = dh.sum(0)
        return (dh @ self.fc_w.T).reshape(self.x.shape)


class Normalised:
    def __init__(self, cfg):
        self.g = np.ones(cfg.get("dim"))
        self.b = np.zeros(cfg.get("dim"))
        self.eps = cfg.get("eps", 1e-5)

    def forward(self, x):
        centred = x - x.mean(-1, keepdims=True)
        self.inverse = 1 / np.sqrt((centred**2).mean(-1, keepdims=True) + self.eps)
        self.xhat = centred * self.inverse
        return self.g * self.xhat + self.b

    def backward(self, dy):
        self.dg = (dy * self.xhat).reshape(-1, dy.shape[-1]).sum(0)
        self.db = dy.reshape(-1, dy.shape[-1]).sum(0)
        d = dy * self.g
        return self.inverse * (
            d - d.mean(-1, keepdims=True) - self.xhat * (d * self.xhat).mean(-1, keepdims=True)
        )


class ReadyMade:
    def __init__(self, params):
        self.params = params

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(0)
        return dout @ self.params["W"].T


class KeywordLinear:
    def __init__(self, **kwargs):
        self.W = np.random.randn(kwargs["in_features"], kwargs["out_features"]) * 0.1
        self.gain = kwargs.get("gain", 1.5)

    def forward(self, x):
        self.x = x
        return self.gain * (x @ self.W)

    def backward(self, dout):
        self.dW = self.gain * (self.x.T @ dout)
        return self.gain * (dout @ self.W.T)


class Subsampled:
    def __init__(self, hparams):
        self.stride = hparams["stride"]
        self.pad = hparams["pad"]

    def forward(self, x):
        self.shape = x.shape
        padded = np.pad(x, ((0, 0), (0, 0), (self.pad,) * 2, (self.pad,) * 2))
        self.padded = padded.shape
        return padded[:, :, :: self.stride, :: self.stride]

    def backward(self, dout):
        d = np.zeros(self.padded)
        d[:, :, :: self.stride, :: self.stride] = dout
        h, w = self.shape[2:]
        return d[:, :, self.pad : self.pad + h, self.pad : self.pad + w]


@dataclass
class LinearSettings:
    n_in: int
    n_out: int
    scale: float = 0.5


class Declared:
    def __init__(self, settings: LinearSettings):
        self.settings = settings
        self.W = np.random.randn(settings.n_in, settings.n_out)

    def forward(self, x):
        self.x = x
        return self.settings.scale * (x @ self.W)

    def backward(self, d):
        self.dW = self.settings.scale * (self.x.T @ d)
        return self.settings.scale * (d @ self.W.T)


class Inner:
    def __init__(self, args):
        self.W = np.random.randn(args.width, args.width)
        self.limit = args.clip

    def forward(self, x):
        self.x = x
        self.z = x @ self.W
        return np.clip(self.z, -self.limit, self.limit)

    def backward(self, d):
        d = d * (np.abs(self.z) < self.limit)
        self.dW = self.x.T @ d
        return d @ self.W.T


class Outer:
    def __init__(self, args):
        self.inner = Inner(args)
        self.scale = args.scale

    def forward(self, x):
        return self.scale * self.inner.forward(x)

    def backward(self, d):
        return self.inner.backward(self.scale * d)


class Network:
    def __init__(self, cfg):
        inputs, hidden, classes = cfg["input_dim"], cfg["hidden_dim"], cfg["num_classes"]
        rng = np.random.RandomState(cfg.get("seed", 0))
        self.params = {
            "W1": rng.randn(inputs, hidden) * 0.1,
            "b1": np.zeros(hidden),
            "W2": rng.randn(hidden, classes) * 0.1,
            "b2": np.zeros(classes),
        }

    def loss(self, X, y):
        p = self.params
        h = np.maximum(0, X @ p["W1"] + p["b1"])
        s = h @ p["W2"] + p["b2"]
        s = s - s.max(1, keepdims=True)
        logp = s - np.log(np.exp(s).sum(1, keepdims=True))
        loss = -logp[np.arange(len(X)), y].mean()
        ds = np.exp(logp)
        ds[np.arange(len(X)), y] -= 1
        ds /= len(X)
        grads = {"W2": h.T @ ds, "b2": ds.sum(0)}
        dh = ds @ p["W2"].T * (h > 0)
        grads["W1"] = X.T @ dh
        grads["b1"] = dh.sum(0)
        return loss, grads


class PatchNet:
    """Patches of two by two of an image, a hidden layer, a softmax."""

    def __init__(self, input_dim=(3, 16, 16), hidden_dim=50, num_classes=10, weight_scale=0.1):
        channels, height, width = input_dim
        self.params = {
            "W1": weight_scale * np.random.randn(channels * (height // 2) * (width // 2), hidden_dim),
            "W2": weight_scale * np.random.randn(hidden_dim, num_classes),
        }

    def loss(self, X, y):
        n, c, h, w = X.shape
        pooled = X.reshape(n, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5)).reshape(n, -1)
        hidden = np.tanh(pooled @ self.params["W1"])
        s = hidden @ self.params["W2"]
        s = s - s.max(1, keepdims=True)
        logp = s - np.log(np.exp(s).sum(1, keepdims=True))
        ds = np.exp(logp)
        ds[np.arange(n), y] -= 1
        ds /= n
        dh = ds @ self.params["W2"].T * (1 - hidden**2)
        return -logp[np.arange(n), y].mean(), {"W1": pooled.T @ dh, "W2": hidden.T @ ds}


class ImageDense:
    def __init__(self, in_shape, units):
        self.in_shape = in_shape
        self.w = np.random.randn(int(np.prod(in_shape)), units)
        self.b = np.zeros(units)

    def forward(self, x):
        self.x = x.reshape(len(x), -1)
        return self.x @ self.w + self.b

    def backward(self, grad):
        self.dw = self.x.T @ grad
        self.db = grad.sum(0)
        return (grad @ self.w.T).reshape(-1, *self.in_shape)


class ChannelBias:
    def __init__(self, input_dim):
        channels, height, width = input_dim
        self.size = height * width
        self.b = np.zeros((channels, 1, 1))

    def forward(self, image):
        return image + self.b / self.size

    def backward(self, d):
        self.db = d.sum(axis=(0, 2, 3), keepdims=False).reshape(self.b.shape) / self.size
        return d
