"""What the code does with an argument of which the name says nothing: a graph, an axis, labels, places, ones."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal

from checks.dialects.arguments import is_name, tree_of
from checks.infer_layout import Formal


def as_used(function: Callable[..., Any], formal: Formal) -> Formal:
    """The argument with what the code does with it, where its name says nothing or something else."""
    if _is_joined_to_itself(function, formal.name):
        return replace(formal, family="graph")
    if _is_axis(function, formal.name):
        return replace(formal, family="none", options=(-1, 0))
    picks = _picks_by(function, formal.name)
    if formal.hint == "label" and picks is None and _is_of_ones(function, formal.name):
        return replace(formal, family="mask")
    if formal.hint != "none":
        return formal
    if picks is not None:
        return replace(formal, family=picks, picks=True)
    return replace(formal, factor=_is_factor(function, formal.name))


def _is_joined_to_itself(function: Callable[..., Any], name: str) -> bool:
    """Whether the identity is added to the argument of that name, as to a graph whose nodes neighbour themselves.

    A multiple of it is none: a jitter is added to a matrix of kernels.
    """
    return any(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and any(
            is_name(one, name) and _identity(other) for one, other in ((node.left, node.right), (node.right, node.left))
        )
        for node in ast.walk(tree_of(function))
    )


def _identity(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "attr", None) in ("eye", "identity")


def _picks_by(function: Callable[..., Any], name: str) -> Literal["label", "ids"] | None:
    """What an argument is that entries are picked by: labels in `p[np.arange(n), y]`, the places of rows in
    `self.W[i]`; None where none are.
    """
    for node in ast.walk(tree_of(function)):
        match node:
            case ast.Subscript(slice=ast.Tuple(elts=[first, second])):
                if is_name(second, name) and not isinstance(first, ast.Slice | ast.Constant):
                    return "label"
            case ast.Subscript(value=ast.Attribute(value=ast.Name(id="self")), slice=taken):
                if is_name(taken, name):
                    return "ids"
    return None


def _is_factor(function: Callable[..., Any], name: str) -> bool:
    """Whether the argument of that name, or its transpose, is a factor of a product of matrices."""
    for node in ast.walk(tree_of(function)):
        match node:
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                factors = [left, right]
            case ast.Call(func=ast.Attribute(attr="dot" | "matmul"), args=factors):
                pass
            case _:
                continue
        if any(is_name(one, name) for factor in factors for one in _times_numbers(factor)):
            return True
    return False


def _times_numbers(node: ast.AST) -> Iterator[ast.AST]:
    """What an expression is but for numbers beside it and its transpose: `0.1 * K.T`."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield from _times_numbers(node.value)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.Add | ast.Sub):
        yield from _times_numbers(node.left)
        yield from _times_numbers(node.right)
    else:
        yield node


def _is_axis(function: Callable[..., Any], name: str) -> bool:
    """Whether the argument of that name says along which axis: `x.sum(axis=dim)`."""
    calls = (node for node in ast.walk(tree_of(function)) if isinstance(node, ast.Call))
    return any(word.arg == "axis" and is_name(word.value, name) for node in calls for word in node.keywords)


def _is_of_ones(function: Callable[..., Any], name: str) -> bool:
    """Whether the entries of the argument of that name are asked whether they are 1, or 0: `np.where(t == 1, ...)`."""
    for node in ast.walk(tree_of(function)):
        match node:
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[ast.Constant(value=value)]):
                if is_name(left, name) and value in (0, 1):
                    return True
    return False
