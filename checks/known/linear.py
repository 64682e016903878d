"""Layers of sums and products: affine ones, embeddings, images, attention, recurrent cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import permutations
from typing import Any, Final

import numpy as np

from checks.function import Array
from checks.known.family import Forward, Known, forward_of

_WINDOWS: Final = ((2, 2), (2, 1), (3, 1), (3, 2), (3, 3))  # with the stride


def arithmetic() -> Iterator[Known]:
    """AddLayer and MulLayer."""
    import reference as r

    yield Known(name="reference.AddLayer", forward=forward_of(r.AddLayer))
    yield Known(name="reference.MulLayer", forward=forward_of(r.MulLayer))


def affine() -> Iterator[Known]:
    """Affine, alone and followed by an activation."""
    import reference as r

    yield Known(name="reference.Affine", forward=lambda x, W, b: r.Affine(W, b).forward(x), plain=True)
    for layer in (r.ReLU, r.Sigmoid, r.Tanh, r.Softplus, r.Softmax):
        yield Known(
            name=f"reference.Affine, then reference.{layer.__name__}",
            forward=_after_affine(layer),
        )


def _after_affine(layer: Callable[[], Any]) -> Forward:
    from reference import Affine

    return lambda x, W, b: layer().forward(Affine(W, b).forward(x))


def without_bias() -> Iterator[Known]:
    """Affine of x and W alone."""
    import reference as r

    def forward(x: Array, W: Array) -> Any:
        return r.Affine(W, np.zeros(W.shape[1])).forward(x)

    yield Known(name="reference.Affine", but="without its bias", forward=forward)


def embedding() -> Iterator[Known]:
    """Embedding."""
    import reference as r

    yield Known(name="reference.Embedding", forward=lambda ids, W: r.Embedding(W).forward(ids))


def convolution() -> Iterator[Known]:
    """Convolution at its defaults, and the true convolution, which turns W."""
    import reference as r

    yield Known(name="reference.Convolution", forward=lambda x, W, b: r.Convolution(W, b).forward(x), plain=True)
    yield Known(
        name="reference.Convolution",
        but="with W turned by half a circle",
        forward=lambda x, W, b: r.Convolution(W[:, :, ::-1, ::-1], b).forward(x),
    )


def pooling() -> Iterator[Known]:
    """Pooling of small windows."""
    import reference as r

    for layer in (r.MaxPooling, r.AveragePooling):
        for size, stride in _WINDOWS:
            words = f"({size}, {size})" if stride == 2 else f"({size}, {size}, stride={stride})"
            forward = forward_of(partial(layer, size, size, stride=stride))
            yield Known(name=f"reference.{layer.__name__}{words}", forward=forward)


def attention() -> Iterator[Known]:
    """Attention, and attention without its scale."""
    import reference as r

    yield Known(name="reference.ScaledDotProductAttention", forward=forward_of(r.ScaledDotProductAttention))
    yield Known(
        name="reference.ScaledDotProductAttention",
        but="without the division by sqrt(D)",
        forward=lambda q, k, v: r.softmax(q @ np.swapaxes(k, -1, -2)) @ v,
    )


def rnn() -> Iterator[Known]:
    """RNNCell."""
    import reference as r

    yield Known(
        name="reference.RNNCell", forward=lambda x, h, Wx, Wh, b: r.RNNCell(Wx, Wh, b).forward(x, h), plain=True
    )


def lstm() -> Iterator[Known]:
    """The state h after an LSTMCell, with its gates in any order."""
    import reference as r

    for order in permutations("fgio"):
        words = "" if order == tuple("fgio") else f"with its gates in the order {', '.join(order)}"
        places = [order.index(gate) for gate in "fgio"]

        def forward(x: Array, h: Array, c: Array, Wx: Array, Wh: Array, b: Array, places: list[int] = places) -> Any:
            Wx, Wh, b = (_reordered(array, places) for array in (Wx, Wh, b))
            return r.LSTMCell(Wx, Wh, b).forward(x, h, c)[0]

        yield Known(name="reference.LSTMCell", but=words, forward=forward)


def _reordered(array: Array, places: list[int]) -> Array:
    parts = np.split(array, 4, axis=-1)
    return np.concatenate([parts[k] for k in places], axis=-1)
