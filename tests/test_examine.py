"""A case examined: beside its kinks, whatever the layer does with its arrays, its past and the random state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from zoo.plain import AFFINE, SAME, affine, affine_arrays, case, elementwise, pure, subject

from checks.case import Case
from checks.dialects import read
from checks.errors import LayerError, UserCodeRaised
from checks.examine import examine
from checks.look import CaseResult
from reference import TwoLayerNet

X = np.array([[0.5, -1.0, 0.3], [2.0, 0.25, -0.7]])
ZEROS = np.array([[0.0, 1.0, -2.0], [0.5, 0.0, -0.0]])


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


def verdicts(result: CaseResult) -> dict[str, str]:
    return {name: row.verdict for name, row in result.rows.items()}


def verdict(f: Callable[[Any], Any], slope: Callable[[Any], Any], x: Any = X) -> str:
    return examine(case(elementwise(f, slope), x=x)).rows["x"].verdict


SUBGRADIENTS: dict[str, Callable[[Any], Any]] = {
    "0": lambda x: (x > 0) * 1.0,
    "1": lambda x: (x >= 0) * 1.0,
    "one half": lambda x: np.where(x == 0, 0.5, x > 0),
    "5, as nobody meant": lambda x: np.where(x == 0, 5.0, x > 0),
    "-1": lambda x: np.where(x == 0, -1.0, x > 0),
}


@pytest.mark.parametrize("name", SUBGRADIENTS)
def test_relu_at_exactly_zero_may_be_anything(name: str) -> None:
    result = examine(case(elementwise(relu, SUBGRADIENTS[name]), x=ZEROS))
    assert verdicts(result) == {"x": "agrees"}
    assert result.kinks == (0 if name == "one half" else 3)
    row = result.rows["x"]
    assert row.detectable is not None
    assert row.detectable < 1e-6


@pytest.mark.parametrize("x", [ZEROS, 0 * ZEROS, X, np.array([[0.0]]), np.array([[-1.0]])])
def test_relu_without_its_mask_fails(x: np.ndarray) -> None:
    result = examine(case(elementwise(relu, np.ones_like), x=x))
    assert verdicts(result) == {"x": "differs"}
    worst = result.rows["x"].worst
    assert worst is not None
    assert result.case.arrays["x"][worst.index] < 0


def test_the_case_beside_counts_where_the_fault_shows_only_there() -> None:
    one = case(elementwise(relu, np.ones_like), seed=4, x=np.zeros((2, 3)))
    result = examine(one)
    moved = result.case.arrays["x"]
    assert (moved != 0).all()
    assert (np.abs(moved) <= 1e-3).all()
    assert result.case.upstream is not None
    assert result.case.upstream.shape == (2, 3)


@pytest.mark.parametrize(
    ("f", "right", "wrong", "x"),
    [
        (np.abs, np.sign, np.ones_like, ZEROS),
        (lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) < 1) * 1.0, np.ones_like, [[1.0, -1.0, 0.5, 2.0]]),
        (
            lambda x: x.max(axis=1),
            lambda x: (x == x.max(axis=1, keepdims=True)) * 1.0,
            lambda x: np.full_like(x, 1 / x.shape[1]),
            [[1.0, 1.0, 0.5], [2.0, 3.0, 3.0]],
        ),
        (
            lambda x: relu(relu(x) - 0.5),
            lambda x: (x > 0.5) * 1.0,
            lambda x: (x > 0) * 1.0,
            [[0.5, 0.0, 1.0, 0.2]],
        ),
        (
            lambda x: np.where(x > 0, x, 0.01 * x),
            lambda x: np.where(x > 0, 1, 0.01),
            lambda x: (x > 0) * 1.0,
            ZEROS,
        ),
    ],
    ids=["abs", "clip", "max", "two kinks", "leaky"],
)
def test_kinks_of_many_kinds(f: Any, right: Any, wrong: Any, x: Any) -> None:
    def of(slope: Any) -> Any:
        def backward(upstream: Any, x: Any) -> Any:
            return {"x": (upstream[:, None] if upstream.ndim < x.ndim else upstream) * slope(x)}

        return pure(lambda x: f(x), backward, "x(n,i) -> (...)")

    assert examine(case(of(right), x=x)).rows["x"].verdict == "agrees"
    assert examine(case(of(wrong), x=x)).rows["x"].verdict == "differs"


def test_where_many_kinks_meet_it_is_judged_beside_them() -> None:
    rng = np.random.default_rng(0)
    W, V = rng.standard_normal((3, 5)), rng.standard_normal((5, 2))

    def backward(upstream: Any, x: Any) -> Any:
        return {"x": ((x @ W > 0) * (upstream @ V.T)) @ W.T}

    network = pure(lambda x: relu(x @ W) @ V, backward, "x(n,i) -> (n,o)")
    assert verdicts(examine(case(network, x=np.zeros((2, 3))))) == {"x": "agrees"}
    wrong = pure(lambda x: relu(x @ W) @ V, lambda u, x: {"x": (u @ V.T) @ W.T}, "x(n,i) -> (n,o)")
    assert verdicts(examine(case(wrong, x=np.zeros((2, 3))))) == {"x": "differs"}


@settings(max_examples=20)
@given(
    x=arrays(np.float64, (2, 3), elements=st.sampled_from([0.0, 1.0, -1.0, 0.5, -2.0, 1e-3])),
    seed=st.integers(0, 2**32),
)
def test_relu_and_its_faults_on_any_points(x: np.ndarray, seed: int) -> None:
    x[0, :2] = 1, -1  # something on either side

    def found(slope: Callable[[Any], Any]) -> str:
        return examine(case(elementwise(relu, slope), seed=seed, x=x)).rows["x"].verdict

    assert found(lambda x: x > 0) == "agrees"
    assert found(lambda x: x >= 0) == "agrees"
    assert found(lambda x: 1.001 * (x > 0)) == "differs"
    assert found(lambda x: np.where(x > 0, 1, 1e-3)) == "differs"
    assert found(lambda x: -1.0 * (x > 0)) == "differs"


# --- shapes and what is not there


def spoiled(**changes: Callable[[Any], Any]) -> CaseResult:
    def change(gradients: Any) -> Any:
        return {**gradients, **{name: f(gradients[name]) for name, f in changes.items()}}

    return examine(case(affine(change), **affine_arrays()))


def test_a_right_layer() -> None:
    one = case(affine(), seed=1, **affine_arrays())
    result = examine(one)
    assert verdicts(result) == {"x": "agrees", "W": "agrees", "b": "agrees"}
    assert result.output_shape == result.upstream_shape == (3, 2)
    assert result.differing == result.undecided == result.zero == result.nothing == frozenset()
    assert (result.finite, result.deterministic, result.mutated, result.wrong_shapes) == (True, True, (), {})
    assert result.lost_precision is None
    assert [row.role for row in result.rows.values()] == ["input", "parameter", "parameter"]
    assert result.case.upstream is not None


def test_axes_of_length_one_leave_the_values_right() -> None:
    result = spoiled(b=lambda g: g[None], W=lambda g: g[..., None])
    assert verdicts(result) == {"x": "agrees", "W": "agrees", "b": "agrees"}
    assert result.wrong_shapes == {
        "b": "has shape (1, 2), but b has shape (2,)",
        "W": "has shape (4, 2, 1), but W has shape (4, 2)",
    }


@pytest.mark.parametrize(
    ("name", "change", "cause"),
    [
        ("W", lambda g: g.T, "the gradient has shape (2, 4), but W has shape (4, 2)"),
        ("W", lambda g: g.reshape(-1), "the gradient has shape (8,), but W has shape (4, 2)"),
        ("b", lambda g: np.ones((3, 2)), "the gradient has shape (3, 2), but b has shape (2,)"),
        ("x", lambda g: g[:2], "the gradient has shape (2, 4), but x has shape (3, 4)"),
        ("x", lambda g: 1.0, "the gradient has shape (), but x has shape (3, 4)"),
    ],
)
def test_another_shape_differs(name: str, change: Any, cause: str) -> None:
    result = spoiled(**{name: change})
    assert result.differing == {name}
    assert result.rows[name].cause == cause
    assert result.rows[name].worst is None


def test_a_missing_gradient() -> None:
    result = examine(case(affine(lambda g: {"x": g["x"]}), **affine_arrays()))
    assert verdicts(result) == {"x": "agrees", "W": "missing", "b": "missing"}
    assert result.rows["W"].cause == "backward gave no gradient for it"
    assert result.differing == {"W", "b"}


def test_a_gradient_that_is_not_owed_or_on_which_nothing_depends_is_not_missed() -> None:
    two = pure(lambda x, W: x * x, lambda u, x, W: {"x": 2 * x * u}, "x(n,i), W(k) -> (n,i)")
    assert verdicts(examine(case(two, x=X, W=np.ones(3)))) == {"x": "agrees"}
    buffer = pure(lambda x, W: W * x, lambda u, x, W: {"x": W * u}, "x(n,i), W(i) -> (n,i)", owed=("x",))
    assert verdicts(examine(case(buffer, x=X, W=np.ones(3)))) == {"x": "agrees"}


def test_a_gradient_that_is_not_owed_is_compared_where_it_comes() -> None:
    extra = pure(lambda x, W: W * x, lambda u, x, W: {"x": W * u, "W": 0 * W}, "x(n,i), W(i) -> (n,i)", owed=("x",))
    assert examine(case(extra, x=X, W=np.ones(3))).differing == {"W"}


def test_a_gradient_of_zeros() -> None:
    result = spoiled(W=np.zeros_like)
    assert result.zero == {"W"}
    assert result.differing == {"W"}
    assert result.nothing == frozenset()


def test_a_derivative_that_is_zero() -> None:
    result = examine(case(elementwise(np.sign, np.zeros_like), x=X))
    assert verdicts(result) == {"x": "agrees"}
    assert result.nothing == {"x"}
    assert result.zero == frozenset()


def test_nothing_is_undecided_for_want_of_samples() -> None:
    result = examine(case(affine(), **affine_arrays(sizes=(0, 4, 2))))
    assert set(verdicts(result).values()) == {"agrees"}


# --- the domain


def test_an_output_that_is_not_finite_is_undecided() -> None:
    with np.errstate(all="raise"):
        result = examine(case(elementwise(np.log, lambda x: 1 / x), x=X))
    assert not result.finite
    assert verdicts(result) == {"x": "undecided"}
    assert result.rows["x"].cause == "domain: the output is not finite"
    assert result.undecided == {"x"}


def test_at_the_end_of_the_domain_nothing_is_accused() -> None:
    result = examine(case(elementwise(np.sqrt, lambda x: 0.5 / np.sqrt(x)), x=[[0.0, 1.0, 4.0]]))
    assert result.finite
    assert result.differing == frozenset()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_gradient_without_numbers_never_agrees(value: float) -> None:
    for change in (lambda g: np.full(g.shape, value), lambda g: np.where(g == g.max(), value, g)):
        assert spoiled(W=change).rows["W"].verdict != "agrees"


# --- behaviour


class Square:
    """y = x^2, a Trial to derive from."""

    factor = 2.0

    def __init__(self, arrays: Any) -> None:
        self.out = np.empty(arrays["x"].shape)

    def forward(self, arrays: Any) -> Any:
        self.x = arrays["x"]
        return self.x**2

    def backward(self, upstream: Any) -> Any:
        return {"x": self.factor * self.x * upstream}


class WritesInput(Square):
    def forward(self, arrays: Any) -> Any:
        self.x = arrays["x"].copy()
        arrays["x"] *= arrays["x"]
        return arrays["x"]


class WritesUpstream(Square):
    def backward(self, upstream: Any) -> Any:
        upstream *= self.factor * self.x
        return {"x": upstream}


class SameBuffer(Square):
    def forward(self, arrays: Any) -> Any:
        self.x = arrays["x"]
        np.multiply(self.x, self.x, out=self.out)
        return self.out


class Drops(Square):
    def forward(self, arrays: Any) -> Any:
        self.x = arrays["x"]
        self.mask = (np.random.rand(*self.x.shape) > 0.3) / 0.7  # noqa: NPY002
        return self.mask * self.x**2

    def backward(self, upstream: Any) -> Any:
        return {"x": self.factor * self.mask * self.x * upstream}


class DropsBySeed(Square):
    def __init__(self, arrays: Any) -> None:
        self.rng = np.random.default_rng(0)

    def forward(self, arrays: Any) -> Any:
        self.x = arrays["x"]
        self.mask = self.rng.uniform(size=self.x.shape) > 0.3
        return self.mask * self.x**2

    def backward(self, upstream: Any) -> Any:
        return {"x": self.factor * self.mask * self.x * upstream}


class Counts(Square):
    """A running statistic that the output depends on."""

    calls = 0

    def forward(self, arrays: Any) -> Any:
        self.calls += 1
        self.x = arrays["x"]
        return self.calls * self.x**2

    def backward(self, upstream: Any) -> Any:
        return {"x": self.calls * self.factor * self.x * upstream}


class Tires(Counts):
    """The same for nine calls, another one afterwards."""

    def forward(self, arrays: Any) -> Any:
        out = super().forward(arrays)
        self.calls = min(self.calls, 9)
        return (out / self.calls) * (1 if self.calls < 9 else 2)

    def backward(self, upstream: Any) -> Any:
        return {"x": self.factor * self.x * upstream}


class CastsInside(Square):
    def forward(self, arrays: Any) -> Any:
        self.x = arrays["x"]
        return (self.x.astype(np.float32) ** 2).astype(float)


class AtRandom(Square):
    rng = np.random.default_rng(1)

    def forward(self, arrays: Any) -> Any:
        return super().forward(arrays) * self.rng.uniform(0.5, 1.5)


ODD = [WritesInput, WritesUpstream, SameBuffer, Drops, DropsBySeed, Counts, Tires, CastsInside]


def odd(trial: type[Square], factor: float) -> CaseResult:
    changed = type(trial.__name__, (trial,), {"factor": factor})
    return examine(case(subject(changed, SAME), seed=5, x=X))


@pytest.mark.parametrize("trial", ODD)
def test_odd_layers_get_the_right_verdict_all_the_same(trial: type[Square]) -> None:
    right = odd(trial, 2.0)
    assert verdicts(right) == {"x": "agrees"}
    assert right.deterministic
    assert right.mutated == (("x",) if trial is WritesInput else ())
    for factor in (2.02, -2.0, 0.0):
        assert verdicts(odd(trial, factor)) == {"x": "differs"}


def test_an_answer_that_never_repeats() -> None:
    result = odd(AtRandom, 2.0)
    assert not result.deterministic
    assert result.rows["x"].verdict != "agrees"


def test_a_parameter_that_forward_writes_into() -> None:
    class Normalises:
        def __init__(self, arrays: Any) -> None:
            pass

        def forward(self, arrays: Any) -> Any:
            self.x, self.W = arrays["x"], arrays["W"].copy()
            arrays["W"] /= 2
            return self.x @ arrays["W"] + arrays["b"]

        def backward(self, upstream: Any) -> Any:
            return {"x": upstream @ self.W.T / 2, "W": self.x.T @ upstream / 2, "b": upstream.sum(axis=0)}

    result = examine(case(subject(Normalises, AFFINE), **affine_arrays()))
    assert result.mutated == ("W",)
    assert set(verdicts(result).values()) == {"agrees"}


@pytest.mark.parametrize(("given", "made", "lost"), [("float64", "float32", "float32"), ("float32", "float64", None)])
def test_an_output_in_another_precision(given: str, made: str, lost: str | None) -> None:
    one = case(elementwise(lambda x: np.tanh(x).astype(made), lambda x: 1 - np.tanh(x) ** 2), x=X.astype(given))
    result = examine(one)
    assert result.lost_precision == lost
    assert verdicts(result) == {"x": "agrees"}


def test_integers_and_truth_values_lose_no_precision() -> None:
    assert examine(case(elementwise(lambda x: x > 0, np.zeros_like), x=X)).lost_precision is None


def test_backward_raises() -> None:
    def fails(upstream: Any, x: Any) -> Any:
        raise ZeroDivisionError("by x")

    with pytest.raises(UserCodeRaised, match="backward raised ZeroDivisionError: by x"):
        examine(case(pure(lambda x: x, fails, SAME), x=X))


def test_forward_returns_nothing() -> None:
    with pytest.raises(LayerError, match="forward returned None"):
        examine(case(pure(lambda x: None, lambda u, x: {}, SAME), x=X))


def test_the_callers_state_is_untouched() -> None:
    arrays = affine_arrays()
    saved = {name: array.tobytes() for name, array in arrays.items()}
    state = np.random.get_state()[1].tobytes()  # noqa: NPY002
    examine(case(affine(lambda g: {**g, "W": 2 * g["W"]}), **arrays))
    assert {name: array.tobytes() for name, array in arrays.items()} == saved
    assert np.random.get_state()[1].tobytes() == state  # noqa: NPY002


def test_the_same_case_gives_the_same_bits() -> None:
    one = case(affine(lambda g: {**g, "W": 2 * g["W"]}), seed=3, **affine_arrays())
    first, second = examine(one), examine(one)
    assert first.evaluations == second.evaluations
    for name, row in first.rows.items():
        assert (row.max_abs_diff, row.allowance, row.verdict) == (
            second.rows[name].max_abs_diff,
            second.rows[name].allowance,
            second.rows[name].verdict,
        )


def test_the_evaluations_are_those_of_the_whole_look() -> None:
    calls: list[None] = []

    def forward(x: Any) -> Any:
        calls.append(None)
        return relu(x)

    for slope in (lambda x: x > 0, np.ones_like):
        calls.clear()
        result = examine(case(pure(forward, lambda u, x, s=slope: {"x": u * s(x)}, SAME), x=ZEROS))
        assert result.evaluations <= len(calls) <= 2 * result.evaluations


SINC_NEAR_ZERO = np.array([[-8.3e-08, 1.2e-07], [7e-4, 0.4]])


def sinc_slope(x: Any) -> Any:
    """Right, and without its last digits near zero, where it is a difference of nearly equal numbers."""
    turn = np.pi * x
    return np.where(x == 0, 0, (turn * np.cos(turn) - np.sin(turn)) / (turn * x))


def test_a_formula_that_cancels_is_not_taken_for_a_wrong_one() -> None:
    assert verdict(np.sinc, sinc_slope, SINC_NEAR_ZERO) == "agrees"
    assert verdict(np.sinc, lambda x: 1.001 * sinc_slope(x), SINC_NEAR_ZERO) == "differs"


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: x**2, lambda x: 2 * x**2 / x),
        (np.abs, lambda x: x / np.abs(x)),
        (lambda x: x**3, lambda x: 3 * x**3 / x),
    ],
    ids=["smooth", "kink", "flat"],
)
def test_no_number_at_a_single_point_is_said_and_is_no_wrong_derivative(f: Any, slope: Any) -> None:
    result = examine(case(elementwise(f, slope), x=np.array([[0.0, 0.5], [-1.0, 2.0]])))
    assert verdicts(result) == {"x": "agrees"}
    assert result.no_numbers["x"].startswith("nan at x[0, 0] = 0, where the derivative is ")
    worst = result.rows["x"].worst
    assert worst is not None
    assert np.isfinite(worst.analytic)


def test_an_infinite_slope_is_not_accused() -> None:
    with np.errstate(all="ignore"):
        assert verdict(np.cbrt, lambda x: 1 / (3 * np.cbrt(x) ** 2), np.array([[0.0, 0.5], [-1.0, 2.0]])) != "differs"


def test_a_wave_far_out_in_single_precision() -> None:
    x = np.array([[-8379.75, 9000.5, 123.25]])

    def f(x: Any) -> Any:
        return np.cos(x).astype(np.float32)

    assert verdict(f, lambda x: -np.sin(x), x) != "differs"  # its own rounding of such arguments may leave it open
    assert verdict(f, lambda x: np.sin(x), x) == "differs"


def test_an_entry_judged_beside_a_jump_shows_what_was_seen_there() -> None:
    x = np.array([[0.0, 0.5, -1.2], [2.0, -0.3, 0.9]])

    def shifted_sign(x: Any) -> Any:
        return x + 0.3 * np.sign(x)

    row = examine(case(elementwise(shifted_sign, np.ones_like), x=x)).rows["x"]
    assert row.verdict == "agrees"
    assert row.max_abs_diff is not None
    assert row.max_abs_diff < 1e-6


BUMPS = {
    "sech": (lambda x: 1 - np.tanh(x) ** 2, lambda x: -2 * np.tanh(x) * (1 - np.tanh(x) ** 2)),
    "gauss": (lambda x: np.exp(-(x**2)), lambda x: -2 * x * np.exp(-(x**2))),
    "hat": (lambda x: np.maximum(0, 1 - np.abs(x)), lambda x: -np.sign(x) * (np.abs(x) < 1)),
}


@pytest.mark.parametrize("values", [(-0.33, -450.0, -1.06), (-0.033, -45.0), (0.0058, -1890.0, 0.7, 0.21)])
@pytest.mark.parametrize("name", BUMPS)
def test_a_bump_is_seen_beside_entries_that_are_far_from_it(name: str, values: tuple[float, ...]) -> None:
    function, derivative = BUMPS[name]
    bump = elementwise(function, derivative)
    assert verdicts(examine(case(bump, x=np.array([values])))) == {"x": "agrees"}


def test_a_unit_just_off_with_tiny_weights_behind_it_is_not_accused() -> None:
    # Steps that round-off lets be short enough see nothing of the kink beside b1[6]; longer ones cross it all alike.
    tiny = 1e-10 * np.array(
        [
            [-16.6, -3.38, -3.68, 0.344, -4.76, 12.4, -10.1],
            [5.99, -11.0, 6.45, 7.25, -10.1, 9.12, 3.1],
            [12.6, 1.72, -3.62, -10.6, -1.16, 4.88, 8.45],
            [18.8, -6.12, -1.73, -5.13, 3.96, 5.01, -3.35],
            [-1.96, -8.34, 7.68, -5.65, 23.8, 2.52, 8.82],
            [17.7, -9.24, -0.55, 6.28, -6.38, 19.0, -5.54],
            [7.43, -3.19, 11.0, 5.16, -0.897, 2.2, -3.06],
            [-12.6, 8.48, 15.3, -20.1, -24.2, -0.254, -3.87],
        ]
    )
    arrays = {
        "x": np.array([[-0.334], [-0.448], [-1.06], [0.0], [0.581]]),
        "t": np.array([2, 2, 2, 0, 0]),
        "W1": 1e-6 * np.array([[1.6, -1.93, -0.391, -0.117, 1.15, 0.0135, -0.146, -0.225]]),
        "b1": np.array([-1.11, -0.0593, 1010.0, -0.19, 7.7, 220.0, -0.000139, -69.4]),
        "W2": tiny,
        "b2": np.array([-2550.0, -3290.0, -6660.0, 16500.0, -6040.0, 12200.0, -5790.0]),
    }
    network = read(TwoLayerNet)
    labelled = next(s for s in network.signatures if s.argument("t").kind == "label")
    result = examine(Case(subject=network, signature=labelled, arrays=arrays, seed=0))
    assert "differs" not in {row.verdict for row in result.rows.values()}


@pytest.mark.parametrize("bias", [0.0, 0.25])
def test_no_size_is_promised_where_the_gradient_is_lost_in_the_round_off_at_this_point_alone(bias: float) -> None:
    # Beside inputs of 1e-10 and biases of zero, the units are all on or all off by a thousandth.
    arrays = {
        "x": 1e-10 * np.array([[8.1, 4.3], [3.7, 11.4], [0.5, -4.6], [-12.5, 9.1]]),
        "t": np.array([3, 3, 2, 1]),
        "W1": np.array([[1.72, -1.55, 1.89], [0.01, 1.02, 1.6]]),
        "b1": np.full(3, bias),
        "W2": np.array([[0.82, -0.25, 1.19, -1.57], [0.71, -0.33, 0.12, -1.19], [-1.6, 1.39, 0.54, 0.39]]),
        "b2": np.array([0.47, 0.12, 0.84, 1.29]),
    }
    network = read(TwoLayerNet)
    labelled = next(s for s in network.signatures if s.argument("t").kind == "label")
    rows = examine(Case(subject=network, signature=labelled, arrays=arrays, seed=279)).rows
    assert {row.verdict for row in rows.values()} == {"agrees"}
    assert (rows["W2"].detectable is None) == (bias == 0.0)
    assert rows["b2"].detectable is not None


def test_no_less_is_promised_than_round_off_lets_be_confirmed() -> None:
    square = elementwise(lambda x: x**2, lambda x: 2 * x)
    row = examine(case(square, x=np.array([0.5, 1.0, 2.0], dtype=np.float32))).rows["x"]
    assert row.detectable is not None
    assert row.detectable >= 512 * 2.0**-24


@pytest.mark.parametrize("z", [30.0, 34.0, 35.5, 36.2])
def test_a_naive_cross_entropy_far_out_is_judged_by_wider_arithmetic(z: float) -> None:
    # Between two floats next to 1, 1 - p stands still: the differences of float64 are those of a staircase.
    def loss(x: np.ndarray) -> np.ndarray:
        return -np.log(1 - 1 / (1 + np.exp(-x)))

    def slope(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    right = elementwise(loss, slope)
    assert verdicts(examine(case(right, x=np.array([z, 1.0, -2.0])))) == {"x": "agrees"}
    wrong = elementwise(loss, lambda x: slope(x) * 1.1)
    assert verdicts(examine(case(wrong, x=np.array([z, 1.0, -2.0])))) == {"x": "differs"}
