"""Analytic against numerical: the verdict on an entry, on a gradient, and at every scale the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zoo.plain import SAME, affine, affine_arrays, case, elementwise, pure

from checks.comparison import compare
from checks.entries import AGREES, DIFFERS, UNDECIDED, Entries, judge, rms
from checks.evaluation import Evaluation, quiet
from checks.results import Comparison
from checks.rows import row

X = np.array([[0.5, -1.0, 0.3], [2.0, 0.25, -0.7]])
NAN, INF = np.nan, np.inf


def code(a: float, n: float, e: float, r: float = 0.0, s: float = 1.0, zero: float = 1.0, single: bool = False) -> int:
    tolerance, zero_tolerance = (1e-2, 1e-3) if single else (1e-4, 1e-8)
    values = (np.array([float(v)]) for v in (a, n, e, r, s, zero))
    with np.errstate(all="ignore"):
        return int(judge(*values, tolerance, zero_tolerance, tolerance)[0])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((1.0, 1.0, 1e-9), AGREES),
        ((1.0, 1.0 + 1e-9, 2e-9), AGREES),
        ((1.0, 1.0 + 2.5e-9, 1e-9), UNDECIDED),
        ((1.0, 1.0 + 4e-9, 1e-9), DIFFERS),
        ((1.0, 1.0 + 4e-9, 1e-9, 1e-9), UNDECIDED),
        ((1.0, 1.0 + 4e-9, 1e-9, 4e-9), AGREES),
        ((1.0, 1.0, 2e-4), UNDECIDED),  # too dull to say
        ((1.0, 2.0, 0.2), DIFFERS),  # dull, and still far off
        ((1e-3, 1e-3, 9e-5), AGREES),  # sharp for its gradient
        ((0.0, 0.0, 1e-9), AGREES),
        ((1e-9, -1e-9, 5e-9, 0.0, 1e-9), AGREES),  # nothing but round-off of a function of size 1
        ((1e-9, -1e-9, 5e-9, 0.0, 1e-9, 1e-3), UNDECIDED),
        ((0.0, 0.0, 1e-6, 0.0, 1e-9), UNDECIDED),
        ((0.0, 0.0, 0.0, 0.0, 0.0, 0.0), AGREES),
        ((NAN, 1.0, 1e-9), DIFFERS),
        ((INF, 1.0, 1e-9), DIFFERS),
        ((-INF, 1.0, 1e-9), DIFFERS),
        ((NAN, 1.0, INF), UNDECIDED),
        ((1.0, NAN, 1e-9), UNDECIDED),
        ((1.0, NAN, NAN), UNDECIDED),
        ((NAN, NAN, INF), UNDECIDED),
        ((1.0, 5.0, INF), UNDECIDED),
        ((1e-310, 0.0, 1e-308, 0.0, 0.0, 0.0), AGREES),  # flushed to zero
    ],
)
def test_the_verdict_on_an_entry(arguments: tuple[float, ...], expected: int) -> None:
    assert code(*arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "double", "single"),
    [
        ((1.0, 1.0, 1e-3), UNDECIDED, AGREES),
        ((1.0, 1.0, 2e-2), UNDECIDED, UNDECIDED),
        ((1e-4, 0.0, 5e-4, 0.0, 1e-4), UNDECIDED, AGREES),
        ((1e-35, 0.0, 1e-34, 0.0, 0.0, 0.0), UNDECIDED, AGREES),
    ],
)
def test_single_precision_is_judged_by_its_own_measure(arguments: tuple[float, ...], double: int, single: int) -> None:
    assert code(*arguments) == double
    assert code(*arguments, **{"single": True}) == single


SIZE = st.floats(1e-3, 1e3)
SIGNED = st.builds(lambda size, sign: size * sign, SIZE, st.sampled_from([-1.0, 0.0, 1.0]))
SMALL = st.floats(-14, 0).map(lambda exponent: 10**exponent)


@given(a=SIGNED, n=SIGNED, e=SMALL, r=SMALL, s=SIZE, zero=SIZE, power=st.integers(-800, 800))
def test_the_verdict_does_not_depend_on_the_scale(
    a: float, n: float, e: float, r: float, s: float, zero: float, power: int
) -> None:
    values = (a, n, e, r, s, zero)
    assert code(*values) == code(*(float(np.ldexp(v, power)) for v in values))


@given(a=SIGNED, n=SIGNED, e=SMALL, r=SMALL, s=SIZE, zero=SIZE)
def test_an_entry_agrees_only_within_its_allowance_and_differs_only_far_outside(
    a: float, n: float, e: float, r: float, s: float, zero: float
) -> None:
    found, off = code(a, n, e, r, s, zero), abs(a - n)
    if found == AGREES:
        assert off <= e + r
    assert (found == DIFFERS) == (off > 3 * (e + r) and e + r <= 0.1 * max(abs(a), abs(n)))


@pytest.mark.parametrize(
    ("values", "expected"), [([], 0.0), ([0.0], 0.0), ([3.0, -3.0], 3.0), ([1e200, 7e200], 5e200), ([1e-200], 1e-200)]
)
def test_root_mean_square(values: list[float], expected: float) -> None:
    assert rms(np.array(values)) == pytest.approx(expected, rel=1e-14)


def entries_of(one: Any, name: str, *arguments: Any, **options: Any) -> tuple[Evaluation, Entries]:
    with quiet():
        evaluation = Evaluation(one)
        return evaluation, compare(evaluation, name, *arguments, **options)


def row_of(one: Any, name: str = "x") -> Comparison:
    with quiet():
        evaluation, entries = entries_of(one, name)
        return row(evaluation, entries)


@pytest.mark.parametrize("name", ["x", "W", "b"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_right_gradient_agrees(name: str, dtype: str) -> None:
    found = row_of(case(affine(), **affine_arrays(dtype=dtype)), name)
    assert found.verdict == "agrees"
    assert found.cause is None
    assert found.wrong_entries == 0
    assert found.dtype == dtype
    assert found.detectable is not None
    assert found.detectable < (1e-4 if dtype == "float32" else 1e-7)
    assert found.worst is not None
    assert found.allowance == found.worst.allowance
    assert found.max_abs_diff is not None
    assert found.mean_abs_diff is not None
    assert found.max_abs_diff >= found.mean_abs_diff
    assert found.max_abs_diff >= abs(found.worst.analytic - found.worst.numerical)


def spoiled(name: str, index: int, share: float, scale: float = 1.0) -> Any:
    """An Affine with one entry of one gradient off by `share` of that gradient's largest entry."""

    def change(gradients: Any) -> Any:
        wrong = np.array(gradients[name])
        wrong.flat[index] += share * np.abs(wrong).max()
        return {**gradients, name: wrong}

    return affine(change, scale)


