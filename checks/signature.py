"""Named signatures in the manner of NumPy's gufuncs: `x(n,i), W(i,o), b(o) -> (n,o)`.

Every array has a name and, in parentheses, its sizes; a size that occurs twice is the same number twice. A
size is a name, a positive integer or small arithmetic (`4*h`, `(h-k)//s+1`); `...` stands for zero or more
further axes, the same ones wherever it occurs. A kind after a colon says what the array holds (`KINDS`):
`t(n):label(c)`. The part from `->` may be left out; the output of a loss is `()`.
"""

from __future__ import annotations

import ast
import difflib
import keyword
import operator
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, NamedTuple, TypeVar

from checks.errors import SignatureError

T = TypeVar("T")
Shape = tuple[int, ...]

EXAMPLE: Final = "x(n,i), W(i,o), b(o) -> (n,o)"
KINDS: Final[Mapping[str, str]] = {
    "float": "any real numbers",
    "positive": "numbers above 0",
    "probability": "numbers strictly between 0 and 1",
    "simplex": "numbers above 0 that sum to 1 along the last axis",
    "symmetric": "a symmetric, positive definite matrix that owes no gradient",
    "adjacency": "a symmetric matrix of zeros and ones that owes no gradient",
    "intercept": "a matrix whose first column is ones and that owes no gradient",
    "target": "real numbers that owe no gradient",
    "onehot": "floats: a single 1 along the last axis, zeros elsewhere",
    "onehot0": "floats: a single 1 along the first axis, zeros elsewhere",
    "mask": "floats: zeros and ones",
    "sign": "floats: ones and minus ones",
    "bool": "truth values (also written flag)",
    "label": "class indices, integers in [0, limit)",
    "int": "integers in [0, limit)",
}
_DISCRETE: Final = frozenset({"label", "int", "onehot", "onehot0", "mask", "sign", "bool", "adjacency"})
_FIXED: Final = frozenset({"symmetric", "intercept"})  # no entry can be moved alone
_SQUARE: Final = frozenset({"symmetric", "adjacency"})
_LIMITED: Final = frozenset({"label", "int"})
_REST: Final = "..."
_OPERATORS: Final[Mapping[type[ast.operator], Callable[[int, int], int]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}
# Words, integers, operators and parentheses; no literal that runs into a word (0x1, 1e5, 2h).
_ARITHMETIC: Final = re.compile(r"(?:[^\W\d]\w*|\d+(?!\w)|[\s+\-*/()])+")
_LONGEST_DIM: Final = 80  # characters: keeps the recursion over the tree shallow
_LARGEST_SIZE: Final = 2**40


@dataclass(frozen=True, slots=True)
class Dim:
    """A size: a name, a positive integer, an expression in `+ - * //` and parentheses, or `...`."""

    text: str

    def __post_init__(self) -> None:
        if self.text.strip() == _REST:
            object.__setattr__(self, "text", _REST)
            return
        tree = _tree(self.text)
        object.__setattr__(self, "text", ast.unparse(tree).replace(" ", ""))
        if not self.names and _evaluate(tree, {}) < 1:
            raise SignatureError(f"{self.text} is not a size: sizes are 1 or more")

    @property
    def is_rest(self) -> bool:
        """Whether this is `...`."""
        return self.text == _REST

    @property
    def is_name(self) -> bool:
        """Whether this is a bare name."""
        return self.text.isidentifier()

    @property
    def names(self) -> tuple[str, ...]:
        """The names in it, in order of appearance, each once."""
        return _names(self.text)

    def value(self, sizes: Mapping[str, int]) -> int:
        """Its number at these sizes; SignatureError where a name has none or a divisor is zero."""
        if self.is_rest:
            raise SignatureError("'...' stands for several sizes: use Signature.expanded")
        missing = [name for name in self.names if name not in sizes]
        if missing:
            raise SignatureError(f"{self} has no value: the size {missing[0]} is not known")
        try:
            return _evaluate(_tree(self.text), sizes)
        except ZeroDivisionError:
            raise SignatureError(f"{self} divides by zero at {_listed(sizes, self.names)}") from None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Argument:
    """A named array: its sizes, and what it holds. `limit`: label and int values are below it."""

    name: str
    dims: tuple[Dim, ...] = ()
    kind: str = "float"
    limit: Dim | None = None

    def __post_init__(self) -> None:
        if self.kind == "flag":
            object.__setattr__(self, "kind", "bool")
        _check_word(self.name, "an array")
        if self.kind not in KINDS:
            near = difflib.get_close_matches(self.kind, KINDS, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"the kinds are {', '.join(KINDS)}"
            raise SignatureError(f"unknown kind '{self.kind}': {hint}")
        if self.kind in _LIMITED and self.limit is None:
            raise SignatureError(f"{self.kind} needs the number its values stay below, as in {self.kind}(c)")
        if self.kind not in _LIMITED and self.limit is not None:
            raise SignatureError(f"{self.kind} takes no limit; only label and int do")
        if self.limit is not None and self.limit.is_rest:
            raise SignatureError("a limit is one number, not '...'")
        if self.kind in ("onehot", "onehot0", "simplex") and not self.dims:
            raise SignatureError(f"{self.kind} needs an axis to run along, as in t(n,c):{self.kind}")
        if self.kind in _SQUARE and (len(self.dims) != 2 or self.dims[0] != self.dims[1]):
            raise SignatureError(f"{self.kind} needs a square matrix, as in A(n,n):{self.kind}")
        if self.kind == "intercept" and len(self.dims) != 2:
            raise SignatureError("intercept needs a matrix, as in X(n,i):intercept")
        if sum(dim.is_rest for dim in self.dims) > 1:
            raise SignatureError("'...' may occur once in an array")

    @property
    def differentiable(self) -> bool:
        """Whether a derivative by it can exist: not for labels, integers, one-hots, masks, truth values, and not for
        matrices that have to keep a form.
        """
        return self.kind not in _DISCRETE | _FIXED

    def __str__(self) -> str:
        kind = "" if self.kind == "float" else f":{self.kind}"
        limit = "" if self.limit is None else f"({self.limit})"
        return f"{self.name}{_parenthesised(self.dims)}{kind}{limit}"


@dataclass(frozen=True, slots=True)
class Signature:
    """The arrays of a layer and the sizes they share. `output` is None where the signature does not say."""

    arguments: tuple[Argument, ...]
    output: tuple[Dim, ...] | None = None

    def __post_init__(self) -> None:
        for k, name in enumerate(self.names):
            if name in self.names[:k]:
                raise SignatureError(f"two arrays are named {name}")

    @classmethod
    def parse(cls, text: str) -> Signature:
        """The signature that `text` spells; SignatureError, with the column, where it spells none."""
        return _Reader(text).signature()

    @property
    def names(self) -> tuple[str, ...]:
        """The arrays' names, in order."""
        return tuple(argument.name for argument in self.arguments)

    @property
    def sizes(self) -> tuple[str, ...]:
        """The names of the sizes, in order of first appearance."""
        dims = [dim for a in self.arguments for dim in (*a.dims, *([a.limit] if a.limit else []))]
        return tuple(dict.fromkeys(name for dim in (*dims, *(self.output or ())) for name in dim.names))

    @property
    def has_rest(self) -> bool:
        """Whether `...` occurs."""
        return any(dim.is_rest for dims in self._all_dims() for dim in dims)

    def argument(self, name: str) -> Argument:
        """The array of that name."""
        for argument in self.arguments:
            if argument.name == name:
                return argument
        near = difflib.get_close_matches(name, self.names, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise SignatureError(f"no array named {name} in {self}{hint}")

    def expanded(self, count: int) -> Signature:
        """The same signature with `count` named sizes (rest1, rest2, ...) wherever `...` stood."""
        rest = tuple(Dim(name) for name in self._rest_names(count))

        def spread(dims: tuple[Dim, ...]) -> tuple[Dim, ...]:
            return tuple(new for dim in dims for new in (rest if dim.is_rest else (dim,)))

        arguments = tuple(replace(argument, dims=spread(argument.dims)) for argument in self.arguments)
        return Signature(arguments, None if self.output is None else spread(self.output))

    def with_argument(self, changed: Argument) -> Signature:
        """The same signature with the array of that name declared otherwise."""
        return Signature(tuple(changed if a.name == changed.name else a for a in self.arguments), self.output)

    def with_kind(self, name: str, kind: str) -> Signature:
        """The same signature with an array of that name that holds something else."""
        return self.with_argument(replace(self.argument(name), kind=kind))

    def at(self, sizes: Mapping[str, int]) -> Signature:
        """The same signature without `...`: as many of rest1, rest2, ... in its place as `sizes` has."""
        if not self.has_rest:
            return self
        count = 0
        while all(name in sizes for name in self._rest_names(count + 1)):
            count += 1
        return self.expanded(count)

    def shapes(self, sizes: Mapping[str, int]) -> dict[str, Shape]:
        """Every array's shape at these sizes, by name; SignatureError where one comes out negative."""
        return {argument.name: _shape(argument, argument.dims, sizes) for argument in self.at(sizes).arguments}

    def output_shape(self, sizes: Mapping[str, int]) -> Shape | None:
        """The output's shape at these sizes; None where the signature does not say."""
        output = self.at(sizes).output
        return None if output is None else _shape("the output", output, sizes)

    def fit(self, shapes: Mapping[str, Shape]) -> dict[str, int]:
        """The sizes at which the arrays have these shapes: the inverse of `shapes`.

        Arrays may be left out, and what the rest does not determine is left out of the answer (a limit,
        `h*w`). Of several solutions, as for `h//2` being 3, the smallest. SignatureError names the array, its
        sizes, the shape it got and, for a size in conflict, where it was bound.
        """
        signature = self._with_ranks(shapes) if self.has_rest else self
        return _Solver().solve([(signature.argument(name), tuple(shape)) for name, shape in shapes.items()])

    def __str__(self) -> str:
        arguments = ", ".join(map(str, self.arguments))
        return arguments if self.output is None else f"{arguments} -> {_parenthesised(self.output)}"

    def _all_dims(self) -> list[tuple[Dim, ...]]:
        return [argument.dims for argument in self.arguments] + [self.output or ()]

    def _rest_names(self, count: int) -> list[str]:
        """The first `count` of rest1, rest2, ... that are not sizes already."""
        taken = set(self.sizes)
        return [name for k in range(1, count + len(taken) + 1) if (name := f"rest{k}") not in taken][:count]

    def _with_ranks(self, shapes: Mapping[str, Shape]) -> Signature:
        """Without `...`: as many sizes in its place as the shapes have axes to spare."""
        first: tuple[int, str] | None = None
        for name, shape in shapes.items():
            argument = self.argument(name)
            if not any(dim.is_rest for dim in argument.dims):
                continue
            count, got = len(shape) - len(argument.dims) + 1, f"{argument} got shape {tuple(shape)}"
            if count < 0:
                raise SignatureError(f"{got}: {_axes(len(argument.dims) - 1)} or more expected")
            if first is not None and count != first[0]:
                raise SignatureError(f"{got}: '...' is {_axes(count)} here, but {_axes(first[0])} in {first[1]}")
            first = first or (count, f"{argument} with shape {tuple(shape)}")
        return self.expanded(first[0] if first else 0)


class _Axis(NamedTuple):
    """An axis of a concrete array, with what the signature declares for it."""

    dim: Dim
    extent: int
    number: int
    argument: Argument
    shape: Shape

    @property
    def got(self) -> str:
        return f"{self.argument} got shape {self.shape}"

    @property
    def source(self) -> str:
        return f"{self.argument} with shape {self.shape}"


class _Solver:
    """Binds sizes to extents: bare names first, then expressions with one unknown, those that floor last."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.origin: dict[str, str] = {}

    def solve(self, arrays: Iterable[tuple[Argument, Shape]]) -> dict[str, int]:
        axes: list[_Axis] = []
        for argument, shape in arrays:
            if len(shape) != len(argument.dims):
                expected = _axes(len(argument.dims))
                raise SignatureError(f"{argument} got shape {shape}: {expected} expected, got {len(shape)}")
            axes += [_Axis(argument.dims[k], shape[k], k, argument, shape) for k in range(len(shape))]
        for axis in axes:
            if axis.dim.is_name:
                self._bind(axis.dim.text, axis)
        expressions = sorted((a for a in axes if not a.dim.is_name), key=lambda a: "//" in a.dim.text)
        while pending := [a for a in expressions if len(self._unknown(a.dim)) == 1]:
            self._invert(pending[0])
        for axis in axes:
            if not self._unknown(axis.dim):
                self._agree(axis)
        return self.sizes

    def _unknown(self, dim: Dim) -> list[str]:
        return [name for name in dim.names if name not in self.sizes]

    def _bind(self, name: str, axis: _Axis, size: int | None = None) -> None:
        self.sizes.setdefault(name, axis.extent if size is None else size)
        self.origin.setdefault(name, axis.source)

    def _invert(self, axis: _Axis) -> None:
        """Bisection for the one unknown: expressions of sizes rise or fall throughout."""
        dim, extent, name = axis.dim, axis.extent, self._unknown(axis.dim)[0]

        def value(size: int) -> int:
            return dim.value({**self.sizes, name: size})

        sign = 1 if value(_LARGEST_SIZE) >= value(1) else -1
        size = bisect_left(range(_LARGEST_SIZE), sign * extent, lo=1, key=lambda k: sign * value(k))
        if value(size) != extent:
            known = "".join(f", {bound}" for bound in self._bound(dim))
            raise SignatureError(f"{axis.got}: no {name} makes {dim} equal to {extent}{known}")
        self._bind(name, axis, size)

    def _agree(self, axis: _Axis) -> None:
        dim, expected = axis.dim, axis.dim.value(self.sizes)
        if expected == axis.extent:
            return
        if dim.is_name:
            conflict = f"{dim} is {axis.extent} here, but {expected} in {self.origin[dim.text]}"
        elif dim.names:
            conflict = f"{dim} is {axis.extent} here, but {expected} with {', '.join(self._bound(dim))}"
        else:
            conflict = f"axis {axis.number} is {axis.extent}, but {dim} in the signature"
        raise SignatureError(f"{axis.got}: {conflict}")

    def _bound(self, dim: Dim) -> list[str]:
        return [f"{n} = {self.sizes[n]} from {self.origin[n]}" for n in dim.names if n in self.sizes]


class _Reader:
    """Reads a signature from left to right; every complaint shows the text and points at the column."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        self.at = 0

    def signature(self) -> Signature:
        if not self.text:
            raise SignatureError(f"the signature is empty: expected one such as {EXAMPLE}")
        arguments = [self.argument(())]
        while self.take(","):
            arguments.append(self.argument(tuple(a.name for a in arguments)))
        output = None
        if self.take("->"):
            output = self.dims("the output's sizes in parentheses, as in -> (n,o)")
            if self.found(","):
                raise self.fault("only one output can be declared")
        if self.at < len(self.text):
            expected = "the end" if output is not None else "',', '->' or the end"
            raise self.fault(f"expected {expected}, got {self.text[self.at :]!r}")
        return Signature(tuple(arguments), output)

    def argument(self, taken: tuple[str, ...]) -> Argument:
        start = self.at
        name = self.word()
        if not name:
            raise self.fault(f"expected an array such as x(n,i){self.got()}", start)
        self.check(lambda: _check_word(name, "an array"), start)
        if name in taken:
            raise self.fault(f"a second array named {name}", start)
        dims = self.dims(f"the sizes of {name} in parentheses, as in {name}(n,i)")
        if not self.take(":"):
            return self.check(lambda: Argument(name, dims), start)
        start = self.at
        kind = self.word() or "float"
        limits = self.dims("") if self.found("(") else ()
        if len(limits) > 1:
            raise self.fault(f"{kind} takes one limit, got {len(limits)}", start)
        return self.check(lambda: Argument(name, dims, kind, limits[0] if limits else None), start)

    def dims(self, expected: str) -> tuple[Dim, ...]:
        """The sizes in a parenthesis; a comma after the last is fine, as in Python's `(n,)`."""
        opening = self.at
        if not self.take("("):
            raise self.fault(f"expected {expected}{self.got()}")
        depth, start, pieces = 0, self.at, []
        while depth >= 0:
            if self.at >= len(self.text):
                raise self.fault("this parenthesis is never closed", opening)
            char = self.text[self.at]
            depth += (char == "(") - (char == ")")
            if depth < 0 or (char == "," and depth == 0):
                pieces.append((start, self.text[start : self.at].strip()))
                start = self.at + 1
            self.at += 1
        self.skip()
        if not pieces[-1][1]:
            pieces.pop()
        return tuple(self.dim(*piece) for piece in pieces)

    def dim(self, start: int, text: str) -> Dim:
        start += self.text[start:].startswith(" ")
        return self.check(lambda: Dim(text), start)

    def check(self, build: Callable[[], T], at: int) -> T:
        """What `build` gives; its complaint is moved to the column."""
        try:
            return build()
        except SignatureError as error:
            raise self.fault(str(error), at) from None

    def word(self) -> str:
        found = re.compile(r"\w+").match(self.text, self.at)
        self.at = found.end() if found else self.at
        self.skip()
        return found[0] if found else ""

    def found(self, token: str) -> bool:
        return self.text.startswith(token, self.at)

    def take(self, token: str) -> bool:
        if not self.found(token):
            return False
        self.at += len(token)
        self.skip()
        return True

    def skip(self) -> None:
        self.at += self.text[self.at :].startswith(" ")

    def got(self) -> str:
        rest = self.text[self.at :]
        return f", got {rest!r}" if rest else ", got the end"

    def fault(self, message: str, at: int | None = None) -> SignatureError:
        at = self.at if at is None else at
        return SignatureError(f"{self.text}\n{' ' * at}^ column {at + 1}: {message}")


@cache
def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(re.findall(r"[^\W\d]\w*", text)))


@cache
def _tree(text: str) -> ast.expr:
    """The checked expression tree of a size; nothing is ever evaluated by Python itself."""
    for word in re.findall(r"[^\W\d]\w*", text):
        _check_word(word, "a size")
    try:
        if len(text) > _LONGEST_DIM or not _ARITHMETIC.fullmatch(text):
            raise SyntaxError
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise SignatureError(_not_a_size(text)) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.UnaryOp):
            raise SignatureError(f"{text} is not a size: sizes are 1 or more")
        if isinstance(node, ast.BinOp):
            if type(node.op) not in _OPERATORS:
                raise SignatureError(_not_a_size(text))
        elif not isinstance(node, ast.Name | ast.Constant | ast.operator | ast.expr_context):
            raise SignatureError(_not_a_size(text))
    return tree


def _not_a_size(text: str) -> str:
    if not text.strip():
        return "a size is missing"
    return f"'{text}' is not a size: expected a name, a positive integer, or these with + - * // and parentheses"


def _evaluate(node: ast.expr, sizes: Mapping[str, int]) -> int:
    match node:
        case ast.Name(id=name):
            return int(sizes[name])
        case ast.Constant(value=int(number)):
            return number
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_evaluate(left, sizes), _evaluate(right, sizes))
        case _:  # pragma: no cover
            raise AssertionError(f"{ast.dump(node)} passed _tree")


def _check_word(word: str, meaning: str) -> None:
    if keyword.iskeyword(word):
        raise SignatureError(f"'{word}' is a Python keyword and cannot name {meaning}")
    if not word.isidentifier():
        raise SignatureError(f"'{word}' cannot name {meaning}: expected a Python name")


def _shape(owner: Argument | str, dims: tuple[Dim, ...], sizes: Mapping[str, int]) -> Shape:
    shape = tuple(dim.value(sizes) for dim in dims)
    if min(shape, default=0) < 0:
        used = [name for dim in dims for name in dim.names]
        raise SignatureError(f"{owner} has shape {shape} at {_listed(sizes, used)}: sizes cannot be negative")
    return shape


def _listed(sizes: Mapping[str, int], names: Iterable[str]) -> str:
    return ", ".join(f"{name} = {sizes[name]}" for name in dict.fromkeys(names))


def _parenthesised(dims: tuple[Dim, ...]) -> str:
    return f"({','.join(map(str, dims))})"


def _axes(count: int) -> str:
    return f"{count} axis" if count == 1 else f"{count} axes"
