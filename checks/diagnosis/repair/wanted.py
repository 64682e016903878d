"""What an expression of the code would have to be for the gradients to be right, and what in sight makes it that.

The gradients are linear in nearly every value that backward computes. Where they are, and tell the entries of one
apart, its wanted value w is the solution of J (w - v) = numerical - analytic, J taken column by column. Then w - v is
looked for among terms, and w / v among factors, without another run: many more than could be tried one by one.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.diagnosis.evidence import Sample
from checks.diagnosis.expressions import FORMS
from checks.diagnosis.repair.edit import Edit, Place, is_float, on_value, with_scope
from checks.diagnosis.repair.holes import Hook, Seen
from checks.diagnosis.repair.operands import fits, matrix_products
from checks.diagnosis.repair.running import Answer
from checks.diagnosis.repair.sight import Name, in_sight
from checks.function import Array

_FEWEST, _MOST = 4, 24  # entries of an expression that is solved for
_MOST_RUNS = 900
_MOST_NAMES, _MOST_NUMBERS = 28, 6
_CLOSE = 1e-5
_ALONE = FORMS[:8]
_NUMBERS = {1.0: "", -1.0: "", 2.0: "2 * ", -2.0: "2 * ", 0.5: "0.5 * ", -0.5: "0.5 * "}
_ONE = "1"  # the text of the term that is a number alone
Run = Callable[[Sample], Answer | None]
_Get = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, eq=False, slots=True)
class _Term:
    """An expression: its text, its values at the place in question, flat, and how to have them again."""

    text: str
    values: Array
    get: _Get


class Wanted:
    """Solves for expressions, on samples in which they have a few entries."""

    def __init__(self, samples: Sequence[Sample], names: Sequence[str], hook: Hook, run: Run) -> None:
        self.samples, self.names, self.hook, self.run = samples, names, hook, run
        self.runs = 0
        self._known: dict[int, tuple[Answer, dict[int, Seen]] | None] = {}

    def edits(self, places: Sequence[Place]) -> Iterator[Edit]:
        """Factors that make one of the places what it has to be, then terms; whole statements first."""
        solved = []
        for at in sorted(places, key=lambda at: not _is_whole(at)):
            if is_float(at.was.value) and not at.counts and self.runs < _MOST_RUNS:
                one = self._for(at)
                if one is not None:
                    solved.append(one)
                    yield from one.factors()
        for one in solved:
            yield from one.terms()

    def _for(self, at: Place) -> _Solved | None:
        """The place in the first sample in which it has a few entries, and what it has to be there."""
        for k, sample in enumerate(self.samples):
            known = self._at(k, sample)
            was = None if known is None else known[1].get(at.number)
            if known is None or was is None or not isinstance(was.value, np.ndarray):
                continue
            if _FEWEST <= was.value.size <= _MOST:
                wanted = self._solved(at.number, was.value, sample, known[0])
                return None if wanted is None else _Solved(at, was, wanted)
        return None

    def _at(self, k: int, sample: Sample) -> tuple[Answer, dict[int, Seen]] | None:
        """What comes out in a sample as the code is, and what its expressions are there."""
        if k not in self._known:
            self.hook.at, self.hook.change, self.hook.seen = -1, None, {}
            base = self.run(sample)
            seen, self.hook.seen = self.hook.seen, None
            self._known[k] = None if base is None else (base, seen)
        return self._known[k]

    def _solved(self, number: int, value: Array, sample: Sample, base: Answer) -> Array | None:
        """The value with which all gradients are right; None where there is none, or more than one."""
        step = float(np.sqrt(np.mean(value**2))) or 1.0

        def changes(by: Array) -> Array | None:
            self.runs += 1
            self.hook.at, self.hook.change = number, on_value(lambda value: value + by)
            given = self.run(sample)
            if given is None:
                return None
            now, before = self._stacked(sample, given), self._stacked(sample, base)
            return None if now is None or before is None else now - before

        columns = []
        for k in range(value.size):
            unit = np.zeros(value.size)
            unit[k] = step
            column = changes(unit.reshape(value.shape))
            if column is None or not np.any(column):  # it runs no more, or an entry plays no part
                return None
            columns.append(column / step)
        jacobian = np.stack(columns, axis=1)
        way = step * np.cos(1.0 + np.arange(value.size))
        along = changes(way.reshape(value.shape))
        if along is None or not _alike(jacobian @ way, along, 1e-6):
            return None
        missing, slack, known = self._missing(sample, base)
        jacobian = jacobian[known]
        if len(jacobian) < value.size:
            return None
        left, sizes, right = np.linalg.svd(jacobian, full_matrices=False)
        if sizes[-1] <= 1e-7 * sizes[0]:
            return None
        off = right.T @ ((left.T @ missing) / sizes)
        if np.any(np.abs(jacobian @ off - missing) > _CLOSE * np.max(np.abs(missing)) + slack):
            return None
        return np.asarray(value + off.reshape(value.shape))

    def _stacked(self, sample: Sample, given: Answer) -> Array | None:
        """All gradients of the sample in one vector; None where one is not there, or of another shape."""
        gradients = {n: given.gradients[n] for n in sample.pairs if n in given.gradients}
        if any(n not in gradients or gradients[n].shape != p.analytic.shape for n, p in sample.pairs.items()):
            return None
        return np.concatenate([gradients[n].ravel().astype(float) for n in sample.pairs])

    def _missing(self, sample: Sample, base: Answer) -> tuple[Array, Array, Array]:
        """What the known entries of the gradients lack, nothing where they are right; how well; and which they are."""
        lacks, slack, known = [], [], []
        for name, pair in sample.pairs.items():
            apart = pair.numerical - base.gradients[name]
            lacks.append(np.where(name in self.names, apart, 0.0).ravel())
            slack.append(3 * pair.allowance.ravel())
            known.append(pair.known.ravel())
        which = np.concatenate(known)
        return np.concatenate(lacks)[which], np.concatenate(slack)[which], which


def _is_whole(at: Place) -> bool:
    """Whether it is all that a statement assigns or returns, or one of several things."""
    return isinstance(at.site.parent, ast.stmt | ast.Tuple | ast.Dict)


class _Solved:
    """A place, what it was in a sample, and what it would have to be."""

    def __init__(self, at: Place, was: Seen, wanted: Array) -> None:
        self.at, self.wanted, self.value = at, wanted, np.asarray(was.value, dtype=float)
        names = [name for name in in_sight(was.scope) if is_float(name.value) or _is_told(name.value)]
        rows = re.compile(r"\[\d+\]$")  # of arrays, which come last
        self.names = sorted(names, key=lambda name: bool(rows.search(name.text)))[:_MOST_NAMES]
        own = ast.unparse(at.node)
        self.alone = _elementwise([name for name in self.names if name.text != own], self.value.shape)

    def factors(self) -> Iterator[Edit]:
        """The changes by a factor that give the wanted value."""
        at = self.at
        if at.is_factor or not np.all(self.value != 0):
            return
        for number, term in _matched((self.wanted / self.value).ravel(), self.alone, self.alone):
            if number > 0:
                factor = f"{_NUMBERS[number]}{term.text}"
                change = with_scope(_times_over(number, term.get))
                new = f"{at.text} * {factor}"
                yield Edit(at.number, change, new, "missing-factor", f"the factor {factor} is missing")

    def terms(self) -> Iterator[Edit]:
        """The changes by a term that do."""
        at, parent = self.at, self.at.site.parent
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub):
            return
        one = _Term(_ONE, np.ones(self.value.size), lambda scope: 1.0)
        known = [one, *self.alone, *_reduced(self.names, self.value), *_matrices(self.names, self.value)]
        for number, term in _matched((self.wanted - self.value).ravel(), known, self.alone):
            sign, times = "-" if number < 0 else "+", _NUMBERS[number]
            text = (
                f"{times}{term.text}".replace("* 1 /", "/") if term.text != _ONE else times.removesuffix(" * ") or _ONE
            )
            change = with_scope(_plus(number, term.get))
            yield Edit(at.number, change, f"{at.text} {sign} {text}", "missing-term", f"the term {text} is missing")


def _plus(number: float, get: _Get) -> Callable[[Any, Mapping[str, Any]], Any]:
    return lambda value, scope: value + number * get(scope)


def _times_over(number: float, get: _Get) -> Callable[[Any, Mapping[str, Any]], Any]:
    return lambda value, scope: value * number * get(scope)


def _is_told(value: Any) -> bool:
    """Whether it is a mask, or a number of things."""
    return (isinstance(value, np.ndarray) and value.dtype == bool) or (np.ndim(value) == 0 and not is_float(value))


def _elementwise(names: Sequence[Name], shape: tuple[int, ...]) -> list[_Term]:
    """Simple functions of the arrays in sight, as wide as the place."""
    found = []
    for text, form in _ALONE:
        for name in names:
            number = not np.ndim(name.value)
            if fits(name.value, np.empty(shape)) and not (number and (text != "{}" or name.value in (0, 1))):
                found.append(_Term(text.replace("{}", name.text), *_values(form, name, shape)))
    found.sort(key=lambda term: len(np.unique(term.values)) > 1)  # numbers before arrays
    numbers = [term for term in found if len(np.unique(term.values)) == 1][:_MOST_NUMBERS]
    found += [_times(a, b) for a, b in itertools.combinations(numbers, 2)]
    found += [_over(a, b) for a, b in itertools.permutations(numbers, 2)]
    inverse = [_Term(f"1 / {t.text}", 1 / t.values, _inverse(t.get)) for t in found if np.all(t.values != 0)]
    return [term for term in (*found, *inverse) if np.all(np.isfinite(term.values)) and np.any(term.values)]


def _values(form: Callable[[Array], Array], name: Name, shape: tuple[int, ...]) -> tuple[Array, _Get]:
    values = np.broadcast_to(form(np.asarray(name.value, dtype=float)), shape).ravel()
    return values, lambda scope, of=name.get: form(np.asarray(of(scope), dtype=float))


def _inverse(get: _Get) -> _Get:
    return lambda scope: 1 / get(scope)


def _reduced(names: Sequence[Name], value: Array) -> Iterator[_Term]:
    """Sums and means of the arrays, and of their products, along an axis that stays."""
    wide = [name for name in names if np.shape(name.value) == value.shape]
    pairs = [*((a, None) for a in wide), *itertools.combinations_with_replacement(wide, 2)]
    for (a, b), axis, way in itertools.product(pairs, range(value.ndim), ("mean", "sum")):
        inner = a.text if b is None else f"({a.text} * {b.text})"
        product = np.asarray(a.value, dtype=float) * (1.0 if b is None else b.value)
        values = np.broadcast_to(getattr(product, way)(axis=axis, keepdims=True), value.shape).ravel()
        get = _reduction(a.get, None if b is None else b.get, axis, way)
        yield _Term(f"{inner}.{way}(axis={axis}, keepdims=True)", values, get)


def _reduction(one: _Get, other: _Get | None, axis: int, way: str) -> _Get:
    def reduced(scope: Mapping[str, Any]) -> Any:
        product = np.asarray(one(scope), dtype=float) * (1.0 if other is None else other(scope))
        return getattr(product, way)(axis=axis, keepdims=True)

    return reduced


def _matrices(names: Sequence[Name], value: Array) -> Iterator[_Term]:
    for text, get in matrix_products(names, value):
        scope = {name.text: name.value for name in names}
        try:
            values = np.asarray(_evaluated(text, scope), dtype=float)
        except Exception:  # shapes that look as if they went together
            continue
        if values.shape == value.shape:
            yield _Term(text, values.ravel(), get)


def _evaluated(text: str, scope: Mapping[str, Any]) -> Any:
    left, right = text.split(" @ ")
    a, b = (scope[side.removesuffix(".T")] for side in (left, right))
    return (a.T if left.endswith(".T") else a) @ (b.T if right.endswith(".T") else b)


def _matched(target: Array, alone: Sequence[_Term], factors: Sequence[_Term]) -> Iterator[tuple[float, _Term]]:
    """What the target is, up to one of a few numbers: one of the terms, or one times one of the factors."""
    if not alone or not np.any(np.abs(target) > 0):
        return
    table = np.stack([term.values for term in alone])
    yield from _rows(target, table, alone)
    for factor in factors:
        if np.all(factor.values != 0):
            for number, term in _rows(target / factor.values, table, alone):
                below = [one.text.removeprefix("1 / ") for one in (term, factor)]
                if term.text != _ONE and below[0] != below[1]:
                    yield number, _times(term, factor)


def _rows(target: Array, table: Array, terms: Sequence[_Term]) -> Iterator[tuple[float, _Term]]:
    norms = np.sum(table * table, axis=1)
    numbers = table @ target / np.where(norms > 0, norms, 1.0)
    off = np.max(np.abs(target - numbers[:, None] * table), axis=1)
    for k in np.flatnonzero(off <= _CLOSE * np.max(np.abs(target))):
        near = next((n for n in _NUMBERS if abs(numbers[k] - n) <= 1e-4 * abs(n)), None)
        if near is not None:
            yield near, terms[int(k)]


def _over(one: _Term, other: _Term) -> _Term:
    return _Term(
        f"{one.text} / {other.text}", one.values / other.values, lambda scope: one.get(scope) / other.get(scope)
    )


def _times(one: _Term, other: _Term) -> _Term:
    # What comes from above is written first, what divides last.
    first, second = sorted((one, other), key=lambda term: (term.text.startswith("1 / "), "self." in term.text))
    text = f"{first.text} / {second.text[4:]}" if second.text.startswith("1 / ") else f"{first.text} * {second.text}"
    return _Term(text, one.values * other.values, lambda scope: one.get(scope) * other.get(scope))


def _alike(one: Array, other: Array, close: float) -> bool:
    return bool(np.all(np.abs(one - other) <= close * max(float(np.max(np.abs(one), initial=0.0)), 1e-300)))