SCALES = [1e-12, 1e-6, 1.0, 1e9]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("name", "index"), [("x", 0), ("x", 11), ("W", 0), ("W", 5), ("b", 1)])
@pytest.mark.parametrize(("dtype", "share"), [("float64", 1e-6), ("float64", -1e-6), ("float32", 1e-3)])
def test_a_small_error_in_one_entry_is_seen_at_every_scale(
    name: str, index: int, scale: float, dtype: str, share: float
) -> None:
    found = row_of(case(spoiled(name, index, share, scale), **affine_arrays(3, dtype=dtype)), name)
    assert found.verdict == "differs"
    assert found.wrong_entries == 1
    assert found.worst is not None
    assert np.ravel_multi_index(found.worst.index, found.shape) == index
    assert found.max_rel_diff is not None
    assert found.max_rel_diff >= abs(share) / 2


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    exponents=st.tuples(st.integers(-12, 9), st.integers(-6, 6)),
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3)),
    name=st.sampled_from(["x", "W", "b"]),
    place=st.floats(0, 1, exclude_max=True),
)
def test_right_and_wrong_at_any_scale(
    seed: int, exponents: tuple[int, int], sizes: tuple[int, int, int], name: str, place: float
) -> None:
    arrays = affine_arrays(seed, sizes)
    arrays["x"] *= 10.0 ** exponents[1]
    arrays["b"] *= 10.0 ** exponents[1]
    scale = 10.0 ** exponents[0]
    assert row_of(case(affine(scale=scale), seed=seed, **arrays), name).verdict == "agrees"
    index = int(place * arrays[name].size)
    wrong = row_of(case(spoiled(name, index, 1e-6, scale), seed=seed, **arrays), name)
    assert wrong.verdict == "differs"


