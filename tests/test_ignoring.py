"""Numbers among the labels that stand for no class: found in the code, and drawn where they are told apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from zoo.right import ignoring as right
from zoo.wrong import ignoring as wrong

from checks import check
from checks.dialects import read
from checks.dialects.ignoring import ignored
from checks.ordinary import ordinary_case
from checks.strategies import cases


def by_default(scores: Any, y: Any, ignore_index: int = -100) -> Any:
    return y == ignore_index


def by_constant(scores: Any, y: Any) -> Any:
    flat = np.asarray(y).reshape(-1)
    return flat != -1


def by_class(scores: Any, y: Any) -> Any:
    return [y == k for k in range(3)], y == 0, y == 1, y == 0.5, scores == -1


@pytest.mark.parametrize(
    ("defined", "label", "values"),
    [
        (by_default, "y", [-100]),
        (by_constant, "y", [-1]),
        (by_class, "y", []),
        ((by_default, by_constant), "y", [-100, -1]),
        (right.TimeSoftmaxWithLoss, "ts", [-1]),
        (right.masked_loss, "y", [255]),
        (len, "y", []),
    ],
)
def test_what_the_labels_are_compared_with(defined: Any, label: str, values: list[int]) -> None:
    assert list(ignored(defined, label)) == values


def test_some_labels_are_the_number_and_some_are_none() -> None:
    subject = dict(read(right.masked_loss).modes)["255 among y"]
    for seed in range(20):
        case = ordinary_case(subject, seed, "float64")
        assert case is not None
        marked = case.arrays["y"] == 255
        assert marked.any()
        assert not marked.all()
        assert case.arrays["y"][~marked].max() < case.arrays["scores"].shape[1]
    assert cases(subject) is not None


@pytest.mark.parametrize("name", list(wrong.FAULTS))
def test_what_is_ignored_in_forward_alone_is_found(name: str) -> None:
    assert check(getattr(right, name), seed=1, max_examples=4, allow=("overflow",)).verdict == "pass"
    report = check(getattr(wrong, name), seed=1, max_examples=4)
    assert report.verdict == "fail"
    assert " among " in report.to_text()
