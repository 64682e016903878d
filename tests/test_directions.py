"""Arrays of many entries: judged along random directions, wrong entries located by halving."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import check
from checks.dialects import read
from checks.directions import COUNT, MANY, WANTED, overview
from checks.evaluation import Evaluation, quiet
from checks.own_inputs import explicit_case

ROWS, COLUMNS = 60, 50  # more than MANY entries


class Wide:
    """A layer of many weights; `spoil` changes their gradient."""

    def __init__(self, W: Any) -> None:
        self.W = W

    def forward(self, x: Any) -> Any:
        self.x = x
        self.out = np.maximum(x @ self.W, 0)
        return self.out

    def backward(self, dout: Any) -> Any:
        d = dout * (self.out > 0)
        self.dW = self.spoil(self.x.T @ d)
        return d @ self.W.T

    def spoil(self, gradient: Any) -> Any:
        return gradient


class OneEntry(Wide):
    def spoil(self, gradient: Any) -> Any:
        gradient[17, 31] += 1e-3 * np.abs(gradient).max()
        return gradient


class SmallError(Wide):
    def spoil(self, gradient: Any) -> Any:
        gradient[40, 2] += 1e-5 * np.abs(gradient).max()
        return gradient


class ZeroRow(Wide):
    def spoil(self, gradient: Any) -> Any:
        gradient[23] = 0
        return gradient


class LastColumn(Wide):
    def spoil(self, gradient: Any) -> Any:
        gradient[:, -1] *= 1.01
        return gradient


class Scaled(Wide):
    def spoil(self, gradient: Any) -> Any:
        return gradient * 1.001


class TwoExchanged(Wide):
    def spoil(self, gradient: Any) -> Any:
        gradient[[3, 30], [4, 40]] = gradient[[30, 3], [40, 4]]
        return gradient


def inputs(seed: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((4, ROWS)), rng.standard_normal((ROWS, COLUMNS))


def row(layer: type, seed: int, **options: Any) -> Any:
    report = check(layer, inputs=inputs(seed), seed=seed, **options)
    return next(one for one in report.comparisons if one.name == "W")


def test_the_number_of_directions_follows_from_the_probability_of_a_miss() -> None:
    assert ROWS * COLUMNS > MANY
    assert 2.0**-COUNT <= WANTED < 2.0 ** (1 - COUNT)


@pytest.mark.parametrize("seed", range(6))
def test_a_right_gradient_agrees_along_directions(seed: int) -> None:
    one = row(Wide, seed)
    assert (one.verdict, one.method, one.miss_probability) == ("agrees", "directions", 2.0**-COUNT)
    assert one.detectable is not None
    assert one.detectable <= 1e-6
    assert (one.worst, one.max_abs_diff) == (None, None)


@pytest.mark.parametrize(
    ("layer", "where"), [(OneEntry, (17, 31)), (SmallError, (40, 2))], ids=lambda one: getattr(one, "__name__", "")
)
def test_one_wrong_entry_is_found(layer: type, where: tuple[int, int]) -> None:
    for seed in range(3):
        one = row(layer, seed)
        assert (one.verdict, one.method) == ("differs", "directions")
        assert one.worst is not None
        assert (one.worst.index, one.wrong_entries) == (where, 1)


def test_two_exchanged_entries_are_found() -> None:
    for seed in range(3):
        one = row(TwoExchanged, seed)
        assert one.verdict == "differs"
        assert one.wrong_entries == 2


def test_where_many_entries_are_wrong_is_said() -> None:
    assert row(ZeroRow, 1).wrong_where == "in place 23 along axis 0 alone"
    assert row(LastColumn, 1).wrong_where == f"in place {COLUMNS - 1} along axis 1 alone"
    said = row(Scaled, 1)
    assert said.verdict == "differs"
    assert said.wrong_where is not None
    assert said.wrong_where.endswith("of 24 entries that were sampled")


def test_every_entry_is_looked_at_where_that_is_asked_for() -> None:
    one = row(Wide, 0, exact=True)
    assert (one.verdict, one.method, one.miss_probability) == ("agrees", "entries", None)


def test_the_array_comes_back_bit_for_bit() -> None:
    x, W = inputs(0)
    subject = read(Wide, inputs=(x, W))
    case = explicit_case(subject, (x, W), 0, np.dtype(float))
    with quiet():
        evaluation = Evaluation(case)
        function = evaluation.function("W")
        assert function is not None
        before = function.x.copy()
        found = overview(evaluation, "W")
    assert found is not None
    assert found.suspects == ()
    assert np.array_equal(function.x, before)
