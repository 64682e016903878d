"""Faults made mechanically out of correct layers: one small change to the code that makes a gradient, and its kind.

Each operator changes one place of a syntax tree, and the text there alone: comments, docstrings and line numbers of the
rest stay. A mutant need not be a fault (`x > 0` and `x >= 0` are one almost everywhere): `differs` compares values.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_MAKES_GRADIENTS = re.compile(r"back|bprop|grad|deriv|prime|delta|vjp|pullback|jacob|^d_?[a-z]+$", re.IGNORECASE)
_GRADIENT = re.compile(r"self\.(d|grad_?|g)(?=[A-Za-z_])\w*|self\.\w*grads?\b.*|self\.\w+_grad\w*", re.IGNORECASE)
_SUMS = ("sum", "mean")
_COUNTING = ("range", "arange", "zeros", "ones", "empty", "reshape", "swapaxes", "transpose", "repeat", "split", "tile")
_ELEMENTWISE = ("x", "out", "y", "a", "z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A module's text with one fault in one of its layers.

    `kinds`: what the operator makes, by its own meaning. `before`, `after`: the place, as text.
    """

    layer: str
    operator: str
    kinds: tuple[str, ...]
    line: int
    before: str
    after: str
    source: str

    @property
    def title(self) -> str:
        """`Affine: drop-sum in line 12: np.sum(dout, axis=0) -> dout`."""
        return f"{self.layer}: {self.operator} in line {self.line}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class _Change:
    """Instead of a node, this text. `kinds`: what it makes."""

    node: ast.AST
    after: str
    kinds: tuple[str, ...]


_Function = ast.FunctionDef | ast.AsyncFunctionDef
Operator = Callable[["_Place"], Iterator[_Change]]


class _Place:
    """A function that makes gradients, with what an operator has to know of it."""

    def __init__(self, function: _Function, owner: ast.ClassDef | None, statements: list[ast.stmt]) -> None:
        self.function = function
        self.owner = owner
        self.nodes = [node for statement in statements for node in ast.walk(statement)]
        self.statements = [node for node in self.nodes if isinstance(node, ast.stmt)]
        self.arguments = [a.arg for a in function.args.args if a.arg not in ("self", "cls", "ctx")]
        self.upstream = self._from_above()
        self._counting = {id(n) for node in self.nodes for part in _counted(node) for n in ast.walk(part)}

    def _from_above(self) -> set[str]:
        """The names that depend on the gradient from above, which is the first argument."""
        found = set(self.arguments[:1])
        for _ in range(3):
            for statement in self.statements:
                if isinstance(statement, ast.Assign | ast.AugAssign) and self.depends(statement.value, found):
                    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                    found |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)} - {"self"}
        return found

    def counts(self, node: ast.BinOp | ast.UnaryOp) -> bool:
        """Whether it is counted with, in an index or a shape, and no value."""
        words = re.search(r"stride|shape|size|pad|kernel|dilation|\b[ijkhw]\b", ast.unparse(node))
        return id(node) in self._counting or bool(words)

    @staticmethod
    def depends(node: ast.AST, names: set[str]) -> bool:
        return any(isinstance(n, ast.Name) and n.id in names for n in ast.walk(node))

    def of(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        return (node for node in self.nodes if isinstance(node, kinds))


def _counted(node: ast.AST) -> list[ast.expr]:
    """The parts of an expression that are whole numbers: an index, what a loop runs over, a shape."""
    if isinstance(node, ast.Subscript):
        return [node.slice]
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return list(node.args) if called in _COUNTING else []
    return []


def _text(node: ast.AST) -> str:
    text = ast.unparse(node)
    return f"({text})" if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare | ast.IfExp | ast.BoolOp) else text


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)


