"""A report as lines of styled spans, 80 columns wide: laid out once for plain text and terminal."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from checks.report.numbers import counted, entry, pair, shape, short, uncertainty
from checks.results import Comparison, Finding, Report, Verdict

Span = tuple[str, str]
Line = tuple[Span, ...]

WIDTH: Final = 80
QUIET, NORMAL, VERBOSE = -1, 0, 1
STYLES: Final[Mapping[str, str]] = {
    "pass": "green",
    "agrees": "green",
    "fail": "bold red",
    "differs": "red",
    "missing": "red",
    "undecided": "yellow",
    "warning": "yellow",
    "error": "bold magenta",
    "faint": "dim",
    "strong": "bold",
}
VERDICTS: Final[tuple[tuple[Verdict, str], ...]] = (
    ("fail", "failed"),
    ("undecided", "undecided"),
    ("error", "error"),
    ("pass", "passed"),
)
_HEADERS: Final = ("gradient", "shape", "verdict", "max diff", "mean diff", "max rel", "allowed", "detects")
_TEXT_COLUMNS: Final = 3


def block(report: Report, verbosity: int = NORMAL) -> list[Line]:
    """All that is said about one subject. Quiet: nothing about one that passes, no snippet for the rest."""
    if verbosity < NORMAL and (report.passed or verbosity < QUIET):
        return []
    lines: list[Line] = [_heading(report)]
    if report.signature is not None:
        lines += _wrapped(report.signature, "  ", "faint")
    if report.likeness is not None:
        lines += _wrapped(report.likeness, "  ", "faint")
    if report.why is not None:
        lines += _wrapped(report.why, "  ")
    lines += _table(report.comparisons)
    for note in filter(_leaves_out, report.notes):
        lines += _wrapped(f"note: {note}", "  ", hang="    ")
    for finding in _grouped(report.findings):
        lines += _finding(finding)
    if report.counterexample is not None and verbosity > QUIET:
        lines.append((("  counterexample, runs as it stands:", "faint"),))
        lines += [((clean(line), ""),) for line in report.counterexample.rstrip("\n").split("\n")]
    if verbosity >= VERBOSE:
        lines += _particulars(report)
    return lines


def summary(reports: Sequence[Report], seed: int | None = None) -> Line:
    """`6 subjects: 4 failed, 2 passed; seed 7`."""
    spans: list[Span] = [(f"{counted(len(reports), 'subject')}: ", "strong")]
    counts = [(verdict, word, sum(r.verdict == verdict for r in reports)) for verdict, word in VERDICTS]
    named = [
        (f"{count} {word}s" if word == "error" and count > 1 else f"{count} {word}", verdict)
        for verdict, word, count in counts
        if count
    ]
    for position, span in enumerate(named or [("nothing was checked", "")]):
        spans += [(", ", "")] * (position > 0) + [span]
    if seed is not None:
        spans.append((f"; seed {seed}", "faint"))
    return tuple(spans)


def clean(text: str) -> str:
    """The text without control characters: a layer's own message may not steer the terminal."""
    return "".join(c if c.isprintable() or c == " " else c.encode("unicode_escape").decode() for c in text)


def _heading(report: Report) -> Line:
    word = report.verdict.upper() if report.verdict == "fail" else report.verdict
    return ((word, report.verdict), (f"  {clean(report.target)}", "strong"))


def _table(comparisons: Sequence[Comparison]) -> Iterator[Line]:
    """A row a gradient, and below it what a verdict other than "agrees" rests on."""
    if not comparisons:
        return
    rows = [_cells(comparison) for comparison in comparisons]
    widths = [max(len(row[column]) for row in (_HEADERS, *rows)) for column in range(len(_HEADERS))]
    roomy = 2 + sum(widths) + 2 * (len(widths) - 1) <= WIDTH
    apart = "  " if roomy else " "
    stacked = 2 + sum(widths) + len(apart) * (len(widths) - 1) > WIDTH
    if stacked:  # a name or a shape that leaves no room for numbers stands on a line of its own
        widths[0], widths[1] = 2, 0
    yield ((f"  {_joined(('', '', *_HEADERS[2:]) if stacked else _HEADERS, widths, apart)}", "faint"),)
    for comparison, row in zip(comparisons, rows, strict=True):
        if stacked:
            yield from _wrapped(f"{row[0]} {row[1]}", "  ")
            row = ("", "", *row[2:])
        text = f"  {_joined(row, widths, apart)}"
        before, verdict, after = text.rpartition(comparison.verdict)
        yield ((before, ""), (verdict, comparison.verdict), (after, ""))
        if comparison.verdict != "agrees":
            yield from _details(comparison)


def _cells(comparison: Comparison) -> tuple[str, ...]:
    """What is allowed stands beside the largest difference: where all agree, at that entry; else at the worst one."""
    agrees = comparison.verdict == "agrees" and comparison.allowance_at_max is not None
    numbers = (
        comparison.max_abs_diff,
        comparison.mean_abs_diff,
        comparison.max_rel_diff,
        comparison.allowance_at_max if agrees else comparison.allowance,
        comparison.detectable,
    )
    return (clean(comparison.name), shape(comparison.shape), comparison.verdict, *map(short, numbers))