@pytest.mark.parametrize("scale", SCALES)
def test_what_is_said_to_be_detectable_does_not_depend_on_the_scale(scale: float) -> None:
    plain = row_of(case(affine(), **affine_arrays()), "W").detectable
    scaled = row_of(case(affine(scale=scale), **affine_arrays()), "W").detectable
    assert plain is not None
    assert scaled == pytest.approx(plain, rel=3)


@pytest.mark.parametrize("factor", [0.5, 2.0, -1.0, 1.0 + 1e-6, 0.0])
def test_a_factor_is_seen_in_every_entry(factor: float) -> None:
    found = row_of(case(elementwise(np.tanh, lambda x: factor * (1 - np.tanh(x) ** 2)), x=X))
    assert found.verdict == "differs"
    assert found.wrong_entries == 6


def test_many_wrong_entries_are_not_all_looked_at_closely() -> None:
    x = np.random.default_rng(0).standard_normal((20, 20))
    evaluation, entries = entries_of(case(elementwise(np.sin, lambda x: 2 * np.cos(x)), x=x), "x")
    assert (entries.codes == DIFFERS).all()
    assert evaluation.evaluations < 2 * 400 + 8 * 200
    assert entries.verdict == "differs"


def test_cheap_first() -> None:
    x = np.random.default_rng(0).standard_normal((20, 20))
    evaluation, entries = entries_of(case(elementwise(np.sin, np.cos), x=x), "x")
    assert entries.verdict == "agrees"
    assert evaluation.evaluations < 4 * 400


def test_some_entries_alone() -> None:
    one = case(spoiled("W", 5, 1e-6), **affine_arrays())
    _, entries = entries_of(one, "W", [1, 5])
    assert entries.indices.tolist() == [1, 5]
    assert entries.codes.tolist() == [AGREES, DIFFERS]
    _, closely = entries_of(one, "W", [1, 5], closely=True)
    assert closely.codes.tolist() == [AGREES, DIFFERS]
    assert (closely.allowances <= entries.allowances).all()


def test_no_entries_at_all() -> None:
    found = row_of(case(elementwise(np.sin, np.cos), x=np.zeros((0, 3))))
    assert found.verdict == "agrees"
    assert (found.worst, found.detectable, found.allowance) == (None, None, None)
    assert (found.max_abs_diff, found.mean_abs_diff, found.max_rel_diff) == (0, 0, 0)


def test_a_number_by_itself() -> None:
    found = row_of(case(pure(lambda x: x * x, lambda u, x: {"x": 2 * x * u}, "x() -> ()"), x=0.3))
    assert found.verdict == "agrees"
    assert found.shape == ()
    assert found.worst is not None
    assert found.worst.index == ()


@pytest.mark.parametrize(
    "f",
    [lambda x: np.full(3, 0.1), lambda x: np.sign(x), lambda x: np.maximum(x - 9, 0), lambda x: 0 * x],
    ids=["constant", "step", "dead relu", "zero"],
)
def test_a_true_zero_agrees_and_says_that_nothing_is_detectable(f: Any) -> None:
    found = row_of(case(elementwise(f, np.zeros_like), x=X))
    assert found.verdict == "agrees"
    assert found.typical == 0
    assert found.detectable is None


def test_zero_where_it_is_not_and_the_other_way_round() -> None:
    assert row_of(case(elementwise(np.sin, np.zeros_like), x=X)).verdict == "differs"
    assert row_of(case(elementwise(np.sign, np.ones_like), x=X)).verdict == "differs"
    assert row_of(case(elementwise(np.sign, lambda x: np.full_like(x, 1e-5)), x=X)).verdict == "differs"


