"""One file checked in a process of its own, which may hang, exit or crash: each report is sent at once.

What is sent, in this order: `Started`; `Again` before each further attempt at importing the file; `Listed`, once it is
imported; `Checked` for each subject that is asked for; `Ended`.
Whoever listens knows from what is missing where the process came to its end.
"""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
import random
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any, Final

from checks.discover import Discovery, Found
from checks.errors import LayerError
from checks.load import described
from checks.loading.plan import TERMS, Terms
from checks.results import Report

_LONGEST: Final = 10**6
_GRACE: Final = 30  # seconds after which a worker whose parent is gone ends by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What holds for every subject of a run. `seed` is the run's: each subject derives its own from it."""

    seed: int
    signature: str | None = None
    against: str | None = None
    max_examples: int = 20
    dtype: str = "float64"
    exact: bool = False
    allow: tuple[str, ...] = ()
    strict: bool = False
    timeout: float = 60.0
    import_timeout: float = 10.0
    show_output: bool = False

    @property
    def import_limit(self) -> float:
        """Seconds for the import of a file: whoever gives a subject less does not mean to wait longer for that."""
        return min(self.import_timeout, self.timeout)


@dataclass(frozen=True, slots=True)
class Started:
    """The process runs."""


@dataclass(frozen=True, slots=True)
class Again:
    """The file is imported once more, in another way."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The file is imported: the targets in it, what was skipped, what was done for it."""

    targets: tuple[str, ...]
    skipped: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """The report of one subject, the `position`-th of the list."""

    position: int
    report: Report


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more will come."""


Message = Started | Again | Listed | Checked | Ended
Find = Callable[[], Discovery]
Check = Callable[..., Report]


def work(
    connection: Connection,
    label: str,
    find: Find,
    check: Check | None,
    options: Options,
    bare: str | None,
) -> None:
    """Finds the subjects and checks those that it is asked for, by their positions, until it is asked for none.

    `bare`: why nothing of the file is to be run but its definitions. The process ends here, without the exit handlers
    of the user's code.
    """
    _isolate(options.show_output)
    _last_resort(options.timeout)
    folder, own = os.getcwd(), os.getpid()

    def send(message: Message) -> None:
        if os.getpid() != own:  # the user's code forked, and this is the other one
            os._exit(0)
        connection.send(message)

    def renew() -> None:
        _last_resort(options.timeout)
        send(Again())

    _reseed(options.seed)
    send(Started())
    TERMS.set(Terms(limit=options.import_limit, option=_option(options), bare=bare, renew=renew))
    try:
        discovery = find()
    except BaseException as error:
        discovery = Discovery(found=(Found(target=label, why=_unexpected("reading", error)),))
    send(Listed(tuple(one.target for one in discovery.found), discovery.skipped, discovery.notes))
    while (position := connection.recv()) is not None:
        _last_resort(options.timeout)
        found = discovery.found[position]
        report = _checked(found, check, options)
        report = replace(report, notes=(*discovery.notes, *report.notes))
        send(Checked(position, _as_given(report, found.path, folder)))
    send(Ended())
    connection.close()
    with suppress(Exception):
        sys.stdout.flush()
    with suppress(Exception):
        os.killpg(os.getpid(), signal.SIGKILL)  # with whatever the file has started
    os._exit(0)


def _option(options: Options) -> str:
    return "--import-timeout" if options.import_timeout <= options.timeout else "--timeout"


def subject_seed(seed: int, target: str) -> int:
    """The seed of one subject: from the run's seed and the subject's name within its file.

    Neither the folder nor the number of workers plays a part: a subject checked alone is checked alike.
    """
    name = os.path.basename(target.replace("\\", "/"))
    digest = hashlib.blake2b(f"{seed} {name}".encode(errors="surrogateescape"), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1


def failed_to_run(target: str, why: str, seconds: float = 0.0) -> Report:
    """The report of a subject that could not be checked."""
    return Report(target=target, verdict="error", why=why, seconds=seconds)


def strictly(report: Report) -> Report:
    """The same report where a warning counts as a failure too, unless a stand-in took part."""
    if report.verdict in ("pass", "undecided") and report.findings and not report.stood_in:
        return replace(report, verdict="fail")
    return report


def _checked(found: Found, check: Check | None, options: Options) -> Report:
    if found.why is not None:
        return failed_to_run(found.target, found.why)
    seed = subject_seed(options.seed, found.target)
    _reseed(seed)
    start = time.perf_counter()
    try:
        report = _check(found, check, options, seed)
    except LayerError as error:
        return failed_to_run(found.target, str(error), time.perf_counter() - start)
    except BaseException as error:
        return failed_to_run(found.target, _unexpected("checking", error), time.perf_counter() - start)
    return strictly(report) if options.strict else report


def _check(found: Found, check: Check | None, options: Options, seed: int) -> Report:
    if check is None:
        from checks.checking import check as engine

        check = engine
    arguments: dict[str, Any] = {
        "seed": seed,
        "max_examples": options.max_examples,
        "dtype": options.dtype,
        "exact": options.exact,
        # No new case is begun in the second half: a slow layer is judged by fewer cases rather than stopped.
        "timeout": options.timeout / 2,
        "allow": options.allow,
        "target": found.target,
        **({} if options.against is None else {"against": options.against}),
        **found.settings,
    }
    return check(found.subject, options.signature, **arguments)


def _as_given(report: Report, path: str | None, folder: str) -> Report:
    """The findings' files as the user wrote the path, or relative to the folder they work in."""

    def shown(file: str) -> str:
        if path is not None and os.path.normpath(os.path.join(folder, path)) == file:
            return path
        inside = os.path.relpath(file, folder)
        return file if inside.startswith(os.pardir) else inside

    findings = tuple(f if f.file is None else replace(f, file=shown(f.file)) for f in report.findings)
    return replace(report, findings=findings)


def _unexpected(doing: str, error: BaseException) -> str:
    """One line: what was raised, and the deepest place it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    if isinstance(error, SystemExit):
        return f"the layer ended the program: {described(error)}{place}"
    return f"{doing} it raised {described(error)}{place}"


def _isolate(show_output: bool) -> None:
    """No way for user code into our output, our input, our process group or the folders it lives in."""
    sys.dont_write_bytecode = True
    if sys.platform.startswith("linux"):
        # As in a program of the user's own: our server's children would be in no group that we can end.
        multiprocessing.set_start_method("fork", force=True)
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    if not show_output:
        os.dup2(nowhere, 2)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    warnings.simplefilter("ignore")


def _last_resort(timeout: float) -> None:
    """The parent ends a worker that takes too long; a signal does where the parent itself is gone."""
    if hasattr(signal, "alarm"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(min(timeout, _LONGEST)) + _GRACE)


def _reseed(seed: int) -> None:
    """Layers that draw from the global generators draw the same whichever file was checked before."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - it is the generator that hand-written layers use
