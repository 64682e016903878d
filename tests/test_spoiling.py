"""What forward writes into and backward reads: told as that, and no slip of backward's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import check


class EluInPlace:
    def forward(self, x: Any) -> Any:
        self.x = x
        out = x
        out[out < 0] = np.exp(out[out < 0]) - 1
        return out

    def backward(self, dout: Any) -> Any:
        return dout * np.where(self.x < 0, np.exp(self.x), 1)


class EluOfItself(EluInPlace):
    """The same forward, and a backward that knows what is left of x."""

    def backward(self, dout: Any) -> Any:
        return dout * np.where(self.x < 0, self.x + 1, 1)


class UnitInPlace:
    def forward(self, x: Any) -> Any:
        self.x, self.n = x, np.sqrt((x**2).sum(axis=1, keepdims=True))
        x /= self.n
        return x.copy()

    def backward(self, d: Any) -> Any:
        y = self.x / self.n
        return (d - y * (d * y).sum(axis=1, keepdims=True)) / self.n


class UnitOfItself(UnitInPlace):
    def backward(self, d: Any) -> Any:
        return (d - self.x * (d * self.x).sum(axis=1, keepdims=True)) / self.n


class SquareInPlaceWrongly:
    """It writes into x, and is wrong all the same."""

    def forward(self, x: Any) -> Any:
        self.x = x
        x *= x
        return x

    def backward(self, d: Any) -> Any:
        return 3 * d * self.x


@pytest.mark.parametrize("layer", [EluInPlace, UnitInPlace])
def test_what_is_spoiled_is_named(layer: type) -> None:
    report = check(layer, seed=1, max_examples=4)
    (finding,) = (finding for finding in report.findings if finding.severity == "error")
    assert finding.kind == "mutates-input"
    assert "forward writes into x, which backward reads afterwards: with a copy of x in forward it" in finding.message
    assert finding.suggestion == "take a copy of x in forward"


@pytest.mark.parametrize("layer", [EluOfItself, UnitOfItself])
def test_a_backward_that_knows_is_right(layer: type) -> None:
    assert check(layer, seed=1, max_examples=4).verdict == "pass"


def test_another_fault_is_no_spoiling() -> None:
    report = check(SquareInPlaceWrongly, seed=1, max_examples=4)
    assert report.verdict == "fail"
    assert "mutates-input" not in {finding.kind for finding in report.findings if finding.severity == "error"}
