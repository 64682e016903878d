"""What a layer is judged as, where its backward is the gradient of something else by convention."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from checks.case import Case
from checks.errors import GradproofError
from checks.examine import examine
from checks.look import CaseResult
from checks.results import Finding
from checks.subject import Subject


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Convention:
    """The subject that is meant, its results in the same cases, and what there is to say.

    `within`: its inputs have a range of their own, beyond which nothing is held against it.
    """

    subject: Subject
    results: list[CaseResult]
    findings: tuple[Finding, ...]
    within: bool = False


def all_right(cases: Iterable[Case]) -> list[CaseResult]:
    """The results where all gradients are right in all cases; none where one is wrong, or a case does not run."""
    return examined(cases, lambda result: not result.differing)


def examined(cases: Iterable[Case], acceptable: Callable[[CaseResult], bool]) -> list[CaseResult]:
    """The results; none where one is not acceptable, a case does not run or its output is not finite."""
    found: list[CaseResult] = []
    for case in cases:
        try:
            found.append(examine(case))
        except GradproofError:
            return []
        if not found[-1].finite or not acceptable(found[-1]):
            return []
    return found
