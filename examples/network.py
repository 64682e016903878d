"""A network whose backward forgets half of the derivative of its hidden sigmoid."""

import numpy as np


class Net:
    def __init__(self, W1, b1, W2, b2):
        self.W1, self.b1, self.W2, self.b2 = W1, b1, W2, b2

    def forward(self, x):
        self.x = x
        self.h = 1 / (1 + np.exp(-(x @ self.W1 + self.b1)))
        return self.h @ self.W2 + self.b2

    def backward(self, dout):
        self.dW2, self.db2 = self.h.T @ dout, dout.sum(axis=0)
        dz = (dout @ self.W2.T) * self.h
        self.dW1, self.db1 = self.x.T @ dz, dz.sum(axis=0)
        return dz @ self.W1.T
