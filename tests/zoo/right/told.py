"""Correct layers whose arrays have shapes of their own: told in words, or in a row from one parameter to the next."""

import numpy as np


def sigmoid(a):
    return 0.5 * (np.tanh(0.5 * a) + 1.0)


class RadialBasis:
    def __init__(self, centers, log_widths, A, a0):
        self.centers, self.log_widths, self.A, self.a0 = centers, log_widths, A, a0

    def forward(self, X):
        self.diff = X[:, None, :] - self.centers[None]
        self.sq = (self.diff**2).sum(-1)
        self.g = np.exp(-2 * self.log_widths)
        self.phi = np.exp(-0.5 * self.sq * self.g)
        return self.phi @ self.A + self.a0

    def backward(self, dY):
        self.dA = self.phi.T @ dY
        self.da0 = dY.sum(axis=0)
        e = (dY @ self.A.T) * self.phi
        self.dlog_widths = (e * self.sq * self.g).sum(axis=0)
        k = (e * self.g)[:, :, None] * self.diff
        self.dcenters = k.sum(axis=0)
        return -k.sum(axis=1)


class Springs:
    def __init__(self, stiffness):
        self.k = np.asarray(stiffness, float)

    def forward(self, q):
        self.ext = np.diff(np.pad(q, ((0, 0), (1, 1))), axis=1)
        t = self.k * self.ext
        return t[:, 1:] - t[:, :-1]

    def backward(self, df):
        dt = -np.diff(np.pad(df, ((0, 0), (1, 1))), axis=1)
        self.dk = np.zeros_like(self.k)
        self.dk += (dt * self.ext).sum(axis=0)
        dext = dt * self.k
        return dext[:, :-1] - dext[:, 1:]


class HeatStep:
    """Backward Euler for u_t = (D u_x)_x with insulated ends."""

    def forward(self, u, D):
        """u: (n, batch), D: (n - 1,)"""
        n = u.shape[0]
        at = np.arange(n - 1)
        self.B = np.zeros((n - 1, n))
        self.B[at, at], self.B[at, at + 1] = -1.0, 1.0
        self.M = np.eye(n) + 0.1 * self.B.T @ (D[:, None] * self.B)
        self.v = np.linalg.solve(self.M, u)
        return self.v

    def backward(self, g):
        lam = np.linalg.solve(self.M.T, g)
        return lam, -0.1 * ((self.B @ lam) * (self.B @ self.v)).sum(axis=1)


class PeepholeStep:
    def __init__(self, W, U, peep, b):
        # W (D, 4H), U (H, 4H), peep (3, H), b (4H,)
        self.W, self.U, self.peep, self.b = W, U, peep, b

    def forward(self, x, h_prev, c_prev):
        ai, af, ag, ao = np.split(x @ self.W + h_prev @ self.U + self.b, 4, axis=1)
        i, f = sigmoid(ai + self.peep[0] * c_prev), sigmoid(af + self.peep[1] * c_prev)
        g = np.tanh(ag)
        c = f * c_prev + i * g
        o = sigmoid(ao + self.peep[2] * c)
        t = np.tanh(c)
        self.cache = x, h_prev, c_prev, i, f, g, o, c, t
        return o * t, c

    def backward(self, dh, dc):
        x, h_prev, c_prev, i, f, g, o, c, t = self.cache
        do = dh * t * o * (1 - o)
        dc = dc + dh * o * (1 - t**2) + do * self.peep[2]
        di, df = dc * g * i * (1 - i), dc * c_prev * f * (1 - f)
        da = np.concatenate([di, df, dc * i * (1 - g**2), do], axis=1)
        self.dW, self.dU, self.db = x.T @ da, h_prev.T @ da, da.sum(0)
        self.dpeep = np.stack([(di * c_prev).sum(0), (df * c_prev).sum(0), (do * c).sum(0)])
        return da @ self.W.T, da @ self.U.T, dc * f + di * self.peep[0] + df * self.peep[1]


