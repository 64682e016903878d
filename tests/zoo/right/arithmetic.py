# Style: parameterless arithmetic as layers: reductions, reshapes, element-wise functions, joins and splits.
import numpy as np


class Node:
    """Base of the graph nodes below."""

    def forward(self, *inputs):
        raise NotImplementedError()

    def backward(self, grad):
        raise NotImplementedError()


class Add(Node):
    # with broadcasting
    def forward(self, a, b):
        self.sa, self.sb = a.shape, b.shape
        return a + b

    def backward(self, grad):
        return self._reduce(grad, self.sa), self._reduce(grad, self.sb)

    @staticmethod
    def _reduce(g, shape):
        while g.ndim > len(shape):
            g = g.sum(axis=0)
        for i, n in enumerate(shape):
            if n == 1:
                g = g.sum(axis=i, keepdims=True)
        return g.copy()


class Multiply(Node):
    def forward(self, a, b):
        self.a, self.b = a, b
        return np.multiply(a, b)

    def backward(self, grad):
        return grad * self.b, grad * self.a


class Subtract(Node):
    def forward(self, a, b):
        return a - b

    def backward(self, grad):
        return grad, -grad


class Divide(Node):
    def forward(self, a, b):
        self.a, self.b = a, b
        return a / b

    def backward(self, grad):
        return grad / self.b, -grad * self.a / self.b ** 2


class MatMul(Node):
    def forward(self, a, b):
        self.inputs = a, b
        return a @ b

    def backward(self, grad):
        a, b = self.inputs
        return grad @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ grad


class Concat(Node):
    def __init__(self, axis=1):
        self.axis = axis

    def forward(self, a, b):
        self.n = a.shape[self.axis]
        return np.concatenate([a, b], axis=self.axis)

    def backward(self, grad):
        return np.split(grad, [self.n], axis=self.axis)


class ConcatList:
    """takes a list of arrays, gives back a list of gradients"""

    def __init__(self, axis=-1):
        self.axis = axis

    def forward(self, xs):
        self.cuts = np.cumsum([x.shape[self.axis] for x in xs])[:-1]
        return np.concatenate(xs, axis=self.axis)

    def backward(self, dy):
        return np.split(dy, self.cuts, axis=self.axis)


class Maximum(Node):
    def forward(self, a, b):
        self.first = a >= b
        return np.maximum(a, b)

    def backward(self, grad):
        return np.where(self.first, grad, 0.0), np.where(self.first, 0.0, grad)


class Reshape:
    def __init__(self, shape=(-1, 2)):
        self.shape = shape

    def forward(self, x):
        self.prev_shape = x.shape
        return x.reshape(self.shape)

    def backward(self, d):
        return d.reshape(self.prev_shape)


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(x.shape[0], -1)

    def backward(self, d):
        return d.reshape(self.shape)


class Flatten2:
    def __init__(self):
        self.input_shape = None

    def forward_pass(self, x):
        self.input_shape = x.shape
        return x.reshape((x.shape[0], int(np.prod(x.shape[1:]))))

    def backward_pass(self, grad):
        return grad.reshape(self.input_shape)


class Transpose:
    def forward(self, x):
        return x.T

    def backward(self, dy):
        return dy.T


class Permute:
    # channels last <-> channels first
    def __init__(self, axes=(0, 2, 1)):
        self.axes = axes

    def forward(self, x):
        return np.transpose(x, self.axes)

    def backward(self, dy):
        return np.transpose(dy, np.argsort(self.axes))


class Sum:
    def __init__(self, axis=None, keepdims=False):
        self.axis, self.keepdims = axis, keepdims

    def forward(self, x):
        self.shape = x.shape
        return x.sum(axis=self.axis, keepdims=self.keepdims)

    def backward(self, dy):
        if self.axis is not None and not self.keepdims:
            dy = np.expand_dims(dy, self.axis)
        return np.broadcast_to(dy, self.shape).copy()


class Mean:
    def __init__(self, axis=0):
        self.axis = axis

    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=self.axis)

    def backward(self, dy):
        g = np.expand_dims(dy, self.axis) / self.shape[self.axis]
        return np.ones(self.shape) * g


class MaxRow:
    def forward(self, x):
        self.shape = x.shape
        self.k = x.argmax(axis=1)
        return x[np.arange(len(x)), self.k]

    def backward(self, dy):
        dx = np.zeros(self.shape)
        dx[np.arange(len(self.k)), self.k] = dy
        return dx


