# Style: layers with two or more float inputs: bilinear forms, similarities, gates, losses of pairs.
import numpy as np


class Bilinear:
    def __init__(self, n1, n2, n_out, bias=True):
        k = 1 / np.sqrt(n1)
        self.weight = np.random.uniform(-k, k, (n_out, n1, n2))
        self.bias = np.random.uniform(-k, k, n_out) if bias else None

    def forward(self, x1, x2):
        self.x1, self.x2 = x1, x2
        y = np.einsum("ni,kij,nj->nk", x1, self.weight, x2)
        if self.bias is not None:
            y = y + self.bias
        return y

    def backward(self, dy):
        self.dweight = np.einsum("nk,ni,nj->kij", dy, self.x1, self.x2)
        if self.bias is not None:
            self.dbias = dy.sum(axis=0)
        dx1 = np.einsum("nk,kij,nj->ni", dy, self.weight, self.x2)
        dx2 = np.einsum("nk,kij,ni->nj", dy, self.weight, self.x1)
        return dx1, dx2


class BilinearForm:
    # one score a pair: x M y
    def __init__(self, M):
        self.M = M

    def forward(self, x, y):
        self.x, self.y = x, y
        return np.sum((x @ self.M) * y, axis=1)

    def backward(self, ds):
        d = ds[:, None]
        dx = d * (self.y @ self.M.T)
        dy = d * (self.x @ self.M)
        dM = (d * self.x).T @ self.y
        return dx, dy, dM


class CosineSimilarity:
    def forward(self, a, b):
        self.a, self.b = a, b
        self.na = np.linalg.norm(a, axis=1, keepdims=True)
        self.nb = np.linalg.norm(b, axis=1, keepdims=True)
        self.cos = np.sum(a * b, axis=1, keepdims=True) / (self.na * self.nb)
        return self.cos[:, 0]

    def backward(self, g):
        g = g[:, None]
        da = g * (self.b / (self.na * self.nb) - self.cos * self.a / self.na ** 2)
        db = g * (self.a / (self.na * self.nb) - self.cos * self.b / self.nb ** 2)
        return da, db


class PairwiseDistance:
    """squared distances of all rows of a to all rows of b"""

    def forward(self, a, b):
        self.d = a[:, None, :] - b[None, :, :]
        return (self.d ** 2).sum(-1)

    def backward(self, g):
        t = 2 * g[:, :, None] * self.d
        return t.sum(axis=1), -t.sum(axis=0)


class WeightSum:
    def forward(self, hs, a):
        N, T, H = hs.shape
        ar = a.reshape(N, T, 1)
        self.cache = (hs, ar)
        return np.sum(hs * ar, axis=1)

    def backward(self, dc):
        hs, ar = self.cache
        N, T, H = hs.shape
        dt = dc.reshape(N, 1, H).repeat(T, axis=1)
        dar = dt * hs
        dhs = dt * ar
        da = np.sum(dar, axis=2)
        return dhs, da


class OuterProduct:
    def forward(self, u, v):
        self.u, self.v = u, v
        return u[:, :, None] * v[:, None, :]

    def backward(self, d):
        return (d * self.v[:, None, :]).sum(2), (d * self.u[:, :, None]).sum(1)


class GateMix:
    # per-sample, per-feature interpolation of two streams with a gate from the first one
    def __init__(self, d):
        self.Wg = np.random.randn(d, d)
        self.bg = np.zeros(d)

    def forward(self, x, y):
        self.x, self.y = x, y
        self.g = 1 / (1 + np.exp(-(x @ self.Wg + self.bg)))
        return self.g * x + (1 - self.g) * y

    def backward(self, dout):
        dz = dout * (self.x - self.y) * self.g * (1 - self.g)
        self.dWg = self.x.T @ dz
        self.dbg = dz.sum(0)
        return dout * self.g + dz @ self.Wg.T, dout * (1 - self.g)


class Modulation:
    """FiLM: scale and shift come with the input"""

    def forward(self, x, gamma, beta):
        self.x, self.gamma = x, gamma
        return x * gamma + beta

    def backward(self, dout):
        return dout * self.gamma, dout * self.x, dout


class DenseTwo:
    # y = x W + h U + b
    def __init__(self, nx, nh, n):
        self.params = {"W": np.random.randn(nx, n), "U": np.random.randn(nh, n), "b": np.random.randn(n)}
        self.grads = {}

    def forward(self, x, h):
        self.x, self.h = x, h
        p = self.params
        return x @ p["W"] + h @ p["U"] + p["b"]

    def backward(self, dy):
        self.grads = {"W": self.x.T @ dy, "U": self.h.T @ dy, "b": dy.sum(axis=0)}
        return dy @ self.params["W"].T, dy @ self.params["U"].T


class ContrastiveLoss:
    # same: 1 for pairs of one class
    def __init__(self, margin=2.0):
        self.margin = margin

    def forward(self, a, b, same):
        self.diff = a - b
        self.same = same
        self.dist = np.sqrt((self.diff ** 2).sum(axis=1) + 1e-12)
        hinge = np.maximum(self.margin - self.dist, 0)
        return np.mean(same * self.dist ** 2 + (1 - same) * hinge ** 2)

    def backward(self):
        n = len(self.same)
        hinge = np.maximum(self.margin - self.dist, 0)
        c = 2 * self.same - (1 - self.same) * 2 * hinge / self.dist
        da = c[:, None] * self.diff / n
        return da, -da


class TripletLoss:
    def __init__(self, margin=1.0):
        self.margin = margin

    def forward(self, anchor, positive, negative):
        self.p = anchor - positive
        self.n = anchor - negative
        v = (self.p ** 2).sum(1) - (self.n ** 2).sum(1) + self.margin
        self.on = (v > 0)[:, None]
        return np.maximum(v, 0).sum()

    def backward(self):
        return 2 * self.on * (self.p - self.n), -2 * self.on * self.p, 2 * self.on * self.n
