"""One case run both ways: whose gradients are taken, in which precision, and what the caller keeps."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pytest
from zoo.plain import AFFINE, SAME, affine, affine_arrays, affine_gradients, case, elementwise, pure, subject

from checks.errors import LayerError, UserCodeRaised
from checks.evaluation import Evaluation, quiet, squeezed

X = np.array([[0.5, -1.0, 0.3], [2.0, 0.25, -0.7]])
WIDE = np.finfo(np.longdouble).eps < 1e-18


def test_the_gradients_and_what_they_answer_for() -> None:
    arrays = affine_arrays()
    one = Evaluation(case(affine(), seed=1, **arrays))
    expected = affine_gradients(one.upstream, **arrays)
    assert one.analytic.keys() == expected.keys()
    for name, gradient in expected.items():
        assert one.analytic[name].tolist() == gradient.tolist()
        assert one.roundoff[name].shape == gradient.shape
        assert (one.roundoff[name] >= 4 * 2.0**-53 * np.abs(gradient).max()).all()
        assert (one.roundoff[name] <= 1e-13).all()
    assert one.problems == {}
    assert one.upstream.tolist() == one.case.upstream_for(np.zeros((3, 2))).tolist()


def test_gradients_of_nothing_that_is_known_or_differentiable_are_left_out() -> None:
    one = Evaluation(
        case(
            pure(
                lambda x, t: x[np.arange(2), t],
                lambda upstream, x, t: {"x": np.zeros((2, 3)), "t": np.zeros(2), "dW": 1},
                "x(n,c), t(n):label(c) -> (n)",
            ),
            x=X,
            t=[0, 2],
        )
    )
    assert list(one.analytic) == ["x"]


@pytest.mark.parametrize(
    ("name", "change", "problem", "kept"),
    [
        ("b", lambda g: g[None], "has shape (1, 2), but b has shape (2,)", True),
        ("W", lambda g: g[:, :, None], "has shape (4, 2, 1), but W has shape (4, 2)", True),
        ("W", lambda g: g.T, "has shape (2, 4), but W has shape (4, 2)", False),
        ("W", lambda g: g.reshape(-1), "has shape (8,), but W has shape (4, 2)", False),
        ("b", lambda g: g[:1], "has shape (1,), but b has shape (2,)", False),
        ("x", lambda g: g.sum(), "has shape (), but x has shape (3, 4)", False),
    ],
)
def test_a_gradient_of_another_shape(name: str, change: Any, problem: str, kept: bool) -> None:
    one = Evaluation(case(affine(lambda g: {**g, name: change(g[name])}), **affine_arrays()))
    assert one.problems == {name: problem}
    assert (name in one.analytic) is kept
    if kept:
        assert one.analytic[name].shape == one.case.arrays[name].shape


@pytest.mark.parametrize(("shape", "result"), [((), ()), ((1,), ()), ((1, 3, 1, 2), (3, 2)), ((0, 1), (0,))])
def test_squeezed(shape: tuple[int, ...], result: tuple[int, ...]) -> None:
    assert squeezed(shape) == result


def test_a_float32_case_is_differentiated_on_float64_copies() -> None:
    one = Evaluation(case(affine(), **affine_arrays(dtype="float32")))
    assert one.native.arrays["x"].dtype == np.float32
    assert one.numeric.arrays["x"].dtype == np.float64
    assert one.function("W").x.dtype == np.float64
    assert not one.coarse
    assert set(one.units.values()) == {2.0**-24}
    assert one.numeric is one.numeric


@pytest.mark.parametrize(
    "forward",
    [
        lambda x: np.tanh(np.asarray(x, np.float32)),
        lambda x: np.tanh(np.asarray(x, np.float32)).astype(x.dtype),
        lambda x: np.tanh(x).astype(np.float32),
    ],
)
def test_not_where_the_code_falls_back_to_float32(forward: Any) -> None:
    one = Evaluation(case(pure(forward, lambda u, x: {"x": u * (1 - np.tanh(x) ** 2)}, SAME), x=X.astype(np.float32)))
    assert one.numeric is one.native
    assert one.coarse


def test_not_where_the_code_takes_no_float64() -> None:
    def strict(x: Any) -> Any:
        if x.dtype != np.float32:
            raise TypeError("float32 only")
        return x * x

    one = Evaluation(case(pure(strict, lambda u, x: {"x": 2 * x * u}, SAME), x=X.astype(np.float32)))
    assert one.numeric is one.native


def test_float64_is_its_own_numeric_side() -> None:
    one = Evaluation(case(affine(), **affine_arrays()))
    assert one.numeric is one.native
    assert not one.coarse


@pytest.mark.skipif(not WIDE, reason="longdouble is float64 here")
def test_longdouble_copies_where_the_code_keeps_them() -> None:
    one = Evaluation(case(elementwise(np.tanh, lambda x: 1 - np.tanh(x) ** 2), x=X))
    function = one.function("x", wide=True)
    assert function is not None
    assert function.x.dtype == np.longdouble
    wide = one.wide_gradient("x")
    assert wide is not None
    assert wide.shape == (6,)
    np.testing.assert_allclose(wide, one.analytic["x"].reshape(-1), rtol=1e-14)
    assert one.wide_gradient("y") is None


def test_no_longdouble_where_the_code_has_none() -> None:
    cast = pure(lambda x: np.tanh(np.asarray(x, float)), lambda u, x: {"x": u * (1 - np.tanh(x) ** 2)}, SAME)
    one = Evaluation(case(cast, x=X))
    assert one.wide is None
    assert one.function("x", wide=True) is None
    assert one.wide_gradient("x") is None


def test_the_complex_step_where_the_code_takes_complex_arrays() -> None:
    one = Evaluation(case(elementwise(np.exp, np.exp), x=X, upstream=np.ones((2, 3))))
    found = one.complex_derivative("x", 4)
    assert found is not None
    assert abs(found[0] - np.exp(0.25)) <= found[1] < 1e-14
    assert Evaluation(case(elementwise(np.abs, np.sign), x=X)).complex_derivative("x", 0) is None
    picky = pure(lambda x: np.maximum(x, np.zeros(3), dtype=float), lambda u, x: {"x": (x > 0) * u}, SAME)
    assert Evaluation(case(picky, x=X)).complex_derivative("x", 0) is None


def test_the_forward_passes_are_counted() -> None:
    calls: list[None] = []

    def forward(x: Any) -> Any:
        calls.append(None)
        return x * x

    one = Evaluation(case(pure(forward, lambda u, x: {"x": 2 * x * u}, SAME), x=X))
    one.function("x")
    assert one.evaluations == len(calls)
    assert one.steady
    assert one.evaluations == len(calls)


def test_the_upstream_is_one_where_backward_takes_none() -> None:
    loss = pure(lambda x: np.mean(x * x), lambda u, x: {"x": u * 2 * x / x.size}, "x(n,i) -> ()", takes_upstream=False)
    assert Evaluation(case(loss, x=X)).upstream == 1.0


def test_a_layer_that_raises_or_gives_no_array() -> None:
    def fails(u: Any, **arrays: Any) -> Any:
        raise RuntimeError("no cache")

    with pytest.raises(UserCodeRaised, match="backward raised RuntimeError: no cache"):
        Evaluation(case(pure(lambda x: x, fails, SAME), x=X))
    with pytest.raises(LayerError, match="the gradient of x is None"):
        Evaluation(case(pure(lambda x: x, lambda u, x: {"x": None}, SAME), x=X))


def test_a_backward_that_gives_other_gradients_beside_the_point() -> None:
    calls: list[None] = []

    def backward(upstream: Any, x: Any) -> Any:
        calls.append(None)
        return {"x": 2 * x * upstream} if len(calls) == 1 else {}

    one = Evaluation(case(pure(lambda x: x * x, backward, SAME), x=X))
    assert list(one.analytic) == ["x"]


def test_quiet_gives_the_random_states_back_also_after_an_error() -> None:
    state, python_state = np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
    with pytest.raises(KeyError), quiet():
        np.random.seed(3)  # noqa: NPY002
        random.seed(3)
        warnings.warn("deprecated", DeprecationWarning, stacklevel=1)
        assert np.isinf(np.ones(1) / 0).all()
        raise KeyError
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002
    assert random.getstate() == python_state
    assert np.geterr()["divide"] == "warn"


def test_the_case_keeps_its_arrays() -> None:
    class Writes:
        def __init__(self, arrays: Any) -> None:
            pass

        def forward(self, arrays: Any) -> Any:
            arrays["W"] += 1
            return arrays["x"] @ arrays["W"] + arrays["b"]

        def backward(self, upstream: Any) -> Any:
            upstream *= 0
            return {}

    arrays = affine_arrays()
    saved = {name: array.tobytes() for name, array in arrays.items()}
    one = Evaluation(case(subject(Writes, AFFINE), **arrays))
    assert one.native.mutated == ("W",)
    assert {name: array.tobytes() for name, array in one.case.arrays.items()} == saved
    assert np.abs(one.upstream).min() >= 0.5
