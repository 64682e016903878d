"""A Report as text, as terminal output and as JSON."""

from __future__ import annotations

import io
import json
import math
import os
import re
from dataclasses import replace

import pytest

from checks.report.destination import Direct, Renamed, destination
from checks.report.json import document, to_json
from checks.report.layout import NORMAL, QUIET, VERBOSE, WIDTH, clean, summary
from checks.report.numbers import counted, entry, pair, shape, short
from checks.report.terminal import console, render
from checks.report.text import plain, to_text
from checks.results import Comparison, Finding, Report, Verdict, Worst

AGREES = Comparison(
    name="x",
    role="input",
    shape=(3, 4),
    dtype="float64",
    verdict="agrees",
    max_abs_diff=4.2e-13,
    mean_abs_diff=1.1e-13,
    max_rel_diff=3e-12,
    allowance=1e-11,
    detectable=4e-12,
    worst=Worst(index=(0, 1), analytic=0.5, numerical=0.5, allowance=1e-11),
)
DIFFERS = replace(
    AGREES,
    name="W",
    role="parameter",
    shape=(4, 3),
    verdict="differs",
    max_abs_diff=0.31,
    mean_abs_diff=0.12,
    max_rel_diff=0.5,
    worst=Worst(index=(2, 0), analytic=0.31, numerical=0.62, allowance=3e-9),
    wrong_entries=12,
)
MISSING = Comparison(
    name="b",
    role="parameter",
    shape=(3,),
    dtype="float64",
    verdict="missing",
    cause="backward stored nothing for it; there is `self.dB`",
)
FACTOR = Finding(
    kind="factor",
    severity="error",
    gradient="W",
    message="analytic is half of numerical, to within 2e-12 once doubled",
    suggestion="drop the division by 2",
    file="my_layers.py",
    line=12,
)
PASSES = Report(
    target="my_layers.py::Affine",
    verdict="pass",
    signature="x(n,i), W(i,o), b(o) -> (n,o)",
    comparisons=(AGREES,),
    seed=7,
    evaluations=321,
    cases=20,
    seconds=0.123,
    uses=("stride=2", "training=False"),
    notes=("the upstream was summed",),
    versions={"numpy": "2.0"},
)
FAILS = replace(
    PASSES,
    verdict="fail",
    comparisons=(AGREES, DIFFERS, MISSING),
    findings=(FACTOR,),
    counterexample="import numpy as np\n\nlayer = Affine()\n",
)

PASS_TEXT = """\
pass  my_layers.py::Affine
  x(n,i), W(i,o), b(o) -> (n,o)
  gradient  shape  verdict  max diff  mean diff  max rel  allowed  detects
  x         (3,4)  agrees    4.2e-13    1.1e-13  3.0e-12  1.0e-11  4.0e-12"""

FAIL_TEXT = """\
FAIL  my_layers.py::Affine
  x(n,i), W(i,o), b(o) -> (n,o)
  gradient  shape  verdict  max diff  mean diff  max rel  allowed  detects
  x         (3,4)  agrees    4.2e-13    1.1e-13  3.0e-12  1.0e-11  4.0e-12
  W         (4,3)  differs   3.1e-01    1.2e-01  5.0e-01  1.0e-11  4.0e-12
    W[2,0]: analytic 0.31, numerical 0.62 +- 3e-09; 12 of 12 entries wrong
  b         (3,)   missing         -          -        -        -        -
    b: missing: backward stored nothing for it; there is `self.dB`
  error: factor W: analytic is half of numerical, to within 2e-12 once doubled
    drop the division by 2
    my_layers.py:12
  counterexample, runs as it stands:
import numpy as np

layer = Affine()"""


def test_a_pass_is_one_compact_block() -> None:
    assert to_text(PASSES) == PASS_TEXT


def test_what_is_allowed_stands_beside_the_largest_difference() -> None:
    agreeing = replace(AGREES, max_abs_diff=4e-9, allowance=1e-11, allowance_at_max=5e-9)
    wrong = replace(DIFFERS, allowance=3e-9, allowance_at_max=5e-9)
    text = to_text(replace(FAILS, comparisons=(agreeing, wrong)))
    assert re.search(r"x .* agrees .* 4.0e-09 .* 5.0e-09", text)
    assert re.search(r"W .* differs .* 3.1e-01 .* 3.0e-09", text)


def test_a_failure_names_the_entry_the_fault_and_the_line() -> None:
    assert to_text(FAILS) == FAIL_TEXT
    assert FAILS.to_text() == str(FAILS) == FAIL_TEXT


def test_an_undecided_gradient_says_why() -> None:
    row = replace(DIFFERS, verdict="undecided", wrong_entries=0, cause="noise of 3e-2 in forward")
    text = to_text(replace(PASSES, verdict="undecided", comparisons=(row,)))
    assert text.split("\n")[4:] == [
        "    W[2,0]: analytic 0.31, numerical 0.62 +- 3e-09",
        "    noise of 3e-2 in forward",
    ]


