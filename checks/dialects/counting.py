"""What a class counts the samples of: code that asks how many there are takes more than one."""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any

from checks.dialects.arguments import is_name, tree_of


def counted(defined: Any, names: Collection[str]) -> bool:
    """Whether the class's own code has `a.shape[k]` or `len(a)` of one of these; not where there is no source."""
    if not isinstance(defined, type):
        return False
    return any(any(is_name(array, name) for name in names) for array in _measured(tree_of(defined)))


def _measured(tree: ast.AST) -> list[ast.expr]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            found.append(node.value.value)
        elif isinstance(node, ast.Call) and is_name(node.func, "len"):
            found += node.args
    return found
