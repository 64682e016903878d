"""Guards: the 1e-7 in `np.log(y + 1e-7)` or `np.clip(p, 1e-7, 1 - 1e-7)`, the 1e-12 in `a / (d + 1e-12)`.

What is guarded has, strictly, another derivative than the one that most people return beside it, who differentiate the
function that they mean. To see whether that is all that is wrong, the guards are lifted for a while: in the code of the
functions at hand, in the defaults, globals and class attributes that they read, tiny numbers become 0.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from checks.look import CaseResult
from checks.results import Finding
from checks.subject import Subject

_GUARDING = frozenset({"log", "log2", "log10", "clip", "maximum", "minimum", "fmax", "fmin", "max", "min"})
_LARGEST = 1e-4  # a guard; what is larger means something
_LARGEST_BELOW = 1e-7  # and that of anything but a loss: what is larger belongs to it, as in a normalisation
_NOTHING = 0.0  # a loss that its guard saves from log(0) is not finite then, and says nothing
_DEPTH = 3  # of functions that call each other


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Guards:
    """The guards that some functions have. `words`: the first of them, as it is written; `line`: where."""

    functions: tuple[types.FunctionType, ...]
    holders: tuple[Any, ...]
    values: frozenset[float]
    names: frozenset[str]
    words: str
    line: int
    loss: bool = True

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Without them, and back again."""
        undo: list[Callable[[], None]] = []
        try:
            for function in self.functions:
                self._lift_in(function, undo)
            for holder in {id(f.__globals__): f.__globals__ for f in self.functions}.values():
                for name in self.names & holder.keys():
                    if self._is_guard(holder[name]):
                        undo.append(_restoring(holder, name))
                        holder[name] = _NOTHING
            for one in self.holders:
                for name in self.names & _attributes(one).keys():
                    if self._is_guard(_attributes(one)[name]):
                        undo.append(_resetting(one, name, _attributes(one)[name]))
                        setattr(one, name, _NOTHING)
            yield
        finally:
            for back in reversed(undo):
                back()

    def finding(self, failing: Sequence[CaseResult]) -> Finding:
        """What is said where nothing else is wrong; `failing`: cases that differ with the guards in place."""
        rows = [row for result in failing for row in result.rows.values() if row.verdict == "differs"]
        apart = (row.max_rel_diff if self.loss else row.max_abs_diff for row in rows)
        least = min((one for one in apart if one is not None), default=0.0)
        return Finding(
            kind="inconsistent-forward",
            severity="warning",
            gradient=rows[0].name,
            message=f"backward is the derivative of the {'loss' if self.loss else 'function'} without the guard "
            f"{self.words}: without it the two agree, with it they are apart by {least:.0e} and more",
            suggestion="let the loss go through log-softmax or logaddexp, which need none, or differentiate it too"
            if self.loss
            else "differentiate it too, if so little matters: backward divides by what forward divides by",
            line=self.line,
        )

    def _lift_in(self, function: types.FunctionType, undo: list[Callable[[], None]]) -> None:
        undo.append(_resetting(function, "__code__", function.__code__))
        function.__code__ = self._without(function.__code__)
        undo.append(_resetting(function, "__defaults__", function.__defaults__))
        undo.append(_resetting(function, "__kwdefaults__", function.__kwdefaults__))
        function.__defaults__ = tuple(map(self._less, function.__defaults__)) if function.__defaults__ else None
        if function.__kwdefaults__:
            function.__kwdefaults__ = {name: self._less(value) for name, value in function.__kwdefaults__.items()}

    def _without(self, code: types.CodeType) -> types.CodeType:
        return code.replace(
            co_consts=tuple(
                self._without(c) if isinstance(c, types.CodeType) else self._less(c) for c in code.co_consts
            )
        )

    def _is_guard(self, value: Any) -> bool:
        return isinstance(value, float) and value in self.values

    def _less(self, value: Any) -> Any:
        """Nothing for a guard, 1 for 1 less a guard."""
        if self._is_guard(value):
            return _NOTHING
        return 1.0 if isinstance(value, float) and any(value == 1 - guard for guard in self.values) else value


def is_loss(subject: Subject) -> bool:
    """Whether it gives one number, or takes labels."""
    return subject.signature.output == () or "label" in subject.roles.values()


