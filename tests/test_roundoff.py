"""The round-off of a gradient: measured beside the point, in a wider dtype, and by what its values betray."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from checks.roundoff import REPEATS, effective_unit, gradient_roundoff, nudged

DOUBLE, SINGLE, HALF = 2.0**-53, 2.0**-24, 2.0**-11


def roundoff(
    gradient: Callable[[Any], Any], x: Any, unit: float = DOUBLE, wider: Any = None, movable: tuple[str, ...] = ("x",)
) -> Any:
    return gradient_roundoff(
        {"x": gradient(x)},
        {"x": x},
        movable,
        lambda moved: {"x": gradient(moved["x"])},
        {"x": unit},
        7,
        {} if wider is None else {"x": wider},
    )["x"]


@given(
    x=arrays(
        np.float64, st.integers(1, 30), elements=st.floats(-1e100, 1e100).filter(lambda v: v == 0 or abs(v) > 1e-290)
    ),
    salt=st.integers(0, 2**32),
)
def test_a_nudge_is_a_few_units(x: np.ndarray, salt: int) -> None:
    before = x.tobytes()
    moved = nudged(x, salt)
    assert x.tobytes() == before
    assert (moved == nudged(x, salt)).all()
    off = np.abs(moved - x)
    assert (off <= 7 * DOUBLE * np.abs(x)).all()
    assert (off[x != 0] > 0).all()
    assert (moved[x == 0] == 0).all()
    assert (nudged(-x, salt) == -moved).all()


def test_equal_values_move_alike_and_others_both_ways() -> None:
    x = np.repeat(np.random.default_rng(0).standard_normal(50), 2)
    for salt in range(3):
        moved = nudged(x, salt)
        assert (moved[::2] == moved[1::2]).all()
        assert {*np.sign(np.abs(moved) - np.abs(x))} == {-1, 1}
    assert (nudged(x, 0) != nudged(x, 2**40)).any()


@pytest.mark.parametrize("dtype", ["float32", "float64", "longdouble"])
def test_a_nudge_keeps_dtype_and_layout(dtype: str) -> None:
    x = np.asfortranarray(np.random.default_rng(0).standard_normal((3, 4)).astype(dtype))
    moved = nudged(x, 1)
    assert moved.dtype == x.dtype
    assert moved.flags.f_contiguous
    assert (moved != x).all()


def test_a_constant_gradient_has_the_roundoff_of_its_size() -> None:
    found = roundoff(lambda x: np.array([1.0, -8.0, 0.5]), np.ones(3))
    assert found == pytest.approx(4 * DOUBLE * 8, rel=1e-12)
    assert roundoff(lambda x: np.zeros(3), np.ones(3)) == pytest.approx(4 * 2.0**-1022)
    assert roundoff(lambda x: np.zeros(3), np.ones(3), unit=SINGLE) == pytest.approx(4 * 2.0**-126)


def test_what_cancels_inside_shows_beside_the_point() -> None:
    x = np.array([1.0, 2.0, 3.5]) + 1e6
    found = roundoff(lambda x: x - x.mean(), x)
    assert (found > 1e-10).all()
    assert (found < 1e-7).all()


def test_the_spread_of_one_entry_is_shared_by_its_root_mean_square() -> None:
    found = roundoff(lambda x: np.array([x[0] * 1e8 - 1e8, 0.5, 0.5, 0.5]), np.array([1.0, 0, 0, 0]))
    assert found[0] > found[1] > 1e-9
    assert found[0] / found[1] == pytest.approx(2, rel=1e-3)


@given(scale=st.integers(-200, 200), seed=st.integers(0, 2**32))
def test_the_roundoff_scales_with_the_gradient(scale: int, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal(5)
    plain = roundoff(np.tanh, x)
    scaled = roundoff(lambda x: np.ldexp(np.tanh(x), scale), x)
    assert scaled == pytest.approx(np.ldexp(plain, scale), rel=1e-12)


def test_what_a_wider_dtype_says_otherwise_is_roundoff() -> None:
    x = np.ones(2)
    assert roundoff(lambda x: np.array([1.0, 1.0]), x, wider=np.array([1.0, 1.0 + 1e-6]))[1] >= 4e-6


def test_three_backwards_on_moved_arrays() -> None:
    seen: list[Any] = []
    x, t = np.linspace(0.1, 1, 8), np.ones(3)

    def again(arrays: Any) -> Any:
        seen.append(arrays)
        return {"x": arrays["x"], "other": np.ones(1), "late": np.ones(2)}

    gradient_roundoff({"x": x}, {"x": x, "t": t}, ("x",), again, {"x": DOUBLE}, 0, {})
    assert len(seen) == REPEATS == 3
    assert all(arrays["t"] is t for arrays in seen)
    assert all((arrays["x"] != x).all() for arrays in seen)


def test_a_gradient_of_another_shape_or_without_a_number_beside_the_point_is_no_spread() -> None:
    base = 4 * DOUBLE + 4 * 2.0**-1022
    x = np.ones(2)
    for other in (np.ones(3), np.array([np.nan, np.inf])):
        found = gradient_roundoff({"x": x}, {"x": x}, ("x",), lambda moved, o=other: {"x": o}, {"x": DOUBLE}, 0, {})
        assert found["x"] == pytest.approx(base)


def test_entries_without_a_number_do_not_count() -> None:
    with np.errstate(invalid="ignore"):
        found = roundoff(lambda x: np.array([np.nan, np.inf, 2.0]), np.ones(3))
    assert found == pytest.approx(8 * DOUBLE)
    assert roundoff(lambda x: np.zeros((0, 3)), np.zeros((0, 3))).shape == (0, 3)


NUMBERS = np.random.default_rng(0).standard_normal(6)


@pytest.mark.parametrize(
    ("gradient", "dtype", "unit"),
    [
        (NUMBERS, "float64", DOUBLE),
        (NUMBERS.astype(np.float32), "float64", SINGLE),
        (NUMBERS.astype(np.float32).astype(float), "float64", SINGLE),
        (NUMBERS, "float32", SINGLE),
        (NUMBERS.astype(np.float16), "float64", HALF),
        (NUMBERS.astype(np.float16), "float32", HALF),
        (np.array([1.0, 2.0, -3.0, 0.5]), "float64", DOUBLE),  # whole numbers and short fractions say nothing
        (np.array([1.0, 0.25, NUMBERS.astype(np.float32)[0]]), "float64", DOUBLE),  # one alone is a chance
        (np.array([1, 2, 3]), "float64", DOUBLE),
        (np.array([True, False]), "float64", DOUBLE),
        (np.zeros(3), "float64", DOUBLE),
        (np.zeros(0), "float64", DOUBLE),
        (np.array([np.nan, np.inf]), "float64", DOUBLE),
        (np.array([np.nan, *NUMBERS.astype(np.float32)], dtype=float), "float64", SINGLE),
        (1e300 * NUMBERS, "float64", DOUBLE),
    ],
)
def test_the_precision_that_a_gradient_was_computed_in(gradient: np.ndarray, dtype: str, unit: float) -> None:
    assert effective_unit(gradient, np.dtype(dtype)) == unit