def drop_factor(place: _Place) -> Iterator[_Change]:
    """`a * b` -> `a`, and -> `b`; `a / b` -> `a`."""
    for node in place.of(ast.BinOp):
        assert isinstance(node, ast.BinOp)
        if isinstance(node.left, ast.List) or isinstance(node.right, ast.List):  # of so many entries
            continue
        if isinstance(node.op, ast.Mult | ast.Div) and not place.counts(node):
            yield _Change(node, _text(node.left), _of_factor(place, node.right))
        if isinstance(node.op, ast.Mult) and not place.counts(node):
            yield _Change(node, _text(node.right), _of_factor(place, node.left))


def _of_factor(place: _Place, dropped: ast.expr) -> tuple[str, ...]:
    number = dropped.operand if isinstance(dropped, ast.UnaryOp) else dropped
    if _is_number(number):
        assert isinstance(number, ast.Constant)
        return ("sign",) if number.value == 1 else ("factor",)
    if place.depends(dropped, place.upstream):
        return ("ignores-upstream", "nonlinear-upstream", "missing-factor", "wrong-shape")
    if re.search(r"mask|[<>]", ast.unparse(dropped)):
        return ("missing-factor", "branch", "factor")
    return ("missing-factor", "factor", "wrong-shape")


def drop_term(place: _Place) -> Iterator[_Change]:
    """`a + b` -> `a`, and -> `b`; `a - b` -> `a`."""
    for node in place.of(ast.BinOp):
        assert isinstance(node, ast.BinOp)
        if isinstance(node.op, ast.Add | ast.Sub) and not place.counts(node):
            local = ("missing-term", "missing-factor", "factor", "zero-gradient", "inconsistent-forward")
            # Of `W - rate * dW` it is the whole gradient.
            local += ("missing-gradient",) * isinstance(node.left, ast.Attribute)
            yield _Change(node, _text(node.left), local)
            if isinstance(node.op, ast.Add):
                yield _Change(node, _text(node.right), local)


def drop_sum(place: _Place) -> Iterator[_Change]:
    """`np.sum(a, axis=0)` -> `a`, `a.sum(0)` -> `a`; `mean` too."""
    for node in place.of(ast.Call):
        assert isinstance(node, ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _SUMS:
            module = isinstance(node.func.value, ast.Name) and node.func.value.id in ("np", "numpy")
            if module and node.args:
                yield _Change(node, _text(node.args[0]), ("not-summed", "wrong-shape", "raises"))
            elif not module:
                yield _Change(node, _text(node.func.value), ("not-summed", "wrong-shape", "raises"))


def drop_transpose(place: _Place) -> Iterator[_Change]:
    """`a.T` -> `a`."""
    for node in place.of(ast.Attribute):
        assert isinstance(node, ast.Attribute)
        if node.attr == "T":
            yield _Change(node, _text(node.value), ("transposed", "wrong-shape", "raises"))


def change_axis(place: _Place) -> Iterator[_Change]:
    """`axis=0` -> `axis=1`, `axis=1` -> `axis=0`, `axis=-1` -> `axis=0`."""
    for node in place.of(ast.Call):
        assert isinstance(node, ast.Call)
        if not (isinstance(node.func, ast.Attribute) and node.func.attr in _SUMS):
            continue
        for keyword in node.keywords:
            if keyword.arg == "axis" and ast.unparse(keyword.value) in ("0", "1", "-1"):
                other = "1" if ast.unparse(keyword.value) == "0" else "0"
                yield _Change(keyword.value, other, ("not-summed", "over-summed", "wrong-shape", "raises"))


def change_sign(place: _Place) -> Iterator[_Change]:
    """`a - b` -> `a + b`, `a + b` -> `a - b`, `-a` -> `a`, and the negative of what a gradient is set to."""
    for node in place.of(ast.BinOp, ast.UnaryOp):
        if isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.USub) and not _is_number(node.operand) and not place.counts(node):
                yield _Change(node, _text(node.operand), ("sign",))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub) and not place.counts(node):
            other = "-" if isinstance(node.op, ast.Add) else "+"
            yield _Change(node, f"{_text(node.left)} {other} {_text(node.right)}", ("sign",))
    for statement in place.statements:
        stored = isinstance(statement, ast.Assign) and _GRADIENT.fullmatch(ast.unparse(statement.targets[0]))
        if stored and isinstance(statement.value, ast.BinOp | ast.Call):
            yield _Change(statement.value, f"-{_text(statement.value)}", ("sign",))


