"""Expressions of what is in sight of a place, and of which of them, or of which product of two, an array is a multiple.

That takes no run of the user's code, so that thousands can be asked.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.diagnosis.expressions import FORMS
from checks.diagnosis.repair.edit import is_float
from checks.diagnosis.repair.operands import Get, fits, matrix_products, product_of
from checks.diagnosis.repair.sight import Name, in_sight
from checks.function import Array

# A number by which an expression may have to be multiplied, as it is written before it; its sign is written elsewhere.
NUMBERS = {1.0: "", -1.0: "", 2.0: "2 * ", -2.0: "2 * ", 0.5: "0.5 * ", -0.5: "0.5 * "}
ONE = "1"  # the expression that is a number alone
_MOST_NAMES, _MOST_NUMBERS = 28, 6
_CLOSE = 1e-5
_ALONE = FORMS[:8]
_BELOW = "1 / "
_ROW = re.compile(r"\[\d+\]$")


@dataclass(frozen=True, eq=False, slots=True)
class Term:
    """An expression: its text, its values at the place, flat, and how to have them again."""

    text: str
    values: Array
    get: Get


class Terms:
    """What is in sight of a place: `factors`, simple functions as wide as it; `all`, with sums and products of them."""

    def __init__(self, scope: Mapping[str, Any], own: str, shape: tuple[int, ...]) -> None:
        """`own`: what stands at the place."""
        names = [name for name in in_sight(scope) if is_float(name.value) or _is_told(name.value)]
        names = sorted(names, key=lambda name: bool(_ROW.search(name.text)))[:_MOST_NAMES]  # rows of arrays last
        self._scope, self._shape = scope, shape
        self.factors = list(self._simple([name for name in names if name.text != own]))
        self._names = names

    @property
    def all(self) -> list[Term]:
        """One, the simple ones, sums and means along an axis, and products of matrices."""
        wide = [name for name in self._names if np.shape(name.value) == self._shape]
        further = (*_reduced(wide, len(self._shape)), *matrix_products(self._names, np.empty(self._shape)))
        return [*self._made(((ONE, lambda scope: 1.0),)), *self.factors, *self._made(further)]

    def _simple(self, names: Sequence[Name]) -> Iterator[Term]:
        """Functions of one name, numbers first, and of two numbers; then one over each of them."""
        wide = [name for name in names if fits(name.value, np.empty(self._shape))]
        numbers = [name for name in wide if not np.ndim(name.value) and name.value not in (0, 1)][:_MOST_NUMBERS]
        arrays = [name for name in wide if np.ndim(name.value)]
        found: list[tuple[str, Get]] = [(number.text, number.get) for number in numbers]
        found += [(f"{a.text} * {b.text}", product_of(a.get, b.get)) for a, b in itertools.combinations(numbers, 2)]
        found += [(f"{a.text} / {b.text}", _over(a.get, b.get)) for a, b in itertools.permutations(numbers, 2)]
        found += [(text.replace("{}", name.text), _formed(form, name.get)) for text, form in _ALONE for name in arrays]
        yield from self._made(found)
        yield from self._made([(f"{_BELOW}{_bracketed(text)}", _over(None, get)) for text, get in found])

    def _made(self, expressions: Sequence[tuple[str, Get]]) -> Iterator[Term]:
        """Those that can be had, are finite, and are something."""
        for text, get in expressions:
            try:
                values = np.broadcast_to(np.asarray(get(self._scope), dtype=float), self._shape).ravel()
            except (
                ArithmeticError,
                ValueError,
            ):  # a zero below, shapes that only look right
                continue
            if np.all(np.isfinite(values)) and np.any(values):
                yield Term(text, values, get)

    def matching(self, target: Array, among: Sequence[Term]) -> Iterator[tuple[float, Term]]:
        """What the target is, up to one of NUMBERS: one of these terms, or one times one of the factors."""
        if not among or not np.any(target):
            return
        table = np.stack([term.values for term in among])
        yield from _rows(target, table, among)
        for factor in self.factors:
            if np.all(factor.values != 0):
                for number, term in _rows(target / factor.values, table, among):
                    if term.text != ONE and _plain(term) != _plain(factor):
                        yield number, _times(term, factor)


def _bracketed(text: str) -> str:
    return f"({text})" if " " in text and text[0] != "(" else text


def _plain(term: Term) -> str:
    """What is multiplied or divided by."""
    return term.text.removeprefix(_BELOW).strip("()")


def _rows(target: Array, table: Array, terms: Sequence[Term]) -> Iterator[tuple[float, Term]]:
    numbers = table @ target / np.sum(table * table, axis=1)
    off = np.max(np.abs(target - numbers[:, None] * table), axis=1)
    for k in np.flatnonzero(off <= _CLOSE * np.max(np.abs(target))):
        near = next((n for n in NUMBERS if abs(numbers[k] - n) <= 1e-4 * abs(n)), None)
        if near is not None:
            yield near, terms[int(k)]


def _times(one: Term, other: Term) -> Term:
    # What comes from above is written first, what divides last.
    first, second = sorted((one, other), key=lambda term: (term.text.startswith(_BELOW), "self." in term.text))
    below = second.text.startswith(_BELOW)
    text = f"{first.text} / {second.text.removeprefix(_BELOW)}" if below else f"{first.text} * {second.text}"
    return Term(text, one.values * other.values, product_of(one.get, other.get))


def _reduced(wide: Sequence[Name], axes: int) -> list[tuple[str, Get]]:
    """Sums and means of arrays, and of their products, along an axis that stays."""
    whole = [(name.text, name.get) for name in wide]
    pairs = itertools.combinations_with_replacement(wide, 2)
    whole += [(f"({a.text} * {b.text})", product_of(a.get, b.get)) for a, b in pairs]
    return [
        (f"{text}.{way}(axis={axis}, keepdims=True)", _along(get, axis, way))
        for (text, get), axis, way in itertools.product(whole, range(axes), ("mean", "sum"))
    ]


def _along(get: Get, axis: int, way: str) -> Get:
    return lambda scope: getattr(np.asarray(get(scope), dtype=float), way)(axis=axis, keepdims=True)


def _formed(form: Any, get: Get) -> Get:
    return lambda scope: form(np.asarray(get(scope), dtype=float))


def _over(one: Get | None, other: Get) -> Get:
    return lambda scope: (1.0 if one is None else one(scope)) / other(scope)


def _is_told(value: Any) -> bool:
    """Whether it is a mask, or a number of things."""
    return (isinstance(value, np.ndarray) and value.dtype == bool) or (np.ndim(value) == 0 and not is_float(value))