def test_a_difference_found_by_directions_has_no_entry() -> None:
    row = replace(DIFFERS, worst=None, method="directions", wrong_entries=0, miss_probability=1e-15)
    lines = to_text(replace(FAILS, comparisons=(row,), findings=(), counterexample=None)).split("\n")
    assert lines[-1] == "    W: differs"


def test_an_error_says_what_happened() -> None:
    report = Report(target="a.py", verdict="error", why="a.py:3 does not parse: invalid syntax\nx = (")
    assert to_text(report) == "error  a.py\n  a.py:3 does not parse: invalid syntax\n  x = ("


def test_a_finding_names_its_gradient_once() -> None:
    finding = replace(FACTOR, message="Affine.W[2,0]: analytic is half", file=None, suggestion=None)
    report = replace(FAILS, comparisons=(), findings=(finding,), counterexample=None)
    assert to_text(report).split("\n")[2:] == ["  error: factor: Affine.W[2,0]: analytic is half"]


def test_a_habit_is_told_of_once() -> None:
    def said(name: str, kind: str = "accumulates", words: str = "a second backward adds to that of {}") -> Finding:
        return replace(FACTOR, kind=kind, severity="warning", gradient=name, message=words.format(name))

    habits = (said("W"), said("b", "aliases", "the gradient of {} is shared"), said("b"), said("U"))
    text = to_text(replace(PASSES, findings=habits))
    assert text.count("accumulates") == 1
    assert "  warning: accumulates: a second backward adds to that of W, b and U" in text
    assert "  warning: aliases: the gradient of b is shared" in text


def test_quiet_keeps_the_verdict_and_drops_what_passes_and_the_snippet() -> None:
    assert to_text(PASSES, QUIET) == ""
    assert to_text(FAILS, QUIET) == FAIL_TEXT.partition("\n  counterexample")[0]
    assert to_text(FAILS, QUIET - 1) == ""


def test_what_was_not_compared_is_said_once_whatever_the_verbosity() -> None:
    left = replace(PASSES, notes=("backward changes W by a rule of its own, and keeps no gradient: not compared",))
    for verbosity in (NORMAL, VERBOSE):
        assert " ".join(to_text(left, verbosity).split()).count("not compared") == 1


def test_verbose_says_how_it_was_checked() -> None:
    assert to_text(PASSES, VERBOSE) == PASS_TEXT + (
        "\n  x: input, float64, compared by entries"
        "\n  also with stride=2; training=False"
        "\n  note: the upstream was summed"
        "\n  20 cases, 321 evaluations, 0.12 s"
        "\n  seed 7, numpy 2.0"
    )


@pytest.mark.parametrize("name", ["W", "a_name_that_is_rather_long", "layers." * 9 + "W"])
@pytest.mark.parametrize("sizes", [(), (3,), (100, 100, 100, 100, 100)])
def test_every_line_fits_80_columns(name: str, sizes: tuple[int, ...]) -> None:
    row = replace(DIFFERS, name=name, shape=sizes, verdict="undecided", cause="word " * 40)
    finding = replace(FACTOR, message="analytic is half of numerical " * 9)
    text = to_text(replace(FAILS, comparisons=(row, AGREES), findings=(finding,)), VERBOSE)
    assert all(len(line) <= WIDTH for line in text.split("\n"))
    assert name in text
    assert shape(sizes) in text


def test_a_long_path_stays_whole() -> None:
    path = "submissions/" + "a-long-folder/" * 8 + "layers.py"
    text = to_text(replace(FAILS, target=path, findings=(replace(FACTOR, file=path),)))
    assert f"FAIL  {path}\n" in text
    assert f"    {path}:12\n" in text


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert clean("a\x1b[31mb\tc\u202e é") == "a\\x1b[31mb\\tc\\u202e é"
    assert "\x1b" not in to_text(replace(FAILS, why="\x1b[2J", target="\x1b.py"))


def test_the_terminal_shows_the_same_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    stream = io.StringIO()
    long = replace(FAILS, target="[bold]" + "x" * 100)
    render(long, console(stream))
    assert [line.rstrip() for line in stream.getvalue().split("\n")] == [*to_text(long).split("\n"), "", ""]


def test_colours_honour_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, without = io.StringIO(), io.StringIO()
    render(FAILS, console(coloured))
    monkeypatch.setenv("NO_COLOR", "1")
    render(FAILS, console(without))
    assert "\x1b[1;31mFAIL" in coloured.getvalue()
    assert "31m" not in without.getvalue()


