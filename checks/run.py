"""Many files at once, each in a process of its own: whatever one does, the others keep their verdicts.

A file that hangs is ended, one that exits or crashes is noticed; the subject it was at becomes an `error`, and a new
process goes on with the next one of the same file. Results come in the order of the jobs, whatever their number.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Final

from checks.results import Report
from checks.worker import Check, Checked, Ended, Find, Listed, Message, Options, Started, failed_to_run, work

_PRELOADED: Final = ["checks.cli", "checks.worker", "checks.check", "checks.dialects"]
_START_LIMIT: Final = 120.0  # seconds until a process must have said that it runs
_TICK: Final = 0.2  # seconds between two calls of `watch`
_ENVIRONMENT: Final[Mapping[str, str]] = {
    # One thread a worker: `-n` shares the cores out, and a forked process cannot use its parent's threads.
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "PYTHONHASHSEED": "0",  # layers that walk through a set walk the same way each run
}


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Job:
    """One file: its `label`, and a picklable function that finds the subjects in it."""

    label: str
    find: Find


@dataclass(eq=False, slots=True, kw_only=True)
class Outcome:
    """What became of one job so far: a report for each subject, in order, and the names skipped."""

    label: str
    reports: list[Report] = field(default_factory=list)
    skipped: tuple[str, ...] = ()
    complete: bool = False


class Run:
    """Iterating gives each job's Outcome, in order, once it is complete; `outcomes` holds all, complete or not.

    Use it as a context manager: leaving it ends every process. `watch` is called a few times a second with the
    run, to show how far it is.
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
        self._active: list[_Process] = []

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
        return [self._jobs[process.job].label for process in self._active]

    def __iter__(self) -> Iterator[Outcome]:
        for outcome in self.outcomes:
            while not outcome.complete:
                self._advance()
            yield outcome

    def _advance(self) -> None:
        """Starts what may start, takes in what has come, and ends what took too long."""
        while self._waiting and len(self._active) < self._workers:
            self._start(self._waiting.pop())
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

    def _start(self, job: int, first: int = 0) -> None:
        with _environment():
            self._active.append(_Process(job, first, self._jobs[job].find, self._check, self._options))

    def _attend(self, process: _Process) -> None:
        """Files the messages of one process, and draws the conclusion where it came to its end."""
        ended = not process.alive()  # before reading: what it sent until then is there
        for message in process.messages():
            self._file(process, message)
        if process.complete:
            self._retire(process)
            self.outcomes[process.job].complete = True
        elif ended:
            self._retire(process)
            self._give_up(process, process.obituary())
        elif time.monotonic() > process.deadline:
            self._retire(process)
            self._give_up(process, process.reproach())

    def _file(self, process: _Process, message: Message) -> None:
        outcome = self.outcomes[process.job]
        match message:
            case Listed(targets, skipped):
                process.targets = targets
                outcome.skipped = skipped
            case Checked(_, report):
                outcome.reports.append(report)
                process.position += 1
            case Ended():
                process.complete = True
            case Started():
                pass
        process.renew(self._options.timeout)

    def _give_up(self, process: _Process, why: str) -> None:
        """The subject it was at gets an error; the ones behind it get a new process."""
        outcome, label = self.outcomes[process.job], self._jobs[process.job].label
        seconds = time.monotonic() - process.since
        if process.targets is None:
            outcome.reports.append(failed_to_run(label, why, seconds))
            outcome.complete = True
            return
        if process.position < len(process.targets):
            outcome.reports.append(failed_to_run(process.targets[process.position], why, seconds))
            process.position += 1
        if process.position < len(process.targets):
            self._start(process.job, process.position)
        else:
            outcome.complete = True

    def _retire(self, process: _Process) -> None:
        process.end()
        self._active.remove(process)


class _Process:
    """A worker as its parent sees it. `position`: the subject it is at; `targets`: None until it has listed them."""

    def __init__(self, job: int, first: int, find: Find, check: Check | None, options: Options) -> None:
        context = _context()
        self._connection: Connection
        self._connection, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=work, args=(theirs, find, check, options, first))
        self._process.start()
        theirs.close()
        self._limit = options.timeout
        self.job = job
        self.position = first
        self.targets: tuple[str, ...] | None = None
        self.complete = False
        self.since = time.monotonic()
        self.deadline = self.since + _START_LIMIT

    @property
    def handles(self) -> list[Any]:
        return [self._connection, self._process.sentinel]

    def alive(self) -> bool:
        return bool(self._process.is_alive())

    def renew(self, seconds: float) -> None:
        self.since = time.monotonic()
        self.deadline = self.since + seconds

    def messages(self) -> Iterator[Message]:
        """What has arrived; stops where the other side is gone or what it sends is no message."""
        with suppress(EOFError, OSError):
            while not self.complete and self._connection.poll(0):
                yield self._connection.recv()

    def obituary(self) -> str:
        code = self._process.exitcode
        if code is not None and code < 0:
            ending = f"was ended by {_signal_name(-code)}"
        else:
            ending = f"exited with status {code}"
        return f"the process {ending} while {self._doing()}"

    def reproach(self) -> str:
        advice = "" if self.targets else '; put what trains under `if __name__ == "__main__":`'
        return f"stopped after {self._limit:g} s (--timeout) while {self._doing()}{advice}"

    def _doing(self) -> str:
        return "the file was imported" if self.targets is None else "this was checked"

    def end(self) -> None:
        """Ends the process and what it started, if it still runs."""
        if self._process.is_alive() and not self.complete:
            with suppress(OSError, AttributeError):
                os.killpg(self._process.pid or 0, signal.SIGKILL)
            self._process.kill()
        self._process.join()
        self._connection.close()


def available_cores() -> int:
    """The number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _context() -> Any:
    """A server that has imported the engine once and is forked for each file; elsewhere than on Linux, a fresh start.

    (Forking after the system's own numerical libraries have started is not safe on macOS.)
    """
    if not sys.platform.startswith("linux"):
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@contextmanager
def _environment() -> Iterator[None]:
    """The workers' environment variables, set while one starts: NumPy reads them when it is imported."""
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
