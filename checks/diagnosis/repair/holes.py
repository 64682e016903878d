"""A function of the user's, written so that any one of its expressions can be changed while it runs.

Each expression of the syntax tree becomes a call that hands its value on: one compilation, then as many changes as one
likes. The function object stays, with its closure and its name; only its code is exchanged, and put back.
"""

from __future__ import annotations

import ast
import contextlib
import linecache
import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, Final

HOOK: Final = "__gradproof_hook__"
BINARY: Final[Mapping[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.MatMult: ("@", operator.matmul),
    ast.Pow: ("**", operator.pow),
}
COMPARED: Final[Mapping[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}
# Calls that count, allocate or look at the frame: neither they nor their arguments are values of the mathematics.
_LEFT_ALONE: Final = frozenset(
    {
        "super", "range", "len", "zip", "enumerate", "reversed", "isinstance", "hasattr", "getattr", "setattr", "print",
        "zeros", "ones", "empty", "arange", "reshape", "locals", "int", "type", "id", "format", "zeros_like", "items",
        "pop", "keys", "values",
    }
)  # fmt: skip

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Site:
    """One expression: its node, what stands around it, and the statement that it is part of."""

    node: ast.expr
    parent: ast.AST
    statement: ast.stmt
    function: int  # which of the functions it stands in


@dataclass(frozen=True, slots=True)
class Seen:
    """What an expression was when it last ran: its value, the values it was made of, and the names in sight."""

    value: Any
    parts: tuple[Any, ...]
    scope: Mapping[str, Any]


Change = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Any]  # (value, parts, names in sight) -> another value


class Hook:
    """What the rewritten code calls. One site at most is changed at a time."""

    operations: Final = {of.__name__: of for table in (BINARY, COMPARED) for _, of in table.values()}

    def __init__(self) -> None:
        self.at = -1
        self.change: Change | None = None
        self.seen: dict[int, Seen] | None = None

    def value(self, k: int, value: Any) -> Any:
        if k == self.at or self.seen is not None:
            return self._pass(k, value, (), sys._getframe(1))
        return value

    def binary(self, k: int, of: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
        if k == self.at or self.seen is not None:
            return self._pass(k, of(left, right), (left, right), sys._getframe(1))
        return of(left, right)

    def call(self, k: int, function: Any, *args: Any, **named: Any) -> Any:
        value = function(*args, **named)
        if k == self.at or self.seen is not None:
            return self._pass(k, value, (function, args, named), sys._getframe(1))
        return value

    def _pass(self, k: int, value: Any, parts: tuple[Any, ...], frame: FrameType) -> Any:
        if self.seen is not None:
            self.seen[k] = Seen(value, parts, dict(frame.f_locals))
        if k == self.at and self.change is not None:
            return self.change(value, parts, frame.f_locals)
        return value


class Rewritten:
    """Functions with their rewritten code. Raises ValueError where the source of none of them can be had."""

    def __init__(self, functions: list[FunctionType]) -> None:
        self.hook = Hook()
        self.sites: list[Site] = []
        self.functions: list[FunctionType] = []
        self.nodes: list[_Function] = []
        self.owners: list[str | None] = []
        self._codes: list[CodeType] = []
        for function in functions:
            node, owner = _definition(function.__code__)
            if node is None:
                continue
            code = self._rewritten(function, node, owner)
            if code is not None:
                self.functions.append(function)
                self.nodes.append(node)
                self.owners.append(owner)
                self._codes.append(code)
        if not self.functions:
            raise ValueError("no source")

    def _rewritten(self, function: FunctionType, node: _Function, owner: str | None) -> CodeType | None:
        count = len(self.sites)
        writer = _Writer(self.sites, len(self.functions), function.__globals__)
        code = recompiled(function, writer.function(node), owner)
        if code is None:
            del self.sites[count:]
        return code

    @contextlib.contextmanager
    def installed(self, other: Mapping[int, CodeType] | None = None) -> Iterator[Hook]:
        """The functions with the rewritten code, or with `other` codes by their number; as they were afterwards."""
        before = [function.__code__ for function in self.functions]
        try:
            for k, (function, code) in enumerate(zip(self.functions, self._codes, strict=True)):
                function.__globals__[HOOK] = self.hook
                function.__code__ = code if other is None else other.get(k, function.__code__)
            yield self.hook
        finally:
            for function, code in zip(self.functions, before, strict=True):
                function.__code__ = code
                function.__globals__.pop(HOOK, None)


def recompiled(function: FunctionType, node: _Function, owner: str | None) -> CodeType | None:
    """The code of a changed definition, for the same function object; None where its closure would be another one."""
    old = function.__code__
    free = [name for name in old.co_freevars if name != "__class__"]
    inner: ast.stmt = node
    if owner is not None:  # private names are spelled by the class, and super() looks for it
        inner = ast.ClassDef(name=owner, bases=[], keywords=[], body=[node], decorator_list=[], lineno=1, col_offset=0)
        if sys.version_info >= (3, 12):
            inner.type_params = []
    arguments = ast.arguments(
        posonlyargs=[], args=[ast.arg(arg=name) for name in free], kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    outer = ast.FunctionDef(name="__around__", args=arguments, body=[inner], decorator_list=[], lineno=1, col_offset=0)
    if sys.version_info >= (3, 12):
        outer.type_params = []
    module = ast.fix_missing_locations(ast.Module(body=[outer], type_ignores=[]))
    try:
        found = _inner(compile(module, old.co_filename, "exec", dont_inherit=True), old.co_name)
    except (SyntaxError, ValueError):
        return None
    return found if found is not None and found.co_freevars == old.co_freevars else None


def _inner(code: CodeType, name: str) -> CodeType | None:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            found = one if one.co_name == name else _inner(one, name)
            if found is not None:
                return found
    return None


def _definition(code: CodeType) -> tuple[_Function | None, str | None]:
    """The syntax tree of a function and the name of its class, from the file as it is; decorators are left out."""
    linecache.checkcache(code.co_filename)
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    except (SyntaxError, ValueError):
        return None, None
    for parent in ast.walk(tree):
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, _Function) and node.name == code.co_name:
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                if first == code.co_firstlineno:
                    node.decorator_list = []
                    return node, parent.name if isinstance(parent, ast.ClassDef) else None
    return None, None


class _Writer(ast.NodeTransformer):
    """Replaces the expressions of a function's statements by calls of the hook."""

    def __init__(self, sites: list[Site], function: int, names: Mapping[str, Any]) -> None:
        self.sites = sites
        self.number = function
        self.modules = {name for name, value in names.items() if isinstance(value, ModuleType)}
        self.statement: ast.stmt = ast.Pass()

    def function(self, node: _Function) -> _Function:
        body = [self._statement(statement) for statement in node.body]
        new: _Function = self._copied(node)
        new.body = body
        return new

    def _statement(self, node: ast.stmt) -> ast.stmt:
        """A copy of the statement: conditions of loops and what they run over stay as they are."""
        if isinstance(node, _Function | ast.ClassDef):
            return node
        new: ast.stmt = self._copied(node)
        for field, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(new, field, [self._statement(one) for one in value])
            elif field in ("targets", "target") and isinstance(node, ast.Assign | ast.AugAssign):
                self.statement = node
                new_targets = [self._target(one) for one in (value if isinstance(value, list) else [value])]
                setattr(new, field, new_targets if isinstance(value, list) else new_targets[0])
            elif field in ("value", "test") and isinstance(value, ast.expr) and not isinstance(node, ast.While):
                self.statement = node
                setattr(new, field, self._expression(value, node))
        return new

    def _target(self, node: Any) -> Any:
        """What is assigned to, with hooks in its index: a mask decides what is set to nothing."""
        if not isinstance(node, ast.Subscript):
            return node
        new: ast.Subscript = self._copied(node)
        new.slice = self._expression(node.slice, node)
        return new

    def _expression(self, node: ast.expr, parent: ast.AST) -> ast.expr:
        """The expression with a hook around it and around its parts."""
        if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
            k = self._site(node, parent)
            parts = [self._expression(node.left, node), self._expression(node.right, node)]
            return self._hook("binary", k, _operator(BINARY[type(node.op)][1]), *parts)
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARED:
            k = self._site(node, parent)
            parts = [self._expression(node.left, node), self._expression(node.comparators[0], node)]
            return self._hook("binary", k, _operator(COMPARED[type(node.ops[0])][1]), *parts)
        if isinstance(node, ast.Call):
            return self._call(node, parent)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.UnaryOp):
            if self._is_module(node) or (isinstance(node, ast.Name) and node.id in ("self", "cls", "ctx")):
                return node
            return self._hook("value", self._site(node, parent), self._parts(node))
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bool) or not isinstance(node.value, int | float):
                return node
            return self._hook("value", self._site(node, parent), node)
        if isinstance(node, ast.Lambda | ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp | ast.JoinedStr):
            return node
        whole: ast.expr = self._parts(node)
        return whole

    def _call(self, node: ast.Call, parent: ast.AST) -> ast.expr:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in _LEFT_ALONE or any(isinstance(a, ast.Starred) for a in node.args):
            if isinstance(node.func, ast.Attribute) and name == "reshape" and not self._is_module(node.func.value):
                new = self._copied(node)
                new.func = self._parts(node.func)
                return self._hook("value", self._site(node, parent), new)
            return node
        k = self._site(node, parent)
        function = node.func
        if isinstance(function, ast.Attribute) and not self._is_module(function.value):
            function = self._parts(function)
        args = [self._expression(a, node) for a in node.args]
        named = [ast.keyword(arg=w.arg, value=self._expression(w.value, w)) for w in node.keywords]
        return ast.Call(func=_of_hook("call"), args=[ast.Constant(k), function, *args], keywords=named)

    def _parts(self, node: Any) -> Any:
        """The node with hooks around what it is made of."""
        new = self._copied(node)
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and not (isinstance(node, ast.Attribute) and self._is_module(value)):
                setattr(new, field, self._expression(value, node))
            elif isinstance(value, list):
                setattr(new, field, [self._expression(v, node) if isinstance(v, ast.expr) else v for v in value])
        return new

    @staticmethod
    def _copied(node: Any) -> Any:
        return ast.copy_location(type(node)(**{field: getattr(node, field, None) for field in node._fields}), node)

    def _site(self, node: ast.expr, parent: ast.AST) -> int:
        self.sites.append(Site(node=node, parent=parent, statement=self.statement, function=self.number))
        return len(self.sites) - 1

    def _is_module(self, node: ast.AST) -> bool:
        """Whether it is a module, or something in one: `np`, `np.linalg`, `np.newaxis`."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self.modules

    @staticmethod
    def _hook(method: str, k: int, *args: ast.expr) -> ast.expr:
        return ast.Call(func=_of_hook(method), args=[ast.Constant(k), *args], keywords=[])


def _of_hook(method: str) -> ast.expr:
    return ast.Attribute(value=ast.Name(id=HOOK, ctx=ast.Load()), attr=method, ctx=ast.Load())


def _operator(of: Callable[[Any, Any], Any]) -> ast.expr:
    """The operation by its place in the tables, since a tree holds no functions."""
    return ast.Subscript(value=_of_hook("operations"), slice=ast.Constant(of.__name__), ctx=ast.Load())
