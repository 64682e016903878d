"""Many files at once, each in a process of its own: whatever one does, the others keep their verdicts.

A file that hangs is ended, one that exits or crashes is noticed; the subject it was at becomes an `error`,
and a new process goes on with the next one of the same file. Where that happened while the file was imported, the new
process loads its definitions only. A worker that has no file left helps with one that holds many subjects. Results come
in the order of the jobs and of their subjects.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Final

from checks.process import Process
from checks.results import Report
from checks.worker import Again, Check, Checked, Ended, Find, Listed, Message, Options, Started, failed_to_run

_TICK: Final = 0.2  # seconds between two calls of `watch`
_QUICK: Final = 2.0  # seconds: a file whose import takes longer is not imported twice
_WORTH: Final = 3  # subjects a process that have to be left for one more


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Job:
    """One file: its `label`, and a picklable function that finds the subjects in it."""

    label: str
    find: Find


@dataclass(eq=False, slots=True, kw_only=True)
class Outcome:
    """What became of one job so far: the subjects in it, a report for each, what was skipped.

    `notes`: what was done to load the file. `bare`: why its definitions only are loaded. `pending`: the positions of
    the subjects that nobody has begun with; `unread`: the report on a file whose subjects are not known.
    """

    label: str
    targets: tuple[str, ...] = ()
    checked: dict[int, Report] = field(default_factory=dict)
    unread: list[Report] = field(default_factory=list)
    pending: deque[int] | None = None
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    bare: str | None = None
    complete: bool = False

    @property
    def reports(self) -> list[Report]:
        """Those that there are, in the order of the subjects."""
        return [*self.unread, *(self.checked[position] for position in sorted(self.checked))]


class Run:
    """Iterating gives each job's Outcome, in order, once it is complete; `outcomes` holds all of them.

    Use it as a context manager: leaving it ends every process. `watch` is called a few times a second with
    the run, to show how far it is.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        options: Options,
        *,
        workers: int,
        check: Check | None = None,
        watch: Callable[[Run], None] | None = None,
    ) -> None:
        self.outcomes = [Outcome(label=job.label) for job in jobs]
        self._jobs = jobs
        self._options = options
        self._workers = workers
        self._check = check
        self._watch = watch
        self._waiting = list(range(len(jobs)))[::-1]
        self._active: list[Process] = []

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self._active:
            process.end()

    @property
    def done(self) -> int:
        """How many jobs are complete."""
        return sum(outcome.complete for outcome in self.outcomes)

    @property
    def at(self) -> list[str]:
        """The labels of the jobs that are being worked on."""
        return list(dict.fromkeys(self._jobs[process.job].label for process in self._active))

    def __iter__(self) -> Iterator[Outcome]:
        for outcome in self.outcomes:
            while not outcome.complete:
                self._advance()
            yield outcome

    def _advance(self) -> None:
        """Starts what may start, takes in what has come, and ends what took too long."""
        while self._waiting and len(self._active) < self._workers:
            self._start(self._waiting.pop())
        while len(self._active) < self._workers and (longest := self._longest()) is not None:
            self._start(longest)
        now = time.monotonic()
        nearest = min(process.deadline for process in self._active)
        wait(
            [handle for process in self._active for handle in process.handles],
            timeout=max(0.0, min(nearest - now, _TICK)),
        )
        for process in list(self._active):
            self._attend(process)
        if self._watch is not None:
            self._watch(self)

    def _longest(self) -> int | None:
        """The job of which most subjects are left, where one more process is worth its start."""
        left = {}
        for process in self._active:
            pending = self.outcomes[process.job].pending
            if process.listed and pending is not None and process.imported_in < _QUICK:
                left[process.job] = len(pending) - _WORTH * self._at_work(process.job)
        longest = max(left, key=lambda job: left[job], default=None)
        return longest if longest is not None and left[longest] > 0 else None

    def _start(self, job: int) -> None:
        label, find, bare = self._jobs[job].label, self._jobs[job].find, self.outcomes[job].bare
        self._active.append(Process(job, label, find, self._check, self._options, bare))

    def _attend(self, process: Process) -> None:
        """Files the messages of one process, and draws the conclusion where it came to its end."""
        ended = not process.alive()  # before reading: what it sent until then is there
        for message in process.messages():
            self._file(process, message)
        if process.complete:
            self._retire(process)
        elif ended:
            self._retire(process)
            self._give_up(process, process.obituary())
        elif time.monotonic() > process.deadline:
            self._retire(process)
            self._give_up(process, process.reproach())
        outcome = self.outcomes[process.job]
        outcome.complete = outcome.complete or not (outcome.pending or self._at_work(process.job))

    def _file(self, process: Process, message: Message) -> None:
        outcome = self.outcomes[process.job]
        match message:
            case Listed(targets, skipped, notes):
                process.has_listed()
                if outcome.pending is None:
                    outcome.targets, outcome.skipped, outcome.notes = targets, skipped, notes
                    outcome.pending = deque(range(len(targets)))
                self._go_on(process)
            case Checked(position, report):
                outcome.checked[position] = report
                self._go_on(process)
            case Ended():
                process.complete = True
            case Started() | Again():
                pass
        process.renew()

    def _go_on(self, process: Process) -> None:
        """Gives a process the next subject of its file, or word that there is none."""
        pending = self.outcomes[process.job].pending
        process.give(pending.popleft() if pending else None)

    def _give_up(self, process: Process, why: str) -> None:
        """The subject it was at gets an error; the others get a new process, as does a file not yet read."""
        outcome, label = self.outcomes[process.job], self._jobs[process.job].label
        if outcome.pending is None and process.bare is None:
            outcome.bare = f"{why.partition(';')[0]}; only its definitions were loaded"
            self._start(process.job)
            return
        seconds = time.monotonic() - process.since
        if process.position is not None:
            outcome.checked[process.position] = failed_to_run(outcome.targets[process.position], why, seconds)
        if outcome.pending is None:
            outcome.unread.append(failed_to_run(label, why, seconds))
            outcome.complete = True
        elif process.listed and outcome.pending:
            self._start(process.job)
        elif not self._at_work(process.job):  # the file was read before, and is not now
            while outcome.pending:
                position = outcome.pending.popleft()
                outcome.checked[position] = failed_to_run(outcome.targets[position], why, seconds)

    def _at_work(self, job: int) -> int:
        """How many processes are at the file."""
        return sum(process.job == job for process in self._active)

    def _retire(self, process: Process) -> None:
        process.end()
        self._active.remove(process)


def available_cores() -> int:
    """The number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
