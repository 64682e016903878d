# Style: losses and models that give value and gradient in one call, or with the same arguments: GLMs, metrics, unsupervised.
import numpy as np


def sigmoid(z):
    return 0.5 * (1 + np.tanh(z / 2))


def contrastive(x1, x2, y, margin):
    """y one for like pairs"""
    d = x1 - x2
    dist = np.sqrt((d ** 2).sum(1) + 1e-9)
    h = np.maximum(0, margin - dist)
    loss = np.mean(y * dist ** 2 + (1 - y) * h ** 2)
    g = (2 * y[:, None] * d - 2 * ((1 - y) * h / dist)[:, None] * d) / len(d)
    return loss, (g, -g)


def quad_loss(a, b, c, d, m1, m2):
    p, q, r = a - b, a - c, d - c
    h1 = (p**2).sum(1) - (q**2).sum(1) + m1
    h2 = (p**2).sum(1) - (r**2).sum(1) + m2
    k1, k2 = (h1 > 0)[:, None] * 2.0, (h2 > 0)[:, None] * 2.0
    loss = np.maximum(h1, 0).sum() + np.maximum(h2, 0).sum()
    da = k1 * (p - q) + k2 * p
    db = -(k1 + k2) * p
    dc = k1 * q + k2 * r
    dd = -k2 * r
    return loss, da, db, dc, dd


def symmetric_mse(y_pred, target):
    r = y_pred - target
    loss = (r ** 2).mean()
    return loss, (2 * r / r.size, -2 * r / r.size)


def costFunction(theta, X, y):
    m = len(y)
    z = X.dot(theta)
    J = (np.logaddexp(0, z) - y * z).sum() / m
    grad = X.T.dot(sigmoid(z) - y) / m
    return J, grad


def cost_function_reg(theta, X, y, lam):
    m = len(y)
    z = X.dot(theta)
    J = (np.logaddexp(0, z) - y * z).sum() / m + lam * (theta[1:] ** 2).sum() / (2 * m)
    grad = X.T.dot(sigmoid(z) - y) / m
    grad[1:] += lam * theta[1:] / m
    return J, grad


def linear_cost(X, y, theta):
    r = X @ theta - y
    J = 0.5 * (r ** 2).sum()
    return J, X.T @ r


def poisson_nll(beta, X, y):
    eta = X @ beta
    nll = (np.exp(eta) - y * eta).sum()
    grad = X.T @ (np.exp(eta) - y)
    return nll, grad


def propagate(w, b, X, Y):
    m = X.shape[1]
    Z = np.dot(w.T, X) + b
    A = sigmoid(Z)
    cost = np.sum(np.logaddexp(0, Z) - Y * Z) / m
    dw = np.dot(X, (A - Y).T) / m
    db = np.sum(A - Y) / m
    grads = {"dw": dw, "db": db}
    return grads, cost


def svm_loss_naive(W, X, y, reg):
    n = X.shape[0]
    s = X.dot(W)
    m = np.maximum(0, s - s[np.arange(n), y][:, None] + 1)
    m[np.arange(n), y] = 0
    loss = m.sum() / n + reg * np.sum(W * W)
    k = (m > 0) * 1.0
    k[np.arange(n), y] = -k.sum(1)
    dW = X.T.dot(k) / n + 2 * reg * W
    return loss, dW


def logreg(w, b, X, y):
    z = X @ w + b
    p = sigmoid(z)
    loss = np.mean(np.logaddexp(0, z) - y * z)
    dw = X.T @ (p - y) / len(y)
    db = np.mean(p - y)
    return loss, dw, db


def nmf_objective(X, W, H):
    R = W @ H - X
    loss = 0.5 * np.sum(R ** 2)
    return loss, {"W": R @ H.T, "H": W.T @ R}


def soft_kmeans_loss_and_grad(X, centers, beta):
    d = ((X[:, None] - centers[None]) ** 2).sum(-1)
    z = -beta * d
    m = z.max(1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(z - m).sum(1))
    r = np.exp(z - lse[:, None])
    diff = centers[None] - X[:, None]
    return -lse.sum() / beta, (2 * r[:, :, None] * diff).sum(0)


