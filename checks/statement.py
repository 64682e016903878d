"""The statement that makes a gradient, where to look in the file as it is, and what backward reads."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from checks.subject import Subject


@dataclass(frozen=True, slots=True)
class Statement:
    """A line of the file, and what stands there."""

    line: int
    text: str


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def statement(subject: Subject, name: str, ran: Set[int] = frozenset()) -> Statement | None:
    """The last statement of the subject's backward that assigns or returns the gradient of that name; None where the
    source does not show one. `ran`: the lines that run where it is wrong, if they are known.
    """
    function, lines = _backward(subject)
    if function is None or subject.recipe is None or name not in subject.recipe.gradients:
        return None
    place = subject.recipe.gradients[name]
    part = _IN_ONE.search(subject.recipe.backward)
    if part is not None and not _CALLED.search(subject.recipe.backward):
        index = re.search(r"\[(\d+)\]", place) if part[2] else None
        place = f"returned[{int(part[1]) + (int(index[1]) if index else 0)}]"
    flag = _FLAGGED.search(subject.recipe.backward)
    node = (_made(function, place, ran) or _made(function, place)) if flag is None else _where(function, flag[1])
    return None if node is None else Statement(node.lineno, lines[node.lineno - 1].strip())


def raised_at(error: BaseException | None, file: str | None) -> Statement | None:
    """The innermost line of the file through which an exception came; None where it came through none."""
    found = None
    trace = None if error is None or file is None else error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            found = Statement(trace.tb_lineno, linecache.getline(file, trace.tb_lineno).strip())
        trace = trace.tb_next
    return found


def read_in_backward(subject: Subject) -> frozenset[str] | None:
    """The names, attributes and keys whose values the subject's backward reads; None where the source shows none.

    What is asked for its shape or its length alone is not among them.
    """
    function, _ = _backward(subject)
    if function is None:
        return None
    asked = set[int]()
    for node in ast.walk(function):
        match node:
            case ast.Attribute(value=inner, attr="shape" | "size" | "ndim" | "dtype"):
                asked.add(id(inner))
            case ast.Call(func=ast.Name(id="len"), args=[inner]):
                asked.add(id(inner))
    found = set[str]()
    for node in ast.walk(function):
        match node:
            case ast.Attribute(attr=word) if id(node) not in asked:
                found.add(word)
            case ast.Name(id=word, ctx=ast.Load()) if id(node) not in asked:
                found.add(word)
            case ast.Subscript(slice=ast.Constant(value=str(word))) if id(node) not in asked:
                found.add(word)
    return frozenset(found)


def may_overwrite(subject: Subject) -> bool:
    """Whether backward, or what it calls of the same class or module, loops or assigns to entries of an array; so may
    one that has no source.
    """
    function, lines = _backward(subject)
    if function is None or subject.line is None:
        return True
    tree = _tree("".join(lines)) or ast.Module([], [])
    left, seen = [function], set[str]()
    while left:
        for node in ast.walk(left.pop()):
            match node:
                case ast.For() | ast.While():
                    return True
                case ast.Assign(targets=[ast.Subscript(slice=index), *_]) if not _is_key(index):
                    return True
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name not in seen:
                    seen.add(name)
                    called = _function(tree, subject.line, name) or _function(tree, -1, name)
                    left += [called] if called is not None else []
    return False


def _is_key(index: ast.expr) -> bool:
    return isinstance(index, ast.Constant) and isinstance(index.value, str)


def _where(function: _Function, flag: str) -> ast.stmt | ast.expr | None:
    """What is returned where the flag is set."""
    for node in ast.walk(function):
        if isinstance(node, ast.If | ast.IfExp) and any(
            isinstance(n, ast.Name) and n.id == flag for n in ast.walk(node.test)
        ):
            if isinstance(node, ast.IfExp):
                return node.body
            return _last(s for s in node.body if isinstance(s, ast.Return))
    return None


_FLAGGED = re.compile(r"\(lambda .*\b(\w+)=True\)\)")
_CALLED = re.compile(r"(\w+)\(")
_IN_ONE = re.compile(r"layer\[(\d)(:?)\]")  # one function gives the loss and its gradients


def _backward(subject: Subject) -> tuple[_Function | None, list[str]]:
    """The function that makes the gradients, and the lines of its file."""
    recipe = subject.recipe
    if recipe is None or subject.file is None or subject.line is None or subject.cell is not None:
        return None, []
    linecache.checkcache(subject.file)
    lines = linecache.getlines(subject.file)
    tree = _tree("".join(lines))
    called = _CALLED.search(recipe.backward)
    if tree is None:
        return None, lines
    if called is not None:
        return _function(tree, subject.line, called[1]), lines
    return next((f for f in tree.body if isinstance(f, _Function) and f.lineno == subject.line), None), lines


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except SyntaxError:
        return None


def _function(tree: ast.Module, line: int, name: str) -> _Function | None:
    """The function of that name: of the class that stands at the line, else of the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.lineno <= line <= (node.body[0].lineno if node.body else line):
            return next((f for f in node.body if isinstance(f, _Function) and f.name == name), None)
    return next((f for f in tree.body if isinstance(f, _Function) and f.name == name), None)