def weightnorm_forward(x, v, g, b):
    norm = np.sqrt((v**2).sum(axis=1))
    w = v * (g / norm)[:, None]
    return x.dot(w.T) + b, (x, v, g, norm, w)


def weightnorm_backward(dout, cache):
    x, v, g, norm, w = cache
    dw = dout.T.dot(x)
    dg = (dw * v).sum(axis=1) / norm
    dv = (g / norm)[:, None] * dw - (g * dg / norm**2)[:, None] * v
    return dout.dot(w), dv, dg, dout.sum(axis=0)


class MixtureDensity:
    """The log-density of a mixture of Gaussians.

    Parameters
    ----------
    means : ndarray of shape (n_components, n_features)
    log_scales : ndarray of shape (n_components, n_features)
    logits : ndarray of shape (n_components,)
    """

    def __init__(self, means, log_scales, logits):
        self.means, self.log_scales, self.logits = means, log_scales, logits

    def forward(self, X):
        self.z = (X[:, None] - self.means) * np.exp(-self.log_scales)
        weights = np.exp(self.logits - self.logits.max())
        self.weights = weights / weights.sum()
        terms = np.log(self.weights) + (-0.5 * self.z**2 - self.log_scales).sum(axis=2)
        top = terms.max(axis=1, keepdims=True)
        log = top + np.log(np.exp(terms - top).sum(axis=1, keepdims=True))
        self.share = np.exp(terms - log)
        return log[:, 0]

    def backward(self, dout):
        share = dout[:, None] * self.share
        pull = share[:, :, None] * self.z * np.exp(-self.log_scales)
        self.dmeans = pull.sum(axis=0)
        self.dlog_scales = (share[:, :, None] * (self.z**2 - 1)).sum(axis=0)
        self.dlogits = share.sum(axis=0) - self.weights * dout.sum()
        return -pull.sum(axis=1)


class LowRank:
    def __init__(self, down, middle, up):
        self.down, self.middle, self.up = down, middle, up

    def forward(self, x):
        self.x = x
        self.a = x @ self.down
        self.c = self.a * self.middle
        return self.c @ self.up

    def backward(self, dout):
        dc = dout @ self.up.T
        self.dup = self.c.T @ dout
        self.dmiddle = (dc * self.a).sum(axis=0)
        da = dc * self.middle
        self.ddown = self.x.T @ da
        return da @ self.down.T


def dilated_forward(x, w, b, dilation=2):
    """x: (N, T, Cin), w: (K, Cin, Cout)."""
    y = np.zeros((*x.shape[:2], w.shape[2])) + b
    for k in range(len(w)):
        if k * dilation < x.shape[1]:
            y[:, k * dilation :] += x[:, : x.shape[1] - k * dilation] @ w[k]
    return y, (x, w, dilation)


def dilated_backward(dy, cache):
    x, w, dilation = cache
    steps = x.shape[1]
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for k in range(len(w)):
        s = k * dilation
        if s < steps:
            dx[:, : steps - s] += dy[:, s:] @ w[k].T
            dw[k] = np.einsum("nti,nto->io", x[:, : steps - s], dy[:, s:])
    return dx, dw, dy.sum(axis=(0, 1))


class BlocksOfTwo:
    """Parameters in lists of a list."""

    def __init__(self, dim, hidden):
        self.blocks = [[np.random.randn(dim, hidden), np.random.randn(hidden, dim)] for _ in range(2)]

    def forward(self, x):
        self.seen = []
        for A, B in self.blocks:
            h = np.tanh(x @ A)
            self.seen.append((x, h))
            x = x + h @ B
        return x

    def backward(self, dy):
        self.dblocks = []
        for (A, B), (x, h) in zip(self.blocks[::-1], self.seen[::-1]):
            dz = (dy @ B.T) * (1 - h**2)
            self.dblocks.insert(0, [x.T @ dz, h.T @ dy])
            dy = dy + dz @ A.T
        return dy


