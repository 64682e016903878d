# Style: objectives of what is learned, whose data the constructor was handed; for scipy.optimize and the like.
import numpy as np


class LeastSquares:
    def __init__(self, X, y):
        self.X, self.y = X, y

    def loss(self, w):
        r = self.X @ w - self.y
        return 0.5 * r @ r

    def gradient(self, w):
        return self.X.T @ (self.X @ w - self.y)


class PoissonCounts:
    def __init__(self, X, y, offset=0.0):
        self.X, self.y, self.offset = X, y, offset

    def objective(self, beta):
        eta = self.X @ beta + self.offset
        return np.sum(np.exp(eta) - self.y * eta)

    def gradient(self, beta):
        eta = self.X @ beta + self.offset
        return self.X.T @ (np.exp(eta) - self.y)


class Ridge:
    def __init__(self, features, targets, lam=0.1):
        assert features.ndim == 2
        self.features, self.targets, self.lam = features, targets, lam

    def cost(self, theta):
        r = self.features @ theta - self.targets
        return (r ** 2).mean() + self.lam * theta @ theta

    def grad(self, theta):
        r = self.features @ theta - self.targets
        return 2 * self.features.T @ r / len(r) + 2 * self.lam * theta


class Logistic:
    """Labels are -1 and 1."""

    def __init__(self, data, labels):
        self.data = data
        self.labels = 2.0 * (np.asarray(labels) > 0) - 1

    def fun(self, w):
        return np.logaddexp(0, -self.labels * (self.data @ w)).sum()

    def jac(self, w):
        m = self.labels * (self.data @ w)
        return -self.data.T @ (self.labels * 0.5 * (1 - np.tanh(m / 2)))


class Quadratic:
    def __init__(self, A, b):
        self.A, self.b = A, b

    def cost(self, v):
        return 0.5 * v @ self.A @ v - self.b @ v

    def gradient(self, v):
        return 0.5 * (self.A + self.A.T) @ v - self.b


class Stiffness:
    # right for a symmetric K, which stiffnesses are
    def __init__(self, K, f):
        self.K, self.f = K, f

    def energy(self, u):
        return 0.5 * u @ self.K @ u - self.f @ u

    def gradient(self, u):
        return self.K @ u - self.f


class Gaussian:
    def __init__(self, mean, cov):
        self.mean, self.prec = mean, np.linalg.inv(cov)

    def nll(self, z):
        r = z - self.mean
        return 0.5 * r @ self.prec @ r

    def grad(self, z):
        return self.prec @ (z - self.mean)


class WithIntercept:
    # the first column of X is ones; its weight is not decayed
    def __init__(self, X, y, lam=0.1):
        self.X, self.y, self.lam = X, y, lam

    def cost(self, theta):
        r = self.X @ theta - self.y
        return 0.5 * (r @ r + self.lam * theta[1:] @ theta[1:]) / len(r)

    def gradient(self, theta):
        r = self.X @ theta - self.y
        g = np.empty_like(theta)
        g[0] = r.sum()
        g[1:] = self.X[:, 1:].T @ r + self.lam * theta[1:]
        return g / len(r)


class KernelRidge:
    # no data inside: alpha comes first, before what it is learned from
    def __init__(self, lam=0.1, gamma=0.5):
        self.lam, self.gamma = lam, gamma

    def kernel(self, A, B):
        return np.exp(-self.gamma * ((A[:, None] - B[None]) ** 2).sum(-1))

    def loss(self, alpha, X, y):
        K = self.kernel(X, X)
        r = K @ alpha - y
        return 0.5 * r @ r + 0.5 * self.lam * alpha @ K @ alpha

    def gradient(self, alpha, X, y):
        K = self.kernel(X, X)
        return K @ (K @ alpha - y) + self.lam * K @ alpha
