"""One run as the command shows it: what passed as it comes, the rest last, a summary, the JSON, a status."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from checks import __version__
from checks.discover import Source, expand, find
from checks.report.layout import QUIET, Line, clean, summary
from checks.results import Report, Verdict
from checks.run import Job, Outcome, Run, available_cores
from checks.worker import Check, Find, Options, failed_to_run

if TYPE_CHECKING:
    from rich.console import Console

    from checks.report.destination import Destination

PASSED, FAILED, MISUSED, UNSETTLED = 0, 1, 2, 3
_ORDER: Final[Sequence[Verdict]] = ("pass", "undecided", "error", "fail")
_NO_LAYERS: Final = "no layers in it; expected files that define classes with forward and backward"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Session:
    """How a run is shown. `remarks`: what to print about all reports, above the summary."""

    options: Options
    workers: int | None = None
    verbosity: int = 0
    to: Destination | None = None
    remarks: Callable[[Sequence[Report]], Sequence[Line]] | None = None
    check: Check | None = None


def check_targets(targets: Sequence[str], session: Session) -> int:
    """Checks everything the targets lead to; the exit status."""
    files: dict[str, list[str]] = {}
    jobs: dict[tuple[str, str | None], Job] = {}
    for target in dict.fromkeys(targets):
        sources = expand(target)
        files[target] = [source.label for source in sources]
        for source in sources:
            if source.explicit or (source.label, source.name) not in jobs:
                jobs[source.label, source.name] = Job(label=source.label, find=_finder(source, session.options.against))
    return conduct(list(jobs.values()), session, expected=files)


def why_not_against(options: Options) -> str | None:
    """Why nothing can be compared with the layer of `--against`; it is read in a process of its own."""
    from checks.trusted import found_as, readable

    text = options.against or ""
    with Run([Job(label=text, find=partial(found_as, text))], options, workers=1, check=readable) as run:
        reports = [report for outcome in run for report in outcome.reports]
    return next((report.why for report in reports if report.verdict == "error"), None)


def _finder(source: Source, against: str | None) -> Find:
    """How the subjects of a file are found: of several, the one that is compared."""
    if against is None:
        return partial(find, source)
    from checks.trusted import find_to_compare

    return partial(find_to_compare, source, against)


def conduct(jobs: Sequence[Job], session: Session, expected: dict[str, list[str]] | None = None) -> int:
    """Runs the jobs and shows what comes of them; the exit status. `expected`: each target's labels."""
    import checks.report.terminal as terminal
    from checks.report.destination import Standard
    from checks.report.progress import Progress

    screen = terminal.console(sys.stderr if isinstance(session.to, Standard) else sys.stdout)
    progress = Progress()
    shown: set[str] = set()
    workers = session.workers or available_cores()
    interrupted = False
    with (
        _terminated_as_interrupted(),
        Run(
            jobs,
            session.options,
            workers=workers,
            check=session.check,
            watch=lambda run: progress.show(_state(run)),
        ) as run,
    ):
        try:
            for outcome in run:
                progress.clear()
                _show_passed(outcome, shown, screen, session.verbosity)
        except KeyboardInterrupt:
            interrupted = True
    progress.clear()
    reports = _distinct(report for outcome in run.outcomes for report in outcome.reports)
    if not interrupted:
        reports += _empty(expected or {}, reports)
    written = session.to is None or _write(reports, session)  # first: whatever happens below, it is there
    for report in sorted(reports, key=lambda report: _ORDER.index(report.verdict)):
        if report.target not in shown:
            terminal.render(report, screen, session.verbosity)
    if session.remarks is not None:
        terminal.write(session.remarks(reports), screen)
    if interrupted:
        rest = sum(not outcome.complete for outcome in run.outcomes)
        print(f"interrupted, {rest} of {len(jobs)} files not finished", file=sys.stderr)
    terminal.write([summary(reports, session.options.seed)], screen)
    return status(reports, interrupted=interrupted) if written else MISUSED


def status(reports: Sequence[Report], *, interrupted: bool = False) -> int:
    """0: all passed; 1: one failed; 3: none failed, but something was undecided, an error or not done."""
    verdicts = {report.verdict for report in reports}
    if "fail" in verdicts:
        return FAILED
    return UNSETTLED if interrupted or verdicts - {"pass"} else PASSED


def _state(run: Run) -> str:
    at = f": {run.at[0]}" if run.at else ""
    return f"{run.done} of {len(run.outcomes)} files{at}"


def _show_passed(outcome: Outcome, shown: set[str], screen: Console, verbosity: int) -> None:
    """Prints what passed at once, and on standard error what was no subject and what was done to load the file."""
    from checks.report.terminal import render

    for report in outcome.reports:
        if report.passed and report.target not in shown:
            render(report, screen, verbosity)
            shown.add(report.target)
    if outcome.skipped and verbosity > QUIET:
        names = ", ".join(outcome.skipped)
        print(clean(f"skipped in {outcome.label}: {names}"), file=sys.stderr)
    if outcome.reports and verbosity > QUIET:
        for note in outcome.notes:
            print(clean(f"{outcome.label}: {note}"), file=sys.stderr)


def _distinct(reports: Iterator[Report]) -> list[Report]:
    """The reports, one a target: targets may overlap."""
    return list({report.target: report for report in reports}.values())


def _empty(expected: dict[str, list[str]], reports: Sequence[Report]) -> list[Report]:
    """An error for each target that led to no subject at all: nothing checked is nothing passed."""
    places = {report.target.split("::")[0] for report in reports}
    return [failed_to_run(target, _NO_LAYERS) for target, labels in expected.items() if places.isdisjoint(labels)]


def _write(reports: Sequence[Report], session: Session) -> bool:
    """Writes the JSON; False, and why on standard error, where that fails."""
    import json

    from checks.report.json import document

    assert session.to is not None
    text = json.dumps(document(reports, session.options.seed, __version__), indent=1, allow_nan=False)
    try:
        session.to.write(text + "\n")
    except OSError as error:
        print(f"gradproof: the JSON could not be written: {error}", file=sys.stderr)
        return False
    return True


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """A polite request to end (SIGTERM) is taken as Ctrl-C is: what is computed is reported."""
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