def test_a_zero_among_others_is_judged_by_its_neighbours() -> None:
    dead = pure(lambda x: x * [1, 0, 1], lambda u, x: {"x": u * [1, 0, 1]}, SAME)
    assert row_of(case(dead, x=X)).verdict == "agrees"
    leaky = pure(lambda x: x * [1, 0, 1], lambda u, x: {"x": u * [1, 1e-6, 1]}, SAME)
    found = row_of(case(leaky, x=X))
    assert found.verdict == "differs"
    assert found.wrong_entries == 2


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_analytic_value_that_is_no_number_differs(value: float) -> None:
    def slope(x: Any) -> Any:
        slopes = np.array(np.cos(x))
        slopes.flat[4] = value
        return slopes

    found = row_of(case(elementwise(np.sin, slope), x=X))
    assert found.verdict == "differs"
    assert found.wrong_entries == 1
    assert found.worst is not None
    assert found.worst.index == (1, 1)


def test_a_cast_inside_is_judged_by_its_own_measure() -> None:
    cast = lambda x: np.tanh(x.astype(np.float32)).astype(float)  # noqa: E731
    right = row_of(case(elementwise(cast, lambda x: 1 - np.tanh(x) ** 2), x=X))
    assert right.verdict == "agrees"
    assert right.detectable is not None
    assert 1e-6 < right.detectable < 1e-2
    assert row_of(case(elementwise(cast, lambda x: 1.01 * (1 - np.tanh(x) ** 2)), x=X)).verdict == "differs"


def test_a_gradient_in_float32_is_judged_by_its_own_roundoff() -> None:
    backward = lambda u, x: {"x": (u * (1 - np.tanh(x) ** 2)).astype(np.float32)}  # noqa: E731
    found = row_of(case(pure(lambda x: np.tanh(x), backward, SAME), x=X))
    assert found.verdict == "agrees"
    assert found.detectable is not None
    assert found.detectable > 1e-8


def test_where_noise_hides_the_slope_nothing_is_said() -> None:
    loud = lambda x: np.asarray(1e13 + np.sin(x), float)  # noqa: E731
    found = row_of(case(elementwise(loud, np.cos), x=X))
    assert found.verdict == "undecided"
    assert found.cause == "noise"
    assert found.wrong_entries == 0
    assert row_of(case(elementwise(loud, lambda x: 3 * np.cos(x)), x=X)).verdict == "differs"


def test_outside_the_domain_nothing_is_said() -> None:
    found = row_of(case(elementwise(np.sqrt, lambda x: 0.5 / np.sqrt(x)), x=np.array([[0.0, 1.0, 4.0]])))
    assert found.verdict == "undecided"
    assert found.cause == "domain"
    assert found.worst is not None
    assert found.worst.index == (0, 0)


def test_a_subgradient_at_a_kink_agrees_and_anything_else_decides_nothing() -> None:
    x = np.array([[0.0, 1.0, -1.0]])
    for slope in (0.0, 0.5, 1.0):
        _, entries = entries_of(
            case(elementwise(lambda x: np.maximum(x, 0), lambda x, s=slope: np.where(x == 0, s, x > 0)), x=x), "x"
        )
        assert entries.codes.tolist() == [AGREES] * 3
    _, entries = entries_of(
        case(elementwise(lambda x: np.maximum(x, 0), lambda x: np.where(x == 0, 5.0, x > 0)), x=x), "x"
    )
    assert entries.codes.tolist() == [UNDECIDED, AGREES, AGREES]
    assert entries.kinks.tolist() == [True, False, False]
    assert entries.causes == {0: "kink"}


def test_a_differing_entry_outranks_an_undecided_one() -> None:
    x = np.array([[0.0, 1.0, -1.0]])
    found = row_of(case(elementwise(lambda x: np.maximum(x, 0), lambda x: np.where(x == 0, 99.0, (x > 0) + 1e-6)), x=x))
    assert found.verdict == "differs"
    assert found.worst is not None
    assert found.worst.index != (0, 0)


