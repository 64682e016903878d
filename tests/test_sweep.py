"""Two evaluations an entry: values within their allowances, and the step that the pilots chose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.function import Function, flat_output
from checks.noise import measure_noise
from checks.sweep import RUNGS, RUNGS_SINGLE, calibrate, once, sweep

rng = np.random.default_rng(0)
A = rng.standard_normal((5, 6))
SMOOTH: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "cube": (lambda x: x**3, lambda x: 3 * x**2),
    "linear": (lambda x: 3 * x, lambda x: np.full_like(x, 3.0)),
    "sin(50 x)": (lambda x: np.sin(50 * x), lambda x: 50 * np.cos(50 * x)),
    "offset": (lambda x: 1e6 + np.tanh(x), lambda x: 1 - np.tanh(x) ** 2),
}


def function(f: Callable[[Any], Any], x: Any, weights: Any = None) -> Function:
    output = np.asarray(f(x))
    base = flat_output(output)
    noise = measure_noise(lambda: flat_output(f(x)), [x], base, output.dtype)
    weights = np.ones(base.shape) if weights is None else weights
    unit = max(noise.unit_roundoff, float(np.finfo(x.dtype).eps) / 2)
    return Function(lambda: flat_output(f(x)), x, weights, base, noise.deviation, unit)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e9])
@pytest.mark.parametrize("name", SMOOTH)
def test_the_truth_lies_about_within_the_allowance(name: str, scale: float) -> None:
    """One step suits all entries more or less: what is too far off for comfort is looked at again."""
    f, slope = SMOOTH[name]
    x, weights = np.random.default_rng(1).uniform(-1, 1, 40), np.random.default_rng(2).standard_normal(40)
    one = function(lambda a: scale * f(a), x, weights)
    pilot = int(np.argmax(np.abs(weights * slope(x))))
    found = sweep(one, range(40), [pilot])
    truth = scale * weights * slope(x)
    off = np.abs(found.values - truth)
    assert (off <= 3 * found.allowances).all()
    assert (off <= found.allowances).mean() >= 0.8
    assert np.median(found.allowances) <= 1e-5 * np.abs(truth).max()


@given(scale=st.floats(-12, 9), seed=st.integers(0, 2**32))
def test_a_linear_layer_at_any_scale(scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, weights = rng.standard_normal(6), rng.uniform(0.5, 2, 5)
    matrix = 10**scale * A
    found = sweep(function(lambda a: matrix @ a, x, weights), range(6), [0])
    truth = weights @ matrix
    assert (np.abs(found.values - truth) <= found.allowances).all()
    assert (found.allowances <= 1e-7 * np.abs(matrix).max()).all()


def test_an_entry_alone_and_among_others_is_the_same() -> None:
    one = function(lambda a: np.exp(A @ a), np.linspace(-1, 1, 6))
    all_of_them = sweep(one, range(6), [2])
    some = sweep(one, [4, 1], [2])
    assert some.values.tolist() == all_of_them.values[[4, 1]].tolist()
    assert some.allowances.tolist() == all_of_them.allowances[[4, 1]].tolist()
    assert once(one, 4, some.ratio, some.truncation) == (some.values[0], some.allowances[0])


def test_two_evaluations_an_entry_and_a_few_for_the_pilot() -> None:
    calls: list[None] = []
    x = np.ones(50)
    base = flat_output(np.sin(x))
    one = Function(
        lambda: calls.append(None) or flat_output(np.sin(x)), x, np.ones(50), base, np.full(50, 1e-16), 2.0**-53
    )
    sweep(one, range(50), [7])
    assert len(calls) == 2 * 50 + 2 * len(RUNGS)
    assert x.tolist() == [1.0] * 50


def test_a_single_precision_function_is_taken_at_larger_steps() -> None:
    x = np.linspace(0.5, 1.5, 6)
    double = calibrate(function(np.exp, x), [3])[0]
    single = calibrate(function(lambda a: np.exp(a.astype(np.float32)), x), [3])[0]
    assert single in RUNGS_SINGLE
    assert double in RUNGS
    assert double < single / 10


def test_where_roundoff_is_small_the_step_is_too() -> None:
    x = np.linspace(0.5, 1.5, 6)
    assert calibrate(function(lambda a: a**2, x), [0])[0] < calibrate(function(lambda a: a**2 + 1e6, x), [0])[0]


def test_the_slowest_pilot_does_not_decide_for_the_fastest() -> None:
    x = np.array([1.0, 1.0])
    one = function(lambda a: np.array([np.sin(300 * a[0]), a[1]]), x)
    slow, fast = calibrate(one, [1])[0], calibrate(one, [0])[0]
    assert calibrate(one, [0, 1])[0] == min(slow, fast)


def test_no_pilots_and_no_entries() -> None:
    found = sweep(function(np.sin, np.zeros(0)), [], [])
    assert found.values.shape == found.allowances.shape == (0,)
    assert np.isfinite(found.ratio)


def test_outside_the_domain_nothing_is_claimed() -> None:
    with np.errstate(all="ignore"):
        one = function(lambda a: np.log(a), np.array([1e-9, 1.0]))
        value, allowance = once(one, 0, 1.0, 0.0)
    assert not np.isfinite(value) or not np.isfinite(allowance)
