"""Embeddings, recurrent cells, attention, each with one fault; FAULTS says which."""

# ruff: noqa: NPY002  (this is how they are written)

import numpy as np


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Embedding:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.idx = None

    def forward(self, idx):
        (W,) = self.params
        self.idx = idx
        return W[idx]

    def backward(self, dout):
        (dW,) = self.grads
        dW[...] = 0
        dW[self.idx] = dout


class TokenEmbedding:
    """(N, T) token numbers to (N, T, D)."""

    def __init__(self, vocab_size=7, dim=4):
        self.weight = np.random.randn(vocab_size, dim)
        self.dweight = np.zeros_like(self.weight)

    def forward(self, tokens):
        self.tokens = tokens
        return self.weight[tokens]

    def backward(self, dout):
        self.dweight = np.zeros_like(self.weight)
        for t in range(self.tokens.shape[1]):
            step = np.zeros_like(self.weight)
            np.add.at(step, self.tokens[:, t], dout[:, t])
            self.dweight = step


class PositionalEmbedding:
    """A learned row a position."""

    def __init__(self, P):
        self.P = P
        self.dP = np.zeros_like(P)

    def forward(self, x):
        self.t = x.shape[1]
        return x + self.P[: self.t]

    def backward(self, dout):
        self.dP = np.zeros_like(self.P)
        self.dP[: self.t] = dout.sum(axis=(0, 1))
        return dout.copy()


class RNNCell:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.cache = None

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        h_next = np.tanh(h_prev @ Wh + x @ Wx + b)
        self.cache = (x, h_prev, h_next)
        return h_next

    def backward(self, dh_next):
        Wx, Wh, _ = self.params
        x, _, h_next = self.cache
        dt = dh_next * (1 - h_next**2)
        self.grads[0][...] = x.T @ dt
        self.grads[1][...] = h_next.T @ dt
        self.grads[2][...] = dt.sum(axis=0)
        return dt @ Wx.T, dt @ Wh.T


class ElmanCell:
    def __init__(self, n_in, n_hidden):
        self.W = np.random.randn(n_in, n_hidden) * 0.5
        self.U = np.random.randn(n_hidden, n_hidden) * 0.5
        self.b = np.random.randn(n_hidden) * 0.5

    def forward(self, x, h):
        self.x, self.h = x, h
        self.out = np.tanh(x @ self.W + h @ self.U + self.b)
        return self.out

    def backward(self, dout):
        dz = dout * (1 - self.out**2)
        self.dW = self.x.T @ dz
        self.dU = self.h.T @ dz
        self.db = dz.sum(axis=0)
        return dz @ self.W.T, dout @ self.U.T


class SimpleRNN:
    """(N, T, D) to (N, T, H), from zeros."""

    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b
        self.dWx, self.dWh, self.db = None, None, None

    def forward(self, xs):
        n, steps, _ = xs.shape
        self.xs = xs
        self.hs = np.zeros((n, steps + 1, self.Wh.shape[0]))
        for t in range(steps):
            self.hs[:, t + 1] = np.tanh(xs[:, t] @ self.Wx + self.hs[:, t] @ self.Wh + self.b)
        return self.hs[:, 1:].copy()

    def backward(self, dhs):
        self.dWx, self.dWh, self.db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        dxs = np.zeros_like(self.xs)
        dh = 0
        for t in reversed(range(self.xs.shape[1])):
            dz = dhs[:, t] * (1 - self.hs[:, t + 1] ** 2)
            self.dWx += self.xs[:, t].T @ dz
            self.dWh += self.hs[:, t].T @ dz
            self.db += dz.sum(axis=0)
            dxs[:, t] = dz @ self.Wx.T
            dh = dz @ self.Wh.T
        self.dh0 = dh
        return dxs


