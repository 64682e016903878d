"""Which gradient is which in what backward returned: by key in a dict, by argument order in a tuple."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from checks.dialects.names import GENERIC, called_alike, gradient_names, input_gradient_names, near_misses
from checks.dialects.places import Located, Place, Returned
from checks.dialects.reach import Path, Step, as_number
from checks.evaluation import squeezed
from checks.infer_names import is_parameter


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


def one_for_each(returned: Returned, inputs: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    """The gradients of these inputs, by name, where backward returned one of each: in their order, or by key."""
    if isinstance(returned, dict):
        keys = [next((key for key in (n, *gradient_names(n)) if key in returned), None) for n in inputs]
        given = [returned.get(key) for key in keys]
    else:
        given = list(returned) if isinstance(returned, tuple | list) else []
    numbers = [as_number(value) for value in given]
    if len(numbers) != len(inputs):
        return []
    return [(name, number) for name, number in zip(inputs, numbers, strict=True) if number is not None]


def from_returned(
    returned: Returned,
    inputs: Sequence[str],
    labels: Sequence[str],
    parameters: Mapping[str, Sequence[Path]],
    located: Located,
    returned_names: Sequence[str] | None,
    shapes: Mapping[str, tuple[int, ...]],
    spare: int = 0,
    declared: Sequence[str] = (),
) -> None:
    """`declared`: all that forward takes, in its order: what has no gradient may have a place among them all the same.
    `shapes`: of the arrays, by name. They tell blocks apart (inputs, parameters), never one from the next.

    `spare`: how many optional inputs there are, whose gradients may come last.
    """
    if returned is None:
        return
    waiting = [name for name in parameters if name not in located.places]
    if isinstance(returned, dict):
        _by_key(returned, (), {**dict.fromkeys(inputs, ()), **parameters}, located)
        generic = next((key for key in GENERIC if key in returned), None)
        if inputs and inputs[0] not in located.places and generic is not None:
            located.places[inputs[0]] = Place("returned", Path((("[]", generic),)))
        _by_elimination(returned, inputs, parameters, located, shapes)
        return
    if not isinstance(returned, tuple | list):
        stacked = _stacked(returned, inputs, waiting, shapes)
        if as_number(returned) is None:
            located.fault = f"backward returned {_kind(returned)}"
        elif stacked:
            located.places.update({name: Place("returned", _index(k)) for k, name in enumerate(stacked)})
        elif inputs:
            located.places[inputs[0]] = Place("returned", Path(()))
        elif len(waiting) == 1:
            located.places[waiting[0]] = Place("returned", Path(()))
        return
    count = len(returned)
    nested = [k for k, value in enumerate(returned) if isinstance(value, tuple | list | dict)]
    if nested:
        _from_nested(returned, nested, inputs, parameters, located, shapes)
        return
    bad = next((v for v in returned if v is not None and as_number(v) is None), None)
    if bad is not None:
        located.fault = f"backward returned {_kind(bad)} among its gradients"
        return
    orders = list(_orders(count, inputs, labels, list(parameters), waiting, returned_names))
    if any(name not in inputs for name in declared) and set(inputs) <= set(declared):
        for chosen in (list(parameters), waiting, []):
            order = [*(name if name in inputs else "" for name in declared), *chosen]
            nothing = [name for name, value in zip(order, returned, strict=False) if _is_nothing(value)]
            if len(order) == count and nothing and not any(nothing):
                orders.insert(0, order)
                break
    if len(inputs) < count <= len(inputs) + spare:
        orders.append([*inputs, *("" for _ in range(count - len(inputs)))])
    if orders:
        order = next((order for order in orders if _fits(order, returned, shapes)), orders[0])
        located.places.update({name: Place("returned", _index(k)) for k, name in enumerate(order) if name})
        return
    located.fault = (
        f"backward returned {count} gradients; forward takes {len(inputs)} "
        f"input{'s' if len(inputs) != 1 else ''} ({', '.join(inputs)})"
        + (f" and the parameters are {', '.join(parameters)}" if parameters else "")
    )


def _is_nothing(value: Any) -> bool:
    """Whether it stands for no gradient: None, or a plain zero."""
    return value is None or (isinstance(value, int | float) and not value)


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
    named = None if inputs else _named(parameters, returned_names)
    if named is not None and len(named) == count:  # no argument of forward says in which order
        yield named
    for chosen in dict.fromkeys((tuple(parameters), tuple(waiting))):
        if chosen and count == len(inputs) + len(chosen):
            ways = [*inputs, *chosen], [*chosen, *inputs]
            yield from reversed(ways) if _parameters_first(inputs, chosen, returned_names) else ways
    spoken = called_alike(returned_names or (), inputs)
    if spoken is not None and len(spoken) == count < len(inputs):
        yield list(spoken)  # some of them are data, and have none
    if count <= len(inputs):
        yield inputs[:count]
    if waiting and count == 1 + len(waiting):
        yield [*inputs[:1], *waiting]
    if waiting and count == len(waiting):
        yield list(waiting)
    if count == len(parameters):
        yield list(parameters)
    if count == len(inputs) + len(labels):
        yield [*inputs, *("" for _ in labels)]


def _named(parameters: Sequence[str], names: Sequence[str] | None) -> list[str] | None:
    """The parameters whose gradients the return statement spells, if it spells one of each."""
    said = [next((p for p in parameters if name in gradient_names(p)), None) for name in names or ()]
    found = [name for name in said if name is not None]
    return found if found and len(set(found)) == len(said) else None


def _fits(order: Sequence[str], returned: Sequence[Any], shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether each gradient has its array's shape, axes of length one aside."""
    pairs = [(shapes[name], value) for name, value in zip(order, returned, strict=False) if name in shapes]
    return all(value is None or squeezed(np.shape(value)) == squeezed(shape) for shape, value in pairs)


