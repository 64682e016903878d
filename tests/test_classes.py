"""Targets that are classes are found out by the gradients that are right for them alone, and by nothing less."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import check
from tests.zoo.right.glm import SoftmaxRegressionFit


class PenaltyOnce(SoftmaxRegressionFit):
    def gradient(self, W: Any, X: Any, Y: Any) -> Any:
        return X.T @ (self._probabilities(W, X) - Y) / len(X) + self.alpha * W


class Columns:
    def loss(self, W: Any, X: Any, Y: Any) -> Any:
        e = np.exp(W @ X)
        return -np.sum(Y * np.log(e / e.sum(axis=0))) + 0.1 * np.sum(W**2)

    def gradient(self, W: Any, X: Any, Y: Any) -> Any:
        e = np.exp(W @ X)
        return (e / e.sum(axis=0) - Y) @ X.T + 0.2 * W


class Squares:
    def loss(self, W: Any, X: Any, Y: Any) -> Any:
        return 0.5 * np.sum((X @ W - Y) ** 2) + 0.1 * np.sum(W**2)

    def gradient(self, W: Any, X: Any, Y: Any) -> Any:
        return X.T @ (X @ W - Y) + 0.2 * W


class SquaresOnce(Squares):
    def gradient(self, W: Any, X: Any, Y: Any) -> Any:
        return X.T @ (X @ W - Y) + 0.1 * W


@pytest.mark.parametrize(
    ("loss", "kind"), [(SoftmaxRegressionFit, "onehot"), (Columns, "onehot0"), (Squares, "target")]
)
def test_labels_are_what_the_gradient_is_right_for(loss: Any, kind: str) -> None:
    report = check(loss, seed=1, max_examples=6)
    assert report.verdict == "pass", report.to_text()
    assert f":{kind}" in (report.signature or "")


@pytest.mark.parametrize("loss", [PenaltyOnce, SquaresOnce])
def test_a_fault_is_one_for_classes_too(loss: Any) -> None:
    assert check(loss, seed=1, max_examples=6).verdict == "fail"