def _made(function: _Function, place: str, ran: Set[int] = frozenset()) -> ast.stmt | ast.expr | None:
    """The last statement that puts something in that place: `layer.dW`, `layer.grads['W']`, `returned[1]`."""
    known = [s for s in _statements(function) if not ran or not ran.isdisjoint(_lines(s))]
    if place.startswith("layer."):
        own = "self" + place[len("layer") :]
        return _last(s for s in known if _targets(s, own)) or _of_a_dict(function, own)
    index = re.fullmatch(r"returned(?:\[(\d+|'\w+')\])?", place)
    back = _last(s for s in known if isinstance(s, ast.Return) and s.value is not None)
    if index is None or not isinstance(back, ast.Return):
        return None
    value = _element(back.value, index[1])
    if isinstance(value, ast.Name):
        return _last(s for s in known if _targets(s, value.id)) or back
    return back


def _of_a_dict(function: _Function, place: str) -> ast.expr | None:
    """The entry of a dict that is assigned as a whole: `self.grads = {"W": dW}`."""
    entry = re.fullmatch(r"(.+)\[('\w+')\]", place)
    if entry is None:
        return None
    whole = _last(s for s in _statements(function) if _targets(s, entry[1]))
    return _element(whole.value, entry[2]) if isinstance(whole, ast.Assign | ast.AnnAssign) else None


def _element(value: ast.expr | None, index: str | None) -> ast.expr | None:
    """The part of what is returned that has the index or the key."""
    if index is None:
        return value
    if isinstance(value, ast.Tuple | ast.List) and index.isdigit() and int(index) < len(value.elts):
        return value.elts[int(index)]
    if isinstance(value, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in value.keys]
        key = index.strip("'")
        return value.values[keys.index(key)] if key in keys else None
    return None


def _statements(function: _Function) -> Iterator[ast.stmt]:
    """The simple statements of a function, in the order of the lines."""
    found = [
        node for node in ast.walk(function) if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return)
    ]
    yield from sorted(found, key=lambda node: node.lineno)


def _lines(statement_: ast.stmt) -> range:
    return range(statement_.lineno, (statement_.end_lineno or statement_.lineno) + 1)


def _targets(statement_: ast.stmt, place: str) -> bool:
    """Whether a statement assigns to the place, to an entry of it, or to it among others."""
    if isinstance(statement_, ast.Assign):
        targets = list(statement_.targets)
    elif isinstance(statement_, ast.AugAssign | ast.AnnAssign):
        targets = [statement_.target]
    else:
        return False
    for target in targets:
        parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
        for part in parts:
            text = ast.unparse(part)
            if text == place or (isinstance(part, ast.Subscript) and ast.unparse(part.value) == place):
                return True
    return False


def _last(found: Iterator[ast.stmt]) -> ast.stmt | None:
    return next(iter(reversed(list(found))), None)
