"""The lines of the user's file that one forward and its backward run."""

from __future__ import annotations

import sys
from contextlib import suppress
from types import FrameType
from typing import Any

from checks.bench import clones
from checks.case import Case
from checks.evaluation import quiet
from checks.live import Live


def lines_run(case: Case) -> frozenset[int]:
    """The lines of the subject's file that run in the case; those before it raises, if it does."""
    lines = set[int]()
    file = case.subject.file

    def watch(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename != file:
            return None
        if event == "line":
            lines.add(frame.f_lineno)
        return watch

    before = sys.gettrace()
    try:
        with quiet(), suppress(Exception):  # of the layer's own code, run once more
            live = Live(case)
            sys.settrace(watch)
            live.both(clones(case.arrays))
    finally:
        sys.settrace(before)
    return frozenset(lines)
