"""A backward that raises since it was not given what it waits for: what a method keeps that somebody has to call before
it, or data in place of what comes from above.
"""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

from checks.dialects.arguments import tree_of
from checks.dialects.names import BACKWARD, FORWARD
from checks.dialects.usage import Usage, formals
from checks.errors import LayerError

_DATA = re.compile(r"(mini_?)?batch(es)?|(training_?)?data(set)?|samples?|pairs?|examples?")


def waiting(usage: Usage, raised: BaseException) -> LayerError | None:
    """What to tell of such a backward; None where what it raised is its own fault."""
    setter = set_by_another(usage.defined, raised)
    if setter is not None:
        attribute, method = setter
        return LayerError(
            f"{usage.name}: backward reads self.{attribute}, which {method} keeps: it has to be called first\n"
            "hand over a case: a class method gradproof_case that returns (object, arrays), or let forward keep it"
        )
    name = next((name for name in BACKWARD if inspect.isfunction(getattr(usage.defined, name, None))), None)
    asked = [] if name is None else [f.name for f in formals(getattr(usage.defined, name), "forward", skip=1)[0]]
    if len(asked) == 1 and _DATA.fullmatch(asked[0].lower()):
        return LayerError(
            f"{usage.name}: {name} takes {asked[0]}: data, and no gradient from above\n"
            f"let it take them apart, {name}(x, y), or hand over a case: a class method gradproof_case"
        )
    return None


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
