"""One change of one expression of the user's code: what it becomes, as function and as text, and what it would mend."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.diagnosis.repair.holes import Change, Seen, Site

_PRODUCTS = ("dot", "matmul")


@dataclass(frozen=True, eq=False, slots=True)
class Edit:
    """`change` gives the new value; `text` is the new expression; `kind` and `what` name the fault that it mends."""

    site: int
    change: Change
    text: str
    kind: str
    what: str


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """An expression that ran: its number, where it stands, and what it was."""

    number: int
    site: Site
    was: Seen

    @property
    def node(self) -> ast.expr:
        return self.site.node

    @property
    def text(self) -> str:
        return text_of(self.site.node)

    @property
    def counts(self) -> bool:
        """Whether it is an index, an axis or a number of things, and no value of the mathematics."""
        return isinstance(self.site.parent, ast.Slice | ast.Subscript | ast.keyword) or (
            isinstance(self.site.parent, ast.Tuple) and isinstance(self.node, ast.Constant)
        )

    @property
    def is_factor(self) -> bool:
        """Whether a factor on it would be one on what is around it."""
        parent = self.site.parent
        if isinstance(parent, ast.BinOp):
            first = isinstance(parent.op, ast.Div) and parent.left is self.node
            return first or isinstance(parent.op, ast.Mult)
        return isinstance(parent, ast.UnaryOp | ast.Attribute | ast.Subscript)


def on_value(of: Callable[[Any], Any]) -> Change:
    """A function of the expression's value."""
    return lambda value, parts, scope: of(value)


def on_parts(of: Callable[[tuple[Any, ...]], Any]) -> Change:
    """A function of the values that the expression is made of."""
    return lambda value, parts, scope: of(parts)


def with_scope(of: Callable[[Any, Mapping[str, Any]], Any]) -> Change:
    """A function of the expression's value and the names in sight."""
    return lambda value, parts, scope: of(value, scope)


def text_of(node: ast.AST) -> str:
    """The expression as text, in brackets where it has to have them beside an operator."""
    text = ast.unparse(node)
    return f"({text})" if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare | ast.IfExp) else text


def called(node: ast.Call) -> str:
    """The name of the function or the method."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else str(getattr(node.func, "id", ""))


def is_product(node: ast.AST) -> bool:
    """Whether it is a matrix product, written as a call."""
    return isinstance(node, ast.Call) and called(node) in _PRODUCTS


def is_value(value: Any) -> bool:
    """Whether it is a number or an array of numbers."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float | np.number) or (isinstance(value, np.ndarray) and value.dtype.kind in "fiub")


def is_float(value: Any) -> bool:
    """Whether it is a floating-point number or an array of such."""
    return isinstance(value, float | np.floating) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")
