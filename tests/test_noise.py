"""The round-off of a function and the precision it computes in, found from the outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.function import flat_output
from checks.noise import SINGLE, Noise, hidden_noise, measure_noise, noise_inside, rounded_inside, table_noise

DOUBLE = 2.0**-53
Layer = Callable[[Any], Any]


def draw(seed: int = 0, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape or (3, 4))


W = draw(1, 4, 2)


def noise_of(f: Layer, x: np.ndarray, seed: int = 0) -> Noise:
    with np.errstate(all="ignore"):
        output = np.asarray(f(x))
        return measure_noise(lambda: flat_output(f(x)), [x], flat_output(output), output.dtype, seed)


def single(x: Any) -> Any:
    return np.asarray(x, dtype=np.float32)


HIDDEN: dict[str, Layer] = {
    "cast inside": lambda x: np.exp(single(x)).astype(float),
    "cast of the output": lambda x: single(np.exp(x)),
    "cast of the input": lambda x: 1.1 * single(x).astype(float) ** 2,
    "cast between, widened after": lambda x: np.pi * single(np.exp(x)).astype(float) + 0.1,
    "matrix product in single": lambda x: (single(x) @ single(W)).astype(float) + 0.1,
    "mean of widened values": lambda x: np.mean(np.exp(single(x)).astype(float)),
    "relu after a cast": lambda x: np.maximum(np.pi * single(x).astype(float), 0),
}
OPEN: dict[str, Layer] = {
    "identity": lambda x: np.array(x),
    "double": lambda x: 2 * x,
    "exp": np.exp,
    "matrix product": lambda x: x @ W,
    "sum": np.sum,
    "relu": lambda x: np.maximum(x, 0),
    "dead relu": lambda x: np.maximum(x - 9, 0),
    "relu with dead units": lambda x: np.maximum(x * [1, -1, 0, 1], 0),
    "saturated sigmoid": lambda x: 1 / (1 + np.exp(-x - 40)),
    "saturated tanh": lambda x: np.tanh(30 * x),
    "saturated softmax": lambda x: np.exp(x - 50) / (1 + np.exp(x - 50)),
    "constant": lambda x: np.full(3, 0.1),
    "step": lambda x: np.sign(x),
    "integers": lambda x: (x > 0).astype(int),
    "large offset": lambda x: 1e6 + np.tanh(x),
    "log of 1 + tiny": lambda x: np.log(1 + 1e-12 * np.exp(x)),
    "sin(1e5 x)": lambda x: np.sin(1e5 * x),
}
POINTS: dict[str, np.ndarray] = {
    "ordinary": draw(),
    "dyadic": np.round(draw() * 8) / 8 + 0.0625,
    "halves": np.full((3, 4), 0.5),
    "float32 numbers": single(draw()).astype(float),
    "one sample": draw(2, 1, 4),
}


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_single_precision_is_found(name: str, point: str) -> None:
    noise = noise_of(HIDDEN[name], np.array(POINTS[point]))
    assert noise.unit_roundoff == SINGLE
    assert noise.single


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("name", OPEN)
def test_double_precision_is_not_mistaken(name: str, point: str) -> None:
    noise = noise_of(OPEN[name], np.array(POINTS[point]))
    assert noise.unit_roundoff == DOUBLE
    assert not noise.single


@given(x=st.lists(st.integers(-64, 64), min_size=1, max_size=6), seed=st.integers(0, 2**32))
def test_short_binary_fractions_are_no_single_precision(x: list[int], seed: int) -> None:
    array = np.array(x) / 16
    assert not noise_of(lambda a: a * a, array, seed).single
    assert not noise_of(lambda a: np.maximum(a, 0), array, seed).single


@pytest.mark.parametrize(
    ("dtype", "unit"),
    [("float16", 2.0**-11), ("float32", 2.0**-24), ("float64", DOUBLE), ("int64", DOUBLE), ("bool", DOUBLE)],
)
def test_the_unit_roundoff_is_at_least_that_of_the_outputs_dtype(dtype: str, unit: float) -> None:
    assert noise_of(lambda x: np.tanh(x).astype(dtype), draw()).unit_roundoff == unit


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e9])
@pytest.mark.parametrize("name", ["exp", "matrix product", "sum", "relu"])
def test_the_noise_scales_with_the_function(name: str, scale: float) -> None:
    f, x = OPEN[name], draw()
    plain, scaled = noise_of(f, x), noise_of(lambda a: scale * f(a), x)
    assert scaled.unit_roundoff == DOUBLE
    ratio = scaled.deviation[plain.deviation > 0] / (scale * plain.deviation[plain.deviation > 0])
    assert (ratio > 0.1).all()
    assert (ratio < 10).all()


@pytest.mark.parametrize("frequency", [1.0, 300.0, 1e5])
def test_the_noise_of_a_fast_function_is_that_of_its_argument(frequency: float) -> None:
    x = np.random.default_rng(3).uniform(0.5, 1, 200)
    deviation = noise_of(lambda a: np.sin(frequency * a), x).deviation
    # frequency * x is rounded to a grid of u |frequency x|, whose standard deviation is about 0.4 of that.
    expected = DOUBLE * frequency * np.sqrt(np.mean(x**2 * np.cos(frequency * x) ** 2))
    assert expected / 10 < np.sqrt(np.mean(deviation**2)) < 10 * expected


def test_the_noise_of_a_large_offset_is_that_of_the_offset() -> None:
    deviation = noise_of(OPEN["large offset"], draw()).deviation
    assert (deviation >= DOUBLE * 1e6 * (1 - 1e-6)).all()
    assert (deviation < 4e-10).all()


@pytest.mark.parametrize("name", [*HIDDEN, *OPEN])
def test_the_noise_is_never_below_the_unit_roundoff_of_the_output(name: str) -> None:
    f, x = {**HIDDEN, **OPEN}[name], draw()
    noise = noise_of(f, x)
    assert (noise.deviation >= noise.unit_roundoff * np.abs(flat_output(f(x)))).all()


def test_a_staircase_of_double_precision_shows_in_the_noise() -> None:
    # 1 + 1e-12 e^x is rounded to a grid of 2^-52, which the size of the logarithm does not tell.
    deviation = noise_of(OPEN["log of 1 + tiny"], draw()).deviation
    assert (deviation < 2.0**-52).all()
    assert np.median(deviation) > 2.0**-56


@given(seed=st.integers(0, 2**32), dtype=st.sampled_from(["float32", "float64"]))
def test_the_arrays_come_back_bit_for_bit(seed: int, dtype: str) -> None:
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal((2, 3)).astype(dtype), np.asfortranarray(rng.standard_normal((3, 2)).astype(dtype))]
    saved = [array.copy() for array in arrays]
    base = flat_output(arrays[0] @ arrays[1])
    measure_noise(lambda: flat_output(arrays[0] @ arrays[1]), arrays, base, np.dtype(dtype), seed)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(arrays, saved, strict=True))


def test_the_arrays_come_back_after_an_exception() -> None:
    x = draw()
    saved = x.tobytes()

    def fails() -> Any:
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        measure_noise(fails, [x], flat_output(x), np.dtype(float))
    assert x.tobytes() == saved


def test_a_zero_stays_a_zero() -> None:
    x = np.array([0.0, 1.0, -2.0, 0.0])
    seen: list[np.ndarray] = []
    measure_noise(lambda: seen.append(x.copy()) or flat_output(x), [x], flat_output(x), np.dtype(float))
    assert len(seen) == 8
    assert all((a[[0, 3]] == 0).all() for a in seen)
    assert all((np.sign(a) == np.sign(x)).all() for a in seen)


def test_a_function_that_is_not_finite_around_has_the_noise_of_its_value() -> None:
    noise = noise_of(lambda x: np.where(x > 1.5, np.log(x - 1.5), 1.0), np.array([1.0, 1.5 + 1e-15]))
    assert np.isfinite(noise.deviation).all()


@given(degree=st.integers(0, 2), seed=st.integers(0, 2**32))
def test_what_is_smooth_vanishes_in_the_high_differences(degree: int, seed: int) -> None:
    coefficients = np.random.default_rng(seed).integers(-9, 9, degree + 1)
    table = np.polyval(coefficients, np.arange(7.0))[:, None]
    assert table_noise(table).tolist() == [0.0]


def test_the_standard_deviation_of_white_noise_is_found() -> None:
    rng = np.random.default_rng(0)
    sizes = np.array([1e-12, 1.0, 1e6])
    table = rng.standard_normal((7, 500, 3)) * sizes
    found = table_noise(table.reshape(7, -1)).reshape(500, 3)
    assert np.median(found / sizes) == pytest.approx(1, abs=0.3)
    assert (found / sizes > 0.1).mean() > 0.99
    assert (found / sizes < 4).all()


def test_a_column_that_is_not_finite_has_no_noise_of_its_own() -> None:
    table = np.ones((7, 2))
    table[3, 0] = np.nan
    assert table_noise(table).tolist() == [0.0, 0.0]


def along(function: Layer, x: np.ndarray) -> tuple[Callable[[], np.ndarray], np.ndarray, np.ndarray]:
    """(evaluate, the array that it reads, the output there)."""
    own = x.copy()
    return lambda: flat_output(function(own)), own, flat_output(function(own))


X0 = np.random.default_rng(0).uniform(0.2, 0.8, (3, 4))
INSIDE: dict[str, Layer] = {
    "the input is cast": lambda x: np.tanh(x.astype("f") @ W),
    "the hidden values are cast": lambda x: np.tanh(x @ W).astype(np.float32) @ W.T,
    "a scalar of all": lambda x: np.sum(np.log(3 + np.float32(x) @ W)),
    "smooth elsewhere": lambda x: np.sin(3 * x.astype(np.float32).astype(float)) * np.pi,
}
NOT_INSIDE: dict[str, Layer] = {
    "smooth": lambda x: np.tanh(x @ W),
    "a kink at the point": lambda x: np.maximum(x @ W, X0 @ W),
    "a kink that the small step does not reach": lambda x: np.maximum(x @ W, X0 @ W + 1e-8),
    "a wave": lambda x: x @ W + 1e-3 * np.sin(2.0**22 * x.sum()),
    "steps": lambda x: np.floor(64 * x) @ W + x @ W,
    "it plays no part": lambda x: np.zeros(5) + 0 * x.sum(),
}


@pytest.mark.parametrize("name", INSIDE)
def test_single_precision_inside_is_found_along_the_array_that_goes_through_it(name: str) -> None:
    evaluate, x, base = along(INSIDE[name], X0)
    assert rounded_inside(evaluate, x, base)
    assert 1e-10 < np.max(noise_inside(evaluate, x, base)) < 1e-5


@pytest.mark.parametrize("name", NOT_INSIDE)
def test_kinks_waves_and_steps_are_no_single_precision(name: str) -> None:
    evaluate, x, base = along(NOT_INSIDE[name], X0)
    assert not rounded_inside(evaluate, x, base)


@pytest.mark.parametrize("off", [1e-9, 3e-7, 1e-5])
def test_a_unit_that_is_just_off_adds_no_noise(off: float) -> None:
    x = np.array([0.13, 0.5, -0.2])
    noise = noise_of(lambda x: np.maximum(x - np.array([0.13, 0.5, -0.2]) - off, 0.0) + np.array([3.0, 2.0, 1.0]), x)
    assert np.all(noise.deviation <= 1e-14)
    assert not noise.single


@pytest.mark.parametrize("off", [1e-7, 1e-6, 1e-5, 1e-4, 2e-4, 3e-4, 1e-3])
@pytest.mark.parametrize("seed", range(5))
def test_a_kink_at_the_end_of_the_widest_table_adds_no_noise(off: float, seed: int) -> None:
    x = np.array([1.8, -2.3, 0.25, 7.0])
    noise = noise_of(lambda a: np.maximum(a, x * (1 + np.sign(x) * off)), x, seed)
    assert np.all(noise.deviation <= 1e-14)


HIDDEN_PARTS: dict[str, Layer] = {
    "exp near one": lambda x: np.log(np.exp(x)) - x,
    "one added and taken away": lambda x: (1 + x) - 1 - 2 * x,
    "a root near one": lambda x: np.sqrt(1 + x) - x,
}
NOTHING_HIDDEN: dict[str, Layer] = {
    "smooth": lambda x: 3e-8 * np.tanh(1e8 * x),
    "a kink beside it": lambda x: np.maximum(x, 1.1e-8) + 2 * x,
    "a wave": lambda x: np.sin(1e5 * x) / 1e5 + x,
    "numbers of any size": lambda x: x * x,
}


@pytest.mark.parametrize("name", HIDDEN_PARTS)
def test_a_part_that_stands_still_beside_one_that_moves_is_as_noisy_as_numbers_near_one(name: str) -> None:
    evaluate, x, base = along(HIDDEN_PARTS[name], np.array([1.57e-8, -3.1e-8, 2.2e-8]))
    found = hidden_noise(evaluate, x, base)
    assert np.all(found > 2e-17)
    assert np.all(found < 1e-15)


@pytest.mark.parametrize("name", NOTHING_HIDDEN)
def test_what_moves_hides_nothing(name: str) -> None:
    evaluate, x, base = along(NOTHING_HIDDEN[name], np.array([1.57e-8, -3.1e-8, 2.2e-8]))
    assert np.all(hidden_noise(evaluate, x, base) <= 1e-22)
