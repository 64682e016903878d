"""The statement that makes a gradient: where to look, in the file as it is."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterator
from dataclasses import dataclass

from checks.subject import Subject


@dataclass(frozen=True, slots=True)
class Statement:
    """A line of the file, and what stands there."""

    line: int
    text: str


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def statement(subject: Subject, name: str) -> Statement | None:
    """The last statement of the subject's backward that assigns or returns the gradient of that name; None where the
    source does not show one.
    """
    recipe = subject.recipe
    if recipe is None or subject.file is None or subject.line is None or subject.cell is not None:
        return None
    place = recipe.gradients.get(name)
    linecache.checkcache(subject.file)
    lines = linecache.getlines(subject.file)
    tree = _tree("".join(lines))
    if place is None or tree is None:
        return None
    called, part = re.search(r"(\w+)\(", recipe.backward), re.search(r"layer\[(\d)(:?)\]", recipe.backward)
    if called is not None:
        function = _function(tree, subject.line, called[1])
    else:  # one function gives the loss and its gradients
        function = next((f for f in tree.body if isinstance(f, _Function) and f.lineno == subject.line), None)
        if part is not None:
            index = re.search(r"\[(\d+)\]", place) if part[2] else None
            place = f"returned[{int(part[1]) + (int(index[1]) if index else 0)}]"
    node = None if function is None else _made(function, place)
    return None if node is None else Statement(node.lineno, lines[node.lineno - 1].strip())


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


def _made(function: _Function, place: str) -> ast.stmt | ast.expr | None:
    """The last statement that puts something in that place: `layer.dW`, `layer.grads['W']`, `returned[1]`."""
    if place.startswith("layer."):
        own = "self" + place[len("layer") :]
        return _last(s for s in _statements(function) if _targets(s, own)) or _of_a_dict(function, own)
    index = re.fullmatch(r"returned(?:\[(\d+|'\w+')\])?", place)
    back = _last(s for s in _statements(function) if isinstance(s, ast.Return) and s.value is not None)
    if index is None or not isinstance(back, ast.Return):
        return None
    value = _element(back.value, index[1])
    if isinstance(value, ast.Name):
        return _last(s for s in _statements(function) if _targets(s, value.id)) or back
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
