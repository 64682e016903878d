"""What a check concludes: Comparison, Finding and Report. Plain data, picklable, no arrays of the layer's size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

GradientVerdict = Literal["agrees", "differs", "undecided", "missing"]
Verdict = Literal["pass", "fail", "undecided", "error"]
Severity = Literal["error", "warning"]
# Every kind that a finding can have, those that are still to be made included.
KINDS: Final = frozenset(
    (
        "missing-gradient",
        "zero-gradient",
        "wrong-shape",
        "factor",
        "sign",
        "missing-factor",
        "missing-term",
        "extra-term",
        "ignores-upstream",
        "nonlinear-upstream",
        "swapped",
        "transposed",
        "permuted",
        "not-summed",
        "over-summed",
        "branch",
        "overwritten",
        "few-entries",
        "inconsistent-forward",
        "wrong-values",
        "stale-cache",
        "accumulates",
        "mutates-upstream",
        "mutates-input",
        "mutates-parameter",
        "aliases",
        "nondeterministic",
        "raises",
        "batch-dependent",
        "layout-dependent",
        "overflow",
        "precision",
        "differs-from-reference",
    )
)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Worst:
    """The entry that is furthest off, measured in allowances: its index and both values."""

    index: tuple[int, ...]
    analytic: float
    numerical: float
    allowance: float


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Comparison:
    """One gradient's row, about one case: backward's values against the derivative of forward.

    `detectable` is the smallest relative error that this run would have seen in any entry, 4 E / s, with s =
    max(|a|, |n|, `typical`); None where the gradient is nothing but round-off. `typical` is the root mean square of
    the entries that stand out of it.
    `cause` says why the numbers could not settle it (noise, truncation, kink, domain), or what was wrong
    with the gradient as returned. Differences are absolute, in the gradient's own unit. `allowance` is at the `worst`
    entry, `allowance_at_max` at the one with the largest difference. `wrong_where`: where wrong entries lie that were
    not counted, in words.
    """

    name: str
    role: str
    shape: tuple[int, ...]
    dtype: str
    verdict: GradientVerdict
    method: Literal["entries", "directions"] = "entries"
    max_abs_diff: float | None = None
    mean_abs_diff: float | None = None
    max_rel_diff: float | None = None
    allowance: float | None = None
    allowance_at_max: float | None = None
    detectable: float | None = None
    typical: float = 0.0
    miss_probability: float | None = None
    worst: Worst | None = None
    wrong_entries: int = 0
    wrong_where: str | None = None
    cause: str | None = None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, in words. `line`: in the file, or in the `cell` (counted from 1) of a notebook.

    `code`: what stands there, where it is the statement that makes the gradient.
    """

    kind: str
    severity: Severity
    message: str
    gradient: str | None = None
    suggestion: str | None = None
    file: str | None = None
    line: int | None = None
    cell: int | None = None
    code: str | None = None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Report:
    """All that is known about one subject after a check.

    `target` is the path as given, then `::Name`; `why` says for an error what happened; `notes` are remarks that
    change no verdict. `likeness` says in a line what other layer it was compared with, or computes the same as.
    `uses`: words for each use beside the default one that was looked at. `cases` counts the drawn cases. `stood_in`:
    what the layer used that is not really there, each as a sentence; such a layer may pass, and never fails.
    """

    target: str
    verdict: Verdict
    signature: str | None = None
    comparisons: tuple[Comparison, ...] = ()
    findings: tuple[Finding, ...] = ()
    counterexample: str | None = None
    seed: int | None = None
    evaluations: int = 0
    cases: int = 0
    seconds: float = 0.0
    why: str | None = None
    uses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    likeness: str | None = None
    stood_in: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """True for the verdict "pass" alone: undecided is not a pass."""
        return self.verdict == "pass"

    def to_text(self) -> str:
        """The report as plain text of at most 80 columns."""
        from checks.report.text import to_text

        return to_text(self)

    def to_json(self) -> dict[str, Any]:
        """The subject's object of the JSON interface."""
        from checks.report.json import to_json

        return to_json(self)

    def __str__(self) -> str:
        return self.to_text()
