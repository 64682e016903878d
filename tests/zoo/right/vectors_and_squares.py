# Style: one-dimensional arrays, square matrices, ordinal losses, graphs: shapes that a batch of rows is not.
import numpy as np


class Outer:
    def forward(self, u, v):
        self.uv = u, v
        return np.outer(u, v)

    def backward(self, g):
        u, v = self.uv
        return g @ v, u @ g


class SoftDTW:
    """Soft dynamic time warping between two scalar series."""

    def __init__(self, gamma=0.8):
        self.gamma = gamma

    def forward(self, a, b):
        n, m = len(a), len(b)
        D = (a[:, None] - b[None, :]) ** 2
        R = np.full((n + 2, m + 2), np.inf)
        R[0, 0] = 0
        for i in range(1, n + 1):
            for j in range(1, m + 1):
                z = -np.array([R[i - 1, j - 1], R[i - 1, j], R[i, j - 1]]) / self.gamma
                zm = z.max()
                R[i, j] = D[i - 1, j - 1] - self.gamma * (zm + np.log(np.exp(z - zm).sum()))
        self.a, self.b, self.D, self.R = a, b, D, R
        return R[n, m]

    def backward(self, g=1.0):
        n, m = self.D.shape
        R = self.R.copy()
        D = np.zeros((n + 2, m + 2))
        D[1 : n + 1, 1 : m + 1] = self.D
        R[:, m + 1] = -np.inf
        R[n + 1, :] = -np.inf
        R[n + 1, m + 1] = R[n, m]
        E = np.zeros((n + 2, m + 2))
        E[n + 1, m + 1] = 1
        for j in range(m, 0, -1):
            for i in range(n, 0, -1):
                s = 0.0
                for di, dj in ((1, 0), (0, 1), (1, 1)):
                    r = R[i + di, j + dj]
                    if np.isfinite(r):
                        s += E[i + di, j + dj] * np.exp((r - R[i, j] - D[i + di, j + dj]) / self.gamma)
                E[i, j] = s
        T = g * E[1 : n + 1, 1 : m + 1] * 2 * (self.a[:, None] - self.b[None, :])
        return T.sum(1), -T.sum(0)


class TriangularSolve:
    """x = L^{-1} b, L lower triangular (only its lower part is read)."""

    def forward(self, L, b):
        self.Lt = np.tril(L)
        self.sol = np.linalg.solve(self.Lt, b)
        return self.sol

    def backward(self, g):
        gb = np.linalg.solve(self.Lt.T, g)
        gL = -np.tril(gb @ self.sol.T)
        return gL, gb


class CoxPartialLikelihood:
    """Negative log partial likelihood (Breslow), mean over events."""

    def forward(self, risk, time, event):
        at_risk = time[None, :] >= time[:, None]
        z = np.where(at_risk, risk[None, :], -np.inf)
        m = z.max(axis=1, keepdims=True)
        e = np.exp(z - m)
        self.P = e / e.sum(axis=1, keepdims=True)
        self.event = event
        self.n_events = max(event.sum(), 1)
        lse = m[:, 0] + np.log(e.sum(axis=1))
        return -np.sum(event * (risk - lse)) / self.n_events

    def backward(self):
        return -(self.event - self.P.T @ self.event) / self.n_events


class OrdinalLogit:
    def __init__(self, thresholds):
        self.theta = thresholds
        self.dtheta = np.zeros_like(thresholds)

    def forward(self, f, y):
        th = np.concatenate([[-np.inf], np.sort(self.theta), [np.inf]])
        hi = 1 / (1 + np.exp(-(th[y + 1] - f)))
        lo = 1 / (1 + np.exp(-(th[y] - f)))
        self.saved = y, hi, lo
        return -np.mean(np.log(hi - lo))

    def backward(self):
        y, hi, lo = self.saved
        n, K, p = len(y), len(self.theta), hi - lo
        dhi = -hi * (1 - hi) / p / n
        dlo = lo * (1 - lo) / p / n
        g = np.zeros(K + 2)
        np.add.at(g, y + 1, dhi)
        np.add.at(g, y, dlo)
        order = np.argsort(self.theta)
        self.dtheta = np.empty(K)
        self.dtheta[order] = g[1:-1]
        return -(dhi + dlo)


class Ema:
    def __init__(self, logit=0.2):
        self.logit = np.array([logit])

    def forward(self, y):
        k = 1 / (1 + np.exp(-self.logit[0]))
        m, loss = 0.0, 0.0
        self.k, self.y, self.e = k, y, []
        for yt in y:
            e = yt - m
            self.e.append(e)
            loss += 0.5 * e * e
            m = m + k * e
        return loss

    def backward(self, g=1.0):
        lam, dk = 0.0, 0.0
        gy = np.zeros(len(self.y))
        for t in range(len(self.y) - 1, -1, -1):
            e = self.e[t]
            dk += lam * e
            gy[t] = e + lam * self.k
            lam = -e + lam * (1 - self.k)
        self.dlogit = np.array([g * dk * self.k * (1 - self.k)])
        return g * gy


class GCN:
    """H' = A_hat H W"""

    def __init__(self, in_dim, out_dim):
        self.W = np.random.randn(in_dim, out_dim)

    def forward(self, A_hat, H):
        self.A, self.H = A_hat, H
        return A_hat @ H @ self.W

    def backward(self, dout):
        AH = self.A @ self.H
        self.dW = AH.T @ dout
        return self.A.T @ dout @ self.W.T


class LogDet:
    def forward(self, A):
        self.A = A
        return np.linalg.slogdet(A)[1]

    def backward(self, g=1.0):
        return g * np.linalg.inv(self.A).T


class Inverse:
    def forward(self, A):
        self.inv = np.linalg.inv(A)
        return self.inv

    def backward(self, g):
        return -self.inv.T @ g @ self.inv.T


class TraceOfSquare:
    def forward(self, A):
        self.A = A
        return np.trace(A @ A)

    def backward(self, g=1.0):
        return 2 * g * self.A.T


class Harmonics:
    def forward(self, t):
        self.a = t[:, None] * np.arange(1, 4)
        return np.sin(self.a)

    def backward(self, g):
        return (g * np.cos(self.a) * np.arange(1, 4)).sum(axis=1)
