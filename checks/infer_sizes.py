"""Numbers for sizes, and sizes from numbers.

A layout is run at several assignments of numbers to its sizes, all distinct within an assignment and
different between assignments. An axis that is 5, 4 and 3 in the three runs is then recognised by that
sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations

from checks.signature import Dim

Sizes = Mapping[str, int]

# Batches above 1, squares never; the first run is the largest in no size.
_ORDINARY = ((3, 4, 5, 2, 7, 6), (2, 5, 3, 4, 6, 7), (4, 3, 7, 6, 2, 5))
# Images need room for windows, and even sides for pooling by two; whether odd ones run is asked separately.
_ROOMY = {"h": (6, 8, 10), "w": (8, 4, 6), "l": (6, 8, 10), "k": (3, 2, 3)}
RUNS = len(_ORDINARY)


@cache
def dim(text: str) -> Dim:
    """The same Dim for the same text: parsing is the slow part of a search over many layouts."""
    return Dim(text)


def dims(text: str) -> tuple[Dim, ...]:
    """The sizes in a comma-separated text; the empty text has none."""
    return tuple(dim(part) for part in text.split(",")) if text else ()


def assignment(names: Sequence[str], run: int) -> dict[str, int]:
    """Numbers for these sizes in that run; the batch `n` comes first whatever the order."""
    ordinary = [name for name in names if name not in _ROOMY]
    ordinary.sort(key=lambda name: name != "n")
    row = _ORDINARY[run]
    sizes = {name: row[k] if k < len(row) else 8 + k + run for k, name in enumerate(ordinary)}
    sizes.update({name: _ROOMY[name][run] for name in names if name in _ROOMY})
    return sizes


def name_shape(shapes: Sequence[tuple[int, ...]], runs: Sequence[Sizes]) -> tuple[Dim, ...] | None:
    """The sizes that explain an array's shapes in these runs; None where nothing simple does."""
    if len({len(shape) for shape in shapes}) != 1:
        return None
    found = []
    for axis in range(len(shapes[0])):
        named = name_axis(tuple(shape[axis] for shape in shapes), runs)
        if named is None:
            return None
        found.append(named)
    return tuple(found)


def name_axis(extents: tuple[int, ...], runs: Sequence[Sizes]) -> Dim | None:
    """The simplest size with these values: a name, a number, then small arithmetic."""
    names = [name for name in runs[0] if all(name in sizes for sizes in runs)]
    for name in names:
        if all(sizes[name] == extent for sizes, extent in zip(runs, extents, strict=True)):
            return dim(name)
    if len(set(extents)) == 1 and extents[0] > 0:
        return dim(str(extents[0]))
    for text in _expressions(tuple(names)):
        if all(dim(text).value(sizes) == extent for sizes, extent in zip(runs, extents, strict=True)):
            return dim(text)
    return None


@cache
def _expressions(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_spelled(names))


def _spelled(names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield from (f"{name}-{c}" for c in range(1, 5))
        yield from (f"{name}+{c}" for c in range(1, 5))
        yield from (f"{c}*{name}" for c in (2, 3, 4, 6, 8))
        yield f"{name}//2"
        yield f"({name}-1)//2+1"
        yield f"({name}-3)//2+1"
        yield f"{name}//3"
    for count in (2, 3, 4):
        yield from ("*".join(group) for group in combinations(names, count))
    for first, second in combinations(names, 2):
        yield f"{first}+{second}"
        yield f"{first}-{second}+1"
        yield f"{second}-{first}+1"
        yield f"{first}-{second}+3"  # padded by one on both sides
        yield f"{second}-{first}+3"
