"""The cases on which a layer is recognised, and its output on them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from checks.agreement import OUTPUT, Run
from checks.bench import clones, fresh_output, own_output, reseed, same, states
from checks.case import Case
from checks.ordinary import distinct_case
from checks.subject import Subject

MOST_ENTRIES: Final = 5000
MAGNITUDES: Final = (10.0, 1000.0, 0.001)


def telling_cases(subject: Subject, seed: int, drawn: Sequence[Case]) -> list[Case]:
    """Two ordinary cases of different sizes, and the second with inputs of other magnitudes."""
    signature = subject.signature.expanded(1) if subject.signature.has_rest else subject.signature
    two = [distinct_case(subject, seed + k, "float64", signature=signature, start=3 + k) for k in range(2)]
    known = [case for case in two if case is not None]
    if not known:
        known = sorted(drawn, key=lambda case: -sum(a.size for a in case.arrays.values()))[:2]
    if not known or sum(a.size for a in known[0].arrays.values()) > MOST_ENTRIES:
        return []
    last = known[-1]
    inputs = [
        argument.name
        for argument in last.signature.arguments
        if subject.roles.get(argument.name, "input") == "input" and argument.kind == "float"
    ]
    scaled = [
        replace(last, arrays={n: a * factor if n in inputs else a for n, a in last.arrays.items()})
        for factor in MAGNITUDES
    ]
    return [*known, *scaled] if inputs else known


def seconds_of(subject: Subject, case: Case) -> float | None:
    """The seconds that forward takes; None where it is no function of its arrays."""
    copies = clones(case.arrays)
    reseed(case.seed)
    trial = subject.build(copies)
    before, start = states(trial), time.perf_counter()
    first = own_output(trial.forward(copies))
    seconds = time.perf_counter() - start
    steady = states(trial) == before and same(first, fresh_output(subject, case.arrays, case.seed + 1))
    return seconds if steady else None


def runs(subject: Subject, case: Case) -> Run:
    """The layer's output as a function of its arrays."""
    return lambda arrays: {OUTPUT: fresh_output(subject, arrays, case.seed)}
