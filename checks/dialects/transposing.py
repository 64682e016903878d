"""What a class transposes: attributes of its object that it takes for matrices."""

from __future__ import annotations

import ast
import functools
from typing import Any

from checks.dialects.arguments import is_name, tree_of


@functools.lru_cache(maxsize=256)
def transposed(defined: Any) -> frozenset[str]:
    """The attributes `a` of which the class's own code has `self.a.T`; none where there is no source."""
    if not isinstance(defined, type):
        return frozenset()
    owners = (node.value for node in ast.walk(tree_of(defined)) if isinstance(node, ast.Attribute) and node.attr == "T")
    return frozenset(
        owner.attr for owner in owners if isinstance(owner, ast.Attribute) and is_name(owner.value, "self")
    )
