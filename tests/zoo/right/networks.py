# Style: whole networks: params + loss + gradient, loss(X, y) -> (loss, grads), forward with separate loss and backward.
from collections import OrderedDict

import numpy as np


def softmax(x):
    x = x - x.max(axis=-1, keepdims=True)
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


# --- params, predict, loss, gradient; layers in an OrderedDict

class Affine:
    def __init__(self, W, b):
        self.W = W
        self.b = b

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return np.dot(dout, self.W.T)


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * self.out * (1 - self.out)


class SoftmaxWithLoss:
    def forward(self, x, t):
        self.t = t if t.ndim == 2 else np.eye(x.shape[1])[t]
        self.y = softmax(x)
        return -np.sum(self.t * np.log(self.y)) / x.shape[0]

    def backward(self, dout=1):
        return dout * (self.y - self.t) / self.t.shape[0]


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size, weight_init_std=0.5):
        self.params = {}
        self.params["W1"] = weight_init_std * np.random.randn(input_size, hidden_size)
        self.params["b1"] = np.zeros(hidden_size)
        self.params["W2"] = weight_init_std * np.random.randn(hidden_size, output_size)
        self.params["b2"] = np.zeros(output_size)

        self.layers = OrderedDict()
        self.layers["Affine1"] = Affine(self.params["W1"], self.params["b1"])
        self.layers["Sigmoid1"] = Sigmoid()
        self.layers["Affine2"] = Affine(self.params["W2"], self.params["b2"])
        self.lastLayer = SoftmaxWithLoss()

    def predict(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x, t):
        y = self.predict(x)
        return self.lastLayer.forward(y, t)

    def accuracy(self, x, t):
        y = np.argmax(self.predict(x), axis=1)
        if t.ndim != 1:
            t = np.argmax(t, axis=1)
        return np.sum(y == t) / float(x.shape[0])

    def gradient(self, x, t):
        self.loss(x, t)

        dout = 1
        dout = self.lastLayer.backward(dout)
        layers = list(self.layers.values())
        layers.reverse()
        for layer in layers:
            dout = layer.backward(dout)

        grads = {}
        grads["W1"], grads["b1"] = self.layers["Affine1"].dW, self.layers["Affine1"].db
        grads["W2"], grads["b2"] = self.layers["Affine2"].dW, self.layers["Affine2"].db
        return grads


class LogisticRegression:
    def __init__(self, n_features):
        self.params = {"w": np.zeros(n_features), "b": np.zeros(1)}

    def predict(self, X):
        return 1 / (1 + np.exp(-(X @ self.params["w"] + self.params["b"])))

    def loss(self, X, y):
        p = self.predict(X)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    def gradient(self, X, y):
        d = (self.predict(X) - y) / len(y)
        return {"w": X.T @ d, "b": np.array([d.sum()])}


# --- loss(X, y) -> (loss, grads), scores without y

class TwoLayerReluNet(object):
    """
    affine - relu - affine - softmax, with L2 regularisation 0.5 * reg * W^2
    """

    def __init__(self, input_dim=6, hidden_dim=7, num_classes=4, weight_scale=0.3, reg=0.0):
        self.params = {}
        self.reg = reg
        self.params["W1"] = weight_scale * np.random.randn(input_dim, hidden_dim)
        self.params["b1"] = np.zeros(hidden_dim)
        self.params["W2"] = weight_scale * np.random.randn(hidden_dim, num_classes)
        self.params["b2"] = np.zeros(num_classes)

    def loss(self, X, y=None):
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        N = X.shape[0]
        X = X.reshape(N, -1)
        a = X.dot(W1) + b1
        h = np.maximum(a, 0)
        scores = h.dot(W2) + b2
        if y is None:
            return scores

        probs = softmax(scores)
        loss = -np.log(probs[np.arange(N), y]).mean()
        loss += 0.5 * self.reg * (np.sum(W1 * W1) + np.sum(W2 * W2))

        dscores = probs
        dscores[np.arange(N), y] -= 1
        dscores /= N
        grads = {}
        grads["W2"] = h.T.dot(dscores) + self.reg * W2
        grads["b2"] = dscores.sum(axis=0)
        dh = dscores.dot(W2.T)
        dh[a <= 0] = 0
        grads["W1"] = X.T.dot(dh) + self.reg * W1
        grads["b1"] = dh.sum(axis=0)
        return loss, grads


