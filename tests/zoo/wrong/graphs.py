# Graphs and metrics that are given once, each with one fault.
import numpy as np


class GraphLayerOfFeatures:
    def __init__(self, A_hat, n_in, n_out):
        self.A_hat = A_hat
        self.W = np.random.randn(n_in, n_out)

    def forward(self, H):
        self.H = H
        return self.A_hat @ H @ self.W

    def backward(self, dZ):
        self.grad_W = self.H.T @ dZ
        return self.A_hat.T @ (dZ @ self.W.T)


class NeighboursUnmasked:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.grads = {}

    def forward(self, A, X):
        assert A.shape == (len(X), len(X))
        At = np.maximum(A != 0, A.T != 0).astype(float)
        np.fill_diagonal(At, 1)
        self.S = At / At.sum(1, keepdims=True)
        self.X = X
        return np.maximum(self.S @ X @ self.W, 0)

    def backward(self, dH):
        self.grads["W"] = (self.S @ self.X).T @ dH
        return self.S.T @ dH @ self.W.T


class SmoothnessHalved:
    def __init__(self, adjacency):
        self.L = np.diag(adjacency.sum(axis=1)) - adjacency

    def forward(self, x):
        self.x = x
        return np.sum(x * (self.L @ x))

    def backward(self):
        return self.L @ self.x


FAULTS = {
    "GraphLayerOfFeatures": "wrong-values: H for A_hat H, W",
    "NeighboursUnmasked": "branch: of the ReLU, W and X",
    "SmoothnessHalved": "factor: 2, for a symmetric adjacency too",
}
