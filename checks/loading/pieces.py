"""A file's code in pieces that parse: a Python file is one, a notebook has one for each code cell. Nothing is run."""

from __future__ import annotations

import ast
import difflib
import linecache
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from checks.errors import LayerError
from checks.loading.notebook import cells, without_magics

_LONGEST_MESSAGE: Final = 300
_PYTHON_2: Final = re.compile(
    r"""(?:.*[;:]\s*)? (?: print\b(?!\s*[=(.,]) | print\s*\(.*\)\s*[%,] | print\s*>> | exec\s+["'\w]
        | raise\s+[\w.]+\s*,\s*\S | except\s+[^:]+,\s*\w+\s*: )
        | .*(?: [ ]<>[ ] | \b0[0-7]+[lL]?\b | \d[lL]\b | `.+` | \bur["'] ) | (?:def|lambda)\b[^:]*\([^:)]*\(""",
    re.VERBOSE,
)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Piece:
    """`name`: under which Python knows the code, as in tracebacks. `cell`: the number of a notebook's cell.

    `dropped`: why a cell is left out.
    """

    name: str
    tree: ast.Module
    cell: int | None = None
    dropped: str | None = None

    def place(self, line: int | None) -> str:
        """`line 3 of layers.py`, `cell 2, line 3 of layers.ipynb`."""
        file = os.path.basename(CELL.sub("", self.name))
        words = ([] if self.cell is None else [f"cell {self.cell}"]) + ([] if line is None else [f"line {line}"])
        return f"{', '.join(words)} of {file}" if words else file


CELL: Final = re.compile(r"\[cell (\d+)\]$")


def pieces(path: str | os.PathLike[str]) -> list[Piece]:
    """The code of the file. Raises LayerError where it is not there, is no source, or does not parse."""
    file = Path(path)
    if not file.exists():
        raise LayerError(_absence(file))
    if file.is_dir():
        raise LayerError(f"{path} is a folder; expected a Python file")
    if file.suffix not in (".py", ".ipynb"):
        raise LayerError(f"{path} is not a Python file; expected a name that ends in .py or .ipynb")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise LayerError(f"{path} cannot be read: {error.strerror}") from None
    if file.suffix == ".ipynb":
        return [_cell(file, number, text) for number, text in cells(file.name, data)]
    return [Piece(name=str(file), tree=_parsed(data, file))]


def _cell(file: Path, number: int, text: str) -> Piece:
    """One cell. Its text is registered where tracebacks and `inspect` look for the lines of a file."""
    name = f"{file}[cell {number}]"
    try:
        text, tree = without_magics(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        written = (text.splitlines() + [""])[(line or 1) - 1].strip()
        piece = Piece(name=name, tree=ast.Module([], []), cell=number)
        why = f"{piece.place(line)} does not parse, and the cell was left out: {written}"
        return Piece(name=name, tree=piece.tree, cell=number, dropped=why)
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    return Piece(name=name, tree=tree, cell=number)


def _parsed(data: bytes, file: Path) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data, filename=str(file))
    except SyntaxError as error:
        place = file.name if error.lineno is None else f"{file.name}:{error.lineno}"
        line = (error.text or "").strip()
        if _is_python_2(error, line):
            raise LayerError(
                f"{file.name}: line {error.lineno} is Python 2: {line[:80]}\nconvert the file to Python 3 first"
            ) from None
        raise LayerError(f"{place} does not parse: {error.msg}" + (f"\n{line}" if line else "")) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise LayerError(f"{file.name} does not parse: {one_line(error)}") from None


def _is_python_2(error: SyntaxError, line: str) -> bool:
    return "Missing parentheses in call to" in error.msg or _PYTHON_2.match(line) is not None


def described(error: BaseException) -> str:
    """The exception's type and the first line of its message."""
    message = one_line(error)
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def one_line(error: BaseException) -> str:
    """The first line of an exception's message."""
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
