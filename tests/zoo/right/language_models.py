"""Networks that learn words: one-hot contexts or ids in, a loss out; backward returns nothing."""

import numpy as np


def _log_softmax(s):
    s = s - s.max(axis=-1, keepdims=True)
    return s - np.log(np.exp(s).sum(axis=-1, keepdims=True))


class Product:
    def __init__(self, W):
        self.params, self.grads = [W], [np.zeros_like(W)]

    def forward(self, x):
        self.x = x
        return x @ self.params[0]

    def backward(self, dout):
        self.grads[0][...] = self.x.T @ dout
        return dout @ self.params[0].T


class Table:
    def __init__(self, W):
        self.params, self.grads = [W], [np.zeros_like(W)]

    def forward(self, ids):
        self.ids = ids
        return self.params[0][ids]

    def backward(self, dout):
        self.grads[0][...] = 0
        np.add.at(self.grads[0], self.ids, dout)


class ContextWords:
    """The word between two others, of one-hot rows."""

    def __init__(self, vocab_size, hidden_size):
        self.inner = Product(0.1 * np.random.randn(vocab_size, hidden_size).astype("f"))
        self.outer = Product(0.1 * np.random.randn(hidden_size, vocab_size).astype("f"))
        self.params = self.inner.params + self.outer.params
        self.grads = self.inner.grads + self.outer.grads

    def forward(self, contexts, target):
        self.target = target
        hidden = self.inner.forward((contexts[:, 0] + contexts[:, 1]) / 2)
        self.logp = _log_softmax(self.outer.forward(hidden))
        return -np.sum(target * self.logp) / len(target)

    def backward(self, dout=1):
        ds = dout * (np.exp(self.logp) * self.target.sum(axis=1, keepdims=True) - self.target) / len(self.target)
        self.inner.backward(self.outer.backward(ds))


class NextWord:
    """A recurrent language model with states of single precision."""

    def __init__(self, vocab_size, wordvec_size, hidden_size):
        V, D, H = vocab_size, wordvec_size, hidden_size
        self.embed = Table((np.random.randn(V, D) / 10).astype("f"))
        self.Wx = (np.random.randn(D, H) / np.sqrt(D)).astype("f")
        self.Wh = (np.random.randn(H, H) / np.sqrt(H)).astype("f")
        self.Wy = (np.random.randn(H, V) / np.sqrt(H)).astype("f")
        self.params = [*self.embed.params, self.Wx, self.Wh, self.Wy]
        self.grads = [*self.embed.grads, *(np.zeros_like(W) for W in (self.Wx, self.Wh, self.Wy))]

    def forward(self, xs, ts):
        _, Wx, Wh, Wy = self.params
        self.ts = ts
        self.es = self.embed.forward(xs)
        n, steps = xs.shape
        self.hs = np.zeros((n, steps + 1, Wh.shape[0]), dtype="f")
        for t in range(steps):
            self.hs[:, t + 1] = np.tanh(self.es[:, t] @ Wx + self.hs[:, t] @ Wh)
        self.logp = _log_softmax(self.hs[:, 1:] @ Wy)
        picked = np.take_along_axis(self.logp, ts[..., None], axis=-1)
        return -picked.sum() / ts.size

    def backward(self, dout=1):
        _, Wx, Wh, Wy = self.params
        ds = np.exp(self.logp)
        n, steps = self.ts.shape
        ds[np.arange(n)[:, None], np.arange(steps)[None, :], self.ts] -= 1
        ds *= dout / self.ts.size
        dWx, dWh = np.zeros_like(Wx), np.zeros_like(Wh)
        des = np.empty_like(self.es)
        dh = 0
        for t in reversed(range(steps)):
            da = (ds[:, t] @ Wy.T + dh) * (1 - self.hs[:, t + 1] ** 2)
            dWx += self.es[:, t].T @ da
            dWh += self.hs[:, t].T @ da
            des[:, t] = da @ Wx.T
            dh = da @ Wh.T
        self.grads[1][...] = dWx
        self.grads[2][...] = dWh
        self.grads[3][...] = np.einsum("nth,ntv->hv", self.hs[:, 1:], ds)
        self.embed.backward(des)


class SentenceClass:
    """A class for each sequence of features: the mean over the steps, a softmax."""

    def __init__(self, features, classes):
        self.W = 0.1 * np.random.randn(features, classes)

    def forward(self, xs, labels):
        self.xs, self.labels = xs, labels
        self.mean = xs.mean(axis=1)
        self.logp = _log_softmax(self.mean @ self.W)
        return -self.logp[np.arange(len(labels)), labels].mean()

    def backward(self):
        d = np.exp(self.logp)
        d[np.arange(len(self.labels)), self.labels] -= 1
        d /= len(self.labels)
        self.dW = self.mean.T @ d
        return np.repeat((d @ self.W.T)[:, None] / self.xs.shape[1], self.xs.shape[1], axis=1)
