"""The command: what it prints, what it writes, and its exit status."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from checks import session as session_module
from checks.cli import main
from checks.results import Comparison, Report
from checks.session import status
from checks.textbook import NETWORK, full_size, layers, table

ROOT = Path(__file__).parents[1]
IMPORT = "import numpy as np\n"
LAYER = """

class {name}:
    def forward(self, x):
        {body}
        self.x = x
        return x * x

    def backward(self, dout):
        return {factor} * self.x * dout
"""
WRITES = """

class Writes:
    def forward(self, x):
        self.x = x.copy()
        x *= x
        return x.copy()

    def backward(self, dout):
        return 2 * self.x * dout
"""


def layer(name: str, factor: int = 2, body: str = "pass") -> str:
    return LAYER.format(name=name, factor=factor, body=body)


GOOD, BAD = layer("Square"), layer("BadSquare", factor=3)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def write(name: str, *texts: str) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(IMPORT + "".join(texts), encoding="utf-8")
    return name


def gradproof(*words: str) -> Result:
    result = CliRunner().invoke(main, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def checked(*words: str) -> tuple[int, dict[str, Any], Result]:
    result = gradproof("check", *words, "--seed", "1", "--max-examples", "3", "--json", "out.json")
    with open("out.json", encoding="utf-8") as stream:
        return result.exit_code, json.load(stream), result


def verdicts(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(subject["target"], subject["verdict"]) for subject in document["subjects"]]


# Verdicts and exit statuses


def test_status_0_when_everything_passed() -> None:
    code, document, result = checked(write("good.py", GOOD))
    assert code == 0
    assert verdicts(document) == [("good.py::Square", "pass")]
    assert result.stdout.startswith("pass  good.py::Square\n")
    assert result.stdout.endswith("\n1 subject: 1 passed; seed 1\n")
    assert result.stderr == ""


def test_status_1_when_one_failed_which_comes_last() -> None:
    code, document, result = checked(write("both.py", BAD, GOOD))
    assert code == 1
    assert verdicts(document) == [("both.py::BadSquare", "fail"), ("both.py::Square", "pass")]
    assert result.stdout.index("::Square") < result.stdout.index("::BadSquare")
    assert result.stdout.endswith("\n2 subjects: 1 failed, 1 passed; seed 1\n")


def test_status_3_when_nothing_failed_but_a_file_is_missing() -> None:
    code, document, result = checked(write("good.py", GOOD), "god.py")
    assert code == 3
    assert verdicts(document) == [("good.py::Square", "pass"), ("god.py", "error")]
    assert document["subjects"][1]["why"] == "there is no file god.py; did you mean good.py?"
    assert result.stdout.endswith(
        "error  god.py\n  there is no file god.py; did you mean good.py?\n\n2 subjects: 1 error, 1 passed; seed 1\n"
    )


@pytest.mark.parametrize(
    ("verdict_list", "expected"),
    [
        ((), 0),
        (("pass",), 0),
        (("pass", "undecided"), 3),
        (("error", "pass"), 3),
        (("error", "undecided", "fail"), 1),
    ],
)
def test_status_of_verdicts(verdict_list: tuple[Any, ...], expected: int) -> None:
    assert status([Report(target="t", verdict=verdict) for verdict in verdict_list]) == expected


def test_json_has_the_promised_shape() -> None:
    _, document, _ = checked(write("both.py", BAD, GOOD))
    assert list(document) == ["schema", "version", "seed", "subjects"]
    assert (document["schema"], document["seed"]) == (1, 1)
    assert isinstance(document["version"], str)


@pytest.mark.parametrize(
    ("target", "file"),
    [
        ("sub/bad.py", "sub/bad.py"),
        ("./sub/bad.py", "./sub/bad.py"),
        ("sub.bad", os.path.join("sub", "bad.py")),
    ],
)
def test_findings_point_into_the_file_as_given(target: str, file: str) -> None:
    write("sub/bad.py", BAD)
    (subject,) = checked(target)[1]["subjects"]
    assert subject["findings"]
    assert {finding["file"] for finding in subject["findings"]} == {file}


def test_one_object_of_a_file() -> None:
    write("net.py", GOOD, "\n\nsquare = Square()\n")
    assert verdicts(checked("net.py::square")[1]) == [("net.py::square", "pass")]
    assert verdicts(checked("net.py")[1]) == [("net.py::Square", "pass")]


def test_a_convention_may_be_allowed_and_strictness_asked_for() -> None:
    write("writes.py", WRITES)
    code, document, _ = checked("writes.py")
    assert code == 0
    assert {finding["kind"] for finding in document["subjects"][0]["findings"]} == {"mutates-input"}
    assert checked("writes.py", "--strict")[0] == 1
    code, document, _ = checked("writes.py", "--strict", "--allow", "Writes:mutates-input")
    assert (code, document["subjects"][0]["findings"]) == (0, [])


def test_the_same_seed_gives_the_same_whatever_the_number_of_workers() -> None:
    write("folder/a.py", GOOD, BAD)
    write("folder/b.py", GOOD)
    documents = [checked("folder", "-n", number)[1] for number in ("1", "2")]
    for document in documents:
        for subject in document["subjects"]:
            subject["seconds"] = None
    assert documents[0] == documents[1]


def test_a_seed_is_drawn_and_told() -> None:
    result = gradproof("check", "nowhere.py")
    assert re.search(r"^1 subject: 1 error; seed \d+\n\Z", result.stdout, re.MULTILINE)


def test_overlapping_targets_are_reported_once() -> None:
    name = write("good.py", GOOD)
    assert verdicts(checked(name, f"{name}::Square", name)[1]) == [("good.py::Square", "pass")]


def test_a_folder_without_layers_is_an_error() -> None:
    write("folder/script.py", "print(1)\n")
    write("folder/plain.py", "class Plain:\n    pass\n")
    code, document, _ = checked("folder")
    assert code == 3
    assert verdicts(document) == [("folder", "error")]
    code, document, _ = checked("folder", "folder/plain.py")
    assert verdicts(document) == [("folder/plain.py", "error")]
    assert document["subjects"][0]["why"].startswith("plain.py holds no layer: its classes are Plain\n")


def test_what_is_skipped_is_told_on_standard_error() -> None:
    write("kin.py", GOOD, "\n\nclass SGD:\n    def update(self, params, grads):\n        pass\n")
    assert checked("kin.py")[2].stderr == "skipped in kin.py: SGD (optimizer)\n"
    assert checked("kin.py", "-q")[2].stderr == ""


def test_files_that_hang_exit_and_crash_among_others() -> None:
    write(
        "sub/a.py",
        GOOD,
        layer("Leaves", body="import os; os._exit(0)"),
        layer("Quits", body="raise SystemExit"),
    )
    write("sub/b.py", GOOD, "\n\nimport os\nos._exit(0)\n")
    write("sub/c.py", GOOD, "\n\nwhile True:\n    pass\n")
    write("sub/d.py", GOOD)
    code, document, result = checked("sub", "--timeout", "3", "--import-timeout", "0.5")
    assert code in (1, 3)
    found = dict(verdicts(document))
    assert list(found) == [
        "sub/a.py::Square",
        "sub/a.py::Leaves",
        "sub/a.py::Quits",
        "sub/b.py::Square",
        "sub/c.py::Square",
        "sub/d.py::Square",
    ]
    assert {found[f"sub/{name}.py::Square"] for name in "abcd"} == {"pass"}
    assert found["sub/a.py::Leaves"] == "error"
    assert found["sub/a.py::Quits"] != "pass"
    assert "the process exited with status 0 while this was checked" in result.stdout
    notes = [
        "the process exited with status 0 while the file was imported; only its definitions were loaded",
        "line 14 of c.py was still at work after 0.5 s (--import-timeout); only its definitions were loaded",
    ]
    assert result.stderr == f"sub/b.py: {notes[0]}\nsub/c.py: {notes[1]}\n"
    assert [subject["notes"] for subject in document["subjects"][-3:-1]] == [[notes[0]], [notes[1]]]
    assert sorted(os.listdir("sub")) == ["a.py", "b.py", "c.py", "d.py"]


def test_an_import_that_swallows_every_interruption_is_stopped_from_outside() -> None:
    text = "import time\nwhile True:\n    try:\n        time.sleep(0.01)\n    except:\n        pass\n"
    _, document, result = checked(write("deaf.py", GOOD, text), "--import-timeout", "0.2")
    assert verdicts(document) == [("deaf.py::Square", "pass")]
    note = "stopped after 0.2 s (--import-timeout) while the file was imported; only its definitions were loaded"
    assert result.stderr == f"deaf.py: {note}\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_nothing_that_a_file_started_is_left_behind() -> None:
    code = (
        "import os\nif os.fork() == 0:\n    open('child', 'w').write(str(os.getpid()))\n    while True:\n        pass\n"
    )
    assert checked(write("forks.py", code, GOOD))[0] == 0
    deadline = time.monotonic() + 5
    child = Path(f"/proc/{Path('child').read_text()}")
    while child.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not child.exists()


def test_a_notebook_and_its_cell() -> None:
    cells = [{"cell_type": "code", "source": text} for text in ("%matplotlib inline\nimport numpy as np", BAD)]
    Path("nb.ipynb").write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}), encoding="utf-8")
    code, document, result = checked("nb.ipynb")
    assert (code, verdicts(document)) == (1, [("nb.ipynb::BadSquare", "fail")])
    finding = document["subjects"][0]["findings"][0]
    assert (finding["file"], finding["cell"], finding["line"]) == ("nb.ipynb", 2, 3)
    assert "nb.ipynb, cell 2, line 3" in result.stdout


def test_a_stand_in_never_fails_even_strictly() -> None:
    derived = BAD.replace("Square:", "Square(torx.Module):")
    code, document, result = checked(write("torchy.py", "import torx\n", derived), "--strict")
    assert (code, verdicts(document)) == (3, [("torchy.py::BadSquare", "undecided")])
    assert "install torx" in document["subjects"][0]["why"]
    assert result.stderr == "torchy.py: stood in for torx, which is not installed\n"


def test_quiet_and_quieter() -> None:
    name = write("both.py", BAD, GOOD)
    quiet = checked(name, "-q")[2].stdout
    assert "::Square" not in quiet
    assert "FAIL  both.py::BadSquare" in quiet
    assert checked(name, "-qq")[2].stdout == "2 subjects: 1 failed, 1 passed; seed 1\n"


# Words that are off


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["check"], "no TARGET: expected a file, a folder or a module, as in gradproof check my_layers.py"),
        (
            ["check", "a.py", "-n", "0"],
            "Invalid value for '-n' / '--workers': '0' is not a number of processes: expected 1, 2, ... or auto",
        ),
        (
            ["check", "a.py", "--timeout", "nan"],
            "Invalid value for '--timeout': nan is not a time in seconds: expected a number above 0",
        ),
        (
            ["check", "a.py", "--import-timeout", "0"],
            "Invalid value for '--import-timeout': 0 is not a time in seconds: expected a number above 0",
        ),
        (
            ["check", "a.py", "--allow", "facto"],
            "Invalid value for '--allow': 'facto' is no kind of finding; did you mean factor?",
        ),
        (
            ["check", "a.py", "--allow", "a b"],
            "Invalid value for '--allow': 'a b' does not read [NAME[.gradient]:]KIND, as Affine.W:factor does",
        ),
        (
            ["check", "a.py", "--json", "."],
            "Invalid value for '--json': . is a folder; expected the name of a file",
        ),
    ],
)
def test_words_that_are_off_are_one_line(words: list[str], line: str) -> None:
    result = gradproof(*words)
    assert result.exit_code == 2
    assert result.stderr == f"gradproof: {line}\n"
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["chek", "a.py"], "chek"),
        (["check", "a.py", "--max-exampels", "3"], "--max-examples"),
        (["check", "a.py", "--seed", "-1"], "'--seed': -1 is not in the range"),
        (["check", "a.py", "--seed", "x"], "'--seed': 'x' is not a valid integer"),
        (["check", "a.py", "--max-examples", "0"], "'--max-examples': 0 is not in the range"),
        (["check", "a.py", "--dtype", "int8"], "'--dtype': 'int8' is not one of 'float32', 'float64'"),
    ],
)
def test_so_are_those_that_click_finds(words: list[str], part: str) -> None:
    result = gradproof(*words)
    assert result.exit_code == 2
    assert result.stderr.startswith("gradproof: ")
    assert part in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_signature_that_does_not_parse_is_one_line() -> None:
    result = gradproof("check", "a.py", "--signature", "x(n,")
    assert result.exit_code == 2
    assert result.stderr.startswith("gradproof: Invalid value for '--signature': ")
    assert result.stderr.count("\n") == 1


def test_a_file_that_cannot_be_written_is_found_before_anything_is_checked() -> None:
    write("leaves_a_trace.py", "open('trace', 'w').close()\n", GOOD)
    result = gradproof("check", "leaves_a_trace.py", "--json", "nowhere/out.json")
    assert result.exit_code == 2
    assert "there is no folder" in result.stderr
    assert not os.path.exists("trace")


@pytest.mark.parametrize("allowed", ["factor", "Affine:sign", "Affine.W:missing-term"])
def test_kinds_that_may_be_allowed(allowed: str) -> None:
    assert gradproof("check", "nowhere.py", "--allow", allowed).exit_code == 3


def test_help_without_words() -> None:
    result = gradproof()
    assert result.exit_code == 2
    assert "Usage: gradproof" in result.stdout
    assert gradproof("--help").exit_code == gradproof("check", "-h").exit_code == 0
    assert gradproof("--version").stdout.startswith("gradproof ")


# As a process


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "checks", *words]


def environment() -> dict[str, str]:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def process(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=60, env=environment())


def test_version_and_help_import_neither_scipy_nor_hypothesis_nor_numpy() -> None:
    for word in ("--version", "--help"):
        code = (
            "import sys\nfrom checks.cli import main\n"
            f"try:\n    main(['{word}'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
            "print([m for m in ('scipy', 'hypothesis', 'numpy', 'rich') if m in sys.modules])"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
        assert run.stdout.endswith("\n[]\n"), run.stderr


def test_json_on_standard_output_is_json_alone() -> None:
    write("talks.py", "print('noise')\n", GOOD)
    run = process("check", "talks.py", "--json", "-")
    assert json.loads(run.stdout)["subjects"][0]["verdict"] == "pass"
    assert "1 subject: 1 passed" in run.stderr
    assert run.returncode == 0
    assert os.listdir() == ["talks.py"]


def _heeding_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_an_interrupted_run_reports_what_it_has() -> None:
    write("sub/a.py", GOOD)
    write("sub/b.py", GOOD, layer("Hangs", body="open('started', 'w').close(); import time; time.sleep(600)"))
    words = command("check", "sub", "-n", "1", "--json", "out.json")
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # A shell starts what runs in the background with the signal ignored, and that is inherited.
    with subprocess.Popen(words, **pipes, env=environment(), preexec_fn=_heeding_interrupts) as started:
        deadline = time.monotonic() + 30
        while not os.path.exists("started") and time.monotonic() < deadline:
            time.sleep(0.05)
        started.send_signal(signal.SIGINT)
        try:
            out, err = started.communicate(timeout=60)
        finally:
            started.kill()  # one that does not end is this test's failure, and not that of later ones
    assert started.returncode == 3
    assert err == "interrupted, 1 of 2 files not finished\n"
    assert re.search(r"^2 subjects: 2 passed; seed \d+$", out, re.MULTILINE)
    with open("out.json", encoding="utf-8") as stream:
        assert verdicts(json.load(stream)) == [("sub/a.py::Square", "pass"), ("sub/b.py::Square", "pass")]


def test_a_reader_that_leaves_does_not_stop_the_check() -> None:
    write("both.py", GOOD, BAD)
    with subprocess.Popen(
        command("check", "both.py", "--json", "out.json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        started.stdout.close()
        assert started.stderr.read() == ""
        assert started.wait(60) == 1
    assert os.path.exists("out.json")


# The textbook's table


def test_the_table_of_the_textbook() -> None:
    rows = [
        Comparison(name=name, role=role, shape=shape, dtype="float64", verdict="agrees", mean_abs_diff=diff)
        for name, role, shape, diff in [
            ("x", "input", (3, 784), 1.0),
            ("W1", "parameter", (784, 50), 4.19e-13),
            ("b1", "parameter", (50,), 2e-12),
        ]
    ]
    lines = table(
        [
            Report(target="other", verdict="pass"),
            Report(target=NETWORK, verdict="pass", comparisons=tuple(rows)),
        ]
    )
    assert ["".join(text for text, _ in line) for line in lines] == [
        "mean absolute difference of numerical and backpropagated gradient,",
        "TwoLayerNet(784, 50, 10) on 3 images of MNIST, all 39,250 entries one by one:",
        "W1:4.2e-13",
        "b1:2.0e-12",
        "",
    ]
    assert table([]) == []


def test_the_network_of_the_textbook_is_given_three_images() -> None:
    (found,) = full_size(1).found
    images, labels = found.settings["inputs"]
    assert (found.target, images.shape, labels.shape) == (NETWORK, (3, 784), (3,))
    assert found.settings["exact"]
    assert {name: array.shape for name, array in found.subject.params.items()} == {
        "W1": (784, 50),
        "b1": (50,),
        "W2": (50, 10),
        "b2": (10,),
    }


def test_every_file_of_the_reference_is_a_job() -> None:
    labels = [job.label for job in layers()]
    assert "reference/affine.py" in labels
    assert labels == sorted(labels)


def test_a_json_that_cannot_be_written_in_the_end_is_status_2(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, text: str) -> None:
            raise OSError("No space left on device")

    monkeypatch.setattr("checks.report.destination.destination", lambda name: Full())
    result = gradproof("check", "nowhere.py", "--json", "out.json")
    assert result.exit_code == 2 == session_module.MISUSED
    assert result.stderr == "gradproof: the JSON could not be written: No space left on device\n"


# A trusted layer


HALVES = """

