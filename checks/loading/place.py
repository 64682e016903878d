"""Where a file belongs: its package, the name it is loaded under, and the folders in which its neighbours lie.

The package is the chain of folders above the file that hold an `__init__.py`; where there is none, as many folders as
the file's own relative imports climb.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Final

_ROOT_MARKS: Final = ((".git", ".hg"), ("pyproject.toml", "setup.py", "setup.cfg"))
STANDARD: Final = sys.stdlib_module_names | {"test"}
_LIBRARY: Final = os.path.dirname(os.__file__) + os.sep
_INSTALLED: Final = ("site-packages", "dist-packages")

roots: Final[set[str]] = set()  # folders that hold the user's code
added: Final[set[str]] = set()  # those of them that sys.path did not have before


def package(file: Path, trees: Iterable[ast.Module]) -> tuple[Path, list[str]]:
    """The folder that holds the topmost package (or the lone file), and the names of what lies below it."""
    if file.suffix == ".ipynb":
        return file.parent, [file.stem]
    folder, parts = file.parent, [] if file.name == "__init__.py" else [file.stem]
    needed = len(parts) + _climbs(trees)
    while folder.name and (_is_named_package(folder) or len(parts) < needed):
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, parts or [file.parent.name]


def _is_named_package(folder: Path) -> bool:
    return folder.name.isidentifier() and is_package(folder)


def _climbs(trees: Iterable[ast.Module]) -> int:
    """How many packages the file's relative imports need around it: two for `from ..common import x`."""
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return max((node.level for node in nodes), default=0)


def is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()


def free_name(parts: list[str], file: Path) -> str:
    """The dotted name; another top where a standard module or one from elsewhere has that name already."""
    top, *rest = parts
    below = [part if part.isidentifier() else _word(part) for part in rest]
    holder = sys.modules.get(top)
    inside = file.parents[len(parts) - 2] if len(parts) > 1 else file
    mine = holder is None or is_from(holder, inside)
    if mine and top.isidentifier() and top not in STANDARD and file.suffix == ".py":
        return ".".join([top, *below])
    digest = hashlib.blake2b(os.fsencode(inside), digest_size=4).hexdigest()
    return ".".join([f"_{_word(top)}_{digest}", *below])


def _word(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)


def is_from(module: ModuleType, place: Path) -> bool:
    """Whether the module is that file, or the package of that folder."""
    own = getattr(module, "__file__", None)
    if isinstance(own, str):
        return Path(own) in (place, place / "__init__.py")
    return str(place) in list(getattr(module, "__path__", []))


def extend_path(root: Path, file: Path) -> None:
    """Puts the root first and the folders above it last, up to the repository's root; then where a link leads.

    Never the folder of a package: its modules would be imported twice, under two names.
    """
    importlib.invalidate_caches()
    chain = [root, *(folder for folder in _above(root) if not is_package(folder))]
    for position, folder in enumerate((*chain, Path(os.path.realpath(file)).parent)):
        text = str(folder)
        roots.add(text)
        if text not in sys.path:
            added.add(text)
            sys.path.insert(0 if position == 0 else len(sys.path), text)


def _above(root: Path) -> list[Path]:
    """The folders above, up to the repository's root; without a repository the next one alone."""
    chain = [root, *root.parents]
    for marks in _ROOT_MARKS:
        for position, folder in enumerate(chain):
            if any((folder / mark).exists() for mark in marks):
                return chain[1 : position + 1]
    return [folder for folder in chain[1:2] if folder.parent != folder]


def is_users(path: str) -> bool:
    """Whether a file lies below one of the roots, and is not installed there."""
    if path.startswith(_LIBRARY) or any(name in path.split(os.sep) for name in _INSTALLED):
        return False
    return any(path.startswith(root.rstrip(os.sep) + os.sep) for root in roots)
