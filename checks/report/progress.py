"""One line on standard error that says how far a run is; nothing where that is no terminal."""

from __future__ import annotations

import sys
import time
from typing import Final

_CLEARED: Final = "\r\x1b[K"
_WIDTH: Final = 79


class Progress:
    """`show` writes the line over the one before; `clear` takes it away before other lines are printed."""

    def __init__(self) -> None:
        self._on = sys.stderr.isatty()
        self._shown = False
        self._start = time.monotonic()

    def show(self, text: str) -> None:
        """Writes the text and the seconds since the start."""
        if not self._on:
            return
        seconds = f" {time.monotonic() - self._start:.0f} s"
        sys.stderr.write(f"{_CLEARED}{text[: _WIDTH - len(seconds)]}{seconds}")
        sys.stderr.flush()
        self._shown = True

    def clear(self) -> None:
        """Takes the line away."""
        if self._shown:
            sys.stderr.write(_CLEARED)
            sys.stderr.flush()
            self._shown = False
