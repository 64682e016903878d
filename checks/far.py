"""Gradients that are no numbers only because an array beside the main input is far larger than any that is used."""

from __future__ import annotations

import numpy as np

from checks.look import CaseResult
from checks.results import Finding

USED = 100.0  # parameters and second inputs are smaller


def overflows(result: CaseResult) -> str:
    """Where gradients are wrong only by being no numbers: the arrays beside the main input that are larger than ever
    used, with their sizes. An exp of such a one overflows.
    """
    case = result.case
    if not result.differing or not result.differing <= result.not_numbers:
        return ""
    others = [name for name in case.movable if name != case.signature.arguments[0].name]
    sizes = {name: float(np.max(np.abs(case.arrays[name]), initial=0.0)) for name in others}
    return " and ".join(f"{name} of {size:.0e}" for name, size in sizes.items() if size > USED)


def out_of_range(gradient: str, large: str) -> Finding:
    """What is said of the first such gradient."""
    return Finding(
        kind="overflow",
        severity="warning",
        gradient=gradient,
        message=f"the gradient of {gradient} is no number for {large}",
    )
