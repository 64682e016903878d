# Style: integer inputs (embeddings of several makes) and single recurrent cells stepped by the caller.
import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class Embedding:
    def __init__(self, vocab_size, embed_dim):
        self.W = np.random.randn(vocab_size, embed_dim) * 0.1
        self.dW = np.zeros_like(self.W)

    def forward(self, ids):
        self.ids = ids
        return self.W[ids]

    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.ids, dout)


class EmbeddingLoop:
    """(batch, time) -> (batch, time, dim)"""

    def __init__(self, num_embeddings, embedding_dim):
        self.params = {"W": np.random.uniform(-0.5, 0.5, (num_embeddings, embedding_dim))}
        self.grads = {"W": None}

    def forward(self, indices):
        self.indices = np.asarray(indices, dtype=int)
        return self.params["W"][self.indices]

    def backward(self, dout):
        dW = np.zeros(self.params["W"].shape)
        flat = dout.reshape(-1, dout.shape[-1])
        for i, word in enumerate(self.indices.ravel()):
            dW[word] += flat[i]
        self.grads["W"] = dW
        return None


class BagOfWords:
    # mean of the embeddings of a sentence
    def __init__(self, n_words, dim):
        self.table = np.random.randn(n_words, dim)
        self.dtable = None

    def forward(self, tokens):
        assert tokens.ndim == 2
        self.tokens = tokens
        return self.table[tokens].mean(axis=1)

    def backward(self, d):
        self.dtable = np.zeros_like(self.table)
        share = d / self.tokens.shape[1]
        for t in range(self.tokens.shape[1]):
            np.add.at(self.dtable, self.tokens[:, t], share)


class OneHotEmbedding:
    def __init__(self, W):
        self.W = W
        self.n = W.shape[0]

    def forward(self, idx):
        self.onehot = np.eye(self.n)[idx]
        return self.onehot @ self.W

    def backward(self, grad):
        k = grad.shape[-1]
        return self.onehot.reshape(-1, self.n).T @ grad.reshape(-1, k)


class EmbeddingDot:
    """Scores of target words for a hidden vector, as in negative sampling."""

    def __init__(self, W):
        self.W = W
        self.dW = np.zeros_like(W)

    def forward(self, h, idx):
        self.h, self.idx = h, idx
        self.target_W = self.W[idx]
        return np.sum(self.target_W * h, axis=1)

    def backward(self, dout):
        dout = dout.reshape(dout.shape[0], 1)
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.idx, dout * self.h)
        return dout * self.target_W


class RNNCell:
    def __init__(self, input_size, hidden_size):
        self.W_ih = np.random.randn(hidden_size, input_size) * 0.4
        self.W_hh = np.random.randn(hidden_size, hidden_size) * 0.4
        self.b_ih = np.zeros(hidden_size)
        self.b_hh = np.zeros(hidden_size)

    def forward(self, x, h):
        self.x, self.h = x, h
        self.h_new = np.tanh(x @ self.W_ih.T + self.b_ih + h @ self.W_hh.T + self.b_hh)
        return self.h_new

    def backward(self, delta):
        dz = delta * (1 - self.h_new ** 2)
        self.dW_ih = dz.T @ self.x
        self.dW_hh = dz.T @ self.h
        self.db_ih = dz.sum(axis=0)
        self.db_hh = dz.sum(axis=0)
        return dz @ self.W_ih, dz @ self.W_hh


