"""A network of any number of affine layers with one activation between them, and weight decay."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, constant, floating
from reference.activations import ReLU, Sigmoid
from reference.affine import Affine
from reference.loss import SoftmaxWithLoss, as_one_hot
from reference.smooth import ELU, GELU, LeakyReLU, Softplus, Swish, Tanh

ACTIVATIONS: Mapping[str, Callable[[], Any]] = {
    "relu": ReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "softplus": Softplus,
    "gelu": GELU,
    "swish": Swish,
}
# The variance that keeps the size of the numbers from layer to layer, times the number of inputs of a layer.
_VARIANCES: Mapping[str, float] = {"he": 2.0, "xavier": 1.0}


class MultiLayerNet:
    """scores = f(... f(x W1 + b1) ...) Wk + bk, and L = mean cross-entropy + weight_decay/2 * sum of all W^2.

    Backpropagation is that of TwoLayerNet, through more layers. The decay adds its own derivative to the weights',
    not to the biases', which it leaves alone:

        dW = dW of the cross-entropy + weight_decay * W

    x: (N, input_size), or (input_size,) for one sample. t: class indices (N,) or one-hot (N, output_size).
    hidden_sizes: the outputs of each layer but the last; none makes it a linear classifier. activation: a name of
    `ACTIVATIONS`. weight_init_std: the standard deviation of the weights at the start, or what makes it from the
    number n of a layer's inputs: "he", sqrt(2/n), which suits rectifiers, or "xavier", sqrt(1/n). Biases start
    at 0. `rng`: a seed or a NumPy Generator, for weights that can be drawn again.

    `params` is where the parameters live, under W1, b1, W2 and so on, and the layers are handed its arrays as in
    TwoLayerNet. Raises ValueError for names that are not known and for shapes that do not fit.
    """

    def __init__(
        self,
        input_size: int,
        hidden_sizes: Sequence[int],
        output_size: int,
        activation: str = "relu",
        weight_init_std: float | str = "he",
        weight_decay: float = 0,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        if activation not in ACTIVATIONS:
            raise ValueError(f"expected activation to be one of {', '.join(ACTIVATIONS)}, got {activation!r}")
        rng = np.random.default_rng(rng)
        sizes = [input_size, *hidden_sizes, output_size]
        self.weight_decay = weight_decay
        self.depth = len(sizes) - 1
        self.params: dict[str, Array] = {}
        self._layers: OrderedDict[str, Any] = OrderedDict()
        for k in range(1, self.depth + 1):
            inputs, outputs = sizes[k - 1 : k + 1]
            W = _standard_deviation(weight_init_std, inputs) * rng.standard_normal((inputs, outputs))
            self.params[f"W{k}"], self.params[f"b{k}"] = W, np.zeros(outputs)
            self._layers[f"Affine{k}"] = Affine(W, self.params[f"b{k}"])
            if k < self.depth:
                self._layers[f"Activation{k}"] = ACTIVATIONS[activation]()
        self.last_layer = SoftmaxWithLoss()

    @property
    def layers(self) -> OrderedDict[str, Any]:
        """The layers from input to scores, holding the parameters that are in `params` now."""
        for k in range(1, self.depth + 1):
            affine = self._layers[f"Affine{k}"]
            affine.W, affine.b = self.params[f"W{k}"], self.params[f"b{k}"]
        return self._layers

    def predict(self, x: ArrayLike) -> Array:
        """The scores, (N, output_size), before softmax: the largest is the predicted class."""
        out = floating(x)
        for layer in self.layers.values():
            out = layer.forward(out)
        return out

    def loss(self, x: ArrayLike, t: ArrayLike) -> Any:
        """The mean cross-entropy of the samples and the weight decay, a number."""
        loss = self.last_layer.forward(self.predict(x), t)
        if self.weight_decay:
            weights = [floating(self.params[f"W{k}"]) for k in range(1, self.depth + 1)]
            squares = np.sum([np.sum(np.square(W)) for W in weights])
            loss = loss + constant(self.weight_decay / 2, squares) * squares
        return loss

    def accuracy(self, x: ArrayLike, t: ArrayLike) -> float:
        """The share of samples whose largest score is at the label."""
        scores = self.predict(x)
        labels = as_one_hot(t, scores)
        return float(np.mean(scores.real.argmax(axis=-1) == labels.real.argmax(axis=-1)))

    def gradient(self, x: ArrayLike, t: ArrayLike) -> dict[str, Array]:
        """dL/dp by backpropagation, for each entry of `params`, of its shape."""
        self.loss(x, t)
        dout = self.last_layer.backward(1)
        for layer in reversed(self.layers.values()):
            dout = layer.backward(dout)
        gradients = {}
        for k in range(1, self.depth + 1):
            affine, W = self._layers[f"Affine{k}"], floating(self.params[f"W{k}"])
            gradients[f"W{k}"] = affine.dW + self.weight_decay * W if self.weight_decay else affine.dW
            gradients[f"b{k}"] = affine.db
        return gradients


def _standard_deviation(wanted: float | str, inputs: int) -> float:
    if not isinstance(wanted, str):
        return wanted
    if wanted not in _VARIANCES:
        raise ValueError(f"expected weight_init_std to be a number or one of he, xavier, got {wanted!r}")
    return math.sqrt(_VARIANCES[wanted] / inputs) if inputs else 0.0