def test_kinks_nearby_are_left_behind() -> None:
    x = np.array([[1e-9, -1e-9, 1e-7, -1e-5, 1.0]])
    assert row_of(case(elementwise(np.abs, np.sign), x=x)).verdict == "agrees"
    assert row_of(case(elementwise(np.abs, np.ones_like), x=x)).verdict == "differs"


@pytest.mark.parametrize("far", [-1e3, -350.0])
def test_an_error_in_an_entry_that_stands_still_is_seen(far: float) -> None:
    x = np.array([[far, 0.0087, -1.25, 1.02e-3]])
    wrong = np.array([[2e-13, 0.0, 0.0, 0.0]])
    right = elementwise(lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0)
    assert row_of(case(right, x=x)).verdict == "agrees"
    spoilt = elementwise(lambda x: np.maximum(x, 0), lambda x: (x > 0) + wrong)
    assert row_of(case(spoilt, x=x)).verdict == "differs"


@pytest.mark.parametrize("tiny", [1e-9, 1e-11])
def test_tiny_inputs_are_differentiated_with_long_steps(tiny: float) -> None:
    x = tiny * np.array([[1.0, -0.7], [0.4, 2.0]])
    right = row_of(case(elementwise(lambda x: 1.5 + 3.0 * x, lambda x: 3.0 + 0 * x), x=x))
    assert right.verdict == "agrees"
    assert right.allowance is not None
    assert right.allowance < 5e-6
    spoilt = elementwise(lambda x: 1.5 + 3.0 * x, lambda x: 3.0 + 3e-6 * (x == x[1, 0]))
    assert row_of(case(spoilt, x=x)).verdict == "differs"


def test_a_saturated_loss_whose_gradient_is_nothing_but_roundoff() -> None:
    def forward(x: Any) -> Any:
        shifted = x - x.max(axis=1, keepdims=True)
        return (np.log(np.exp(shifted).sum(axis=1)) - shifted[:, 1]).sum()

    def backward(upstream: Any, x: Any) -> Any:
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return {"x": upstream * (e / e.sum(axis=1, keepdims=True) - np.array([0, 1.0, 0]))}

    x = np.array([[96.0, 130.0, -114.0], [98.0, 134.0, 2.0]])
    assert row_of(case(pure(forward, backward, "x(n,c) -> ()"), x=x)).verdict == "agrees"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_function_that_is_not_saturated_hides_nothing_behind_tiny_weights(dtype: str) -> None:
    arrays = {**affine_arrays(dtype=dtype)}
    arrays["W"] = (arrays["W"] * 1e-9).astype(dtype)

    def spoil(gradients: dict[str, Any]) -> None:
        gradients["W"] = np.array(gradients["W"])
        gradients["W"][0, 0] *= 1.002

    assert row_of(case(affine(), **arrays), "W").verdict == "agrees"
    assert row_of(case(affine(spoil), **arrays), "W").verdict == "differs"


@pytest.mark.parametrize(("size", "steep"), [(1e8, 1e3), (1e5, 1e4), (1e9, 30.0)])
def test_a_gate_that_stands_still_between_two_floats(size: float, steep: float) -> None:
    def gate(x: Any) -> Any:
        half = x.dtype.type(0.5)
        return half * np.tanh(half * steep * x) + half

    def slope(x: Any) -> Any:
        return 1 + size * steep * gate(x) * (1 - gate(x))

    x = np.array([[-34.0, -33.2, -34.7, -34.1]]) / steep
    assert row_of(case(elementwise(lambda x: x + size * gate(x), slope), x=x)).verdict == "agrees"
    spoilt = elementwise(lambda x: x + size * gate(x), lambda x: slope(x) * (1 + 1e-2 * (x == x[0, 1])))
    assert row_of(case(spoilt, x=x)).verdict == "differs"


