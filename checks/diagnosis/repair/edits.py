"""What people get wrong in one expression, undone: the changes that are tried, in order, the simplest first."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from checks.diagnosis.expressions import FORMS, ROOT
from checks.diagnosis.repair.edit import Edit, Place, is_value
from checks.diagnosis.repair.holes import Seen, Site
from checks.diagnosis.repair.operands import added, alone, formed, matrix_products, multiplied, products, replaced
from checks.diagnosis.repair.operators import compared, numbers, operands, signs, summed, turned
from checks.diagnosis.repair.sight import Name, in_sight, spelled_out

_MOST_SPELLED = 10
_MOST_OTHERS = 6
_MOST_COUNTERS, _MOST_LARGER, _MOST_PARTS = 2, 24, 16


def edits(
    sites: Sequence[Site],
    seen: Mapping[int, Seen],
    elsewhere: Sequence[float],
    names: Sequence[dict[str, Any]],
    wanted: Callable[[Sequence[Place]], Iterator[Edit]],
) -> Iterator[Edit]:
    """All changes of all expressions that ran. `elsewhere`: the numbers that the rest of the file has; `names`: the
    globals of each of the functions; `wanted`: the changes that make of places what they would have to be.
    """
    places = [Place(k, sites[k], seen[k]) for k in sorted(seen) if is_value(seen[k].value)]
    for rule in (compared, operands, signs, turned, summed, numbers(elsewhere)):
        for at in places:
            yield from rule(at)
    known = {at.number: in_sight(at.was.scope) for at in places}
    for at in places:
        yield from replaced(at, known[at.number])
        yield from replaced(at, spelled_out(_beside(at, known[at.number]), at.was.scope, names[at.site.function]))
    for at in places:  # a root of a width, by which scores are divided
        numbers_there = [name for name in known[at.number] if not np.ndim(name.value)]
        yield from multiplied(at, numbers_there, ROOT)
    yield from wanted(places)
    texts = _expressions(sites)
    for at in places:
        others = [text for text in texts if text != ast.unparse(at.node)]
        known[at.number] += spelled_out(others, at.was.scope, names[at.site.function])
    for form in FORMS[:2]:
        for at in places:
            yield from multiplied(at, known[at.number], form)
    for at in places:
        yield from added(at, known[at.number], alone)
    for form in FORMS:
        for at in places:
            yield from formed(at, form)
    for at in places:
        parts = spelled_out(_parts(sites, known[at.number], at.was), at.was.scope, names[at.site.function])
        yield from added(at, parts, alone)
        for form in FORMS[:2]:
            yield from multiplied(at, parts, form)
    for at in places:
        yield from added(at, known[at.number], matrix_products)
    for form in FORMS[2:]:
        for at in places:
            yield from multiplied(at, known[at.number], form)
    for at in places:
        yield from added(at, known[at.number], products)


def _beside(at: Place, names: Sequence[Name]) -> list[str]:
    """The entries before and after one that is taken by a counter, `hs[t - 1]` of `hs[t]`; those that another array
    has there, and that are taken by another counter.
    """
    match at.node:
        case ast.Subscript(value=array, slice=ast.Name() | ast.BinOp() as index):
            own, by = ast.unparse(array), ast.unparse(index)
        case _:
            return []
    counters = [text for text, value in at.was.scope.items() if isinstance(value, int | np.integer) and text != by]
    others = [name.text for name in names if np.ndim(name.value) > np.ndim(at.was.value) and name.text != own]
    return [
        *(f"{own}[{_stepped(by, step)}]" for step in ("- 1", "+ 1")),
        *(f"{other}[{by}]" for other in others[:_MOST_OTHERS]),
        *(f"{own}[{counter}]" for counter in counters[:_MOST_OTHERS]),
    ]


def _stepped(index: str, step: str) -> str:
    """One before or after: `k` of `k + 1`."""
    back = {"- 1": " + 1", "+ 1": " - 1"}[step]
    return index.removesuffix(back) if index.endswith(back) else f"{index} {step}"


def _parts(sites: Sequence[Site], names: Sequence[Name], was: Seen) -> list[str]:
    """Parts of arrays of the expression's shape: as the code takes them of other arrays, or by a loop's counter."""
    if not isinstance(was.value, np.ndarray) or not was.value.ndim:
        return []
    nodes = [site.node for site in sites if isinstance(site.node, ast.Subscript)]
    slices = [node.slice for node in nodes if _is_part(node.slice)]
    taken = {_spelled(one) for one in (*slices, *(other for one in slices for other in _rest(one)))}
    counters = [text for text, value in was.scope.items() if type(value) is int][:_MOST_COUNTERS]
    for counter in counters:
        taken |= {f"{lead}{counter}{by}" for lead in ("", ":, ") for by in ("", " + 1", " - 1")}
    larger = [name for name in names if np.size(name.value) > was.value.size]
    return [f"{name.text}[{part}]" for name in larger[:_MOST_LARGER] for part in sorted(taken)[:_MOST_PARTS]]


def _rest(index: ast.expr) -> Iterator[ast.expr]:
    """What an index leaves of an axis: `[:, n:]` of `[:, :n]`."""
    places = index.elts if isinstance(index, ast.Tuple) else [index]
    for k, place in enumerate(places):
        if isinstance(place, ast.Slice) and place.step is None and (place.lower is None) != (place.upper is None):
            other = [*places[:k], ast.Slice(place.upper, place.lower), *places[k + 1 :]]
            yield ast.Tuple(other, ast.Load()) if isinstance(index, ast.Tuple) else other[k]


def _spelled(index: ast.expr) -> str:
    return ast.unparse(index)[1:-1] if isinstance(index, ast.Tuple) else ast.unparse(index)


def _is_part(index: ast.expr) -> bool:
    """Whether an index takes a part of an array, by a slice or a name, and is no key."""
    return any(isinstance(node, ast.Slice | ast.Name) for node in ast.walk(index))


def _expressions(sites: Sequence[Site]) -> list[str]:
    """Entries, calls and matrix products of the code: what may be meant to stand in another place too."""
    found = [
        ast.unparse(site.node)
        for site in sites
        if isinstance(site.node, ast.Subscript | ast.Call)
        or (isinstance(site.node, ast.BinOp) and isinstance(site.node.op, ast.MatMult))
    ]
    return sorted(dict.fromkeys(found), key=len)[:_MOST_SPELLED]
