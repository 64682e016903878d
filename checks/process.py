"""A worker as its parent sees it: started with what the engine needs, listened to, ended when it is due."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import Any, Final

from checks.worker import Check, Find, Message, Options, work

_PRELOADED: Final = ["checks.cli", "checks.worker", "checks.checking", "checks.dialects"]
_START_LIMIT: Final = 120.0  # seconds until a process must have said that it runs
_LAST_MOMENT: Final = 5.0
_ENVIRONMENT: Final[Mapping[str, str]] = {
    # One thread a worker: `-n` shares the cores out, and a forked process cannot use its parent's threads.
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "PYTHONHASHSEED": "0",  # layers that walk through a set walk the same way each run
    "PYTHONSAFEPATH": "1",  # a file of the user's called types.py must not be the standard module for the server itself
    "MPLBACKEND": "Agg",  # files that plot when they are imported open no window
}


class Process:
    """One worker. `listed`: it has imported its file; `position`: the subject it is at, None where it is at none.

    `bare`: why it is to load the file's definitions only.
    """

    def __init__(
        self,
        job: int,
        label: str,
        find: Find,
        check: Check | None,
        options: Options,
        bare: str | None = None,
    ) -> None:
        self._connection: Connection
        with _environment():
            context: Any = _context()
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=work, args=(theirs, label, find, check, options, bare))
            self._process.start()
        theirs.close()
        self._closed = False
        self._options = options
        self.bare = bare
        self.job = job
        self.position: int | None = None
        self.listed = False
        self.complete = False
        self.since = self.began = time.monotonic()
        self.imported_in = 0.0
        self.deadline = self.since + _START_LIMIT

    @property
    def handles(self) -> list[Any]:
        return [self._process.sentinel] if self._closed else [self._connection, self._process.sentinel]

    def alive(self) -> bool:
        return bool(self._process.is_alive())

    def has_listed(self) -> None:
        """It has imported its file."""
        self.listed, self.imported_in = True, time.monotonic() - self.began

    def renew(self) -> None:
        """It has said something: its time begins anew."""
        self.since = time.monotonic()
        limit = self._options.import_limit
        # A worker stops an import itself where it can: it is given the time to do so.
        self.deadline = self.since + (self._options.timeout if self.listed else limit + 0.5 * (1 + limit))

    def give(self, position: int | None) -> None:
        """Asks for the subject at that position next; None: there is none left."""
        self.position = position
        with suppress(OSError):  # it is gone, which is noticed elsewhere
            self._connection.send(position)

    def messages(self) -> Iterator[Message]:
        """What has arrived. A process that has closed its end is given a moment to come to its own."""
        try:
            while not (self.complete or self._closed) and self._connection.poll(0):
                yield self._connection.recv()
        except (EOFError, OSError):
            self._closed = True
            self.deadline = min(self.deadline, time.monotonic() + _LAST_MOMENT)

    def obituary(self) -> str:
        code = self._process.exitcode
        if code is not None and code < 0:
            ending = f"was ended by {_signal_name(-code)}"
        else:
            ending = f"exited with status {code}"
        return f"the process {ending} while {self._doing()}"

    def reproach(self) -> str:
        options = self._options
        if self.listed:
            return f"stopped after {options.timeout:g} s (--timeout) while {self._doing()}"
        name = "--import-timeout" if options.import_timeout <= options.timeout else "--timeout"
        advice = '; put what trains under `if __name__ == "__main__":`'
        return f"stopped after {options.import_limit:g} s ({name}) while {self._doing()}{advice}"

    def _doing(self) -> str:
        return "this was checked" if self.listed else "the file was imported"

    def end(self) -> None:
        """Ends the process, if it still runs, and what it started, even if it does not."""
        if self.complete:  # it ends its own group
            self._process.join(_LAST_MOMENT)
        if not self.complete or self._process.is_alive():
            with suppress(OSError, AttributeError):
                if self._process.pid:
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
        self._process.join()
        self._connection.close()


def _context() -> multiprocessing.context.BaseContext:
    """On Linux a server that has imported the engine and is forked for each file, elsewhere a fresh start.

    (On macOS it is not safe to fork once the system's numerical libraries have started.)
    """
    if not sys.platform.startswith("linux"):
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    with _deaf_to_interrupts():  # the server inherits this: Ctrl-C is for its parent to answer
        forkserver.ensure_running()
    return context


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ctrl-C is ignored for a moment, where that can be said: in the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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
