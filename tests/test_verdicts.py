"""A fixed sample of the big benchmarks: right layers agree, small planted faults are found, estimates hold."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def benchmark(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


verdicts, estimates, scales = benchmark("verdicts"), benchmark("estimates"), benchmark("scales")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("layer", verdicts.LAYERS)
def test_right_layers_agree_and_planted_faults_are_found(layer: str, dtype: str) -> None:
    found = verdicts.tally(layer, dtype, 12 if layer == "TwoLayerNet" else 30, seed=11)
    assert found.open_cases == []
    assert set(found.verdicts) == {"agrees"}
    assert set(found.planted) == {"differs"}


@pytest.mark.parametrize("known", estimates.FUNCTIONS, ids=lambda known: known.name)
def test_the_truth_lies_within_the_allowance(known: object) -> None:
    row = estimates.measure(known, 12, seed=4)
    assert row["wrong"] == 0, row["misses"]
    assert row["covered"] + row["resolved"] >= 11


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scale", [1e-12, 1e9])
def test_scale_changes_nothing(scale: float, dtype: str) -> None:
    correct, wrong = scales.measure(scale, dtype, 10, seed=3)
    assert set(correct) == {"agrees"}
    assert set(wrong) == {"differs"}
