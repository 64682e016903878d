"""A file by its definitions alone: imports, classes, functions, and constants that are quickly computed.

Each statement is taken by itself, and one that raises costs no other. What is not run (loops, calls, statements that
open files or train) leaves stand-ins under the names that it would have set: a layer that needs one of them says so.
"""

from __future__ import annotations
import __future__

import ast
from collections.abc import Sequence
from typing import Any, Final

from checks import record
from checks.loading.costs import Costs
from checks.loading.dropped import updated
from checks.loading.limits import TimeUp, time_limit
from checks.loading.names import bound_here, used
from checks.loading.pieces import Piece, described
from checks.loading.standin import Absent, StandIn

_BUDGET: Final = 1.0  # seconds for one constant
_BUDGETED: Final = "constant"
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class Definitions:
    """Loads pieces into one namespace. `skipped`: (name, line) of statements that must not be run."""

    def __init__(self, space: dict[str, Any], pieces: Sequence[Piece], skipped: set[tuple[str, int]]) -> None:
        self._space = space
        self._skipped = skipped
        self._costs = Costs(space)
        trees = [node for piece in pieces for node in ast.walk(piece.tree) if isinstance(node, _FUNCTIONS)]
        self._needed = {name for tree in trees for name in used(tree)}
        self._flags = 0

    def load(self, piece: Piece) -> None:
        """Runs what defines something, in order."""
        self._piece = piece
        for node in piece.tree.body:
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                for alias in node.names:
                    self._flags |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
        self._all(piece.tree.body)

    def _all(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            try:
                self._one(statement)
            except (Exception, SystemExit) as error:
                if not self._rescued(statement):
                    self._leave_out(statement, error)
            except TimeUp as error:
                if error.whose != _BUDGETED:
                    raise
                self._leave_out(statement, error)

    def _one(self, node: ast.stmt) -> None:
        """Runs one statement if it defines something; what it raises is raised."""
        if any((self._piece.name, line) in self._skipped for line in _lines(node)):
            self._leave_out(node, None)
            return
        match node:
            case ast.Import() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._run(node)
            case ast.ImportFrom() if node.module != "__future__":
                self._run(node)
            case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                if self._costs.is_cheap(value) or (bound_here(node) & self._needed and self._costs.may_run(value)):
                    with time_limit(_BUDGET, _BUDGETED):
                        self._run(node)
                else:
                    self._leave_out(node, None)
            case ast.Expr(value=ast.Call() as call) if self._costs.is_setting(call):
                self._run(node)
            case ast.If():
                self._if(node)
            case ast.Try():
                self._try(node)
            case ast.With():
                self._all(node.body)
            case _:
                self._leave_out(node, None)

    def _if(self, node: ast.If) -> None:
        if not self._costs.is_cheap(node.test):
            self._leave_out(node, None)
            return
        self._all(node.body if self._value(node.test) else node.orelse)

    def _try(self, node: ast.Try) -> None:
        """As it was written: the body until it raises, then the handler for that."""
        try:
            for statement in node.body:
                self._one(statement)
        except (Exception, SystemExit) as error:
            for handler in node.handlers:
                if handler.type is None or isinstance(error, self._value(handler.type)):
                    if handler.name:
                        self._space[handler.name] = error
                    self._all(handler.body)
                    break
        else:
            self._all(node.orelse)
        self._all(node.finalbody)

    def _run(self, node: ast.stmt, space: dict[str, Any] | None = None) -> None:
        tree = ast.fix_missing_locations(updated(ast.Module([node], [])))
        code = compile(tree, self._piece.name, "exec", flags=self._flags, dont_inherit=True)
        exec(code, self._space if space is None else space)

    def _value(self, node: ast.expr) -> Any:
        tree = ast.Expression(node)
        return eval(compile(tree, self._piece.name, "eval", flags=self._flags, dont_inherit=True), self._space)

    def _rescued(self, node: ast.stmt) -> bool:
        """A class or function without those of its decorators and class attributes that raise."""
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            return False
        decorators = [one for one in node.decorator_list if self._stands(ast.Expr(one))]
        body = node.body
        if isinstance(node, ast.ClassDef):
            body = [one for one in body if isinstance(one, _FUNCTIONS) or self._stands(one)] or [ast.Pass()]
        fields = {**dict(ast.iter_fields(node)), "decorator_list": decorators, "body": body}
        less = ast.fix_missing_locations(ast.copy_location(type(node)(**fields), node))
        try:
            self._run(less)
        except (Exception, SystemExit):
            return False
        return True

    def _stands(self, node: ast.stmt) -> bool:
        """Whether a statement can be run, in a namespace to be thrown away."""
        try:
            self._run(node, dict(self._space))
        except (Exception, SystemExit):
            return False
        return True

    def _leave_out(self, node: ast.stmt, error: BaseException | None) -> None:
        """Stand-ins for what the statement would have set, unless that has a value already."""
        where = self._piece.place(node.lineno)
        if error is not None and isinstance(node, (ast.Import, ast.ImportFrom, *_FUNCTIONS)):
            lost = not isinstance(node, ast.Import | ast.ImportFrom)
            record.note(f"{where} raised {described(error)}, and was left out", lost=lost)
        why = f"has no value: {where} " + ("was not run" if error is None else f"raised {described(error)}")
        for name in bound_here(node):
            if name not in self._space:
                self._space[name] = StandIn(name, Absent(name, why, f"set {name} where an import can"))


def _lines(node: ast.stmt) -> range:
    """The lines of a statement without a body; those of its head otherwise."""
    body = getattr(node, "body", None)
    end = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
    return range(node.lineno, max(end, node.lineno + 1))
