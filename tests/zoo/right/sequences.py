# Style: whole-sequence layers (batch, time, features): attention of several kinds, recurrent networks, 1-D convolution.
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class ScaledDotProductAttention:
    def __init__(self, scale=True):
        self.scale = scale

    def forward(self, q, k, v):
        self.q, self.k, self.v = q, k, v
        self.c = 1 / np.sqrt(q.shape[-1]) if self.scale else 1.0
        self.w = softmax(self.c * q @ k.transpose(0, 2, 1))
        return self.w @ v

    def backward(self, dy):
        dv = self.w.transpose(0, 2, 1) @ dy
        dw = dy @ self.v.transpose(0, 2, 1)
        ds = self.w * (dw - np.sum(dw * self.w, axis=-1, keepdims=True)) * self.c
        dq = ds @ self.k
        dk = ds.transpose(0, 2, 1) @ self.q
        return dq, dk, dv


class SelfAttention:
    def __init__(self, d_model, d_head):
        s = 1 / np.sqrt(d_model)
        self.Wq = np.random.randn(d_model, d_head) * s
        self.Wk = np.random.randn(d_model, d_head) * s
        self.Wv = np.random.randn(d_model, d_head) * s
        self.Wo = np.random.randn(d_head, d_model) * s

    def forward(self, x):
        self.x = x
        self.Q, self.K, self.V = x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.A = softmax(self.Q @ self.K.transpose(0, 2, 1) / np.sqrt(self.Q.shape[-1]))
        self.H = self.A @ self.V
        return self.H @ self.Wo

    def backward(self, dout):
        x = self.x
        self.dWo = np.einsum("bth,btd->hd", self.H, dout)
        dH = dout @ self.Wo.T
        dA = dH @ self.V.transpose(0, 2, 1)
        dV = self.A.transpose(0, 2, 1) @ dH
        dS = self.A * (dA - (dA * self.A).sum(-1, keepdims=True)) / np.sqrt(self.Q.shape[-1])
        dQ = dS @ self.K
        dK = dS.transpose(0, 2, 1) @ self.Q
        self.dWq = np.einsum("btd,bth->dh", x, dQ)
        self.dWk = np.einsum("btd,bth->dh", x, dK)
        self.dWv = np.einsum("btd,bth->dh", x, dV)
        return dQ @ self.Wq.T + dK @ self.Wk.T + dV @ self.Wv.T


class MultiHeadAttention:
    """Self attention with several heads and an optional causal mask."""

    def __init__(self, d_model, num_heads, causal=False):
        assert d_model % num_heads == 0
        self.h, self.d = num_heads, d_model // num_heads
        self.causal = causal
        self.params = {n: np.random.randn(d_model, d_model) / np.sqrt(d_model) for n in ("Wq", "Wk", "Wv", "Wo")}
        for n in ("bq", "bk", "bv", "bo"):
            self.params[n] = np.zeros(d_model)
        self.grads = {}

    def split(self, a):
        n, t, _ = a.shape
        return a.reshape(n, t, self.h, self.d).transpose(0, 2, 1, 3)

    def merge(self, a):
        n, h, t, d = a.shape
        return a.transpose(0, 2, 1, 3).reshape(n, t, h * d)

    def forward(self, x):
        p = self.params
        self.x = x
        self.q = self.split(x @ p["Wq"] + p["bq"])
        self.k = self.split(x @ p["Wk"] + p["bk"])
        self.v = self.split(x @ p["Wv"] + p["bv"])
        scores = self.q @ self.k.swapaxes(2, 3) / np.sqrt(self.d)
        if self.causal:
            t = x.shape[1]
            scores = np.where(np.triu(np.ones((t, t), dtype=bool), 1), -1e9, scores)
        self.a = softmax(scores)
        self.ctx = self.merge(self.a @ self.v)
        return self.ctx @ p["Wo"] + p["bo"]

    def _lin(self, inp, d, name):
        D = inp.shape[-1]
        self.grads["W" + name] = inp.reshape(-1, D).T @ d.reshape(-1, D)
        self.grads["b" + name] = d.reshape(-1, D).sum(axis=0)
        return d @ self.params["W" + name].T

    def backward(self, dout):
        dctx = self.split(self._lin(self.ctx, dout, "o"))
        da = dctx @ self.v.swapaxes(2, 3)
        dv = self.a.swapaxes(2, 3) @ dctx
        ds = self.a * (da - (da * self.a).sum(axis=-1, keepdims=True)) / np.sqrt(self.d)
        dq = ds @ self.k
        dk = ds.swapaxes(2, 3) @ self.q
        return (self._lin(self.x, self.merge(dq), "q")
                + self._lin(self.x, self.merge(dk), "k")
                + self._lin(self.x, self.merge(dv), "v"))


