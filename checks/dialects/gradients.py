"""Where the gradients are, decided by structure alone: argument order, names, the sibling of a container.

No value is ever compared here: a gradient in the wrong place stays in the wrong place, for the check to say
so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from checks.dialects.names import gradient_names, input_gradient_names, near_misses
from checks.dialects.places import Located, Place, Returned
from checks.dialects.reach import Path, as_number
from checks.dialects.returned import from_returned
from checks.dialects.siblings import on_object


def locate(
    root: Any,
    returned: Returned,
    inputs: Sequence[str],
    labels: Sequence[str],
    parameters: Mapping[str, Sequence[Path]],
    *,
    returned_names: Sequence[str] | None = None,
    updated: Sequence[str] = (),
    returns_all: bool = False,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    spare: int = 0,
    gives_input: bool = True,
    declared: Sequence[str] = (),
) -> Located:
    """The place of each array's gradient. `inputs`: float inputs in order; `parameters`: with the places
    they are in.

    `updated`: parameters that backward itself changed, and whose gradient is that change. `returns_all`: a
    dict that backward returned is all it gives. `spare`: optional inputs, whose gradients may be returned too.
    `declared`: all that forward takes, in its order. `gives_input`: what is returned without a name may be an input's.
    """
    located = Located()
    if not (returns_all and isinstance(returned, dict)):
        for name, paths in parameters.items():
            place = on_object(root, name, paths)
            if place is not None:
                located.places[name] = place
        _lowered_by_convention(root, parameters, located)
    for name in updated:
        if name not in located.places and parameters[name]:
            located.places[name] = Place("update", parameters[name][0])
    waiting = any(name not in located.places for name in parameters)
    unnamed = () if waiting and not gives_input and not isinstance(returned, dict) else inputs
    from_returned(returned, unnamed, labels, parameters, located, returned_names, shapes or {}, spare, declared)
    if located.fault is not None and unnamed != inputs:
        located.fault = None
        from_returned(returned, inputs, labels, parameters, located, returned_names, shapes or {}, spare, declared)
    if not gives_input:
        _once(root, returned, inputs, located)
    for name in inputs:
        if name not in located.places:
            first = name == inputs[0]  # the generic names are those of the first input's gradient
            for attribute in input_gradient_names(name) if first else gradient_names(name):
                path = Path(((".", attribute),))
                if as_number(path.get(root)) is not None:
                    located.places[name] = Place("object", path)
                    break
    for name, paths in parameters.items():
        place = located.places.get(name)
        value = None if place is None else place.get(root, returned)
        if place is None or value is None or (place.source == "object" and not np.any(value)):
            keys = set(_keys_around(root, paths, returned))
            taken = {p.path.steps[-1][1] for p in located.places.values() if p.path.steps}
            near = near_misses(name, sorted(k for k in keys if k not in taken and k not in parameters))
            if near:
                located.near[name] = near
    return located


def _once(root: Any, returned: Returned, inputs: Sequence[str], located: Located) -> None:
    """What is returned is no input's gradient where it is a parameter's, which the object keeps too."""
    kept = [place.get(root, returned) for place in located.places.values() if place.source == "object"]
    for name in inputs:
        place = located.places.get(name)
        if place is not None and place.source == "returned":
            value = place.get(root, returned)
            if any(value is own for own in kept):
                del located.places[name]


def _lowered_by_convention(root: Any, parameters: Mapping[str, Sequence[Path]], located: Located) -> None:
    """`W`, `B` with `dw`, `db` throughout is a convention; `W`, `b` with `dw`, `db` is a slip, and stays
    missing.
    """
    if len(parameters) < 2 or any(name in located.places for name in parameters):
        return
    found = {}
    for name, paths in parameters.items():
        if name == name.lower() or not paths:
            return
        place = on_object(root, name.lower(), [path.beside((".", name.lower())) for path in paths])
        if place is None:
            return
        found[name] = place
    located.places.update(found)


def _keys_around(root: Any, paths: Sequence[Path], returned: Returned) -> Iterator[str]:
    """Names under which numbers are kept near a parameter, or returned."""
    for path in paths:
        for depth in range(len(path.steps)):
            owner = Path(path.steps[:depth]).get(root) if depth else root
            entries = owner if isinstance(owner, dict) else getattr(owner, "__dict__", {})
            for key, value in entries.items():
                if isinstance(key, str) and as_number(value) is not None:
                    yield key
                if isinstance(key, str) and isinstance(value, dict) and "grad" in key.lower():
                    yield from (k for k, v in value.items() if isinstance(k, str) and as_number(v) is not None)
    if isinstance(returned, dict):
        yield from (key for key in returned if isinstance(key, str))
