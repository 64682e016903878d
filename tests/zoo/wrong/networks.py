"""Networks and blocks of layers, each with one fault; FAULTS says which."""

# ruff: noqa: NPY002  (this is how they are written)

import itertools

import numpy as np


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy(y, t):
    if t.ndim == 2:
        t = t.argmax(axis=1)
    return -np.mean(np.log(y[np.arange(len(t)), t] + 1e-12))


class TwoLayerNet:
    def __init__(self, input_size=4, hidden_size=6, output_size=3, weight_init_std=0.5):
        self.params = {
            "W1": weight_init_std * np.random.randn(input_size, hidden_size),
            "b1": weight_init_std * np.random.randn(hidden_size),
            "W2": weight_init_std * np.random.randn(hidden_size, output_size),
            "b2": weight_init_std * np.random.randn(output_size),
        }

    def predict(self, x):
        h = np.maximum(x @ self.params["W1"] + self.params["b1"], 0)
        return softmax(h @ self.params["W2"] + self.params["b2"])

    def loss(self, x, t):
        return cross_entropy(self.predict(x), t)

    def gradient(self, x, t):
        p = self.params
        h = np.maximum(x @ p["W1"] + p["b1"], 0)
        y = softmax(h @ p["W2"] + p["b2"])
        dy = y.copy()
        if t.ndim == 2:
            t = t.argmax(axis=1)
        dy[np.arange(len(t)), t] -= 1
        dy /= len(t)
        grads = {"W2": h.T @ dy, "b2": dy.sum(axis=0)}
        dz = dy @ p["W2"].T
        grads["W1"] = x.T @ dz
        grads["b1"] = (dz * (h > 0)).sum(axis=0)
        return grads


class SigmoidNet:
    """One-hot targets."""

    def __init__(self, input_size=3, hidden_size=5, output_size=4):
        self.params = {}
        self.params["W1"] = np.random.randn(input_size, hidden_size)
        self.params["b1"] = np.random.randn(hidden_size)
        self.params["W2"] = np.random.randn(hidden_size, output_size)
        self.params["b2"] = np.random.randn(output_size)

    def predict(self, x):
        z1 = sigmoid(np.dot(x, self.params["W1"]) + self.params["b1"])
        return softmax(np.dot(z1, self.params["W2"]) + self.params["b2"])

    def loss(self, x, t):
        return cross_entropy(self.predict(x), t)

    def gradient(self, x, t):
        W2 = self.params["W2"]
        grads = {}
        a1 = np.dot(x, self.params["W1"]) + self.params["b1"]
        z1 = sigmoid(a1)
        y = softmax(np.dot(z1, W2) + self.params["b2"])
        if t.ndim == 1:
            t = np.eye(W2.shape[1])[t]
        dy = (y - t) / x.shape[0]
        grads["W2"] = np.dot(z1.T, dy)
        grads["b2"] = np.sum(dy, axis=0)
        da1 = np.dot(dy, W2.T) * z1 * (1 - z1)
        grads["W1"] = np.dot(x.T, da1)
        grads["b1"] = np.sum(np.dot(dy, W2.T), axis=0)
        return grads


class ThreeLayerNet:
    """loss(X, y) gives the loss and the gradients; weight decay in both."""

    def __init__(self, dims=(4, 6, 5, 3), reg=0.3):
        self.reg = reg
        self.params = {}
        for i in range(3):
            self.params[f"W{i + 1}"] = np.random.randn(dims[i], dims[i + 1]) * 0.5
            self.params[f"b{i + 1}"] = np.random.randn(dims[i + 1]) * 0.5

    def loss(self, X, y=None):
        acts = [X]
        for i in range(3):
            z = acts[-1] @ self.params[f"W{i + 1}"] + self.params[f"b{i + 1}"]
            acts.append(np.tanh(z) if i < 2 else z)
        if y is None:
            return acts[-1]
        probs = softmax(acts[-1])
        n = len(y)
        loss = -np.mean(np.log(probs[np.arange(n), y] + 1e-12))
        loss += 0.5 * self.reg * sum(np.sum(self.params[f"W{i}"] ** 2) for i in (1, 2, 3))
        d = probs
        d[np.arange(n), y] -= 1
        d /= n
        grads = {}
        for i in (3, 2, 1):
            decay = self.reg * self.params[f"W{i}"] if i > 1 else 0
            grads[f"W{i}"] = acts[i - 1].T @ d + decay
            grads[f"b{i}"] = d.sum(axis=0)
            d = d @ self.params[f"W{i}"].T * (1 - acts[i - 1] ** 2)
        return loss, grads


