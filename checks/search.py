"""Draws cases with hypothesis, judges each once, and shrinks a failing one to the smallest that still fails.

Two passes over the same sequence of draws: the first judges all cases, since a fault that the first case hides the
third may show; the second stops at a failing case and lets hypothesis shrink it. What was judged is remembered.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Generic, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, find, settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy

from checks.case import Case

T = TypeVar("T")

SHRINK_CASES = 120
SHRINK_SECONDS = 1.0


class Search(Generic[T]):
    """The cases of one strategy, in the order that `seed` gives, each judged once by `judge`."""

    def __init__(self, strategy: SearchStrategy[Case], judge: Callable[[Case], T], seed: int) -> None:
        self.strategy = strategy
        self.judge = judge
        self.seed = seed
        self.judged: dict[bytes, T] = {}

    def draw(self, count: int, deadline: float) -> list[T]:
        """`count` different cases judged, or fewer at the deadline (time.monotonic) or where no more can be drawn."""

        def record(case: Case) -> bool:
            if len(self.judged) < count and (not self.judged or time.monotonic() < deadline):
                self._outcome(case)
            return False

        self._find(record, 3 * count, (Phase.generate,))
        return list(self.judged.values())

    def shrink(self, fails: Callable[[T], bool], count: int) -> T | None:
        """The outcome of the smallest failing case found; None where the failing case does not come again."""
        start, known = time.monotonic(), len(self.judged)

        def failing(case: Case) -> bool:
            spent = time.monotonic() - start > SHRINK_SECONDS or len(self.judged) - known > SHRINK_CASES
            if spent and case.fingerprint() not in self.judged:
                return False
            return fails(self._outcome(case))

        smallest = self._find(failing, 3 * count, (Phase.generate, Phase.shrink))
        return None if smallest is None else self._outcome(smallest)

    def _outcome(self, case: Case) -> T:
        key = case.fingerprint()
        if key not in self.judged:
            self.judged[key] = self.judge(case)
        return self.judged[key]

    def _find(self, condition: Callable[[Case], bool], examples: int, phases: tuple[Phase, ...]) -> Case | None:
        _keep_out_of_the_users_folder()
        chosen = settings(
            max_examples=examples,
            phases=phases,
            database=None,
            deadline=None,
            derandomize=False,
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )
        try:
            return find(self.strategy, condition, settings=chosen, random=Random(self.seed))
        except NoSuchExample:
            return None


_home: tempfile.TemporaryDirectory[str] | None = None


def _keep_out_of_the_users_folder() -> None:
    """hypothesis writes down what constants it saw, beside the user's files unless it is told of another place."""
    global _home
    if _home is None and not Path(".hypothesis").is_dir():
        _home = tempfile.TemporaryDirectory(prefix="gradproof-")
        set_hypothesis_home_dir(_home.name)
