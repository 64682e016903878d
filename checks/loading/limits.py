"""A time limit for code that runs in the main thread: a signal raises TimeUp in the midst of it.

What catches everything, or stays in a call of C, outlasts it; then the process has to be ended from outside.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN = 0.5  # seconds after which it is raised again, where a bare `except:` has swallowed it


class TimeUp(BaseException):
    """The code ran past its limit of `seconds`; `whose`: what the limit was set for."""

    def __init__(self, seconds: float, whose: str) -> None:
        self.seconds = seconds
        self.whose = whose
        super().__init__(f"{seconds:g} s")


@contextmanager
def time_limit(seconds: float | None, whose: str = "file") -> Iterator[None]:
    """Raises TimeUp within after so many seconds; an outer limit that is due sooner stays in force."""
    if seconds is None or not can_limit():
        yield
        return
    before = signal.getsignal(signal.SIGALRM)
    left, again = signal.getitimer(signal.ITIMER_REAL)
    if callable(before) and 0 < left <= seconds:
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeUp(seconds, whose)

    started = time.monotonic()
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left > 0:
            signal.setitimer(signal.ITIMER_REAL, max(0.01, left - (time.monotonic() - started)), again)


def can_limit() -> bool:
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
