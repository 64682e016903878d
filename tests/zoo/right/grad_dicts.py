# Style: parameters and gradients in dictionaries: params/grads, grads["dW"], parameters/gradients, params() and grads() methods.
from abc import ABC, abstractmethod
from typing import Dict

import numpy as np


class Layer(ABC):
    def __init__(self):
        self.params = {}
        self.grads = {}

    @abstractmethod
    def forward(self, x):
        ...

    @abstractmethod
    def backward(self, dout):
        ...


class Dense(Layer):
    def __init__(self, in_size, out_size):
        super().__init__()
        self.params["W"] = np.random.randn(in_size, out_size) * 0.1
        self.params["b"] = np.zeros(out_size)

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.grads["W"] = self.x.T @ dout
        self.grads["b"] = dout.sum(axis=0)
        return dout @ self.params["W"].T


class DenseTanh(Layer):
    def __init__(self, in_size, out_size):
        super().__init__()
        self.params = {"W": np.random.randn(in_size, out_size), "b": np.random.randn(1, out_size)}

    def forward(self, x):
        self.x = x
        self.h = np.tanh(np.dot(x, self.params["W"]) + self.params["b"])
        return self.h

    def backward(self, dout):
        dz = dout * (1 - np.square(self.h))
        self.grads = {"W": np.dot(self.x.T, dz), "b": np.sum(dz, axis=0, keepdims=True)}
        return np.dot(dz, self.params["W"].T)


class PReLU(Layer):
    def __init__(self, n):
        super().__init__()
        self.params["alpha"] = np.full(n, 0.1)

    def forward(self, x):
        self.x = x
        return np.maximum(x, 0) + self.params["alpha"] * np.minimum(x, 0)

    def backward(self, dout):
        self.grads["alpha"] = (dout * np.minimum(self.x, 0)).sum(0)
        return dout * np.where(self.x > 0, 1.0, self.params["alpha"])


class BatchNorm(Layer):
    def __init__(self, n, momentum=0.9, eps=1e-5):
        super().__init__()
        self.params = dict(gamma=np.ones(n), beta=np.zeros(n))
        self.running = dict(mean=np.zeros(n), var=np.ones(n))
        self.momentum, self.eps = momentum, eps
        self.training = True

    def forward(self, x):
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.running["mean"] = self.momentum * self.running["mean"] + (1 - self.momentum) * mean
            self.running["var"] = self.momentum * self.running["var"] + (1 - self.momentum) * var
        else:
            mean, var = self.running["mean"], self.running["var"]
        self.istd = 1 / np.sqrt(var + self.eps)
        self.xn = (x - mean) * self.istd
        return self.params["gamma"] * self.xn + self.params["beta"]

    def backward(self, dout):
        self.grads["gamma"] = np.sum(dout * self.xn, axis=0)
        self.grads["beta"] = np.sum(dout, axis=0)
        dxn = dout * self.params["gamma"]
        if not self.training:
            return dxn * self.istd
        return self.istd * (dxn - dxn.mean(axis=0) - self.xn * np.mean(dxn * self.xn, axis=0))


# grads keyed with a d

class FCLayer:
    def __init__(self, n_in: int, n_out: int, seed: int = 0):
        rng = np.random.default_rng(seed)
        self.params: Dict[str, np.ndarray] = {
            "W": rng.normal(size=(n_in, n_out)),
            "b": rng.normal(size=(1, n_out)),
        }
        self.grads: Dict[str, np.ndarray] = {}

    def forward(self, X: np.ndarray) -> np.ndarray:
        self.X = X
        return X @ self.params["W"] + self.params["b"]

    def backward(self, dZ: np.ndarray) -> np.ndarray:
        self.grads["dW"] = self.X.T @ dZ
        self.grads["db"] = dZ.sum(axis=0, keepdims=True)
        return dZ @ self.params["W"].T


class ColumnLayer:
    # (features, examples)
    def __init__(self, n_prev, n):
        self.params = {"W": np.random.randn(n, n_prev), "b": np.zeros((n, 1))}
        self.grads = {"dW": None, "db": None}

    def forward(self, A_prev):
        self.A_prev = A_prev
        self.Z = self.params["W"] @ A_prev + self.params["b"]
        return np.maximum(0, self.Z)

    def backward(self, dA):
        dZ = np.array(dA, copy=True)
        dZ[self.Z <= 0] = 0
        self.grads["dW"] = dZ @ self.A_prev.T
        self.grads["db"] = np.sum(dZ, axis=1, keepdims=True)
        return self.params["W"].T @ dZ


