"""Numbers that stand for no class: `mask = t != self.ignore_label`, with -1 for it, or 255.

What is told apart in the code may lie among the labels, and what is not counted then shows in no other use.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from checks.dialects.arguments import literal, tree_of

_LABELS_DRAWN = 2  # the first numbers of classes, which are drawn anyway


def ignored(defined: Any, label: str) -> Iterator[int]:
    """The whole numbers with which the code compares the labels, other than the first classes."""
    for function in _functions(defined):
        known = _known(defined, function)
        meant = {label, *_made_of(function, label)}
        for node in ast.walk(tree_of(function)):
            match node:
                case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[right]):
                    for one, other in ((left, right), (right, left)):
                        value = known.get(_word(other), literal(other)) if _speaks_of(one, meant) else None
                        if type(value) is int and not 0 <= value < _LABELS_DRAWN:
                            yield value


def _functions(defined: Any) -> Iterator[Callable[..., Any]]:
    """The functions, or those of a class and its bases."""
    if isinstance(defined, type):
        parts = [part for base in defined.__mro__ if base is not object for part in vars(base).values()]
    else:
        parts = list(defined) if isinstance(defined, tuple) else [defined]
    yield from (part for part in parts if inspect.isfunction(part))


def _known(defined: Any, function: Callable[..., Any]) -> Mapping[str, Any]:
    """The numbers that names stand for: defaults, and attributes that the constructor gives them to."""
    found = {name: one.default for name, one in inspect.signature(function).parameters.items()}
    made = inspect.getattr_static(defined, "__init__", None) if isinstance(defined, type) else None
    if inspect.isfunction(made):
        defaults = {name: one.default for name, one in inspect.signature(made).parameters.items()}
        for node in ast.walk(tree_of(made)):
            match node:
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)], value=value):
                    found[f"self.{attribute}"] = defaults.get(_word(value), literal(value))
    return found


def _made_of(function: Callable[..., Any], name: str) -> Iterator[str]:
    """The variables that are the labels in another shape: `t = ts.reshape(n)`."""
    for node in ast.walk(tree_of(function)):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if _is_shaped(value, name):
                yield target


def _is_shaped(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=inside)):
            return _is_shaped(inside, name) or any(_is_shaped(one, name) for one in node.args[:1])
        case ast.Name(id=word):
            return word == name
    return False


def _speaks_of(node: ast.AST, names: set[str]) -> bool:
    return any(_is_shaped(node, name) for name in names)


def _word(node: ast.AST) -> str:
    """The name, or the attribute of the object; empty where it is neither."""
    match node:
        case ast.Name(id=word):
            return word
        case ast.Attribute(value=ast.Name(id="self"), attr=word):
            return f"self.{word}"
    return ""
