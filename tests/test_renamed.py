"""Layers whose names say nothing are read by what they do: most of them are built, and none is accused.

All of the zoo is judged so by benchmarks/renamed.py.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from benchmarks.renamed import renamed
from benchmarks.zoo import CONVENTIONS, ZOO
from checks import check
from checks.discover import Source, find
from checks.results import Report

EVERY = 13  # of the subjects of all files
AT_LEAST = 0.8


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    folder = tmp_path_factory.mktemp("renamed")
    subjects = {}
    for path in sorted((ZOO / "right").glob("*.py")):
        copy = Path(folder) / path.name
        copy.write_text(renamed(path.read_text()))
        subjects.update({f.target: f.subject for f in find(Source(label=path.name, path=str(copy))).found})
    chosen = list(subjects.items())[::EVERY]
    return {target: check(subject, seed=1, max_examples=2, allow=CONVENTIONS) for target, subject in chosen}


def test_none_is_accused(reports: dict[str, Report]) -> None:
    assert not [report.to_text() for report in reports.values() if report.verdict == "fail"]


def test_most_are_built(reports: dict[str, Report]) -> None:
    errors = {target: report.why for target, report in reports.items() if report.verdict == "error"}
    assert len(reports) >= 10
    assert len(errors) <= (1 - AT_LEAST) * len(reports), errors


def test_renaming_leaves_no_name_that_speaks() -> None:
    source = """
import numpy as np
class Affine:
    count: int = 0
    def __init__(self, W, b):
        self.W, self.b = W, b
    def forward(self, x, axis=0):
        self.x = x
        return np.sum(x @ self.W, axis=axis) + getattr(self, "b")
    def backward(self, dout):
        self.dW = self.x.T @ dout
        return dout @ self.W.T
def relu_forward(x):
    return np.maximum(x, 0), x
def make(W, b):
    return Affine(W=W, b=b)
"""
    tree = ast.parse(renamed(source))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    assert not names & {"W", "b", "x", "dW", "dout", "Affine"}
    keywords = {k.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for k in node.keywords}
    assert "axis" in keywords  # NumPy's own word stays
    assert {"forward", "backward"} <= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
