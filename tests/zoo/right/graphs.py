# Style: graphs and metrics that are given once, to the constructor or before the features.
import numpy as np


class GraphLayer:
    def __init__(self, A_hat, n_in, n_out):
        self.A_hat = A_hat
        self.W = np.random.randn(n_in, n_out)

    def forward(self, H):
        assert H.ndim == 2
        self.AH = self.A_hat @ H
        return self.AH @ self.W

    def backward(self, dZ):
        self.grad_W = self.AH.T @ dZ
        return self.A_hat.T @ (dZ @ self.W.T)


class Neighbours:
    # the adjacency comes first, and only says what is joined
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.grads = {}

    def forward(self, A, X):
        assert A.shape == (len(X), len(X))
        At = (A != 0).astype(float)
        At = np.maximum(At, At.T)
        np.fill_diagonal(At, 1)
        d = At.sum(1) ** -0.5
        self.S = d[:, None] * At * d
        self.X = X
        self.Z = self.S @ X @ self.W
        return np.maximum(self.Z, 0)

    def backward(self, dH):
        dZ = dH * (self.Z > 0)
        self.grads["W"] = (self.S @ self.X).T @ dZ
        return self.S.T @ dZ @ self.W.T


class Smoothness:
    # of a symmetric adjacency
    def __init__(self, adjacency):
        self.L = np.diag(adjacency.sum(axis=1)) - adjacency

    def forward(self, x):
        self.x = x
        return np.sum(x * (self.L @ x))

    def backward(self):
        return 2 * self.L @ self.x