@pytest.mark.parametrize("logit", [36.1, 35.4, 36.3])
def test_a_loss_that_stands_still_in_the_last_floats_before_one(logit: float) -> None:
    def rest(z: Any) -> Any:
        return 1 - 1 / (1 + np.exp(-z))

    def loss(z: Any) -> Any:
        return -np.sum(np.log(rest(z)))

    z = np.array([1.2, logit, 0.3])
    right = pure(loss, lambda upstream, z: {"z": upstream * (1 - rest(z))}, "z(n) -> ()")
    assert row_of(case(right, z=z), "z").verdict == "agrees"
    twice = pure(loss, lambda upstream, z: {"z": upstream * 2 * (1 - rest(z))}, "z(n) -> ()")
    assert row_of(case(twice, z=z), "z").verdict == "differs"


FREQUENCY = np.where(np.isin(np.arange(300), [0, 100]), 1.0, 2000.0)  # the two on which the step is calibrated are slow
AMPLITUDE = np.where(FREQUENCY == 1.0, 2.0, 1e-3)
MANY = np.random.default_rng(0).uniform(0.5, 1.0, 300)


def waves(off: Any = 0.0) -> Any:
    """A sum of waves, nearly all of which need steps of their own; `off`: what backward adds to the derivative."""
    return pure(
        lambda x: np.sum(AMPLITUDE * np.sin(FREQUENCY * x)),
        lambda upstream, x: {"x": upstream * (AMPLITUDE * FREQUENCY * np.cos(FREQUENCY * x) + off)},
        "x(n) -> ()",
    )


def test_many_hard_entries_are_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    together, found = entries_of(case(waves(), x=MANY), "x")
    assert found.verdict == "agrees"
    monkeypatch.setattr("checks.comparison.CROWD", 10**9)
    one_by_one, found = entries_of(case(waves(), x=MANY), "x")
    assert found.verdict == "agrees"
    assert together.evaluations < one_by_one.evaluations / 4


@pytest.mark.parametrize("wrong", [1, 150, 299])
@pytest.mark.parametrize("off", [1e-5, 1.0])
def test_one_wrong_entry_of_a_crowd_is_found(wrong: int, off: float) -> None:
    _, found = entries_of(case(waves(np.where(np.arange(300) == wrong, off, 0.0)), x=MANY), "x")
    assert found.codes[wrong] != AGREES


def test_no_entry_is_accused_by_a_value_without_one_digit() -> None:
    assert code(0.0, 1.0, 0.2) == UNDECIDED
    assert code(5.0, 1.0, 0.2) == DIFFERS


def swung(steps: int, stiffness: float, friction: float) -> tuple[Any, Any]:
    """(where a pendulum is after so many steps that are far too long for it, the derivative): chaos."""

    def run(q: Any) -> tuple[Any, Any]:
        w, dq, dw = 0 * q, 1 + 0 * q, 0 * q
        for _ in range(steps):
            dw = dw - 0.05 * (stiffness * np.cos(q) * dq + friction * dw)
            w = w - 0.05 * (stiffness * np.sin(q) + friction * w)
            q, dq = q + 0.05 * w, dq + 0.05 * dw
        return q, dq

    return lambda q: run(q)[0], lambda q: run(q)[1]


@pytest.mark.parametrize(
    ("steps", "stiffness", "friction", "seed"), [(10, 1e4, 0.1, 2), (12, 1e4, 0.1, 1), (10, 1e4, 100.0, 0)]
)
def test_what_lies_between_the_steps_accuses_nobody(steps: int, stiffness: float, friction: float, seed: int) -> None:
    f, slope = swung(steps, stiffness, friction)
    x = np.random.default_rng(seed).standard_normal((2, 3))
    assert row_of(case(elementwise(f, slope), x=x)).verdict != "differs"
    calm, right = swung(2, 10.0, friction)
    assert row_of(case(elementwise(calm, right), x=x)).verdict == "agrees"
    assert row_of(case(elementwise(calm, lambda q: 1.001 * right(q)), x=x)).verdict == "differs"
