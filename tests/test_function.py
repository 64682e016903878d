"""Function: one entry moved at a time, restored to the bit, with the step as it came out in floating point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from checks.function import Along, Function, flat_output, line_scale, typical_size

FINITE = st.floats(-1e300, 1e300)
SIZES = st.floats(1e-100, 1e100)


def function(
    f: Callable[[Any], Any], x: Any, weights: Any = None, noise: float = 0.0, unit: float = 2.0**-53
) -> Function:
    base = flat_output(f(x))
    weights = np.ones(base.shape) if weights is None else np.asarray(weights, dtype=base.dtype)
    return Function(lambda: flat_output(f(x)), x, weights, base, np.full(base.shape, noise), unit)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, [3.0]),
        (np.float32(0.5), [0.5]),
        ([[1, 2], [3, 4]], [1.0, 2.0, 3.0, 4.0]),
        (np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]), [1.0, 2.0, 3.0, 4.0]),
        (np.array([True, False]), [1.0, 0.0]),
        (np.arange(6.0)[::2], [0.0, 2.0, 4.0]),
        (np.zeros((0, 3)), []),
    ],
)
def test_an_output_becomes_a_flat_float64_vector(value: Any, expected: list[float]) -> None:
    result = flat_output(value)
    assert result.dtype == np.float64
    assert result.tolist() == expected


def test_an_output_is_copied() -> None:
    buffer = np.ones(3)
    kept = flat_output(buffer)
    buffer[:] = 2
    assert kept.tolist() == [1, 1, 1]


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize <= 8, reason="longdouble is float64 here")
def test_a_longdouble_output_keeps_its_width() -> None:
    assert flat_output(np.longdouble(1)).dtype == np.longdouble


@given(
    x=arrays(np.float64, array_shapes(min_dims=0, max_dims=3, max_side=3), elements=FINITE),
    step=SIZES,
    data=st.data(),
)
def test_every_bit_comes_back(x: np.ndarray, step: float, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, x.size - 1))
    before = x.tobytes()
    seen: list[float] = []

    def f(array: np.ndarray) -> np.ndarray:
        seen.append(float(array.flat[index]))
        return np.array(array)

    one = function(f, x)
    plus, minus, width = one.pair(index, step)
    assert x.tobytes() == before
    saved = float(x.flat[index])
    assert seen == [saved, saved + step, saved - step]
    assert width == (saved + step) - (saved - step)
    assert (plus[index], minus[index]) == (saved + step, saved - step)


@pytest.mark.parametrize("fails_at", [2, 3])
def test_every_bit_comes_back_after_an_exception(fails_at: int) -> None:
    x = np.array([0.1, -0.0, 5e-324, np.pi])
    before, calls = x.tobytes(), []

    def f(array: np.ndarray) -> np.ndarray:
        calls.append(None)
        if len(calls) == fails_at:
            raise ZeroDivisionError
        return array

    one = function(f, x)
    with pytest.raises(ZeroDivisionError):
        one.pair(3, 1e-3)
    assert x.tobytes() == before


def test_the_step_is_the_one_that_was_taken() -> None:
    x = np.array([1e8], dtype=np.float32)
    slope, _, _ = function(lambda a: 3 * a.astype(float), x).slope(0, 5.0)
    assert slope == 3.0  # 1e8 + 5 is 1e8 + 8 in float32


@given(
    slopes=arrays(np.float64, (3, 2), elements=st.integers(-8, 8)),
    weights=arrays(np.float64, 3, elements=st.integers(-8, 8)),
    k=st.integers(0, 1),
)
def test_a_linear_function_is_contracted_with_the_upstream(slopes: Any, weights: Any, k: int) -> None:
    one = function(lambda x: slopes @ x, np.array([0.5, -1.25]), weights)
    assert one.slope(k, 2.0**-8)[0] == weights @ slopes[:, k]


def test_outputs_that_do_not_depend_on_the_entry_cancel_exactly() -> None:
    one = function(lambda x: np.array([1e15 + x[1] / 3, x[0]]), np.array([0.25, 0.7]))
    assert one.slope(0, 2.0**-20)[0] == 1.0


def test_the_noise_is_of_all_outputs_and_of_the_argument() -> None:
    one = function(lambda x: np.array([3 * x[0], x[1]]), np.array([2.0, 1.0]), [1.0, 2.0], noise=1e-10, unit=1e-3)
    _, noise, roundoff = one.slope(0, 0.25)
    assert noise == pytest.approx(np.sqrt(5) * 1e-10 + 1e-3 * 2 * 3, rel=1e-12)
    assert roundoff == pytest.approx(4 * 2.0**-53 * 3, rel=1e-12)


def test_a_slope_outside_the_domain_is_not_finite() -> None:
    with np.errstate(all="ignore"):
        assert not np.isfinite(function(np.log, np.array([0.5])).slope(0, 1.0)[0])


@pytest.mark.parametrize(("unit", "single"), [(2.0**-53, False), (2.0**-64, False), (2.0**-24, True), (2.0**-11, True)])
def test_single_precision_is_told_by_the_unit_roundoff(unit: float, single: bool) -> None:
    assert function(np.sin, np.array([1.0]), unit=unit).single is single


@given(x=arrays(np.float64, st.integers(1, 6), elements=st.floats(-1e3, 1e3)), exponent=st.integers(-300, 290))
def test_the_typical_size_scales_with_the_array(x: np.ndarray, exponent: int) -> None:
    x = np.where(np.abs(x) < 1e-3, 0.0, x)
    scaled = np.ldexp(x, exponent)
    if x.any():
        nonzero = x[x != 0]
        assert typical_size(x) == pytest.approx(np.sqrt(np.mean(nonzero**2)), rel=1e-12)
        assert typical_size(scaled) == pytest.approx(np.ldexp(typical_size(x), exponent), rel=1e-12)
    else:
        assert typical_size(scaled) == 1.0


@pytest.mark.parametrize(
    ("array", "size"),
    [([], 1.0), ([0.0, 0.0], 1.0), ([0.0, 3.0], 3.0), ([np.nan, np.inf, 2.0], 2.0), (-4.0, 4.0), ([1.0, 7.0], 5.0)],
)
def test_typical_sizes(array: Any, size: float) -> None:
    assert typical_size(np.array(array)) == pytest.approx(size, rel=1e-15)


@given(x=arrays(np.float64, st.integers(1, 6), elements=st.floats(-1e150, 1e150)))
def test_a_line_is_as_long_as_the_entry_or_the_typical_one(x: np.ndarray) -> None:
    scale = line_scale(x)
    assert (scale >= np.abs(x)).all()
    assert (scale > 0).all()
    assert set(scale.tolist()) <= {*np.abs(x).tolist(), typical_size(x)}


def test_along_a_direction_all_entries_move_at_once_and_come_back() -> None:
    x = np.array([[0.5, -1.0], [3.0, 0.25]])
    kept = x.copy()
    own = function(lambda x: np.sum(x**3), x)
    lengths = own.scale[:3] * np.array([1.0, -1.0, 1.0])
    for where in (np.array([0, 1, 2]), slice(0, 3)):
        along = Along(own, where, lengths)
        plus, minus, width = along.pair(0, 1e-5)
        slope = float(np.sum(plus - minus)) / width
        assert slope == pytest.approx(float(np.sum(3 * kept.reshape(-1)[:3] ** 2 * lengths)), rel=1e-8)
        assert np.array_equal(x, kept)


def test_along_a_direction_the_entries_come_back_after_an_exception() -> None:
    x = np.array([1.0, 2.0])
    own = function(np.sum, x)

    def fails() -> np.ndarray:
        raise KeyError

    own.evaluate = fails
    with pytest.raises(KeyError):
        Along(own, np.array([0, 1]), np.ones(2)).pair(0, 0.5)
    assert x.tolist() == [1.0, 2.0]
