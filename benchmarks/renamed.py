"""The correct layers of tests/zoo/right under meaningless names: what is read from behaviour alone.

    python benchmarks/renamed.py [--seed 1] [--max-examples 8] [--processes 2] [--show FILE]

Classes, arguments and attributes are renamed in the files' syntax trees. What stays is the protocol: the names of
methods, of keys in dictionaries and of functions' endings (`..._forward`).
"""

from __future__ import annotations

import argparse
import ast
import multiprocessing
import random
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.zoo import CONVENTIONS, ZOO, show

_ARRAY_WORDS = frozenset(dir(np.ndarray)) | frozenset(dir(dict)) | frozenset(dir(list))
_PAIR = re.compile(r"(?P<stem>\w+?)(?P<end>_(?:forward|backward|fwd|bwd|fprop|bprop|grad|prime|derivative)\w*)")


def renamed(source: str) -> str:
    """The module's source with meaningless names for its classes, arguments and attributes."""
    tree = ast.parse(source)
    names = _Names(tree)
    return ast.unparse(ast.fix_missing_locations(_Renamer(names).visit(tree)))


class _Names:
    """The old names and the new ones, by what they name."""

    def __init__(self, tree: ast.Module) -> None:
        nodes = list(ast.walk(tree))
        classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
        functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.Lambda)]
        methods = {f.name for c in classes for f in c.body if isinstance(f, ast.FunctionDef)}
        imported = {a.asname or a.name for n in nodes if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names}
        top = {f.name for f in tree.body if isinstance(f, ast.FunctionDef)}
        own = {
            node.attr
            for node in nodes
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_self(node.value)
        }
        own |= {
            target.id
            for c in classes
            for s in c.body
            if isinstance(s, ast.Assign | ast.AnnAssign)
            for target in (s.targets if isinstance(s, ast.Assign) else [s.target])
            if isinstance(target, ast.Name)
        }
        arguments = {a.arg for f in functions for a in _arguments(f)} - {"self", "cls"}
        fields = {s.target.id for c in classes for s in c.body if isinstance(s, ast.AnnAssign) and _is_name(s.target)}
        self.classes = {c.name: f"K{k:02}" for k, c in enumerate(classes)}
        self.functions = {stem: f"f{k:02}" for k, stem in enumerate(sorted({_stem(name) for name in top}))}
        words = sorted((own | arguments) - methods - imported - top - set(self.classes) - {"_"})
        order = list(range(len(words)))
        random.Random(len(words)).shuffle(order)
        new = {word: f"k{number:02}" for word, number in zip(words, order, strict=True) if not word.startswith("__")}
        self.attributes = {w: n for w, n in new.items() if w in own | fields and w not in _ARRAY_WORDS}
        self.arguments = {w: n for w, n in new.items() if w in arguments | fields}
        self.defined = set(self.classes) | top | methods
        self.imported = imported


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: _Names) -> None:
        self.names = names
        self.scopes: list[set[str]] = []

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        self.generic_visit(node)
        for statement in node.body:  # fields of the class are attributes
            targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
            for target in targets:
                if isinstance(target, ast.Name):
                    target.id = self.names.attributes.get(target.id, target.id)
        node.name = self.names.classes[node.name]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        if node.name in self.names.defined and not self.scopes and node.col_offset == 0:
            node.name = self._function(node.name)
        return self._scope(node)

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        return self._scope(node)

    def _scope(self, node: Any) -> Any:
        self.scopes.append({a.arg for a in _arguments(node)})
        self.generic_visit(node)
        self.scopes.pop()
        return node

    def visit_arg(self, node: ast.arg) -> Any:
        node.arg = self.names.arguments.get(node.arg, node.arg)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        if any(node.id in scope for scope in self.scopes):
            node.id = self.names.arguments.get(node.id, node.id)
        elif node.id in self.names.classes:
            node.id = self.names.classes[node.id]
        elif node.id in self.names.defined:
            node.id = self._function(node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        self.generic_visit(node)
        root: Any = node.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if not (isinstance(root, ast.Name) and root.id in self.names.imported):
            node.attr = self.names.attributes.get(node.attr, node.attr)
        return node

    def visit_Call(self, node: ast.Call) -> Any:
        callee = node.func
        local = isinstance(callee, ast.Name) and callee.id in self.names.defined
        if isinstance(callee, ast.Attribute):
            local = callee.attr in self.names.defined or callee.attr == "__init__"
        if isinstance(callee, ast.Name) and callee.id in ("getattr", "setattr", "hasattr", "delattr"):
            for argument in node.args[1:2]:
                if isinstance(argument, ast.Constant) and argument.value in self.names.attributes:
                    argument.value = self.names.attributes[argument.value]
        self.generic_visit(node)
        if local:
            for keyword in node.keywords:
                if keyword.arg:
                    keyword.arg = self.names.arguments.get(keyword.arg, keyword.arg)
        return node

    def _function(self, name: str) -> str:
        return self.names.functions.get(_stem(name), name) + name[len(_stem(name)) :] if name in self._tops else name

    @property
    def _tops(self) -> set[str]:
        return {name for name in self.names.defined if _stem(name) in self.names.functions}


def _stem(name: str) -> str:
    match = _PAIR.fullmatch(name)
    return match["stem"] if match else name


def _arguments(function: Any) -> list[ast.arg]:
    a = function.args
    return [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-examples", type=int, default=8)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--show", metavar="FILE", help="print this file of the zoo as renamed, and do nothing else")
    options = parser.parse_args()
    if options.show:
        print(renamed((ZOO / "right" / options.show).read_text()))
        return
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        for path in sorted((ZOO / "right").glob("*.py")):
            copy = Path(folder) / path.name
            copy.write_text(renamed(path.read_text()))
            jobs.append((str(copy), range(options.seed, options.seed + 1), options.max_examples, CONVENTIONS))
        with multiprocessing.get_context("spawn").Pool(options.processes, maxtasksperchild=1) as pool:
            show("correct, renamed", pool, jobs, "pass")


if __name__ == "__main__":
    main()
