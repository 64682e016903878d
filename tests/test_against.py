"""A layer beside a trusted one: wrong forwards that pass a gradient check, right ones that are written otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from zoo.textbook import Stubborn

from checks import check
from checks.discover import Source, find
from checks.results import Report
from reference import AveragePooling, LeakyReLU, MaxPooling

RIGHT = Path(__file__).parent / "zoo" / "right"


class Affine:
    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class Halved(Affine):
    def forward(self, x: Any) -> Any:
        return super().forward(x) / 2

    def backward(self, dout: Any) -> Any:
        return super().backward(dout / 2)


class SubtractsItsBias(Affine):
    def forward(self, x: Any) -> Any:
        return super().forward(x) - 2 * self.b

    def backward(self, dout: Any) -> Any:
        dx = super().backward(dout)
        self.db = -self.db
        return dx


class AveragesItsBias(Affine):
    """Right but for one gradient."""

    def backward(self, dout: Any) -> Any:
        dx = super().backward(dout)
        self.db = dout.mean(axis=0)
        return dx


class FallingSigmoid:
    """The derivative of what it computes."""

    def fn(self, z: Any) -> Any:
        return 1 / (1 + np.exp(z))

    def grad(self, z: Any) -> Any:
        return -self.fn(z) * (1 - self.fn(z))


class ThresholdAtOne:
    def forward(self, x: Any) -> Any:
        self.x = x
        return np.where(x > 1, x, 0.0)

    def backward(self, dout: Any) -> Any:
        return dout * (self.x > 1)


class SteeperLeak:
    def __call__(self, x: Any) -> Any:
        return np.where(x >= 0, x, 0.2 * x)

    def gradient(self, x: Any) -> Any:
        return np.where(x >= 0, 1, 0.2)


class SoftmaxOfColumns:
    def forward(self, x: Any) -> Any:
        e = np.exp(x - x.max(axis=0))
        self.p = e / e.sum(axis=0)
        return self.p

    def backward(self, dout: Any) -> Any:
        return self.p * (dout - (dout * self.p).sum(axis=0))


def summed_cross_entropy(x: Any, y: Any) -> Any:
    """A loss that returns its gradient."""
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    n = np.arange(len(x))
    loss = -np.log(p[n, y]).sum()
    dx = p.copy()
    dx[n, y] -= 1
    return loss, dx


class HalfSquares:
    def forward(self, y_pred: Any, y_true: Any) -> Any:
        self.d = y_pred - y_true
        return 0.5 * np.mean(self.d**2)

    def backward(self) -> Any:
        return self.d / self.d.size


class PerSample:
    """One loss a sample, where the trusted one has one in all."""

    def forward(self, x: Any, t: Any) -> Any:
        self.d = x - t
        return (self.d**2).mean(axis=1)

    def backward(self, dout: Any) -> Any:
        return 2 * self.d / self.d.shape[1] * dout[:, None]


class Difference:
    def forward(self, x: Any, y: Any) -> Any:
        return x - y

    def backward(self, dout: Any) -> Any:
        return dout.copy(), -dout


class ScalesByD:
    """Attention with 1 / d in the place of 1 / sqrt(d)."""

    def forward(self, q: Any, k: Any, v: Any) -> Any:
        s = q @ k.swapaxes(-1, -2) / q.shape[-1]
        a = np.exp(s - s.max(axis=-1, keepdims=True))
        self.q, self.k, self.v, self.a = q, k, v, a / a.sum(axis=-1, keepdims=True)
        return self.a @ v

    def backward(self, dout: Any) -> Any:
        da = dout @ self.v.swapaxes(-1, -2)
        ds = self.a * (da - (da * self.a).sum(axis=-1, keepdims=True)) / self.q.shape[-1]
        return ds @ self.k, ds.swapaxes(-1, -2) @ self.q, self.a.swapaxes(-1, -2) @ dout


class NextRow:
    def __init__(self, W: Any) -> None:
        self.W = W

    def forward(self, ids: Any) -> Any:
        self.ids = (ids + 1) % len(self.W)
        return self.W[self.ids]

    def backward(self, dout: Any) -> None:
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.ids, dout)


def of_zoo(file: str, name: str) -> Any:
    return find(Source(label=file, path=str(RIGHT / f"{file}.py"), name=name)).found[0].subject


REFERENCES = {"AveragePooling": AveragePooling(2, 2)}  # an instance says its sizes


def compared(layer: Any, against: Any, **options: Any) -> Report:
    return check(layer, against=against, seed=1, max_examples=3, allow="overflow", **options)


def said(report: Report) -> list[str]:
    return [finding.message for finding in report.findings if finding.kind == "differs-from-reference"]


@pytest.mark.parametrize(
    ("layer", "trusted", "words"),
    [
        (Halved, "Affine", "it is 0.5 times it in every case"),
        (SubtractsItsBias, "Affine", "Affine gives"),
        (FallingSigmoid, "Sigmoid", "reference.Sigmoid gives"),
        (ThresholdAtOne, "ReLU", "reference.ReLU gives"),
        (SteeperLeak, "LeakyReLU", "reference.LeakyReLU gives"),
        (SoftmaxOfColumns, "Softmax", "reference.Softmax gives"),
        (summed_cross_entropy, "SoftmaxWithLoss", "it is n times it in every case"),
        (HalfSquares, "MeanSquaredError", "it is 0.5 times it in every case"),
        (Difference, "AddLayer", "reference.AddLayer gives"),
        (ScalesByD, "ScaledDotProductAttention", "reference.ScaledDotProductAttention gives"),
        (NextRow, "Embedding", "reference.Embedding gives"),
    ],
)
def test_a_wrong_forward_with_its_own_right_derivative_differs(layer: Any, trusted: str, words: str) -> None:
    report = compared(layer, f"reference:{trusted}")
    assert report.verdict == "fail"
    (message,) = said(report)
    assert message.startswith(f"{layer.__name__}: output")
    assert words in message
    assert [finding.kind for finding in report.findings if finding.severity == "error"] == ["differs-from-reference"]


@pytest.mark.parametrize(
    ("file", "name", "trusted", "layout"),
    [
        ("textbook", "Affine", "Affine", ""),
        ("attributes", "LinearLayer", "Affine", ", W transposed"),
        ("columns", "Linear", "Affine", ", A, W and the output transposed"),
        ("grad_dicts", "FCLayer", "Affine", ""),
        ("function_pairs", "affine_forward", "Affine", ""),
        ("self_updating", "FCLayer", "Affine", ""),
        ("lazy_sizes", "DenseShape", "Affine", ""),
        ("activation_objects", "TanH", "Tanh", ""),
        ("activation_objects", "SoftPlus", "Softplus", ""),
        ("output_attribute", "Activation_Softmax", "Softmax", ""),
        ("losses", "SoftmaxCrossEntropyOneHot", "SoftmaxWithLoss", ""),
        ("columns", "CrossEntropyColumns", "SoftmaxWithLoss", ", Z transposed and Y as class indices"),
        ("losses", "MSELoss", "MeanSquaredError", ""),
        ("arithmetic", "Multiply", "MulLayer", ""),
        ("embeddings_recurrent", "OneHotEmbedding", "Embedding", ""),
        ("sequences", "ScaledDotProductAttention", "ScaledDotProductAttention", ""),
        ("images", "AvgPool", "AveragePooling", ""),
        ("grad_dicts", "BatchNorm", "BatchNorm", ""),
    ],
)
def test_a_right_one_that_is_written_otherwise_does_not(file: str, name: str, trusted: str, layout: str) -> None:
    report = compared(of_zoo(file, name), REFERENCES.get(trusted, f"reference:{trusted}"))
    assert said(report) == []
    assert report.likeness == f"computes what reference.{trusted} computes in 3 cases{layout}"
    assert report.verdict == "pass", report.to_text()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_tolerance_goes_with_the_precision(dtype: str) -> None:
    assert compared(of_zoo("activation_objects", "TanH"), "reference:Tanh", dtype=dtype).passed
    assert not compared(Halved, "reference:Affine", dtype=dtype).passed


def test_a_gradient_that_differs_is_named() -> None:
    report = compared(AveragesItsBias, "reference:Affine")
    (message,) = said(report)
    assert message.startswith("AveragesItsBias: the gradient of b[")
    assert "it is 1/n times it in every case (n = " in message
    assert {finding.kind for finding in report.findings} == {"factor", "differs-from-reference"}


def test_images_with_their_channels_last() -> None:
    report = compared(of_zoo("images", "MaxPool2D"), MaxPooling(2, 2))
    assert report.likeness is not None
    assert report.likeness.endswith("in 3 cases, x and the output with the axes in another order")


def test_another_shape_is_a_difference() -> None:
    (message,) = said(compared(PerSample, "reference:MeanSquaredError"))
    assert "PerSample: the output has shape (" in message
    assert message.endswith("that of reference.MeanSquaredError has shape ()")


def test_small_differences_are_told_with_their_size() -> None:
    class AlmostRelu:
        def forward(self, x: Any) -> Any:
            self.x = x
            return np.where(x > 0, x + 1e-9 * x * x, 0.0)

        def backward(self, dout: Any) -> Any:
            return dout * np.where(self.x > 0, 1 + 2e-9 * self.x, 0.0)

    (message,) = said(compared(AlmostRelu, "reference:ReLU"))
    assert "of the largest apart at most" in message


def test_arrays_that_cannot_stand_for_each_other_are_an_error_of_two_lines() -> None:
    report = compared(ThresholdAtOne, "reference:Affine")
    assert report.verdict == "error"
    assert report.why == (
        "it has x(n,i) -> (n,i), reference.Affine has x(n,i), W(i,o), b(o) -> (n,o):\n"
        "these arrays cannot stand for each other; compare it with a layer of the same arrays"
    )


def test_what_draws_is_not_compared() -> None:
    report = compared(of_zoo("textbook", "Dropout"), "reference:Dropout")
    assert said(report) == []
    assert report.likeness is not None
    assert "not compared with reference.Dropout: " in report.likeness
    assert report.likeness.endswith("draws random numbers")


def test_any_kind_of_trusted_layer_will_do() -> None:
    def affine_forward(x: Any, w: Any, b: Any) -> Any:
        return x @ w + b, (x, w)

    def affine_backward(dout: Any, cache: Any) -> Any:
        x, w = cache
        return dout @ w.T, x.T @ dout, dout.sum(axis=0)

    assert compared(Affine, Affine).passed
    assert compared(Affine, (affine_forward, affine_backward)).passed
    assert compared((affine_forward, affine_backward), "reference:Affine").passed
    assert compared(SteeperLeak, LeakyReLU(0.2)).passed
    assert compared(ThresholdAtOne(), f"{__file__}::ThresholdAtOne").passed
    assert not compared(Halved, Affine).passed


def test_inputs_are_compared_on_exactly_that_case() -> None:
    x, W, b = np.ones((2, 3)), np.ones((3, 2)), np.zeros(2)
    report = check(Halved, inputs=(x, W, b), against="reference:Affine", seed=0)
    assert said(report) == ["Halved: output[0, 0] is 1.5, reference.Affine gives 3; it is 0.5 times it"]


def test_a_convention_can_be_allowed() -> None:
    report = check(Halved, against="reference:Affine", seed=1, max_examples=3, allow="differs-from-reference")
    assert report.passed
    assert report.counterexample is None


def test_the_drawn_cases_are_the_same_with_and_without() -> None:
    alone, beside = (check(Affine, seed=3, max_examples=3, against=other) for other in (None, "reference:Affine"))
    assert alone.to_json()["gradients"] == beside.to_json()["gradients"]


def test_the_script_runs_both() -> None:
    """It is the near-twin of a class of this file, so it can be run as it stands."""
    report = compared(Halved, "reference:Affine")
    assert report.counterexample is not None
    printed: list[tuple[Any, ...]] = []
    exec(report.counterexample, {"print": lambda *values: printed.append(values)})
    (yours, mine), (trusted, theirs) = printed
    assert (yours, trusted) == ("yours:  ", "trusted:")
    assert mine == pytest.approx(theirs / 2)


def test_names_that_lead_nowhere_are_errors_of_the_call() -> None:
    with pytest.raises(ValueError, match=r"there is no Afine in reference/__init__.py; did you mean Affine"):
        check(Affine, against="reference:Afine")
    with pytest.raises(ValueError, match="there is no file, folder or module nowhere"):
        check(Affine, against="nowhere:Affine")
    with pytest.raises(ValueError, match="no layer"):
        check(Affine, against="reference:softmax")
    with pytest.raises(ValueError, match="cannot be run"):
        check(Affine, against=Stubborn)


def test_inputs_in_another_order_are_told() -> None:
    """Names that mean nothing leave the order to the values, which is said; names that are the same do not."""

    class Less:
        def forward(self, first: Any, second: Any) -> Any:
            return first - second

        def backward(self, dout: Any) -> Any:
            return dout.copy(), -dout

    class LessReversed:
        def forward(self, p: Any, q: Any) -> Any:
            return q - p

        def backward(self, dout: Any) -> Any:
            return -dout, dout.copy()

    class Reversed:
        def forward(self, x: Any, y: Any) -> Any:
            return y - x

        def backward(self, dout: Any) -> Any:
            return -dout, dout.copy()

    report = compared(Less, LessReversed)
    assert report.passed
    assert report.likeness is not None
    assert report.likeness.endswith("second for p and first for q")
    assert len(said(compared(Difference, Reversed))) == 1
