"""The docstrings and comments of what an author wrote, in the order in which they stand there."""

from __future__ import annotations

import inspect
import io
import textwrap
import tokenize
from ast import literal_eval
from collections.abc import Iterator
from typing import Any

from checks.infer_prose import Note

_SILENT = frozenset({tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.COMMENT})


def notes(defined: Any) -> Iterator[Note]:
    """Every docstring and comment of a class with its bases, or of functions, each with the code before it."""
    parts = defined if isinstance(defined, tuple) else getattr(defined, "__mro__", (defined,))
    for part in parts:
        try:
            source = textwrap.dedent(inspect.getsource(part))
        except (OSError, TypeError):  # built in, or typed at a prompt
            continue
        try:
            yield from _notes(source)
        except (tokenize.TokenError, SyntaxError, ValueError):
            continue


def _notes(source: str) -> Iterator[Note]:
    """Comments that fill lines of their own are one text."""
    block: list[str] = []
    starts = True  # a string here is no part of an expression
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            code, text = token.line[: token.start[1]], token.string.lstrip("#").strip()
            if code.strip():
                yield code, text
            else:
                block.append(text)
            continue
        if token.type not in _SILENT and block:
            yield "", "\n".join(block)
            block.clear()
        if token.type == tokenize.STRING and starts:
            value = literal_eval(token.string)
            if isinstance(value, str):
                yield "", inspect.cleandoc(value)
        if token.type not in _SILENT:
            starts = token.type == tokenize.NEWLINE
