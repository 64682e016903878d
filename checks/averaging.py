"""A loss that gives a value per sample, and whose backward gives the gradient of their mean: a convention, and said.

Nothing above such a loss says how its values are to be reduced. Where backward is not the gradient of their sum, and is
the gradient of their mean in every case that was looked at, the layer is judged as that mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from checks.convention import Convention
from checks.errors import GradproofError
from checks.examine import examine
from checks.look import CaseResult
from checks.results import Finding
from checks.subject import Subject


def as_mean(subject: Subject, results: Sequence[CaseResult]) -> Convention | None:
    """The mean's results in these cases; None where all is well with the sum, or something is wrong with the mean."""
    if subject.averaged is None or not any(result.differing for result in results):
        return None
    found = []
    for result in results:
        try:
            found.append(examine(replace(result.case, subject=subject.averaged, upstream=None)))
        except GradproofError:
            return None
        if found[-1].differing or (result.differing and found[-1].undecided):
            return None
    gradient = min(next(iter(result.differing)) for result in results if result.differing)
    finding = Finding(
        kind="factor",
        severity="warning",
        message=f"forward gives a value per sample, the gradient of {gradient} is that of their mean: 1/n of the sum's",
        gradient=gradient,
        suggestion="give the class a method that returns the mean, or let forward return it",
    )
    return Convention(subject=subject.averaged, results=found, findings=(finding,))
