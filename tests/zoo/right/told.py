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
