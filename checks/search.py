"""Draws cases with hypothesis, judges each once, and shrinks a failing one to the smallest that still fails.

Two passes over the same sequence of draws: the first judges all cases, since a fault that the first case hides the
third may show; the second stops at a failing case and lets hypothesis shrink it. What was judged is remembered.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Generic, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, configuration, find, settings
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
        self.longest = 0.0  # seconds for a case

    def draw(self, count: int, deadline: float, enough: Callable[[], bool] = lambda: False) -> list[T]:
        """`count` different cases judged, or fewer at the deadline (time.monotonic) or where no more can be drawn.

        No case is begun that would end beyond it if it took as long as the longest one before, or once it is `enough`.
        """

        def record(case: Case) -> bool:
            in_time = not self.judged or time.monotonic() + self.longest < deadline
            if len(self.judged) < count and in_time and not enough():
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

    def forget(self) -> None:
        """Has every case judged anew: what judges has changed."""
        self.judged.clear()

    def _outcome(self, case: Case) -> T:
        key = case.fingerprint()
        if key not in self.judged:
            begun = time.monotonic()
            self.judged[key] = self.judge(case)
            self.longest = max(self.longest, time.monotonic() - begun)
        return self.judged[key]

    def _find(self, condition: Callable[[Case], bool], examples: int, phases: tuple[Phase, ...]) -> Case | None:
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
            with _nothing_written():
                return find(self.strategy, condition, settings=chosen, random=Random(self.seed))
        except NoSuchExample:
            return None


@contextmanager
def _nothing_written() -> Iterator[None]:
    """hypothesis notes down the constants of the modules that it saw, beside the user's files unless told otherwise.

    It is given a place where nothing can be written, which it puts up with, and the caller's place back afterwards.
    """
    before = getattr(configuration, "__hypothesis_home_directory", None)
    configuration.set_hypothesis_home_dir(Path(os.devnull) / "gradproof")
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(before)