class RegressionNet:
    """Squared error; two outputs."""

    def __init__(self, n_in=3, n_hidden=4, n_out=2):
        self.W1 = np.random.randn(n_in, n_hidden)
        self.b1 = np.random.randn(n_hidden)
        self.W2 = np.random.randn(n_hidden, n_out)
        self.b2 = np.random.randn(n_out)
        self.params = {"W1": self.W1, "b1": self.b1, "W2": self.W2, "b2": self.b2}

    def loss(self, x, t):
        h = np.tanh(x @ self.W1 + self.b1)
        y = h @ self.W2 + self.b2
        return 0.5 * np.sum((y - t) ** 2) / len(x)

    def gradient(self, x, t):
        h = np.tanh(x @ self.W1 + self.b1)
        dy = (h @ self.W2 + self.b2 - t) / len(x)
        dh = dy @ self.W2.T
        dz = dh * (1 - np.tanh(h) ** 2)
        return {"W1": x.T @ dz, "b1": dz.sum(axis=0), "W2": h.T @ dy, "b2": dy.sum(axis=0)}


class LogisticRegression:
    def __init__(self, n_features=5):
        self.params = {"w": np.random.randn(n_features, 1), "b": np.random.randn(1)}

    def loss(self, x, t):
        z = (x @ self.params["w"] + self.params["b"]).ravel()
        return np.mean(np.logaddexp(0, z) - t * z)

    def gradient(self, x, t):
        y = sigmoid(x @ self.params["w"] + self.params["b"])
        d = y - t.reshape(-1, 1)
        return {"w": x.T @ d / len(x), "b": d.sum(axis=0)}


class SoftmaxClassifier:
    """W only; loss(X, y) gives the loss and its gradient."""

    def __init__(self, n_features=4, n_classes=3):
        self.params = {"W": np.random.randn(n_features, n_classes)}

    def loss(self, X, y):
        p = softmax(X @ self.params["W"])
        n = len(y)
        loss = -np.log(p[np.arange(n), y] + 1e-12).sum() / n
        dscores = np.zeros_like(p)
        dscores[np.arange(n), y] = p[np.arange(n), y] - 1
        return loss, {"W": X.T @ dscores / n}


class Autoencoder:
    """Tied weights."""

    def __init__(self, n_visible=5, n_hidden=3):
        self.params = {
            "W": np.random.randn(n_visible, n_hidden) * 0.5,
            "b": np.random.randn(n_hidden) * 0.5,
            "c": np.random.randn(n_visible) * 0.5,
        }

    def loss(self, x, t):
        h = np.tanh(x @ self.params["W"] + self.params["b"])
        out = h @ self.params["W"].T + self.params["c"]
        return np.sum((out - t) ** 2) / len(x)

    def gradient(self, x, t):
        W = self.params["W"]
        h = np.tanh(x @ W + self.params["b"])
        dout = 2 * (h @ W.T + self.params["c"] - t) / len(x)
        dz = dout @ W * (1 - h**2)
        return {"W": x.T @ dz, "b": dz.sum(axis=0), "c": dout.sum(axis=0)}


class DeepNet:
    """Layers of objects; the gradients are collected from them."""

    class Dense:
        def __init__(self, n_in, n_out):
            self.W = np.random.randn(n_in, n_out) * 0.5
            self.b = np.random.randn(n_out) * 0.5

        def forward(self, x):
            self.x = x
            return x @ self.W + self.b

        def backward(self, dout):
            self.dW = self.x.T @ dout
            self.db = dout.sum(axis=0)
            return dout @ self.W.T

    def __init__(self, sizes=(3, 5, 4, 2)):
        self.layers = [self.Dense(a, b) for a, b in itertools.pairwise(sizes)]
        self.params = {}
        for i, layer in enumerate(self.layers, 1):
            self.params[f"W{i}"], self.params[f"b{i}"] = layer.W, layer.b

    def predict(self, x):
        for layer in self.layers[:-1]:
            x = np.tanh(layer.forward(x))
        return self.layers[-1].forward(x)

    def loss(self, x, t):
        return np.mean((self.predict(x) - t) ** 2)

    def gradient(self, x, t):
        d = 2 * (self.predict(x) - t) / t.size
        grads = {}
        for i in range(len(self.layers), 0, -1):
            layer = self.layers[i - 1]
            d = layer.backward(d)
            grads[f"W{i}"], grads[f"b{i}"] = layer.dW, layer.db
            if i > 2:
                d = d * (1 - layer.x**2)
        return grads


class WideNet:
    """A linear path beside the hidden layer."""

    def __init__(self, n_in=4, n_hidden=5, n_out=3):
        self.params = {
            "U": np.random.randn(n_in, n_out),
            "W": np.random.randn(n_in, n_hidden),
            "V": np.random.randn(n_hidden, n_out),
        }

    def loss(self, x, t):
        p = self.params
        y = x @ p["U"] + np.maximum(x @ p["W"], 0) @ p["V"]
        return np.sum((y - t) ** 2) / 2

    def gradient(self, x, t):
        p = self.params
        h = np.maximum(x @ p["W"], 0)
        d = x @ p["U"] + h @ p["V"] - t
        return {"W": x.T @ (d @ p["V"].T * (h > 0)), "V": h.T @ d}


class ResidualBlock:
    """x + relu(x W1) W2."""

    def __init__(self, W1, W2):
        self.W1, self.W2 = W1, W2
        self.dW1, self.dW2 = None, None

    def forward(self, x):
        self.x = x
        self.h = np.maximum(x @ self.W1, 0)
        return x + self.h @ self.W2

    def backward(self, dout):
        self.dW2 = self.h.T @ dout
        dz = dout @ self.W2.T * (self.h > 0)
        self.dW1 = self.x.T @ dz
        return dz @ self.W1.T