def pca_objective(X, V):
    R = X @ V @ V.T - X
    loss = 0.5 * (R ** 2).sum()
    grad_V = X.T @ R @ V + R.T @ X @ V
    return loss, grad_V


def gaussian_nll_value_and_grad(mu, log_sigma, x):
    z = (x - mu) / np.exp(log_sigma)
    return (0.5 * z ** 2 + log_sigma).sum(), (-z / np.exp(log_sigma), 1 - z ** 2)


def rosenbrock_value_and_grad(x):
    f = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
    g = np.zeros_like(x)
    d = x[1:] - x[:-1] ** 2
    g[1:] += 200 * d
    g[:-1] += -400 * x[:-1] * d - 2 * (1 - x[:-1])
    return f, g


def mae(y, p):
    return np.abs(y-p).sum()


def mae_grad(y, p):
    return np.sign(p-y)


def compute_cost(X, y, theta):
    return 0.5*np.sum((X@theta-y)**2)/len(y)


def compute_gradient(X, y, theta):
    return X.T@(X@theta-y)/len(y)


def cost_reg(w, b, X, y, lam):
    r = X@w+b-y
    return (r**2).mean()+lam*(w**2).sum()


def grad_reg(w, b, X, y, lam):
    r = X@w+b-y
    return 2*X.T@r/len(y)+2*lam*w, 2*r.mean()


def huber(y_true, y_pred, delta):
    r = y_pred-y_true
    a = np.abs(r)
    return np.where(a<delta, .5*r*r, delta*(a-.5*delta)).sum()


def huber_grad(y_true, y_pred, delta):
    return np.clip(y_pred-y_true, -delta, delta)


def factorisation_loss(U, V, R):
    return 0.5*((U@V.T-R)**2).sum()


def factorisation_gradient(U, V, R):
    E = U@V.T-R
    return E@V, E.T@U


