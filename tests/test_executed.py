"""The lines that run in a case: the branch that is taken, and no other; whoever traced before goes on."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np

from checks import check
from checks.dialects import read
from checks.executed import lines_run
from checks.ordinary import ordinary_case


class Branches:
    def __init__(self, train: bool = True) -> None:
        self.train = train

    def forward(self, x: Any) -> Any:
        self.x = x
        return x * np.abs(x)

    def backward(self, dy: Any) -> Any:
        if self.train:  # noqa: SIM108 - its lines are what is asked for
            dx = dy * np.abs(self.x)
        else:
            dx = 2 * dy * np.abs(self.x)
        return dx


def line(text: str) -> int:
    lines, first = inspect.getsourcelines(Branches)
    return first + next(k for k, one in enumerate(lines) if text in one)


def test_the_branch_that_is_taken() -> None:
    case = ordinary_case(read(Branches), 0, "float64")
    assert case is not None

    def watch(*_: Any) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        ran = lines_run(case)
        assert sys.gettrace() is watch
    finally:
        sys.settrace(before)
    assert line("dx = dy * np.abs") in ran
    assert line("return x * np.abs(x)") in ran
    assert line("dx = 2 * dy") not in ran


def test_a_fault_is_shown_where_it_runs() -> None:
    report = check(Branches, seed=0, max_examples=3)
    assert report.verdict == "fail"
    (said,) = (finding for finding in report.findings if finding.severity == "error")
    assert said.line == line("dx = dy * np.abs")
