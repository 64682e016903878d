"""Which of an object's arrays are parameters, and which gradients it owes.

An array is a parameter if the output moves when it does. Its gradient is owed if it lies in a container of
parameters, was handed to the constructor, has a gradient already, or stands beside one that has. Constants,
masks and running statistics owe none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from checks.dialects.names import gradient_names, suffixed
from checks.dialects.probing import Live, Prober
from checks.dialects.reach import Path, Slot, arrays, as_number, is_float_array, walk
from checks.infer_draw import reseed
from checks.infer_layout import Layout
from checks.infer_names import is_buffer, is_parameter
from checks.subject import Array

_CONTAINERS = frozenset({"params", "parameters", "_params", "_parameters", "learnable", "weights", "trainable"})
_TOO_LARGE = 1_000_000  # entries: beyond this, an array is not perturbed to see whether it matters


@dataclass(eq=False, slots=True)
class Parameter:
    """An array that the object keeps: its name, every place it is kept in, whether the output depends on
    it.
    """

    name: str
    paths: list[Path] = field(default_factory=list)
    handed: bool = False
    matters: bool = True
    scalar: bool = False

    @property
    def in_container(self) -> bool:
        """Whether one of its places is an entry of a container of parameters."""
        return any(
            kind == "[]" and k and str(path.steps[k - 1][1]).lower() in _CONTAINERS
            for path in self.paths
            for k, (kind, _) in enumerate(path.steps)
        )


def find(prober: Prober, layout: Layout, sizes: Mapping[str, int], given: Mapping[str, Array]) -> list[Parameter]:
    """The parameters of a fresh object, handed ones first, each with its places."""

    def fresh() -> Live:
        return prober.construct(layout, sizes, given)

    live = fresh()
    constructor = (*prober.usage.constructor, *prober.usage.optional)
    told = {f.name: live.values[f.name] for f in constructor if is_float_array(live.values.get(f.name))}
    data = [f.name for f in constructor if f.data]  # which forward may have been told before
    handed = {name: value for name, value in told.items() if name not in data}
    slots = arrays(live.root)
    found = [Parameter(n, _places(value, slots), handed=True) for n, value in handed.items()]
    taken = {path.steps for parameter in found for path in parameter.paths}
    groups: dict[int, list[Slot]] = {}
    for slot in slots:
        if slot.path.steps not in taken and not any(slot.value is value for value in told.values()):
            groups.setdefault(id(slot.value), []).append(slot)
    names = {p.name for p in found} | set(live.values)
    dependence = _Dependence(prober, fresh)
    for parameter in found:
        parameter.matters = dependence.moves(_handed(parameter.name), handed=True)
    derived = _derived(prober, live, told, groups.values())
    for group in groups.values():
        path = group[0].path
        if path in derived or is_gradient(path, slots) or not group[0].value.size:
            continue
        parameter = Parameter(_unused(path.name, names), [slot.path for slot in group])
        large = group[0].value.size > _TOO_LARGE
        parameter.matters = large or dependence.moves(_kept(path))
        if parameter.matters or parameter.in_container:
            names.add(parameter.name)
            found.append(parameter)
    return found


def scalars(
    root: Any, before: Sequence[Slot], taken: set[str], returned: Any = None, spelled: Sequence[str] | None = None
) -> list[Parameter]:
    """Numbers with a place for their gradient: `self.beta = 1.0` with `self.dbeta = None`, or a key of what backward
    returned, or a name that its return statement spells.
    """
    keys = {slot.path for slot in walk(root)}
    given = set(returned) if isinstance(returned, dict) else set(spelled or ())
    found = []
    for slot in before:
        kind, key = slot.path.steps[-1]
        number = isinstance(slot.value, float | np.floating) or (
            type(slot.value) is int and kind == "." and _has_gradient(root, slot.path)
        )
        placed = kind == "." and any(
            slot.path.beside((".", g)) in keys or (len(slot.path.steps) == 1 and g in given)
            for g in (*gradient_names(key), *({key} & given))
        )
        home = slot.path.steps[:-1]
        beside = (p.steps[-1][1] for p in keys if p.steps[:-1] == home) if kind == "." and number else ()
        placed = placed or any(isinstance(other, str) and suffixed(key, other) for other in beside)
        if number and placed:
            found.append(Parameter(_unused(slot.path.name, taken), [slot.path], scalar=True))
            taken.add(found[-1].name)
    return found


def _has_gradient(root: Any, path: Path) -> bool:
    """Whether one real number stands under the usual name of an attribute's gradient."""
    value = as_number(path.beside((".", f"d{path.steps[-1][1]}")).get(root))
    return value is not None and value.dtype.kind == "f" and value.size == 1


def uncounted(
    prober: Prober, fresh: Callable[[], Live], before: Sequence[Slot], taken: set[str], extra: int
) -> list[Parameter]:
    """Numbers of the object on which the output depends, where there are just as many as gradients that no array is
    there for: `return X.T @ r, r.sum()` with `self.b = 0.0`.
    """
    base = _output(prober, fresh())
    if extra < 1 or base is None:
        return []
    found = []
    for slot in before:
        if len(slot.path.steps) == 1 and isinstance(slot.value, float | np.floating):
            live = fresh()
            moved = Slot(live.root, slot.path, slot.value).put(slot.value + 0.37)
            now = _output(prober, live) if moved else base
            if now is not None and not np.array_equal(now, base, equal_nan=True):
                found.append(Parameter(_unused(slot.path.name, taken), [slot.path], scalar=True))
    if len(found) > extra:  # what the constructor is told by a number, it learns nothing of
        names = {formal.name for formal in (*prober.usage.constructor, *prober.usage.optional)}
        found = [parameter for parameter in found if parameter.name not in names]
    return found if len(found) == extra else []


