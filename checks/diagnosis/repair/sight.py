"""What is in sight of an expression: names, attributes, entries of dicts and tuples; the numbers and arrays there."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from checks.diagnosis.repair.edit import is_value

_NO_OBJECTS = (type, FunctionType, BuiltinFunctionType, MethodType, ModuleType)
_MOST = 60
_MOST_ROWS = 4  # of an array, to be taken one by one
_MOST_ENTRIES = 12  # of a dict or a tuple


@dataclass(frozen=True, eq=False, slots=True)
class Name:
    """Something in sight: how it is written, what it is, and how to have it again."""

    text: str
    value: Any
    get: Callable[[Mapping[str, Any]], Any]


def in_sight(scope: Mapping[str, Any]) -> list[Name]:
    """The numbers and arrays that a name leads to, and the extents of arrays; no two alike."""
    found: dict[bytes, Name] = {}
    for name in itertools.chain(reachable(scope), _extents(scope)):
        if not is_value(name.value):
            continue
        array = np.asarray(name.value)
        key = array.tobytes() + str((array.shape, array.dtype.kind)).encode()
        found.setdefault(key, name)
        if len(found) >= _MOST:
            break
    return list(found.values())


def reachable(scope: Mapping[str, Any]) -> Iterator[Name]:
    """All that is in sight: the names, then their entries, then the attributes of what they stand for and theirs."""
    names = [Name(text, value, _by_key(text)) for text, value in scope.items() if not text.startswith((".", "__"))]
    yield from names
    for own in names:
        yield from _entries(own)
    for own in names:
        text, value = own.text, own.value
        if hasattr(value, "__dict__") and not isinstance(value, _NO_OBJECTS):
            for attribute, inner in list(vars(value).items()):
                one = Name(f"{text}.{attribute}", inner, _by_attribute(own.get, attribute))
                yield one
                yield from _entries(one)


def _extents(scope: Mapping[str, Any]) -> Iterator[Name]:
    """How long each axis of the arrays is that have a name of their own."""
    for text, value in scope.items():
        if isinstance(value, np.ndarray) and not text.startswith((".", "__")):
            shape = _by_attribute(_by_key(text), "shape")
            yield from (Name(f"{text}.shape[{k}]", n, _by_entry(shape, k)) for k, n in enumerate(value.shape))


def spelled_out(texts: Sequence[str], scope: Mapping[str, Any], names: dict[str, Any]) -> list[Name]:
    """What these expressions of the code are here; those that cannot be had here are left out."""
    found: list[Name] = []
    for text in texts:
        try:
            get = _by_code(text, names)
            value = get(scope)
        except Exception:  # it stands elsewhere, where other names are in sight
            continue
        if is_value(value):
            found.append(Name(text, value, get))
    return found


def _entries(of: Name) -> Iterator[Name]:
    """The entries of a dict, a tuple or a list; the rows of a small array."""
    value = of.value
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, tuple | list) or (
        isinstance(value, np.ndarray) and value.ndim > 1 and len(value) <= _MOST_ROWS
    ):
        pairs = list(enumerate(value))
    else:
        return
    for key, inner in pairs[:_MOST_ENTRIES]:
        yield Name(f"{of.text}[{key!r}]", inner, _by_entry(of.get, key))


def _by_code(text: str, names: dict[str, Any]) -> Callable[[Mapping[str, Any]], Any]:
    code = _compiled(text)
    return lambda scope: eval(code, names, dict(scope))


@functools.lru_cache(maxsize=4096)
def _compiled(text: str) -> CodeType:
    return compile(text, "<expression>", "eval")


def _by_key(key: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda scope: scope[key]


def _by_attribute(get: Callable[[Mapping[str, Any]], Any], name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda scope: getattr(get(scope), name)


def _by_entry(get: Callable[[Mapping[str, Any]], Any], key: Any) -> Callable[[Mapping[str, Any]], Any]:
    return lambda scope: get(scope)[key]