class GRUCell:
    def __init__(self, d, h):
        self.d = d
        self.h = h
        self.Wzx, self.Wrx, self.Wnx = (np.random.randn(h, d) for _ in range(3))
        self.Wzh, self.Wrh, self.Wnh = (np.random.randn(h, h) for _ in range(3))

    def forward(self, x, h_prev):
        self.x, self.hp = x, h_prev
        self.z = sigmoid(x @ self.Wzx.T + h_prev @ self.Wzh.T)
        self.r = sigmoid(x @ self.Wrx.T + h_prev @ self.Wrh.T)
        self.hn = h_prev @ self.Wnh.T
        self.n = np.tanh(x @ self.Wnx.T + self.r * self.hn)
        return self.z * h_prev + (1 - self.z) * self.n

    def backward(self, delta):
        x, hp = self.x, self.hp
        dn = delta * (1 - self.z) * (1 - self.n ** 2)
        dz = delta * (hp - self.n) * self.z * (1 - self.z)
        dr = dn * self.hn * self.r * (1 - self.r)
        self.dWnx, self.dWnh = dn.T @ x, (dn * self.r).T @ hp
        self.dWzx, self.dWzh = dz.T @ x, dz.T @ hp
        self.dWrx, self.dWrh = dr.T @ x, dr.T @ hp
        dx = dn @ self.Wnx + dz @ self.Wzx + dr @ self.Wrx
        dh = delta * self.z + (dn * self.r) @ self.Wnh + dz @ self.Wzh + dr @ self.Wrh
        return dx, dh


class LSTMCell:
    # returns (h, c) and takes (dh, dc)
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.cache = None

    def forward(self, x, h_prev, c_prev):
        Wx, Wh, b = self.params
        N, H = h_prev.shape
        A = np.dot(x, Wx) + np.dot(h_prev, Wh) + b
        f = sigmoid(A[:, :H])
        g = np.tanh(A[:, H:2 * H])
        i = sigmoid(A[:, 2 * H:3 * H])
        o = sigmoid(A[:, 3 * H:])
        c_next = f * c_prev + g * i
        h_next = o * np.tanh(c_next)
        self.cache = (x, h_prev, c_prev, i, f, g, o, c_next)
        return h_next, c_next

    def backward(self, dh_next, dc_next):
        Wx, Wh, b = self.params
        x, h_prev, c_prev, i, f, g, o, c_next = self.cache
        tanh_c_next = np.tanh(c_next)
        ds = dc_next + (dh_next * o) * (1 - tanh_c_next ** 2)
        dc_prev = ds * f
        di = ds * g * i * (1 - i)
        df = ds * c_prev * f * (1 - f)
        do = dh_next * tanh_c_next * o * (1 - o)
        dg = ds * i * (1 - g ** 2)
        dA = np.hstack((df, dg, di, do))
        self.grads[0][...] = np.dot(x.T, dA)
        self.grads[1][...] = np.dot(h_prev.T, dA)
        self.grads[2][...] = dA.sum(axis=0)
        return np.dot(dA, Wx.T), np.dot(dA, Wh.T), dc_prev


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x @ Wx + prev_h @ Wh + b
    i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H:2 * H]), sigmoid(a[:, 2 * H:3 * H])
    g = np.tanh(a[:, 3 * H:])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    t = np.tanh(next_c)
    dc = dnext_c + dnext_h * o * (1 - t ** 2)
    da = np.concatenate((dc * g * i * (1 - i), dc * prev_c * f * (1 - f),
                         dnext_h * t * o * (1 - o), dc * i * (1 - g ** 2)), axis=1)
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, da.sum(axis=0)


class MinimalGatedCell:
    # concatenated input, one gate
    def __init__(self, n_in, n_hid):
        self.params = {"Wf": np.random.randn(n_in + n_hid, n_hid), "Wc": np.random.randn(n_in + n_hid, n_hid)}
        self.grads = {}

    def forward(self, x, h):
        self.xh = np.hstack([x, h])
        self.h = h
        self.f = sigmoid(self.xh @ self.params["Wf"])
        self.c = np.tanh(self.xh @ self.params["Wc"])
        return (1 - self.f) * h + self.f * self.c

    def backward(self, dout):
        df = dout * (self.c - self.h) * self.f * (1 - self.f)
        dc = dout * self.f * (1 - self.c ** 2)
        self.grads["dWf"] = self.xh.T @ df
        self.grads["dWc"] = self.xh.T @ dc
        dxh = df @ self.params["Wf"].T + dc @ self.params["Wc"].T
        n = self.xh.shape[1] - self.h.shape[1]
        return dxh[:, :n], dxh[:, n:] + dout * (1 - self.f)
