"""estimate_gradient and numerical_gradient: the truth within the allowance, and x as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from checks import Estimate, estimate_gradient, numerical_gradient

SIZES = st.one_of(st.just(-0.0), st.floats(1e-30, 3), st.floats(-3, -1e-30))
Smooth = Callable[[Any], Any]
TERMS = np.linspace(0.5, 1.5, 1000)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


# name: function, derivative, points
TABLE: dict[str, tuple[Smooth, Smooth, Any]] = {
    "exp": (np.exp, np.exp, np.linspace(-3, 3, 9)),
    "sin": (np.sin, np.cos, np.linspace(-3, 3, 9)),
    "sin(300 x)": (lambda x: np.sin(300 * x), lambda x: 300 * np.cos(300 * x), np.linspace(-3, 3, 15)),
    "sin(1e5 x)": (lambda x: np.sin(1e5 * x), lambda x: 1e5 * np.cos(1e5 * x), np.linspace(-1, 1, 8)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2, np.linspace(-3, 3, 9)),
    "tanh(x / 1e-6)": (lambda x: np.tanh(x / 1e-6), lambda x: 1e6 / np.cosh(x * 1e6) ** 2, [-2e-6, 1e-8, 8e-7]),
    "tanh(x / 1e-3)": (lambda x: np.tanh(x * 1e3), lambda x: 1e3 / np.cosh(x * 1e3) ** 2, [-3e-3, 1e-5, 7e-4]),
    "tanh(x / 1e3)": (lambda x: np.tanh(x / 1e3), lambda x: 1e-3 / np.cosh(x / 1e3) ** 2, [-3e3, 1e-1, 700.0]),
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x)), np.linspace(-6, 6, 9)),
    "x^3": (lambda x: x**3, lambda x: 3 * x**2, np.linspace(-3, 3, 9)),
    "x^2": (lambda x: x * x, lambda x: 2 * x, [0.0, 1e-12, -1e-6, 0.5]),
    "log near 1e-3": (np.log, lambda x: 1 / x, [2e-4, 1e-3, 5e-3]),
    "1e6 + tanh": (lambda x: 1e6 + np.tanh(x), lambda x: 1 - np.tanh(x) ** 2, np.linspace(-3, 3, 9)),
    "sqrt(x^2 + 1e-8)": (lambda x: np.sqrt(x * x + 1e-8), lambda x: x / np.sqrt(x * x + 1e-8), [-1e-3, 1e-6, 0.3]),
    "sum of 1,000": (
        lambda x: np.sum(np.cos(TERMS * x)),
        lambda x: -np.sum(TERMS * np.sin(TERMS * np.reshape(x, (-1, 1))), axis=-1),
        np.linspace(-3, 3, 5),
    ),
    "float32 inside": (lambda x: np.exp(np.float32(x)).astype(float), np.exp, np.linspace(-3, 3, 5)),
    "float32, widened": (lambda x: 2.5 * np.float32(x).astype(float) ** 2, lambda x: 5 * x, [0.1, 0.77, 2.9]),
    "exp(-(x / 1e-6)^2)": (
        lambda x: np.exp(-((x / 1e-6) ** 2)),
        lambda x: -2e12 * x * np.exp(-((x / 1e-6) ** 2)),
        [-2e-6, 1e-8, 7e-7],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_truth_lies_within_the_allowance(name: str) -> None:
    f, slope, points = TABLE[name]
    for point in points:
        x = np.array(point)
        found = estimate_gradient(f, x)
        truth = float(np.squeeze(slope(x)))
        slack = 4e-16 * abs(truth)  # of `slope` itself
        assert not found.undecided, point
        assert abs(found.value - truth) <= found.allowance + slack, point
        assert found.lower - slack <= truth <= found.upper + slack, point
        assert found.value == numerical_gradient(f, x)


ANALYTIC: dict[str, Smooth] = {
    "exp": lambda z: np.exp(z / 2),
    "sin": np.sin,
    "tanh": np.tanh,
    "square": lambda z: z * z,
    "sigmoid": sigmoid,
    "log": lambda z: np.log(1 + z * z),
    "reciprocal": lambda z: 1 / (2 + z * z),
    "affine": lambda z: 3 * z + 1,
}


@given(
    chain=st.lists(st.sampled_from(sorted(ANALYTIC)), min_size=1, max_size=3),
    x=arrays(np.float64, st.integers(1, 3), elements=st.floats(-2, 2).map(lambda v: round(v, 3))),
    seed=st.integers(0, 1000),
)
def test_compositions(complex_step_gradient: Any, chain: list[str], x: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, upstream = rng.uniform(0.3, 1.5, (2, x.size)), rng.standard_normal(2)

    def f(z: Any) -> Any:
        z = matrix @ z
        for name in chain:
            z = ANALYTIC[name](z)
        return z

    found = estimate_gradient(f, x, upstream)
    truth = complex_step_gradient(f, x, upstream)
    slack = 1e-14 * (1 + np.abs(truth))
    assert (np.abs(found.value - truth) <= found.allowance + slack).all()


KINKS: dict[str, tuple[Smooth, Any, Any, Any]] = {
    "relu": (lambda x: np.maximum(x, 0), [0.0, 1.0, -1.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]),
    "abs": (np.abs, [0.0, 2.0], [-1.0, 1.0], [1.0, 1.0]),
    "ties": (lambda x: np.max(x), [1.0, 1.0, 0.5], [0.0, 0.0, 0.0], [1.0, 1.0, 0.0]),
    "clipped": (lambda x: np.clip(x, -1, 1).sum(), [1.0, -1.0, 0.5, 2.0], [0.0, 0.0, 1.0, 0.0], [1.0, 1.0, 1.0, 0.0]),
    "curved": (lambda x: np.where(x > 0, np.exp(x), 1 - 2 * x), [0.0], [-2.0], [1.0]),
}


@pytest.mark.parametrize("name", KINKS)
def test_a_kink_is_an_interval_that_holds_both_one_sided_derivatives(name: str) -> None:
    f, x, left, right = KINKS[name]
    found = estimate_gradient(f, np.array(x))
    assert found.kink.tolist() == [a != b for a, b in zip(left, right, strict=True)]
    assert (found.undecided == found.kink).all()
    assert (found.lower <= left).all()
    assert (found.upper >= right).all()
    assert (found.upper - found.lower <= np.subtract(right, left) + 1e-3).all()
    assert (np.abs(found.value - left) <= found.allowance).all()
    assert (np.abs(found.value - right) <= found.allowance).all()


@given(
    distance=st.floats(1e-6, 10),
    side=st.sampled_from([-1, 1]),
    slopes=st.tuples(st.floats(0.5, 3), st.floats(-3, -0.1)),
)
def test_beside_a_kink_it_is_not_declared(distance: float, side: int, slopes: tuple[float, float]) -> None:
    right, left = slopes
    found = estimate_gradient(lambda x: np.where(x > 0, right * x, left * x), np.array(side * distance))
    truth = right if side > 0 else left
    assert not found.kink
    assert abs(found.value - truth) <= found.allowance <= 1e-10


@given(
    x=arrays(np.float64, array_shapes(min_dims=0, max_dims=3, max_side=2), elements=SIZES),
    dtype=st.sampled_from(["float64", "float32", "longdouble"]),
)
def test_x_comes_back_bit_for_bit(x: np.ndarray, dtype: str) -> None:
    x = x.astype(dtype)
    before = x.copy()
    gradient = numerical_gradient(lambda a: np.sum(np.tanh(a)), x)
    assert np.array_equal(x, before)
    assert np.array_equal(np.signbit(x), np.signbit(before))
    assert gradient.shape == x.shape
    np.testing.assert_allclose(gradient, 1 - np.tanh(x) ** 2, rtol=1e-2 if dtype == "float32" else 1e-7, atol=1e-4)


@pytest.mark.parametrize("fails_at", [2, 5, 12, 40])
def test_x_comes_back_after_an_exception(fails_at: int) -> None:
    x = np.array([[0.1, -0.0], [5e-324, 2.0]])
    before, calls = x.tobytes(), []

    def f(a: Any) -> Any:
        calls.append(None)
        if len(calls) == fails_at:
            raise ZeroDivisionError("in f")
        return np.sin(a)

    with pytest.raises(ZeroDivisionError, match="in f"):
        estimate_gradient(f, x)
    assert x.tobytes() == before


def test_f_may_read_the_array_by_closure() -> None:
    params = {"W": np.array([[0.5, -1.0], [2.0, 0.25]])}
    x = np.array([1.0, 3.0])
    gradient = numerical_gradient(lambda _: np.sum(np.tanh(x @ params["W"])), params["W"])
    np.testing.assert_allclose(gradient, np.outer(x, 1 - np.tanh(x @ params["W"]) ** 2), rtol=1e-9)


def test_a_network_without_its_argument() -> None:
    W = np.ones((2, 2))
    assert numerical_gradient(lambda W: 0.0, W).tolist() == [[0, 0], [0, 0]]


def test_arrays_of_any_layout() -> None:
    base = np.random.default_rng(0).standard_normal((4, 6))
    for view in (base[::2, ::3], base.T, base[::-1], np.asfortranarray(base), base[1:3, 2], base[:0]):
        kept = base.copy()
        gradient = numerical_gradient(lambda a: np.sum(np.sin(a)), view)
        np.testing.assert_allclose(gradient, np.cos(view), rtol=1e-9)
        assert base.tobytes() == kept.tobytes()


def test_a_zero_dimensional_array() -> None:
    found = estimate_gradient(lambda x: float(x) ** 2, np.array(3.0))
    assert found.value.shape == ()
    assert abs(found.value - 6) <= found.allowance


def test_outputs_of_any_shape_and_kind() -> None:
    x = np.array([0.5, 2.0])
    for f in (
        lambda a: a.tolist(),
        lambda a: np.float32(a.sum()).astype(float) * 0 + a.sum(),
        lambda a: a[:, None] * np.eye(2),
        lambda a: np.asfortranarray(a[:, None] * np.eye(2)),
    ):
        np.testing.assert_allclose(numerical_gradient(f, x), [1, 1], rtol=1e-9)
    assert numerical_gradient(lambda a: a > 1, x).tolist() == [0, 0]


def test_the_upstream_gradient_is_contracted() -> None:
    x = np.array([3.0, 4.0])
    matrix = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    upstream = np.array([1.0, -2.0, 0.5])
    found = estimate_gradient(lambda a: matrix @ a, x, upstream)
    np.testing.assert_allclose(found.value, upstream @ matrix, rtol=1e-12)
    assert (np.abs(found.value - upstream @ matrix) <= found.allowance).all()
    np.testing.assert_allclose(numerical_gradient(lambda a: matrix @ a, x, upstream=2), 2 * matrix.sum(axis=0))
    column = estimate_gradient(lambda a: np.outer(a, a), x, [[1.0], [0.0]])
    np.testing.assert_allclose(column.value, [10, 3], rtol=1e-10)


def test_some_entries_alone() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    everything = estimate_gradient(lambda a: np.sum(a**2), x)
    for entries in (np.array([[False, False], [True, False]]), np.ix_([1], [0])):
        found = estimate_gradient(lambda a: np.sum(a**2), x, entries=entries)
        assert np.isnan(found.value).tolist() == [[True, True], [False, True]]
        assert found.value[1, 0] == everything.value[1, 0]
        assert found.evaluations < everything.evaluations


def test_the_evaluations_are_counted() -> None:
    calls: list[None] = []
    found = estimate_gradient(lambda a: calls.append(None) or np.sum(np.exp(a)), np.array([0.3, 1.0]))
    assert found.evaluations == len(calls)
    assert len(calls) <= 2 * 60 + 9


def test_the_same_seed_gives_the_same_bits() -> None:
    x = np.array([0.3, 1.0])
    first, second = (estimate_gradient(np.tanh, x, seed=3) for _ in range(2))
    assert first.value.tobytes() == second.value.tobytes()
    assert first.allowance.tobytes() == second.allowance.tobytes()


def test_float32_is_taken_for_what_it_is() -> None:
    x = np.linspace(-1, 1, 5).astype(np.float32)
    found = estimate_gradient(np.exp, x)
    truth = np.exp(x.astype(float))
    assert found.unit_roundoff == 2.0**-24
    assert (np.abs(found.value - truth) <= found.allowance).all()
    assert (found.allowance <= 1e-2 * truth).all()
    assert found.value.dtype == np.float64


def test_noise_is_reported() -> None:
    found = estimate_gradient(lambda a: 1e6 + np.tanh(a), np.array(0.5))
    assert 1e-10 < found.noise < 1e-9
    assert found.unit_roundoff == 2.0**-53


def test_at_the_end_of_the_domain_an_entry_is_undecided() -> None:
    found = estimate_gradient(np.sqrt, np.array([0.0, 1.0]))
    assert found.undecided.tolist() == [True, False]
    assert found.allowance[0] == np.inf


READ_ONLY = np.ones(2)
READ_ONLY.flags.writeable = False
NO_FLOATS = "Expected x to be an array of floats, got dtype {}, in which a small step would vanish; convert it: "


@pytest.mark.parametrize(
    ("x", "error", "text"),
    [
        (
            [1.0, 2.0],
            TypeError,
            "Expected x to be a NumPy array of floats, got list; wrap it: np.array(x, dtype=float)",
        ),
        (3.0, TypeError, "Expected x to be a NumPy array of floats, got float; wrap it: np.array(x, dtype=float)"),
        (np.array([1, 2]), TypeError, NO_FLOATS.format("int64") + "x.astype(float)"),
        (np.array([True]), TypeError, NO_FLOATS.format("bool") + "x.astype(float)"),
        (
            READ_ONLY,
            TypeError,
            "Expected x to be writeable, since its entries are moved in place; pass x.copy()",
        ),
        (
            np.array([[1.0, 2.0], [np.nan, 4.0]]),
            ValueError,
            "Expected x to be finite, got nan at x[1, 0]: there is no derivative to take there",
        ),
        (
            np.array([0.0, -np.inf]),
            ValueError,
            "Expected x to be finite, got -inf at x[1]: there is no derivative to take there",
        ),
    ],
)
def test_what_x_may_not_be(x: Any, error: type[Exception], text: str) -> None:
    for call in (estimate_gradient, numerical_gradient):
        with pytest.raises(error) as caught:
            call(np.sum, x)
        assert str(caught.value) == text


@pytest.mark.parametrize(
    ("f", "error", "text"),
    [
        (
            lambda x: x + 1j,
            TypeError,
            "Expected f(x) to be real, got dtype complex128; differentiate its real or imaginary part",
        ),
        (lambda x: None, TypeError, "Expected f(x) to be a number or an array of numbers, got object of shape ()"),
        (lambda x: "out", TypeError, "Expected f(x) to be a number or an array of numbers, got <U3 of shape ()"),
        (
            lambda x: np.log(x - 5),
            ValueError,
            "Expected f(x) to be finite at the given x, got NaN or infinity: choose x inside the domain of f",
        ),
        (
            lambda x: x / 0,
            ValueError,
            "Expected f(x) to be finite at the given x, got NaN or infinity: choose x inside the domain of f",
        ),
    ],
)
def test_what_f_may_not_return(f: Smooth, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        estimate_gradient(f, np.array([1.0, 2.0]))
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("upstream", "text"),
    [
        (np.ones(3), "Expected upstream of the shape of f(x), (2,), got (3,): it is the gradient by the output"),
        (np.ones((1, 2)), "Expected upstream of the shape of f(x), (2,), got (1, 2): it is the gradient by the output"),
        ([1.0, np.nan], "Expected upstream to be finite, got NaN or infinity"),
    ],
)
def test_what_the_upstream_may_not_be(upstream: Any, text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)) as caught:
        estimate_gradient(lambda x: x, np.array([1.0, 2.0]), upstream)
    assert str(caught.value) == text


def test_an_estimate_cannot_be_changed() -> None:
    found = estimate_gradient(np.sum, np.ones(2))
    assert isinstance(found, Estimate)
    with pytest.raises(AttributeError):
        found.value = np.zeros(2)  # type: ignore[misc]
