"""Two programs for one function agree within their allowances; functions that differ by little more do not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from checks.agreement import MARGIN, OUTPUT, excess, sampled
from checks.function import Array

Function = Callable[[Array], Array]


def off(one: Function, other: Function, x: Array) -> float:
    """The largest distance of the two in allowances."""
    samples = [sampled(lambda arrays, f=f: {OUTPUT: f(arrays["x"])}, {"x": x}, ("x",), 0) for f in (one, other)]
    values = [sample.values[OUTPUT] for sample in samples]
    allowance = samples[0].allowances[OUTPUT] + samples[1].allowances[OUTPUT]
    return float(np.max(excess(values[0], values[1], allowance)))


def sigmoid(x: Array) -> Array:
    z = np.exp(-np.abs(x))
    return np.where(x < 0, z, 1) / (1 + z)


PAIRS: dict[str, tuple[Function, Function]] = {
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), sigmoid),
    "tanh": (lambda x: 2 / (1 + np.exp(-2 * x)) - 1, np.tanh),
    "softplus": (lambda x: np.log(1 + np.exp(x)), lambda x: np.logaddexp(x, x.dtype.type(0))),
    "elu": (
        lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1),
        lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    ),
    "gelu": (
        lambda x: x * 0.5 * (1 + np.tanh(0.8 * x * (1 + 0.05 * x**2))),
        lambda x: x * sigmoid(1.6 * x * (1 + 0.05 * x**2)),
    ),
    "variance": (lambda x: (x**2).mean(-1) - x.mean(-1) ** 2, lambda x: x.var(-1)),
    "sum": (lambda x: x.sum(-1), lambda x: x[..., ::-1].cumsum(-1)[..., -1]),
    "softmax": (
        lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
        lambda x: np.exp(x - x.max(-1, keepdims=True)) / np.exp(x - x.max(-1, keepdims=True)).sum(-1, keepdims=True),
    ),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("size", [1e-9, 1e-3, 1.0, 30.0])
def test_two_ways_of_writing_one_function_agree(name: str, size: float, dtype: str) -> None:
    x = (size * np.random.default_rng(1).standard_normal((3, 5))).astype(dtype)
    with np.errstate(all="ignore"):
        assert off(*PAIRS[name], x) <= MARGIN


@pytest.mark.parametrize(("dtype", "by"), [("float64", 1e-12), ("float32", 1e-4)])
@pytest.mark.parametrize("name", PAIRS)
def test_little_more_than_rounding_is_a_difference(name: str, dtype: str, by: float) -> None:
    x = np.random.default_rng(1).standard_normal((3, 5)).astype(dtype)
    one, other = PAIRS[name]
    assert off(one, lambda x: other(x) * x.dtype.type(1 + by), x) > MARGIN


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e9])
def test_scale_changes_nothing(scale: float) -> None:
    x = scale * np.random.default_rng(2).standard_normal((3, 5))
    assert off(lambda x: 3 * x, lambda x: x + x + x, x) <= MARGIN
    assert off(lambda x: 3 * x, lambda x: 3 * x * (1 + 1e-12), x) > MARGIN


def test_what_is_no_number_says_nothing() -> None:
    assert excess(np.array([np.nan, 1.0]), np.array([1.0, np.inf]), np.ones(2)).tolist() == [0, 0]
