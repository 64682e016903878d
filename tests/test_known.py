"""What is said of a layer that computes what a reference layer does, or nearly, and of those that do not."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reference
from checks import check
from checks.dialects import read
from checks.discover import Source, find
from checks.known import recognised
from checks.known.table import families

RIGHT = Path(__file__).parent / "zoo" / "right"
Function = Callable[[Any], Any]


def entrywise(forward: Function) -> Any:
    """A layer of one input; what its backward gives plays no part."""

    class Layer:
        def forward(self, x: Any) -> Any:
            return forward(x)

        def backward(self, dout: Any) -> Any:
            return dout * 1.0

    return Layer


def norm(forward: Callable[[Any, Any, Any], Any]) -> Any:
    class Norm:
        def __init__(self, gamma: Any, beta: Any) -> None:
            self.gamma, self.beta = gamma, beta

        def forward(self, x: Any) -> Any:
            return forward(x, self.gamma, self.beta)

        def backward(self, dout: Any) -> Any:
            self.dgamma, self.dbeta = dout.sum(axis=0), dout.sum(axis=0)
            return dout * self.gamma

    return Norm


class Loss:
    """One number of scores and targets; the subclasses say which."""

    def backward(self) -> Any:
        return np.ones(self.shape)


class SummedCrossEntropy(Loss):
    def forward(self, logits: Any, labels: Any) -> Any:
        self.shape = logits.shape
        return -np.log(softmax(logits, 1)[np.arange(len(labels)), labels]).sum()


class SummedSquares(Loss):
    def forward(self, y_pred: Any, y_true: Any) -> Any:
        self.shape = y_pred.shape
        return ((y_pred - y_true) ** 2).sum()


class SquaresOfEachSample(Loss):
    def forward(self, y_pred: Any, y_true: Any) -> Any:
        self.shape = y_pred.shape
        return ((y_pred - y_true) ** 2).sum() / len(y_pred)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def softmax(x: Any, axis: int) -> Any:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def centred(x: Any) -> Any:
    return x - x.mean(axis=-1, keepdims=True)


def said(layer: Any) -> str | None:
    return recognised(read(layer), 5)


@pytest.mark.parametrize(
    ("forward", "words"),
    [
        (lambda x: np.maximum(x, 0), "reference.ReLU"),
        (sigmoid, "reference.Sigmoid"),
        (lambda x: 2 * sigmoid(2 * x) - 1, "reference.Tanh"),
        (lambda x: np.where(x > 0, x, 0.01 * x), "reference.LeakyReLU"),
        (lambda x: np.where(x > 0, x, 0.3 * x), "reference.LeakyReLU(alpha=0.3)"),
        (lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1), "reference.ELU"),
        (lambda x: np.where(x > 0, x, 0.5 * np.expm1(np.minimum(x, 0))), "reference.ELU(alpha=0.5)"),
        (lambda x: x * sigmoid(x), "reference.Swish"),
        (lambda x: softmax(x, 1), "reference.Softmax"),
        (lambda x: x - np.log(np.exp(x).sum(1, keepdims=True)), "reference.LogSoftmax"),
    ],
)
def test_the_simplest_that_computes_the_same(forward: Function, words: str) -> None:
    assert said(entrywise(forward)) == f"computes what {words} computes"


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (entrywise(lambda x: 1 / (1 + np.exp(x))), "what reference.Sigmoid computes at -x"),
        (entrywise(lambda x: -np.tanh(x)), "the negative of what reference.Tanh computes"),
        (entrywise(lambda x: 2 * np.maximum(x, 0)), "2 times what reference.ReLU computes"),
        (entrywise(lambda x: np.tanh(x) + 1), "1 more than what reference.Tanh computes"),
        (entrywise(lambda x: np.tanh(x / 2)), "what reference.Tanh computes at x / 2"),
        (entrywise(lambda x: softmax(x, 0)), "what reference.Softmax computes along the first axis"),
        (
            entrywise(lambda x: x * sigmoid(1.702 * x)),
            "what reference.Swish computes, but with the sigmoid of 1.702 x",
        ),
        (
            entrywise(lambda x: x / 2 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))),
            "what reference.GELU computes, but by erf instead of tanh: they are 5e-4 apart at most",
        ),
        (
            entrywise(lambda x: np.where(x > 0, np.tanh(x), x)),
            "what reference.Tanh computes where x > 0, but not where x < 0",
        ),
        (
            entrywise(lambda x: centred(x) / np.sqrt(x.var(-1, keepdims=True) + 1e-8)),
            "what reference.LayerNorm(epsilon=1e-08) computes, but without gamma and beta",
        ),
        (
            norm(lambda x, g, b: g * centred(x) / (x.var(-1, keepdims=True) + 1e-5) + b),
            "what reference.LayerNorm computes, but divided by the variance instead of its root",
        ),
        (
            norm(lambda x, g, b: g * centred(x) / np.sqrt(x.var(-1, keepdims=True, ddof=1) + 1e-5) + b),
            "what reference.LayerNorm computes, but with the variance over n - 1 instead of n",
        ),
        (
            norm(lambda x, g, b: g * (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-6) + b),
            "what reference.BatchNorm(epsilon=1e-06) computes",
        ),
        (SummedCrossEntropy, "n times what reference.SoftmaxWithLoss computes"),
        (SummedSquares, "n c times what reference.MeanSquaredError computes"),
        (SquaresOfEachSample, "c times what reference.MeanSquaredError computes"),
    ],
)
def test_a_near_miss_is_told_as_what_it_is(layer: Any, words: str) -> None:
    assert said(layer) == f"computes {words}"


@pytest.mark.parametrize(
    "forward",
    [
        lambda x: x * 1.0,
        lambda x: np.zeros_like(x),
        lambda x: np.abs(x),
        lambda x: np.clip(x, 0, 6),
        lambda x: np.clip(0.2 * x + 0.5, 0, 1),
        lambda x: x / (1 + np.abs(x)),
        lambda x: x**3,
        lambda x: np.maximum(x, 0) * (1 + 1e-7 * x),
        lambda x: np.where(np.abs(x) < 1e-2, 0.0, np.maximum(x, 0)),
        lambda x: np.where(x > 100, 100, np.maximum(x, 0)),
        lambda x: np.tanh(x) * (1 + 1e-9 * x),
        lambda x: np.where(x > 0, x, x / 3),
        lambda x: np.where(x > 0, x, np.sin(x)),
        lambda x: x * np.tanh(np.logaddexp(0, x)),
    ],
)
def test_nothing_is_said_of_what_is_only_like_one(forward: Function) -> None:
    assert said(entrywise(forward)) is None


@pytest.mark.parametrize(
    ("file", "name", "words"),
    [
        ("textbook", "Affine", "what reference.Affine computes"),
        ("attributes", "LinearLayer", "what reference.Affine computes, W transposed"),
        ("columns", "Linear", "what reference.Affine computes, A, W and the output transposed"),
        ("parallel_lists", "MatMul", "what reference.Affine computes, but without its bias"),
        ("self_updating", "ReluDense", "what reference.Affine, then reference.ReLU computes"),
        ("arithmetic", "Add", "what reference.AddLayer computes"),
        ("losses", "HuberLoss", "what reference.Huber computes"),
        ("output_attribute", "Loss_CategoricalCrossentropy", "what reference.cross_entropy_error computes"),
        (
            "embeddings_recurrent",
            "lstm_step_forward",
            "what reference.LSTMCell computes, but with its gates in the order i, f, o, g",
        ),
        (
            "images",
            "MaxPool2D",
            "what reference.MaxPooling(2, 2) computes, x and the output with the axes in another order",
        ),
        ("networks", "TwoLayerReluNet", "what reference.TwoLayerNet computes"),
    ],
)
def test_layers_as_people_write_them(file: str, name: str, words: str) -> None:
    assert said(of_zoo(file, name)) == f"computes {words}"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("textbook", "Dropout"),
        ("arithmetic", "Subtract"),
        ("attributes", "RMSNorm"),
        ("embeddings_recurrent", "GRUCell"),
        ("images", "InstanceNorm"),
        ("losses", "LogCosh"),
        ("two_inputs", "Bilinear"),
    ],
)
def test_layers_that_reference_has_not(file: str, name: str) -> None:
    assert said(of_zoo(file, name)) is None


def of_zoo(file: str, name: str) -> Any:
    return find(Source(label=file, path=str(RIGHT / f"{file}.py"), name=name)).found[0].subject


def test_the_line_stands_in_the_report_and_decides_nothing() -> None:
    class Falling:
        def forward(self, x: Any) -> Any:
            self.out = 1 / (1 + np.exp(x))
            return self.out

        def backward(self, dout: Any) -> Any:
            return -dout * self.out * (1 - self.out)

    report = check(Falling, seed=1, max_examples=3, allow="overflow")
    assert report.passed
    assert report.likeness == "computes what reference.Sigmoid computes at -x"
    assert f"\n  {report.likeness}\n" in report.to_text()
    assert report.to_json()["likeness"] == report.likeness


def test_of_the_reference_itself_nothing_is_said() -> None:
    assert said(reference.Affine) is None
    assert check(reference.ReLU, seed=1, max_examples=2).likeness is None


def test_every_family_names_layers_that_there_are() -> None:
    names = {known.name for family in families() for known in family.layers}
    spoken = {name.partition("(")[0].partition(",")[0].removeprefix("reference.") for name in names}
    assert spoken <= set(reference.__all__)
    assert len(spoken) >= 25
