"""Functions of small frameworks, with one fault each."""

import numpy as np


class Variable:
    def __init__(self, data):
        self.data = data


class Function:
    def __call__(self, *inputs):
        self.inputs = [x if isinstance(x, Variable) else Variable(x) for x in inputs]
        return Variable(self.forward(*[x.data for x in self.inputs]))


class Quotient(Function):
    def forward(self, x0, x1):
        return x0 / x1

    def backward(self, gy):
        x0, x1 = (x.data for x in self.inputs)
        return gy / x1, -gy * x0 / x1


class Exp(Function):
    def forward(self, x):
        return np.exp(x)

    def backward(self, gy):
        return np.exp(self.inputs[0].data)


class KeptByTheCall:
    def __call__(self, x):
        self.x = x
        return self.forward(x)

    def forward(self, x):
        return x / (1 + np.abs(x))

    def backward(self, gy):
        return gy / (1 + np.abs(self.x))


class TupleLinear:
    def forward(self, inputs):
        x, W = inputs
        return (x.dot(W.T),)

    def backward(self, inputs, grad_outputs):
        x, W = inputs
        (gy,) = grad_outputs
        return gy.T.dot(x), gy.dot(W)


FAULTS = {
    "Quotient": "the square of the divisor is missing",
    "Exp": "the gradient from above is left out",
    "KeptByTheCall": "the square is missing",
    "TupleLinear": "the gradients are exchanged",
}