class AttentionPooling:
    # weights the time steps with a learned query
    def __init__(self, d):
        self.u = np.random.randn(d)

    def forward(self, x):
        self.x = x
        self.p = softmax(x @ self.u)
        return np.einsum("nt,ntd->nd", self.p, x)

    def backward(self, dout):
        dp = np.einsum("nd,ntd->nt", dout, self.x)
        ds = self.p * (dp - (dp * self.p).sum(1, keepdims=True))
        self.du = np.einsum("nt,ntd->d", ds, self.x)
        return self.p[:, :, None] * dout[:, None, :] + ds[:, :, None] * self.u


class TimeRNN:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]

    def forward(self, xs):
        Wx, Wh, b = self.params
        N, T, D = xs.shape
        H = Wh.shape[0]
        self.xs = xs
        self.hs = np.zeros((N, T + 1, H))
        for t in range(T):
            self.hs[:, t + 1] = np.tanh(xs[:, t] @ Wx + self.hs[:, t] @ Wh + b)
        return self.hs[:, 1:].copy()

    def backward(self, dhs):
        Wx, Wh, b = self.params
        for g in self.grads:
            g[...] = 0
        dxs = np.zeros_like(self.xs)
        dh = 0
        for t in reversed(range(dhs.shape[1])):
            da = (dhs[:, t] + dh) * (1 - self.hs[:, t + 1] ** 2)
            self.grads[0] += self.xs[:, t].T @ da
            self.grads[1] += self.hs[:, t].T @ da
            self.grads[2] += da.sum(0)
            dxs[:, t] = da @ Wx.T
            dh = da @ Wh.T
        return dxs


class LSTM:
    def __init__(self, input_dim, hidden_dim):
        self.D, self.H = input_dim, hidden_dim
        self.W = np.random.randn(input_dim + hidden_dim, 4 * hidden_dim) * 0.3
        self.b = np.zeros(4 * hidden_dim)
        self.b[hidden_dim:2 * hidden_dim] = 1  # forget gate

    def forward(self, x):
        N, T, _ = x.shape
        H = self.H
        h, c = np.zeros((N, H)), np.zeros((N, H))
        out = np.empty((N, T, H))
        self.tape = []
        for t in range(T):
            z = np.concatenate([x[:, t], h], axis=1)
            a = z @ self.W + self.b
            i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H:2 * H]), sigmoid(a[:, 2 * H:3 * H])
            g = np.tanh(a[:, 3 * H:])
            c_new = f * c + i * g
            tc = np.tanh(c_new)
            self.tape.append((z, i, f, o, g, c, tc))
            c, h = c_new, o * tc
            out[:, t] = h
        return out

    def backward(self, dout):
        N, T, H = dout.shape
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)
        dx = np.empty((N, T, self.D))
        dh, dc = np.zeros((N, H)), np.zeros((N, H))
        for t in range(T - 1, -1, -1):
            z, i, f, o, g, c_prev, tc = self.tape[t]
            dh = dh + dout[:, t]
            dc = dc + dh * o * (1 - tc ** 2)
            da = np.hstack([
                dc * g * i * (1 - i),
                dc * c_prev * f * (1 - f),
                dh * tc * o * (1 - o),
                dc * i * (1 - g ** 2),
            ])
            self.dW += z.T @ da
            self.db += da.sum(axis=0)
            dz = da @ self.W.T
            dx[:, t] = dz[:, :self.D]
            dh = dz[:, self.D:]
            dc = dc * f
        return dx


