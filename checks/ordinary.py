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
