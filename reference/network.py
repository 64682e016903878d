"""A network of two affine layers, and backpropagation: the chain rule, walked from the loss backwards."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, floating
from reference.activations import ReLU
from reference.affine import Affine
from reference.loss import SoftmaxWithLoss, as_one_hot

_PARAMETERS_OF = {"Affine1": ("W1", "b1"), "Affine2": ("W2", "b2")}


class TwoLayerNet:
    """scores = relu(x W1 + b1) W2 + b2, and L = the mean cross-entropy of softmax(scores).

    Backpropagation needs no formula of its own: dL/dscores comes out of `last_layer.backward`, and each
    layer turns the gradient of its output into that of its input, which is the output of the layer before.

    x: (N, input_size), or (input_size,) for one sample. t: class indices (N,) or one-hot (N, output_size).
    W1: (input_size, hidden_size), b1: (hidden_size,), W2: (hidden_size, output_size), b2: (output_size,).
    They start as float64, the weights normally distributed with standard deviation `weight_init_std`, the
    biases 0. `rng`: a seed or a NumPy Generator, for weights that can be drawn again.

    `params` is where the parameters live. Change them in place or put other arrays there, of whatever dtype:
    the layers are handed the arrays of `params` before they are used and whenever `layers` is looked up.
    Raises ValueError for shapes that do not fit, as the layers do.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        weight_init_std: float = 0.01,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        rng = np.random.default_rng(rng)
        self.params: dict[str, Array] = {
            "W1": weight_init_std * rng.standard_normal((input_size, hidden_size)),
            "b1": np.zeros(hidden_size),
            "W2": weight_init_std * rng.standard_normal((hidden_size, output_size)),
            "b2": np.zeros(output_size),
        }
        self._layers: OrderedDict[str, Any] = OrderedDict(
            Affine1=Affine(self.params["W1"], self.params["b1"]),
            ReLU=ReLU(),
            Affine2=Affine(self.params["W2"], self.params["b2"]),
        )
        self.last_layer = SoftmaxWithLoss()

    @property
    def layers(self) -> OrderedDict[str, Any]:
        """The layers from input to scores, holding the parameters that are in `params` now."""
        for name, (W, b) in _PARAMETERS_OF.items():
            self._layers[name].W, self._layers[name].b = self.params[W], self.params[b]
        return self._layers

    def predict(self, x: ArrayLike) -> Array:
        """The scores, (N, output_size), before softmax: the largest is the predicted class."""
        out = floating(x)
        for layer in self.layers.values():
            out = layer.forward(out)
        return out

    def loss(self, x: ArrayLike, t: ArrayLike) -> Any:
        """The mean cross-entropy of the samples, a number."""
        return self.last_layer.forward(self.predict(x), t)

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
        for name, (W, b) in _PARAMETERS_OF.items():
            gradients[W], gradients[b] = self.layers[name].dW, self.layers[name].db
        return gradients

    def numerical_gradient_params(self, x: ArrayLike, t: ArrayLike) -> dict[str, Array]:
        """dL/dp[i] = (L(p[i] + h) - L(p[i] - h)) / 2h, by central differences, for each entry of `params`.

        Two losses for each number: for small networks. `params` holds the same arrays afterwards, bit for
        bit, also when a loss raises, since it is a copy that is moved.
        """
        gradients = {}
        for name, parameter in self.params.items():
            moved = np.array(floating(parameter))
            self.params[name] = moved
            try:
                gradients[name] = self._central_differences(moved, x, t)
            finally:
                self.params[name] = parameter
        return gradients

    def _central_differences(self, moved: Array, x: ArrayLike, t: ArrayLike) -> Array:
        """The derivative of the loss by each entry of `moved`, an array of `params`."""
        # This step balances the truncation error, h^2, against the round-off of the loss, divided by h.
        step = np.cbrt(np.finfo(moved.dtype).eps)
        gradient = np.empty_like(moved)
        for index in np.ndindex(moved.shape):
            at = moved[index]
            above, below = at + step, at - step
            moved[index] = above
            loss_above = self.loss(x, t)
            moved[index] = below
            loss_below = self.loss(x, t)
            moved[index] = at
            # at + step is rounded: divide by the distance that was really walked.
            gradient[index] = (loss_above - loss_below) / (above - below)
        return gradient
