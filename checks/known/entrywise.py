"""Activations: functions of each entry, and the softmax of a row."""

from __future__ import annotations

from collections.abc import Iterator
from math import erf, sqrt

import numpy as np

from checks.function import Array
from checks.known.family import Known, forward_of


def entrywise() -> Iterator[Known]:
    """The activations, the simplest first; LeakyReLU, ELU and Swish also with a number of the layer's own."""
    import reference as r

    for layer in (r.ReLU, r.Sigmoid, r.Tanh, r.Softplus, r.Swish, r.GELU, r.ELU, r.LeakyReLU, r.Softmax, r.LogSoftmax):
        yield Known(name=f"reference.{layer.__name__}", forward=forward_of(layer), plain=True)
    yield Known(
        name="reference.LeakyReLU(alpha={:g})",
        forward=lambda x, alpha: r.LeakyReLU(alpha).forward(x),
        parameter=lambda x, out: _at_lowest(x, out / x, 0.0, 1.0),
    )
    yield Known(
        name="reference.ELU(alpha={:g})",
        forward=lambda x, alpha: r.ELU(alpha).forward(x),
        parameter=lambda x, out: _at_lowest(x, out / np.expm1(np.minimum(x, 0)), 0.0, np.inf),
    )
    yield Known(
        name="reference.Swish",
        but="with the sigmoid of {:g} x",
        forward=lambda x, beta: x * r.Sigmoid().forward(beta * x),
        parameter=_steepness,
    )
    yield Known(
        name="reference.GELU",
        but="by erf instead of tanh: they are 5e-4 apart at most",
        forward=lambda x: x / 2 * (1 + np.reshape([erf(v / sqrt(2)) for v in np.ravel(x)], np.shape(x))),
    )


def _at_lowest(x: Array, ratio: Array, above: float, below: float) -> float:
    """The ratio at the lowest x; not a number where it is out of bounds."""
    at = int(np.argmin(x))
    value = float(np.ravel(ratio)[at])
    return value if x.min() < 0 and above < value < below else np.nan


def _steepness(x: Array, out: Array) -> float:
    """beta, of out / x = sigmoid(beta x), at the entry nearest to 1 in size."""
    at = int(np.argmin(np.abs(np.abs(x) - 1)))
    share = float(np.ravel(out / x)[at])
    return float(np.log(share / (1 - share)) / np.ravel(x)[at]) if 0 < share < 1 else np.nan
