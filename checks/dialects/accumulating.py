"""What forward appends to at every call, and the method that empties it: inputs kept until a backward over all of them.

A list that is one longer after each forward is no cache of the last one. An object that has seen an input while it was
made loses what that left there; between two uses, the method that the class has for it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.dialects.names import RESET
from checks.dialects.reach import Path, lists
from checks.dialects.usage import clone, formals


@dataclass(frozen=True, eq=False, slots=True)
class Accumulation:
    """`grows`: by how many entries each forward makes a list longer; `reset`: the method that empties them all."""

    grows: Mapping[Path, int] = field(default_factory=dict)
    reset: str | None = None

    def forget(self, root: Any) -> None:
        """Takes back what one forward appended."""
        for path, count in self.grows.items():
            found = path.get(root)
            if isinstance(found, list) and len(found) >= count:
                del found[-count:]


def accumulation(root: Any, forward: Callable[[], Any]) -> Accumulation:
    """What `forward`, which is called twice, makes longer in the object `root` each time."""
    forward()
    once = {path: len(found) for path, found in lists(root)}
    if not once:
        return Accumulation()
    forward()
    twice = {path: len(found) for path, found in lists(root)}
    grows = {path: twice[path] - count for path, count in once.items() if twice.get(path, 0) > count}
    return Accumulation(grows, _reset(root, grows) if grows else None)


def _reset(root: Any, grows: Mapping[Path, int]) -> str | None:
    """The first method named like one that resets, without arguments, after which all these lists are empty."""
    for name in sorted(name for name in dir(type(root)) if RESET.search(name) and not name.startswith("__")):
        method = getattr(type(root), name)
        if not callable(method) or formals(method, "forward", skip=1)[0]:
            continue
        copied = clone(root)
        try:
            getattr(copied, name)()
        except Exception:  # not in this state: another one may do it
            continue
        if not any(path.get(copied) for path in grows):
            return name
    return None