def change_operand(place: _Place) -> Iterator[_Change]:
    """One of the object's arrays in place of another: `self.x` -> `self.out`."""
    kept = [node for node in place.of(ast.Attribute) if _is_kept(node)]
    names = sorted({ast.unparse(node) for node in kept})
    for node in kept:
        own = ast.unparse(node)
        for other in names:
            if other != own:
                yield _Change(
                    node, other, ("wrong-values", "missing-factor", "swapped", "wrong-shape", "raises", "factor")
                )


def _is_kept(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and node.attr.lower().lstrip("_") in _ELEMENTWISE
    )


def change_slice(place: _Place) -> Iterator[_Change]:
    """`a[1:]` -> `a[2:]`, `a[:-1]` -> `a[:-2]`: one entry less; `a[::-1]` -> `a[::1]`."""
    kinds = ("few-entries", "permuted", "overwritten", "missing-term", "not-summed", "wrong-shape", "raises")
    for node in place.of(ast.Slice):
        assert isinstance(node, ast.Slice)
        if node.step is not None and ast.unparse(node.step) == "-1":
            yield _Change(node.step, "1", ("permuted",))
        elif node.lower is not None and _is_number(node.lower):
            yield _Change(node.lower, str(int(ast.literal_eval(node.lower)) + 1), kinds)


def change_comparison(place: _Place) -> Iterator[_Change]:
    """`<` -> `>`, `<=` -> `>=`, and back."""
    other = {ast.Lt: ">", ast.LtE: ">=", ast.Gt: "<", ast.GtE: "<="}
    for node in place.of(ast.Compare):
        assert isinstance(node, ast.Compare)
        if len(node.ops) == 1 and type(node.ops[0]) in other:
            text = f"{_text(node.left)} {other[type(node.ops[0])]} {_text(node.comparators[0])}"
            # Of a layer whose other side has no slope, nothing at all is left.
            yield _Change(node, text, ("branch", "missing-factor", "factor", "zero-gradient"))


def assign_instead_of_adding(place: _Place) -> Iterator[_Change]:
    """`a += b` -> `a = b`."""
    for node in place.of(ast.AugAssign):
        assert isinstance(node, ast.AugAssign)
        if isinstance(node.op, ast.Add) and not (isinstance(node.target, ast.Name) and _is_number(node.value)):
            text = f"{ast.unparse(node.target)} = {ast.unparse(node.value)}"
            # The last step of a recurrence may add nothing, so that nothing is left.
            yield _Change(node, text, ("overwritten", "missing-term", "not-summed", "wrong-shape", "zero-gradient"))


def rename_gradient(place: _Place) -> Iterator[_Change]:
    """`self.dW = ...` -> `self.dW_ = ...` where that is the only place that sets it."""
    if place.owner is None:
        return
    whole = ast.unparse(place.owner)
    for statement in place.statements:
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            continue
        target = statement.targets[0]
        text = ast.unparse(target)
        gradient = isinstance(target, ast.Attribute) and re.fullmatch(r"self\.(d|grad_?)[A-Za-z]\w*", text)
        if gradient and len(re.findall(rf"{re.escape(text)}\b", whole)) == 1:
            yield _Change(target, f"{text}_new", ("missing-gradient",))


def write_in_place(place: _Place) -> Iterator[_Change]:
    """`dx = dout * a` -> `dx = dout; dx *= a`: written into the caller's array."""
    if place.owner is None or not place.arguments:
        return
    above = place.arguments[0]
    for statement in place.statements:
        if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1):
            continue
        value, target = statement.value, statement.targets[0]
        product = isinstance(target, ast.Name) and isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult)
        if product and ast.unparse(value.left) == above:
            text = f"{target.id} = {above}; {target.id} *= {ast.unparse(value.right)}"
            yield _Change(statement, text, ("mutates-upstream", "raises"))


