"""What an argument may be that is neither an array nor a size: a string that the class knows, a function, an object."""

from __future__ import annotations

import ast
import dataclasses
import dis
import inspect
import re
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from checks.dialects.arguments import tree_of
from checks.infer_names import Hint

_MOST = 8
_FUNCTION = re.compile(r".*(act|fn|func|nonlin|non_lin|prime|deriv|transfer|squash).*|f|g|df|d_f|phi|sigma")
_DERIVATIVE = re.compile(r".*(prime|deriv|grad|backward|_d|^d_?[a-z]).*|df|d_f")
_COUNTED = re.compile(r"(n|num)_?dims?|ndims?|rank|order|ord|degree|axis|variant|version")
_WORD = re.compile(r"[A-Za-z][\w -]{0,24}")


class Spelled:
    """A function with the code that it is written as."""

    def __init__(self, code: str, function: Callable[[Any], Any]) -> None:
        self._code, self._function = code, function

    def __call__(self, x: Any) -> Any:
        return self._function(x)

    def __repr__(self) -> str:
        return self._code

    def __deepcopy__(self, memo: dict[int, Any]) -> Spelled:
        return self


TANH = Spelled("np.tanh", np.tanh)
TANH_PRIME = Spelled("(lambda x: 1 - np.tanh(x) ** 2)", lambda x: 1 - np.tanh(x) ** 2)


def options(cls: type, name: str) -> tuple[Any, ...]:
    """Constants for the constructor's argument `name`: strings by which the class chooses, then functions."""
    found: list[Any] = list(dict.fromkeys(_strings(cls)))[:_MOST]
    word = name.lower()
    if _FUNCTION.fullmatch(word) or _DERIVATIVE.fullmatch(word):
        found.append(TANH_PRIME if _DERIVATIVE.fullmatch(word) else TANH)
    return tuple(found)


def compared(cls: type, name: str) -> tuple[int, ...]:
    """The whole numbers with which a class compares an argument that counts axes or orders, and one more."""
    if not _COUNTED.fullmatch(name.lower()):
        return ()
    found: list[int] = []
    for node in ast.walk(tree_of(cls)):
        if isinstance(node, ast.Compare) and name in (getattr(node.left, "id", ""), getattr(node.left, "attr", "")):
            numbers = [v.value for c in node.comparators for v in ast.walk(c) if isinstance(v, ast.Constant)]
            found += [number for number in numbers if type(number) is int]
    known = tuple(dict.fromkeys(found))
    return (*known, max(known) + 2) if known else ()


def words_of(function: Callable[..., Any]) -> tuple[Any, ...]:
    """The strings in a function's code, by which it may choose."""
    return tuple(dict.fromkeys(_constants(function.__code__, function.__doc__)))[:_MOST]


_BY_TYPE: dict[Any, Hint] = {
    int: "size",
    float: "rate",
    bool: "flag",
    list[int]: "sizes",
    Sequence[int]: "sizes",
    tuple[int, ...]: "shape",
}


def annotated(function: Callable[..., Any]) -> dict[str, Any]:
    """The types that a function's arguments are declared with; none where they cannot be told."""
    try:
        parameters = inspect.signature(function, eval_str=True).parameters.values()
    except Exception:  # names that exist for the type checker alone
        return {}
    return {p.name: p.annotation for p in parameters if p.annotation is not p.empty}


def by_type(annotation: Any) -> tuple[Hint | None, tuple[Any, ...]]:
    """(what an argument of this type is, constants that it may be): a settings object that is made of nothing."""
    try:
        family = _BY_TYPE.get(annotation)
    except TypeError:  # no key
        return None, ()
    if family is None and dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        try:
            return None, (annotation(),)
        except Exception:  # it wants to be told more
            return None, ()
    return family, ()


def _strings(cls: type) -> Iterator[str]:
    """The keys of dicts that it keeps or looks things up in, then the strings in its code and its bases'."""
    own = [base for base in cls.__mro__ if base.__module__ == cls.__module__]
    functions = [f for base in own for f in vars(base).values() if inspect.isfunction(f)]
    for base in own:
        for table in vars(base).values():
            if isinstance(table, dict):
                yield from (key for key in table if isinstance(key, str) and _WORD.fullmatch(key))
    for function in functions:
        for name in function.__code__.co_names:
            table = function.__globals__.get(name)
            if isinstance(table, dict):
                yield from (key for key in table if isinstance(key, str) and _WORD.fullmatch(key))
    for function in functions:
        yield from _constants(function.__code__, function.__doc__)


def _constants(code: types.CodeType, doc: str | None) -> Iterator[str]:
    keywords = set(_keywords(code))
    for value in code.co_consts:
        if id(value) in keywords:
            continue
        if isinstance(value, str) and value != doc and _WORD.fullmatch(value):
            yield value
        elif isinstance(value, tuple | frozenset):
            yield from (v for v in value if isinstance(v, str) and _WORD.fullmatch(v))


def _keywords(code: types.CodeType) -> Iterator[int]:
    """The tuples among the constants that name the arguments of a call: `axis` is no word to choose by."""
    before = None
    for step in dis.get_instructions(code):
        if step.opname == "KW_NAMES":
            yield id(code.co_consts[step.arg or 0])  # the disassembler of 3.11 does not know them
        elif step.opname == "CALL_KW" and before is not None:
            yield id(before)
        before = step.argval
