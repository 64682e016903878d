"""Slips in layers of which the code tells what the names do not."""

import numpy as np


class PolicyGradient:
    def forward(self, logits, actions, advantages):
        z = logits - logits.max(axis=1, keepdims=True)
        self.logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        self.actions, self.advantages = actions, advantages
        return -(self.logp[np.arange(len(actions)), actions] * advantages).mean()

    def backward(self):
        n = len(self.actions)
        d = np.exp(self.logp)
        d[np.arange(n), self.actions] -= 1
        return d * self.advantages[:, None]


class ActorCritic:
    def __init__(self, share=0.5):
        self.share = share

    def forward(self, logits, values, actions, returns):
        z = logits - logits.max(axis=1, keepdims=True)
        self.logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        self.values, self.actions, self.returns = values, actions, returns
        chosen = self.logp[np.arange(len(actions)), actions]
        return -chosen.mean() + self.share * ((returns - values) ** 2).mean()

    def backward(self):
        n = len(self.actions)
        d = np.exp(self.logp)
        d[np.arange(n), self.actions] -= 1
        return d / n, 2 * (self.values - self.returns) / n


class PlacesOfRows:
    def __init__(self, vocab, width, rate=0.05):
        self.near, self.far = np.random.randn(vocab, width) * 0.1, np.random.randn(vocab, width) * 0.1
        self.rate = rate

    def forward(self, center, context, negatives):
        self.center, self.context, self.negatives = center, context, negatives
        self.v, self.u, self.un = self.near[center], self.far[context], self.far[negatives]
        self.pos = 1 / (1 + np.exp(-np.sum(self.v * self.u, axis=1)))
        self.neg = 1 / (1 + np.exp(-np.einsum("bd,bkd->bk", self.v, self.un)))
        return -np.sum(np.log(self.pos)) - np.sum(np.log(1 - self.neg))

    def backward(self):
        e = (self.pos - 1)[:, None]
        np.add.at(self.near, self.center, -self.rate * (e * self.u + np.einsum("bk,bkd->bd", self.neg, self.un)))
        np.add.at(self.far, self.context, -self.rate * e * self.v)
        self.far[self.negatives] -= self.rate * self.neg[:, :, None] * self.v[:, None, :]


class AlongAxis:
    def forward(ctx, input, dim):
        m = input.max(axis=dim, keepdims=True)
        e = np.exp(input - m)
        s = e.sum(axis=dim, keepdims=True)
        ctx.kept = e / s
        return m + np.log(s)

    def backward(ctx, grad_output):
        return grad_output * ctx.kept * (1 - ctx.kept), 0.0


class AdditiveScores:
    """Weights of a step by a small network; its last parameter is a vector, which no name says."""

    def __init__(self, Wq, Wk, v):
        self.params = [Wq, Wk, v]
        self.grads = [np.zeros_like(Wq), np.zeros_like(Wk), np.zeros_like(v)]

    def forward(self, hs, h):
        Wq, Wk, v = self.params
        n, t, d = hs.shape
        self.hs, self.h = hs, h
        self.t = np.tanh((hs.reshape(n * t, d) @ Wk).reshape(n, t, -1) + (h @ Wq).reshape(n, 1, -1))
        return self.t @ v

    def backward(self, ds):
        Wq, Wk, v = self.params
        n, t, d = self.hs.shape
        dv = np.sum(ds.reshape(n, t, 1) * self.t, axis=(0, 1))
        dz = ds.reshape(n, t, 1) * (1 - self.t**2)
        dq, dk = dz.sum(axis=1), dz.reshape(n * t, -1)
        self.grads[0][...], self.grads[2][...] = self.h.T @ dq, dv
        self.grads[1][...] = self.hs.reshape(n * t, d).T @ dk
        return (dk @ Wk.T).reshape(n, t, d), dq @ Wq.T


def make_policy(n_in, n_hidden):
    return {"W1": np.random.randn(n_hidden, n_in) * 0.5, "W2": np.random.randn(n_hidden) * 0.5}


def policy_forward(x, model):
    h = x @ model["W1"].T
    h[h < 0] = 0
    return h @ model["W2"], h


def policy_backward(x, h, dlogp, model):
    dW2 = (h.T @ dlogp).ravel()
    dh = np.outer(dlogp, model["W2"])
    return {"W1": dh.T @ x, "W2": dW2}


