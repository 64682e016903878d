"""How a layer stands beside another one: in a line, with what is wrong with it by that measure."""

from __future__ import annotations

from dataclasses import dataclass

from checks.results import Finding


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Standing:
    """`likeness`: the line that is printed; `notes`: remarks; `snippet`: runs both layers, about a difference."""

    likeness: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    snippet: str | None = None
