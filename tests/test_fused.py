"""A loss of probabilities is judged by the scores where its backward means them, and only there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import check
from checks.fused import sigmoid, softmax


class OfSoftmax:
    def forward(self, p: Any, t: Any) -> Any:
        self.p, self.t = p, t
        return -np.sum(t * np.log(p)) / len(p)

    def backward(self) -> Any:
        return (self.p - self.t) / len(self.p)


class OfClasses:
    def forward(self, p: Any, labels: Any) -> Any:
        self.p, self.labels = p, labels
        return -np.mean(np.log(p[np.arange(len(labels)), labels]))

    def backward(self) -> Any:
        d = self.p.copy()
        d[np.arange(len(self.labels)), self.labels] -= 1
        return d / len(d)


class OfSigmoid:
    def forward(self, p: Any, t: Any) -> Any:
        self.p, self.t = p, t
        return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))

    def backward(self) -> Any:
        return (self.p - self.t) / self.p.size


class OfTheOther:
    """No name says which of the two is the prediction."""

    @staticmethod
    def loss(u: Any, v: Any) -> Any:
        return -np.sum(u * np.log(v))

    @staticmethod
    def grad(u: Any, v: Any) -> Any:
        return v - u


class Summed(OfSoftmax):
    def backward(self) -> Any:
        return self.p - self.t


class Negative(OfSigmoid):
    def backward(self) -> Any:
        return (self.t - self.p) / self.p.size


class WithoutTarget(OfClasses):
    def backward(self) -> Any:
        return self.p / len(self.p)


class Plain(OfSigmoid):
    def backward(self) -> Any:
        return (self.p - self.t) / (self.p * (1 - self.p)) / self.p.size


@pytest.mark.parametrize(
    ("layer", "name", "words"),
    [
        (OfSoftmax, "p", "softmax"),
        (OfClasses, "p", "softmax"),
        (OfSigmoid, "p", "sigmoid"),
        (OfTheOther, "v", "softmax"),
    ],
)
def test_a_backward_that_means_the_scores_is_judged_by_them(layer: type, name: str, words: str) -> None:
    report = check(layer, seed=0, max_examples=5)
    assert report.verdict == "pass"
    said = [f for f in report.findings if f.kind == "inconsistent-forward"]
    assert [f.severity for f in said] == ["warning"]
    assert f"by the scores z with {name} = {words}(z)" in said[0].message


@pytest.mark.parametrize("layer", [Summed, Negative, WithoutTarget])
def test_another_gradient_is_wrong(layer: type) -> None:
    assert check(layer, seed=0, max_examples=5).verdict == "fail"


def test_the_gradient_by_the_probabilities_needs_no_word() -> None:
    report = check(Plain, seed=0, max_examples=5)
    assert report.verdict == "pass"
    assert not [f for f in report.findings if f.kind == "inconsistent-forward"]


def test_the_links_are_the_usual_functions() -> None:
    z = np.array([[0.0, 1.0, -2.0]])
    assert np.allclose(softmax(z).sum(axis=-1), 1)
    assert np.allclose(softmax(z), np.exp(z) / np.exp(z).sum())
    assert np.allclose(sigmoid(z), 1 / (1 + np.exp(-z)))
