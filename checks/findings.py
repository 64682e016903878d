"""What is wrong, in words: from the rows and the behaviour of the cases to findings. One small function each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from checks.diagnosis import Diagnosis, Mended
from checks.dialects.names import respelled
from checks.errors import UserCodeRaised
from checks.executed import lines_run
from checks.look import CaseResult
from checks.results import Comparison, Finding
from checks.statement import raised_at, statement
from checks.subject import Subject

# Kinds that are no fault of the statement that makes a gradient.
_ELSEWHERE = frozenset({"missing-gradient", "mutates-input", "mutates-parameter", "precision", "overflow"})


class Seen(NamedTuple):
    """All that a finding may be made of."""

    subject: Subject
    rows: Sequence[Comparison]
    results: Sequence[CaseResult]
    raised: Sequence[UserCodeRaised]
    breaches: Sequence[Finding]
    named: Mapping[str, Diagnosis]
    ran: Callable[[str], frozenset[int]]

    def finding(
        self, kind: str, severity: str, message: str, gradient: str | None = None, cure: str | None = None
    ) -> Finding:
        """At the statement that makes the gradient, where it is wrong and the source shows it; else at the layer."""
        at = None if gradient is None or kind in _ELSEWHERE else statement(self.subject, gradient, self.ran(gradient))
        return Finding(
            kind=kind,
            severity=severity,  # type: ignore[arg-type]
            message=message,
            gradient=gradient,
            suggestion=cure,
            file=self.subject.file,
            line=self.subject.line if at is None else at.line,
            cell=self.subject.cell,
            code=None if at is None else at.text,
        )


def find(
    subject: Subject,
    rows: Sequence[Comparison],
    results: Sequence[CaseResult],
    raised: Sequence[UserCodeRaised],
    breaches: Sequence[Finding] = (),
    named: Mapping[str, Diagnosis] | None = None,
) -> list[Finding]:
    """Every finding about one subject, each once, errors first. `named`: faults that are known by name."""

    @cache
    def ran(gradient: str) -> frozenset[int]:
        """The lines that run in the smallest case in which the gradient is wrong."""
        wrong = [result.case for result in results if gradient in result.differing]
        least = min(wrong, key=lambda case: sum(array.size for array in case.arrays.values()), default=None)
        return frozenset() if least is None else lines_run(least)

    seen = Seen(subject, rows, results, raised, breaches, named or {}, ran)
    findings: dict[tuple[str, str | None], Finding] = {}
    for rule in RULES:
        for finding in rule(seen):
            findings.setdefault((finding.kind, finding.gradient), finding)
    return sorted(findings.values(), key=lambda finding: finding.severity != "error")


def _missing(seen: Seen) -> Iterator[Finding]:
    # A backward that raises had no chance to give anything.
    silent = any(not error.outside for error in seen.raised)
    for row in seen.rows:
        if row.verdict != "missing" or silent:
            continue
        near = seen.subject.near_misses.get(row.name, ())
        beside = f"; there is {_listed(near)} instead" if near else ""
        cure = f"store it: {_beside_others(seen.subject, row.name)}"
        if row.role != "parameter":
            cure = "let backward return it"
        if near:
            cure = f"rename {near[0]} to {respelled(row.name, near[0])}"
        message = f"forward depends on {row.name}, but backward gives no gradient for it{beside}"
        yield seen.finding("missing-gradient", "error", message, row.name, cure)


def _beside_others(subject: Subject, name: str) -> str:
    """Where the gradient would be if it were where those of the other parameters are: `self.grads['v']`."""
    for other, place in (subject.recipe.gradients if subject.recipe else {}).items():
        spelled = re.search(rf"(?<![a-zA-Z0-9]){re.escape(other)}(?!\w)|(?<=d){re.escape(other)}(?!\w)", place)
        if subject.roles.get(other) == "parameter" and spelled and place.startswith("layer"):
            return f"self{place[len('layer') : spelled.start()]}{name}{place[spelled.end() :]}"
    return f"self.d{name}"


def _shapes(seen: Seen) -> Iterator[Finding]:
    for row in seen.rows:
        odd = [r for r in seen.results if row.name in r.wrong_shapes]
        if not odd:
            continue
        unlike = [r for r in odd if (seen_row := r.rows.get(row.name)) and _is_incomparable(seen_row)]
        shown = next((r for r in odd if r.rows.get(row.name) is row), (unlike or odd)[0])
        problem = shown.wrong_shapes[row.name]
        severe = row.verdict == "differs" and bool(unlike)
        message = f"the gradient of {row.name} {problem}" + ("" if severe else "; its values are in the right order")
        message += _use(unlike or odd)
        fault = seen.named.get(row.name)
        if severe and fault is not None:
            message += f"; {fault.words}"
        yield seen.finding(
            "wrong-shape",
            "error" if severe else "warning",
            message,
            row.name,
            f"give it the shape of {row.name}" if fault is None or not severe else fault.suggestion(row.name),
        )


def _is_incomparable(row: Comparison) -> bool:
    """Whether the gradient's shape left nothing to compare."""
    return row.verdict == "differs" and row.worst is None


