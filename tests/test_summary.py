"""From the cases to one report: which row is shown, what is accepted, what is remarked, and the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from zoo.plain import affine, affine_arrays, case

from checks.errors import UserCodeRaised
from checks.examine import examine
from checks.look import CaseResult
from checks.results import Comparison, Report, Worst
from checks.summary import summarise

SUBJECT = replace(affine(), name="Affine", notes=("read by trying",))
BASE = examine(case(affine(), **affine_arrays()))


def comparison(name: str, verdict: str, off: float = 0.0, allowance: float = 1e-9, **options: Any) -> Comparison:
    worst = Worst(index=(0,), analytic=1.0 + off, numerical=1.0, allowance=allowance)
    role = "input" if name == "x" else "parameter"
    settings = {"worst": worst, "shape": (2,), "typical": 1.0, **options}
    return Comparison(name=name, role=role, dtype="float64", verdict=verdict, **settings)  # type: ignore[arg-type]


def result(*rows: Comparison, **options: Any) -> CaseResult:
    return replace(BASE, rows={row.name: row for row in rows}, evaluations=10, **options)


def report(results: list[CaseResult], smallest: CaseResult | None = None, raised: Any = (), allow: Any = ()) -> Report:
    return summarise(
        SUBJECT,
        results,
        raised,
        smallest,
        target="layers.py::Affine",
        seed=7,
        allow=allow,
        seconds=0.5,
        versions={"numpy": "2"},
    )


AGREES, AGREES_LESS = comparison("W", "agrees", 1e-10), comparison("W", "agrees", 8e-10)
DIFFERS, DIFFERS_MORE = comparison("W", "differs", 1e-3), comparison("W", "differs", 1e-2)
UNDECIDED = comparison("W", "undecided", 2e-9, cause="noise")
MISSING = comparison("W", "missing", worst=None, cause="backward gave no gradient for it")


def test_what_is_carried_over() -> None:
    one = report([result(AGREES), result(AGREES)])
    assert (one.target, one.seed, one.seconds, one.versions) == ("layers.py::Affine", 7, 0.5, {"numpy": "2"})
    assert one.signature == "x(n,i), W(i,o), b(o) -> (n,o)"
    assert (one.cases, one.evaluations) == (2, 20)
    assert one.notes == ("read by trying",)
    assert one.counterexample is None
    assert one.verdict == "pass"


@pytest.mark.parametrize(
    ("rows", "shown", "verdict"),
    [
        ([AGREES, AGREES_LESS, AGREES], AGREES_LESS, "pass"),
        ([AGREES, DIFFERS, DIFFERS_MORE, UNDECIDED], DIFFERS_MORE, "fail"),
        ([AGREES] * 9 + [DIFFERS], DIFFERS, "fail"),
        ([AGREES, MISSING], MISSING, "fail"),
        ([AGREES] * 3 + [UNDECIDED], AGREES, "pass"),
        ([AGREES] * 2 + [UNDECIDED], UNDECIDED, "undecided"),
        ([UNDECIDED], UNDECIDED, "undecided"),
    ],
)
def test_the_row_that_is_shown(rows: list[Comparison], shown: Comparison, verdict: str) -> None:
    one = report([result(row) for row in rows])
    assert one.comparisons == (shown,)
    assert one.verdict == verdict


def test_the_shrunk_case_is_shown_but_is_no_sample() -> None:
    small = comparison("W", "differs", 1e-5)
    one = report([result(DIFFERS_MORE), result(AGREES)], smallest=result(small))
    assert one.comparisons == (small,)
    assert one.cases == 2
    assert one.evaluations == 30


def test_the_shrunk_case_need_not_have_every_gradient_wrong() -> None:
    x = comparison("x", "agrees", 1e-10)
    one = report([result(DIFFERS, x), result(AGREES, comparison("x", "differs", 1.0))], smallest=result(DIFFERS, x))
    assert [row.verdict for row in one.comparisons] == ["differs", "differs"]


def test_rows_come_in_the_order_of_the_signature() -> None:
    one = report([result(comparison("b", "agrees")), result(AGREES, comparison("x", "agrees"))])
    assert [row.name for row in one.comparisons] == ["x", "W", "b"]


def test_a_gradient_that_only_another_use_has_counts() -> None:
    one = report([result(AGREES), result(comparison("slope", "differs", 1e-2), mode="leaky")])
    assert [row.name for row in one.comparisons] == ["W", "slope"]
    assert one.verdict == "fail"
    assert [finding.gradient for finding in one.findings] == ["slope"]


def test_a_distance_of_nan_is_the_largest() -> None:
    nan = comparison("W", "differs", float("nan"))
    assert report([result(DIFFERS_MORE), result(nan)]).comparisons == (nan,)


def test_without_a_row_nothing_is_passed() -> None:
    one = report([result()])
    assert one.verdict == "undecided"
    assert not one.passed


@pytest.mark.parametrize(
    ("allow", "verdict"),
    [
        ((), "fail"),
        (("wrong-values",), "pass"),
        (("Affine:wrong-values",), "pass"),
        (("Affine.W:wrong-values",), "pass"),
        ((".W:wrong-values",), "pass"),
        (("Affine.b:wrong-values",), "fail"),
        (("Other:wrong-values",), "fail"),
        (("zero-gradient",), "fail"),
        (("wrong-value",), "fail"),
    ],
)
def test_what_is_allowed(allow: tuple[str, ...], verdict: str) -> None:
    one = report([result(DIFFERS)], allow=allow)
    assert one.verdict == verdict
    assert [f.kind for f in one.findings] == ([] if verdict == "pass" else ["wrong-values"])
    assert one.comparisons == (DIFFERS,)


def test_one_gradient_allowed_does_not_excuse_another() -> None:
    both = result(DIFFERS, comparison("b", "differs", 1.0))
    assert report([both], allow=("Affine.W:wrong-values",)).verdict == "fail"
    assert report([both], allow=("Affine.W:wrong-values", "Affine.b:wrong-values")).verdict == "pass"


def test_a_warning_is_not_a_failure() -> None:
    one = report([result(AGREES, mutated=("x",))])
    assert [f.kind for f in one.findings] == ["mutates-input"]
    assert one.verdict == "pass"
    assert report([result(AGREES, deterministic=False)]).verdict == "fail"


def raised(phase: str, error: Exception) -> UserCodeRaised:
    return UserCodeRaised(phase, error)


@pytest.mark.parametrize(
    ("results", "errors", "note"),
    [
        (
            [result(AGREES), result(AGREES)],
            [raised("forward", ValueError("a batch of two or more"))],
            "in 1 of 3 cases forward raised ValueError: a batch of two or more; they were left out",
        ),
        (
            [result(AGREES), result(AGREES), result(finite=False), result(AGREES)],
            [],
            "in 1 of 4 cases the output is not finite: nothing to differentiate there",
        ),
        (
            [result(AGREES, nothing=frozenset({"W"}))],
            [],
            "the gradient of W was zero in every case: nothing was seen of it but that",
        ),
        (
            [*[result(AGREES)] * 4, result(UNDECIDED)],
            [],
            "W could not be settled in 1 of 5 cases, and agrees in the rest",
        ),
        (
            [result(AGREES, kinks=3)],
            [],
            "3 entries lay on a kink of forward, or in its round-off, and were judged beside it",
        ),
    ],
)
def test_remarks(results: list[CaseResult], errors: list[UserCodeRaised], note: str) -> None:
    one = report(results, raised=errors)
    assert one.notes == ("read by trying", note)
    assert one.verdict == "pass"


def test_a_gradient_that_was_zero_but_once_is_not_remarked_on() -> None:
    one = report([result(AGREES, nothing=frozenset({"W"})), result(AGREES)])
    assert one.notes == ("read by trying",)


def test_backward_that_raises_fails_without_a_remark() -> None:
    one = report([result(AGREES)], raised=[raised("backward", KeyError("x"))])
    assert one.verdict == "fail"
    assert [f.kind for f in one.findings] == ["raises"]
    assert one.notes == ("read by trying",)
