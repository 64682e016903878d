# Style: losses that return expressions, gates of joined inputs.
import numpy as np


def info_nce_loss(q, k, temperature=0.1):
    """q, k: (N, D); positives on the diagonal. returns loss, dq, dk"""
    logits = q @ k.T / temperature
    logits = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(logits)
    p /= p.sum(axis=1, keepdims=True)
    n = len(q)
    loss = -np.mean(np.log(p[np.arange(n), np.arange(n)]))
    d = p.copy()
    d[np.arange(n), np.arange(n)] -= 1
    d /= n * temperature
    return loss, d @ k, d.T @ q


def weighted_lsq_cost(theta, X, y, w):
    r = X @ theta - y
    return 0.5 * np.sum(w * r**2), X.T @ (w * r)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gru_step_forward(x, h, Wz, Wr, Wc):
    a = np.concatenate([x, h], axis=1)
    z, r = sigmoid(a @ Wz), sigmoid(a @ Wr)
    b = np.concatenate([x, r * h], axis=1)
    c = np.tanh(b @ Wc)
    out = (1 - z) * h + z * c
    return out, (x, h, a, z, r, b, c, Wz, Wr, Wc)


def gru_step_backward(dout, cache):
    x, h, a, z, r, b, c, Wz, Wr, Wc = cache
    d = x.shape[1]
    dz, dc, dh = dout * (c - h), dout * z, dout * (1 - z)
    tc = dc * (1 - c**2)
    db = tc @ Wc.T
    dr = db[:, d:] * h
    dh = dh + db[:, d:] * r
    sz, sr = dz * z * (1 - z), dr * r * (1 - r)
    da = sz @ Wz.T + sr @ Wr.T
    return da[:, :d] + db[:, :d], dh + da[:, d:], a.T @ sz, a.T @ sr, b.T @ tc


class Pool2D:
    """channels last, mode 'max' or 'average'"""

    def __init__(self, f=2, stride=2, mode="max"):
        self.f, self.stride, self.mode = f, stride, mode

    def forward(self, A_prev):
        m, H, W, C = A_prev.shape
        f, s = self.f, self.stride
        self.A_prev = A_prev
        nH, nW = (H - f) // s + 1, (W - f) // s + 1
        A = np.zeros((m, nH, nW, C))
        for h in range(nH):
            for w in range(nW):
                win = A_prev[:, h * s : h * s + f, w * s : w * s + f, :]
                A[:, h, w, :] = win.max(axis=(1, 2)) if self.mode == "max" else win.mean(axis=(1, 2))
        self.A = A
        return A

    def backward(self, dA):
        f, s = self.f, self.stride
        dx = np.zeros_like(self.A_prev)
        m, nH, nW, C = dA.shape
        for h in range(nH):
            for w in range(nW):
                g = dA[:, h, w, :][:, None, None, :]
                sl = np.s_[:, h * s : h * s + f, w * s : w * s + f, :]
                if self.mode == "max":
                    dx[sl] += g * (self.A_prev[sl] == self.A[:, h, w, :][:, None, None, :])
                else:
                    dx[sl] += g / f**2
        return dx
