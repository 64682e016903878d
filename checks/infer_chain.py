"""Layouts of several parameters in a row, each of which starts at the size to which the one before it leads.

`x(n,i), W1(i,h), b1(h), W2(h,o), b2(o)`, centres `(h,i)` with widths `(h)` and weights `(h,o)`: no list of shapes can
name every such row, but a matrix leads from the present size to a new one, either way round, or has the shape of the
matrix before it, and a vector has the present size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checks.infer_layout import Formal, Layout, declare
from checks.infer_table import peers

_NEW = "hjmpq"
_LEAST, _MOST = 3, 6  # parameters; fewer are in the scenarios, more have too many rows
_AGAINST_ITS_NAME = 3  # places in the order that a matrix costs which is called like a vector


@dataclass(frozen=True, slots=True)
class _Row:
    """Parameters so far: how odd they are, their shapes, the present size, and whether it came first in the matrix."""

    cost: int
    shapes: tuple[str, ...]
    size: str
    matrix: str = ""
    turned: bool = False


def chained(formals: Sequence[Formal]) -> Iterator[Layout]:
    """The rows of parameters, the most natural first; none where something else has to be filled as well."""
    formals = peers(formals)
    arrays = [f for f in formals[1:] if f.hint in ("matrix", "vector") or (f.place, f.hint) == ("constructor", "none")]
    if not _LEAST <= len(arrays) <= _MOST or len(arrays) < len(formals) - 1 or formals[0].hint != "none":
        return
    rows = [_Row(0, (), "i")]
    for formal in arrays:
        rows = [longer for row in rows for longer in _longer(row, formal)]
    for row in sorted(rows, key=lambda row: row.cost):
        last = next((letter for letter in reversed(_NEW) if letter == row.size), None)
        shapes = [text.replace(last, "o") if last else text for text in row.shapes]
        texts = zip((formal.name for formal in arrays), shapes, strict=True)
        yield Layout((declare(formals[0].name, "n,i"), *(declare(name, text) for name, text in texts)))


def _longer(row: _Row, formal: Formal) -> Iterator[_Row]:
    """The row with one more parameter: vectors after matrices, all matrices the same way round, before others."""
    after_matrix = bool(row.shapes) and "," in row.shapes[-1]
    as_matrix = _AGAINST_ITS_NAME * (formal.hint == "vector") + (formal.hint == "none" and after_matrix)
    as_vector = _AGAINST_ITS_NAME * (formal.hint == "matrix") + (formal.hint == "none" and not after_matrix)
    used = {text for shape in row.shapes for text in shape.split(",")}
    new = next(letter for letter in (*_NEW, "z") if letter not in used)
    for turned in (False, True):
        shape = f"{new},{row.size}" if turned else f"{row.size},{new}"
        odd = turned != row.turned if row.matrix else turned
        yield _Row(row.cost + as_matrix + odd, (*row.shapes, shape), new, shape, turned)
    if row.matrix:
        yield _Row(row.cost + as_matrix + 1, (*row.shapes, row.matrix), row.size, row.matrix, row.turned)
        yield _Row(row.cost + as_vector + 2, (*row.shapes, "i"), row.size, row.matrix, row.turned)
    yield _Row(row.cost + as_vector, (*row.shapes, row.size), row.size, row.matrix, row.turned)
