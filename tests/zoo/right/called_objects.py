"""Functions of small frameworks: what backward reads is kept by `__call__`, of variables or of tuples."""

import weakref

import numpy as np


class Variable:
    __array_priority__ = 200

    def __init__(self, data, name=None):
        self.data, self.name = data, name
        self.grad, self.creator, self.generation = None, None, 0

    def cleargrad(self):
        self.grad = None


def as_variable(obj):
    return obj if isinstance(obj, Variable) else Variable(np.asarray(obj))


class Function:
    def __call__(self, *inputs):
        inputs = [as_variable(x) for x in inputs]
        ys = self.forward(*[x.data for x in inputs])
        ys = ys if isinstance(ys, tuple) else (ys,)
        outputs = [Variable(np.asarray(y)) for y in ys]
        self.inputs = inputs
        self.outputs = [weakref.ref(output) for output in outputs]
        return outputs if len(outputs) > 1 else outputs[0]

    def forward(self, *xs):
        raise NotImplementedError()

    def backward(self, *gys):
        raise NotImplementedError()


class SoftplusOf(Function):
    def __init__(self, beta=2.0):
        self.beta = beta

    def forward(self, x):
        return np.logaddexp(0, self.beta * x) / self.beta

    def backward(self, gy):
        x = self.inputs[0].data
        return gy / (1 + np.exp(-self.beta * x))


class Quotient(Function):
    def forward(self, x0, x1):
        return x0 / x1

    def backward(self, gy):
        x0, x1 = (x.data for x in self.inputs)
        return gy / x1, -gy * x0 / x1**2


class AffineOf(Function):
    def forward(self, x, W, b):
        return x @ W + b

    def backward(self, gy):
        x, W, _ = self.inputs
        return gy @ W.data.T, x.data.T @ gy, gy.sum(axis=0)


class LogSoftmaxOf(Function):
    """Its own output, which the framework holds weakly, is read by backward."""

    def forward(self, x):
        shifted = x - x.max(axis=1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

    def backward(self, gy):
        y = self.outputs[0]().data
        return gy - np.exp(y) * gy.sum(axis=1, keepdims=True)


class PowerOf(Function):
    """The exponent is a number."""

    def __init__(self, c):
        self.c = c

    def forward(self, x):
        return x**self.c

    def backward(self, gy):
        x, c = self.inputs[0].data, self.c
        return c * x ** (c - 1) * gy


class OnlyVariables:
    """The call reads `.data` of what it is handed."""

    def __call__(self, input):
        self.input = input
        return Variable(self.forward(input.data))

    def forward(self, x):
        raise NotImplementedError()


class Cube(OnlyVariables):
    def forward(self, x):
        return x**3

    def backward(self, gy):
        return 3 * self.input.data**2 * gy


class Between(OnlyVariables):
    """What comes from above is a variable too."""

    def forward(self, x):
        return np.arctan(x)

    def backward(self, gy):
        return Variable(gy.data / (1 + self.input.data**2))


class KeptByTheCall:
    def __call__(self, x):
        self.x = x
        return self.forward(x)

    def forward(self, x):
        return x / (1 + np.abs(x))

    def backward(self, gy):
        return gy / (1 + np.abs(self.x)) ** 2


class LinearKeptByTheCall:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.zeros(n_out)

    def __call__(self, x):
        self.last = x
        return self.forward(x)

    def forward(self, x):
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW = self.last.T @ dy
        self.db = dy.sum(axis=0)
        return dy @ self.W.T


class TupleSoftsign:
    def forward(self, inputs):
        (x,) = inputs
        return (x / (1 + np.abs(x)),)

    def backward(self, inputs, grad_outputs):
        (x,) = inputs
        (gy,) = grad_outputs
        return (gy / (1 + np.abs(x)) ** 2,)


class TupleLinear:
    def forward(self, inputs):
        x, W, b = inputs
        return (x.dot(W.T) + b,)

    def backward(self, inputs, grad_outputs):
        x, W, _b = inputs
        gy = grad_outputs[0]
        return gy.dot(W), gy.T.dot(x), gy.sum(axis=0)


class TupleKept:
    """The inputs are kept by forward, and backward takes the gradients alone."""

    def forward(self, xs):
        self.a, self.b = xs
        a, b = xs
        return (a * np.tanh(b),)

    def backward(self, gys):
        t = np.tanh(self.b)
        return gys[0] * t, gys[0] * self.a * (1 - t**2)