def sm(s):
    e = np.exp(s - s.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


class TwoLayer:
    def __init__(self, d, h, c, reg=0.1):
        self.W1 = np.random.randn(d, h) * 0.3
        self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * 0.3
        self.b2 = np.zeros(c)
        self.reg = reg

    def compute_loss_and_gradients(self, X, y):
        a = np.tanh(X @ self.W1 + self.b1)
        p = sm(a @ self.W2 + self.b2)
        n = len(X)
        loss = -np.log(p[np.arange(n), y]).mean() + 0.5 * self.reg * (self.W1 ** 2).sum()
        p[np.arange(n), y] -= 1
        p /= n
        dW2, db2 = a.T @ p, p.sum(0)
        dz = p @ self.W2.T * (1 - a * a)
        return loss, (X.T @ dz + self.reg * self.W1, dz.sum(0), dW2, db2)


class ListNet:
    def __init__(self, sizes):
        self.weights = [np.random.randn(a, b) * 0.4 for a, b in zip(sizes[:-1], sizes[1:])]

    def cost_and_gradient(self, x, t):
        acts = [x]
        for W in self.weights:
            acts.append(np.tanh(acts[-1] @ W))
        d = acts[-1] - t
        cost = 0.5 * (d ** 2).sum()
        grads = []
        for W, a, o in zip(self.weights[::-1], acts[-2::-1], acts[:0:-1]):
            d = d * (1 - o * o)
            grads.insert(0, a.T @ d)
            d = d @ W.T
        return cost, grads


class LinReg:
    def __init__(self, n_features):
        self.w = np.random.randn(n_features)

    def cost(self, X, y):
        r = X @ self.w - y
        return 0.5 * (r ** 2).mean()

    def gradient(self, X, y):
        return X.T @ (X @ self.w - y) / len(y)


class LogReg:
    def __init__(self, n_features):
        self.w = np.random.randn(n_features)
        self.b = 0.1

    def cost(self, X, y):
        z = X @ self.w + self.b
        return np.mean(np.logaddexp(0, z) - y * z)

    def gradients(self, X, y):
        z = X @ self.w + self.b
        d = (0.5 * (1 + np.tanh(z / 2)) - y) / len(y)
        dw = X.T @ d
        db = d.sum()
        return dw, db


class BackpropNet:
    def __init__(self, n_in, n_hidden, n_out):
        self.params = {"W": np.random.randn(n_in, n_hidden) * .5, "V": np.random.randn(n_hidden, n_out) * .5}

    def forward(self, x):
        self.h = np.tanh(x @ self.params["W"])
        return self.h @ self.params["V"]

    def cost(self, x, y):
        return 0.5 * ((self.forward(x) - y) ** 2).sum()

    def backprop(self, x, y):
        d = self.forward(x) - y
        return {"W": x.T @ (d @ self.params["V"].T * (1 - self.h ** 2)), "V": self.h.T @ d}


class PCA:
    def __init__(self, n_features, n_components):
        self.V = np.random.randn(n_features, n_components) * .4

    def reconstruction_error(self, X):
        R = X @ self.V @ self.V.T - X
        return 0.5 * (R ** 2).sum()

    def gradient(self, X):
        R = X @ self.V @ self.V.T - X
        return X.T @ R @ self.V + R.T @ X @ self.V


class SoftKMeans:
    def __init__(self, n_clusters, dim, beta=1.5):
        self.centers = np.random.randn(n_clusters, dim)
        self.beta = beta

    def loss(self, X):
        d = ((X[:, None] - self.centers[None]) ** 2).sum(-1)
        self.X = X
        z = -self.beta * d
        m = z.max(1, keepdims=True)
        lse = m[:, 0] + np.log(np.exp(z - m).sum(1))
        self.r = np.exp(z - lse[:, None])
        return -lse.sum() / self.beta

    def grad(self):
        return {"centers": (2 * self.r[:, :, None] * (self.centers[None] - self.X[:, None])).sum(0)}


class RBM:
    """free energy"""
    def __init__(self, nv, nh):
        self.W = np.random.randn(nv, nh) * .3
        self.b = np.zeros(nv)
        self.c = np.zeros(nh)

    def free_energy(self, v):
        return -(v @ self.b).sum() - np.logaddexp(0, v @ self.W + self.c).sum()

    def gradients(self, v):
        h = 0.5 * (1 + np.tanh((v @ self.W + self.c) / 2))
        return {"dW": -v.T @ h, "db": -v.sum(0), "dc": -h.sum(0)}


class LJEnergy:
    def energy(self, pos):
        i, j = np.triu_indices(len(pos), 1)
        d = pos[i] - pos[j]
        return (1 / (1 + (d ** 2).sum(1))).sum()

    def gradient(self, pos):
        i, j = np.triu_indices(len(pos), 1)
        d = pos[i] - pos[j]
        g = -2 * d / ((1 + (d ** 2).sum(1)) ** 2)[:, None]
        out = np.zeros_like(pos)
        np.add.at(out, i, g)
        np.add.at(out, j, -g)
        return out


class AttrNet:
    """stores gradients; loss and backward() without arguments."""
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * .3
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def loss(self, x, t):
        self.d = self.forward(x) - t
        return 0.5 * (self.d ** 2).sum()

    def backward(self):
        self.dW = self.x.T @ self.d
        self.db = self.d.sum(0)


class RegLoss:
    def __init__(self, n_features, n_classes):
        self.W = np.random.randn(n_features, n_classes) * 0.1

    def loss_and_grads(self, X, y, reg):
        p = sm(X @ self.W)
        n = len(y)
        loss = -np.log(p[np.arange(n), y]).mean() + reg * (self.W ** 2).sum()
        p[np.arange(n), y] -= 1
        dW = X.T @ p / n + 2 * reg * self.W
        return loss, dW


class MetricLoss:
    def forward(self, y_pred, target):
        self.r = y_pred - target
        return (self.r ** 2).sum()

    def backward(self):
        return 2 * self.r, -2 * self.r


class KLOneHot:
    """gradient only by the prediction"""
    def forward(self, y_pred, target):
        self.r = y_pred - target
        return (self.r ** 2).sum()

    def backward(self):
        return 2 * self.r, None


class Poisson:
    def forward(self, eta, y):
        self.eta, self.y = eta, y
        return np.sum(np.exp(eta) - y * eta)

    def backward(self, dout=1.0):
        return dout * (np.exp(self.eta) - self.y)


class GammaNLL:
    def forward(self, y, mu):
        self.mu, self.y = mu, y
        return np.sum(y * np.exp(-mu) + mu)

    def backward(self):
        return 1 - self.y * np.exp(-self.mu)
