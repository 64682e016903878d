"""The place of a gradient, and what is known of all places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from checks.dialects.reach import Path

Returned = Any


@dataclass(frozen=True, slots=True)
class Place:
    """Where one gradient comes out: in what backward returned, on the object, or as the change of the
    parameter.
    """

    source: Literal["returned", "object", "update"]
    path: Path

    def get(self, root: Any, returned: Returned) -> Any:
        """The gradient, or None where there is none."""
        return self.path.get(returned if self.source == "returned" else root)

    def code(self, returned: str) -> str:
        """An expression for it, after backward's result was named `returned`."""
        return (returned if self.source == "returned" else "layer") + self.path.code


@dataclass(eq=False, slots=True)
class Located:
    """`places` by array name; `near`: look-alikes for those that have none; `fault`: what cannot be
    understood; `unnamed`: the places that no name speaks for.
    """

    places: dict[str, Place] = field(default_factory=dict)
    near: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fault: str | None = None
    unnamed: dict[str, Path] = field(default_factory=dict)
