"""Changes of what is written: an operand too many, another operator, a sign, a transpose, a sum, a number."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from checks.diagnosis.repair.edit import Edit, Place, called, is_float, is_product, on_parts, on_value, text_of
from checks.diagnosis.repair.holes import BINARY, COMPARED
from checks.diagnosis.repair.sight import reachable

_SUMS = ("sum", "mean")
_NUMBERS = (0.0, 1.0, 2.0, 3.0, 4.0, 0.5, -1.0)
_NEAR = 0.2  # of a number: another one that close is the number of a nearby function
_OPPOSITE: dict[type[ast.AST], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
_OTHER_SIDE: dict[type[ast.AST], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
}
_WITH_EQUAL: dict[type[ast.AST], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}


def compared(at: Place) -> Iterator[Edit]:
    """The other side of a comparison, then the same side with or without what is equal."""
    node = at.node
    if isinstance(node, ast.Compare) and at.was.parts:
        now = ast.unparse(node)
        equal = "takes in" if type(node.ops[0]) in (ast.LtE, ast.GtE) else "leaves out"
        for others, what in (
            (_OTHER_SIDE, f"{now} is the wrong side"),
            (_WITH_EQUAL, f"{now} {equal} where the two are equal"),
        ):
            yield _compared(at, node, others[type(node.ops[0])], what)


def _compared(at: Place, node: ast.Compare, other: type[ast.cmpop], what: str) -> Edit:
    sign, of = COMPARED[other]
    text = f"{text_of(node.left)} {sign} {text_of(node.comparators[0])}"
    return Edit(at.number, on_parts(lambda p: of(p[0], p[1])), text, "branch", what)


def operands(at: Place) -> Iterator[Edit]:
    """One operand alone, or the opposite operator between them."""
    node = at.node
    if not isinstance(node, ast.BinOp) or at.counts:
        return
    texts = text_of(node.left), text_of(node.right)
    product, added = isinstance(node.op, ast.Mult | ast.Div), isinstance(node.op, ast.Add | ast.Sub)
    for kept in (0, 1) if isinstance(node.op, ast.Mult | ast.Add) else (0,) if product or added else ():
        lost = ast.unparse((node.left, node.right)[1 - kept])
        kind = "extra-term" if added else "factor" if np.ndim(at.was.parts[1 - kept]) == 0 else "missing-factor"
        what = f"the {'term' if added else 'factor'} {lost} is too many"
        if isinstance(node.op, ast.Div):
            what = f"it is divided by {lost} once too often"
        yield Edit(at.number, _part(kept), texts[kept], kind, what)
    if product or added:
        sign, of = BINARY[_OPPOSITE[type(node.op)]]
        what = f"the sign of {texts[1]} is wrong"
        if product:
            now, due = ("multiplied", "divided") if sign == "/" else ("divided", "multiplied")
            what = f"it is {now} by {texts[1]}, where it has to be {due}"
        change = on_parts(lambda p: of(p[0], p[1]))
        yield Edit(at.number, change, f"{texts[0]} {sign} {texts[1]}", "sign" if added else "missing-factor", what)


def _part(index: int) -> Any:
    return on_parts(lambda p: p[index])


def signs(at: Place) -> Iterator[Edit]:
    """The negative."""
    node = at.node
    if at.counts or isinstance(at.site.parent, ast.Compare) or not is_float(at.was.value):
        return
    negative = on_value(lambda v: -v)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield Edit(at.number, negative, text_of(node.operand), "sign", f"the sign of {at.text} is wrong")
    elif not at.is_factor:
        yield Edit(at.number, negative, f"-{at.text}", "sign", f"the sign of {at.text} is wrong")


def turned(at: Place) -> Iterator[Edit]:
    """Transposed, or turned round."""
    node, value = at.node, at.was.value
    if not isinstance(value, np.ndarray) or value.ndim == 0 or isinstance(at.site.parent, ast.Attribute):
        return
    if value.ndim == 2:
        plain = text_of(node.value) if isinstance(node, ast.Attribute) and node.attr == "T" else None
        what = f"{at.text} is transposed" if plain is None else f"{plain} is transposed where it should not be"
        yield Edit(at.number, on_value(lambda v: v.T), plain or f"{at.text}.T", "transposed", what)
    elif value.ndim > 2:
        change = on_value(lambda v: np.swapaxes(v, -1, -2))
        yield Edit(at.number, change, f"{at.text}.swapaxes(-1, -2)", "transposed", f"{at.text} is transposed")
    if isinstance(node, ast.Name | ast.Attribute) or not isinstance(at.site.parent, ast.BinOp):
        yield Edit(at.number, on_value(lambda v: v[::-1]), f"{at.text}[::-1]", "permuted", f"{at.text} is reversed")


def summed(at: Place) -> Iterator[Edit]:
    """Summed over an axis, or not; a sum and a mean exchanged; another axis."""
    node, value = at.node, at.was.value
    if isinstance(node, ast.Call) and called(node) in _SUMS and at.was.parts:
        yield from _of_a_sum(at, node)
    elif isinstance(value, np.ndarray) and value.ndim and not at.counts and not is_product(at.site.parent):
        if isinstance(at.site.parent, ast.Attribute | ast.UnaryOp | ast.Compare):
            return
        for axis, text in _axes(value, at.was.scope):
            for (name, reduce), keep in itertools.product((("sum", np.sum), ("mean", np.mean)), (False, True)):
                rest = ", keepdims=True" if keep else ""
                what = f"{at.text} is not {'summed' if name == 'sum' else 'averaged'} over axis {text}"
                new = f"{at.text}.{name}(axis={text}{rest})"
                yield Edit(at.number, on_value(_reduced(reduce, axis, keep)), new, "not-summed", what)


def _reduced(reduce: Callable[..., Any], axis: Any, keep: bool) -> Callable[[Any], Any]:
    return lambda v: reduce(v, axis=axis, keepdims=keep)


def _of_a_sum(at: Place, node: ast.Call) -> Iterator[Edit]:
    """Of a sum or a mean: left out, the other one of the two, or over another axis."""
    function, args, named = at.was.parts
    name = called(node)
    method = isinstance(getattr(function, "__self__", None), np.ndarray)
    inner = node.func.value if method and isinstance(node.func, ast.Attribute) else next(iter(node.args), None)
    if inner is None:
        return
    whole, other = ast.unparse(node), "mean" if name == "sum" else "sum"

    def data(parts: tuple[Any, ...]) -> Any:
        return parts[0].__self__ if method else parts[1][0]

    did = "summed" if name == "sum" else "averaged"
    what = f"{text_of(inner)} is {did} where it should not be"
    yield Edit(at.number, on_parts(data), text_of(inner), "over-summed", what)
    power = -1 if name == "sum" else 1

    def exchanged(value: Any, parts: tuple[Any, ...], scope: Mapping[str, Any]) -> Any:
        return value * (np.size(data(parts)) / np.size(value)) ** power

    yield Edit(
        at.number, exchanged, whole.replace(f"{name}(", f"{other}(", 1), "factor", f"{whole} should be a {other}"
    )
    given = args[0 if method else 1] if len(args) > (0 if method else 1) else named.get("axis")
    keep = bool(named.get("keepdims", False))
    reduce = np.sum if name == "sum" else np.mean
    dimensions = np.ndim(data(at.was.parts))
    for axis in range(dimensions):
        if given in (axis, axis - dimensions):
            continue
        over = _reduced(reduce, axis, keep)
        text = f"{text_of(inner)}.{name}(axis={axis}{', keepdims=True' if keep else ''})"
        kind = "over-summed" if given is None else "not-summed"
        where = "all axes" if given is None else f"axis {given}"
        yield Edit(
            at.number,
            on_parts(lambda p, over=over: over(data(p))),  # type: ignore[misc]
            text,
            kind,
            f"{text_of(inner)} is {did} over {where}, not over axis {axis}",
        )


def _axes(value: Any, scope: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    """Axes to reduce over, as they are written: each alone, some together, and the tuples in sight."""
    for axis in range(value.ndim):
        yield axis, str(axis)
    for count in range(2, value.ndim):
        yield from ((pair, str(pair)) for pair in itertools.combinations(range(value.ndim), count))
    for name in reachable(scope):
        given = name.value
        if isinstance(given, tuple) and given and all(isinstance(a, int) and abs(a) < value.ndim for a in given):
            yield given, name.text


def numbers(elsewhere: Sequence[float]) -> Callable[[Place], Iterator[Edit]]:
    """The rule for the numbers in the code; `elsewhere`: those that the rest of the file has."""

    def rule(at: Place) -> Iterator[Edit]:
        """Another number: an index beside it, one of the usual ones, one that forward has."""
        own = getattr(at.node, "value", None)
        if not isinstance(at.node, ast.Constant) or not isinstance(own, int | float):
            return
        parent = at.site.parent
        if isinstance(parent, ast.Slice) and parent.step is at.node:
            yield Edit(at.number, on_value(lambda v: -v), str(-own), "permuted", "it is read in the wrong order")
        elif at.counts:
            others = [other for other in (own + 1, own - 1, -own) if isinstance(own, int) and other != own]
            yield from (_number(at, other, "few-entries", f"the index {own} is wrong") for other in others)
        else:
            scales = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult | ast.Div)
            for other in dict.fromkeys((*elsewhere, *_NUMBERS)):
                near = other and abs(other - own) < _NEAR * abs(other)
                kind = "inconsistent-forward" if near else "factor" if scales else "wrong-values"
                if other != own:
                    yield _number(at, other, kind, f"the number {own} is wrong")

    return rule


def _number(at: Place, other: float, kind: str, what: str) -> Edit:
    return Edit(at.number, on_value(lambda v: other), f"{other:.15g}", kind, what)
