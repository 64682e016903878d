"""Labels that are classes: a loss whose gradient is right for one-hot rows alone is judged by those.

`p - t` is the derivative of a softmax's cross entropy where each row of `t` adds up to one, and of nothing where it
does not. Shapes cannot tell such labels from the targets of a regression, and a penalty hides what else could.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from checks.case import Case
from checks.convention import Convention, all_right
from checks.look import CaseResult
from checks.subject import Subject
from checks.values import draw_array

_CASES = 6


def as_classes(subject: Subject, results: Sequence[CaseResult]) -> Convention | None:
    """The results with one-hot labels, in cases like these; None where all is well without, or something is wrong."""
    if subject.takes_upstream or not any(result.differing for result in results):
        return None
    known = [result.case for result in results if result.finite and result.mode is None][:_CASES]
    for name in (a.name for a in subject.signature.arguments if a.kind == "target" and len(a.dims) > 1):
        for kind in ("onehot", "onehot0"):
            signatures = tuple(signature.with_kind(name, kind) for signature in subject.signatures)
            meant = replace(subject, signatures=signatures, modes=())
            found = all_right(_of_classes(case, meant, name, kind) for case in known)
            if found and not all_right(_doubled(result.case, name) for result in found):
                return Convention(subject=meant, results=found, findings=())
    return None


def _of_classes(case: Case, subject: Subject, name: str, kind: str) -> Case:
    """The case with one-hot labels."""
    target = case.arrays[name]
    labels = draw_array(np.random.default_rng([case.seed, 13]), target.shape, kind=kind).astype(target.dtype)
    signature = case.signature.with_kind(name, kind)
    return Case(subject=subject, signature=signature, arrays={**case.arrays, name: labels}, seed=case.seed)


def _doubled(case: Case, name: str) -> Case:
    """The case with twice the labels: what has to add up to one is spoilt by that, and what only must not be negative
    is not.
    """
    return replace(case, arrays={**case.arrays, name: 2 * case.arrays[name]})