class PreActivation:
    """x + tanh(x) W + b."""

    def __init__(self, dim):
        self.params = {"W": np.random.randn(dim, dim), "b": np.random.randn(dim)}
        self.grads = {}

    def forward(self, x):
        self.t = np.tanh(x)
        return x + self.t @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.grads["W"] = self.t.T @ dout
        self.grads["b"] = dout.sum(axis=0)
        return (dout + dout @ self.params["W"].T) * (1 - self.t**2)


class Highway:
    """t * h + (1 - t) * x."""

    def __init__(self, dim):
        self.Wh, self.Wt = np.random.randn(dim, dim) * 0.5, np.random.randn(dim, dim) * 0.5
        self.bh, self.bt = np.random.randn(dim), np.random.randn(dim)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.Wh + self.bh)
        self.t = sigmoid(x @ self.Wt + self.bt)
        return self.t * self.h + (1 - self.t) * x

    def backward(self, dout):
        dh = dout * self.t * (1 - self.h**2)
        dt = dout * self.h * self.t * (1 - self.t)
        self.dWh, self.dWt = self.x.T @ dh, self.x.T @ dt
        self.dbh, self.dbt = dh.sum(axis=0), dt.sum(axis=0)
        return dh @ self.Wh.T + dt @ self.Wt.T + dout * (1 - self.t)


class FeedForward:
    """Two affine maps with a ReLU between, for sequences."""

    def __init__(self, W1, b1, W2, b2):
        self.params = [W1, b1, W2, b2]
        self.grads = [np.zeros_like(p) for p in self.params]

    def forward(self, x):
        W1, b1, W2, b2 = self.params
        self.x = x
        self.h = np.maximum(x @ W1 + b1, 0)
        return self.h @ W2 + b2

    def backward(self, dout):
        W1, _, W2, _ = self.params
        dh = (dout @ W2.T) * (self.h > 0)
        flat = dout.reshape(-1, dout.shape[-1])
        self.grads[0][...] = np.tensordot(self.x, dh, ([0, 1], [0, 1]))
        self.grads[1][...] = dh[:, -1].sum(axis=0)
        self.grads[2][...] = self.h.reshape(-1, self.h.shape[-1]).T @ flat
        self.grads[3][...] = flat.sum(axis=0)
        return dh @ W1.T


class MaxoutLayer:
    """The larger of two affine maps."""

    def __init__(self, W1, W2):
        self.W1, self.W2 = W1, W2
        self.dW1 = np.zeros_like(W1)
        self.dW2 = np.zeros_like(W2)

    def forward(self, x):
        self.x = x
        a, b = x @ self.W1, x @ self.W2
        self.first = a > b
        return np.where(self.first, a, b)

    def backward(self, dout):
        d1, d2 = dout * self.first, dout * ~self.first
        self.dW1 = self.x.T @ d2
        self.dW2 = self.x.T @ d1
        return d1 @ self.W1.T + d2 @ self.W2.T


class RidgeWithIntercept:
    def __init__(self, d, lam=0.1):
        self.coef_, self.intercept_, self.lam = np.zeros(d), 0.0, lam

    def loss(self, X, y):
        r = X @ self.coef_ + self.intercept_ - y
        return 0.5 * r @ r + 0.5 * self.lam * self.coef_ @ self.coef_

    def gradient(self, X, y):
        r = X @ self.coef_ + self.intercept_ - y
        return X.T @ r + self.lam * self.coef_, r.mean()


class LeastSquares:
    def __init__(self, n_features):
        self.w = np.zeros(n_features)

    def loss(self, X, y):
        r = X @ self.w - y
        return r @ r / len(y)

    def gradient(self, X, y):
        return 2 * X.T @ (X @ self.w - y)


FAULTS = {
    "TwoLayerNet": "missing-factor: ReLU's mask forgotten, W1",
    "SigmoidNet": "missing-factor: sigmoid's derivative forgotten, b1",
    "ThreeLayerNet": "missing-term: weight decay left out, W1",
    "RegressionNet": "wrong-values: tanh taken twice in the derivative, W1 and b1",
    "LogisticRegression": "factor: not averaged over the batch, on b only",
    "SoftmaxClassifier": "missing-term: only the right class, W",
    "Autoencoder": "missing-term: the decoder's use of the tied weights, W",
    "DeepNet": "missing-factor: tanh's derivative forgotten below layer 2, W1 and b1",
    "WideNet": "missing-gradient: U",
    "ResidualBlock": "missing-term: the skip path, x",
    "PreActivation": "missing-factor (one too many): the skip path goes through tanh's derivative, x",
    "Highway": "missing-term: the gate's -x, Wt, bt and x",
    "FeedForward": "not-summed: the last step only, b1",
    "RidgeWithIntercept": "factor: averaged over the batch, on the intercept only",
    "LeastSquares": "factor: not averaged over the batch, w",
    "MaxoutLayer": "swapped: W1 and W2",
}
