# Style: column vectors, arrays of (features, batch), biases of (n, 1), as in the courses that write A = g(W A_prev + b).
import numpy as np


class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_out, n_in) * np.sqrt(1 / n_in)
        self.b = np.zeros((n_out, 1))

    def forward(self, A):
        self.A = A
        return np.dot(self.W, A) + self.b

    def backward(self, dZ):
        self.dW = np.dot(dZ, self.A.T)
        self.db = np.sum(dZ, axis=1, keepdims=True)
        return np.dot(self.W.T, dZ)


class LinearHomogeneous:
    # the bias is the last column of W
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_out, n_in + 1)

    def forward(self, x):
        self.x1 = np.vstack([x, np.ones((1, x.shape[1]))])
        return self.W @ self.x1

    def backward(self, dy):
        self.dW = dy @ self.x1.T
        return (self.W.T @ dy)[:-1]


class SoftmaxColumns:
    def forward(self, Z):
        e = np.exp(Z - np.max(Z, axis=0, keepdims=True))
        self.A = e / np.sum(e, axis=0, keepdims=True)
        return self.A

    def backward(self, dA):
        return self.A * (dA - np.sum(dA * self.A, axis=0, keepdims=True))


class BatchNormColumns:
    def __init__(self, n, eps=1e-6):
        self.gamma = np.ones((n, 1))
        self.beta = np.zeros((n, 1))
        self.eps = eps

    def forward(self, Z):
        self.sd = np.sqrt(Z.var(axis=1, keepdims=True) + self.eps)
        self.Zn = (Z - Z.mean(axis=1, keepdims=True)) / self.sd
        return self.gamma * self.Zn + self.beta

    def backward(self, dout):
        self.dgamma = np.sum(dout * self.Zn, axis=1, keepdims=True)
        self.dbeta = np.sum(dout, axis=1, keepdims=True)
        d = dout * self.gamma
        return (d - d.mean(axis=1, keepdims=True) - self.Zn * np.mean(d * self.Zn, axis=1, keepdims=True)) / self.sd


class CrossEntropyColumns:
    # softmax inside, labels one-hot (classes, batch)
    def forward(self, Z, Y):
        e = np.exp(Z - Z.max(axis=0))
        self.P = e / e.sum(axis=0)
        self.Y = Y
        return -np.sum(Y * np.log(self.P)) / Y.shape[1]

    def backward(self):
        return (self.P - self.Y) / self.Y.shape[1]


class RecurrentColumns:
    def __init__(self, n_x, n_h):
        self.parameters = {
            "Wax": np.random.randn(n_h, n_x) * 0.5,
            "Waa": np.random.randn(n_h, n_h) * 0.5,
            "ba": np.zeros((n_h, 1)),
        }
        self.gradients = {}

    def forward(self, xt, a_prev):
        p = self.parameters
        self.xt, self.a_prev = xt, a_prev
        self.a_next = np.tanh(p["Waa"] @ a_prev + p["Wax"] @ xt + p["ba"])
        return self.a_next

    def backward(self, da_next):
        p = self.parameters
        dtanh = (1 - self.a_next ** 2) * da_next
        self.gradients["dWax"] = dtanh @ self.xt.T
        self.gradients["dWaa"] = dtanh @ self.a_prev.T
        self.gradients["dba"] = dtanh.sum(axis=1, keepdims=True)
        return p["Wax"].T @ dtanh, p["Waa"].T @ dtanh
