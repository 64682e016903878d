"""One entry's derivative: extrapolated, accepted only where other ladders agree, with kinks told apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.function import Function, flat_output
from checks.ladder import Derivative, Line, differentiate, extrapolate, one_sided
from checks.noise import measure_noise


def function(f: Callable[[Any], Any], x: Any, weights: Any = None) -> Function:
    x = np.asarray(x)
    with np.errstate(all="ignore"):
        output = np.asarray(f(x))
        base = flat_output(output)
        noise = measure_noise(lambda: flat_output(f(x)), [x], base, output.dtype)
    weights = np.ones(base.shape) if weights is None else np.asarray(weights, dtype=float)
    unit = max(noise.unit_roundoff, float(np.finfo(x.dtype).eps) / 2)
    return Function(lambda: flat_output(f(x)), x, weights, base, noise.deviation, unit)


def derivative(f: Callable[[Any], Any], x: Any, index: int = 0, weights: Any = None) -> Derivative:
    with np.errstate(all="ignore"):
        return differentiate(function(f, np.array(x, dtype=float), weights), index)


@given(
    coefficients=st.lists(st.integers(-9, 9), min_size=1, max_size=6),
    x=st.floats(-3, 3).filter(lambda x: abs(x) > 1e-3),
)
def test_a_polynomial(coefficients: list[int], x: float) -> None:
    found = derivative(lambda a: np.polyval(coefficients, a), x)
    truth = float(np.polyval(np.polyder(np.poly1d(coefficients)), x)) if len(coefficients) > 1 else 0.0
    assert not found.kink
    assert found.cause is None
    assert abs(found.value - truth) <= found.allowance + 1e-15 * sum(map(abs, coefficients)) * 3.0**5


@pytest.mark.parametrize("frequency", [0.1, 1.0, 30.0, 300.0, 1e4, 1e5])
def test_fast_functions_get_short_ladders(frequency: float) -> None:
    for x in np.random.default_rng(0).uniform(-1, 1, 12):
        found = derivative(lambda a: np.sin(frequency * a), x)
        truth = frequency * np.cos(frequency * x)
        assert abs(found.value - truth) <= found.allowance <= 1e-5 * frequency
        assert found.step <= 20 / frequency


@pytest.mark.parametrize("width", [1e-6, 1e-4, 1e-2, 1.0, 10.0, 1e3])
def test_steep_and_flat_steps(width: float) -> None:
    for x in width * np.array([-2.5, -0.7, -1e-3, 0.3, 1.1, 3.0]):
        found = derivative(lambda a: np.tanh(a / width), x)
        truth = (1 - np.tanh(x / width) ** 2) / width
        assert abs(found.value - truth) <= found.allowance <= 1e-5 / width
        assert not found.kink


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e9])
def test_the_size_of_the_function_changes_nothing(scale: float) -> None:
    for x in (-1.3, 0.2, 0.7):
        plain, scaled = derivative(np.exp, x), derivative(lambda a: scale * np.exp(a), x)
        assert abs(scaled.value - scale * np.exp(x)) <= scaled.allowance
        assert scaled.allowance == pytest.approx(scale * plain.allowance, rel=9)


KINKS: dict[str, tuple[Callable[[Any], Any], float, float, float]] = {
    "relu": (lambda a: np.maximum(a, 0), 0.0, 0.0, 1.0),
    "relu elsewhere": (lambda a: np.maximum(a - 0.3, 0), 0.3, 0.0, 1.0),
    "abs": (np.abs, 0.0, -1.0, 1.0),
    "leaky": (lambda a: np.where(a > 0, a, 0.01 * a), 0.0, 0.01, 1.0),
    "clip": (lambda a: np.clip(a, -2, 2), 2.0, 0.0, 1.0),
    "curved sides": (lambda a: np.where(a > 1, np.exp(a - 1), 2 - a), 1.0, -1.0, 1.0),
    "steep": (lambda a: 1e6 * np.maximum(a, 0), 0.0, 0.0, 1e6),
    "shallow": (lambda a: 1e-9 * np.abs(a), 0.0, -1e-9, 1e-9),
}


@pytest.mark.parametrize("name", KINKS)
def test_a_kink_at_x_is_the_interval_of_its_slopes(name: str) -> None:
    f, x, low, high = KINKS[name]
    found = derivative(f, x)
    assert found.kink
    assert found.lower - found.edge <= low <= found.lower + found.edge
    assert found.upper - found.edge <= high <= found.upper + found.edge
    assert found.edge < 1e-3 * (high - low)
    assert found.value == pytest.approx((low + high) / 2, rel=1e-4, abs=1e-4 * (high - low))


@pytest.mark.parametrize(
    ("sides", "distance"),
    [
        *(((left, right), d) for left, right in ((-1, 1), (2, 1), (0.1, 1)) for d in (1e-1, 1e-3, 1e-5, 1e-7)),
        *(((left, right), d) for left, right in ((0, 1), (1, 0)) for d in (1e-1, 1e-2, 1e-3)),
    ],
)
def test_a_kink_nearby_is_left_behind(sides: tuple[float, float], distance: float) -> None:
    left, right = sides
    for x, truth in ((1 + distance, right), (1 - distance, left)):
        found = derivative(lambda a: 1 + np.where(a > 1, right, left) * (a - 1), x)
        assert not found.kink
        assert abs(found.value - truth) <= found.allowance <= 1e-6


def test_only_the_output_that_the_kink_touches_is_widened() -> None:
    found = derivative(lambda a: np.array([np.maximum(a[0], 0), 5 * a[0], np.sin(a[0])]), [0.0], weights=[2, 3, 1])
    assert found.kink
    assert (found.lower, found.upper) == pytest.approx((16, 18), abs=1e-5)


def test_an_upstream_of_either_sign_keeps_the_interval_in_order() -> None:
    found = derivative(lambda a: np.maximum(a, 0), [0.0], weights=[-2.0])
    assert (found.lower, found.upper) == pytest.approx((-2, 0), abs=1e-6)


def test_one_sided_derivatives_of_a_smooth_function_meet() -> None:
    with np.errstate(all="ignore"):
        found = one_sided(Line(function(np.sin, np.array([0.4])), 0), 1e-5)
    assert found.upper == found.lower == found.value
    assert abs(found.value - np.cos(0.4)) <= found.edge


def test_near_the_end_of_the_domain_the_ladder_is_short() -> None:
    found = derivative(lambda a: np.log(a - 1), 1 + 1e-4)
    assert abs(found.value - 1e4) <= 1e4 * 1e-12 + found.allowance
    assert found.allowance < 1e-2


def test_at_the_end_of_the_domain_nothing_is_claimed() -> None:
    found = derivative(np.sqrt, 0.0)
    assert found.cause == "domain"
    assert found.allowance == np.inf


def test_noise_that_hides_the_slope_shows_in_the_allowance() -> None:
    found = derivative(lambda a: 1e12 + np.sin(a), 0.3)
    assert abs(found.value - np.cos(0.3)) <= found.allowance
    assert found.allowance > 1e-5


@pytest.mark.parametrize("offset", [-10.0, -20.0, -30.0])
def test_the_rounding_of_a_saturated_output_widens_the_allowance(offset: float) -> None:
    found = derivative(lambda a: np.log(1 + np.exp(a)), offset)
    assert abs(found.value - np.exp(offset)) <= found.allowance + np.exp(2 * offset)


@pytest.mark.parametrize("size", [1e-16, 3e-16, 1e-15])
def test_long_steps_past_all_of_a_small_change_do_not_tell_that_there_is_none(size: float) -> None:
    for x in (0.3, 1.2, 1.81):
        found = derivative(lambda a: 0.25 + size * np.tanh(a), x)
        truth = size * (1 - np.tanh(x) ** 2)
        assert abs(found.value - truth) <= found.allowance


def test_far_away_only_the_outputs_that_depend_are_counted() -> None:
    found = derivative(lambda a: np.array([1e9 + 0 * a[1], a[0]]), [0.3, 0.4])
    assert abs(found.value - 1) <= found.allowance < 1e-12


def test_a_function_that_raises_far_away() -> None:
    def picky(a: Any) -> Any:
        if abs(a[0]) > 100:
            raise ValueError
        return np.sin(a)

    found = derivative(picky, [0.3])
    assert abs(found.value - np.cos(0.3)) <= found.allowance < 1e-10


def test_rungs_are_evaluated_once() -> None:
    calls: list[None] = []
    x = np.array([0.3])
    one = Function(lambda: calls.append(None) or np.sin(x), x, np.ones(1), np.sin(x), np.full(1, 1e-17), 2.0**-53)
    line = Line(one, 0)
    spent = len(calls)
    first = line.ladder(0.5)
    assert line.ladder(0.5) == first
    assert len(calls) == spent + 16
    line.ladder(0.25)
    assert len(calls) == spent + 18


def test_a_ladder_of_nothing_or_of_one_rung() -> None:
    line = Line(function(np.sin, np.array([0.3])), 0)
    assert extrapolate([])[1] == np.inf
    value, allowance = extrapolate([line.rung(0.01)])
    assert (value, allowance) == (line.rung(0.01).slope, np.inf)


def test_extrapolation_beats_its_rungs() -> None:
    line = Line(function(np.exp, np.array([0.3])), 0)
    value, allowance = line.ladder(1.0)
    truth = np.exp(0.3)
    assert abs(value - truth) <= allowance < 1e-11
    assert abs(line.rung(1 / 8).slope - truth) > 1e-3


def test_a_step_too_small_to_be_taken_is_no_rung() -> None:
    rung = Line(function(np.sin, np.array([1.0])), 0).rung(1e-30)
    assert not rung.finite
