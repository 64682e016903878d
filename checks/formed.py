"""Data that is meant to have a form: what is right for that alone is judged by it, and said so.

`A @ x - b` is the derivative of `x @ A @ x / 2 - b @ x` where A is its own transpose, as stiffnesses, covariances,
kernels and Hessians are; `sum(h - y)` is that by an intercept where the first column of the data is ones. No shape
tells such a matrix from another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from checks.case import Case
from checks.convention import Convention, examined
from checks.look import CaseResult
from checks.results import Finding
from checks.signature import Argument, Signature
from checks.subject import Subject
from checks.values import draw_array

_CASES = 6
# A kind of matrix, in words, and what would mend the gradient of any other one.
_FORMS = (
    ("symmetric", "a symmetric {}", "take ({0} + {0}.T) / 2 in backward"),
    ("adjacency", "a symmetric {}", "make {} symmetric in forward"),
    ("intercept", "{} whose first column is ones", "take {}[:, 0] for it"),
)


def as_formed(subject: Subject, results: Sequence[CaseResult]) -> Convention | None:
    """The results with matrices of a form for those that owe no gradient; None where there is none, where all is well
    without, or no gradient is right for these that is not for others.
    """
    wrong = sorted({name for result in results for name in result.differing})
    if not wrong:
        return None
    answered = {*subject.owed, *(name for result in results for name in result.rows)}
    free = [a for a in subject.signature.arguments if a.kind in ("float", "mask") and a.name not in answered]
    telling = sorted(results, key=lambda result: not result.differing)  # one entry is symmetric, and tells nothing
    known = [result.case for result in telling if result.finite and result.mode is None][:_CASES]
    for kind, words, cure in _FORMS:
        names = [a.name for a in free if _may_be(a, kind)]
        meant = replace(subject, signatures=tuple(_with(one, names, kind) for one in subject.signatures), modes=())
        formed = (_formed(case, meant, names, kind) for case in known if names)
        found = examined(formed, lambda result: set(result.differing) <= set(wrong))
        if not found or max(result.case.arrays[names[0]].shape[-1] for result in found) < 2:
            continue
        mended = [name for name in wrong if all(result.rows[name].verdict == "agrees" for result in found)]
        if not mended:
            continue
        words_for_all = " and ".join(words.format(name) for name in names)
        said = Finding(
            kind="inconsistent-forward",
            severity="warning",
            gradient=mended[0],
            message=f"the gradient of {mended[0]} is right for {words_for_all}, and for no other",
            suggestion=f"say so, or {' and '.join(map(cure.format, names))}",
        )
        return Convention(subject=meant, results=found, findings=(said,))
    return None


def _may_be(argument: Argument, kind: str) -> bool:
    matrix = len(argument.dims) == 2
    if kind == "intercept":
        return matrix and argument.dims[0] != argument.dims[1] and argument.kind == "float"
    return matrix and argument.dims[0] == argument.dims[1]


def _with(signature: Signature, names: Sequence[str], kind: str) -> Signature:
    for name in names:
        signature = signature.with_kind(name, kind)
    return signature


def _formed(case: Case, subject: Subject, names: Sequence[str], kind: str) -> Case:
    """The case with such matrices in place of those of that name."""
    arrays = dict(case.arrays)
    for name in names:
        rng = np.random.default_rng([case.seed, 17, *name.encode()])
        arrays[name] = draw_array(rng, arrays[name].shape, kind=kind).astype(arrays[name].dtype)
    return Case(subject=subject, signature=_with(case.signature, names, kind), arrays=arrays, seed=case.seed)
