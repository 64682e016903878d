"""The statement that makes a gradient: where to look, in the file as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

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
    called, place = re.search(r"(\w+)\(", recipe.backward), recipe.gradients.get(name)
    lines = _lines(subject.file)
    tree = _tree("\n".join(lines))
    if called is None or place is None or tree is None:
        return None
    function = _function(tree, subject.line, called[1])
    node = None if function is None else _made(function, place)
    return None if node is None else Statement(node.lineno, lines[node.lineno - 1].strip())


@lru_cache(maxsize=8)
def _lines(file: str) -> tuple[str, ...]:
    try:
        return tuple(Path(file).read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        return ()


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


def _made(function: _Function, place: str) -> ast.stmt | None:
    """The last statement that puts something in that place: `layer.dW`, `layer.grads['W']`, `returned[1]`."""
    if place.startswith("layer."):
        return _last(s for s in _statements(function) if _targets(s, "self" + place[len("layer") :]))
    index = re.fullmatch(r"returned(?:\[(\d+|'\w+')\])?", place)
    back = _last(s for s in _statements(function) if isinstance(s, ast.Return) and s.value is not None)
    if index is None or not isinstance(back, ast.Return):
        return None
    value = _element(back.value, index[1])
    if isinstance(value, ast.Name):
        return _last(s for s in _statements(function) if _targets(s, value.id)) or back
    return back


def _element(value: ast.expr | None, index: str | None) -> ast.expr | None:
    """The part of what is returned that has the index or the key."""
    if index is None:
        return value
    if isinstance(value, ast.Tuple | ast.List) and index.isdigit() and int(index) < len(value.elts):
        return value.elts[int(index)]
    if isinstance(value, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in value.keys]
        return value.values[keys.index(index.strip("'"))] if index.strip("'") in keys else None
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
