# Style: two parallel lists, self.params and self.grads, the gradients written into the existing arrays.
import numpy as np


class MatMul:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.x = None

    def forward(self, x):
        W, = self.params
        out = np.dot(x, W)
        self.x = x
        return out

    def backward(self, dout):
        W, = self.params
        dx = np.dot(dout, W.T)
        dW = np.dot(self.x.T, dout)
        self.grads[0][...] = dW
        return dx


class Affine:
    def __init__(self, W, b):
        self.params = [W, b]
        self.grads = [np.zeros_like(W), np.zeros_like(b)]
        self.x = None

    def forward(self, x):
        W, b = self.params
        out = np.dot(x, W) + b
        self.x = x
        return out

    def backward(self, dout):
        W, b = self.params
        dx = np.dot(dout, W.T)
        dW = np.dot(self.x.T, dout)
        db = np.sum(dout, axis=0)
        self.grads[0][...] = dW
        self.grads[1][...] = db
        return dx


class Softmax:
    def __init__(self):
        self.params, self.grads = [], []
        self.out = None

    def forward(self, x):
        x = x - x.max(axis=1, keepdims=True)
        e = np.exp(x)
        self.out = e / e.sum(axis=1, keepdims=True)
        return self.out

    def backward(self, dout):
        dx = self.out * dout
        sumdx = np.sum(dx, axis=1, keepdims=True)
        dx -= self.out * sumdx
        return dx


class SigmoidWithLoss:
    def __init__(self):
        self.params, self.grads = [], []
        self.y = None
        self.t = None

    def forward(self, x, t):
        self.t = t
        self.y = 1 / (1 + np.exp(-x))
        p = np.c_[1 - self.y, self.y]
        self.loss = -np.sum(np.log(p[np.arange(len(t)), t])) / len(t)
        return self.loss

    def backward(self, dout=1):
        batch_size = self.t.shape[0]
        dx = (self.y - self.t.reshape(self.y.shape)) * dout / batch_size
        return dx


class RNN:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.cache = None

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        t = np.dot(h_prev, Wh) + np.dot(x, Wx) + b
        h_next = np.tanh(t)
        self.cache = (x, h_prev, h_next)
        return h_next

    def backward(self, dh_next):
        Wx, Wh, b = self.params
        x, h_prev, h_next = self.cache

        dt = dh_next * (1 - h_next ** 2)
        db = np.sum(dt, axis=0)
        dWh = np.dot(h_prev.T, dt)
        dh_prev = np.dot(dt, Wh.T)
        dWx = np.dot(x.T, dt)
        dx = np.dot(dt, Wx.T)

        self.grads[0][...] = dWx
        self.grads[1][...] = dWh
        self.grads[2][...] = db
        return dx, dh_prev


class TimeAffine:
    def __init__(self, W, b):
        self.params = [W, b]
        self.grads = [np.zeros_like(W), np.zeros_like(b)]
        self.x = None

    def forward(self, x):
        N, T, D = x.shape
        W, b = self.params
        rx = x.reshape(N * T, -1)
        out = np.dot(rx, W) + b
        self.x = x
        return out.reshape(N, T, -1)

    def backward(self, dout):
        x = self.x
        N, T, D = x.shape
        W, b = self.params
        dout = dout.reshape(N * T, -1)
        rx = x.reshape(N * T, -1)
        self.grads[0][...] = np.dot(rx.T, dout)
        self.grads[1][...] = np.sum(dout, axis=0)
        return np.dot(dout, W.T).reshape(*x.shape)


class Embedding:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.idx = None

    def forward(self, idx):
        W, = self.params
        self.idx = idx
        out = W[idx]
        return out

    def backward(self, dout):
        dW, = self.grads
        dW[...] = 0
        np.add.at(dW, self.idx, dout)
        return None


class LayerNormalization:
    def __init__(self, size):
        self.params = [np.ones(size), np.zeros(size)]
        self.grads = [np.zeros(size), np.zeros(size)]

    def forward(self, x):
        g, b = self.params
        self.std = np.sqrt(x.var(axis=1, keepdims=True) + 1e-6)
        self.z = (x - x.mean(axis=1, keepdims=True)) / self.std
        return g * self.z + b

    def backward(self, dout):
        g, b = self.params
        self.grads[0][...] = np.sum(dout * self.z, axis=0)
        self.grads[1][...] = np.sum(dout, axis=0)
        dz = dout * g
        D = dz.shape[1]
        return (dz - dz.sum(axis=1, keepdims=True) / D - self.z * (dz * self.z).sum(axis=1, keepdims=True) / D) / self.std


class Scale:
    # lists rebuilt on every backward
    def __init__(self, n):
        self.s = np.random.uniform(0.5, 2, n)
        self.params = [self.s]
        self.grads = []

    def forward(self, x):
        self.x = x
        return x * self.s

    def backward(self, dout):
        self.grads = [(dout * self.x).sum(axis=0)]
        return dout * self.s


class MLPBlock:
    def __init__(self, D, H, O):
        self.layers = [Affine(np.random.randn(D, H), np.zeros(H)), Softmax(), Affine(np.random.randn(H, O), np.zeros(O))]
        self.params, self.grads = [], []
        for layer in self.layers:
            self.params += layer.params
            self.grads += layer.grads

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout


class SGD:
    def __init__(self, lr=0.01):
        self.lr = lr

    def update(self, params, grads):
        for i in range(len(params)):
            params[i] -= self.lr * grads[i]


class ResidualStack:
    def __init__(self, width, depth=3):
        self.Ws = [np.random.randn(width, width) * 0.5 for _ in range(depth)]
        self.bs = [np.zeros(width) for _ in range(depth)]
        self.dWs = [None] * depth
        self.dbs = [None] * depth

    def forward(self, x):
        self.a = [x]
        for W, b in zip(self.Ws, self.bs):
            self.a.append(self.a[-1] + np.tanh(self.a[-1] @ W + b))
        return self.a[-1]

    def backward(self, g):
        for k in reversed(range(len(self.Ws))):
            t = self.a[k + 1] - self.a[k]
            dz = g * (1 - t ** 2)
            self.dWs[k] = self.a[k].T @ dz
            self.dbs[k] = dz.sum(0)
            g = g + dz @ self.Ws[k].T
        return g
