"""Every array that an object holds, and where: attributes, entries of dicts and lists, objects within
objects.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.dialects.shared import comparable, is_generator
from checks.subject import Array

Step = tuple[str, Any]  # (".", attribute) or ("[]", key)
_DEEPEST = 6
_MOST = 20_000
_LARGE = 1_000_000  # entries
_OPAQUE = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    np.generic,
    np.random.Generator,
    np.random.RandomState,
    str,
    bytes,
    int,
    float,
    complex,
    bool,
    type(None),
)


@dataclass(frozen=True, slots=True)
class Path:
    """The way from an object to something that it holds."""

    steps: tuple[Step, ...]

    @property
    def code(self) -> str:
        """What to append to the object's name: `.params['W1']`."""
        return "".join({".": f".{key}", "()": "()"}.get(kind, f"[{key!r}]") for kind, key in self.steps)

    @property
    def name(self) -> str:
        """A Python name for it: the last key, with as many of those before as are needed for a word."""
        words = [str(key) for kind, key in self.steps]
        while len(words) > 1 and words[0] in _CONTAINERS and not (words[0] == "weights" and words[1].isdigit()):
            words.pop(0)
        if len(words) > 1 and words[-1] in BOXED:
            words.pop()
        text = "_".join(words) if len(words) > 1 else words[0]
        text = "".join(c if c.isalnum() or c == "_" else "_" for c in text)
        return text if text.isidentifier() else f"p{text}"

    def get(self, root: Any, default: Any = None) -> Any:
        """What is there now, or the default where the way is broken."""
        value = root
        for kind, key in self.steps:
            try:
                value = getattr(value, key) if kind == "." else value() if kind == "()" else value[key]
            except (AttributeError, KeyError, IndexError, TypeError):
                return default
        return value

    def beside(self, step: Step) -> Path:
        """The path with its last step exchanged."""
        return Path((*self.steps[:-1], step))

    def in_list_with(self, other: Path) -> bool:
        """Whether both are entries of one list."""
        kind, key = self.steps[-1]
        return self.steps[:-1] == other.steps[:-1] and kind == "[]" and isinstance(key, int)


# The attribute by which a parameter object keeps its values.
BOXED = frozenset({"data", "value", "val", "param", "_data", "_value"})
_CONTAINERS = frozenset({"params", "parameters", "weights", "_params", "_parameters", "p", "learnable_params"})


@dataclass(frozen=True, eq=False, slots=True)
class Slot:
    """One place that refers to something: what holds it, under which key, and the way there."""

    holder: Any
    path: Path
    value: Any

    def put(self, value: Any) -> bool:
        """Makes the place refer to `value`; False where it cannot be changed (an entry of a tuple)."""
        kind, key = self.path.steps[-1]
        try:
            if kind == ".":
                setattr(self.holder, key, value)
            else:
                self.holder[key] = value
        except (TypeError, AttributeError):
            return False
        return True


def walk(root: Any) -> Iterator[Slot]:
    """Every place below `root` that refers to an array, a number or None, once per place, near ones first."""
    queue: list[tuple[Any, tuple[Step, ...]]] = [(root, ())]
    seen = {id(root)}
    count = 0
    for holder, steps in queue:
        for step, value in _entries(holder):
            count += 1
            if count > _MOST:
                return
            way = (*steps, step)
            if value is None or isinstance(value, np.ndarray | np.generic | float | int):
                yield Slot(holder, Path(way), value)
            elif not isinstance(value, _OPAQUE) and len(way) < _DEEPEST and id(value) not in seen:
                seen.add(id(value))
                queue.append((value, way))


def lists(root: Any) -> Iterator[tuple[Path, list[Any]]]:
    """Every list below `root`, once, with the way to it."""
    queue: list[tuple[Any, tuple[Step, ...]]] = [(root, ())]
    seen = {id(root)}
    for holder, steps in queue:
        for step, value in _entries(holder):
            way = (*steps, step)
            known = isinstance(value, (*_OPAQUE, np.ndarray)) or id(value) in seen
            if known or len(way) >= _DEEPEST or len(queue) > _MOST:
                continue
            seen.add(id(value))
            queue.append((value, way))
            if isinstance(value, list):
                yield Path(way), value


def generator_states(root: Any) -> tuple[str, ...]:
    """The states of the random generators that an object keeps, to be compared."""
    states: list[str] = []
    queue: list[tuple[Any, int]] = [(root, 0)]
    seen = {id(root)}
    for holder, depth in queue:
        for _, value in _entries(holder):
            if is_generator(value):
                states.append(comparable(value))
            elif not isinstance(value, (*_OPAQUE, np.ndarray)) and depth < _DEEPEST and id(value) not in seen:
                seen.add(id(value))
                queue.append((value, depth + 1))
    return tuple(states)


def arrays(root: Any) -> list[Slot]:
    """The places that refer to floating-point arrays."""
    return [slot for slot in walk(root) if is_float_array(slot.value)]


def large_arrays(root: Any) -> dict[int, Array]:
    """The arrays, by id, of which a copy for every trial run would cost more than the run."""
    return {id(s.value): s.value for s in walk(root) if isinstance(s.value, np.ndarray) and s.value.size > _LARGE}


def is_float_array(value: Any) -> bool:
    """Whether it is an array of real floating-point numbers."""
    return isinstance(value, np.ndarray) and bool(np.issubdtype(value.dtype, np.floating))


def as_number(value: Any) -> Array | None:
    """A leaf of gradients as an array; None for anything that is not numeric."""
    if isinstance(value, np.ndarray):
        return value if value.dtype.kind in "fiubc" else None
    if isinstance(value, np.generic | float | int) and not isinstance(value, np.str_ | np.bytes_):
        return np.asarray(value)
    return None


def _entries(holder: Any) -> Iterator[tuple[Step, Any]]:
    if isinstance(holder, dict):
        for key, value in list(holder.items()):
            if isinstance(key, str | int | tuple):
                yield ("[]", key), value
        return
    if isinstance(holder, list | tuple):
        for index, value in enumerate(holder):
            yield ("[]", index), value
        return
    attributes = getattr(holder, "__dict__", None)
    if isinstance(attributes, dict):
        for name, value in list(attributes.items()):
            yield (".", name), value
    for cls in type(holder).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(holder, name):
                yield (".", name), getattr(holder, name)
