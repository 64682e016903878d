"""`check` and `assert_gradients` as their callers see them."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from checks import GradientMismatch, Signature, assert_gradients, cases, check
from reference import Affine, ReLU, SoftmaxWithLoss, TwoLayerNet
from reference.mnist import load_sample


class Doubled:
    """2x, with the gradient of x."""

    def forward(self, x: Any) -> Any:
        return 2 * x

    def backward(self, dout: Any) -> Any:
        return dout


class Raises:
    def forward(self, x: Any) -> Any:
        if x.shape[0] > 4:
            raise ValueError("four rows at most")
        return 3 * x

    def backward(self, dout: Any) -> Any:
        return 3 * dout


class FailsBehind:
    def forward(self, x: Any) -> Any:
        self.x = x
        return x**2

    def backward(self, dout: Any) -> Any:
        if self.x.shape[0] > 2:
            raise IndexError("row 2")
        return 2 * self.x * dout


def test_a_correct_class_passes() -> None:
    report = check(Affine, seed=1)
    assert (report.verdict, report.passed, report.signature) == ("pass", True, "x(n,i), W(i,o), b(o) -> (n,o)")
    assert [row.name for row in report.comparisons] == ["x", "W", "b"]
    assert report.cases == 20
    assert report.seed == 1


def test_a_wrong_one_fails_and_says_where() -> None:
    report = check(Doubled, seed=1)
    assert report.verdict == "fail"
    (row,) = report.comparisons
    assert row.worst is not None
    assert row.worst.numerical == pytest.approx(2 * row.worst.analytic)
    with pytest.raises(GradientMismatch, match=r"x\[0,0\]: analytic .* numerical .*") as caught:
        assert_gradients(Doubled, seed=1)
    assert "counterexample" in str(caught.value)


def test_assert_gradients_gives_the_report() -> None:
    assert assert_gradients(ReLU, seed=0, max_examples=5).passed


def test_a_seed_gives_the_same_report() -> None:
    one, other = (check(Doubled, seed=9).to_json() for _ in range(2))
    assert {**one, "seconds": 0} == {**other, "seconds": 0}
    assert check(ReLU).seed != check(ReLU).seed


@pytest.mark.parametrize("dtype", ["float32", "float64", np.float32])
def test_dtypes(dtype: Any) -> None:
    report = check(Affine, dtype=dtype, seed=2, max_examples=8)
    assert report.passed
    assert {row.dtype for row in report.comparisons} == {np.dtype(dtype).name}


def test_a_pair_of_functions_and_an_explicit_signature() -> None:
    def scale_forward(x: Any, k: Any) -> Any:
        return x * k, (x, k)

    def scale_backward(dout: Any, cache: Any) -> Any:
        x, k = cache
        return dout * k, np.sum(dout * x)

    report = check((scale_forward, scale_backward), "x(n,i), k() -> (n,i)", seed=3)
    assert report.passed, report.to_text()
    assert {row.name: row.shape for row in report.comparisons}["k"] == ()


def test_inputs_are_that_case_exactly() -> None:
    x, W, b = np.ones((2, 3)), np.arange(6.0).reshape(3, 2), np.array([1, 2])
    report = check(Affine, inputs=(x, W, b), seed=0)
    assert report.passed
    assert report.cases == 1
    assert [row.shape for row in report.comparisons] == [(2, 3), (3, 2), (2,)]
    by_name = check(Affine, inputs={"W": W, "b": b, "x": x}, seed=0)
    assert by_name.to_json()["gradients"] == report.to_json()["gradients"]


def test_missing_parameters_are_drawn_in_the_fitting_shape() -> None:
    report = check(Affine, inputs={"x": np.ones((2, 5))}, seed=0)
    assert report.passed
    assert {row.name: row.shape for row in report.comparisons}["W"][0] == 5


def test_a_network_on_its_own_parameters_and_real_images() -> None:
    (images, labels), _ = load_sample()
    net = TwoLayerNet(784, 3, 10, rng=0)
    before = {name: value.copy() for name, value in net.params.items()}
    report = check(net, inputs=(images[:2], labels[:2]), exact=True, seed=0)
    assert report.passed, report.to_text()
    assert all(row.mean_abs_diff is not None and row.mean_abs_diff < 1e-10 for row in report.comparisons)
    assert all(np.array_equal(net.params[name], before[name]) for name in before)


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ((np.array([[1.0, np.nan]]),), "input number 0 is nan at [0, 1], expected finite numbers"),
        ({"x": np.array([np.inf])}, "input x is inf at [0], expected finite numbers"),
        ((np.array([object()]),), "input number 0 has dtype object, expected an array of real numbers"),
        ({"z": np.ones(3)}, "z"),
    ],
)
def test_inputs_that_make_no_sense_are_an_error_that_says_so(inputs: Any, why: str) -> None:
    report = check(ReLU, inputs=inputs)
    assert report.verdict == "error"
    assert report.why is not None
    assert why in report.why
    assert report.why.count("\n") <= 2


SCALE = "x(n,i), k(i) -> (n,i)"


class Scale:
    """Takes an array of its own."""

    def __init__(self, k: Any) -> None:
        self.k = k
        self.dk = None

    def forward(self, x: Any) -> Any:
        self.x = x
        return self.k * x

    def backward(self, dout: Any) -> Any:
        self.dk = (dout * self.x).sum(axis=0)
        return dout * self.k


def test_an_instance_keeps_what_is_its_own() -> None:
    own = np.array([2.0, -3.0, 0.5])
    layer = Scale(own)
    report = check(layer, max_examples=6, seed=0)
    assert report.passed
    assert report.cases == 6
    assert {row.name: row.shape for row in report.comparisons}["k"] == (3,)
    assert layer.k is own
    assert own.tolist() == [2.0, -3.0, 0.5]
    assert layer.dk is None
    assert check(layer, inputs=(np.ones((2, 3)),)).passed


@pytest.mark.parametrize(
    ("inputs", "options", "why"),
    [
        ((np.ones((2, 3)), np.ones(3), np.ones(3)), {}, "inputs has 3 arrays, expected at most 2: x, k"),
        (
            {"x": np.ones((2, 3)), "W": np.ones(3)},
            {},
            f"inputs names 'W', expected names of the signature {SCALE}: x, k",
        ),
    ],
)
def test_inputs_that_do_not_fit_the_signature(inputs: Any, options: Any, why: str) -> None:
    report = check(Scale, SCALE, inputs=inputs, **options)
    assert (report.verdict, report.why) == ("error", why)


@pytest.mark.parametrize(("inputs", "name"), [(np.ones((2, 3)), "ndarray"), (3.0, "float"), ({1, 2}, "set")])
def test_inputs_that_are_no_tuple(inputs: Any, name: str) -> None:
    with pytest.raises(TypeError) as caught:
        check(ReLU, inputs=inputs)
    assert str(caught.value) == f"Expected inputs to be a tuple of arrays or a dict by name, got {name}: (x,)"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_whole_numbers_become_floats_where_a_derivative_is_taken(dtype: str) -> None:
    report = check(Scale, SCALE, inputs=([[1, -2, 3]], [4, 5, 6]), dtype=dtype, seed=0)
    assert report.passed
    assert {row.dtype for row in report.comparisons} == {dtype}


@pytest.mark.parametrize("labels", [np.array([0, 2]), [0, 2], np.array([0, 2], dtype=np.int8), np.eye(3)[[0, 2]]])
def test_labels_are_taken_as_they_are(labels: Any) -> None:
    x = np.array([[0.1, 0.2, -0.5], [1.0, 2.0, 3.0]])
    report = check(SoftmaxWithLoss, inputs=(x, labels), seed=0)
    assert report.passed
    assert [row.name for row in report.comparisons] == ["x"]


def test_the_callers_arrays_are_untouched() -> None:
    inputs = tuple(np.random.default_rng(0).standard_normal(shape) for shape in ((2, 3), (3, 2), (2,)))
    saved = [array.tobytes() for array in inputs]
    for array in inputs:
        array.flags.writeable = False
    assert check(Affine, inputs=inputs, seed=0).passed
    assert [array.tobytes() for array in inputs] == saved


@pytest.mark.parametrize("count", [1, 7])
def test_as_many_cases_as_are_asked_for(count: int) -> None:
    assert check(Scale, SCALE, max_examples=count, seed=0).cases == count


def test_the_text_of_the_failure_is_the_report() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_gradients(Doubled, seed=1, max_examples=3)
    text, report = str(caught.value), check(Doubled, seed=1, max_examples=3)
    assert text == report.to_text()
    assert text.startswith("FAIL  Doubled\n  x(n,i) -> (n,i)\n")


def test_undecided_is_raised_as_well() -> None:
    class Logarithm:
        def forward(self, x: Any) -> Any:
            self.x = x
            return np.log(x)

        def backward(self, dout: Any) -> Any:
            return dout / self.x

    with pytest.raises(GradientMismatch, match="undecided"):
        assert_gradients(Logarithm, "x(n,i) -> (n,i)", inputs=(np.array([[-1.0, 2.0]]),))


def test_labels_out_of_range_are_the_layers_own_words() -> None:
    report = check(SoftmaxWithLoss, inputs=(np.ones((2, 3)), np.array([0, 7])))
    assert report.verdict == "error"
    assert report.why is not None
    assert "label 7 is no class" in report.why


def test_forward_that_raises_for_some_shapes_is_remarked_on() -> None:
    report = check(Raises, "x(n,i) -> (n,i)", seed=0)
    assert report.verdict == "pass"
    assert any("forward raised ValueError: four rows at most" in note for note in report.notes)


def test_forward_that_raises_for_all_is_an_error() -> None:
    report = check(Raises, inputs=(np.ones((6, 1)),))
    assert report.verdict == "error"
    assert report.why is not None
    assert "four rows at most" in report.why


def test_backward_that_raises_is_a_finding() -> None:
    report = check(FailsBehind, "x(n,i) -> (n,i)", seed=0)
    assert report.verdict == "fail"
    assert [(f.kind, f.message) for f in report.findings if f.severity == "error"] == [
        ("raises", "forward ran, then backward raised IndexError: row 2")
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_examples": 0}, "Expected max_examples to be at least 1, got 0"),
        ({"dtype": "int64"}, "Expected dtype to be float32 or float64, got 'int64'"),
        ({"timeout": -1}, "Expected timeout to be a positive number of seconds, got -1"),
        ({"workers": 2}, "Expected workers to be None, got 2: this version checks in one process"),
        ({"against": "Affine"}, "against='Affine': 'Affine' names no layer; expected module:Name"),
    ],
)
def test_arguments_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check(ReLU, **options)


def test_a_signature_with_a_typo_is_pointed_at() -> None:
    report = check(Affine, "x(n,i), W(i,o, b(o) -> (n,o)")
    assert report.verdict == "error"
    assert report.why is not None
    assert "^ column" in report.why


def test_the_callers_random_states_and_folder_are_untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    states = np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
    check(Doubled, seed=0)
    assert (np.random.get_state()[1].tolist(), random.getstate()) == states  # noqa: NPY002
    assert os.listdir(tmp_path) == []


def test_a_kind_that_is_allowed() -> None:
    assert check(Doubled, seed=0, allow=("factor",)).verdict == "pass"
    assert check(Doubled, seed=0, allow=("Doubled.x:factor",)).verdict == "pass"
    assert check(Doubled, seed=0, allow=("Other:factor",)).verdict == "fail"


@settings(max_examples=5)
@given(cases(Affine, Signature.parse("x(n,i), W(i,o), b(o) -> (n,o)")))
def test_cases_serve_a_test_of_ones_own(case: Any) -> None:
    x, W, b = (case.arrays[name] for name in ("x", "W", "b"))
    assert Affine(W, b).forward(x).shape == (len(x), len(b))


class Dropout:
    """Two masks over a few entries are often equal by chance, which makes no layer steady."""

    def forward(self, x: Any) -> Any:
        self.mask = np.random.rand(*x.shape) > 0.5  # noqa: NPY002
        return x * self.mask

    def backward(self, dout: Any) -> Any:
        return dout * self.mask


class DropoutWithoutMask(Dropout):
    def backward(self, dout: Any) -> Any:
        return dout


class Choice:
    def forward(self, x: Any) -> Any:
        self.factor = random.choice([1.0, 2.0])
        return self.factor * x

    def backward(self, dout: Any) -> Any:
        return self.factor * dout


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("layer", [Dropout, Choice])
def test_a_layer_that_draws_is_asked_under_one_random_state(layer: type, dtype: str) -> None:
    assert [check(layer, seed=seed, dtype=dtype, max_examples=12).verdict for seed in range(4)] == ["pass"] * 4


def test_dropout_without_its_mask_fails() -> None:
    assert check(DropoutWithoutMask, seed=0).verdict == "fail"


def test_an_allowance_is_one_or_several_and_names_a_kind() -> None:
    assert check(Doubled, seed=1, max_examples=3, allow="factor").verdict == "pass"
    assert check(Doubled, seed=1, max_examples=3, allow=("Doubled.x:factor",)).verdict == "pass"
    with pytest.raises(ValueError, match="did you mean wrong-values"):
        check(Doubled, allow=("wrong-value",))


class Descends:
    """Takes a step in backward, along a gradient that may be far smaller than its weights."""

    def __init__(self, W: Any) -> None:
        self.W = W

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W

    def backward(self, dout: Any, learning_rate: float) -> Any:
        dx = dout @ self.W.T
        self.W -= learning_rate * self.x.T @ dout
        return dx


@pytest.mark.parametrize("seed", range(4))
def test_a_step_is_judged_by_the_rounding_of_the_weights(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, W = 1e-7 * rng.standard_normal((3, 4)), rng.standard_normal((4, 2))
    assert check(Descends, inputs={"x": x, "W": W}, seed=seed).verdict in ("pass", "undecided")
    assert check(Descends, seed=seed, max_examples=6).verdict == "pass"


class Scaled:
    """exp of a parameter, twice: 0 times infinity where it is far larger than ever used."""

    def __init__(self, log_scale):
        self.log_scale = log_scale

    def forward(self, x):
        self.x, self.w = x, np.exp(-np.exp(self.log_scale))
        return x * self.w

    def backward(self, d):
        self.dlog_scale = (-d * self.x * self.w * np.exp(self.log_scale)).sum(axis=0)
        return d * self.w


def test_a_gradient_that_overflows_for_huge_parameters_is_a_warning() -> None:
    reports = [check(Scaled, "x(n,i), log_scale(i) -> (n,i)", seed=seed, max_examples=20) for seed in range(4)]
    assert {report.verdict for report in reports} == {"pass"}
    said = {finding.message for report in reports for finding in report.findings}
    assert any("the gradient of log_scale is no number for log_scale of" in message for message in said)


def test_a_gradient_that_overflows_in_the_users_own_case_fails() -> None:
    given = {"x": np.array([[1.0, 2.0]]), "log_scale": np.array([0.5, 720.0])}
    assert check(Scaled, "x(n,i), log_scale(i) -> (n,i)", inputs=given, seed=0).verdict == "fail"


class NaiveExp:
    """Finite for ordinary inputs only: whatever is drawn with a few examples may not be."""

    def forward(self, x):
        self.out = np.exp(np.exp(np.exp(x)))
        self.x = x
        return self.out

    def backward(self, dout):
        return dout * self.out * np.exp(np.exp(self.x)) * np.exp(self.x)


@pytest.mark.parametrize("seed", range(12))
def test_few_examples_settle_something_though_they_may_be_too_large(seed: int) -> None:
    report = check(NaiveExp, seed=seed, max_examples=2, allow="overflow")
    assert report.verdict == "pass", report.to_text()


def test_few_examples_find_a_fault_though_they_may_be_too_large() -> None:
    class Wrong(NaiveExp):
        def backward(self, dout):
            return dout * self.out

    assert {check(Wrong, seed=seed, max_examples=2).verdict for seed in range(4)} == {"fail"}


class NaiveSigmoid:
    """Its derivative is no number far out, and right where it is one."""

    def __init__(self, W):
        self.W = W

    def forward(self, x):
        self.x = x
        self.z = x @ self.W
        return 1 / (1 + np.exp(-self.z))

    def backward(self, dout):
        dz = dout * np.exp(-self.z) / (1 + np.exp(-self.z)) ** 2
        self.dW = self.x.T @ dz
        return dz @ self.W.T


@pytest.mark.parametrize("seed", range(4))
def test_entries_that_are_no_numbers_accuse_no_others(seed: int) -> None:
    report = check(NaiveSigmoid, seed=seed, max_examples=4, allow="overflow")
    assert report.verdict == "pass", report.to_text()