def _stacked(
    returned: Any, inputs: Sequence[str], waiting: Sequence[str], shapes: Mapping[str, tuple[int, ...]]
) -> Sequence[str]:
    """The arrays whose gradients lie one after another along the first axis of one array; none where they do not."""
    if not isinstance(returned, np.ndarray) or not inputs or returned.shape == shapes.get(inputs[0]):
        return ()
    for names in (inputs, [*inputs, *waiting], waiting):
        alike = {shapes.get(name) for name in names} == {returned.shape[1:]}
        if len(names) > 1 and alike and returned.shape[:1] == (len(names),):
            return names
    return ()


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
    parameters: Mapping[str, Sequence[Path]],
    located: Located,
    shapes: Mapping[str, tuple[int, ...]],
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
        else:
            for name, index in _of_a_list(container, parameters, located, shapes):
                located.places[name] = Place("returned", Path((("[]", k), ("[]", index))))


def _of_a_list(
    gradients: Sequence[Any],
    parameters: Mapping[str, Sequence[Path]],
    located: Located,
    shapes: Mapping[str, tuple[int, ...]],
) -> list[tuple[str, int]]:
    """The entries of the first list of parameters of these shapes: `(nabla_b, nabla_w)` for biases and weights."""
    lists: dict[tuple[Step, ...], list[tuple[str, int]]] = {}
    for name, paths in parameters.items():
        for path in paths:
            kind, key = path.steps[-1]
            if kind == "[]" and isinstance(key, int) and name not in located.places:
                lists.setdefault(path.steps[:-1], []).append((name, key))
    for entries in lists.values():
        fitting = len(entries) == len(gradients) and all(
            squeezed(np.shape(gradients[index])) == squeezed(shapes.get(name, ())) for name, index in entries
        )
        if fitting:
            return entries
    return []


def _by_key(
    returned: Mapping[Any, Any],
    steps: tuple[Step, ...],
    arrays: Mapping[str, Sequence[Path]],
    located: Located,
) -> None:
    """By the array's name, or by the key under which its container has it."""
    for name, paths in arrays.items():
        own = [path.steps[-1][1] for path in paths if path.steps[-1][0] == "[]"]
        for key in (name, *gradient_names(name), *own):
            if key in returned:
                located.places[name] = Place("returned", Path((*steps, ("[]", key))))
                break


def _by_elimination(
    returned: Mapping[Any, Any],
    inputs: Sequence[str],
    parameters: Mapping[str, Sequence[Path]],
    located: Located,
    shapes: Mapping[str, tuple[int, ...]],
) -> None:
    """The gradients whose keys speak of no array, for the data of which no key speaks, in their order.

    As many of the one as of the other, and of their shapes; a key that is nearly some array's is a slip.
    """
    waiting = [name for name in (*inputs, *parameters) if name not in located.places]
    left = [name for name in waiting if name in inputs and not is_parameter(name)]
    used = {place.path.steps[-1][1] for place in located.places.values() if place.source == "returned"}
    keys = [key for key, value in returned.items() if key not in used and as_number(value) is not None]
    silent = [key for key in keys if isinstance(key, str)]
    if not left or not len(left) == len(keys) == len(silent):
        return
    if any(near_misses(name, silent) for name in waiting) or not _fits(left, [returned[k] for k in keys], shapes):
        return
    for name, key in zip(left, keys, strict=True):
        located.places[name] = Place("returned", Path((("[]", key),)))
        located.unnamed[name] = located.places[name].path


def _index(k: int) -> Path:
    return Path((("[]", k),))


def _kind(value: Any) -> str:
    return f"{type(value).__name__} {value!r}" if isinstance(value, str) else f"a {type(value).__name__}"
