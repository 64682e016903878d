"""A class that says itself how it is to be checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import check
from checks.errors import LayerError
from checks.own_case import own_case

X = np.array([[0.5, -1.25, 2.0]])


class Picky:
    """A layer that nobody would guess how to build."""

    slope = 2.0

    def __init__(self, settings: Any) -> None:
        self.w = np.array(settings["w"], dtype=float)

    def forward(self, x: Any) -> Any:
        if x.shape[1] != 3:
            raise ValueError("three columns")
        self.x = x
        return x * self.w

    def backward(self, d: Any) -> Any:
        self.dw = (d * self.x).sum(axis=0) * (self.slope / 2)
        return d * self.w


class ByObject(Picky):
    @classmethod
    def gradproof_case(cls) -> Any:
        return cls({"w": [1.0, 2.0, 3.0]}), (X,)


class WrongByObject(ByObject):
    slope = 1.0


class BySignature:
    def __init__(self, w: Any) -> None:
        self.w = w

    @staticmethod
    def gradproof_case() -> str:
        return "x(n,3), w(3) -> (n,3)"

    forward, backward = Picky.forward, Picky.backward
    slope = 2.0


class ByArrays(BySignature):
    @staticmethod
    def gradproof_case() -> Any:
        return {"x": X, "w": np.array([1.0, 2.0, 3.0])}


class Raising(Picky):
    @staticmethod
    def gradproof_case() -> Any:
        raise KeyError("w")


class Odd(Picky):
    @staticmethod
    def gradproof_case() -> Any:
        return 17


@pytest.mark.parametrize("layer", [ByObject, BySignature, ByArrays])
def test_what_it_says_is_checked(layer: Any) -> None:
    report = check(layer, seed=0, max_examples=4)
    assert report.verdict == "pass", report.to_text()
    assert {row.name for row in report.comparisons} == {"x", "w"}


def test_a_fault_in_the_case_is_found() -> None:
    report = check(WrongByObject, seed=0)
    assert [(f.kind, f.gradient) for f in report.findings] == [("factor", "w")]


def test_what_the_caller_says_comes_first() -> None:
    assert check(Odd({"w": [1.0, 2.0, 3.0]}), inputs=(X,), seed=0).verdict == "pass"


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (Raising, "Raising.gradproof_case() raised KeyError: 'w'"),
        (
            Odd,
            "Odd.gradproof_case() returned int, expected a signature, an object, arrays (a tuple or a dict), "
            "or (object, arrays)",
        ),
    ],
)
def test_what_makes_no_sense_is_said(layer: Any, words: str) -> None:
    with pytest.raises(LayerError) as caught:
        own_case(layer)
    assert str(caught.value) == words
    assert check(layer, seed=0).why == words
