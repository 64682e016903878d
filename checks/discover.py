"""From a TARGET on the command line to the layers in it: the files there are, the subjects each one holds.

`expand` looks at names and at source text only; `find` imports one file, and is meant for a process of its
own.
"""

from __future__ import annotations

import ast
import difflib
import importlib.machinery
import inspect
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from checks import record
from checks.errors import LayerError
from checks.load import load, pieces

_MODULE: Final = re.compile(r"(?P<module>\w+(?:\.\w+)*)(?:::?(?P<name>[\w.]+))?")
_NOT_SOURCES: Final = frozenset({"__pycache__", "node_modules", "site-packages"})
_UPDATES: Final = ("update", "step", "apply_gradients", "optimize")
_EXPECTED: Final = (
    "expected a class with forward and backward, or loss and gradient, or functions f_forward and f_backward"
)
_ANYTHING: Final = "or check((f, df)) in Python: df takes what f takes, and returns a gradient for each array"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Source:
    """A file that a target leads to. `why`: there is nothing to load, and this is the reason."""

    label: str
    path: str | None = None
    name: str | None = None
    explicit: bool = True
    why: str | None = None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Found:
    """A subject, or (`why`) the reason why there is none. `settings`: arguments of `check` for it alone.

    `path`: its file, where it was given by its path.
    """

    target: str
    path: str | None = None
    subject: Any = None
    why: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Discovery:
    """What one file holds. `skipped`: classes that are no layers but look like kin, each with what it is.

    `notes`: what was done so that it could be loaded.
    """

    found: tuple[Found, ...]
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def discover(target: str) -> list[Found]:
    """All subjects of a target, in the order in which they stand. Imports the files in this process."""
    return [found for source in expand(target) for found in find(source).found]


def expand(target: str) -> list[Source]:
    """The files a target leads to; nothing is imported."""
    given, _, name = target.partition("::")
    path = Path(given)
    if path.is_dir():
        if name:
            return [Source(label=target, why=f"{given} is a folder; {name} needs a file: {given}/file.py::{name}")]
        return list(_files(given))
    module = _MODULE.fullmatch(target)
    if path.exists() or module is None or path.suffix in (".py", ".ipynb"):
        return [Source(label=given, path=given, name=name or None)]
    return _of_module(module["module"], module["name"])


def find(source: Source) -> Discovery:
    """The subjects of one file, which is imported. What cannot be loaded is one Found with its reason."""
    with record.watching() as seen:
        discovery = _find(source)
    if not discovery.found and seen.lost:  # it may have held one
        discovery = Discovery(found=(Found(target=source.label, why=seen.lost[0]),))
    return replace(discovery, notes=tuple(seen.notes))


def _find(source: Source) -> Discovery:
    if source.path is None:
        return Discovery(found=(Found(target=source.label, why=source.why),))
    try:
        module = load(source.path)
    except LayerError as error:
        return Discovery(found=(Found(target=source.label, why=str(error)),))
    given = source.path if source.label == source.path else None
    if source.name is not None:
        named = _named(module, source.name, f"{source.label}::{source.name}")
        return Discovery(found=(replace(named, path=given),))
    subjects = dict(_subjects(module))
    if not subjects and source.explicit:
        why = _holds_none(module, Path(source.path).name)
        return Discovery(found=(Found(target=source.label, why=why),), skipped=tuple(_skipped(module, subjects)))
    found = tuple(
        Found(target=f"{source.label}::{name}", path=given, subject=subject) for name, subject in subjects.items()
    )
    return Discovery(found=found, skipped=tuple(_skipped(module, subjects)))


