"""The learning rates that an object keeps, itself or in an optimizer: `self.lr`, `self.opt.lr`, a class's `lr`.

At the rate 1 what backward changes a parameter by is its gradient, if the rule is a plain one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from checks.dialects.names import RATE
from checks.dialects.reach import Path, walk
from checks.dialects.usage import Usage, Values


def kept_rates(root: Any) -> list[Path]:
    """The places of the numbers that are called like a rate, the class's own among them."""
    found = [slot.path for slot in walk(root) if _is_rate(slot.path.steps[-1], slot.value)]
    parts = [((), root), *((((".", name),), part) for name, part in getattr(root, "__dict__", {}).items())]
    for steps, part in parts:
        for cls in type(part).__mro__ if hasattr(part, "__dict__") or part is root else ():
            for name, value in vars(cls).items():
                path = Path((*steps, (".", name)))
                if _is_rate((".", name), value) and path not in found:
                    found.append(path)
    return found


def _is_rate(step: tuple[str, Any], value: Any) -> bool:
    kind, name = step
    number = isinstance(value, float | int) and not isinstance(value, bool)
    return kind == "." and number and isinstance(name, str) and bool(RATE.fullmatch(name.lower().strip("_")))


def at_rate(usage: Usage, paths: Sequence[Path], rate: float = 1.0) -> Usage:
    """The usage with these rates set to 1, or to another number, in each object."""
    make = usage.make

    def made(values: Values) -> Any:
        root = make(values)
        for path in paths:
            setattr(Path(path.steps[:-1]).get(root) if path.steps[:-1] else root, path.steps[-1][1], rate)
        return root

    lines = tuple(f"layer{path.code} = {rate}" for path in paths)
    return replace(usage, make=made, call=(usage.call[0], *lines, *usage.call[1:]), updates=True, modes=())