def is_gradient(path: Path, slots: Sequence[Slot]) -> bool:
    """Whether an array is the gradient of another one, by its name or by its container's."""
    if any("grad" in str(key).lower() for _, key in path.steps):
        return True
    key = path.steps[-1][1]
    if not isinstance(key, str):
        return False
    others = [s.path.steps[-1][1] for s in slots if s.path.steps[:-1] == path.steps[:-1]]
    return any(isinstance(other, str) and other != key and key in gradient_names(other) for other in others)


def owed(parameters: Sequence[Parameter], located: Mapping[str, Any]) -> list[str]:
    """The names of the parameters whose gradient backward has to give."""
    owing = []
    homes = {_home(path) for p in parameters if p.name in located for path in p.paths}
    for parameter in parameters:
        sibling = any(_home(path) in homes or _beside_list(path, homes) for path in parameter.paths)
        buffer = is_buffer(parameter.name)
        if (
            parameter.name in located
            or (parameter.in_container and parameter.matters)
            or (parameter.handed and parameter.matters and not buffer)
            or (not parameter.handed and not buffer and (sibling or is_parameter(parameter.name)))
        ):
            owing.append(parameter.name)
    return owing


def _beside_list(path: Path, homes: Collection[tuple[Any, ...]]) -> bool:
    """Whether it is an entry of a list, next to a list whose entries have gradients: `Ws` beside `bs`."""
    kind, key = path.steps[-1]
    parent = path.steps[:-2]
    return kind == "[]" and isinstance(key, int) and any(len(h) == len(parent) + 1 and h[:-1] == parent for h in homes)


def _home(path: Path) -> tuple[Any, ...]:
    return path.steps[:-1]


def _places(value: Array, slots: Sequence[Slot]) -> list[Path]:
    """Where an array handed to the constructor is kept: by identity, else where an equal one is."""
    same = [slot.path for slot in slots if slot.value is value]
    if same:
        return same
    return [s.path for s in slots if s.value.shape == value.shape and np.allclose(s.value, value, rtol=1e-6)]


def _handed(name: str) -> Callable[[Live], Any]:
    return lambda live: live.values[name]


def _kept(path: Path) -> Callable[[Live], Any]:
    return lambda live: path.get(live.root)


class _Dependence:
    """Whether the output depends on an array: looked for from several sides, since a unit may be off at each."""

    def __init__(self, prober: Prober, fresh: Callable[[], Live]) -> None:
        self.prober = prober
        self.fresh = fresh
        self._bases: dict[int, Array | None] = {}

    def moves(self, which: Callable[[Live], Any], *, handed: bool = False) -> bool:
        """Whether the output changes with this array; taken for granted where forward does not run."""
        return any(
            self._moves(which, sign, share, handed=handed)
            for sign, share in ((1, 0.3), (1, -2.5), (-1, 0.3), (-1, -2.5))
        )

    def _moves(self, which: Callable[[Live], Any], sign: int, share: float, *, handed: bool) -> bool:
        """With the inputs' sign changed or not, by a share of the array's size."""
        base = self._base(sign)
        if base is None:
            return sign > 0
        live = self.fresh()
        array = which(live)
        if not isinstance(array, np.ndarray) or not array.flags.writeable:
            return True
        changed = array + _nudge(array, share)
        if handed:  # the constructor may copy or transform it: hand the changed one over
            live = _again(self.prober, live, array, changed)
        else:
            array[...] = changed
        now = _output(self.prober, live, sign)
        return now is None or now.shape != base.shape or not np.array_equal(now, base, equal_nan=True)

    def _base(self, sign: int) -> Array | None:
        if sign not in self._bases:
            self._bases[sign] = _output(self.prober, self.fresh(), sign)
        return self._bases[sign]


def _output(prober: Prober, live: Live, sign: int = 1) -> Array | None:
    """What forward gives, of inputs with their signs changed where `sign` is -1."""
    if sign < 0:
        for formal in prober.usage.forward:
            value = live.values.get(formal.name)
            if isinstance(value, np.ndarray) and is_float_array(value):
                live.values[formal.name] = -value
    try:
        return live.forward(prober.usage).copy()
    except Exception:  # the layout's own run has told this already
        return None


def _derived(prober: Prober, live: Live, handed: Mapping[str, Array], groups: Iterable[Sequence[Slot]]) -> set[Path]:
    """The arrays that the constructor computed from those it was handed: another form of them, not
    parameters.
    """
    if not handed:
        return set()
    changed = {name: array + _nudge(array) for name, array in handed.items()}
    other = _remade(prober, {**live.values, **changed})
    places = [(group[0].path, group[0].value) for group in groups]
    return {path for path, value in places if not np.array_equal(path.get(other.root), value, equal_nan=True)}


def _again(prober: Prober, live: Live, array: Array, changed: Array) -> Live:
    return _remade(prober, {name: changed if value is array else value for name, value in live.values.items()})


def _remade(prober: Prober, values: dict[str, Any]) -> Live:
    reseed()
    formals = (*prober.usage.constructor, *prober.usage.optional)
    root = prober.usage.make({f.name: values[f.name] for f in formals if f.name in values})
    return Live(values, root, prober.usage.bind(root))


def _nudge(array: Array, share: float = 0.3) -> Array:
    scale = float(np.abs(array).max(initial=0.0)) or 1.0
    return np.asarray(share * scale * (1.1 + np.cos(np.arange(array.size))).reshape(array.shape), dtype=array.dtype)


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