def _files(folder: str) -> Iterator[Source]:
    """The files of a folder, sorted, that could hold a layer or that do not parse."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _NOT_SOURCES
            and not os.path.exists(os.path.join(place, name, "pyvenv.cfg"))
        )
        for name in sorted(names):
            path = os.path.join(place, name)
            if name.endswith((".py", ".ipynb")) and not name.startswith(".") and _may_hold_layers(path):
                yield Source(label=path, path=path, explicit=False)


def _may_hold_layers(path: str) -> bool:
    """Whether a class or a function is defined at all: a mere script is not worth running."""
    try:
        found = pieces(path)
    except LayerError:
        return True
    return any(isinstance(node, ast.ClassDef | ast.FunctionDef) for piece in found for node in ast.walk(piece.tree))


def _of_module(module: str, name: str | None) -> list[Source]:
    """The file of a dotted name, found without importing the packages above it; all files of a package."""
    folders = [os.getcwd(), *sys.path]
    spec = None
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        spec = importlib.machinery.PathFinder.find_spec(".".join(parts[:depth]), folders)
        if spec is None:
            break
        folders = list(spec.submodule_search_locations or [])
    if spec is None and parts[0] in sys.builtin_module_names:  # which have no file at all
        spec = importlib.machinery.BuiltinImporter.find_spec(module)
    if spec is None:
        return [Source(label=module, why=f"there is no file, folder or module {module}; expected one of them")]
    if spec.submodule_search_locations and name is None:
        return [
            Source(label=_dotted(module, root, one.path or ""), path=one.path, explicit=False)
            for root in spec.submodule_search_locations
            for one in _files(root)
        ]
    if spec.origin is None or not spec.origin.endswith(".py"):
        return [Source(label=module, why=f"{module} has no Python source to check")]
    return [Source(label=module, path=spec.origin, name=name)]


def _dotted(module: str, root: str, path: str) -> str:
    """The dotted name of a file beneath the package's folder."""
    parts = list(Path(os.path.relpath(path, root)).with_suffix("").parts)
    return ".".join([module, *(part for part in parts if part != "__init__")])


def _subjects(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The layers defined in the module, by name, then the pairs of functions by their forward's name."""
    from checks.dialects import function_pairs, is_layer

    for cls in _classes(module):
        if is_layer(cls):
            yield cls.__name__, cls
    yield from function_pairs(module)


def _classes(module: ModuleType) -> list[type]:
    """The classes defined in the module, each once, in the order of their definition."""
    own = {
        id(value): value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    }
    return list(own.values())


def _named(module: ModuleType, name: str, target: str) -> Found:
    """The class, instance or function pair of that name."""
    from checks.dialects import TABLE, function_pairs

    pairs = dict(function_pairs(module))
    if name in pairs:
        return Found(target=target, subject=pairs[name])
    value: Any = module
    for part in name.split("."):
        value = getattr(value, part, None)
    if value is None:
        known = dict(_subjects(module)) or _imported_layers(module)
        near = difflib.get_close_matches(name, known, n=1)
        there = f"did you mean {near[0]}?" if near else f"it has {', '.join(known) or 'no layers'}"
        return Found(target=target, why=f"there is no {name} in {_file_name(module)}; {there}")
    if not any(dialect.recognises(value) for dialect in TABLE):
        kind = "class" if isinstance(value, type) else type(value).__name__
        why = f"{name} is no layer: a {kind} without a forward and a backward\n{_EXPECTED}\n{_ANYTHING}"
        return Found(target=target, why=why)
    return Found(target=target, subject=value)


def _imported_layers(module: ModuleType) -> dict[str, Any]:
    """The layers that a module without any of its own, such as a package, offers."""
    from checks.dialects import is_layer

    return {name: value for name, value in vars(module).items() if isinstance(value, type) and is_layer(value)}


def _holds_none(module: ModuleType, file: str) -> str:
    names = [cls.__name__ for cls in _classes(module)]
    functions = [n for n, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == module.__name__]
    has = f"its classes are {', '.join(names)}" if names else "it defines no class"
    if functions and not names:
        has += f", and its functions are {', '.join(functions)}"
    return f"{file} holds no layer: {has}\n{_EXPECTED}"


def _file_name(module: ModuleType) -> str:
    path = Path(module.__file__ or module.__name__)
    return path.name if path.name != "__init__.py" else f"{path.parent.name}/{path.name}"


def _skipped(module: ModuleType, subjects: Mapping[str, Any]) -> Iterator[str]:
    """Abstract bases, optimizers, gradients of nothing: what a reader might otherwise miss in the list."""
    from checks.dialects.defined import unused_gradients

    checked = list(subjects.values())
    kin = {cls.__name__: _kin(cls) for cls in _classes(module) if not any(cls is one for one in checked)}
    yield from (f"{name} ({what})" for name, what in kin.items() if what is not None)
    yield from (f"{name} ({why})" for name, why in unused_gradients(module, checked) if kin.get(name) is None)


def _kin(cls: type) -> str | None:
    """What a class is that is no layer, but goes with layers."""
    from checks.dialects.defined import is_container
    from checks.dialects.layer import method
    from checks.dialects.names import BACKWARD, FORWARD
    from checks.dialects.usage import stub

    if is_container(cls):
        return "a container of layers"
    passes = [name for name in (method(cls, FORWARD), method(cls, BACKWARD)) if name is not None]
    if inspect.isabstract(cls) or any(stub(inspect.getattr_static(cls, name)) for name in passes):
        return "abstract base"
    return "optimizer" if len(passes) < 2 and method(cls, _UPDATES) is not None else None
