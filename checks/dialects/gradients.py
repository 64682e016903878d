"""Where the gradients are, decided by structure alone: argument order, names, the sibling of a container.

No value is ever compared here: a gradient in the wrong place stays in the wrong place, for the check to say
so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from checks.dialects.names import gradient_names, input_gradient_names, near_misses
from checks.dialects.reach import BOXED, Path, Step, as_number

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
    understood.
    """

    places: dict[str, Place] = field(default_factory=dict)
    near: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fault: str | None = None


def leaves(returned: Returned, steps: tuple[Step, ...] = ()) -> Iterator[tuple[Path, Any]]:
    """The arrays, numbers and Nones in what backward returned, with the way to each."""
    if isinstance(returned, tuple | list):
        for index, value in enumerate(returned):
            yield from leaves(value, (*steps, ("[]", index)))
    elif isinstance(returned, dict):
        for key, value in returned.items():
            yield from leaves(value, (*steps, ("[]", key)))
    else:
        yield Path(steps), returned


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
) -> Located:
    """The place of each array's gradient. `inputs`: float inputs in order; `parameters`: with the places
    they are in.

    `updated`: parameters that backward itself changed, and whose gradient is that change. `returns_all`: a
    dict that backward returned is all it gives.
    """
    located = Located()
    if not (returns_all and isinstance(returned, dict)):
        for name, paths in parameters.items():
            place = _on_object(root, name, paths)
            if place is not None:
                located.places[name] = place
        _lowered_by_convention(root, parameters, located)
    for name in updated:
        if name not in located.places and parameters[name]:
            located.places[name] = Place("update", parameters[name][0])
    _from_returned(returned, inputs, labels, parameters, located, returned_names)
    for name in inputs:
        if name not in located.places:
            for attribute in input_gradient_names(name):
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


def _on_object(root: Any, name: str, paths: Sequence[Path]) -> Place | None:
    """The sibling of the parameter's place: the same key of a container of gradients, or an attribute `d` +
    name.
    """
    for path in paths:
        for candidate in _siblings(root, name, path):
            if _is_there(root, candidate):
                return Place("object", candidate)
    return None


def _siblings(root: Any, name: str, path: Path) -> Iterator[Path]:
    kind, key = path.steps[-1]
    owner_path = Path(path.steps[:-1])
    if kind == "[]" and owner_path.steps:
        container = str(owner_path.steps[-1][1])
        holder = Path(owner_path.steps[:-1])
        for gradients in _gradient_containers(holder.get(root) if holder.steps else root, container):
            base = owner_path.beside((".", gradients))
            keys = [key] if not isinstance(key, str) else [key, *gradient_names(key)]
            yield from (Path((*base.steps, ("[]", k))) for k in keys)
        if isinstance(key, str):  # params and gradients in one dict
            yield from (path.beside(("[]", k)) for k in gradient_names(key))
        names = [name] if not isinstance(key, str) else [key, name]
        yield from (owner_path.beside((".", g)) for n in dict.fromkeys(names) for g in gradient_names(n))
        return
    if key in BOXED and owner_path.steps:
        yield from (path.beside((".", g)) for g in ("grad", "gradient", "_grad", "g", "diff", "delta"))
    owner = owner_path.get(root) if owner_path.steps else root
    words = dict.fromkeys((str(key), name))
    yield from (path.beside((".", g)) for word in words for g in gradient_names(word))
    for gradients in _gradient_containers(owner, ""):
        base = path.beside((".", gradients))
        yield from (Path((*base.steps, ("[]", k))) for word in words for k in (word, *gradient_names(word)))


def _gradient_containers(owner: Any, container: str) -> list[str]:
    """Attributes that hold gradients by key or by index: `grads` beside `params`."""
    names = []
    for name, value in getattr(owner, "__dict__", {}).items():
        word = name.lower().strip("_")
        if (
            isinstance(value, dict | list)
            and name != container
            and ("grad" in word or word == f"d{container}")
        ):
            names.append(name)
    return names


_ABSENT = object()


def _is_there(root: Any, path: Path) -> bool:
    """Whether something numeric is there, or a None that announces it."""
    value = path.get(root, _ABSENT)
    return value is None or (value is not _ABSENT and as_number(value) is not None)


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
        place = _on_object(root, name.lower(), [path.beside((".", name.lower())) for path in paths])
        if place is None:
            return
        found[name] = place
    located.places.update(found)


