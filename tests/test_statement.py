"""The statement that makes a gradient is found in the source, wherever it is put."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from checks.dialects import read
from checks.dialects.flagged import apart, flag_of
from checks.signature import Signature
from checks.statement import may_overwrite, read_in_backward, statement


class Attributes:
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.dW = self.db = None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = np.zeros_like(self.b)
        self.db += dout.sum(axis=0)
        dx = dout @ self.W.T
        dx = 1.0 * dx
        return dx  # noqa: RET504


class Container:
    def __init__(self, W, b):
        self.W, self.b, self.grads = W, b, {}

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.grads["W"] = self.x.T @ dout
        self.grads["b"] = dout.sum(axis=0)
        return dout @ self.W.T


class WholeDict(Container):
    def backward(self, dout):
        self.grads = {
            "W": self.x.T @ dout,
            "b": dout.sum(axis=0),
        }
        return dout @ self.W.T


def squares_and_gradient(p, t):
    r = p - t
    loss = np.sum(r**2)
    dp = 2 * r
    return loss, dp


class Entries:
    def forward(self, x):
        self.shape = x.shape
        return x[:, 1:]

    def backward(self, dout):
        dx = np.zeros(self.shape)
        dx[:, 1:] = dout
        return dx


class Inherits(Entries):
    pass


def affine_forward(x, W, b):
    return x @ W + b, (x, W)


def affine_backward(dout, cache):
    x, W = cache
    db = dout.sum(axis=0)
    return dout @ W.T, x.T @ dout, db


@pytest.mark.parametrize(
    ("layer", "name", "text"),
    [
        (Attributes, "x", "dx = 1.0 * dx"),
        (Attributes, "W", "self.dW = self.x.T @ dout"),
        (Attributes, "b", "self.db += dout.sum(axis=0)"),
        (Container, "W", 'self.grads["W"] = self.x.T @ dout'),
        (Container, "x", "return dout @ self.W.T"),
        (WholeDict, "b", '"b": dout.sum(axis=0),'),
        (squares_and_gradient, "p", "dp = 2 * r"),
        (Entries, "x", "dx[:, 1:] = dout"),
        (Inherits, "x", None),
        ((affine_forward, affine_backward), "b", "db = dout.sum(axis=0)"),
        ((affine_forward, affine_backward), "W", "return dout @ W.T, x.T @ dout, db"),
        (Attributes, "nothing", None),
    ],
)
def test_the_statement(layer: Any, name: str, text: str | None) -> None:
    found = statement(read(layer), name)
    assert (None if found is None else found.text) == text
    if found is not None:
        with open(__file__, encoding="utf-8") as file:
            assert file.read().splitlines()[found.line - 1].strip() == text


@pytest.mark.parametrize("changed", [{"file": "/nowhere.py"}, {"file": None}, {"line": None}, {"cell": 2}])
def test_where_there_is_no_such_source(changed: dict[str, Any]) -> None:
    assert statement(replace(read(Attributes), **changed), "W") is None


class Shifted:
    def forward(self, x, t):
        self.p, self.t = np.tanh(x), t
        return np.sum((self.p - t) ** 2)

    def backward(self):
        return self.scaled(self.p) / self.t.shape[0]

    def scaled(self, p):
        dx = np.zeros_like(p)
        for k in range(len(p)):
            dx[k] = 2 * p[k]
        return dx


def test_what_backward_reads_is_not_what_it_asks_the_shape_of() -> None:
    words = read_in_backward(read(Shifted, Signature.parse("x(n,i), t(n,i):target -> ()")))
    assert words is not None
    assert "p" in words
    assert "t" not in words


def test_what_backward_calls_may_overwrite_and_an_expression_may_not() -> None:
    assert may_overwrite(read(Shifted, Signature.parse("x(n,i), t(n,i):target -> ()")))
    assert not may_overwrite(read(Container, Signature.parse("x(n,i), W(i,o), b(o) -> (n,o)")))


def swish(x, deriv=False):
    s = 1 / (1 + np.exp(-x))
    if deriv:
        return s * (1 - s)
    return x * s


def test_the_statement_of_a_function_with_a_flag_is_what_the_flag_returns() -> None:
    found = statement(read(apart(swish, "deriv")), "x")
    assert found is not None
    assert found.text == "return s * (1 - s)"


def test_a_flag_is_an_argument_that_says_derivative() -> None:
    assert flag_of(swish) == "deriv"
    assert flag_of(squares_and_gradient) is None