def test_summary_counts_the_verdicts() -> None:
    verdicts: tuple[Verdict, ...] = ("pass", "fail", "pass", "fail", "fail", "fail")
    reports = [Report(target="t", verdict=verdict) for verdict in verdicts]
    assert plain(summary(reports)) == "6 subjects: 4 failed, 2 passed"
    others: tuple[Verdict, ...] = ("error", "error", "undecided")
    reports += [Report(target="t", verdict=verdict) for verdict in others]
    assert plain(summary(reports, 5)) == "9 subjects: 4 failed, 1 undecided, 2 errors, 2 passed; seed 5"
    assert plain(summary([PASSES])) == "1 subject: 1 passed"
    assert plain(summary([])) == "0 subjects: nothing was checked"


@pytest.mark.parametrize(
    ("one", "other", "texts"),
    [
        (0.31, 0.62, ("0.31", "0.62")),
        (0.12345678, 0.12345679, ("0.12345678", "0.12345679")),
        (1.0, 1.0, ("1", "1")),
        (1.0, 1.0 + 2**-52, ("1", "1.0000000000000002")),
        (math.nan, 1.0, ("nan", "1")),
        (math.inf, -math.inf, ("inf", "-inf")),
        (0.0, 1e-300, ("0", "1e-300")),
    ],
)
def test_two_different_numbers_never_look_alike(one: float, other: float, texts: tuple[str, str]) -> None:
    assert pair(one, other) == texts


def test_words_for_numbers() -> None:
    assert (short(None), short(0.0), short(4.19e-13), short(math.nan)) == ("-", "0", "4.2e-13", "nan")
    assert (entry("W", (2, 0)), entry("beta", ())) == ("W[2,0]", "beta")
    assert (counted(1, "entry"), counted(39760, "entry")) == ("1 entry", "39,760 entries")


# JSON

SUBJECT_KEYS = [
    "target",
    "verdict",
    "signature",
    "gradients",
    "findings",
    "counterexample",
    "evaluations",
    "seconds",
    "why",
    "likeness",
    "uses",
    "notes",
]
GRADIENT_KEYS = [
    "name",
    "role",
    "shape",
    "dtype",
    "method",
    "verdict",
    "max_abs_diff",
    "mean_abs_diff",
    "max_rel_diff",
    "allowance",
    "detectable",
    "miss_probability",
    "worst",
]


def test_json_has_every_key_always() -> None:
    for report in (PASSES, FAILS, Report(target="a.py", verdict="error", why="gone")):
        subject = to_json(report)
        assert list(subject) == SUBJECT_KEYS
        assert all(list(row) == GRADIENT_KEYS for row in subject["gradients"])


def test_json_of_a_failure() -> None:
    subject = FAILS.to_json()
    assert subject["gradients"][1]["worst"] == {"index": [2, 0], "analytic": 0.31, "numerical": 0.62}
    assert subject["gradients"][2]["worst"] is None
    assert subject["gradients"][2]["shape"] == [3]
    assert subject["findings"] == [
        {
            "kind": "factor",
            "severity": "error",
            "gradient": "W",
            "message": "analytic is half of numerical, to within 2e-12 once doubled",
            "suggestion": "drop the division by 2",
            "file": "my_layers.py",
            "line": 12,
            "cell": None,
            "code": None,
        }
    ]


def test_json_has_null_for_what_is_not_finite() -> None:
    row = replace(
        DIFFERS,
        max_abs_diff=math.nan,
        allowance=math.inf,
        worst=Worst(index=(), analytic=math.nan, numerical=-math.inf, allowance=0.0),
    )
    gradient = to_json(replace(FAILS, comparisons=(row,)))["gradients"][0]
    assert gradient["max_abs_diff"] is None
    assert gradient["allowance"] is None
    assert gradient["worst"] == {"index": [], "analytic": None, "numerical": None}


def test_document_is_plain_json() -> None:
    whole = document([PASSES, FAILS], 3, "1.0")
    assert list(whole) == ["schema", "version", "seed", "subjects"]
    assert (whole["schema"], whole["version"], whole["seed"]) == (1, "1.0", 3)
    assert json.loads(json.dumps(whole, allow_nan=False)) == whole


# Where it goes


def test_a_file_is_replaced_whole(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "out.json")
    to = destination(path)
    assert isinstance(to, Renamed)
    assert os.listdir(tmp_path) == []  # trying it leaves nothing behind
    for text in ("old", "new"):
        to.write(text)
    with open(path, encoding="utf-8") as stream:
        assert stream.read() == "new"
    assert os.listdir(tmp_path) == ["out.json"]


def test_a_device_is_written_as_it_is() -> None:
    to = destination(os.devnull)
    assert isinstance(to, Direct)
    to.write("text")


def test_what_cannot_be_written_says_so(tmp_path: os.PathLike[str]) -> None:
    with pytest.raises(IsADirectoryError, match="is a folder; expected the name of a file"):
        destination(str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere; make it first"):
        destination(os.path.join(tmp_path, "nowhere", "out.json"))
