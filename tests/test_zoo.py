"""A sample of the layers as people write them: the correct ones pass, those with a fault fail.

All of them, under many seeds, are judged by benchmarks/zoo.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from benchmarks.zoo import CONVENTIONS, ZOO, faults
from checks import check
from checks.discover import Source, find

EVERY = 20  # of the subjects of each file


def subjects(folder: str) -> dict[str, Any]:
    """A subject in twenty of the folder's files, by file and name."""
    found = {}
    for path in sorted((ZOO / folder).glob("*.py")):
        everything = find(Source(label=path.name, path=str(path), explicit=False)).found
        found.update({one.target: one.subject for one in everything[::EVERY] if one.subject is not None})
    return found


RIGHT = subjects("right")
FAULTS = {
    f"{path.name}::{name}": fault for path in (ZOO / "wrong").glob("*.py") for name, fault in faults(path).items()
}
WRONG = {target: subject for target, subject in subjects("wrong").items() if target in FAULTS}
# What is known not to be read, and faults that need what is not tried (a second backward without a forward, sizes that
# a pool divides). These have to fail: one that is mended leaves its list.
UNREAD = ("arithmetic.py::ConcatList", "projects.py::ConfiguredAffine", "scalar_params.py::Line")
UNSEEN = ("states.py::DensePop", "states.py::TanhFree", "images.py::AvgPool", "images.py::DepthToSpace")


def marked(targets: Iterable[str], known: tuple[str, ...]) -> list[Any]:
    """The targets as parameters; those that are known to fail are expected to."""
    fails = pytest.mark.xfail(strict=True)
    return [pytest.param(target, marks=fails if target in known else ()) for target in targets]


@pytest.mark.parametrize("target", marked(RIGHT, UNREAD))
def test_a_correct_layer_is_read_and_passes(target: str) -> None:
    report = check(RIGHT[target], seed=1, max_examples=4, allow=CONVENTIONS)
    assert report.verdict == "pass", report.to_text()


@pytest.mark.parametrize("target", marked(WRONG, UNSEEN))
def test_a_layer_with_a_fault_fails(target: str) -> None:
    report = check(WRONG[target], seed=1, max_examples=12)
    assert report.verdict == "fail", f"{FAULTS[target]}\n{report.to_text()}"


def test_the_zoo_is_large() -> None:
    assert len(RIGHT) * EVERY >= 200
    assert len(FAULTS) >= 200
