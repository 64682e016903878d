"""The code cells of a notebook as Python: magics and shell lines are left out, and every line keeps its number."""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import Any, Final

from checks.errors import LayerError

# Cell magics whose cell is Python all the same.
_PYTHON_CELLS: Final = re.compile(r"%%(?:time|timeit|capture|prun|memit|mprun|python3?|pypy)\b")
_MAGIC: Final = re.compile(r"(?P<indent>\s*)(?:[%!?]|,|;|/\w|.*\?\??\s*$|[\w., ]+=\s*[%!]|(?:pip|conda|cd|ls)\s)")


def cells(name: str, data: bytes) -> list[tuple[int, str]]:
    """(number, text) of the code cells; the cells are counted from 1, those of prose left out.

    Raises LayerError where it is no notebook, one of another language, or has no code.
    """
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise LayerError(f"{name} is no notebook: it does not parse as JSON{where}") from None
    if not isinstance(document, dict) or not isinstance(_listed(document), list):
        raise LayerError(f"{name} is no notebook: expected a list of cells in it")
    language = _language(document)
    if not language.lower().startswith(("python", "ipython", "xpython", "sage")):
        raise LayerError(f"{name} is a notebook in {language}; expected one in Python")
    code = [cell for cell in _listed(document) if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    texts = [_text(cell.get("source", cell.get("input", ""))) for cell in code]
    if not any(text.strip() for text in texts):
        raise LayerError(f"{name} has no code cells")
    return list(enumerate(texts, 1))


def without_magics(text: str) -> tuple[str, ast.Module]:
    """The cell as Python, and its tree. Raises SyntaxError where it is none.

    Only a line at which Python's parser stops is taken for a magic: a string may hold anything.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((k for k, line in enumerate(lines) if line.strip()), 0)
    if lines[first].lstrip().startswith("%%"):
        if not _PYTHON_CELLS.match(lines[first].lstrip()):
            lines = [""] * len(lines)
        lines[first] = ""
    while True:
        try:
            return "\n".join(lines), _parsed("\n".join(lines))
        except SyntaxError as error:
            at = _magic_at(lines, error)
            if at is None:
                raise
            last = at
            while lines[last].rstrip().endswith("\\") and last + 1 < len(lines):
                last += 1
                lines[last] = ""
            match = _MAGIC.match(lines[at])
            assert match is not None
            lines[at] = f"{match['indent']}pass"


def _magic_at(lines: list[str], error: SyntaxError) -> int | None:
    """The index of the line that stopped the parser, if it is a magic; it may say so at the line below."""
    for line in (error.lineno or 0, (error.lineno or 0) - 1):
        if 0 < line <= len(lines) and _MAGIC.match(lines[line - 1]) and lines[line - 1].strip():
            return line - 1
    return None


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _listed(document: dict[str, Any]) -> Any:
    """The cells; those of nbformat 3 stand in worksheets."""
    sheets = document.get("worksheets")
    if isinstance(sheets, list):
        return [cell for sheet in sheets if isinstance(sheet, dict) for cell in sheet.get("cells", [])]
    return document.get("cells")


def _language(document: dict[str, Any]) -> str:
    about = document.get("metadata")
    about = about if isinstance(about, dict) else {}
    for holder, key in (("language_info", "name"), ("kernelspec", "language")):
        told = about.get(holder)
        if isinstance(told, dict) and isinstance(told.get(key), str):
            return str(told[key])
    return "python"


def _text(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)