def group_norm_forward(x, gamma, beta, G, options):
    """x: (N, C, H, W), gamma and beta: of shape (1, C, 1, 1), G: number of groups, a divisor of C"""
    n, c, h, w = x.shape
    rows = x.reshape(n * G, -1)
    std = np.sqrt(rows.var(axis=1, keepdims=True) + options.get("eps", 1e-5))
    z = ((rows - rows.mean(axis=1, keepdims=True)) / std).reshape(n, c, h, w)
    return gamma * z + beta, (z, std, gamma, G)


def group_norm_backward(dout, cache):
    z, std, gamma, G = cache
    n, c, h, w = dout.shape
    dz, rows = (dout * gamma).reshape(n * G, -1), z.reshape(n * G, -1)
    dx = (dz - dz.mean(axis=1, keepdims=True) - rows * (dz * rows).mean(axis=1, keepdims=True))
    over = {"axis": (0, 2, 3), "keepdims": True}
    return dx.reshape(n, c, h, w), np.sum(dout * z, **over), np.sum(dout, **over)


class FocalOfOnes:
    def __init__(self, gamma=2.0):
        self.gamma = gamma

    def forward(self, logits, targets):
        p = 1 / (1 + np.exp(-logits))
        self.sign = 2 * targets - 1
        self.pt = np.where(targets == 1, p, 1 - p)
        return np.mean(-((1 - self.pt) ** self.gamma) * np.log(self.pt))

    def backward(self):
        pt, g = self.pt, self.gamma
        return self.sign * (1 - pt) ** g * (pt * np.log(pt) + pt - 1) / pt.size


class FluxBetween:
    """uL, uR: (faces,) the states on the left and on the right."""

    def forward(self, uL, uR):
        self.uL, self.uR = uL, uR
        self.a = np.maximum(np.abs(uL), np.abs(uR))
        return 0.25 * (uL**2 + uR**2) - 0.5 * self.a * (uR - uL)

    def backward(self, dF):
        uL, uR, a = self.uL, self.uR, self.a
        left, jump = np.abs(uL) >= np.abs(uR), uR - uL
        duL = dF * (0.5 * uL + 0.5 * a - 0.5 * jump * np.where(left, np.sign(uL), 0.0))
        duR = dF * (0.5 * uR - 0.5 * a + 0.5 * jump * np.where(left, 0.0, np.sign(uR)))
        return duL, duR


class Bumps:
    """The width is an array: its gradient is kept."""

    def __init__(self, centers, log_width):
        self.centers, self.log_width = centers, log_width

    def forward(self, x):
        self.diff = x[:, None, :] - self.centers[None]
        self.d2, self.inv = (self.diff**2).sum(-1), np.exp(-2 * self.log_width)
        self.phi = np.exp(-0.5 * self.d2 * self.inv)
        return self.phi

    def backward(self, dout):
        g = dout * self.phi * self.inv
        gd = g[:, :, None] * self.diff
        self.dcenters, self.dlog_width = gd.sum(axis=0), 0.5 * (g * self.d2).sum(axis=0)
        return -gd.sum(axis=1)


class AnglesAbout:
    """The direction is a number for each sample, and none of them is a whole one."""

    def forward(self, mu, log_kappa, angle):
        kappa = np.exp(log_kappa)
        self.cache = mu, kappa, angle
        return np.mean(np.log(2 * np.pi * np.i0(kappa)) - kappa * np.cos(angle - mu))

    def backward(self, dout=1.0):
        mu, kappa, angle = self.cache
        t = np.linspace(0, 2 * np.pi, 400, endpoint=False)
        w = np.exp(kappa[:, None] * (np.cos(t) - 1))
        ratio = (w * np.cos(t)).sum(axis=1) / w.sum(axis=1)
        dmu = kappa * np.sin(angle - mu) / len(angle)
        dlk = kappa * (ratio - np.cos(angle - mu)) / len(angle)
        return dout * dmu, dout * dlk


FAULTS = {
    "PolicyGradient": "not divided by the number of samples",
    "ActorCritic": "the share of the value's loss is missing",
    "PlacesOfRows": "rows that come twice are overwritten",
    "AlongAxis": "the slope of a sigmoid for that of a logarithm of a sum",
    "AdditiveScores": "the vector of the scores is missing",
    "policy_forward": "the mask of the hidden units is missing",
    "group_norm_forward": "not divided by the deviation",
    "FocalOfOnes": "the exponent is missing in one term",
    "FluxBetween": "the sign of the last term",
    "Bumps": "half of the width's gradient",
    "AnglesAbout": "the sine without its sign",
}
