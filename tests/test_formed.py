"""Objectives that are right for data of a form alone: they pass and it is said; what is wrong for that fails."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoo.right import data_inside as right
from zoo.wrong import data_inside as wrong

from checks import check
from checks.errors import SignatureError
from checks.signature import Signature
from checks.values import draw_array


class Mahalanobis:
    """Whose matrix is taken for given by its name."""

    def __init__(self, precision):
        self.precision = precision

    def forward(self, x, mean):
        self.r = x - mean
        return 0.5 * np.sum((self.r @ self.precision) * self.r) / len(x)

    def backward(self):
        return self.r @ self.precision / len(self.r)


@pytest.mark.parametrize(
    ("layer", "matrix"), [(right.Stiffness, "K"), (right.Gaussian, "cov"), (Mahalanobis, "precision")]
)
def test_what_is_right_for_a_symmetric_matrix_is_right_and_said(layer: Any, matrix: str) -> None:
    report = check(layer, seed=1, max_examples=3)
    assert report.verdict == "pass", report.to_text()
    (said,) = report.findings
    assert (said.kind, said.severity) == ("inconsistent-forward", "warning")
    assert f"is right for a symmetric {matrix}, and for no other" in said.message
    assert re.search(rf"{matrix}\((\w),\1\):symmetric", str(report.signature))


def test_what_is_right_for_data_with_an_intercept_is_right_and_said() -> None:
    report = check(right.WithIntercept, seed=1, max_examples=3)
    assert report.verdict == "pass", report.to_text()
    (said,) = report.findings
    assert "is right for X whose first column is ones, and for no other" in said.message


def test_what_is_wrong_for_data_with_an_intercept_fails() -> None:
    assert check(wrong.InterceptTwice, seed=1, max_examples=3).verdict == "fail"


def test_a_matrix_of_one_entry_tells_nothing() -> None:
    assert check(right.Stiffness, seed=40, max_examples=3).verdict == "pass"  # all that are drawn have one


def test_what_is_right_for_any_matrix_says_nothing() -> None:
    report = check(right.Quadratic, seed=1, max_examples=3)
    assert (report.verdict, report.findings) == ("pass", ())


def test_what_is_wrong_for_a_symmetric_matrix_fails() -> None:
    assert check(wrong.QuadraticUnhalved, seed=1, max_examples=3).verdict == "fail"


@given(size=st.integers(1, 6), seed=st.integers(0, 10**6))
def test_such_matrices_are_symmetric_and_positive_definite(size: int, seed: int) -> None:
    matrix = draw_array(np.random.default_rng(seed), (size, size), kind="symmetric")
    assert np.array_equal(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix).min() > 0.5


def test_only_a_square_matrix_is_symmetric() -> None:
    assert not Signature.parse("A(n,n):symmetric, x(n)").argument("A").differentiable
    with pytest.raises(SignatureError, match="intercept needs a matrix, as in X"):
        Signature.parse("X(n):intercept")
    with pytest.raises(SignatureError, match="symmetric needs a square matrix, as in A"):
        Signature.parse("A(n,m):symmetric")
