"""Gradients of another shape than their array: the cure that is tried, and said where it agrees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import check


class Padded:
    """A cross-correlation along a sequence, whose input's gradient keeps the padding."""

    def __init__(self, W: Any) -> None:
        self.W, self.dW = W, np.zeros_like(W)

    def forward(self, x: Any) -> Any:
        self.x = np.pad(x, ((0, 0), (1, 1)))
        return sum(self.W[k] * self.x[:, k : k + x.shape[1]] for k in range(3))

    def backward(self, dout: Any) -> Any:
        steps = dout.shape[1]
        dx = np.zeros_like(self.x)
        for k in range(3):
            dx[:, k : k + steps] += self.W[k] * dout
            self.dW[k] = np.sum(self.x[:, k : k + steps] * dout)
        return dx


class WithConstant:
    """Rows that get a one in front, whose place stays in the gradient."""

    def __init__(self, W: Any) -> None:
        self.W, self.dW = W, None

    def forward(self, x: Any) -> Any:
        self.x = np.hstack([np.ones((len(x), 1)), x])
        return self.x @ self.W

    def backward(self, dout: Any) -> Any:
        self.dW = self.x.T @ dout
        return dout @ self.W.T


class ChannelBias:
    """A bias a channel, whose gradient is summed over the batch alone."""

    def __init__(self, b: Any) -> None:
        self.b, self.db = b, None

    def forward(self, x: Any) -> Any:
        return x + self.b[:, None, None]

    def backward(self, dout: Any) -> Any:
        self.db = dout.sum(axis=0)
        return dout


class ColumnBias(ChannelBias):
    """One that is kept as a column a channel."""

    def forward(self, x: Any) -> Any:
        return x + self.b

    def backward(self, dout: Any) -> Any:
        self.db = dout.sum(axis=(0, 3))
        return dout


class TurnedBack:
    """Axes that backward moves the wrong way."""

    def forward(self, x: Any) -> Any:
        return 2 * x.transpose(1, 2, 0)

    def backward(self, dout: Any) -> Any:
        return 2 * dout.transpose(1, 2, 0)


@pytest.mark.parametrize(
    ("layer", "signature", "gradient", "words", "cure"),
    [
        (Padded, "x(n,s), W(3) -> (n,s)", "x", "still has the border of a larger array", "dx = dx[:, 1:-1]"),
        (WithConstant, "x(n,i), W(i+1,o) -> (n,o)", "x", "still has the first entries", "dx = dx[:, 1:]"),
        (ChannelBias, "x(n,c,h,w), b(c) -> (n,c,h,w)", "b", "axes (1, 2) are not", "db = db.sum(axis=(1, 2))"),
        (
            ColumnBias,
            "x(n,c,h,w), b(c,1,1) -> (n,c,h,w)",
            "b",
            "axis 1 is not summed over",
            "db = db.sum(axis=1).reshape(b.shape)",
        ),
        (TurnedBack, "x(n,c,s) -> (c,s,n)", "x", "axes are in another order", "dx = dx.transpose(1, 2, 0)"),
    ],
)
def test_the_cure_of_a_wrong_shape_is_said(layer: Any, signature: str, gradient: str, words: str, cure: str) -> None:
    report = check(layer, signature, seed=0, max_examples=3)
    found = next(f for f in report.findings if f.kind == "wrong-shape" and f.gradient == gradient)
    assert report.verdict == "fail"
    assert words in found.message, found.message
    assert cure == found.suggestion
