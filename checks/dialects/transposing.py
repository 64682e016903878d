"""What a class transposes: attributes of its object that it takes for matrices."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from typing import Any


@functools.lru_cache(maxsize=256)
def transposed(defined: Any) -> frozenset[str]:
    """The attributes `a` of which the class's own code has `self.a.T`; none where there is no source."""
    if not isinstance(defined, type):
        return frozenset()
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(defined)))
    except (OSError, TypeError, SyntaxError):
        return frozenset()
    owners = (node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "T")
    return frozenset(owner.attr for owner in owners if isinstance(owner, ast.Attribute) and _is_self(owner.value))


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"
