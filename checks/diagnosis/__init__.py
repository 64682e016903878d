"""Names the fault: which kind of error a gradient has, and what would mend it, having tried the cure.

An ordered table of small functions, the most specific first. Each is handed the evidence and the name of a gradient.
Nothing is said that does not hold in all cases looked at; where no rule knows the fault, there are the wrong values.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from checks.diagnosis.evidence import Evidence, gather
from checks.diagnosis.factors import above, by_two, constant, entrywise
from checks.diagnosis.finding import Diagnosis
from checks.diagnosis.places import misplaced, swapped
from checks.diagnosis.sides import at_an_end, branch, few_entries
from checks.diagnosis.sums import one_alone, overwritten, wrong_shape
from checks.diagnosis.terms import added, centred
from checks.diagnosis.upstream import ignores_upstream, nonlinear_upstream
from checks.evaluation import quiet
from checks.look import CaseResult

Rule = Callable[[Evidence, str], Iterator[Diagnosis]]
RULES: tuple[Rule, ...] = (
    ignores_upstream,
    swapped,
    constant,
    misplaced,
    added,
    entrywise,
    above,
    at_an_end,
    nonlinear_upstream,
    branch,
    by_two,
    centred,
    one_alone,
    overwritten,
    few_entries,
)


def diagnose(results: Sequence[CaseResult], seed: int, until: float = math.inf) -> dict[str, Diagnosis]:
    """What is wrong with each gradient that differs, by its name; those that no rule knows are left out.

    No further gradient is looked at after the time `until` (monotonic).
    """
    evidence = gather(results, seed, until)
    if evidence is None:
        return {}
    found: dict[str, Diagnosis] = {}
    wrong = {name for result in results for name in result.differing}
    with quiet():
        for name in sorted(wrong):
            if time.monotonic() > until:
                break
            one = _first(evidence.about(name), name)
            if one is not None:
                found[name] = one
    return found


def _first(evidence: Evidence | None, name: str) -> Diagnosis | None:
    if evidence is None or not all(np.all(np.isfinite(pair.analytic)) for pair in evidence.pairs(name)):
        return None
    shapeless = any(name in sample.problems and name not in sample.pairs for sample in evidence.samples)
    rules = (wrong_shape,) if shapeless else RULES
    return next((one for rule in rules for one in rule(evidence, name)), None)


__all__ = ["Diagnosis", "diagnose"]