class TimeRNN:
    """Parameters in a dict; the last state only."""

    def __init__(self, n_in, n_hidden):
        self.params = {
            "Wx": np.random.randn(n_in, n_hidden) * 0.5,
            "Wh": np.random.randn(n_hidden, n_hidden) * 0.5,
            "b": np.random.randn(n_hidden) * 0.5,
        }
        self.grads = {}

    def forward(self, xs):
        h = np.zeros((xs.shape[0], self.params["Wh"].shape[0]))
        self.xs, self.hs = xs, [h]
        for t in range(xs.shape[1]):
            h = np.tanh(xs[:, t] @ self.params["Wx"] + h @ self.params["Wh"] + self.params["b"])
            self.hs.append(h)
        return h

    def backward(self, dh):
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}
        dxs = np.zeros_like(self.xs)
        for t in range(self.xs.shape[1] - 1, -1, -1):
            dz = dh * (1 - self.hs[t + 1] ** 2)
            self.grads["Wx"] += self.xs[:, t].T @ dz
            self.grads["Wh"] += self.hs[t].T @ dz
            self.grads["b"] = dz.sum(axis=0)
            dxs[:, t] = dz @ self.params["Wx"].T
            dh = dz @ self.params["Wh"].T
        return dxs


class LSTMCell:
    """Gates f, g, i, o in one matrix."""

    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]

    def forward(self, x, h_prev, c_prev):
        Wx, Wh, b = self.params
        f, g, i, o = np.split(x @ Wx + h_prev @ Wh + b, 4, axis=1)
        f, g, i, o = sigmoid(f), np.tanh(g), sigmoid(i), sigmoid(o)
        c_next = f * c_prev + g * i
        h_next = o * np.tanh(c_next)
        self.cache = (x, h_prev, c_prev, i, f, g, o, c_next)
        return h_next, c_next

    def backward(self, dh_next, dc_next):
        Wx, Wh, _ = self.params
        x, h_prev, c_prev, i, f, g, o, c_next = self.cache
        tc = np.tanh(c_next)
        ds = dh_next * o * (1 - tc**2)
        dc_prev = ds * f
        di = ds * g * i * (1 - i)
        df = ds * c_prev * f * (1 - f)
        do = dh_next * tc * o * (1 - o)
        dg = ds * i * (1 - g**2)
        dA = np.hstack((df, dg, di, do))
        self.grads[0][...] = x.T @ dA
        self.grads[1][...] = h_prev.T @ dA
        self.grads[2][...] = dA.sum(axis=0)
        return dA @ Wx.T, dA @ Wh.T, dc_prev


class LSTMStep:
    """One state array, (N, 2 H): h beside c."""

    def __init__(self, n_in, n_hidden):
        self.W = np.random.randn(n_in + n_hidden, 4 * n_hidden) * 0.5
        self.b = np.random.randn(4 * n_hidden) * 0.5
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x, state):
        h, self.c = np.split(state, 2, axis=1)
        self.z = np.concatenate([x, h], axis=1)
        i, f, o, g = np.split(self.z @ self.W + self.b, 4, axis=1)
        self.i, self.f, self.o, self.g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
        c = self.f * self.c + self.i * self.g
        self.tc = np.tanh(c)
        return np.concatenate([self.o * self.tc, c], axis=1)

    def backward(self, dstate):
        dh, dc = np.split(dstate, 2, axis=1)
        dc = dc + dh * self.o * (1 - self.tc**2)
        d = np.concatenate(
            [
                dc * self.g * self.i * (1 - self.i),
                dc * self.f * self.f * (1 - self.f),
                dh * self.tc * self.o * (1 - self.o),
                dc * self.i * (1 - self.g**2),
            ],
            axis=1,
        )
        self.dW = self.z.T @ d
        self.db = d.sum(axis=0)
        dz = d @ self.W.T
        n = self.z.shape[1] - self.c.shape[1]
        return dz[:, :n], np.concatenate([dz[:, n:], dc * self.f], axis=1)


