"""Layouts of several parameters in a row, each of which starts at the size to which the one before it leads.

`x(n,i), W1(i,h), b1(h), W2(h,o), b2(o)`, centres `(h,i)` with widths `(h)` and weights `(h,o)`: no list of shapes can
name every such row, but a matrix leads from the present size to a new one, either way round, or has the shape of the
matrix before it, and a vector has the present size.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checks.infer_layout import Formal, Layout, declare
from checks.infer_table import peers

_NEW = "hjmpq"
_LEAST, _MOST = 3, 6  # parameters; fewer are in the scenarios, more have too many rows
_MOST_WITH_LABELS = 6  # rows, for each of which all labels are tried
_COLUMN_LABELS = ("o,n:onehot0", "o,n:mask", "o,n:target", "n:label(o)")
_ROW_LABELS = ("n:label(o)", "n,o:onehot", "n,o:mask", "n,o:target")
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
    """The rows of parameters, the most natural first; none where something else has to be filled as well.

    Samples are rows, and where there are labels, which belong to a network, columns too.
    """
    formals = peers(formals)
    arrays = [f for f in formals[1:] if f.hint in ("matrix", "vector") or (f.place, f.hint) == ("constructor", "none")]
    labels = [f for f in formals[1:] if f.hint == "label" and f not in arrays]
    rates = [f for f in formals[1:] if f.hint == "rate"]
    others = len(formals) - 1 - len(arrays) - len(labels) - len(rates)
    if not _LEAST <= len(arrays) <= _MOST or others or len(labels) > 1 or formals[0].hint not in ("none", "matrix"):
        return
    rows = [_Row(0, (), "i")]
    for formal in arrays:
        rows = [longer for row in rows for longer in _longer(row, formal)]
    rows.sort(key=lambda row: row.cost)
    constants = {formal.name: 0.3 for formal in rates}
    # Of one output, which the code may insist on, after those of several.
    ways = itertools.product((False, True), (True, False)) if labels else ((False, False),)
    for (single, columns), row in itertools.product(ways, rows[:_MOST_WITH_LABELS] if labels else rows):
        last = next((letter for letter in reversed(_NEW) if letter == row.size), None)
        shapes = [text.replace(last, "1" if single else "o") if last else text for text in row.shapes]
        texts = [_in_columns(text) if columns else text for text in shapes]
        declared = [declare(formal.name, text) for formal, text in zip(arrays, texts, strict=True)]
        main = declare(formals[0].name, "i,n" if columns else "n,i")
        for kind in _kinds(columns, single) if labels else ("",):
            own = [declare(formal.name, kind.replace("o", "o" if last else "i", 1)) for formal in labels]
            yield Layout((main, *own, *declared), constants=constants)


def _kinds(columns: bool, single: bool) -> tuple[str, ...]:
    """The labels that belong to samples in columns or in rows, of one output or of several."""
    if single:
        return ("1,n:mask", "1,n:target") if columns else ("n,1:mask", "n,1:target")
    return _COLUMN_LABELS if columns else _ROW_LABELS


def _in_columns(text: str) -> str:
    """The shape for samples in columns: matrices the other way round, vectors as columns."""
    sizes = text.split(",")
    return f"{sizes[1]},{sizes[0]}" if len(sizes) == 2 else f"{text},1"


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
