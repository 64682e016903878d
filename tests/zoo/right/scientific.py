"""Steps of equations, likelihoods, splines: shapes that belong to the problem, constants on a grid, real targets."""

import numpy as np


def diffusion_forward(u, kappa, dt=0.05):
    """One implicit step.

    u     : (N,)   values in the cells
    kappa : (N-1,) conductivity of the faces between them
    """
    D = np.diff(np.eye(len(u)), axis=0)
    M = np.eye(len(u)) + dt * D.T @ (kappa[:, None] * D)
    new = np.linalg.solve(M, u)
    return new, (M, D, new, dt)


def diffusion_backward(g, cache):
    M, D, new, dt = cache
    w = np.linalg.solve(M.T, g)
    return w, -dt * (D @ w) * (D @ new)


def nll_and_gradient(theta, X, y):
    """The negative log evidence of a Gaussian process and its gradient; theta = log length, log height, log noise."""
    length, height, noise = np.exp(theta[0]), np.exp(2 * theta[1]), np.exp(2 * theta[2])
    square = ((X[:, None] - X[None]) ** 2).sum(axis=-1)
    K = height * np.exp(-0.5 * square / length**2)
    inverse = np.linalg.inv(K + (noise + 1e-3) * np.eye(len(X)))
    a = inverse @ y
    nll = 0.5 * y @ a - 0.5 * np.linalg.slogdet(inverse)[1]
    outer = inverse - np.outer(a, a)
    parts = (K * square / length**2, 2 * K, 2 * noise * np.eye(len(X)))
    return nll, np.array([0.5 * np.sum(outer * part) for part in parts])


class HatBasis:
    """A sum of hats at fixed knots, with a height for each."""

    def __init__(self, n_inputs, n_knots=6):
        self.knots = np.linspace(-3.0, 3.0, n_knots)
        self.heights = 0.1 * np.random.randn(n_inputs, n_knots)

    def forward(self, x):
        self.x = x
        self.bumps = np.exp(-((x[:, :, None] - self.knots) ** 2))
        return (self.bumps * self.heights).sum(axis=2)

    def backward(self, dout):
        self.dheights = (dout[:, :, None] * self.bumps).sum(axis=0)
        slope = -2 * (self.x[:, :, None] - self.knots) * self.bumps
        return dout * (slope * self.heights).sum(axis=2)


class Turning:
    """Pairs of features turned by an angle that grows with the position."""

    def __init__(self, width):
        assert width % 2 == 0, "the width must be even"
        self.speeds = 10.0 ** (-np.arange(width // 2) / (width // 2))

    def _angles(self, length):
        a = np.arange(length)[:, None, None] * self.speeds
        return np.cos(a), np.sin(a)

    def forward(self, q):
        c, s = self._angles(q.shape[1])
        a, b = np.split(q, 2, axis=-1)
        return np.concatenate([a * c - b * s, a * s + b * c], axis=-1)

    def backward(self, g):
        c, s = self._angles(g.shape[1])
        a, b = np.split(g, 2, axis=-1)
        return np.concatenate([a * c + b * s, b * c - a * s], axis=-1)


class LossOfEither:
    """Class numbers or one-hot rows, each in a branch of its own."""

    def forward(self, y_pred, y_true):
        self.n = len(y_pred)
        if len(y_true.shape) == 1:
            picked = y_pred[range(self.n), y_true]
        elif len(y_true.shape) == 2:
            picked = np.sum(y_pred * y_true, axis=1)
        return np.mean(-np.log(picked) * (1 - picked) ** 2)

    def backward(self, y_pred, y_true):
        if len(y_true.shape) == 1:
            y_true = np.eye(y_pred.shape[1])[y_true]
        p = np.sum(y_pred * y_true, axis=1, keepdims=True)
        return y_true * (2 * (1 - p) * np.log(p) - (1 - p) ** 2 / p) / self.n


def mixture_nll(logits, centres, t):
    """Of real targets under a mixture of unit Gaussians for each sample; the loss and its two gradients."""
    top = logits - logits.max(axis=1, keepdims=True)
    log_w = top - np.log(np.exp(top).sum(axis=1, keepdims=True))
    each = log_w - 0.5 * (t[:, None] - centres) ** 2
    most = each.max(axis=1, keepdims=True)
    total = most + np.log(np.exp(each - most).sum(axis=1, keepdims=True))
    share = np.exp(each - total)
    loss = -total.sum()
    dlogits = np.exp(log_w) - share
    dcentres = share * (centres - t[:, None])
    return loss, dlogits, dcentres
