"""Loads a file by its path, as the module of the package it belongs to, and writes nothing beside it.

Imports of neighbours work as they do when the file is run: from the folder that holds the package (or the file), and
from those above it up to the repository's root. What an import misses is stood in for, and a file that does not survive
being imported is loaded by its definitions; both are noted in the module's loader and in `checks.record`.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final

from checks import record
from checks.errors import LayerError
from checks.loading import importer, place
from checks.loading.limits import time_limit
from checks.loading.pieces import Piece, described, pieces
from checks.loading.plan import PLAN, TERMS, users_frames

_MOST_ATTEMPTS: Final = 60  # each has learned something: an import that is missing, a file that does not run
_MOST_LIMITS: Final = 6  # so many times the limit of one attempt are spent on all of them


def load(path: str | os.PathLike[str]) -> ModuleType:
    """The module of the file. Raises LayerError where it is not there, does not parse, or nothing of it loads."""
    file = Path(os.path.abspath(path))
    known = pieces(path)
    root, parts = place.package(file, [piece.tree for piece in known])
    name = place.free_name(parts, file)
    loaded = sys.modules.get(name)
    if loaded is not None and place.is_from(loaded, file):
        return loaded
    PLAN.forget(str(file))
    place.extend_path(root, file)
    importer.install()
    with record.watching() as seen, _quietly(file):
        module = _imported(name, root, parts, file, known)
    if seen.notes:
        vars(module.__loader__)["helped"] = True
    return module


def _imported(name: str, root: Path, parts: list[str], file: Path, known: list[Piece]) -> ModuleType:
    """Imports it, again for as long as something is learned from what went wrong."""
    terms = TERMS.get()
    started = time.monotonic()
    for _ in range(_MOST_ATTEMPTS):
        try:
            with time_limit(terms.limit):
                return importer.import_chain(name, root, parts, file, known)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            failure = error
            spent = time.monotonic() - started
            if not PLAN.learn(error) or (terms.limit is not None and spent > _MOST_LIMITS * terms.limit):
                break
        terms.renew()
    frames = list(users_frames(failure))
    where = f" ({Path(frames[-1][0].f_code.co_filename).name}:{frames[-1][1]})" if frames else ""
    raise LayerError(f"importing {file.name} raised {described(failure)}{where}") from failure


@contextmanager
def _quietly(file: Path) -> Iterator[None]:
    """No bytecode files, no warning of the user's code, which a strict filter would raise, and no words of ours."""
    before, words = sys.dont_write_bytecode, sys.argv
    sys.dont_write_bytecode, sys.argv = True, [str(file)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.dont_write_bytecode, sys.argv = before, words


__all__ = ["described", "load", "pieces"]
