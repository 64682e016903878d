"""Drawing and shrinking: each case judged once, and the smallest that fails."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import configuration
from zoo.plain import AFFINE, affine, pure

from checks.case import Case
from checks.examine import examine
from checks.look import CaseResult
from checks.search import Search
from checks.strategies import cases

FOREVER = float("inf")


def shapes(case: Case) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in case.arrays.items()}


def test_each_case_is_judged_once_and_all_are_different() -> None:
    seen: Counter[bytes] = Counter()

    def judge(case: Case) -> bool:
        seen[case.fingerprint()] += 1
        return case.arrays["x"].shape[0] > 1

    search = Search(cases(affine()), judge, seed=3)
    assert len(search.draw(25, FOREVER)) == 25
    assert search.shrink(lambda outcome: outcome, 25) is True
    assert set(seen.values()) == {1}


@pytest.mark.parametrize("seed", [0, 7])
def test_a_seed_draws_the_same_cases(seed: int) -> None:
    drawn = [Search(cases(affine()), lambda case: case.fingerprint(), seed).draw(12, FOREVER) for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_a_deadline_that_has_passed_leaves_one_case() -> None:
    assert len(Search(cases(affine()), shapes, seed=0).draw(20, 0.0)) == 1


def test_what_never_fails_has_no_smallest_case() -> None:
    search = Search(cases(affine()), lambda case: False, seed=0)
    search.draw(5, FOREVER)
    assert search.shrink(lambda outcome: outcome, 5) is None


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shrinking stops after a second, which on a busy machine is before its end."""
    monkeypatch.setattr("checks.search.SHRINK_SECONDS", 60.0)


@pytest.mark.usefixtures("patient")
def test_a_bias_averaged_over_the_batch_shrinks_to_two_samples() -> None:
    faulty = affine(lambda gradients: gradients.update(b=gradients["b"] / len(gradients["x"])))
    search: Search[CaseResult] = Search(cases(faulty), examine, seed=1)
    search.draw(20, FOREVER)
    smallest = search.shrink(lambda result: "b" in result.differing, 20)
    assert smallest is not None
    assert shapes(smallest.case) == {"x": (2, 1), "W": (1, 1), "b": (1,)}
    assert all(len(repr(float(value))) <= 6 for value in smallest.case.arrays["x"].flat)


@pytest.mark.usefixtures("patient")
def test_a_fault_of_square_weights_shrinks_to_a_square_that_shows_it() -> None:
    def backward(upstream: np.ndarray, x: np.ndarray, W: np.ndarray, b: np.ndarray) -> dict[str, np.ndarray]:
        square = W.shape[0] == W.shape[1]
        return {"x": upstream @ (W if square else W.T), "W": x.T @ upstream, "b": upstream.sum(axis=0)}

    search = Search(cases(pure(lambda x, W, b: x @ W + b, backward, AFFINE)), examine, seed=2)
    search.draw(40, FOREVER)
    smallest = search.shrink(lambda result: "x" in result.differing, 40)
    assert smallest is not None
    assert smallest.case.arrays["W"].shape == (2, 2)


def test_nothing_is_written_and_the_callers_place_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = getattr(configuration, "__hypothesis_home_directory", None)
    Search(cases(affine()), shapes, seed=0).draw(10, FOREVER)
    assert os.listdir(tmp_path) == []
    assert getattr(configuration, "__hypothesis_home_directory", None) == before


def test_no_case_is_begun_that_would_end_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def slow(case: Case) -> None:
        nonlocal now
        now += 10.0

    monkeypatch.setattr("checks.search.time.monotonic", lambda: now)
    assert len(Search(cases(affine()), slow, seed=0).draw(20, 35.0)) == 3
