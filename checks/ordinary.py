"""The case that nothing is special about: ordinary values, every size another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from checks.case import Case
from checks.evaluation import quiet
from checks.function import Array
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
        with quiet():
            subject.build(case.arrays).forward(case.arrays)
    except Exception:  # sizes that do not go together, for the signature or for the layer
        return None
    return case


def distinct_case(
    subject: Subject, seed: int, dtype: Any, *, signature: Signature, start: int = 3, batch: int | None = None
) -> Case | None:
    """An ordinary case, or one with the last sizes the largest turned round: a filter is smaller than its image.

    `batch`: the first size, if it is to be another one.
    """
    names = signature.sizes
    first = {name: batch for name in names[:1] if batch is not None}
    turned = {name: start + k for k, name in enumerate(reversed(names))}
    for fixed in (first, {**turned, **first}):
        case = ordinary_case(subject, seed, dtype, fixed, signature=signature, start=start)
        if case is not None:
            return case
    return None


def reaching(case: Case) -> Case:
    """The case with inputs all over [-12, 12], no two alike; itself where it has none that may be anything."""
    roles = case.subject.roles
    inputs = [a.name for a in case.signature.arguments if a.kind == "float" and roles[a.name] == "input"]
    wide = {name: _wide(array) if name in inputs else array for name, array in case.arrays.items()}
    return replace(case, arrays=wide) if inputs else case


def has_one_of_something(case: Case) -> bool:
    """Whether a size is 1 that is not the number of samples: a ring of one, for which nobody has to provide."""
    sizes = case.signature.fit({name: array.shape for name, array in case.arrays.items()})
    dims = case.signature.arguments[0].dims
    samples = dims[0].names if len(dims) > 1 else ()
    return any(number == 1 and name not in samples for name, number in sizes.items())


def _wide(array: Array) -> Array:
    values = 12 * np.cos(0.5 + 2.4 * np.arange(array.size))
    return np.asarray(np.round(values, 2).reshape(array.shape), dtype=array.dtype)
