"""What a layer is judged as, where its backward is the gradient of something else by convention."""

from __future__ import annotations

from dataclasses import dataclass

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
