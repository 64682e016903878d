"""A Report as the JSON interface has it: every key always there, what is unknown or not finite is null."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

from checks.results import Comparison, Finding, Report, Worst

SCHEMA: Final = 1


def document(reports: Iterable[Report], seed: int | None, version: str) -> dict[str, Any]:
    """The whole object that `--json` writes."""
    return {
        "schema": SCHEMA,
        "version": version,
        "seed": seed,
        "subjects": [to_json(report) for report in reports],
    }


def to_json(report: Report) -> dict[str, Any]:
    """One subject of the object."""
    return {
        "target": report.target,
        "verdict": report.verdict,
        "signature": report.signature,
        "gradients": [_gradient(comparison) for comparison in report.comparisons],
        "findings": [_finding(finding) for finding in report.findings],
        "counterexample": report.counterexample,
        "evaluations": int(report.evaluations),
        "seconds": _number(report.seconds),
        "why": report.why,
        "likeness": report.likeness,
        "uses": list(report.uses),
        "notes": list(report.notes),
    }


def _gradient(comparison: Comparison) -> dict[str, Any]:
    return {
        "name": comparison.name,
        "role": comparison.role,
        "shape": [int(size) for size in comparison.shape],
        "dtype": comparison.dtype,
        "method": comparison.method,
        "verdict": comparison.verdict,
        "max_abs_diff": _number(comparison.max_abs_diff),
        "mean_abs_diff": _number(comparison.mean_abs_diff),
        "max_rel_diff": _number(comparison.max_rel_diff),
        "allowance": _number(comparison.allowance),
        "detectable": _number(comparison.detectable),
        "miss_probability": _number(comparison.miss_probability),
        "worst": _worst(comparison.worst),
    }


def _worst(worst: Worst | None) -> dict[str, Any] | None:
    if worst is None:
        return None
    return {
        "index": [int(i) for i in worst.index],
        "analytic": _number(worst.analytic),
        "numerical": _number(worst.numerical),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "gradient": finding.gradient,
        "message": finding.message,
        "suggestion": finding.suggestion,
        "file": finding.file,
        "line": None if finding.line is None else int(finding.line),
        "cell": None if finding.cell is None else int(finding.cell),
        "code": finding.code,
    }


def _number(value: float | None) -> float | None:
    """A finite Python float, or None: JSON has no word for nan and inf."""
    if value is None or not math.isfinite(value):
        return None
    return float(value)
