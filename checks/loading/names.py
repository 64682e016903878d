"""The names that code binds and uses, read from its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def used(tree: ast.AST) -> set[str]:
    """Every name that is read."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def bound(tree: ast.AST) -> set[str]:
    """Every name that is set anywhere, arguments and imports included."""
    return {name for node in ast.walk(tree) for name in _binds(node)}


def bound_here(statement: ast.stmt) -> set[str]:
    """The names that a statement sets in its own scope."""
    names: set[str] = set()
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        names.update(_binds(node))
        if not isinstance(node, _SCOPES):
            pending += ast.iter_child_nodes(node)
    return names


def _binds(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
            yield name
        case ast.ExceptHandler(name=str(name)):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            for alias in aliases:
                yield alias.asname or alias.name.split(".")[0]
