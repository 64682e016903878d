"""Functions of one array beside their derivatives: which are such, and what the derivative is a function of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import check
from checks.dialects import derivatives


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def sigmoid_prime_of_output(s):
    return s * (1 - s)


def leaky(x, slope=0.1):
    return np.where(x > 0, x, slope * x)


def leaky_derivative(x, slope=0.1):
    return np.where(x > 0, 1.0, slope)


def twice(z):
    return 2 * sigmoid_prime(z)


def total(x):
    return np.sum(x**2)


def total_grad(x):
    return 2 * x


def with_labels(y, t):
    return y - t


@pytest.mark.parametrize(
    "pair",
    [(sigmoid, sigmoid_prime), (sigmoid, sigmoid_prime_of_output), (leaky, leaky_derivative)],
    ids=lambda pair: pair[1].__name__,
)
def test_right_ones_pass(pair: Any) -> None:
    assert derivatives.recognises(pair)
    report = check(pair, seed=1, max_examples=4, allow=("overflow",))
    assert report.verdict == "pass", report.to_text()


def test_a_wrong_one_is_named() -> None:
    report = check((sigmoid, twice), seed=1, max_examples=4, allow=("overflow",))
    assert [(f.kind, f.suggestion) for f in report.findings if f.severity == "error"] == [("factor", "dz = dz * 1/2")]


@pytest.mark.parametrize(
    "pair",
    [(total, total_grad), (with_labels, with_labels), (sigmoid, sigmoid, sigmoid)],
    ids=lambda pair: pair[0].__name__,
)
def test_others_are_none(pair: Any) -> None:
    assert not derivatives.recognises(pair)
