"""Faults made mechanically: what the operators change, which mutants are faults, and a sample that has to be named."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from benchmarks.mutants import ROOT, judge
from tests.mutation import OPERATORS, Mutant, mutants

LAYER = dedent(
    '''
    import numpy as np


    class Affine:
        def __init__(self, W, b):
            self.W, self.b = W, b

        def forward(self, x):
            self.x = x
            return x @ self.W + self.b

        def backward(self, dout):
            """The gradients."""
            self.dW = self.x.T @ dout  # a comment that stays
            self.db = np.sum(dout, axis=0)
            return dout @ self.W.T * 1.0
    '''
)


def made(operator: str) -> list[Mutant]:
    return [mutant for mutant in mutants(LAYER, "Affine") if mutant.operator == operator]


@pytest.mark.parametrize(
    ("operator", "changes"),
    [
        ("drop-sum", {("np.sum(dout, axis=0)", "dout")}),
        ("drop-transpose", {("self.x.T", "self.x"), ("self.W.T", "self.W")}),
        ("change-axis", {("0", "1")}),
        ("rename-gradient", {("self.dW", "self.dW_new"), ("self.db", "self.db_new")}),
        ("drop-factor", {("dout @ self.W.T * 1.0", "(dout @ self.W.T)"), ("dout @ self.W.T * 1.0", "1.0")}),
        ("change-constant", {("1.0", "1.001")}),
    ],
)
def test_what_an_operator_changes(operator: str, changes: set[tuple[str, str]]) -> None:
    assert {(mutant.before, mutant.after) for mutant in made(operator)} == changes


def test_the_rest_of_the_text_stays() -> None:
    for mutant in mutants(LAYER, "Affine"):
        ast.parse(mutant.source)
        assert mutant.source.count("# a comment that stays") == 1
        assert len(mutant.source.splitlines()) == len(LAYER.splitlines())
        assert mutant.kinds


def test_every_operator_makes_something_of_the_zoo() -> None:
    made = set()
    for name in ("sequences", "grad_dicts", "activation_objects"):
        source = (ROOT / "tests/zoo/right" / f"{name}.py").read_text()
        layers = [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
        made |= {mutant.operator for layer in layers for mutant in mutants(source, layer)}
    assert made | {"change-slice"} == {name for name, _ in OPERATORS}


SAMPLE = [
    ("tests/zoo/right/arithmetic.py", "Standardize", "change-sign", "dz - dz.mean"),
    ("tests/zoo/right/columns.py", "BatchNormColumns", "drop-factor", "d * self.Zn"),
    ("tests/zoo/right/labelled_networks.py", "WithSquares", "drop-transpose", 'p["W2"].T'),
    ("tests/zoo/right/parallel_lists.py", "MatMul", "drop-transpose", "self.x.T"),
    ("tests/zoo/right/grad_dicts.py", "ColumnLayer", "change-comparison", "self.Z <= 0"),
    ("tests/zoo/right/scalar_params.py", "Scale", "change-sign", "float("),
    ("tests/zoo/right/options.py", "NormOfRank", "drop-sum", "g.mean"),
    ("tests/zoo/right/parallel_lists.py", "MatMul", "keep-stale", "self.x"),
]


@pytest.mark.parametrize(("file", "layer", "operator", "before"), SAMPLE, ids=lambda value: value.rpartition("/")[2])
def test_a_mutant_is_caught_and_named(file: str, layer: str, operator: str, before: str) -> None:
    path = ROOT / file
    every = mutants(path.read_text(), layer)
    mutant = next(m for m in every if m.operator == operator and m.before.startswith(before))
    found = judge((path, mutant, 0, 4))
    assert found is not None
    assert found.changed
    assert found.caught, found.words
    assert found.named, (found.kinds, found.words)


def test_a_mutant_that_changes_nothing_is_no_fault(tmp_path: Path) -> None:
    """A comparison that is turned about at a point alone."""
    path = tmp_path / "relu.py"
    path.write_text(
        dedent(
            """
            import numpy as np


            class ReLU:
                def forward(self, x):
                    self.x = x
                    return np.maximum(x, 0)

                def backward(self, dout):
                    return dout * (self.x > 0)
            """
        )
    )
    same = next(iter(mutants(path.read_text(), "ReLU")))
    source = path.read_text().replace("self.x > 0", "self.x >= 0")
    twin = Mutant(
        layer="ReLU",
        operator="change-comparison",
        kinds=("branch",),
        line=same.line,
        before=">",
        after=">=",
        source=source,
    )
    found = judge((path, twin, 0, 4))
    assert found is not None
    assert not found.changed
    assert found.verdict == "pass"