def keep_stale(place: _Place) -> Iterator[_Change]:
    """`self.x = x` in forward -> set once, by the first forward."""
    if place.owner is None:
        return
    used = {ast.unparse(node) for node in place.of(ast.Attribute)}
    for method in place.owner.body:
        if not isinstance(method, _Function) or method.name not in ("forward", "fprop", "__call__"):
            continue
        for statement in method.body:
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                target = statement.targets[0]
                text = ast.unparse(target)
                kept = isinstance(target, ast.Attribute) and text in used
                if kept and len(re.findall(rf"{re.escape(text)}\b", ast.unparse(method))) == 1:
                    assert isinstance(target, ast.Attribute)
                    after = (
                        f"{text} = self.__dict__.get({('_first_' + target.attr)!r}, {ast.unparse(statement.value)}); "
                    )
                    after += f"self.__dict__[{('_first_' + target.attr)!r}] = {text}"
                    yield _Change(statement, after, ("stale-cache", "raises"))


def change_constant(place: _Place) -> Iterator[_Change]:
    """A number, by 0.1 %: as a factor of the whole, or as a number that forward has too."""
    for node in place.of(ast.Constant):
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value != 0:
            yield _Change(
                node, repr(node.value * 1.001), ("factor", "inconsistent-forward", "missing-factor", "branch")
            )


OPERATORS: tuple[tuple[str, Operator], ...] = (
    ("drop-factor", drop_factor),
    ("drop-term", drop_term),
    ("drop-sum", drop_sum),
    ("drop-transpose", drop_transpose),
    ("change-axis", change_axis),
    ("change-sign", change_sign),
    ("change-operand", change_operand),
    ("change-slice", change_slice),
    ("change-comparison", change_comparison),
    ("assign-instead-of-adding", assign_instead_of_adding),
    ("rename-gradient", rename_gradient),
    ("write-in-place", write_in_place),
    ("keep-stale", keep_stale),
    ("change-constant", change_constant),
)


def mutants(source: str, layer: str) -> Iterator[Mutant]:
    """Every mutant of one layer: a class of the module, or the functions that go with `layer`, its forward function."""
    tree = ast.parse(source)
    text = source.encode()
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for place in _places(tree, layer):
        for name, operator in OPERATORS:
            for change in operator(place):
                node = change.node
                begin = starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
                end = starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
                inside = isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare)
                after = f"({change.after})" if inside else change.after
                changed = (text[:begin] + after.encode() + text[end:]).decode()
                try:
                    ast.parse(changed)
                except SyntaxError:
                    continue
                yield Mutant(
                    layer=layer,
                    operator=name,
                    kinds=change.kinds,
                    line=node.lineno,  # type: ignore[attr-defined]
                    before=text[begin:end].decode(),
                    after=change.after,
                    source=changed,
                )


def _places(tree: ast.Module, layer: str) -> Iterator[_Place]:
    """The functions that make the layer's gradients: what stands in them, without docstrings."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == layer:
            for method in node.body:
                if isinstance(method, _Function) and _MAKES_GRADIENTS.search(method.name):
                    yield _Place(method, node, _code(method))
        elif isinstance(node, _Function) and node.name != layer and _MAKES_GRADIENTS.search(node.name):
            stem = re.sub(r"_?(forward|fwd|fprop|prop\w*)", "", layer)
            own = re.sub(r"_?(backward|bwd|bprop|backprop\w*|grad\w*|prime|deriv\w*|vjp)", "", node.name)
            if stem and own == stem:
                yield _Place(node, None, _code(node))


def _code(function: _Function) -> list[ast.stmt]:
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return [copy.copy(statement) for statement in (function.body[1:] if documented else function.body)]
