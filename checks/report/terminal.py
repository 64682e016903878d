"""A Report in colour. rich leaves the colours out where the output is no terminal or NO_COLOR is set."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from checks.report.layout import NORMAL, STYLES, Line, block
from checks.results import Report


class Screen(Console):
    """A console that falls silent where its reader has gone (`| head`), since the check itself goes on."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def console(stream: TextIO) -> Console:
    """A console that prints lines as they are: no markup, no highlighting, no wrapping of its own."""
    return Screen(file=stream, markup=False, highlight=False, emoji=False, soft_wrap=True)


def render(report: Report, on: Console, verbosity: int = NORMAL) -> None:
    """Prints the report, and an empty line after it; nothing where the verbosity has nothing to say."""
    lines = block(report, verbosity)
    write(lines + [()] if lines else [], on)


def write(lines: Iterable[Line], on: Console) -> None:
    """Prints the lines."""
    for line in lines:
        spans = [(text, STYLES.get(style, "")) for text, style in line]
        on.print(Text.assemble(*spans, end=""), soft_wrap=True)
