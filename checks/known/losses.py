"""Losses, and the network of the textbook, which is one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from checks.function import Array
from checks.known.family import Known, forward_of


def classes() -> Iterator[Known]:
    """Cross-entropy of scores."""
    import reference as r

    yield Known(name="reference.SoftmaxWithLoss", forward=forward_of(r.SoftmaxWithLoss), plain=True)


def probabilities() -> Iterator[Known]:
    """Cross-entropy of probabilities."""
    import reference as r

    yield Known(name="reference.cross_entropy_error", forward=r.cross_entropy_error, plain=True)


def mean_losses() -> Iterator[Known]:
    """Means over all entries."""
    import reference as r

    yield Known(name="reference.MeanSquaredError", forward=forward_of(r.MeanSquaredError), plain=True)
    yield Known(
        name="reference.BinaryCrossEntropyWithLogits", forward=forward_of(r.BinaryCrossEntropyWithLogits), plain=True
    )
    yield Known(name="reference.Huber", forward=forward_of(r.Huber), plain=True)
    for delta in (0.5, 2.0, 0.1, 1.5):
        forward = forward_of(partial(r.Huber, delta))
        yield Known(name=f"reference.Huber(delta={delta:g})", forward=forward, plain=True)


def network() -> Iterator[Known]:
    """TwoLayerNet."""
    import reference as r

    def forward(x: Array, t: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Any:
        hidden = r.ReLU().forward(r.Affine(W1, b1).forward(x))
        return r.SoftmaxWithLoss().forward(r.Affine(W2, b2).forward(hidden), t)

    yield Known(name="reference.TwoLayerNet", forward=forward)
