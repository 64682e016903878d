"""A constructor's argument that holds settings is told from one that is an array, a layer or an optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from checks import check
from checks.dialects.settings import gathered, settings


class ByKey:
    def __init__(self, config):
        self.width = config["width"]
        self.rate = config.get("rate", 0.5)


class ByAttribute:
    def __init__(self, width, cfg):
        self.cfg = cfg

    def forward(self, x):
        return self.cfg.gain * x


class ByKeyword:
    def __init__(self, depth, **options):
        self.depth, self.width = depth, options["width"]


class Handing:
    def __init__(self, config):
        self.part = ByKey(config)
        self.height = config["height"]


class Inheriting(ByKey):
    def __init__(self, settings):
        super().__init__(settings)


@dataclass
class Told:
    width: int
    gain: float = 2.0


class Declared:
    def __init__(self, told: Told):
        self.told = told


class TakesArray:
    def __init__(self, w):
        self.w, self.width = w, w.shape[1]


class TakesLayer:
    def __init__(self, inner):
        self.inner, self.width = inner, inner.width

    def forward(self, x):
        return self.inner.forward(x)


class TakesList:
    def __init__(self, parts):
        self.parts = [parts[k] for k in range(2)]


class TakesTable:
    def __init__(self, params, layer):
        self.W = params[f"W{layer}"]


@pytest.mark.parametrize(
    ("cls", "kind", "needed", "spare"),
    [
        (ByKey, "dict", ["width"], ["rate"]),
        (ByAttribute, "attributes", ["gain"], []),
        (ByKeyword, "keywords", ["width"], []),
        (Handing, "dict", ["height", "width"], ["rate"]),
        (Inheriting, "dict", ["width"], ["rate"]),
        (Declared, "class", ["width"], []),
    ],
)
def test_reads_what_is_asked_of_settings(cls, kind, needed, spare):
    (found,) = settings(cls)
    assert found.kind == kind
    assert sorted(formal.name for formal in found.needed) == needed
    assert [formal.name for formal in found.spare] == spare


@pytest.mark.parametrize("cls", [TakesArray, TakesLayer, TakesList, TakesTable, object])
def test_leaves_other_arguments_alone(cls):
    assert settings(cls) == ()


def test_a_name_that_is_an_argument_already_is_not_asked_for_twice():
    class Twice:
        def __init__(self, width, config):
            self.width = config["width"]

    assert settings(Twice) == ()


def test_gathers_values_into_what_the_constructor_takes():
    assert gathered(ByKey, {"width": 3}) == {"config": {"width": 3}}
    assert gathered(ByAttribute, {"width": 3, "gain": 2}) == {"width": 3, "cfg": SimpleNamespace(gain=2)}
    assert gathered(ByKeyword, {"width": 3, "depth": 1}) == {"width": 3, "depth": 1}
    assert gathered(Declared, {"width": 3}) == {"told": Told(3)}


class Scaled:
    def __init__(self, depth, cfg: Told, **more):
        self.W = np.ones((cfg.width, depth))
        self.gain = cfg.gain * more["factor"]

    def forward(self, x):
        self.x = x
        return self.gain * (x @ self.W)

    def backward(self, d):
        self.dW = self.x.T @ d
        return self.gain * (d @ self.W.T)


def test_the_snippet_builds_the_settings(tmp_path):
    report = check(Scaled, seed=0)
    assert report.verdict == "fail"
    assert report.counterexample is not None
    assert "Scaled(W.shape[1], Told(width=x.shape[1]), factor=" in report.counterexample