class FullyConnectedNet:
    def __init__(self, hidden_dims, input_dim=5, num_classes=3, dtype=np.float64):
        self.num_layers = 1 + len(hidden_dims)
        self.params = {}
        dims = [input_dim] + list(hidden_dims) + [num_classes]
        for i in range(self.num_layers):
            self.params["W%d" % (i + 1)] = 0.4 * np.random.randn(dims[i], dims[i + 1])
            self.params["b%d" % (i + 1)] = np.zeros(dims[i + 1])
        for k, v in self.params.items():
            self.params[k] = v.astype(dtype)

    def loss(self, X, y=None):
        h = X
        caches = []
        for i in range(1, self.num_layers + 1):
            z = h @ self.params["W%d" % i] + self.params["b%d" % i]
            caches.append((h, z))
            h = np.tanh(z) if i < self.num_layers else z
        if y is None:
            return h
        p = softmax(h)
        N = len(y)
        loss = -np.sum(np.log(p[np.arange(N), y])) / N
        p[np.arange(N), y] -= 1
        d = p / N
        grads = {}
        for i in range(self.num_layers, 0, -1):
            h, z = caches[i - 1]
            if i < self.num_layers:
                d = d * (1 - np.tanh(z) ** 2)
            grads["W%d" % i] = h.T @ d
            grads["b%d" % i] = d.sum(axis=0)
            d = d @ self.params["W%d" % i].T
        return loss, grads


class LinearSVM:
    def __init__(self, dim, num_classes, reg=0.1):
        self.W = 0.1 * np.random.randn(dim, num_classes)
        self.reg = reg

    def loss(self, X, y):
        n = X.shape[0]
        s = X.dot(self.W)
        m = np.maximum(0, s - s[np.arange(n), y][:, None] + 1)
        m[np.arange(n), y] = 0
        loss = m.sum() / n + self.reg * np.sum(self.W * self.W)
        mask = (m > 0).astype(float)
        mask[np.arange(n), y] = -mask.sum(axis=1)
        dW = X.T.dot(mask) / n + 2 * self.reg * self.W
        return loss, dW


# --- forward, loss, backward apart

class MLP:
    def __init__(self, sizes, seed=1):
        rng = np.random.default_rng(seed)
        self.weights = [rng.normal(size=(a, b)) * 0.5 for a, b in zip(sizes[:-1], sizes[1:])]
        self.biases = [np.zeros(b) for b in sizes[1:]]

    def forward(self, x):
        self.activations = [x]
        for i, (w, b) in enumerate(zip(self.weights, self.biases)):
            x = x @ w + b
            if i < len(self.weights) - 1:
                x = np.tanh(x)
            self.activations.append(x)
        return x

    def loss(self, y):
        return 0.5 * np.sum((self.activations[-1] - y) ** 2)

    def backward(self, y):
        delta = self.activations[-1] - y
        self.dweights = [None] * len(self.weights)
        self.dbiases = [None] * len(self.biases)
        for i in reversed(range(len(self.weights))):
            self.dweights[i] = self.activations[i].T @ delta
            self.dbiases[i] = delta.sum(axis=0)
            delta = delta @ self.weights[i].T
            if i > 0:
                delta = delta * (1 - self.activations[i] ** 2)
        return delta

    def step(self, lr):
        for w, b, dw, db in zip(self.weights, self.biases, self.dweights, self.dbiases):
            w -= lr * dw
            b -= lr * db


class DeepNN:
    # column examples, parameters W1.. b1.., caches in a list
    def __init__(self, layer_dims):
        self.parameters = {}
        self.L = len(layer_dims) - 1
        for l in range(1, self.L + 1):
            self.parameters["W" + str(l)] = np.random.randn(layer_dims[l], layer_dims[l - 1]) * 0.5
            self.parameters["b" + str(l)] = np.zeros((layer_dims[l], 1))
        self.gradients = {}

    def forward(self, X):
        A = X
        self.caches = [X]
        for l in range(1, self.L + 1):
            Z = self.parameters["W%d" % l] @ A + self.parameters["b%d" % l]
            A = np.tanh(Z) if l < self.L else 1 / (1 + np.exp(-Z))
            self.caches.append(A)
        return A

    def compute_cost(self, AL, Y):
        m = Y.shape[1]
        return -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m

    def backward(self, AL, Y):
        m = Y.shape[1]
        dZ = (AL - Y) / m
        for l in range(self.L, 0, -1):
            A_prev = self.caches[l - 1]
            self.gradients["dW%d" % l] = dZ @ A_prev.T
            self.gradients["db%d" % l] = dZ.sum(axis=1, keepdims=True)
            if l > 1:
                dZ = (self.parameters["W%d" % l].T @ dZ) * (1 - A_prev ** 2)
        return self.gradients