class GRUCell:
    def __init__(self, n_in, n_hidden):
        self.Wx = np.random.randn(n_in, 3 * n_hidden) * 0.5
        self.Wh = np.random.randn(n_hidden, 3 * n_hidden) * 0.5
        self.b = np.random.randn(3 * n_hidden) * 0.5
        self.dWx, self.dWh, self.db = None, None, None

    def forward(self, x, h):
        n = h.shape[1]
        Wz, Wr, Wn = self.Wh[:, :n], self.Wh[:, n : 2 * n], self.Wh[:, 2 * n :]
        az, ar, an = np.split(x @ self.Wx + self.b, 3, axis=1)
        self.x, self.h = x, h
        self.z, self.r = sigmoid(az + h @ Wz), sigmoid(ar + h @ Wr)
        self.n = np.tanh(an + (self.r * h) @ Wn)
        return (1 - self.z) * h + self.z * self.n

    def backward(self, dout):
        k = self.h.shape[1]
        Wz, Wr, Wn = self.Wh[:, :k], self.Wh[:, k : 2 * k], self.Wh[:, 2 * k :]
        dan = dout * self.z * (1 - self.n**2)
        drh = dan @ Wn.T
        daz = dout * (self.n - self.h) * self.z * (1 - self.z)
        dar = drh * self.h * self.r * (1 - self.r)
        da = np.concatenate([daz, dar, dan], axis=1)
        self.dWx = self.x.T @ da
        self.db = da.sum(axis=0)
        self.dWh = np.concatenate([self.h.T @ daz, self.h.T @ dar, (self.r * self.h).T @ dan], axis=1)
        dh = daz @ Wz.T + dar @ Wr.T + drh * self.r
        return da @ self.Wx.T, dh


class TimeAffine:
    """(N, T, D) to (N, T, M)."""

    def __init__(self, W, b):
        self.params = [W, b]
        self.grads = [np.zeros_like(W), np.zeros_like(b)]
        self.x = None

    def forward(self, x):
        W, b = self.params
        n, steps, _ = x.shape
        self.x = x
        return (x.reshape(n * steps, -1) @ W + b).reshape(n, steps, -1)

    def backward(self, dout):
        W, _ = self.params
        n, steps, d = self.x.shape
        dout = dout.reshape(n * steps, -1)
        self.grads[0][...] = self.x.reshape(n * steps, -1).T @ dout
        self.grads[1][...] = np.sum(dout, axis=0) / steps
        return (dout @ W.T).reshape(n, steps, d)


class SequenceDense:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.dW = np.zeros_like(self.W)

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dout):
        self.dW = np.einsum("ntd,ntm->dm", self.x.cumsum(axis=1), dout)
        return dout @ self.W.T


class Softmax:
    """Over the last axis."""

    def forward(self, x):
        self.y = softmax(x)
        return self.y

    def backward(self, dout):
        return dout * self.y * (1 - self.y)


class ScaledDotAttention:
    """q, k, v of shape (N, T, D)."""

    def forward(self, q, k, v):
        self.q, self.k, self.v = q, k, v
        self.s = 1 / np.sqrt(q.shape[-1])
        self.a = softmax(q @ k.transpose(0, 2, 1) * self.s)
        return self.a @ v

    def backward(self, dout):
        dv = self.a.transpose(0, 2, 1) @ dout
        da = dout @ self.v.transpose(0, 2, 1)
        dz = self.a * (da - (da * self.a).sum(axis=-1, keepdims=True))
        dq = dz @ self.k * self.s
        dk = dz.transpose(0, 2, 1) @ self.q
        return dq, dk, dv


class CausalAttention:
    """Each step looks at itself and those before it."""

    def forward(self, q, k, v):
        self.q, self.k, self.v = q, k, v
        self.scale = np.sqrt(q.shape[-1])
        t = q.shape[1]
        scores = q @ k.swapaxes(1, 2) / self.scale
        self.a = softmax(np.where(np.tril(np.ones((t, t), dtype=bool)), scores, -1e9))
        return self.a @ v

    def backward(self, dout):
        da = dout @ self.v.swapaxes(1, 2)
        dz = self.a * (da - (da * self.a).sum(axis=-1, keepdims=True)) / self.scale
        return dz @ self.k, dz.swapaxes(1, 2) @ self.q, self.a @ dout


