"""Layouts with the shapes that the gradients have: of arrays of which nothing else is known.

A parameter whose name says nothing is read in the first shape in which forward runs, and much broadcasts: `k * x` runs
with a `k` of the shape of `x` where one scale for each column was meant. The gradient that comes back has the shape
that its author gave the array.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from checks.infer_layout import Layout
from checks.infer_sizes import dim
from checks.signature import Argument, Dim

Named = Mapping[str, tuple[Dim, ...]]
_MOST = 4  # arrays that are read anew at once
_NEW = "ojmpq"


def answered(layout: Layout, told: Named, unknown: Collection[str]) -> Iterator[Layout]:
    """Layouts in which arrays that are `unknown` have the sizes of their gradients (`told`), all of them first.

    The first array keeps its shape, unless its gradient has the same one whatever the sizes are. Of a square a more
    general one comes first: one of its sizes may be another, in it and in others that are read anew.
    """
    first = layout.arguments[0].name
    others = [a for a in layout.arguments if a.name in unknown and a.name in told]
    others = [a for a in others if a.name != first or not any(d.names for d in told[a.name])]
    changed = [replace(a, dims=told[a.name]) for a in others if told[a.name] != a.dims][:_MOST]
    for count in range(len(changed), 0, -1):
        for chosen in itertools.combinations(changed, count):
            for arguments in _freer(chosen, layout.names):
                new = layout
                for argument in arguments:
                    new = new.with_argument(argument)
                yield new


def _freer(arguments: Sequence[Argument], names: Sequence[str]) -> Iterator[Sequence[Argument]]:
    """The arrays with another size in the place of one that a matrix has twice, then as they are."""
    squares = {d for a in arguments for k, d in enumerate(a.dims) if d in a.dims[:k] and d.names}
    spare = next(letter for letter in _NEW if letter not in names)
    for square in squares:
        ways = [list(_replaced(argument, square, dim(spare))) for argument in arguments]
        yield from (way for way in itertools.product(*ways) if list(way) != list(arguments))
    yield arguments


def _replaced(argument: Argument, old: Dim, new: Dim) -> Iterator[Argument]:
    places = [k for k, d in enumerate(argument.dims) if d == old]
    for k in places:
        yield replace(argument, dims=(*argument.dims[:k], new, *argument.dims[k + 1 :]))
    if len(places) < 2:
        yield argument