class GRU:
    # last state only
    def __init__(self, n_in, n_hidden):
        self.params = {}
        for g in "zrh":
            self.params["W" + g] = np.random.randn(n_in, n_hidden) * 0.4
            self.params["U" + g] = np.random.randn(n_hidden, n_hidden) * 0.4
            self.params["b" + g] = np.zeros(n_hidden)
        self.grads = {}

    def forward(self, x):
        p = self.params
        h = np.zeros((x.shape[0], p["bz"].shape[0]))
        self.x = x
        self.steps = []
        for t in range(x.shape[1]):
            xt = x[:, t]
            z = sigmoid(xt @ p["Wz"] + h @ p["Uz"] + p["bz"])
            r = sigmoid(xt @ p["Wr"] + h @ p["Ur"] + p["br"])
            c = np.tanh(xt @ p["Wh"] + (r * h) @ p["Uh"] + p["bh"])
            self.steps.append((xt, h, z, r, c))
            h = (1 - z) * h + z * c
        return h

    def backward(self, dh):
        p = self.params
        g = {k: np.zeros_like(v) for k, v in p.items()}
        dx = np.zeros_like(self.x)
        for t in range(len(self.steps) - 1, -1, -1):
            xt, h, z, r, c = self.steps[t]
            dzp = dh * (c - h) * z * (1 - z)
            dcp = dh * z * (1 - c * c)
            drh = dcp @ p["Uh"].T
            drp = drh * h * r * (1 - r)
            for name, d, left in (("z", dzp, h), ("r", drp, h), ("h", dcp, r * h)):
                g["W" + name] += xt.T @ d
                g["U" + name] += left.T @ d
                g["b" + name] += d.sum(axis=0)
            dx[:, t] = dzp @ p["Wz"].T + drp @ p["Wr"].T + dcp @ p["Wh"].T
            dh = dh * (1 - z) + drh * r + dzp @ p["Uz"].T + drp @ p["Ur"].T
        self.grads = g
        return dx


class Conv1D:
    """(batch, length, channels), stride and no padding."""

    def __init__(self, in_channels, out_channels, kernel_size=3, stride=1):
        self.weight = np.random.randn(kernel_size, in_channels, out_channels) / kernel_size
        self.bias = np.zeros(out_channels)
        self.k, self.s = kernel_size, stride

    def forward(self, x):
        self.x = x
        L = (x.shape[1] - self.k) // self.s + 1
        out = np.stack([np.tensordot(x[:, i * self.s:i * self.s + self.k], self.weight, 2) for i in range(L)], axis=1)
        return out + self.bias

    def backward(self, dout):
        dx = np.zeros_like(self.x)
        self.dweight = np.zeros_like(self.weight)
        for i in range(dout.shape[1]):
            win = slice(i * self.s, i * self.s + self.k)
            self.dweight += np.einsum("nkc,no->kco", self.x[:, win], dout[:, i])
            dx[:, win] += np.einsum("no,kco->nkc", dout[:, i], self.weight)
        self.dbias = dout.sum(axis=(0, 1))
        return dx


class MaxPool1D:
    def __init__(self, pool=2):
        self.pool = pool

    def forward(self, x):
        n, t, d = x.shape
        k = t // self.pool
        self.shape = x.shape
        win = x[:, :k * self.pool].reshape(n, k, self.pool, d)
        self.where = win.argmax(axis=2)
        return win.max(axis=2)

    def backward(self, dout):
        n, t, d = self.shape
        k = t // self.pool
        dwin = np.zeros((n, k, self.pool, d))
        np.put_along_axis(dwin, self.where[:, :, None, :], dout[:, :, None, :], axis=2)
        dx = np.zeros(self.shape)
        dx[:, :k * self.pool] = dwin.reshape(n, k * self.pool, d)
        return dx


class PositionalEncoding:
    def __init__(self, d_model, max_len=64):
        pos = np.arange(max_len)[:, None]
        i = np.arange(d_model)[None, :]
        angle = pos / np.power(10000, (2 * (i // 2)) / d_model)
        self.pe = np.where(i % 2 == 0, np.sin(angle), np.cos(angle))

    def forward(self, x):
        self.scale = np.sqrt(x.shape[-1])
        return x * self.scale + self.pe[:x.shape[1]]

    def backward(self, dout):
        return dout * self.scale


class LearnedPositions:
    def __init__(self, max_len, d):
        self.P = np.random.randn(max_len, d) * 0.02
        self.dP = np.zeros_like(self.P)

    def forward(self, x):
        self.T = x.shape[1]
        return x + self.P[:self.T]

    def backward(self, dout):
        self.dP = np.zeros_like(self.P)
        self.dP[:self.T] = dout.sum(axis=0)
        return dout.copy()


class LastStep:
    def forward(self, x):
        self.shape = x.shape
        return x[:, -1, :]

    def backward(self, dout):
        dx = np.zeros(self.shape)
        dx[:, -1, :] = dout
        return dx
