"""Layers that are told what they are by settings, with a fault each."""

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
        self.db = dout.mean(0)
        return dout @ self.W.T


class GptFeedForward:
    def __init__(self, config):
        self.fc_w = np.random.randn(config.n_embd, 4 * config.n_embd) * 0.1
        self.proj_w = np.random.randn(4 * config.n_embd, config.n_embd) * 0.1

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.fc_w)
        return self.h @ self.proj_w

    def backward(self, dy):
        rows = int(np.prod(dy.shape[:-1]))
        h, d = self.h.reshape(rows, -1), dy.reshape(rows, -1)
        self.dproj_w = h.T @ d
        dh = (d @ self.proj_w.T) * (1 - h)
        self.dfc_w = self.x.reshape(rows, -1).T @ dh
        return (dh @ self.fc_w.T).reshape(self.x.shape)


class ReadyMade:
    def __init__(self, params):
        self.W = params["W"]
        self.b = params["b"]

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dw = self.x.T @ dout
        self.db = dout.sum(0)
        return dout @ self.W


class KeywordLinear:
    def __init__(self, **kwargs):
        self.W = np.random.randn(kwargs["in_features"], kwargs["out_features"]) * 0.1
        self.gain = kwargs.get("gain", 1.5)

    def forward(self, x):
        self.x = x
        return self.gain * (x @ self.W)

    def backward(self, dout):
        self.dW = self.x.T @ dout
        return self.gain * (dout @ self.W.T)


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
        return d @ self.W.T


class PatchNet:
    def __init__(self, input_dim=(3, 16, 16), num_classes=10, weight_scale=0.1):
        channels, height, width = input_dim
        self.params = {"W": weight_scale * np.random.randn(channels * (height // 2) * (width // 2), num_classes)}

    def loss(self, X, y):
        n, c, h, w = X.shape
        pooled = X.reshape(n, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5)).reshape(n, -1)
        s = pooled @ self.params["W"]
        s = s - s.max(1, keepdims=True)
        logp = s - np.log(np.exp(s).sum(1, keepdims=True))
        ds = np.exp(logp)
        ds[np.arange(n), y] -= 1
        return -logp[np.arange(n), y].mean(), {"W": pooled.T @ ds}


class ChannelBias:
    def __init__(self, input_dim):
        channels, height, width = input_dim
        self.size = height * width
        self.b = np.zeros((channels, 1, 1))

    def forward(self, image):
        return image + self.b / self.size

    def backward(self, d):
        self.db = d.sum(axis=(0, 2, 3)).reshape(self.b.shape)
        return d


FAULTS = {
    "DictLinear": "the bias's gradient is averaged over the batch",
    "GptFeedForward": "the derivative of tanh is not squared",
    "ReadyMade": "dW is stored under another name, and W is not transposed",
    "KeywordLinear": "the gain is forgotten in dW",
    "Declared": "the scale is forgotten in the gradient of the input",
    "PatchNet": "the loss is a mean, its gradient a sum",
    "ChannelBias": "the division by the size is forgotten in db",
}
