"""Labels that are classes: a loss whose gradient is right for one-hot rows alone is judged by those, and that is said.

`p - t` is the derivative of a softmax's cross entropy where each row of `t` adds up to one, and of nothing where it
does not. Shapes cannot tell such labels from the targets of a regression, and a penalty hides what else could.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from checks.case import Case
from checks.convention import Convention
from checks.errors import GradproofError
from checks.examine import examine
from checks.look import CaseResult
from checks.signature import Signature
from checks.subject import Subject

_CASES = 6


def as_classes(subject: Subject, results: Sequence[CaseResult]) -> Convention | None:
    """The results with one-hot labels, in cases like these; None where all is well without, or something is wrong."""
    if subject.takes_upstream or not any(result.differing for result in results):
        return None
    cases = [result.case for result in results if result.finite and result.mode is None][:_CASES]
    for name in (a.name for a in subject.signature.arguments if a.kind == "target" and len(a.dims) > 1):
        for kind in ("onehot", "onehot0"):
            signatures = tuple(_with_kind(signature, name, kind) for signature in subject.signatures)
            meant = replace(subject, signatures=signatures, modes=())
            found = list(_judged(cases, meant, name, kind))
            if len(found) == len(cases) and found and _adds_up(found, name):
                return Convention(subject=meant, results=found, findings=())
    return None


def _adds_up(found: Sequence[CaseResult], name: str) -> bool:
    """Whether it is that rows add up to one, and not that they are nothing below zero: twice the labels spoil it."""
    for result in found:
        case = result.case
        try:
            twice = examine(replace(case, arrays={**case.arrays, name: 2 * case.arrays[name]}))
        except GradproofError:
            continue
        if twice.differing:
            return True
    return False


def _judged(cases: Sequence[Case], subject: Subject, name: str, kind: str) -> Iterator[CaseResult]:
    """The results in which nothing is wrong, up to the first in which something is."""
    for case in cases:
        rng = np.random.default_rng([case.seed, 13])
        target = case.arrays[name]
        shape = target.shape if kind == "onehot" else (*target.shape[1:], target.shape[0])
        chosen = rng.integers(shape[-1], size=shape[:-1])
        rows = np.asarray(np.arange(shape[-1]) == chosen[..., None], dtype=target.dtype)
        labels = rows if kind == "onehot" else np.moveaxis(rows, -1, 0)
        arrays = {**case.arrays, name: np.ascontiguousarray(labels)}
        try:
            signature = _with_kind(case.signature, name, kind)
            result = examine(Case(subject=subject, signature=signature, arrays=arrays, seed=case.seed))
        except GradproofError:
            return
        if result.differing:
            return
        yield result


def _with_kind(signature: Signature, name: str, kind: str) -> Signature:
    arguments = tuple(replace(a, kind=kind) if a.name == name else a for a in signature.arguments)
    return Signature(arguments, signature.output)
