"""A Report as plain text of at most 80 columns; a longer path or line of the snippet stays whole."""

from __future__ import annotations

from checks.report.layout import NORMAL, Line, block
from checks.results import Report


def to_text(report: Report, verbosity: int = NORMAL) -> str:
    """The report in lines, without a newline at the end."""
    return "\n".join(plain(line) for line in block(report, verbosity))


def plain(line: Line) -> str:
    """The line without its styles."""
    return "".join(text for text, _ in line).rstrip()