class SelfAttention:
    """Its own projections."""

    def __init__(self, dim):
        self.Wq = np.random.randn(dim, dim) * 0.5
        self.Wk = np.random.randn(dim, dim) * 0.5
        self.Wv = np.random.randn(dim, dim) * 0.5
        self.dWq, self.dWk, self.dWv = None, None, None

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.scale = np.sqrt(x.shape[-1])
        self.a = softmax(self.q @ self.k.swapaxes(1, 2) / self.scale)
        return self.a @ self.v

    def backward(self, dout):
        dv = self.a.swapaxes(1, 2) @ dout
        da = dout @ self.v.swapaxes(1, 2)
        dz = self.a * (da - (da * self.a).sum(axis=-1, keepdims=True)) / self.scale
        dq, dk = dz @ self.k, dz.swapaxes(1, 2) @ self.q
        self.dWq = np.einsum("ntd,nte->de", self.x, dq)
        self.dWk = np.einsum("ntd,nte->de", self.x, dk)
        self.dWv = np.einsum("ntd,nte->de", self.x, dv)
        return dq @ self.Wq.T + dv @ self.Wv.T


class AttentionWeight:
    """hs (N, T, H) against a query (N, H)."""

    def forward(self, hs, h):
        self.hs, self.h = hs, h
        self.a = softmax(np.einsum("nth,nh->nt", hs, h))
        return self.a

    def backward(self, da):
        ds = self.a * (da - (da * self.a).sum(axis=1, keepdims=True))
        dhs = ds[:, :, None] * self.h[:, None, :]
        dh = (ds[:, :, None] * self.hs).mean(axis=1)
        return dhs, dh


class WeightSum:
    """hs (N, T, H) under weights a (N, T)."""

    def forward(self, hs, a):
        self.cache = (hs, a)
        return np.sum(hs * a[:, :, None], axis=1)

    def backward(self, dc):
        hs = self.cache[0]
        dhs = np.repeat(dc[:, None, :], hs.shape[1], axis=1)
        da = np.sum(hs * dc[:, None, :], axis=2)
        return dhs, da


class MeanOverTime:
    """The mean over the steps that the mask keeps."""

    def __init__(self, mask=(1, 1, 0, 1)):
        self.mask = np.array(mask, dtype=float)

    def forward(self, x):
        m = self.mask[: x.shape[1]]
        self.shape = x.shape
        self.w = m / m.sum()
        return (x * self.w[None, :, None]).sum(axis=1)

    def backward(self, dout):
        return np.broadcast_to(dout[:, None, :] / self.w.size, self.shape).copy()


class BiDirectional:
    """A running sum from either end, side by side."""

    def forward(self, x):
        self.d = x.shape[2]
        return np.concatenate([x.cumsum(axis=1), x[:, ::-1].cumsum(axis=1)[:, ::-1]], axis=2)

    def backward(self, dout):
        df, db = dout[:, :, : self.d], dout[:, :, self.d :]
        return df[:, ::-1].cumsum(axis=1)[:, ::-1] + db[:, ::-1].cumsum(axis=1)[:, ::-1]


FAULTS = {
    "Embedding": "overwritten: = at repeated tokens, W",
    "TokenEmbedding": "overwritten: = over time, weight",
    "PositionalEmbedding": "over-summed: over time too, P",
    "RNNCell": "wrong-values: h_next for h_prev, Wh",
    "ElmanCell": "missing-factor: (1 - out**2) forgotten, h",
    "SimpleRNN": "missing-term: the next step's gradient not carried, x, Wx, Wh and b",
    "TimeRNN": "overwritten: = instead of += over time, b",
    "LSTMCell": "missing-term: dc_next forgotten, parameters and inputs (all but the output gate)",
    "LSTMStep": "wrong-values: f for c_prev in the forget gate, W, b and inputs",
    "GRUCell": "missing-term: the direct path (1 - z), h",
    "TimeAffine": "factor: divided by the steps, on b only",
    "SequenceDense": "extra-term: a running sum of x, W",
    "Softmax": "missing-term: the diagonal only, x",
    "ScaledDotAttention": "factor: the scale forgotten, k",
    "CausalAttention": "transposed: attention not transposed, v",
    "SelfAttention": "missing-term: the keys' path, x",
    "AttentionWeight": "factor: mean over time for the sum, h",
    "WeightSum": "missing-factor: a forgotten, hs",
    "MeanOverTime": "missing-factor: the mask forgotten, x",
    "BiDirectional": "permuted: the backward half not from the other end, x",
}
