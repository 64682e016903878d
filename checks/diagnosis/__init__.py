"""Names the fault: which kind of error a gradient has, and what would mend it, having tried the cure.

An ordered table of small functions, the most specific first. Each is handed the evidence and the name of a gradient.
Nothing is said that does not hold in all cases looked at; where no rule knows the fault, there are the wrong values.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from checks.diagnosis.evidence import Evidence, gather
from checks.diagnosis.factors import above, by_two, constant, entrywise
from checks.diagnosis.finding import Diagnosis, Mended
from checks.diagnosis.places import misplaced, swapped
from checks.diagnosis.repair import repaired
from checks.diagnosis.sides import about_zero, at_an_end, branch, few_entries
from checks.diagnosis.spoiling import spoiled
from checks.diagnosis.sums import one_alone, overwritten, wrong_shape
from checks.diagnosis.terms import added, added_alone, centred
from checks.diagnosis.upstream import after_update, draws, ignores_upstream, nonlinear_upstream
from checks.evaluation import quiet
from checks.look import CaseResult

Rule = Callable[[Evidence, str], Iterator[Diagnosis]]
# Those that tell what the values are, before and after the code itself is tried with a change.
STRONG: tuple[Rule, ...] = (
    draws,
    after_update,
    spoiled,
    ignores_upstream,
    swapped,
    constant,
    misplaced,
    added_alone,
    entrywise,
)
# What is wrong where a number or an array of the code had to be another one: what kind of error it makes.
SHAPES_OF_ERRORS: tuple[Rule, ...] = (at_an_end, nonlinear_upstream, one_alone, few_entries)
WRONG = "wrong-values"
_TERMS = ("extra-term", "missing-term")
_OF_NO_NAME = re.compile(r"[+-] (?!1/2\b)\d+/\d+ ")  # a number of the call's, perhaps, that the code knows by name
WEAK: tuple[Rule, ...] = (
    above,
    added,
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
    wrong = sorted({name for result in results for name in result.differing})
    nothing = {name for name in wrong if _is_nothing(evidence, name)}
    left = [name for name in wrong if name not in nothing]
    with quiet():
        _by_rules(found, evidence, left, STRONG, until)
        terms = {n: one.cure or "" for n, one in found.items() if one.kind in _TERMS}
        twice = {n for n, cure in terms.items() if re.match(r"[+-] 2\b", cure)}
        told = {n for n, cure in terms.items() if _OF_NO_NAME.match(cure)}
        cures = repaired(evidence, [n for n in wrong if n not in found or n in twice or n in told], until)
        # Twice a term too many is one whose sign is wrong, where that mends the code.
        cures = {n: cure for n, cure in cures.items() if n not in twice or cure.kind == "sign"}
        cures.update({n: replace(cure, kind="zero-gradient") for n, cure in cures.items() if n in nothing})
        plain = [name for name, cure in cures.items() if cure.kind == WRONG]
        _by_rules(found, evidence, plain, SHAPES_OF_ERRORS, until)
        _by_rules(found, evidence, [name for name in cures if name not in found and name in left], (about_zero,), until)
        for name, cure in cures.items():
            known = name in found and name not in twice and name not in told
            found[name] = replace(found[name], off=cure.off, mended=cure.mended) if known else cure
        _by_rules(found, evidence, [name for name in left if name not in found], WEAK, until)
    return found


def _by_rules(
    found: dict[str, Diagnosis], evidence: Evidence, names: Sequence[str], rules: Sequence[Rule], until: float
) -> None:
    """Adds what the first rule that knows the fault says, name by name."""
    for name in names:
        if time.monotonic() > until:
            break
        one = _first(evidence.about(name), name, rules)
        if one is not None:
            found[name] = one


def _is_nothing(evidence: Evidence, name: str) -> bool:
    """Whether the gradient is all zeros, in every case: a finding of its own."""
    pairs = evidence.pairs(name)
    return bool(pairs) and all(not np.any(pair.analytic) for pair in pairs)


def _first(evidence: Evidence | None, name: str, rules: Sequence[Rule]) -> Diagnosis | None:
    if evidence is None or not all(np.all(np.isfinite(pair.analytic)) for pair in evidence.pairs(name)):
        return None
    shapeless = any(name in sample.problems and name not in sample.pairs for sample in evidence.samples)
    rules = (wrong_shape,) if shapeless else rules
    return next((one for rule in rules for one in rule(evidence, name)), None)


__all__ = ["Diagnosis", "Mended", "diagnose"]