def _zero(seen: Seen) -> Iterator[Finding]:
    for name in _nothing(seen):
        wrong = [r for r in seen.results if name in r.differing]
        message = f"the gradient of {name} is all zeros, although the output depends on {name}{_use(wrong)}"
        yield _with_fault(seen.finding("zero-gradient", "error", message, name), seen.named.get(name))


def _with_fault(found: Finding, fault: Diagnosis | None, first: str | None = None) -> Finding:
    """The finding with what is known of the fault: its words, the cure, and the statement that would be mended.

    `first`: the gradient for which the same statement was told of first.
    """
    if fault is None or found.gradient is None:
        return found
    words = fault.words if first in (None, found.gradient) else fault.again(str(first))
    said = replace(found, message=f"{found.message}; {words}", suggestion=fault.suggestion(found.gradient))
    return said if fault.mended is None else replace(said, line=fault.mended.line, code=fault.mended.before)


def _values(seen: Seen) -> Iterator[Finding]:
    zero = _nothing(seen)
    told: dict[Mended, str] = {}
    for row in seen.rows:
        if row.verdict != "differs" or row.worst is None or row.name in zero:
            continue
        wrong = [r for r in seen.results if row.name in r.differing]
        if all(row.name in r.not_numbers for r in wrong):
            place = f"{seen.subject.name}.{entry_text(row)}"
            yield seen.finding(
                "overflow", "error", f"a gradient that is no number where there is one: {place}", row.name
            )
            continue
        message = f"{seen.subject.name}.{entry_text(row)}{_use(wrong)}"
        fault = seen.named.get(row.name)
        if fault is None:
            yield seen.finding("wrong-values", "error", message, row.name)
        else:
            first = row.name if fault.mended is None else told.setdefault(fault.mended, row.name)
            yield _with_fault(seen.finding(fault.kind, "error", message, row.name), fault, first)


def _use(wrong: Sequence[CaseResult]) -> str:
    """Words for the use in which alone a fault shows; none for the default one."""
    modes = [result.mode for result in wrong]
    return f" (with {modes[0]})" if modes and all(modes) else ""


def entry_text(row: Comparison) -> str:
    """`W[2, 0]: analytic 0.31, numerical 0.62 +- 3e-09`."""
    worst = row.worst
    assert worst is not None
    index = f"[{', '.join(str(k) for k in worst.index)}]" if worst.index else ""
    return f"{row.name}{index}: analytic {worst.analytic:.9g}, numerical {worst.numerical:.9g} +- {worst.allowance:.0e}"


def _raises(seen: Seen) -> Iterator[Finding]:
    error = next((error for error in seen.raised if not error.outside), None)
    if error is not None:
        found = seen.finding("raises", "error", f"forward ran, then {error}")
        at = raised_at(error.__cause__, seen.subject.file)
        yield found if at is None else replace(found, line=at.line, code=at.text)


def _nondeterministic(seen: Seen) -> Iterator[Finding]:
    if any(not result.deterministic for result in seen.results):
        yield seen.finding(
            "nondeterministic",
            "error",
            "two forwards on the same arrays, built afresh under the same random state, gave different outputs",
            cure="let forward depend on its arrays and on random generators alone, not on a clock or a counter",
        )


def _mutates(seen: Seen) -> Iterator[Finding]:
    names = {name for result in seen.results for name in result.mutated}
    for name in sorted(names):
        kind = "mutates-parameter" if seen.subject.roles.get(name) == "parameter" else "mutates-input"
        yield seen.finding(
            kind,
            "warning",
            f"forward writes into {name}, which is its caller's",
            name,
            f"work on {name}.copy()",
        )


def _precision(seen: Seen) -> Iterator[Finding]:
    narrow = next((result for result in seen.results if result.lost_precision), None)
    if narrow is not None:
        given = next(iter(narrow.rows.values())).dtype if narrow.rows else "float64"
        yield seen.finding("precision", "warning", f"the output is {narrow.lost_precision} for inputs of {given}")


def _no_numbers(seen: Seen) -> Iterator[Finding]:
    for result in seen.results:
        for name, words in result.no_numbers.items():
            yield seen.finding("overflow", "warning", f"the gradient of {name} is {words}", name)


def _broken(seen: Seen) -> Iterator[Finding]:
    for breach in seen.breaches:
        line = seen.subject.line if breach.line is None else breach.line
        yield replace(breach, file=seen.subject.file, line=line, cell=seen.subject.cell)


def _nothing(seen: Seen) -> list[str]:
    """Gradients that are zero wherever they are wrong, and for which no other fault is known by name."""
    wrong = {
        row.name: [r for r in seen.results if row.name in r.differing] for row in seen.rows if row.verdict == "differs"
    }
    other = {name for name, fault in seen.named.items() if fault.kind != "zero-gradient"}
    return [n for n, results in wrong.items() if results and n not in other and all(n in r.zero for r in results)]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"self.{name}" for name in names)


RULES: tuple[Callable[[Seen], Iterator[Finding]], ...] = (
    _missing,
    _shapes,
    _zero,
    _values,
    _raises,
    _nondeterministic,
    _mutates,
    _precision,
    _no_numbers,
    _broken,
)
