"""Networks that learn words, with a fault each."""

import numpy as np


def _log_softmax(s):
    s = s - s.max(axis=-1, keepdims=True)
    return s - np.log(np.exp(s).sum(axis=-1, keepdims=True))


class ContextWords:
    def __init__(self, vocab_size, hidden_size):
        self.params = [0.1 * np.random.randn(vocab_size, hidden_size), 0.1 * np.random.randn(hidden_size, vocab_size)]
        self.grads = [np.zeros_like(W) for W in self.params]

    def forward(self, contexts, target):
        self.target = target
        self.mean = (contexts[:, 0] + contexts[:, 1]) / 2
        self.hidden = self.mean @ self.params[0]
        self.logp = _log_softmax(self.hidden @ self.params[1])
        return -np.sum(target * self.logp) / len(target)

    def backward(self, dout=1):
        ds = dout * (np.exp(self.logp) * self.target.sum(axis=1, keepdims=True) - self.target) / len(self.target)
        self.grads[1][...] = self.hidden.T @ ds
        self.grads[0][...] = 2 * self.mean.T @ (ds @ self.params[1].T)


class NextWord:
    def __init__(self, vocab_size, hidden_size):
        self.params = [np.random.randn(vocab_size, hidden_size) / 10, np.random.randn(hidden_size, vocab_size)]
        self.grads = [np.zeros_like(W) for W in self.params]

    def forward(self, xs, ts):
        self.xs, self.ts = xs, ts
        self.es = self.params[0][xs]
        self.logp = _log_softmax(np.tanh(self.es) @ self.params[1])
        return -np.take_along_axis(self.logp, ts[..., None], axis=-1).sum() / ts.size

    def backward(self, dout=1):
        ds = np.exp(self.logp)
        n, steps = self.ts.shape
        ds[np.arange(n)[:, None], np.arange(steps)[None, :], self.ts] -= 1
        ds *= dout / self.ts.size
        h = np.tanh(self.es)
        self.grads[1][...] = np.einsum("nth,ntv->hv", h, ds)
        self.grads[0][...] = 0
        self.grads[0][self.xs] += ds @ self.params[1].T * (1 - h**2)


FAULTS = {
    "ContextWords": "the mean of the two words is divided once in forward only",
    "NextWord": "words that come twice are overwritten",
}
