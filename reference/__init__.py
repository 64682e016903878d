"""Layers in plain NumPy, each readable in a page, with the derivation of its backward in its docstring.

A layer is a class with `forward`, which keeps what backward needs, and `backward`, which takes the gradient
of a loss by the output (`dout`, the upstream gradient) and returns the gradient by the input; gradients by
parameters are stored beside them (`dW` beside `W`). The rules that all of them follow:

- An array that the caller handed over is never written into, and never returned.
- float32 in, float32 out; integers are computed in float64; longdouble and complex arrays pass through.
- backward answers for the last forward, honours its upstream gradient, and can be called again.
- What does not fit is an error that says what was got, what was expected and what to do.
"""

from reference.activations import ReLU, Sigmoid
from reference.affine import Affine
from reference.arithmetic import AddLayer, MulLayer
from reference.loss import SoftmaxWithLoss, as_one_hot, cross_entropy_error, log_softmax, softmax
from reference.mnist import load_sample
from reference.network import TwoLayerNet

__all__ = [
    "AddLayer",
    "Affine",
    "MulLayer",
    "ReLU",
    "Sigmoid",
    "SoftmaxWithLoss",
    "TwoLayerNet",
    "as_one_hot",
    "cross_entropy_error",
    "load_sample",
    "log_softmax",
    "softmax",
]
