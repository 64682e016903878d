"""Many files in processes of their own: what hangs, exits or crashes costs one verdict, not the run."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checks.discover import Discovery, Found
from checks.results import Finding, Report
from checks.run import Job, Run, available_cores
from checks.worker import Options, failed_to_run, strictly, subject_seed

OPTIONS = Options(seed=1, timeout=20.0)


def find(label: str, *names: str) -> Discovery:
    return Discovery(found=tuple(Found(target=f"{label}::{name}", subject=name) for name in names))


def find_nothing_but(action: str) -> Discovery:
    act(action)
    raise AssertionError(action)


def act(name: str) -> None:
    """What files do."""
    match name:
        case "slow":
            time.sleep(0.3)
        case "hang":
            time.sleep(600)
        case "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(600)
        case "_exit":
            os._exit(3)
        case "fork":
            os.fork()
        case "exit":
            sys.exit("enough")
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "interrupt":
            raise KeyboardInterrupt
        case "raise":
            raise ValueError("no\nway")


def fake_check(subject: str, signature: str | None, *, target: str, seed: int, **_: Any) -> Report:
    print("noise")
    os.write(1, b"noise")
    act(subject)
    drawn = f"{random.random()} {np.random.random()}"  # noqa: NPY002
    return Report(target=target, verdict="pass", seed=seed, signature=drawn)


def run(jobs: list[Job], options: Options = OPTIONS, workers: int = 2) -> list[Report]:
    with Run(jobs, options, workers=workers, check=fake_check) as running:
        return [report for outcome in running for report in outcome.reports]


def job(label: str, *names: str) -> Job:
    return Job(label=label, find=partial(find, label, *names))


def verdicts(reports: list[Report]) -> list[tuple[str, str]]:
    return [(report.target, report.verdict) for report in reports]


def test_results_come_in_the_order_of_the_jobs() -> None:
    jobs = [job("a", "1", "2"), job("b"), job("c", "3")]
    assert verdicts(run(jobs, workers=3)) == [("a::1", "pass"), ("a::2", "pass"), ("c::3", "pass")]


def name_of_the_process(subject: str, signature: str | None, *, target: str, **_: Any) -> Report:
    act(subject)
    return Report(target=target, verdict="pass", why=str(os.getpid()))


def test_idle_workers_help_with_a_file_of_many_subjects() -> None:
    many = job("a", *["slow"] * 10)
    for workers in (1, 3):
        with Run([many, job("b", "1")], OPTIONS, workers=workers, check=name_of_the_process) as running:
            reports = [report for outcome in running for report in outcome.reports]
        assert [report.target for report in reports] == [*["a::slow"] * 10, "b::1"]
        assert (len({report.why for report in reports[:10]}) > 1) == (workers > 1)


def test_what_ends_one_helper_costs_one_subject() -> None:
    names = ["slow", "slow", "killed", "slow", "_exit", "slow", "slow", "slow", "slow"]
    expected = [(f"a::{name}", "pass" if name == "slow" else "error") for name in names]
    assert verdicts(run([job("a", *names)], workers=3)) == expected


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("_exit", "the process exited with status 3 while this was checked"),
        ("killed", "the process was ended by SIGKILL while this was checked"),
        ("exit", "the layer ended the program: SystemExit: enough (test_run.py:"),
        ("raise", "checking it raised ValueError: no (test_run.py:"),
        ("interrupt", "checking it raised KeyboardInterrupt (test_run.py:"),
    ],
)
def test_one_subject_fails_and_the_others_are_checked(name: str, why: str) -> None:
    reports = run([job("a", "before", name, "after"), job("b", "other")])
    assert verdicts(reports) == [
        ("a::before", "pass"),
        (f"a::{name}", "error"),
        ("a::after", "pass"),
        ("b::other", "pass"),
    ]
    assert (reports[1].why or "").startswith(why)


def test_what_hangs_is_stopped_and_the_rest_goes_on() -> None:
    start = time.monotonic()
    reports = run([job("a", "hang", "deaf", "after"), job("b", "other")], Options(seed=1, timeout=0.3))
    assert verdicts(reports) == [
        ("a::hang", "error"),
        ("a::deaf", "error"),
        ("a::after", "pass"),
        ("b::other", "pass"),
    ]
    assert reports[0].why == "stopped after 0.3 s (--timeout) while this was checked"
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (
            "hang",
            "stopped after 0.3 s (--import-timeout) while the file was imported; "
            'put what trains under `if __name__ == "__main__":`',
        ),
        ("_exit", "the process exited with status 3 while the file was imported"),
        ("raise", "reading it raised ValueError: no (test_run.py:"),
    ],
)
def test_a_file_that_fails_as_a_whole_is_one_error(name: str, why: str) -> None:
    jobs = [Job(label="bad.py", find=partial(find_nothing_but, name)), job("b", "other")]
    reports = run(jobs, Options(seed=1, timeout=9.0, import_timeout=0.3))
    assert verdicts(reports) == [("bad.py", "error"), ("b::other", "pass")]
    assert (reports[0].why or "").startswith(why)


def test_a_file_that_cannot_be_imported_again_loses_the_rest(tmp_path: Path) -> None:
    reports = run([Job(label="a", find=partial(find_once, str(tmp_path / "mark")))])
    assert verdicts(reports) == [
        ("a::1", "pass"),
        ("a::_exit", "error"),
        ("a::2", "error"),
        ("a::3", "error"),
    ]
    assert (reports[2].why or "") == "the process exited with status 3 while the file was imported"


def find_once(mark: str) -> Discovery:
    if os.path.exists(mark):
        os._exit(3)
    open(mark, "w").close()
    return find("a", "1", "_exit", "2", "3")


def test_a_forked_layer_reports_once() -> None:
    reports = run([job("a", "before", "fork", "after")])
    assert verdicts(reports) == [("a::before", "pass"), ("a::fork", "pass"), ("a::after", "pass")]


def test_the_number_of_workers_changes_nothing() -> None:
    jobs = [job(label, "1", "2") for label in "abcd"]
    one, three = run(jobs, workers=1), run(jobs, workers=3)
    assert [(r.target, r.seed, r.signature) for r in one] == [(r.target, r.seed, r.signature) for r in three]
    assert len({report.signature for report in one}) == len(one)


def test_output_of_the_layers_is_not_ours(capfd: pytest.CaptureFixture[str]) -> None:
    run([job("a", "1")])
    assert capfd.readouterr().out == ""


def test_no_process_is_left_behind() -> None:
    jobs = [job("a", "1"), job("b", "hang"), job("c", "hang")]
    with Run(jobs, OPTIONS, workers=2, check=fake_check) as running:
        assert next(iter(running)).complete
        assert running.at
    assert multiprocessing.active_children() == []
    assert [outcome.complete for outcome in running.outcomes] == [True, False, False]


def test_the_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    run([job("a", "1")])
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_a_worker_has_one_thread_and_a_fixed_order_of_sets() -> None:
    reports = run([Job(label="a.py", find=surroundings)])
    assert reports[0].why == "1 1 0 True"


def surroundings() -> Discovery:
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "PYTHONHASHSEED")
    values = [os.environ.get(name, "unset") for name in names]
    return Discovery(found=(Found(target="a.py", why=" ".join([*values, str(sys.dont_write_bytecode)])),))


def test_reasons_given_by_the_finder_are_reported() -> None:
    reports = run([Job(label="a.py", find=partial(reasons, "a.py"))])
    assert [(r.target, r.verdict, r.why) for r in reports] == [("a.py", "error", "it is not there")]


def reasons(label: str) -> Discovery:
    return Discovery(found=(Found(target=label, why="it is not there"),))


def test_the_seed_of_a_subject_follows_its_name_alone() -> None:
    assert subject_seed(1, "sub/a.py::A") == subject_seed(1, "./a.py::A")
    assert len({subject_seed(s, t) for s in (1, 2) for t in ("a.py::A", "a.py::B", "b.py::A")}) == 6


def test_strict_makes_a_warning_a_failure() -> None:
    warning = Finding(kind="aliases", severity="warning", message="shared memory")
    warned = Report(target="t", verdict="pass", findings=(warning,))
    assert strictly(warned).verdict == "fail"
    assert strictly(Report(target="t", verdict="pass")).verdict == "pass"
    assert strictly(failed_to_run("t", "gone")).verdict == "error"


def test_there_is_a_core() -> None:
    assert available_cores() >= 1
