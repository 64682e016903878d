"""A layout: one way of filling the arguments of a layer's constructor and forward.

Each argument (`Formal`) is filled with an array of a declared shape and kind, with the number of a size, or
with a constant. What came of running a layout is a `Probe`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from checks.infer_names import Hint, hint
from checks.infer_sizes import dim, dims
from checks.signature import Argument, Dim, Signature
from checks.subject import Array

Place = Literal["constructor", "forward"]
Size = Dim | tuple[Dim, ...]  # the number of a size, or a tuple of numbers: a shape


class SizeList(tuple[Dim, ...]):
    """Sizes that are handed over as a list: `layer_sizes=[4, 7, 5]`."""

    __slots__ = ()


Stage = Literal["construct", "forward", "output", "backward", "done"]
REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()


@dataclass(frozen=True, slots=True)
class Formal:
    """An argument as declared: its name, whose it is, its default; `family`: what it is known to be, a
    hint; `options`: constants that it may take (a string that the class compares with, a function). `data`: the
    constructor is handed what forward is, elsewhere. `picks`: its family is told by what the code picks by it.
    `factor`: the code multiplies it as a matrix, so that it holds no labels.
    """

    name: str
    place: Place
    default: Any = REQUIRED
    family: Hint | None = None
    options: tuple[Any, ...] = ()
    data: bool = False
    picks: bool = False
    factor: bool = False

    @property
    def hint(self) -> Hint:
        """What is known of it, else what its name suggests."""
        return self.family or hint(self.name, place=self.place)

    @property
    def required(self) -> bool:
        """Whether a call has to fill it."""
        return self.default is REQUIRED


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """Arrays by declaration, numbers of sizes and constants, by the names of the formals they fill."""

    arguments: tuple[Argument, ...] = ()
    sizes: Mapping[str, Size] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The size names that occur anywhere."""
        used = [d for a in self.arguments for d in (*a.dims, *([a.limit] if a.limit else []))]
        for size in self.sizes.values():
            used += [size] if isinstance(size, Dim) else list(size)
        return tuple(dict.fromkeys(name for d in used for name in d.names))

    def argument(self, name: str) -> Argument | None:
        """The declaration of that array, if it is one."""
        return next((a for a in self.arguments if a.name == name), None)

    def with_argument(self, changed: Argument) -> Layout:
        """The same with the array of that name declared otherwise."""
        return replace(self, arguments=tuple(changed if a.name == changed.name else a for a in self.arguments))

    def times(self, names: Sequence[str], factor: int) -> Layout:
        """The same with that multiple of each of these sizes, alone or within an expression."""
        return self._with({name: f"({factor}*{name})" for name in names})

    def at(self, numbers: Mapping[str, int]) -> Layout:
        """The same with these sizes at these numbers."""
        return self._with({name: str(value) for name, value in numbers.items()})

    def _with(self, texts: Mapping[str, str]) -> Layout:
        def changed(size: Dim) -> Dim:
            text = size.text
            for name, new in texts.items():
                text = re.sub(rf"\b{name}\b", new, text)
            return dim(text)

        arguments = tuple(
            replace(a, dims=tuple(map(changed, a.dims)), limit=a.limit and changed(a.limit)) for a in self.arguments
        )
        numbers = {n: changed(d) if isinstance(d, Dim) else type(d)(map(changed, d)) for n, d in self.sizes.items()}
        return replace(self, arguments=arguments, sizes=numbers)

    def signature(self, output: tuple[Dim, ...] | None = None) -> Signature:
        """As a signature."""
        return Signature(self.arguments, output)


@dataclass(frozen=True, eq=False, slots=True)
class Probe:
    """What came of one run: the last stage reached, the error there, the output, how many gradients were returned and
    how many entries the largest has.
    """

    stage: Stage
    error: BaseException | None = None
    output: Array | None = None
    leaves: int = 0
    largest: int = 0

    @property
    def ran(self) -> bool:
        """Whether backward came back."""
        return self.stage == "done"

    @property
    def forward_ran(self) -> bool:
        """Whether forward gave an output."""
        return self.stage in ("backward", "done")


def number(size: Size, sizes: Mapping[str, int]) -> int | tuple[int, ...] | list[int]:
    """The number of a size, or the numbers of a shape or of a list of sizes."""
    if isinstance(size, Dim):
        return size.value(sizes)
    numbers = [d.value(sizes) for d in size]
    return numbers if isinstance(size, SizeList) else tuple(numbers)


def declare(name: str, text: str) -> Argument:
    """An Argument from `n,c:label(c)`: sizes, then a colon and the kind."""
    sizes, _, kind = text.partition(":")
    kind, _, limit = kind.partition("(")
    return Argument(name, dims(sizes), kind or "float", dim(limit.rstrip(")")) if limit else None)


# Runs a layout at these sizes; arrays in the last argument stand in for the drawn ones of the same name.
Run = Callable[[Layout, Mapping[str, int], Mapping[str, Array]], Probe]
