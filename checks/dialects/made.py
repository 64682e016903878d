"""Arrays that code makes: which arguments are lengths of their axes, and how many axes one has."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from checks.dialects.arguments import called_name, is_name, terms, tree_of

_BY_LENGTHS = frozenset({"randn", "rand"})  # each argument is one
_BY_SHAPE = frozenset({"zeros", "ones", "empty", "full"})  # the first argument is the shape, or the only length
_MAKING = _BY_LENGTHS | _BY_SHAPE | {"normal", "uniform", "standard_normal"}


def makes_arrays_of(function: Callable[..., Any], name: str) -> bool:
    """Whether the argument of that name is an axis length of an array that the function makes: `randn(a, b)`,
    `zeros((a, b))`, `normal(0, s, (a, b))`, `uniform(size=(a, b))`.
    """
    lengths = (one for call in _makers(tree_of(function)) for one in _lengths(call))
    return any(is_name(part, name) for one in lengths for part in terms(one))


def axes_made(function: Callable[..., Any], key: str) -> int | None:
    """How many axes an array of that name has where another function of the module makes it: `model["W"] = randn(H)`,
    `{"W": zeros((H, D))}`, `W = randn(H, D)`; None where none does, or not all alike.
    """
    module = getattr(function, "__module__", None)
    others = [one for one in getattr(function, "__globals__", {}).values() if inspect.isfunction(one)]
    found = {
        axes
        for one in others
        if one is not function and one.__module__ == module
        for axes in _axes_of(tree_of(one), key)
    }
    return found.pop() if len(found) == 1 else None


def _axes_of(tree: ast.AST, key: str) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name) | ast.Subscript(slice=ast.Constant(value=name))], value=value):
                if name == key:
                    yield from _first_axes(value)
            case ast.Dict(keys=keys, values=values):
                for one, value in zip(keys, values, strict=True):
                    if isinstance(one, ast.Constant) and one.value == key:
                        yield from _first_axes(value)


def _first_axes(value: ast.AST) -> Iterator[int]:
    """How many axes the first array has that the expression makes."""
    call = next(_makers(value), None)
    if call is not None:
        sized = called_name(call) in _BY_SHAPE or any(word.arg == "size" for word in call.keywords)
        yield from [len(_lengths(call)) or 1] if _lengths(call) or sized else []


def _makers(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and called_name(node) in _MAKING)


def _lengths(call: ast.Call) -> list[ast.expr]:
    """The lengths of the axes, where they are spelled one by one: `zeros(n)` may be told a shape."""
    if called_name(call) in _BY_LENGTHS:
        return call.args
    given = [*call.args, *(word.value for word in call.keywords if word.arg in ("size", "shape"))]
    return next((one.elts for one in given if isinstance(one, ast.Tuple | ast.List)), [])