class NoisyFit:
    """One method gives the loss and its gradients, and draws a mask each time."""

    def __init__(self, n_in, n_hidden):
        self.params = {"A": np.random.randn(n_in, n_hidden), "v": np.random.randn(n_hidden)}

    def loss_and_grads(self, X, y):
        h = np.tanh(X @ self.params["A"])
        mask = np.random.rand(*h.shape) < 0.7
        r = (h * mask) @ self.params["v"] - y
        dh = r[:, None] * self.params["v"] * mask * (1 - h**2)
        return 0.5 * (r**2).sum(), {"A": X.T @ dh, "v": (h * mask).T @ r}


class GraphMean:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)

    def forward(self, H, adj):
        """adj: (nodes, nodes) of zeros and ones"""
        a = adj + np.eye(len(adj))
        d = a.sum(axis=1) ** -0.5
        self.S, self.H = d[:, None] * a * d, H
        return self.S @ H @ self.W

    def backward(self, dout):
        self.dW = (self.S @ self.H).T @ dout
        return self.S @ dout @ self.W.T


class Survival:
    def forward(self, risk, time, event):
        self.at_risk = (time[None, :] >= time[:, None]).astype(float)
        self.event, self.e = event, np.exp(risk)
        self.denom = self.at_risk @ self.e
        return np.sum(event * (np.log(self.denom) - risk))

    def backward(self):
        return self.e * (self.at_risk.T @ (self.event / self.denom)) - self.event


class GaussianPair:
    """The gradients are called after the arguments."""

    def loss(self, guess, mu, logvar, x):
        self.saved = guess, mu, logvar, x
        return 0.5 * np.sum((guess - x) ** 2) - 0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar))

    def backward(self):
        guess, mu, logvar, x = self.saved
        return {"guess": guess - x, "mu": mu, "logvar": 0.5 * (np.exp(logvar) - 1)}


class TransposedSignal:
    def __init__(self, c_in, c_out, kernel, stride=2):
        self.W, self.stride = np.random.randn(c_in, c_out, kernel), stride

    def forward(self, x):
        n, _, length = x.shape
        k = self.W.shape[2]
        self.x = x
        out = np.zeros((n, self.W.shape[1], (length - 1) * self.stride + k))
        for i in range(length):
            out[:, :, i * self.stride : i * self.stride + k] += np.einsum("nc,cfk->nfk", x[:, :, i], self.W)
        return out

    def backward(self, dout):
        k = self.W.shape[2]
        self.dW, dx = np.zeros_like(self.W), np.zeros_like(self.x)
        for i in range(self.x.shape[2]):
            part = dout[:, :, i * self.stride : i * self.stride + k]
            self.dW += np.einsum("nc,nfk->cfk", self.x[:, :, i], part)
            dx[:, :, i] = np.einsum("nfk,cfk->nc", part, self.W)
        return dx


