"""Every kind of finding is explained, and its examples are what they are said to be."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from checks import check
from checks.explaining import explain
from checks.explanations import EXPLANATIONS, Explanation
from checks.results import KINDS

# Kinds that no finding has yet: their examples fail under another name.
UNSAID = {"over-summed", "batch-dependent"}


def made(text: str, folder: Path) -> Any:
    path = folder / "example.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("example", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Layer


def checked(one: Explanation, kind: str, methods: str, folder: Path) -> Any:
    against = "reference:Tanh" if kind == "differs-from-reference" else None
    return check(made(one.example(methods), folder), seed=1, max_examples=4, against=against)


def test_every_kind_is_explained() -> None:
    assert set(EXPLANATIONS) == set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_wrong_example_has_the_finding(kind: str, tmp_path: Path) -> None:
    one = EXPLANATIONS[kind]
    report = checked(one, kind, one.wrong, tmp_path)
    if kind in UNSAID:
        assert report.verdict == "fail"
    else:
        assert kind in {finding.kind for finding in report.findings}, report.to_text()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_right_example_passes(kind: str, tmp_path: Path) -> None:
    one = EXPLANATIONS[kind]
    report = checked(one, kind, one.right, tmp_path)
    assert report.verdict == "pass", report.to_text()
    assert kind not in {finding.kind for finding in report.findings}


def test_the_text() -> None:
    lines = explain("sign").splitlines()
    assert lines[0] == "sign"
    assert lines[2] == "The gradient is the negative of the derivative."
    assert "    class Layer:" in lines
    assert lines[-1] == "Cure: Turn the sign."


def test_another_word_is_told_what_there_is() -> None:
    with pytest.raises(ValueError, match="factr is no kind of finding; did you mean factor"):
        explain("factr")
    with pytest.raises(ValueError, match="there are missing-gradient"):
        explain("zzz")