class Highway:
    def __init__(self, d):
        self.params = {
            "Wh": np.random.randn(d, d), "bh": np.zeros(d),
            "Wt": np.random.randn(d, d), "bt": -np.ones(d),
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        self.x = x
        self.h = np.tanh(x @ p["Wh"] + p["bh"])
        self.t = 1 / (1 + np.exp(-(x @ p["Wt"] + p["bt"])))
        return self.h * self.t + x * (1 - self.t)

    def backward(self, dy):
        p, x, h, t = self.params, self.x, self.h, self.t
        dzh = dy * t * (1 - h ** 2)
        dzt = dy * (h - x) * t * (1 - t)
        self.grads["dWh"], self.grads["dbh"] = x.T @ dzh, dzh.sum(0)
        self.grads["dWt"], self.grads["dbt"] = x.T @ dzt, dzt.sum(0)
        return dy * (1 - t) + dzh @ p["Wh"].T + dzt @ p["Wt"].T


# parameters / gradients

class LinearModule:
    def __init__(self, in_features, out_features, use_bias=True):
        self.parameters = {"weight": np.random.randn(out_features, in_features)}
        if use_bias:
            self.parameters["bias"] = np.random.randn(out_features)
        self.gradients = {k: np.zeros_like(v) for k, v in self.parameters.items()}

    def forward(self, x):
        self.x = x
        out = x @ self.parameters["weight"].T
        if "bias" in self.parameters:
            out = out + self.parameters["bias"]
        return out

    def backward(self, gradient):
        self.gradients["weight"] = gradient.T @ self.x
        if "bias" in self.parameters:
            self.gradients["bias"] = gradient.sum(axis=0)
        return gradient @ self.parameters["weight"]


class Bilinear1:
    def __init__(self, n1, n2, n_out):
        self.parameters = {"weight": np.random.randn(n_out, n1, n2), "bias": np.zeros(n_out)}
        self.gradients = {}

    def forward(self, x1, x2):
        self.x1, self.x2 = x1, x2
        return np.einsum("bi,oij,bj->bo", x1, self.parameters["weight"], x2) + self.parameters["bias"]

    def backward(self, dy):
        w = self.parameters["weight"]
        self.gradients["weight"] = np.einsum("bo,bi,bj->oij", dy, self.x1, self.x2)
        self.gradients["bias"] = dy.sum(0)
        d1 = np.einsum("bo,oij,bj->bi", dy, w, self.x2)
        d2 = np.einsum("bo,oij,bi->bj", dy, w, self.x1)
        return d1, d2


# methods that hand out the dictionaries

class Affine2:
    def __init__(self, n_in, n_out):
        self._W = np.random.randn(n_in, n_out)
        self._b = np.random.randn(n_out)
        self._gW = self._gb = None

    def params(self):
        return {"W": self._W, "b": self._b}

    def grads(self):
        return {"W": self._gW, "b": self._gb}

    def forward(self, x):
        self._x = x
        return x.dot(self._W) + self._b

    def backward(self, g):
        self._gW = self._x.T.dot(g)
        self._gb = g.sum(axis=0)
        return g.dot(self._W.T)


class LayerNormD:
    def __init__(self, d):
        self.g = np.ones(d)
        self.b = np.zeros(d)

    def params(self):
        return dict(g=self.g, b=self.b)

    def grads(self):
        return dict(g=self.dg, b=self.dbias)

    def forward(self, x):
        c = x - x.mean(axis=1, keepdims=True)
        self.s = np.sqrt((c ** 2).mean(axis=1, keepdims=True) + 1e-8)
        self.n = c / self.s
        return self.n * self.g + self.b

    def backward(self, dy):
        self.dg = (dy * self.n).sum(axis=0)
        self.dbias = dy.sum(axis=0)
        dn = dy * self.g
        k = dn.shape[1]
        return (dn - dn.sum(1, keepdims=True) / k - self.n * (dn * self.n).sum(1, keepdims=True) / k) / self.s


class SGD:
    def __init__(self, lr=0.1):
        self.lr = lr

    def step(self, layers):
        for layer in layers:
            for k, v in layer.params.items():
                v -= self.lr * layer.grads[k]


if __name__ == "__main__":
    l = [DenseTanh(3, 8), Dense(8, 1)]
    opt = SGD(0.05)
    X = np.random.randn(20, 3)
    y = X[:, :1] - X[:, 1:2]
    for i in range(200):
        h = X
        for m in l:
            h = m.forward(h)
        g = (h - y) / len(X)
        for m in reversed(l):
            g = m.backward(g)
        opt.step(l)
    print(np.mean((h - y) ** 2))
