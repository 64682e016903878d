"""Values beside what is nearly what they change by."""

import numpy as np


def lennard_jones(positions, epsilon=1.0, sigma=1.0):
    """positions: (n, 3)"""
    energy, forces = 0.0, np.zeros_like(positions)
    for i in range(len(positions)):
        for j in range(i):
            r = positions[i] - positions[j]
            r2 = r @ r
            s6 = (sigma**2 / r2) ** 3
            energy += 4 * epsilon * (s6**2 - s6)
            f = 24 * epsilon * (2 * s6**2 - s6) / r2 * r
            forces[i] += f
    return energy, forces


def springs(x, k=2.0):
    """All pairs of the rows of x."""
    d = x[:, None] - x[None]
    E = 0.25 * k * np.sum(d**2)
    F = k * d.sum(axis=1)
    return E, F


def rosenbrock(x):
    """x: (n,)"""
    d = x[1:] - x[:-1] ** 2
    f = np.sum(100 * d**2 + (1 - x[:-1]) ** 2)
    g = np.zeros_like(x)
    g[1:] += 100 * d
    g[:-1] += -400 * x[:-1] * d - 2 * (1 - x[:-1])
    return f, g


def hinge_rows(scores, y):
    """scores: (n, c)"""
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    loss = margins.sum()
    d = (margins > 0).astype(scores.dtype)
    d[rows, y] -= 1
    return loss, d


class Choice:
    """attributes: (n, j, k), chosen: (n,)"""

    def __init__(self, attributes, chosen):
        self.attributes, self.chosen = attributes, chosen

    def _probabilities(self, beta):
        v = self.attributes @ beta
        v = np.exp(v - v.max(axis=1, keepdims=True))
        return v / v.sum(axis=1, keepdims=True)

    def loglike(self, beta):
        p = self._probabilities(beta)
        return np.log(p[np.arange(len(p)), self.chosen]).sum()

    def score(self, beta):
        p = self._probabilities(beta)
        mean = np.einsum("nj,njk->nk", p, self.attributes)
        return (self.attributes[np.arange(len(p)), self.chosen] - mean).mean(axis=0)


FAULTS = {
    "lennard_jones": "missing-term: the other one's force, positions",
    "springs": "sign: x",
    "rosenbrock": "factor in one term: x",
    "hinge_rows": "missing-term: how many margins there are, scores",
    "Choice": "factor: the mean for the sum, beta",
}