def _joined(cells: Sequence[str], widths: Sequence[int], apart: str) -> str:
    """The cells of a row, words to the left and numbers to the right."""
    padded = [
        cell.ljust(width) if column < _TEXT_COLUMNS else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return apart.join(padded)


def _details(comparison: Comparison) -> Iterator[Line]:
    """`W[2,0]: analytic 0.31, numerical 0.62 +- 3e-09; 12 of 12 entries wrong`, and the cause."""
    worst = comparison.worst
    parts = []
    if worst is not None:
        analytic, numerical = pair(worst.analytic, worst.numerical)
        if comparison.verdict == "missing":
            analytic = "none"
        place = entry(comparison.name, worst.index)
        parts.append(f"{place}: analytic {analytic}, numerical {numerical} +- {uncertainty(worst.allowance)}")
    elif comparison.cause is None:
        parts.append(f"{comparison.name}: {comparison.verdict}")
    if comparison.wrong_where is not None:
        parts.append(f"wrong {comparison.wrong_where}, of {math.prod(comparison.shape):,}")
    elif comparison.wrong_entries:
        parts.append(f"{comparison.wrong_entries:,} of {counted(math.prod(comparison.shape), 'entry')} wrong")
    if parts:
        yield from _wrapped("; ".join(parts), "    ")
    if comparison.cause is not None:
        prefix = "" if worst is not None else f"{comparison.name}: {comparison.verdict}: "
        yield from _wrapped(prefix + comparison.cause, "    ")


def _grouped(findings: Sequence[Finding]) -> list[Finding]:
    """One finding for several that differ in nothing but the gradient's name: a habit is told of once."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        words = tuple(_unnamed(text, finding.gradient) for text in (finding.message, finding.suggestion))
        key = (finding.kind, finding.severity, finding.file, finding.line, finding.cell, *words)
        groups.setdefault(key, []).append(finding)
    return [group[0] if len(group) == 1 else _joint(group) for group in groups.values()]


def _joint(group: Sequence[Finding]) -> Finding:
    names = [finding.gradient or "" for finding in group]
    together = f"{', '.join(names[:-1])} and {names[-1]}"
    first = group[0]
    message, suggestion = (_unnamed(text, names[0], together) for text in (first.message, first.suggestion))
    return replace(first, message=message or "", suggestion=suggestion, gradient=None)


def _unnamed(text: str | None, name: str | None, instead: str = "*") -> str | None:
    return text if text is None or name is None else re.sub(rf"\b{re.escape(name)}\b", lambda _: instead, text)


def _finding(finding: Finding) -> Iterator[Line]:
    named = finding.gradient is None or re.search(rf"\b{re.escape(finding.gradient)}\b", finding.message)
    kind = finding.kind if named else f"{finding.kind} {finding.gradient}"
    first, *rest = _wrapped(f"{finding.severity}: {kind}: {finding.message}", "  ", hang="    ")
    text = first[0][0]
    head = len("  ") + len(finding.severity)
    yield ((text[:head], "fail" if finding.severity == "error" else "warning"), (text[head:], ""))
    yield from rest
    if finding.suggestion is not None:
        yield from _wrapped(finding.suggestion, "    ")
    if finding.file is not None:
        place = finding.file if finding.line is None else f"{finding.file}:{finding.line}"
        if finding.cell is not None:
            place = f"{finding.file}, cell {finding.cell}, line {finding.line}"
        told = "" if finding.code is None else f": {finding.code}"
        yield ((f"    {clean(place + told)}", "faint"),)


def _leaves_out(note: str) -> bool:
    """Whether it tells of a gradient of which nothing was seen, which a verdict alone would hide."""
    return note.endswith(("not compared", "nothing was seen of it but that"))


def _particulars(report: Report) -> Iterator[Line]:
    """What only `-v` shows: how each gradient was differentiated, and what it took."""
    for comparison in report.comparisons:
        by = f"{comparison.name}: {comparison.role}, {comparison.dtype}, compared by {comparison.method}"
        if comparison.miss_probability is not None:
            by += f", an error is missed with probability {comparison.miss_probability:.0e}"
        yield from _wrapped(by, "  ", "faint")
    if report.uses:
        yield from _wrapped(f"also with {'; '.join(report.uses)}", "  ", "faint", hang="    ")
    for note in report.notes:
        if _leaves_out(note):  # said above
            continue
        yield from _wrapped(f"note: {note}", "  ", hang="    ")
    counts = f"{counted(report.cases, 'case')}, {counted(report.evaluations, 'evaluation')}"
    yield ((f"  {counts}, {report.seconds:.2f} s", "faint"),)
    drawn = [f"seed {report.seed}"] if report.seed is not None else []
    drawn += [f"{name} {version}" for name, version in report.versions.items()]
    if drawn:
        yield from _wrapped(", ".join(drawn), "  ", "faint")


def _wrapped(text: str, indent: str, style: str = "", *, hang: str | None = None) -> list[Line]:
    """The text in lines of at most 80 columns; a longer word is not broken: a path stays a path."""
    hang = indent if hang is None else hang
    lines: list[Line] = []
    for paragraph in text.rstrip("\n").split("\n"):
        lead = indent if not lines else hang
        inner = paragraph[: len(paragraph) - len(paragraph.lstrip(" "))]
        wrapped = textwrap.wrap(
            clean(paragraph.strip()),
            WIDTH,
            initial_indent=lead + inner,
            subsequent_indent=hang + inner,
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += [((line, style),) for line in wrapped or [lead]]
    return lines
