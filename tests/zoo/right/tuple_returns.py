# Style: backward returns every gradient, as a tuple, a list, with a list or dict of parameter gradients, or one stacked array.
import numpy as np

# ---- (dx, dW, db)

class Linear:
    def __init__(self, in_dim, out_dim):
        self.W = np.random.randn(in_dim, out_dim) / np.sqrt(in_dim)
        self.b = np.zeros(out_dim)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        dx = dout @ self.W.T
        dW = self.x.T @ dout
        db = dout.sum(axis=0)
        return dx, dW, db


class ColumnDense:
    """Samples are columns: X is (features, batch)."""

    def __init__(self, n_x, n_h):
        self.W = np.random.randn(n_h, n_x) * 0.5
        self.b = np.zeros((n_h, 1))

    def forward(self, A_prev):
        assert A_prev.shape[0] == self.W.shape[1]
        self.A_prev = A_prev
        Z = np.dot(self.W, A_prev) + self.b
        return Z

    def backward(self, dZ):
        dW = np.dot(dZ, self.A_prev.T)
        db = np.sum(dZ, axis=1, keepdims=True)
        dA_prev = np.dot(self.W.T, dZ)
        assert dW.shape == self.W.shape and db.shape == self.b.shape
        return dA_prev, dW, db


class MatMulArgs:
    # everything comes in through forward
    def forward(self, x, w, b):
        self.saved = (x, w)
        return x.dot(w) + b

    def backward(self, dz):
        x, w = self.saved
        return dz.dot(w.T), x.T.dot(dz), dz.sum(0)


class GatedLinearUnit:
    def __init__(self, d, h):
        self.W = np.random.randn(d, h)
        self.V = np.random.randn(d, h)

    def forward(self, x):
        self.x = x
        self.a = x @ self.W
        self.s = 1 / (1 + np.exp(-(x @ self.V)))
        return self.a * self.s

    def backward(self, dy):
        da = dy * self.s
        dv = dy * self.a * self.s * (1 - self.s)
        dx = da @ self.W.T + dv @ self.V.T
        return dx, self.x.T @ da, self.x.T @ dv


# ---- (dx, [dW, db])

class DenseListed:
    def __init__(self, n_inputs, n_outputs):
        self.weights = np.random.uniform(-1, 1, (n_inputs, n_outputs))
        self.biases = np.random.uniform(-1, 1, (1, n_outputs))

    def forward(self, inputs):
        self.inputs = inputs
        return np.dot(inputs, self.weights) + self.biases

    def backward(self, grad):
        dW = np.dot(self.inputs.T, grad)
        db = grad.sum(axis=0, keepdims=True)
        return np.dot(grad, self.weights.T), [dW, db]


class Norm1D:
    def __init__(self, num_features, eps=1e-5):
        self.gamma = np.random.uniform(0.5, 1.5, num_features)
        self.beta = np.random.uniform(-0.5, 0.5, num_features)
        self.eps = eps

    def forward(self, x):
        self.mu = x.mean(0)
        self.var = x.var(0)
        self.x_hat = (x - self.mu) / np.sqrt(self.var + self.eps)
        return self.gamma * self.x_hat + self.beta

    def backward(self, dout):
        m = dout.shape[0]
        dgamma = (dout * self.x_hat).sum(0)
        dbeta = dout.sum(0)
        dxh = dout * self.gamma
        dx = (m * dxh - dxh.sum(0) - self.x_hat * (dxh * self.x_hat).sum(0)) / (m * np.sqrt(self.var + self.eps))
        return dx, [dgamma, dbeta]


class QuadraticLayer:
    # y = x^T A x + x W, for every output
    def __init__(self, n, m):
        self.A = np.random.randn(m, n, n) * 0.2
        self.W = np.random.randn(n, m)

    def forward(self, x):
        self.x = x
        return np.einsum("bi,mij,bj->bm", x, self.A, x) + x @ self.W

    def backward(self, g):
        x = self.x
        dA = np.einsum("bm,bi,bj->mij", g, x, x)
        dx = np.einsum("bm,mij,bj->bi", g, self.A + self.A.transpose(0, 2, 1), x) + g @ self.W.T
        return dx, [dA, x.T @ g]


# ---- (dx, {name: gradient})

class DenseNamed:
    def __init__(self, n_in, n_out):
        self.w = np.random.randn(n_in, n_out)
        self.b = np.random.randn(n_out)

    def forward(self, x):
        self.cache = x
        return x @ self.w + self.b

    def backward(self, dy):
        x = self.cache
        return dy @ self.w.T, {"w": x.T @ dy, "b": dy.sum(axis=0)}


class TwoLayerBlock:
    def __init__(self, D, H, C):
        self.params = {
            "W1": np.random.randn(D, H) * 0.4, "b1": np.zeros(H),
            "W2": np.random.randn(H, C) * 0.4, "b2": np.zeros(C),
        }

    def forward(self, X):
        p = self.params
        h = np.tanh(X @ p["W1"] + p["b1"])
        self.cache = (X, h)
        return h @ p["W2"] + p["b2"]

    def backward(self, dout):
        X, h = self.cache
        grads = {}
        grads["W2"] = h.T @ dout
        grads["b2"] = dout.sum(axis=0)
        dh = (dout @ self.params["W2"].T) * (1 - h * h)
        grads["W1"] = X.T @ dh
        grads["b1"] = dh.sum(axis=0)
        return dh @ self.params["W1"].T, grads


# ---- parameter gradients first, dx last

class LinearGradFirst:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, d):
        dw = self.x.T @ d
        db = np.sum(d, axis=0)
        dx = d @ self.w.T
        return dw, db, dx


class PerceptronRow:
    def __init__(self, n_in, n_out):
        self.w = np.random.randn(n_in, n_out)
        self.b = np.zeros((1, n_out))

    def forward_pass(self, x):
        self.x = x
        self.a = 1.0 / (1.0 + np.exp(-(x @ self.w + self.b)))
        return self.a

    def backward_pass(self, da):
        dz = da * self.a * (1.0 - self.a)
        return self.x.T @ dz, dz.sum(axis=0, keepdims=True), dz @ self.w.T


# ---- a list

class ElementwiseAffine:
    def __init__(self, n):
        self.scale = np.random.rand(n) + 0.5
        self.shift = np.random.randn(n)

    def forward(self, x):
        self.x = x
        return x * self.scale + self.shift

    def backward(self, g):
        return [g * self.scale, np.sum(g * self.x, 0), np.sum(g, 0)]


class AddScaled:
    """alpha * x + beta * y with the two arrays as inputs and constants as options"""

    def __init__(self, alpha=0.5, beta=2.0):
        self.alpha = alpha
        self.beta = beta

    def forward(self, x, y):
        return self.alpha * x + self.beta * y

    def backward(self, g):
        return [self.alpha * g, self.beta * g]


# ---- one stacked array

class Hypot:
    def forward(self, a, b):
        self.a, self.b = a, b
        self.r = np.sqrt(a ** 2 + b ** 2 + 1e-12)
        return self.r

    def backward(self, dr):
        return np.array([dr * self.a / self.r, dr * self.b / self.r])


class WeightedProduct:
    def forward(self, x, y):
        self.x = x
        self.y = y
        return x * y ** 2

    def backward(self, dout):
        return np.stack((dout * self.y ** 2, 2 * dout * self.x * self.y))


if __name__ == "__main__":
    net = TwoLayerBlock(4, 6, 2)
    out = net.forward(np.random.randn(3, 4))
    dx, grads = net.backward(out)
    for k in grads:
        assert grads[k].shape == net.params[k].shape
    print("ok", sorted(grads))
