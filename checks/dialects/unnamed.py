"""Gradients under names that say nothing, found by what backward left behind: by shape, then by order.

Only where no name speaks: as soon as one parameter's gradient is where its name says, another one's absence is a slip.
Where shape and order leave several ways open, the values may choose among them (never judge: a gradient that
agrees nowhere stays in the likeliest place, for the check to say so).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from checks.dialects.names import gradient_names
from checks.dialects.places import Located, Place
from checks.dialects.reach import Path, as_number, walk
from checks.evaluation import squeezed
from checks.subject import Array

_TOO_LARGE = 1_000_000  # entries: beyond this, no copy is made to see what backward changes in place

Shape = tuple[int, ...]
Kept = dict[Path, tuple[Any, Any]]
# Whether the array of that name changes the output as this gradient says, along one direction.
Follows = Callable[[str, Array], bool]


def kept_by(root: Any) -> Kept:
    """What an object holds: each number with a copy of it."""
    return {slot.path: (slot.value, _copy(slot.value)) for slot in walk(root)}


def left_behind(root: Any, before: Kept) -> list[tuple[Path, Array]]:
    """The numbers on the object that are not what they were, in the order in which the object names them."""
    found = []
    for slot in walk(root):
        value = as_number(slot.value)
        if value is None or value.dtype.kind != "f":
            continue
        was, copied = before.get(slot.path, (None, None))
        if slot.value is not was or (copied is not None and not np.array_equal(copied, value, equal_nan=True)):
            found.append((slot.path, value))
    return found


def place_among(
    located: Located, inputs: Sequence[str], returned: Any, returned_names: Sequence[str], follows: Follows
) -> None:
    """Fewer gradients than inputs, of which no name says whose they are: those of inputs that they follow, in order.

    Where they follow none so, one of them is wrong, and they stay those of the first inputs.
    """
    given = [as_number(one) for one in returned] if isinstance(returned, tuple | list) else []
    numbers = [one for one in given if one is not None]
    first = list(inputs[: len(given)])
    spoken = any(key in gradient_names(name) for key in returned_names for name in inputs)
    at_first = [name for name in inputs if name in located.places] == first
    if not 1 < len(numbers) == len(given) < len(inputs) or spoken or not at_first:
        return
    for names in itertools.combinations(inputs, len(numbers)):
        if all(follows(name, number) for name, number in zip(names, numbers, strict=True)):
            places = [located.places.pop(name) for name in first]
            located.places.update(zip(names, places, strict=True))
            return


def place_unnamed(
    located: Located,
    wanted: Sequence[str],
    shapes: Mapping[str, Shape],
    paths: Mapping[str, Path],
    candidates: Sequence[tuple[Path, Array]],
    follows: Follows,
    again: Mapping[str, Sequence[Path]],
) -> None:
    """Places the gradients of the `wanted` arrays among the candidates, and notes that it did.

    `shapes`: of the wanted arrays; `paths`: where the object keeps those that are its own; `again`: and where else.
    """
    wanted = list(wanted)
    for name in list(wanted):  # the same key of another container says it
        own, shape = paths.get(name), shapes[name]
        keyed = [path for path, value in candidates if own is not None and _same_key(path, own, value, shape)]
        if len(keyed) == 1:
            known = [path for path, _ in candidates]
            more = [keyed[0].beside(one.steps[-1]) for one in again.get(name, ()) if own and one.in_list_with(own)]
            located.places[name] = Place("object", keyed[0], tuple(path for path in more if path in known))
            located.unnamed[name] = keyed[0]
            wanted.remove(name)
    taken = {place.path for place in located.places.values() if place.source == "object"}
    free = [(path, value) for path, value in candidates if path not in taken]
    for shape in dict.fromkeys(squeezed(shapes[name]) for name in wanted):
        alike = [name for name in wanted if squeezed(shapes[name]) == shape]
        fitting = [(path, value) for path, value in free if squeezed(value.shape) == shape]
        if len(fitting) < len(alike):
            continue
        chosen = _paired(alike, fitting, follows) if len(fitting) > 1 else [path for path, _ in fitting]
        for name, path in zip(alike, chosen, strict=True):
            located.places[name] = Place("object", path)
            located.unnamed[name] = path


def _same_key(candidate: Path, own: Path, value: Array, shape: Shape) -> bool:
    """Whether both are entries of containers, under the same key, and of the same shape."""
    entry = candidate.steps[-1][0] == "[]" and candidate.steps[-1] == own.steps[-1]
    return entry and squeezed(value.shape) == squeezed(shape)


def _paired(names: Sequence[str], candidates: Sequence[tuple[Path, Array]], follows: Follows) -> list[Path]:
    """A candidate for each name: the first free one that follows, as far as that goes round; else the order's."""
    fitting = {name: [path for path, value in candidates if follows(name, value)] for name in names}
    chosen: dict[str, Path] = {}
    for name in sorted(names, key=lambda name: len(fitting[name])):  # those with the least choice first
        free = [path for path in fitting[name] if path not in chosen.values()]
        if free:
            chosen[name] = free[0]
    rest = iter([path for path, _ in candidates if path not in chosen.values()])
    return [chosen[name] if name in chosen else next(rest) for name in names]


def words(located: Located) -> Iterator[str]:
    """That names did not say where the gradients are."""
    if located.unnamed:
        owner = {name: "returned" if located.places[name].source == "returned" else "self" for name in located.unnamed}
        pairs = ", ".join(f"{name} in {owner[name]}{path.code}" for name, path in located.unnamed.items())
        yield f"no name says where the gradients are; by shape and order they are: {pairs}"


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) and value.size <= _TOO_LARGE else None
