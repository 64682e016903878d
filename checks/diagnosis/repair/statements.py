"""Whole statements of the user's code, written otherwise: added up where it assigns, another name throughout."""

from __future__ import annotations

import ast
import copy
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np

from checks.diagnosis.finding import Mended
from checks.diagnosis.repair.holes import Rewritten, recompiled

_MOST_NAMES = 12


@dataclass(frozen=True, eq=False, slots=True)
class Rewrite:
    """A statement written otherwise: the codes of the functions with it, and the fault that it mends, in words."""

    codes: Mapping[int, CodeType]
    kind: str
    what: str
    mended: Mended


def rewrites(code: Rewritten) -> Iterator[Rewrite]:
    """All that is tried of whole statements, the simplest first."""
    for rule in (_added_up, _scattered, _renamed):
        for number, function in enumerate(code.nodes):
            for statement, new, kind, what in rule(function, code.functions[number].__globals__):
                fresh = exchanged(function, statement, ast.copy_location(new, statement))
                changed = recompiled(code.functions[number], fresh, code.owners[number])
                if changed is not None:
                    mended = Mended(line=statement.lineno, before=head(statement), after=ast.unparse(new))
                    yield Rewrite({number: changed}, kind, what, mended)


_Rewritten = Iterator[tuple[ast.stmt, ast.stmt, str, str]]  # the statement, the new one, kind and words


def _added_up(function: ast.AST, names: Mapping[str, Any]) -> _Rewritten:
    """What is assigned in a loop, again and again, added up instead."""
    loops = [loop for loop in ast.walk(function) if isinstance(loop, ast.For | ast.While)]
    inside = {id(s): s for loop in loops for s in ast.walk(loop) if isinstance(s, ast.Assign)}
    for statement in inside.values():
        target = statement.targets[0]
        if len(statement.targets) == 1 and isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
            what = f"{ast.unparse(target)} is written again and again, and not added to,"
            yield statement, ast.AugAssign(target=target, op=ast.Add(), value=statement.value), "overwritten", what


def _scattered(function: ast.AST, names: Mapping[str, Any]) -> _Rewritten:
    """`np.add.at` in the place of an assignment to entries, or of an addition, which adds once for each of them."""
    numpy = next((name for name, value in names.items() if value is np), None)
    for statement in ast.walk(function) if numpy is not None else ():
        match statement:
            case ast.AugAssign(target=ast.Subscript() as target, op=ast.Add(), value=value):
                what = f"{ast.unparse(target)} is added to once where an entry of it comes several times,"
            case ast.Assign(targets=[ast.Subscript() as target], value=value):
                what = f"{ast.unparse(target)} is written again and again, and not added to,"
            case _:
                continue
        axes = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
        sliced = any(isinstance(axis, ast.Slice) for axis in axes)  # which is no expression by itself
        if not sliced and any(isinstance(node, ast.Name | ast.Attribute) for node in ast.walk(target.slice)):
            called = ast.parse(f"{numpy}.add.at", mode="eval").body
            whole, entries = (ast.parse(ast.unparse(node), mode="eval").body for node in (target.value, target.slice))
            new = ast.Expr(ast.Call(func=called, args=[whole, entries, value], keywords=[]))
            yield statement, new, "overwritten", what


def _renamed(function: ast.AST, names: Mapping[str, Any]) -> _Rewritten:
    """One name in place of another that a statement has more than once: of the samples for of the features."""
    own = [node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    others = list(dict.fromkeys(own))[:_MOST_NAMES]
    for statement in ast.walk(function):
        if isinstance(statement, ast.Assign | ast.Return) and statement.value is not None:
            used = Counter(node.id for node in ast.walk(statement.value) if isinstance(node, ast.Name))
            often = [name for name, count in used.items() if count > 1 and name in own]
            for name, other in itertools.product(often, others):
                if name != other:
                    new = _Renaming(name, other).visit(copy.deepcopy(statement))
                    yield statement, new, "wrong-values", f"{name} stands where {other} belongs"


class _Renaming(ast.NodeTransformer):
    """One name in place of another, wherever it is loaded."""

    def __init__(self, name: str, other: str) -> None:
        self.name, self.other = name, other

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id == self.name and isinstance(node.ctx, ast.Load):
            return ast.copy_location(ast.Name(id=self.other, ctx=node.ctx), node)
        return node


def exchanged(tree: Any, node: ast.AST, new: ast.AST) -> Any:
    """A copy of the tree with another node in one place."""
    memo: dict[int, Any] = {}
    fresh = copy.deepcopy(tree, memo)
    old = memo[id(node)]
    for parent in ast.walk(fresh):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list):
                value[:] = [new if one is old else one for one in value]
    return ast.fix_missing_locations(fresh)


def head(statement: ast.stmt) -> str:
    """The statement on one line; of a compound one, its first."""
    return ast.unparse(statement).partition("\n")[0]
