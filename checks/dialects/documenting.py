"""The docstrings and comments of what an author wrote, in the order in which they stand there."""

from __future__ import annotations

import functools
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
        yield from _of(part)


@functools.lru_cache(maxsize=1024)
def _of(part: Any) -> tuple[Note, ...]:
    found: list[Note] = []
    try:
        for note in _notes(textwrap.dedent(inspect.getsource(part))):
            found.append(note)  # noqa: PERF402 - what comes before the place that does not parse
    except (OSError, TypeError, tokenize.TokenError, SyntaxError, ValueError):  # built in, or typed at a prompt
        pass
    return tuple(found)


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
