"""The case that nothing is special about: ordinary values, every size another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from checks.case import Case
from checks.signature import Signature
from checks.strategies import plain_case
from checks.subject import Subject


def ordinary_case(
    subject: Subject,
    seed: int,
    dtype: Any,
    fixed: Mapping[str, int] | None = None,
    *,
    signature: Signature | None = None,
    start: int = 3,
) -> Case | None:
    """Ordinary values in sizes that are all different, from `start` on, the first size's first.

    `fixed`: sizes that are these instead. None where the sizes have to be others.
    """
    signature = signature or subject.signature
    sizes = {**{name: start + k for k, name in enumerate(signature.sizes)}, **(fixed or {})}
    try:
        case = plain_case(subject, signature, sizes, seed, dtype=str(np.dtype(dtype)))
        subject.build(case.arrays).forward(case.arrays)
    except Exception:  # sizes that do not go together, for the signature or for the layer
        return None
    return case


def distinct_case(subject: Subject, seed: int, dtype: Any, *, signature: Signature, start: int = 3) -> Case | None:
    """An ordinary case, or one with the last sizes the largest turned round: a filter is smaller than its image."""
    names = signature.sizes
    turned = {name: start + k for k, name in enumerate(reversed(names))}
    for fixed in (None, turned):
        case = ordinary_case(subject, seed, dtype, fixed, signature=signature, start=start)
        if case is not None:
            return case
    return None
