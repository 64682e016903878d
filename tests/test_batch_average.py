"""An average over the batch in all parameters' gradients is a convention; in one of them, or in the input's, a slip."""

from __future__ import annotations

import numpy as np
import pytest

from checks import check


class Dense:
    """The gradients of `of` are divided by the number of rows."""

    of: tuple[str, ...] = ("W", "b")
    by = staticmethod(len)

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        share = {name: self.by(self.x) if name in self.of else 1 for name in ("x", "W", "b")}
        self.dW = self.x.T @ dout / share["W"]
        self.db = dout.sum(axis=0) / share["b"]
        return dout @ self.W.T / share["x"]


class OneOfTwo(Dense):
    of = ("b",)


class WithTheInput(Dense):
    of = ("x", "W", "b")


class OfTheColumns(Dense):
    by = staticmethod(lambda x: x.shape[1])


class Twice(Dense):
    by = staticmethod(lambda x: 2)


class AndWrong(Dense):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dW = self.dW + 0.01 * self.W
        return dx


def linear_forward(A, W, b):
    return W @ A + b, (A, W)


def linear_backward(dZ, cache):
    A, W = cache
    m = A.shape[1]
    return W.T @ dZ, dZ @ A.T / m, dZ.sum(axis=1, keepdims=True) / m


class Scale:
    def __init__(self, gamma):
        self.gamma = gamma

    def forward(self, x):
        self.x = x
        return self.gamma * x

    def backward(self, dout):
        self.dgamma = np.mean(dout * self.x, axis=0)
        return dout * self.gamma


def nameless_forward(r, q1, q2):
    return r @ q1 + q2, (r, q1)


def nameless_backward(g, kept):
    r, q1 = kept
    return g @ q1.T, r.T @ g / len(r), g.mean(axis=0)


PAIRS = ((linear_forward, linear_backward), (nameless_forward, nameless_backward))


@pytest.mark.parametrize("layer", [Dense, Scale, *PAIRS])
def test_a_convention_is_said_and_passes(layer: object) -> None:
    report = check(layer, seed=1, max_examples=6)
    assert report.verdict == "pass", report.to_text()
    assert {(f.kind, f.severity) for f in report.findings} == {("factor", "warning")}
    assert all(row.verdict == "agrees" for row in report.comparisons)


def test_the_words() -> None:
    report = check(Scale, seed=1, max_examples=6)
    (one,) = report.findings
    assert one.message == (
        "the gradient of gamma is 1/n of the derivative, and the input's is exact: an average over the batch; "
        "times n it agrees"
    )


@pytest.mark.parametrize("layer", [OneOfTwo, WithTheInput, OfTheColumns, Twice, AndWrong])
def test_a_slip_fails(layer: type) -> None:
    assert check(layer, seed=1, max_examples=6).verdict == "fail"


def test_it_counts_where_warnings_do() -> None:
    report = check(Dense, seed=1, max_examples=6, allow="factor")
    assert not report.findings