class NextWord:
    """`ctx` is what goes in, and no context of an operation."""

    def __init__(self, vocab, dim):
        self.params = {"E": np.random.randn(vocab, dim), "b": np.zeros(vocab)}
        self.grads = {}

    def forward(self, ctx, target):
        s = self.params["E"][ctx].mean(axis=1) @ self.params["E"].T + self.params["b"]
        p = np.exp(s - s.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        self.saved = ctx, target, p
        return -np.log(p[np.arange(len(target)), target]).mean()

    def backward(self):
        ctx, target, p = self.saved
        E, d = self.params["E"], p.copy()
        d[np.arange(len(d)), target] -= 1
        d /= len(d)
        dE = d.T @ E[ctx].mean(axis=1)
        np.add.at(dE, ctx, (d @ E / ctx.shape[1])[:, None, :])
        self.grads["E"], self.grads["b"] = dE, d.sum(axis=0)


def pairs_loss(a, b, temperature=0.5):
    s = a @ b.T / temperature
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return -np.log(np.diag(p)).mean(), (a, b, p, temperature)


def pairs_loss_backward(cache):
    a, b, p, temperature = cache
    d = (p - np.eye(len(p))) / len(p) / temperature
    return d @ b, d.T @ a


def grouped_forward(x, gamma, beta, G=2, eps=1e-5):
    """
    x: (N, C, H, W), gamma, beta: (1, C, 1, 1), G divides C
    """
    N, C, H, W = x.shape
    xg = x.reshape(N, G, C // G, H, W)
    istd = 1 / np.sqrt(xg.var(axis=(2, 3, 4), keepdims=True) + eps)
    xhat = ((xg - xg.mean(axis=(2, 3, 4), keepdims=True)) * istd).reshape(x.shape)
    return gamma * xhat + beta, (xhat, istd, gamma, G)


def grouped_backward(dout, cache):
    xhat, istd, gamma, G = cache
    N, C, H, W = dout.shape
    axes = (2, 3, 4)
    g = (dout * gamma).reshape(N, G, C // G, H, W)
    xh = xhat.reshape(g.shape)
    dx = istd * (g - g.mean(axes, keepdims=True) - xh * (g * xh).mean(axes, keepdims=True))
    dgamma = (dout * xhat).sum(axis=(0, 2, 3), keepdims=True)
    return dx.reshape(N, C, H, W), dgamma, dout.sum(axis=(0, 2, 3), keepdims=True)


class Gain:
    """The constructor is handed a number."""

    def __init__(self, beta):
        self.beta = beta

    def forward(self, x):
        self.x, self.t = x, np.tanh(self.beta * x)
        return self.t

    def backward(self, dy):
        g = dy * (1 - self.t**2)
        self.dbeta = np.sum(g * self.x)
        return g * self.beta


class Harmonics:
    """y(x) = sum_k a_k cos(k w x) + b_k sin(k w x), x (N,)"""

    def __init__(self, a, b, omega):
        self.a, self.b, self.omega = a, b, omega

    def forward(self, x):
        self.x, self.k = x, np.arange(len(self.a))
        self.c, self.s = (of(x[:, None] * self.k * self.omega) for of in (np.cos, np.sin))
        return self.c @ self.a + self.s @ self.b

    def backward(self, dy):
        inner = self.c * self.b - self.s * self.a
        self.da, self.db = self.c.T @ dy, self.s.T @ dy
        self.domega = np.sum(dy[:, None] * inner * self.k * self.x[:, None])
        return dy * (inner * self.k * self.omega).sum(axis=1)


class Diffuses:
    """One letter may be a number that is learned, and no size."""

    def __init__(self, D):
        self.D = D

    def forward(self, u):
        self.lap = np.roll(u, 1, -1) + np.roll(u, -1, -1) - 2 * u
        return u + self.D**2 * self.lap

    def backward(self, g):
        self.dD = 2 * self.D * np.sum(g * self.lap)
        return g + self.D**2 * (np.roll(g, 1, -1) + np.roll(g, -1, -1) - 2 * g)


class CountsFit:
    def __init__(self, X, y):
        self.X, self.y = X, y

    def f(self, w):
        eta = self.X @ w
        return np.sum(np.exp(eta) - self.y * eta)

    def gradient(self, w):
        return self.X.T @ (np.exp(self.X @ w) - self.y)


class EvidenceBound:
    """Three gradients for four inputs, told apart by what they are called."""

    def forward(self, x_hat, x, mu, logvar):
        self.saved = x_hat, x, mu, logvar
        return 0.5 * np.sum((x_hat - x) ** 2) - 0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar))

    def backward(self):
        x_hat, x, mu, logvar = self.saved
        d_xhat = x_hat - x
        d_mu = 1.0 * mu
        d_logvar = 0.5 * (np.exp(logvar) - 1)
        return d_xhat, d_mu, d_logvar
