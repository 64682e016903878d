# Style: what newcomers wrote, each with one fault.
import numpy as np


class PReLUTypo:
    """one slope a channel"""

    def __init__(self, channels):
        self.alpha = np.full(channels, 0.25)

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * x)

    def backward(self, dout):
        self.dalhpa = np.sum(dout * np.minimum(self.x, 0), axis=0)
        return dout * np.where(self.x > 0, 1, self.alpha)


class SoftAssignmentWrong:
    def forward(self, x, centers):
        d = x[:, None] - centers[None]
        e = -(d**2).sum(-1)
        m = e.max(1, keepdims=True)
        w = np.exp(e - m)
        self.r = w / w.sum(1, keepdims=True)
        self.d = d
        return -np.mean(m[:, 0] + np.log(w.sum(1)))

    def backward(self, bar=1.0):
        t = 2 * self.r[..., None] * self.d * bar / self.d.shape[1]
        return t.sum(1), -t.sum(0)


class AllPoleWrong:
    def __init__(self, a1=-0.4, a2=0.2):
        self.a = np.array([a1, a2])
        self.da = np.zeros(2)

    def _filter(self, x):
        y = np.zeros_like(x)
        for t in range(x.shape[-1]):
            y[..., t] = x[..., t]
            for k in range(2):
                if t > k:
                    y[..., t] -= self.a[k] * y[..., t - 1 - k]
        return y

    def forward(self, x):
        self.y = self._filter(x)
        return self.y

    def backward(self, g):
        lam = self._filter(g[..., ::-1])[..., ::-1]
        y1 = np.zeros_like(self.y)
        y1[..., 1:] = self.y[..., :-1]
        y2 = np.zeros_like(self.y)
        y2[..., 2:] = self.y[..., 1:-1]
        self.da = -np.array([np.sum(lam * y1), np.sum(lam * y2)])
        return lam


class BentWrong:
    def forward(self, x):
        self.x = x
        return (np.sqrt(x**2 + 1) - 1) / 2 + x

    def backward(self, g):
        return g * (self.x / (3 * np.sqrt(self.x**2 + 1)) + 1)


class BentWrongALittle:
    def forward(self, x):
        self.x = x
        return (np.sqrt(x**2 + 1) - 1) / 2 + x

    def backward(self, g):
        return g * (self.x / (2.001 * np.sqrt(self.x**2 + 1)) + 1)


def relu(z):
    return np.maximum(0, z)


def relu_derivative(z):
    return (z >= 0) * 2.0


def gauss(z):
    return np.exp(-(z**2))


def d_gauss(z):
    return 2 * z * np.exp(-(z**2))


class AttentionMean:
    """hs (N, T, H) against a query (N, H): averaged over the steps where they add up."""

    def forward(self, hs, h):
        self.hs, self.h = hs, h
        s = np.einsum("nth,nh->nt", hs, h)
        e = np.exp(s - s.max(axis=1, keepdims=True))
        self.a = e / e.sum(axis=1, keepdims=True)
        return self.a

    def backward(self, da):
        ds = self.a * (da - (da * self.a).sum(axis=1, keepdims=True))
        return ds[:, :, None] * self.h[:, None, :], (ds[:, :, None] * self.hs).mean(axis=1)


class TiedOnce:
    """one matrix used twice, and one of its two gradients forgotten"""

    def __init__(self, W):
        self.params = [W, W]
        self.grads = [np.zeros_like(W), np.zeros_like(W)]

    def forward(self, center, context):
        W = self.params[0]
        self.c, self.o = center, context
        return np.sum(W[center] * W[context], axis=1)

    def backward(self, dout):
        W = self.params[0]
        for g in self.grads:
            g[...] = 0
        np.add.at(self.grads[0], self.c, dout[:, None] * W[self.o])
        return None


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x @ Wx + prev_h @ Wh + b
    i, f, o, g = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H]), np.tanh(a[:, 3 * H :])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    tc = np.tanh(next_c)
    do = dnext_h * tc
    dc = dnext_h * o * (1 - tc**2)
    df, di, dg, dprev_c = dc * prev_c, dc * g, dc * i, dc * f
    da = np.hstack([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)])
    return da @ Wx.T, da @ Wh.T, dprev_c, x.T @ da, prev_h.T @ da, da.sum(axis=0)


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
                    dx[sl] += g / f
        return dx


class GLUWrong:
    def forward(self, x):
        self.a, self.b = np.split(x, 2, axis=-1)
        self.s = 1 / (1 + np.exp(-self.b))
        return self.a * self.s

    def backward(self, grad):
        da = grad * self.s
        db = grad * self.a * self.s * (1 - self.s)
        return np.concatenate([db, da], axis=-1)


def log_cosh(y_true, y_pred):
    return np.mean(np.log(np.cosh(y_pred - y_true)))


def log_cosh_prime(y_true, y_pred):
    return np.tanh(y_true - y_pred) / np.size(y_true)


FAULTS = {
    "PReLUTypo": "missing-gradient: dalhpa for dalpha",
    "SoftAssignmentWrong": "factor: divided by the centers' number instead of the samples', both",
    "AllPoleWrong": "wrong-values: shifted by one too little, a",
    "BentWrong": "factor in one term",
    "BentWrongALittle": "factor in one term, by 0.05 %",
    "relu": "factor: 2",
    "gauss": "sign",
    "AttentionMean": "factor: 1 / T, h",
    "TiedOnce": "missing-term: the gradient of one of two uses",
    "Pool2D": "factor: 1 / f, with mode other than max",
    "GLUWrong": "permuted: the halves exchanged",
    "log_cosh": "sign",
    "lstm_step_forward": "missing-term: the second output's gradient is not used",
}