class Square:
    def forward(self, x):
        self.x = x
        return x * x / 2

    def backward(self, dout):
        return self.x * dout
"""


def test_against_a_trusted_layer() -> None:
    write("trusted.py", GOOD)
    code, document, result = checked(write("mine.py", HALVES, layer("Other")), "--against", "trusted.py::Square")
    assert code == 1
    assert verdicts(document) == [("mine.py::Square", "fail")]
    (finding,) = document["subjects"][0]["findings"]
    assert (finding["kind"], finding["severity"], finding["file"]) == ("differs-from-reference", "error", "mine.py")
    assert "trusted.Square gives" in finding["message"]
    assert document["subjects"][0]["likeness"] == "differs from trusted.Square"
    assert result.stderr == "skipped in mine.py: Other (not compared)\n"
    assert checked("trusted.py", "--against", "trusted.py::Square")[0] == 0


@pytest.mark.parametrize(
    ("against", "words"),
    [
        ("reference", "'reference' names no layer; expected module:Name, as reference:Affine, or file.py::Name"),
        ("reference:Afine", "there is no Afine in reference/__init__.py; did you mean Affine?"),
        ("nowhere.py::Affine", "there is no file nowhere.py"),
        ("nowhere:Affine", "there is no file, folder or module nowhere"),
    ],
)
def test_a_trusted_layer_that_is_not_there_is_a_wrong_word(against: str, words: str) -> None:
    result = gradproof("check", write("good.py", GOOD), "--against", against)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("gradproof: Invalid value for '--against': ")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