class CumSum:
    def forward(self, x):
        return np.cumsum(x, axis=1)

    def backward(self, dy):
        return np.cumsum(dy[:, ::-1], axis=1)[:, ::-1]


class Repeat:
    def __init__(self, T):
        self.T = T

    def forward(self, h):
        return np.repeat(h[:, None, :], self.T, axis=1)

    def backward(self, dy):
        return dy.sum(axis=1)


class L2Normalize:
    def __init__(self, eps=1e-12):
        self.eps = eps

    def forward(self, x):
        self.norm = np.sqrt(np.sum(x ** 2, axis=1, keepdims=True) + self.eps)
        self.y = x / self.norm
        return self.y

    def backward(self, dy):
        return (dy - self.y * np.sum(dy * self.y, axis=1, keepdims=True)) / self.norm


class Norm:
    def forward(self, x):
        self.x = x
        self.n = np.linalg.norm(x, axis=1)
        return self.n

    def backward(self, dn):
        return (dn / self.n)[:, None] * self.x


class Standardize:
    def forward(self, x):
        self.std = np.sqrt(x.var(axis=0) + 1e-8)
        self.z = (x - x.mean(axis=0)) / self.std
        return self.z

    def backward(self, dz):
        return (dz - dz.mean(axis=0) - self.z * np.mean(dz * self.z, axis=0)) / self.std


class PolynomialFeatures:
    """[x, x^2, ..., x^degree]"""

    def __init__(self, degree=3):
        self.degree = degree

    def forward(self, x):
        self.x = x
        return np.hstack([x ** k for k in range(1, self.degree + 1)])

    def backward(self, dy):
        dx = np.zeros_like(self.x)
        for k, part in enumerate(np.hsplit(dy, self.degree), start=1):
            dx += part * k * self.x ** (k - 1)
        return dx


class Log:
    # positive inputs
    def forward(self, x):
        self.x = x
        return np.log(x)

    def backward(self, dy):
        return dy / self.x


class Sqrt:
    def forward(self, x):
        self.out = np.sqrt(x)
        return self.out

    def backward(self, dy):
        return dy / (2 * self.out)


class Reciprocal:
    def forward(self, x):
        self.y = 1.0 / x
        return self.y

    def backward(self, dy):
        return -dy * self.y * self.y


class Power:
    def __init__(self, p=3):
        self.p = p

    def forward(self, x):
        self.x = x
        return x ** self.p

    def backward(self, dy):
        return dy * self.p * self.x ** (self.p - 1)


class Exp:
    def forward(self, x):
        self.out = np.exp(x)
        return self.out

    def backward(self, dout):
        return dout * self.out


class Clip:
    def __init__(self, lo=-1.0, hi=1.0):
        self.lo, self.hi = lo, hi

    def forward(self, x):
        self.inside = (x > self.lo) & (x < self.hi)
        return np.clip(x, self.lo, self.hi)

    def backward(self, dy):
        return dy * self.inside


class ScalarScale:
    def __init__(self, factor=0.3):
        self.factor = factor

    def forward(self, x):
        return self.factor * x

    def backward(self, dy):
        return self.factor * dy


class LogSumExp:
    def forward(self, x):
        m = x.max(axis=1)
        e = np.exp(x - m[:, None])
        self.p = e / e.sum(axis=1, keepdims=True)
        return m + np.log(e.sum(axis=1))

    def backward(self, dy):
        return self.p * dy[:, None]


class LogSoftmax:
    def forward(self, x):
        s = x - x.max(axis=-1, keepdims=True)
        self.y = s - np.log(np.exp(s).sum(axis=-1, keepdims=True))
        return self.y

    def backward(self, dy):
        return dy - np.exp(self.y) * dy.sum(axis=-1, keepdims=True)


class MaxoutFixed:
    # groups of neighbouring features
    def __init__(self, pieces=2):
        self.pieces = pieces

    def forward(self, x):
        n, d = x.shape
        assert d % self.pieces == 0
        g = x.reshape(n, d // self.pieces, self.pieces)
        self.shape, self.idx = g.shape, g.argmax(axis=2)
        return g.max(axis=2)

    def backward(self, dy):
        g = np.zeros(self.shape)
        i, j = np.indices(self.idx.shape)
        g[i, j, self.idx] = dy
        return g.reshape(self.shape[0], -1)
