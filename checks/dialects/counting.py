"""What a class counts the samples of: code that asks how many there are takes more than one."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection
from typing import Any

from checks.dialects.arguments import is_name, tree_of


def counted(defined: Any, names: Collection[str]) -> bool:
    """Whether the class's own code has `a.shape[k]` or `len(a)` of one of these; not where there is no source."""
    return _measures(defined, names, lambda axis: True)


def counts_samples(defined: Any, names: Collection[str]) -> bool:
    """Whether it has `a.shape[0]` or `len(a)` of one of these: rows are samples there, and more than one."""
    return _measures(defined, names, lambda axis: isinstance(axis, ast.Constant) and axis.value == 0)


def _measures(defined: Any, names: Collection[str], wanted: Callable[[ast.expr], bool]) -> bool:
    if not isinstance(defined, type):
        return False
    return any(any(is_name(array, name) for name in names) for array in _measured(tree_of(defined), wanted))


def _measured(tree: ast.AST, wanted: Callable[[ast.expr], bool]) -> list[ast.expr]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            found += [node.value.value] if wanted(node.slice) else []
        elif isinstance(node, ast.Call) and is_name(node.func, "len"):
            found += node.args
    return found
