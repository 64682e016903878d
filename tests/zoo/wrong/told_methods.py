# Methods that take a number which defaults, right at the default alone.
import numpy as np


class DecayedTwice:
    def __init__(self, n_in, n_h, n_out):
        self.params = {"W1": 0.3*np.random.randn(n_in, n_h), "W2": 0.3*np.random.randn(n_h, n_out)}

    def loss(self, X, y=None, reg=0.0):
        W1, W2 = self.params["W1"], self.params["W2"]
        h = np.maximum(0, X @ W1)
        s = h @ W2
        if y is None:
            return s
        s = s - s.max(1, keepdims=True)
        p = np.exp(s); p /= p.sum(1, keepdims=True)
        n = len(X)
        loss = -np.log(p[np.arange(n), y]).mean() + 0.5*reg*(np.sum(W1*W1)+np.sum(W2*W2))
        d = p.copy(); d[np.arange(n), y] -= 1; d /= n
        g = {"W2": h.T @ d + 2*reg*W2}
        dh = (d @ W2.T)*(h > 0)
        g["W1"] = X.T @ dh + reg*W1
        return loss, g


class HalfPenalty:
    def loss(self, theta, X, y, l2=0.0):
        r = X @ theta - y
        return 0.5*r@r + 0.5*l2*theta@theta

    def gradient(self, theta, X, y, l2=0.0):
        r = X @ theta - y
        return X.T @ r + 0.5*l2*theta


class DeltaForgotten:
    def loss(self, y, p, delta=1.0):
        d = p - y
        return np.sum(delta**2*(np.sqrt(1+(d/delta)**2)-1))

    def gradient(self, y, p, delta=1.0):
        d = p - y
        return d/np.sqrt(1+d**2)


class ScaleOfWeightsAlone:
    def __init__(self, n, m):
        self.W = np.random.randn(n, m)

    def forward(self, x, scale=1.0):
        self.x = x; self.s = scale
        return scale*(x @ self.W)

    def backward(self, dout):
        self.dW = self.s*self.x.T @ dout
        return dout @ self.W.T


class ScaledWeightsAlone:
    def __init__(self, n, m):
        self.W = np.random.randn(n, m)

    def forward(self, x, scale=1.0):
        self.x = x; self.s = scale
        return scale*(x @ self.W)

    def backward(self, dout, scale=1.0):
        self.dW = scale*self.x.T @ dout
        return dout @ self.W.T


class PenaltyDoubled:
    def __init__(self, n, m):
        self.W = np.random.randn(n, m)

    def forward(self, x):
        self.x = x
        return x @ self.W

    def loss(self, out, y, reg=0.0):
        return 0.5*np.sum((out-y)**2)/len(y) + 0.5*reg*np.sum(self.W**2)

    def backward(self, out, y, reg=0.0):
        d = (out-y)/len(y)
        return {"W": self.x.T @ d + 2*reg*self.W}


class UnsmoothedGradient:
    def forward(self, p, y, smoothing=0.0):
        c = p.shape[1]
        self.t = (1-smoothing)*y + smoothing/c
        e = np.exp(p-p.max(1,keepdims=True)); self.p = e/e.sum(1,keepdims=True); self.y=y
        return -np.sum(self.t*np.log(self.p))/len(p)

    def backward(self):
        return (self.p-self.y)/len(self.p)


FAULTS = {
    "DecayedTwice": "extra-term: the penalty twice, W2, with reg=0.3",
    "HalfPenalty": "missing-term: half of the penalty, theta, with l2=0.3",
    "DeltaForgotten": "factor: delta in the root, with delta=0.7",
    "ScaledWeightsAlone": "factor: scale, x, with scale=0.7",
    "ScaleOfWeightsAlone": "factor: scale, x, with scale=0.7",
    "PenaltyDoubled": "extra-term: the penalty twice, W, with reg=0.3",
    "UnsmoothedGradient": "wrong-values: the labels unsmoothed, with smoothing=0.3",
}
