"""Where a stand-in took part: a pass stays, an accusation becomes undecided, an error says what to do."""

from __future__ import annotations

from checks.caveats import with_caveats
from checks.record import Seen
from checks.results import Comparison, Finding, Report, Verdict

WHY = "torx is not installed: a stand-in took part"
ROW = Comparison(name="W", role="parameter", shape=(2,), dtype="float64", verdict="differs", wrong_entries=1)
WRONG = Finding(kind="wrong-values", severity="error", message="off")
ODD = Finding(kind="aliases", severity="warning", message="shared")


def told(verdict: Verdict, *findings: Finding, why: str | None = None) -> Report:
    report = Report(target="t", verdict=verdict, comparisons=(ROW,), findings=findings, why=why, counterexample="x = 1")
    seen = Seen()
    seen.used["torx is not installed"] = "install torx"
    seen.notes["noted"] = None
    return with_caveats(report, seen)


def test_an_accusation_becomes_undecided() -> None:
    report = told("fail", WRONG, ODD)
    assert (report.verdict, report.why) == ("undecided", f"{WHY}; to have it judged, install torx")
    assert (report.findings, report.counterexample) == ((ODD,), None)
    assert [(row.verdict, row.cause) for row in report.comparisons] == [("undecided", WHY)]
    assert report.notes == ("noted", "seen, and worth nothing before that is mended: wrong-values: off")


def test_a_pass_is_one_still() -> None:
    report = told("pass")
    assert (report.verdict, report.notes, report.stood_in) == ("pass", ("noted", WHY), ("torx is not installed",))


def test_an_error_says_what_to_do_once() -> None:
    assert told("error", why="it raised\nadd a signature").why == f"it raised\n{WHY}; install torx"
    assert told("error", why="torx.f was called; install torx").why == "torx.f was called; install torx"


def test_without_one_only_notes_are_added() -> None:
    seen = Seen()
    seen.notes["noted"] = None
    report = with_caveats(Report(target="t", verdict="fail", findings=(WRONG,)), seen)
    assert (report.verdict, report.notes, report.findings) == ("fail", ("noted",), (WRONG,))
