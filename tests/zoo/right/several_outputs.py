# Style: forward returns several outputs, and backward takes a gradient for each.
import numpy as np


class GaussianBottleneck:
    """A sample by the reparameterisation trick, and its Kullback-Leibler divergence."""

    def forward(self, mu, logvar, eps):
        self.mu, self.eps = mu, eps
        self.std = np.exp(0.5 * logvar)
        return mu + self.std * eps, -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar))

    def backward(self, dz, dkl):
        dlogvar = dz * self.eps * 0.5 * self.std + dkl * 0.5 * (self.std**2 - 1)
        return dz + dkl * self.mu, dlogvar, dz * self.std


class TanhAndExp:
    """Two heads on one input, of which the second grows without bound."""

    def forward(self, x):
        self.tanh, self.exp = np.tanh(x), np.exp(x)
        return self.tanh, self.exp

    def backward(self, dtanh, dexp):
        return dtanh * (1 - self.tanh**2) + dexp * self.exp


class ValueSquareCube:
    def forward(self, x):
        self.x = x
        return x, np.sinh(x), np.cosh(x)

    def backward(self, d1, d2, d3):
        return d1 + d2 * np.cosh(self.x) + d3 * np.sinh(self.x)


def mean_and_partition_forward(x, w):
    """The rows' projections, and the sum of their exponentials."""
    score = x @ w
    weight = np.exp(score)
    return score, weight.sum(axis=0), (x, w, weight)


def mean_and_partition_backward(dscore, dpartition, cache):
    x, w, weight = cache
    d = dscore + dpartition * weight
    return d @ w.T, x.T @ d