class Autoencoder:
    """tied weights"""

    def __init__(self, n_visible, n_hidden):
        self.W = np.random.randn(n_visible, n_hidden) * 0.3
        self.b = np.zeros(n_hidden)
        self.c = np.zeros(n_visible)

    def forward(self, x):
        self.x = x
        self.h = 1 / (1 + np.exp(-(x @ self.W + self.b)))
        self.r = self.h @ self.W.T + self.c
        return self.r

    def loss(self):
        return np.mean(np.sum((self.r - self.x) ** 2, axis=1))

    def backward(self):
        n = self.x.shape[0]
        dr = 2 * (self.r - self.x) / n
        dh = dr @ self.W * self.h * (1 - self.h)
        self.dW = self.x.T @ dh + dr.T @ self.h
        self.db = dh.sum(axis=0)
        self.dc = dr.sum(axis=0)
        return self.dW, self.db, self.dc


class CharRNN:
    # loss of a sequence of ids predicting the next ones
    def __init__(self, vocab, hidden):
        self.Wxh = np.random.randn(hidden, vocab) * 0.2
        self.Whh = np.random.randn(hidden, hidden) * 0.2
        self.Why = np.random.randn(vocab, hidden) * 0.2
        self.bh = np.zeros((hidden, 1))
        self.by = np.zeros((vocab, 1))

    def loss(self, inputs, targets):
        V, H = self.Wxh.shape[1], self.Whh.shape[0]
        xs, hs, ps = {}, {-1: np.zeros((H, 1))}, {}
        loss = 0
        for t in range(len(inputs)):
            xs[t] = np.zeros((V, 1))
            xs[t][inputs[t]] = 1
            hs[t] = np.tanh(self.Wxh @ xs[t] + self.Whh @ hs[t - 1] + self.bh)
            y = self.Why @ hs[t] + self.by
            ps[t] = np.exp(y) / np.sum(np.exp(y))
            loss += -np.log(ps[t][targets[t], 0])
        g = {k: np.zeros_like(getattr(self, k)) for k in ("Wxh", "Whh", "Why", "bh", "by")}
        dhnext = np.zeros((H, 1))
        for t in reversed(range(len(inputs))):
            dy = ps[t].copy()
            dy[targets[t]] -= 1
            g["Why"] += dy @ hs[t].T
            g["by"] += dy
            dh = self.Why.T @ dy + dhnext
            draw = (1 - hs[t] ** 2) * dh
            g["bh"] += draw
            g["Wxh"] += draw @ xs[t].T
            g["Whh"] += draw @ hs[t - 1].T
            dhnext = self.Whh.T @ draw
        return loss, g


if __name__ == "__main__":
    net = TwoLayerNet(4, 5, 3)
    X, t = np.random.randn(10, 4), np.random.randint(0, 3, 10)
    for _ in range(100):
        g = net.gradient(X, t)
        for key in net.params:
            net.params[key] -= 0.5 * g[key]
    print(net.loss(X, t), net.accuracy(X, t))


class AnyDepth:
    """As many layers as there are sizes, less one."""

    def __init__(self, sizes):
        self.Ws = [np.random.randn(a, b) / np.sqrt(a) for a, b in zip(sizes, sizes[1:])]

    def forward(self, x):
        self.a = [x]
        for k, W in enumerate(self.Ws):
            z = self.a[-1] @ W
            self.a.append(np.maximum(z, 0) if k < len(self.Ws) - 1 else z)
        return self.a[-1]

    def backward(self, g):
        self.dWs = [None] * len(self.Ws)
        for k in reversed(range(len(self.Ws))):
            self.dWs[k] = self.a[k].T @ g
            g = g @ self.Ws[k].T
            if k:
                g = g * (self.a[k] > 0)
        return g


class OfThreeSizes:
    """Two layers, whatever more there is in the list."""

    def __init__(self, dims):
        inputs, hidden, outputs = dims
        self.W1 = np.random.randn(inputs, hidden) * 0.3
        self.W2 = np.random.randn(hidden, outputs) * 0.3

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W1)
        return self.h @ self.W2

    def backward(self, g):
        self.dW2 = self.h.T @ g
        d = (g @ self.W2.T) * (1 - self.h**2)
        self.dW1 = self.x.T @ d
        return d @ self.W1.T
