"""A backward that reads what neither forward nor it keeps, but a method that somebody has to call between the two."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from checks.dialects.arguments import tree_of
from checks.dialects.names import BACKWARD, FORWARD
from checks.dialects.usage import Usage
from checks.errors import LayerError


def set_by_another(defined: Any, raised: BaseException) -> tuple[str, str] | None:
    """(attribute, method) where backward missed what only another method of the class would have kept: its labels."""
    if not isinstance(defined, type) or not isinstance(raised, AttributeError | TypeError):
        return None
    methods = {n: f for base in reversed(defined.__mro__) for n, f in vars(base).items() if inspect.isfunction(f)}
    used = {word for name in (*FORWARD, *BACKWARD) if name in methods for word in _words(methods[name])}
    backward = {word for name in BACKWARD if name in methods for word in _words(methods[name])}
    kept = {name: _kept(function) for name, function in methods.items()}
    by_itself = {
        word for name, words in kept.items() if name in (*FORWARD, *BACKWARD) or name in used for word in words
    }
    for name, words in kept.items():
        if name != "__init__" and name not in used and name not in (*FORWARD, *BACKWARD):
            missed = sorted((words & backward) - by_itself)
            if missed:
                return missed[0], name
    return None


def unfed(usage: Usage, attribute: str, method: str) -> LayerError:
    """Of a backward that reads what only a method keeps that nothing here calls."""
    return LayerError(
        f"{usage.name}: backward reads self.{attribute}, which {method} keeps: it has to be called first\n"
        "hand over a case: a class method gradproof_case that returns (object, arrays), or let forward keep it"
    )


def _kept(function: Any) -> set[str]:
    """The attributes that a method assigns."""
    return {
        node.attr
        for node in ast.walk(tree_of(function))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }


def _words(function: Any) -> set[str]:
    """The attributes that a method reads."""
    return {
        node.attr
        for node in ast.walk(tree_of(function))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
