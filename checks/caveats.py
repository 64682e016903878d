"""What a verdict is worth where a stand-in took part: such a layer may pass, and never fails."""

from __future__ import annotations

from dataclasses import replace

from checks.record import Seen
from checks.results import Comparison, Report


def with_caveats(report: Report, seen: Seen) -> Report:
    """The report with what was noted meanwhile, and without an accusation that rests on what is not there."""
    report = replace(report, notes=(*report.notes, *(note for note in seen.notes if note not in report.notes)))
    if not seen.used:
        return report
    report = replace(report, stood_in=tuple(seen.used))
    reason = f"{'; '.join(seen.used)}: {'a stand-in' if len(seen.used) == 1 else 'stand-ins'} took part"
    cure = "; ".join(dict.fromkeys(seen.used.values()))
    if report.verdict == "error":
        first = (report.why or "").split("\n")[0]
        return replace(report, why=first if cure in first else f"{first}\n{reason}; {cure}")
    if report.verdict == "pass":
        return replace(report, notes=(*report.notes, reason))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    said = [f"seen, and worth nothing before that is mended: {finding.kind}: {finding.message}" for finding in errors]
    return replace(
        report,
        verdict="undecided",
        why=f"{reason}; to have it judged, {cure}",
        comparisons=tuple(_open(row, reason) for row in report.comparisons),
        findings=tuple(finding for finding in report.findings if finding.severity != "error"),
        counterexample=None,
        notes=(*report.notes, *said),
    )


def _open(row: Comparison, reason: str) -> Comparison:
    return (
        row
        if row.verdict in ("agrees", "undecided")
        else replace(row, verdict="undecided", cause=reason, wrong_entries=0)
    )
