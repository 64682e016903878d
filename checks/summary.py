"""Many cases summed up: one row a gradient, findings in words, one verdict.

A gradient differs if it differs in any case (each accusation was confirmed beside its point). It is undecided if the
numbers could not settle it in more than a quarter of the cases. Its row describes one case: the shrunk counterexample,
else the one with the largest |a - n| / E.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checks.diagnosis import Diagnosis
from checks.errors import UserCodeRaised
from checks.findings import find
from checks.look import CaseResult
from checks.results import Comparison, Finding, Report, Verdict
from checks.snippet import snippet
from checks.standing import Standing
from checks.subject import Subject

UNDECIDED_SHARE = 0.25


def summarise(
    subject: Subject,
    results: Sequence[CaseResult],
    raised: Sequence[UserCodeRaised],
    smallest: CaseResult | None,
    breaches: Sequence[Finding] = (),
    *,
    uses: Sequence[str] = (),
    named: Mapping[str, Diagnosis] | None = None,
    standing: Standing | None = None,
    target: str,
    seed: int,
    allow: Sequence[str],
    seconds: float,
    versions: Mapping[str, str],
) -> Report:
    """The report of one subject from the results of its cases; `smallest` is the shrunk failing one."""
    known = [*results, smallest] if smallest is not None else list(results)
    rows = tuple(_row(name, results, smallest) for name in _names(subject, known))
    beside = standing.findings if standing is not None else ()
    findings = tuple(
        f
        for f in find(subject, rows, known, raised, (*breaches, *beside), named)
        if not _allowed(f, subject.name, allow)
    )
    accused = next((r for r in known if r is smallest), None) or next((r for r in known if r.differing), None)
    script = None if accused is None else snippet(accused.case, _foremost(accused), accused.mutated)
    if accused is None and any(f.kind == "differs-from-reference" for f in findings) and standing is not None:
        script = standing.snippet
    return Report(
        target=target,
        verdict=_verdict(rows, findings, subject.name, allow),
        signature=str(subject.signature),
        comparisons=rows,
        findings=findings,
        counterexample=script,
        seed=seed,
        evaluations=sum(result.evaluations for result in known),
        cases=len(results),
        seconds=seconds,
        uses=tuple(uses),
        notes=(*subject.notes, *_notes(rows, results, raised), *(standing.notes if standing is not None else ())),
        likeness=standing.likeness if standing is not None else None,
        versions=versions,
    )


def _names(subject: Subject, results: Sequence[CaseResult]) -> list[str]:
    """Those that have a row, in the signature's order, then those that only another use of the layer has."""
    order = [argument.name for argument in subject.signature.arguments]
    judged = dict.fromkeys(name for result in results for name in result.rows)
    return [*(name for name in order if name in judged), *(name for name in judged if name not in order)]


def _row(name: str, results: Sequence[CaseResult], smallest: CaseResult | None) -> Comparison:
    if smallest is not None and name in smallest.differing:
        return smallest.rows[name]
    judged = [result for result in results if result.finite] or results  # elsewhere there is nothing to differentiate
    rows = [result.rows[name] for result in judged if name in result.rows]
    if not rows and smallest is not None:
        return smallest.rows[name]
    wrong = [row for row in rows if row.verdict in ("differs", "missing")]
    open_rows = [row for row in rows if row.verdict == "undecided"]
    if wrong:
        return max(wrong, key=_distance)
    if len(open_rows) > UNDECIDED_SHARE * len(rows):
        return max(open_rows, key=_distance)
    return max((row for row in rows if row.verdict == "agrees"), key=_distance)


def _distance(row: Comparison) -> float:
    """|a - n| / E at the row's worst entry."""
    if row.worst is None or not row.worst.allowance > 0:
        return 0.0
    off = abs(row.worst.analytic - row.worst.numerical)
    return off / row.worst.allowance if off == off else float("inf")


def _foremost(result: CaseResult) -> Comparison | None:
    """The row that the counterexample is about: the differing gradient that is furthest off, parameters first."""
    wrong = [row for name, row in result.rows.items() if name in result.differing]
    return max(wrong, key=lambda row: (row.worst is not None, row.role == "parameter", _distance(row)), default=None)


def _verdict(rows: Sequence[Comparison], findings: Sequence[Finding], name: str, allow: Sequence[str]) -> Verdict:
    said = {finding.gradient for finding in findings if finding.severity == "error"}
    wrong = [row for row in rows if row.verdict in ("differs", "missing") and (row.name in said or not allow)]
    if wrong or any(finding.severity == "error" for finding in findings):
        return "fail"
    if not rows or any(row.verdict == "undecided" for row in rows):
        return "undecided"
    return "pass"


def _allowed(finding: Finding, name: str, allow: Sequence[str]) -> bool:
    """Whether "[NAME[.gradient]:]KIND" of `allow` accepts the finding."""
    for text in allow:
        where, _, kind = text.rpartition(":")
        owner, _, gradient = where.partition(".")
        if kind == finding.kind and owner in ("", name) and gradient in ("", finding.gradient):
            return True
    return False


def _notes(rows: Sequence[Comparison], results: Sequence[CaseResult], raised: Sequence[UserCodeRaised]) -> list[str]:
    notes = []
    total = len(results) + len(raised)
    left_out = [error for error in raised if error.outside]
    if left_out:
        notes.append(f"in {len(left_out)} of {total} cases {left_out[0]}; they were left out")
    outside = sum(not result.finite for result in results)
    if outside:
        notes.append(f"in {outside} of {total} cases the output is not finite: nothing to differentiate there")
    for row in rows:
        seen = [result for result in results if row.name in result.rows]
        if seen and row.verdict == "agrees" and all(row.name in result.nothing for result in seen):
            notes.append(f"the gradient of {row.name} was zero in every case: nothing was seen of it but that")
        unsettled = sum(result.rows[row.name].verdict == "undecided" for result in seen)
        if row.verdict == "agrees" and unsettled:
            notes.append(f"{row.name} could not be settled in {unsettled} of {len(seen)} cases, and agrees in the rest")
    kinks = sum(result.kinks for result in results)
    if kinks:
        notes.append(f"{kinks} entries lay on a kink of forward, or in its round-off, and were judged beside it")
    return notes
