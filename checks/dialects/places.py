"""The place of a gradient, and what is known of all places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from checks.dialects.reach import Path

Returned = Any


@dataclass(frozen=True, slots=True)
class Place:
    """Where one gradient comes out: in what backward returned, on the object, or as the change of the
    parameter. `more`: what has to be added to it, of an array that is in a list of parameters several times.
    """

    source: Literal["returned", "object", "update"]
    path: Path
    more: tuple[Path, ...] = ()

    def get(self, root: Any, returned: Returned) -> Any:
        """The gradient, or None where there is none."""
        own = self.path.get(returned if self.source == "returned" else root)
        parts = [own, *(path.get(root) for path in self.more)]
        return own if len(parts) == 1 or any(part is None for part in parts) else sum(parts[1:], parts[0])

    def code(self, returned: str) -> str:
        """An expression for it, after backward's result was named `returned`."""
        own = (returned if self.source == "returned" else "layer") + self.path.code
        return " + ".join([own, *(f"layer{path.code}" for path in self.more)])


@dataclass(eq=False, slots=True)
class Located:
    """`places` by array name; `near`: look-alikes for those that have none; `fault`: what cannot be
    understood; `unnamed`: the places that no name speaks for.
    """

    places: dict[str, Place] = field(default_factory=dict)
    near: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fault: str | None = None
    unnamed: dict[str, Path] = field(default_factory=dict)
