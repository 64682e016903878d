"""Changes by something in sight: another array in its place, a factor, a term, a function of the expression."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from checks.diagnosis.repair.edit import Edit, Place, is_float, on_value, with_scope
from checks.diagnosis.repair.sight import Name

Form = tuple[str, Callable[[Any], Any]]  # a text with {} for the array, and the function that it stands for
_BELOW = ("{}", "(1 - {})", "(1 + {}**2)", "{}**2", "sqrt({})")  # what may stand below a fraction
Get = Callable[[Mapping[str, Any]], Any]


def replaced(at: Place, names: Sequence[Name]) -> Iterator[Edit]:
    """Another array of the same shape, or another number for a number."""
    value, own = at.was.value, ast.unparse(at.node)
    number = np.ndim(value) == 0 and not at.counts  # N for D
    if not isinstance(at.node, ast.Name | ast.Attribute | ast.Subscript):
        return
    if not number and not isinstance(value, np.ndarray):
        return
    # An earlier value of what is assigned to may be meant in a sum: `dx = dx + ...`.
    targets = {ast.unparse(t) for t in getattr(at.site.statement, "targets", ())}
    targets = set() if isinstance(at.site.parent, ast.BinOp) else targets
    for name in names:
        alike = np.ndim(name.value) == 0 if number else np.shape(name.value) == value.shape
        if alike and name.text not in (own, *targets) and (isinstance(name.value, np.ndarray) or number):
            what = f"{own} stands where {name.text} belongs"
            yield Edit(at.number, with_scope(_only(name.get)), name.text, "wrong-values", what)


def multiplied(at: Place, names: Sequence[Name], form: Form) -> Iterator[Edit]:
    """Times something in sight, or divided by it."""
    value, (text, of) = at.was.value, form
    if at.is_factor or at.counts or not is_float(value):
        return
    for name in (*names, *(_widened(names, value) if text == "{}" else ())):
        if not fits(name.value, value) or name.text == ast.unparse(at.node):
            continue
        if text not in ("{}", "sqrt({})") and not is_float(name.value):
            continue
        factor = text.replace("{}", name.text)
        kind = "missing-factor" if np.ndim(name.value) else "factor"
        times = with_scope(applied(np.multiply, of, name.get))
        yield Edit(at.number, times, f"{at.text} * {factor}", kind, f"the factor {factor} is missing")
        if text in _BELOW:
            under = f"({factor})" if " " in factor and factor[0] != "(" else factor
            by = with_scope(applied(np.divide, of, name.get))
            yield Edit(at.number, by, f"{at.text} / {under}", kind, f"the factor {factor} is too many")


def _widened(names: Sequence[Name], value: Any) -> Iterator[Name]:
    """Arrays that hold one number for each row of the value: a mask, a weight of samples."""
    for name in names:
        shape = np.shape(name.value)
        if shape and shape == np.shape(value)[:-1]:
            yield Name(f"{name.text}[..., None]", np.asarray(name.value)[..., None], _with_axis(name.get))


def formed(at: Place, form: Form) -> Iterator[Edit]:
    """A function of the expression itself: 1 - out in place of out."""
    text, of = form
    if text == "{}" or at.counts or not is_float(at.was.value):
        return
    if isinstance(at.node, ast.Name | ast.Attribute | ast.Subscript | ast.BinOp):
        new = text.replace("{}", at.text)
        what = f"{ast.unparse(at.node)} stands where {new} belongs"
        yield Edit(at.number, on_value(of), new, "missing-factor", what)


Terms = Callable[[Sequence[Name], Any], Iterator[tuple[str, Get]]]


def added(at: Place, names: Sequence[Name], terms: Terms) -> Iterator[Edit]:
    """Plus or minus one of the terms."""
    parent, value = at.site.parent, at.was.value
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub):
        return
    if at.counts or isinstance(parent, ast.UnaryOp) or (isinstance(parent, ast.Call) and not is_float(value)):
        return
    for text, get in terms(names, value):
        for sign, of in (("+", np.add), ("-", np.subtract)):
            change = with_scope(applied(of, as_it_is, get))
            yield Edit(at.number, change, f"{at.text} {sign} {text}", "missing-term", f"the term {text} is missing")


def alone(names: Sequence[Name], value: Any) -> Iterator[tuple[str, Get]]:
    """What is in sight and fits, and its square."""
    for name in names:
        if fits(name.value, value):
            yield name.text, name.get
            if is_float(name.value):
                yield f"{name.text} ** 2", product_of(name.get, name.get)


def products(names: Sequence[Name], value: Any) -> Iterator[tuple[str, Get]]:
    """Products of two of them."""
    some = [name for name in names if fits(name.value, value)]
    for a, b in itertools.combinations(some, 2):
        yield f"{a.text} * {b.text}", product_of(a.get, b.get)


def matrix_products(names: Sequence[Name], value: Any) -> Iterator[tuple[str, Get]]:
    """Products of two matrices in sight, one of them transposed or neither, of the value's shape; of a stack, too."""
    rank = np.ndim(value)
    if rank < 2:
        return
    first = [name for name in names if np.ndim(name.value) in (2, rank) and is_float(name.value)]
    second = [name for name in first if np.ndim(name.value) == 2]
    for a, b in itertools.product(first, second):
        for text, left, right in (("{} @ {}.T", False, True), ("{} @ {}", False, False), ("{}.T @ {}", True, False)):
            if a is b or (left and np.ndim(a.value) > 2):
                continue
            get = _matrix_product(a.get, b.get, left, right)
            inner = np.shape(a.value)[-2 if left else -1], np.shape(b.value)[-1 if right else -2]
            outer = np.shape(a.value)[-1 if left else -2], np.shape(b.value)[-2 if right else -1]
            if inner[0] == inner[1] and np.shape(value)[-2:] == outer and (left or np.ndim(a.value) == rank):
                yield text.format(a.text, b.text), get


def _matrix_product(one: Get, other: Get, left: bool, right: bool) -> Get:
    def product(scope: Mapping[str, Any]) -> Any:
        a, b = one(scope), other(scope)
        return (a.T if left else a) @ (b.T if right else b)

    return product


def fits(other: Any, value: Any) -> bool:
    """Whether a product with it has the shape of the value; beside a single number, everything does."""
    if np.ndim(value) == 0:
        return True
    try:
        return bool(np.broadcast_shapes(np.shape(other), np.shape(value)) == np.shape(value))
    except ValueError:
        return False


def as_it_is(value: Any) -> Any:
    return value


def _only(get: Get) -> Callable[[Any, Mapping[str, Any]], Any]:
    return lambda value, scope: get(scope)


def applied(
    operation: Callable[[Any, Any], Any], of: Callable[[Any], Any], get: Get
) -> Callable[[Any, Mapping[str, Any]], Any]:
    return lambda value, scope: operation(value, of(get(scope)))


def _with_axis(get: Get) -> Get:
    return lambda scope: np.asarray(get(scope))[..., None]


def product_of(one: Get, other: Get) -> Get:
    return lambda scope: one(scope) * other(scope)
