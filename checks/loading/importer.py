"""The import system as the user's modules see it: their own loader, their own `__import__`, their own neighbours.

A module of the user's has builtins of its own, so that nothing of this reaches any other code.
"""

from __future__ import annotations

import builtins
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import FrameType, ModuleType, SimpleNamespace
from typing import Any, Final

import checks
from checks import record
from checks.loading import place
from checks.loading.dropped import ASK, gone_builtins, substitute, today
from checks.loading.execute import execute
from checks.loading.inplace import absence, in_place_of, missing_name
from checks.loading.names import bound, used
from checks.loading.pieces import Piece, pieces
from checks.loading.plan import PLAN, users_frames, users_loader

_OWN: Final = str(Path(checks.__file__).parent)


class UsersLoader(SourceFileLoader):
    """Loads a file of the user's. `helped`: a plain import would not have given this module."""

    is_users = True

    def __init__(self, name: str, path: str, known: list[Piece] | None = None) -> None:
        super().__init__(name, path)
        self.helped = False
        self._known = known

    def exec_module(self, module: ModuleType) -> None:
        found = self._known or pieces(self.path)
        PLAN.enter(self.path, found)
        with record.while_importing():
            module.__dict__["__builtins__"] = _builtins(self, found)
            execute(module, self.path, found)


class Finder:
    """Before the ordinary search for files: the user's are given our loader, and shadow nobody else's modules."""

    @classmethod
    def find_spec(cls, name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        ours = _asked_by_user()
        spec = None
        if path is None and place.added and not (ours and name not in place.STANDARD):
            spec = PathFinder.find_spec(name, [entry for entry in sys.path if entry not in place.added])
        if spec is not None or not ours:
            return spec
        spec = PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader) and _is_users(spec.origin):
            spec.loader = UsersLoader(name, str(spec.origin))
        return spec


def install() -> None:
    """Puts the finder before the one that searches sys.path, once."""
    if Finder not in sys.meta_path:
        at = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else len(sys.meta_path)
        sys.meta_path.insert(at, Finder)


def import_chain(name: str, root: Path, parts: Sequence[str], file: Path, known: list[Piece] | None) -> ModuleType:
    """Imports the packages of the dotted name, then the file as its last part. A failure leaves none of them."""
    names = name.split(".")
    before = set(sys.modules)
    try:
        for depth in range(1, len(names)):
            qualified = ".".join(names[:depth])
            if qualified not in sys.modules:
                _import_package(qualified, root.joinpath(*parts[:depth]))
        if name not in sys.modules:
            _import_file(name, file, known)
        return sys.modules[name]
    except BaseException:
        for fresh in set(sys.modules) - before:
            if fresh.split(".")[0] == names[0]:
                del sys.modules[fresh]
        raise


def _import_package(name: str, folder: Path) -> None:
    if place.is_package(folder):
        _import_file(name, folder / "__init__.py", None)
        return
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    package.__spec__ = importlib.util.spec_from_loader(name, loader=None, is_package=True)
    sys.modules[name] = package


def _import_file(name: str, file: Path, known: list[Piece] | None) -> None:
    folders = [str(file.parent)] if file.name == "__init__.py" else None
    loader = UsersLoader(name, str(file), known)
    spec = importlib.util.spec_from_file_location(name, file, loader=loader, submodule_search_locations=folders)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


def _builtins(loader: UsersLoader, found: list[Piece]) -> dict[str, Any]:
    space = dict(vars(builtins))
    for piece in found:
        space.update(gone_builtins(piece.tree))
        if piece.cell is not None:
            space["display"] = _nothing
            space["get_ipython"] = in_place_of("IPython", "IPython").get_ipython
    space.update({"__import__": _importer(loader), "input": _no_input, ASK: today})
    return space


def _importer(loader: UsersLoader) -> Callable[..., Any]:
    """`__import__` for one module."""

    def import_(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        frame = sys._getframe(1)
        where = (frame.f_code.co_filename, frame.f_lineno)
        try:
            module = builtins.__import__(name, globals, locals, fromlist, level)
        except ImportError as error:
            neighbour = _hidden_neighbour(name, fromlist, loader.path) if level == 0 else None
            if neighbour is not None:
                return neighbour
            if any(users_frames(error)) or not PLAN.may_stand_in(loader.path, *where):
                raise
            loader.helped = True
            return _all_in_place_of(name, level, fromlist or (), globals or {}, absence(name, level, error), loader)
        lacking = [one for one in fromlist or () if one != "*" and not hasattr(module, one)]
        if not lacking or PLAN.is_guarded(*where):
            return module
        own = _hidden_neighbour(name, fromlist, loader.path) if level == 0 else None
        found = {one: getattr(module, one) for one in fromlist if one not in lacking}
        for one in lacking:
            known, value = (True, getattr(own, one)) if hasattr(own, one) else substitute(module.__name__, one)
            if not known and not PLAN.may_stand_in(loader.path, *where):
                return module  # the statement raises what it always raised
            found[one] = value if known else missing_name(module.__name__, one)
        loader.helped = True
        return SimpleNamespace(__name__=module.__name__, **found)

    return import_


def _all_in_place_of(
    name: str, level: int, fromlist: Sequence[str], space: dict[str, Any], absent: Any, loader: UsersLoader
) -> Any:
    """What the statement is given: the first part of the name, or the module whose names are taken."""
    shown = "." * level + name
    module = in_place_of(shown if fromlist else shown.split(".")[0], absent)
    if "*" not in fromlist:
        return module
    names = [one for one in _free_names(PLAN.pieces[loader.path]) if one not in space]
    return SimpleNamespace(__all__=names, **{one: getattr(module, one) for one in names})


def _free_names(found: list[Piece]) -> list[str]:
    """The names that a file uses and nothing in it defines: those it may expect of `from module import *`."""
    own = {name for piece in found for name in bound(piece.tree)}
    return sorted({name for piece in found for name in used(piece.tree)} - own - set(dir(builtins)))


def _hidden_neighbour(name: str, fromlist: Any, asking: str) -> ModuleType | None:
    """A module of the user's that has the name of a module from elsewhere, under a name of its own; None without one.

    Asked for where the other module does not have what is imported.
    """
    top, *rest = name.split(".")
    holder = getattr(sys.modules.get(top), "__file__", None)
    elsewhere = top in place.STANDARD or (isinstance(holder, str) and not _is_users(holder))
    if not elsewhere or (rest and not fromlist):
        return None
    for root in map(Path, sorted(filter(asking.startswith, place.roots), key=len, reverse=True)):
        file = root.joinpath(top, *rest).with_suffix(".py")
        if file.is_file():
            alias = place.free_name([top, *rest], file)
            return sys.modules.get(alias) or import_chain(alias, root, [top, *rest], file, None)
    return None


def _asked_by_user() -> bool:
    """Whether it is code of the user's that imports."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(("importlib", __name__)):
        frame = frame.f_back
    return frame is not None and users_loader(frame) is not None


def _is_users(path: str | None) -> bool:
    return path is not None and place.is_users(path) and not path.startswith(_OWN)


def _no_input(prompt: object = "") -> str:
    raise EOFError("a file that is imported cannot ask: there is nobody to answer")


def _nothing(*args: Any, **kwargs: Any) -> None:
    return None
