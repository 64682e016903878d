"""What one layer's numbers are of another's: each relation, and numbers that are nearly so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from checks.function import Array
from checks.relation import Both, relation


def cases(change: Callable[[Array, dict[str, int]], Array], shapes: tuple[tuple[int, int], ...]) -> list[Both]:
    found = []
    for k, shape in enumerate(shapes):
        other = np.random.default_rng(k).standard_normal(shape)
        sizes = {"n": shape[0], "c": shape[1]}
        own = np.asarray(change(other, sizes))
        small = np.full(own.shape, 1e-14)
        found.append(Both(own=own, other=other, own_allowance=small, other_allowance=small, sizes=sizes))
    return found


SHAPES = ((2, 3), (4, 2), (3, 5))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda y, s: -y, "its negative"),
        (lambda y, s: 2 * y, "2 times it"),
        (lambda y, s: y / 4, "0.25 times it"),
        (lambda y, s: y * s["n"], "n times it"),
        (lambda y, s: y / s["n"], "1/n times it"),
        (lambda y, s: y * s["n"] * s["c"], "n c times it"),
        (lambda y, s: y / (s["n"] * s["c"]), "1/(n c) times it"),
        (lambda y, s: -0.5 * y * s["c"], "-0.5 c times it"),
        (lambda y, s: y + 1, "1 more than it"),
        (lambda y, s: y - 0.5, "0.5 less than it"),
        (lambda y, s: y, "1 times it"),
    ],
)
def test_each_is_told(change: Callable[[Array, dict[str, int]], Array], words: str) -> None:
    assert relation(cases(change, SHAPES)) == words


def test_a_transpose_is_told_of_square_arrays_alone() -> None:
    assert relation(cases(lambda y, s: y.T, ((3, 3), (2, 2)))) == "its transpose"


@pytest.mark.parametrize(
    "change",
    [
        lambda y, s: 2 * y + 1e-9,
        lambda y, s: y * s["n"] * (1 + 1e-9 * np.arange(y.size).reshape(y.shape)),
        lambda y, s: np.where(y > 0, y, 2 * y),
        lambda y, s: y**2,
        lambda y, s: y * (3 if s["n"] == 4 else 2),
        lambda y, s: np.exp(y),
    ],
)
def test_what_only_nearly_holds_is_not(change: Callable[[Array, dict[str, int]], Array]) -> None:
    assert relation(cases(change, SHAPES)) is None


def test_nothing_is_told_of_nothing() -> None:
    assert relation([]) is None
    zero = np.zeros(2)
    assert relation([Both(own=zero, other=zero, own_allowance=zero, other_allowance=zero, sizes={})]) is None
