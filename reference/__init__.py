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
from reference.attention import ScaledDotProductAttention
from reference.convolution import Convolution, col2im, im2col
from reference.dropout import Dropout
from reference.embedding import Embedding
from reference.loss import SoftmaxWithLoss, as_one_hot, cross_entropy_error, log_softmax, softmax
from reference.mean_loss import BinaryCrossEntropyWithLogits, Huber, MeanSquaredError
from reference.mnist import load_sample
from reference.multilayer import MultiLayerNet
from reference.network import TwoLayerNet
from reference.normalization import BatchNorm, LayerNorm
from reference.pooling import AveragePooling, MaxPooling
from reference.probabilities import LogSoftmax, Softmax
from reference.recurrent import LSTMCell, RNNCell
from reference.smooth import ELU, GELU, LeakyReLU, Softplus, Swish, Tanh

__all__ = [
    "ELU",
    "GELU",
    "AddLayer",
    "Affine",
    "AveragePooling",
    "BatchNorm",
    "BinaryCrossEntropyWithLogits",
    "Convolution",
    "Dropout",
    "Embedding",
    "Huber",
    "LSTMCell",
    "LayerNorm",
    "LeakyReLU",
    "LogSoftmax",
    "MaxPooling",
    "MeanSquaredError",
    "MulLayer",
    "MultiLayerNet",
    "RNNCell",
    "ReLU",
    "ScaledDotProductAttention",
    "Sigmoid",
    "Softmax",
    "SoftmaxWithLoss",
    "Softplus",
    "Swish",
    "Tanh",
    "TwoLayerNet",
    "as_one_hot",
    "col2im",
    "cross_entropy_error",
    "im2col",
    "load_sample",
    "log_softmax",
    "softmax",
]