def find(subject: Any, *, loss: bool = True) -> Guards | None:
    """The guards in the code of a class, an instance or a pair of functions; None where it has none.

    Those of a `loss` may be as large as 1e-4, inside a logarithm or as a limit.
    """
    functions, holders = _reachable(subject)
    code = _Code.of(functions, holders)
    values: set[float] = set()
    names: set[str] = set()
    first: tuple[str, int] | None = None
    for function in functions:
        for node in _places(code.trees[function]):
            numbers, called = _tiny(node)
            named = {name: code.values_of(name) for name in called}
            if isinstance(node, ast.BinOp) or not loss:
                numbers = {value for value in numbers if value <= _LARGEST_BELOW}
                named = {name: {v for v in known if v <= _LARGEST_BELOW} for name, known in named.items()}
            known = set().union(*named.values())
            if numbers or known:
                values |= numbers | known
                names |= {name for name, known in named.items() if known}
                first = first or (ast.unparse(node), function.__code__.co_firstlineno + node.lineno - 1)
    if first is None:
        return None
    return Guards(
        functions=functions,
        holders=holders,
        values=frozenset(values),
        names=frozenset(names),
        words=first[0],
        line=first[1],
        loss=loss,
    )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Code:
    """What functions and classes are made of. `tiny`: the tiny numbers that names are given in it."""

    trees: Mapping[types.FunctionType, ast.Module]
    tiny: Mapping[str, set[float]]

    @classmethod
    def of(cls, functions: Sequence[types.FunctionType], holders: Sequence[Any]) -> _Code:
        trees = {function: _tree(function) for function in functions}
        tiny: dict[str, set[float]] = {}
        for name, value in _given(trees, holders):
            if isinstance(value, float) and 0 < value <= _LARGEST:
                tiny.setdefault(name, set()).add(value)
        return cls(trees=trees, tiny=tiny)

    def values_of(self, name: str) -> set[float]:
        """The tiny numbers that a name is given: as a default, a global, an attribute of the class, by assignment."""
        worldwide = (function.__globals__.get(name) for function in self.trees)
        return self.tiny.get(name, set()) | {v for v in worldwide if isinstance(v, float) and 0 < v <= _LARGEST}


def _given(trees: Mapping[types.FunctionType, ast.Module], holders: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """(name or attribute, constant or default that it is given) of everything that is given one."""
    for one in holders:
        yield from _attributes(one).items()
    for function, tree in trees.items():
        defaults = {name: one.default for name, one in inspect.signature(function).parameters.items()}
        yield from defaults.items()
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                value = node.value
                given = value.value if isinstance(value, ast.Constant) else defaults.get(getattr(value, "id", ""))
                yield from ((getattr(t, "attr", getattr(t, "id", "")), given) for t in node.targets)


def _reachable(subject: Any) -> tuple[tuple[types.FunctionType, ...], tuple[Any, ...]]:
    """(the functions of the subject, those that they call and those of the classes that they name; its classes and,
    where it is one, the object).
    """
    own = subject if isinstance(subject, type) else type(subject)
    classes = () if isinstance(subject, tuple) else tuple(cls for cls in own.__mro__ if cls is not object)
    written = subject if isinstance(subject, tuple) else [f for cls in reversed(classes) for f in vars(cls).values()]
    pending: list[tuple[Any, int]] = [(f, 0) for f in written]
    found: dict[int, types.FunctionType] = {}
    while pending:
        candidate, depth = pending.pop()
        function = inspect.unwrap(getattr(candidate, "__func__", candidate))
        if not isinstance(function, types.FunctionType) or id(function) in found:
            continue
        found[id(function)] = function
        if depth < _DEPTH:
            known = function.__globals__
            words = function.__code__.co_names
            named = [known[name] for name in words if name in known]
            modules = [m for m in named if isinstance(m, types.ModuleType) and not _is_library(m.__name__)]
            named += [getattr(module, name) for module in modules for name in words if hasattr(module, name)]
            pending += [(other, depth + 1) for other in named if inspect.isfunction(other)]
            # A network's loss may lie in a layer of its own.
            made = [cls for cls in named if isinstance(cls, type) and not _is_library(cls.__module__)]
            methods = [method for cls in made for method in vars(cls).values()]
            pending += [(method, depth + 1) for method in methods]
    objects = () if isinstance(subject, type | tuple) else (subject,)
    return tuple(found.values()), (*classes, *objects)


def _attributes(holder: Any) -> Mapping[str, Any]:
    return getattr(holder, "__dict__", {})


def _is_library(module: str) -> bool:
    """Whether a module is Python's own, or NumPy's or SciPy's."""
    first = module.partition(".")[0]
    return first in sys.stdlib_module_names or first in ("numpy", "scipy")


def _tree(function: types.FunctionType) -> ast.Module:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return ast.Module(body=[], type_ignores=[])


def _places(tree: ast.AST) -> Iterator[ast.Call | ast.BinOp]:
    """The calls of guarding functions, and the sums."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in _GUARDING:
                yield node
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield node


def _tiny(place: ast.Call | ast.BinOp) -> tuple[set[float], set[str]]:
    """(tiny numbers among the arguments or the terms, names that may stand for one)."""
    numbers, names = set(), set()
    parts: Iterable[ast.AST]
    if isinstance(place, ast.BinOp):
        parts = (place.left, place.right)
    else:
        arguments = [*place.args, *(keyword.value for keyword in place.keywords)]
        parts = (part for argument in arguments for part in ast.walk(argument))
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, float) and 0 < part.value <= _LARGEST:
            numbers.add(part.value)
        elif isinstance(part, ast.Name):
            names.add(part.id)
        elif isinstance(part, ast.Attribute):
            names.add(part.attr)
    return numbers, names


def _restoring(holder: dict[str, Any], name: str) -> Callable[[], None]:
    value = holder[name]
    return lambda: holder.__setitem__(name, value)


def _resetting(holder: Any, name: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(holder, name, value)
