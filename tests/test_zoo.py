"""A sample of the layers as people write them: the correct ones pass, those with a fault fail.

All of them, under many seeds, are judged by benchmarks/zoo.py.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest

from benchmarks.zoo import CONVENTIONS, ZOO, faults
from checks import check
from checks.discover import Found, Source, find

EVERY = 17  # of the subjects of all files


def subjects(folder: str) -> tuple[dict[str, Any], int]:
    """One of so many subjects of the folder's files, by file and name; and how many there are."""
    everything: list[Found] = []
    for path in sorted((ZOO / folder).glob("*.py")):
        everything += find(Source(label=path.name, path=str(path), explicit=False)).found
    return {one.target: one.subject for one in everything[::EVERY] if one.subject is not None}, len(everything)


RIGHT, COUNT = subjects("right")
FAULTS = {
    f"{path.name}::{name}": fault for path in (ZOO / "wrong").glob("*.py") for name, fault in faults(path).items()
}
WRONG = {target: subject for target, subject in subjects("wrong")[0].items() if target in FAULTS}


@pytest.mark.parametrize("target", RIGHT)
def test_a_correct_layer_is_read_and_passes(target: str) -> None:
    report = check(RIGHT[target], seed=1, max_examples=2, allow=CONVENTIONS)
    assert report.verdict == "pass", report.to_text()


@pytest.mark.parametrize("target", WRONG)
def test_a_layer_with_a_fault_fails_and_its_counterexample_runs(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    report = check(WRONG[target], seed=1, max_examples=3)
    assert report.verdict == "fail", f"{FAULTS[target]}\n{report.to_text()}"
    monkeypatch.setattr(sys, "path", [*sys.path])
    exec(report.counterexample or "", {"print": lambda *values: None})


def test_the_zoo_is_large() -> None:
    assert COUNT >= 500
    assert len(FAULTS) >= 300