def _from_returned(
    returned: Returned,
    inputs: Sequence[str],
    labels: Sequence[str],
    parameters: Mapping[str, Sequence[Path]],
    located: Located,
    returned_names: Sequence[str] | None,
) -> None:
    if returned is None:
        return
    waiting = [name for name in parameters if name not in located.places]
    if isinstance(returned, dict):
        _by_key(returned, (), [*inputs, *parameters], located)
        return
    if not isinstance(returned, tuple | list):
        if as_number(returned) is None:
            located.fault = f"backward returned {_kind(returned)}"
        elif inputs:
            located.places[inputs[0]] = Place("returned", Path(()))
        elif len(waiting) == 1:
            located.places[waiting[0]] = Place("returned", Path(()))
        return
    count = len(returned)
    nested = [k for k, value in enumerate(returned) if isinstance(value, tuple | list | dict)]
    if nested:
        _from_nested(returned, nested, inputs, list(parameters), located)
        return
    bad = next((v for v in returned if v is not None and as_number(v) is None), None)
    if bad is not None:
        located.fault = f"backward returned {_kind(bad)} among its gradients"
        return
    for order in _orders(count, inputs, labels, list(parameters), waiting, returned_names):
        located.places.update({name: Place("returned", _index(k)) for k, name in enumerate(order) if name})
        return
    located.fault = (
        f"backward returned {count} gradients; forward takes {len(inputs)} "
        f"input{'s' if len(inputs) != 1 else ''} ({', '.join(inputs)})"
        + (f" and the parameters are {', '.join(parameters)}" if parameters else "")
    )


def _orders(
    count: int,
    inputs: Sequence[str],
    labels: Sequence[str],
    parameters: Sequence[str],
    waiting: Sequence[str],
    returned_names: Sequence[str] | None,
) -> Iterator[list[str]]:
    """Which arrays a tuple of `count` gradients is for, the likeliest first."""
    inputs = list(inputs)
    for chosen in dict.fromkeys((tuple(parameters), tuple(waiting))):
        if chosen and count == len(inputs) + len(chosen):
            last = _parameters_first(inputs, chosen, returned_names)
            yield [*chosen, *inputs] if last else [*inputs, *chosen]
    if count <= len(inputs):
        yield inputs[:count]
    if waiting and count == 1 + len(waiting):
        yield [*inputs[:1], *waiting]
    if waiting and count == len(waiting):
        yield list(waiting)
    if count == len(inputs) + len(labels):
        yield [*inputs, *("" for _ in labels)]


def _parameters_first(inputs: Sequence[str], parameters: Sequence[str], names: Sequence[str] | None) -> bool:
    """Whether the return statement spells the parameters' gradients first and the inputs' last: `dW, db,
    dx`.
    """
    if not names or len(names) != len(inputs) + len(parameters) or not inputs:
        return False
    tail = names[len(parameters) :]
    return all(name in input_gradient_names(array) for name, array in zip(tail, inputs, strict=True)) and (
        names[0] not in input_gradient_names(inputs[0])
    )


def _from_nested(
    returned: Sequence[Any],
    nested: Sequence[int],
    inputs: Sequence[str],
    parameters: Sequence[str],
    located: Located,
) -> None:
    """`(dx, [dW, db])` and `(dx, {"W": dW})`: flat ones for the inputs, the container for the parameters."""
    flat = [k for k in range(len(returned)) if k not in nested]
    located.places.update({name: Place("returned", _index(k)) for name, k in zip(inputs, flat, strict=False)})
    for k in nested:
        container = returned[k]
        if isinstance(container, dict):
            _by_key(container, (("[]", k),), parameters, located)
        elif len(container) == len(parameters):
            for index, name in enumerate(parameters):
                located.places[name] = Place("returned", Path((("[]", k), ("[]", index))))


def _by_key(
    returned: Mapping[Any, Any], steps: tuple[Step, ...], names: Sequence[str], located: Located
) -> None:
    for name in names:
        for key in (name, *gradient_names(name)):
            if key in returned:
                located.places[name] = Place("returned", Path((*steps, ("[]", key))))
                break


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
                    yield from (
                        k for k, v in value.items() if isinstance(k, str) and as_number(v) is not None
                    )
    if isinstance(returned, dict):
        yield from (key for key in returned if isinstance(key, str))


def _index(k: int) -> Path:
    return Path((("[]", k),))


def _kind(value: Any) -> str:
    return f"{type(value).__name__} {value!r}" if isinstance(value, str) else f"a {type(value).__name__}"
