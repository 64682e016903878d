"""Loads a file by its path, as the module of the package it belongs to, and writes nothing beside it.

The package is the chain of folders above the file that hold an `__init__.py`; where there is none, as many
folders as the file's own relative imports climb. Imports of neighbours work as they do when the file is run:
from the folder that holds the package (or the file), and from those above it up to the repository's root.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import importlib.util
import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final

from checks.errors import LayerError

_ROOT_MARKS: Final = ((".git", ".hg"), ("pyproject.toml", "setup.py", "setup.cfg"))
_LONGEST_MESSAGE: Final = 300


def load(path: str | os.PathLike[str]) -> ModuleType:
    """The module of the file. Raises LayerError where it is not there, does not parse or does not import."""
    file = Path(os.path.abspath(path))
    tree = parse(path)
    root, parts = _package(file, _climbs(tree))
    name = _free_name(parts, file)
    loaded = sys.modules.get(name)
    if loaded is not None and _is_from(loaded, file):
        return loaded
    _extend_path(root)
    with _quietly():
        try:
            return _imported(name, root, parts, file, bare=False)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if len(parts) > 1:  # the package around it may be what fails: try without its __init__ files
                try:
                    return _imported(name, root, parts, file, bare=True)
                except Exception:
                    pass
            raise LayerError(_import_failure(error, path, file)) from error


def parse(path: str | os.PathLike[str]) -> ast.Module:
    """The syntax tree of the file, which is not run. Raises LayerError where there is none."""
    file = Path(path)
    if not file.exists():
        raise LayerError(_absence(file))
    if file.is_dir():
        raise LayerError(f"{path} is a folder; expected a Python file")
    if file.suffix == ".ipynb":
        raise LayerError(
            f"notebooks are not read yet; write its code to a file first:\njupyter nbconvert --to script {file.name}"
        )
    if file.suffix != ".py":
        raise LayerError(f"{path} is not a Python file; expected a name that ends in .py")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(file.read_bytes(), filename=str(file))
    except SyntaxError as error:
        place = file.name if error.lineno is None else f"{file.name}:{error.lineno}"
        line = (error.text or "").strip()
        raise LayerError(f"{place} does not parse: {error.msg}" + (f"\n{line}" if line else "")) from None
    except OSError as error:
        raise LayerError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise LayerError(f"{file.name} does not parse: {_one_line(error)}") from None


def described(error: BaseException) -> str:
    """The exception's type and the first line of its message."""
    message = _one_line(error)
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _one_line(error: BaseException) -> str:
    try:
        text = str(error).strip()
    except Exception:  # a __str__ of the user's that fails
        return ""
    line = text.splitlines()[0] if text else ""
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 3] + "..."


def _absence(file: Path) -> str:
    """That there is no such file, and which one with nearly this name there is."""
    message = f"there is no file {file}"
    if not file.parent.is_dir():
        return f"{message}, nor a folder {file.parent}"
    names = sorted(other.name for other in file.parent.iterdir() if other.suffix == file.suffix)
    near = difflib.get_close_matches(file.name, names, n=1)
    return f"{message}; did you mean {near[0]}?" if near else message


def _climbs(tree: ast.Module) -> int:
    """How many packages the file's relative imports need around it: two for `from ..common import x`."""
    return max((node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)), default=0)


def _package(file: Path, climbs: int) -> tuple[Path, list[str]]:
    """The folder that holds the topmost package (or the lone file), and the dotted name's parts below it."""
    folder, parts = file.parent, [] if file.name == "__init__.py" else [file.stem]
    needed = len(parts) + climbs
    while folder.name.isidentifier() and (_is_package(folder) or len(parts) < needed):
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, parts or [file.parent.name]


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()


def _free_name(parts: list[str], file: Path) -> str:
    """The dotted name; another top where a standard module or one from elsewhere has that name already."""
    top = parts[0]
    holder = sys.modules.get(top)
    inside = file.parents[len(parts) - 2] if len(parts) > 1 else file
    mine = holder is None or _is_from(holder, inside)
    if mine and top.isidentifier() and top not in sys.stdlib_module_names:
        return ".".join(parts)
    digest = hashlib.blake2b(os.fsencode(inside), digest_size=4).hexdigest()
    word = "".join(c if c.isalnum() else "_" for c in top)
    return ".".join([f"_{word}_{digest}", *parts[1:]])


def _is_from(module: ModuleType, place: Path) -> bool:
    """Whether the module is that file, or the package of that folder."""
    own = getattr(module, "__file__", None)
    if own is not None:
        return Path(own) in (place, place / "__init__.py")
    return str(place) in list(getattr(module, "__path__", []))


def _extend_path(root: Path) -> None:
    """Puts the root first and the folders above it last, up to the repository's root.

    Never the folder of a package: its modules would be imported twice, under two names.
    """
    importlib.invalidate_caches()
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    for folder in _above(root):
        if str(folder) not in sys.path and not _is_package(folder):
            sys.path.append(str(folder))


def _above(root: Path) -> list[Path]:
    """The folders above, up to the repository's root; without a repository the next one alone."""
    chain = [root, *root.parents]
    for marks in _ROOT_MARKS:
        for position, folder in enumerate(chain):
            if any((folder / mark).exists() for mark in marks):
                return chain[1 : position + 1]
    return [folder for folder in chain[1:2] if folder.parent != folder]


@contextmanager
def _quietly() -> Iterator[None]:
    """No bytecode files, and no warning of the user's code, which a strict filter would raise."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.dont_write_bytecode = before


def _imported(name: str, root: Path, parts: list[str], file: Path, *, bare: bool) -> ModuleType:
    """Imports the chain of packages, then the file. `bare`: the packages' `__init__` files are not run."""
    names = name.split(".")
    before = set(sys.modules)
    try:
        for depth in range(1, len(names)):
            qualified = ".".join(names[:depth])
            if qualified not in sys.modules:
                _import_package(qualified, root.joinpath(*parts[:depth]), bare=bare)
        if name not in sys.modules:
            _import_file(name, file)
        return sys.modules[name]
    except BaseException:
        for added in set(sys.modules) - before:
            if added.split(".")[0] == names[0]:
                del sys.modules[added]
        raise


def _import_package(name: str, folder: Path, *, bare: bool) -> None:
    if _is_package(folder) and not bare:
        _import_file(name, folder / "__init__.py")
        return
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    package.__spec__ = importlib.util.spec_from_loader(name, loader=None, is_package=True)
    sys.modules[name] = package


def _import_file(name: str, file: Path) -> None:
    folders = [str(file.parent)] if file.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=folders)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


def _import_failure(error: BaseException, path: str | os.PathLike[str], file: Path) -> str:
    """What was raised, where, and what would help."""
    place = _place(error, file)
    if isinstance(error, SystemExit):
        return (
            f"importing {path} ended the program ({place}: {described(error)})\n"
            'Put what is a script under `if __name__ == "__main__":`.'
        )
    message = f"importing {path} raised {described(error)} ({place})"
    if isinstance(error, ModuleNotFoundError):
        message += "\nInstall it, or move the layers to a file that does without."
    return message


def _place(error: BaseException, file: Path) -> str:
    """`file:line` of the deepest frame in the file; the error's own place where the file was never run."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename) == file:
            return f"{file.name}:{frame.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith("<frozen")]
    last = frames[-1] if frames else None
    return file.name if last is None else f"{Path(last.filename).name}:{last.lineno}"
