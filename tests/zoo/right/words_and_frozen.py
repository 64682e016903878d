# Style: word vectors one at a time, fixed windows, frozen weights.
import numpy as np


class BentIdentity:
    def __call__(self, x):
        return (np.sqrt(x**2 + 1) - 1) / 2 + x

    def grad(self, x):
        return x / (2 * np.sqrt(x**2 + 1)) + 1


def naiveSoftmaxLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset=None):
    scores = outsideVectors @ centerWordVec
    scores = scores - scores.max()
    y_hat = np.exp(scores) / np.sum(np.exp(scores))
    loss = -np.log(y_hat[outsideWordIdx])
    d = y_hat.copy()
    d[outsideWordIdx] -= 1
    gradCenterVec = outsideVectors.T @ d
    gradOutsideVecs = np.outer(d, centerWordVec)
    return loss, gradCenterVec, gradOutsideVecs


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def negSamplingLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, negSampleWordIndices):
    """centerWordVec -- numpy ndarray, center word's embedding, shape (word vector length, )
    outsideWordIdx -- integer, the index of the outside word
    outsideVectors -- outside vectors, shape (num words in vocab, word vector length)
    negSampleWordIndices -- integer array, indices of the K negative samples"""
    v = centerWordVec
    u_o = outsideVectors[outsideWordIdx]
    gradCenterVec = np.zeros(v.shape)
    gradOutsideVecs = np.zeros(outsideVectors.shape)
    z = sigmoid(np.dot(u_o, v))
    loss = -np.log(z)
    gradCenterVec += (z - 1) * u_o
    gradOutsideVecs[outsideWordIdx] += (z - 1) * v
    for k in negSampleWordIndices:
        s = sigmoid(-np.dot(outsideVectors[k], v))
        loss -= np.log(s)
        gradCenterVec += (1 - s) * outsideVectors[k]
        gradOutsideVecs[k] += (1 - s) * v
    return loss, gradCenterVec, gradOutsideVecs


class STFTMagnitude:
    """Magnitude of a Hann-windowed STFT, frame 4, hop 2; x: (batch, samples)"""

    def __init__(self, frame=4, hop=2):
        self.frame, self.hop = frame, hop
        self.win = np.hanning(frame + 2)[1:-1]

    def forward(self, x):
        n_frames = 1 + (x.shape[1] - self.frame) // self.hop
        self.n = x.shape[1]
        frames = np.stack([x[:, i * self.hop : i * self.hop + self.frame] for i in range(n_frames)], axis=1)
        self.S = np.fft.fft(frames * self.win, axis=-1)
        self.mag = np.sqrt(np.abs(self.S) ** 2 + 1e-8)
        return self.mag

    def backward(self, g):
        G = g * self.S / self.mag
        gf = np.fft.ifft(G, axis=-1).real * self.frame * self.win
        gx = np.zeros((g.shape[0], self.n))
        for i in range(g.shape[1]):
            gx[:, i * self.hop : i * self.hop + self.frame] += gf[:, i]
        return gx


class Variable:
    __slots__ = ("data", "grad")

    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)


class FrozenLoRA:
    """base weight frozen"""

    def __init__(self, n_in, n_out, rank=2, alpha=4.0):
        self._base = np.random.randn(n_in, n_out)
        self.A = Variable(np.random.randn(n_in, rank))
        self.B = Variable(np.random.randn(rank, n_out))
        self.scale = alpha / rank

    def forward(self, x):
        self.x = x
        self.h = x @ self.A.data
        return x @ self._base + self.scale * self.h @ self.B.data

    def backward(self, g):
        gs = self.scale * g
        self.B.grad = self.h.T @ gs
        gh = gs @ self.B.data.T
        self.A.grad = self.x.T @ gh
        return g @ self._base.T + gh @ self.A.data.T


class TiedTwice:
    """one matrix used twice, its two gradients kept in a list"""

    def __init__(self, W):
        self.params = [W, W]
        self.grads = [np.zeros_like(W), np.zeros_like(W)]

    def forward(self, center, context):
        W = self.params[0]
        self.c, self.o = center, context
        return np.sum(W[center] * W[context], axis=1)

    def backward(self, dout):
        W = self.params[0]
        for g in self.grads:
            g[...] = 0
        np.add.at(self.grads[0], self.c, dout[:, None] * W[self.o])
        np.add.at(self.grads[1], self.o, dout[:, None] * W[self.c])
        return None


class KLDivLoss:
    """KL(target || softmax(logits)), batchmean"""

    def __init__(self, temperature=1.0):
        self.T = temperature

    def forward(self, logits, target):
        z = logits / self.T
        z = z - z.max(axis=1, keepdims=True)
        logq = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        self.q = np.exp(logq)
        self.target = target
        return np.sum(target * (np.log(target) - logq)) / logits.shape[0]

    def backward(self):
        return (self.q - self.target) / (self.T * self.target.shape[0])
