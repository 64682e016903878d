"""Guards of a loss: the 1e-7 in `np.log(y + 1e-7)` or `np.clip(p, 1e-7, 1 - 1e-7)`, the 1e-12 in `a / (d + 1e-12)`.

A guarded loss has, strictly, another derivative than the one that most people return beside it, who differentiate the
loss that they mean. To see whether that is all that is wrong, the guards are lifted for a while: in the code of the
functions at hand, in the defaults, globals and class attributes that they read, tiny numbers become 0.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from checks.look import CaseResult
from checks.results import Finding
from checks.subject import Subject

_GUARDING = frozenset({"log", "log2", "log10", "clip", "maximum", "minimum", "fmax", "fmin", "max", "min"})
_LARGEST = 1e-4  # a guard; what is larger means something
_LARGEST_BELOW = 1e-7  # and that of a division: what is larger belongs to the function, as in a normalisation
_NOTHING = 0.0  # a loss that its guard saves from log(0) is not finite then, and says nothing
_DEPTH = 3  # of functions that call each other


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Guards:
    """The guards that some functions have. `words`: the first of them, as it is written; `line`: where."""

    functions: tuple[types.FunctionType, ...]
    classes: tuple[type, ...]
    values: frozenset[float]
    names: frozenset[str]
    words: str
    line: int

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
            for cls in self.classes:
                for name in self.names & vars(cls).keys():
                    if self._is_guard(vars(cls)[name]):
                        undo.append(_resetting(cls, name, vars(cls)[name]))
                        setattr(cls, name, _NOTHING)
            yield
        finally:
            for back in reversed(undo):
                back()

    def finding(self, failing: Sequence[CaseResult]) -> Finding:
        """What is said where nothing else is wrong; `failing`: cases that differ with the guards in place."""
        rows = [row for result in failing for row in result.rows.values() if row.verdict == "differs"]
        least = min((row.max_rel_diff for row in rows if row.max_rel_diff is not None), default=0.0)
        return Finding(
            kind="inconsistent-forward",
            severity="warning",
            gradient=rows[0].name,
            message=f"backward is the derivative of the loss without the guard {self.words}: without it the two agree, "
            f"with it they are apart by {least:.0e} and more",
            suggestion="let the loss go through log-softmax or logaddexp, which need none, or differentiate it too",
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


def find(subject: Any) -> Guards | None:
    """The guards in the code of a class, an instance or a pair of functions; None where it has none."""
    functions, classes = _reachable(subject)
    values: set[float] = set()
    names: set[str] = set()
    first: tuple[str, int] | None = None
    for function in functions:
        for node in _places(function):
            numbers, called = _tiny(node)
            known = {value for name in called for value in _values_of(name, functions, classes)}
            if isinstance(node, ast.BinOp):
                numbers = {value for value in numbers if value <= _LARGEST_BELOW}
                known = {value for value in known if value <= _LARGEST_BELOW}
            if numbers or known:
                values |= numbers | known
                names |= called
                first = first or (ast.unparse(node), function.__code__.co_firstlineno + node.lineno - 1)
    if first is None:
        return None
    return Guards(
        functions=functions,
        classes=classes,
        values=frozenset(values),
        names=frozenset(names),
        words=first[0],
        line=first[1],
    )


def _reachable(subject: Any) -> tuple[tuple[types.FunctionType, ...], tuple[type, ...]]:
    """The functions of the subject, those that they call and those of the classes that they name; and its classes."""
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
    return tuple(found.values()), classes


def _is_library(module: str) -> bool:
    """Whether a module is Python's own, or NumPy's or SciPy's."""
    first = module.partition(".")[0]
    return first in sys.stdlib_module_names or first in ("numpy", "scipy")


def _places(function: types.FunctionType) -> Iterator[ast.Call | ast.BinOp]:
    """The calls of guarding functions in its source, and the divisions by a sum."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in _GUARDING:
                yield node
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _is_sum(node.right):
            yield node


def _is_sum(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)


def _tiny(place: ast.Call | ast.BinOp) -> tuple[set[float], set[str]]:
    """(tiny numbers among the arguments or in the divisor, names that may stand for one)."""
    numbers, names = set(), set()
    if isinstance(place, ast.BinOp):
        arguments = [place.right]
    else:
        arguments = [*place.args, *(keyword.value for keyword in place.keywords)]
    for part in (p for argument in arguments for p in ast.walk(argument)):
        if isinstance(part, ast.Constant) and isinstance(part.value, float) and 0 < part.value <= _LARGEST:
            numbers.add(part.value)
        elif isinstance(part, ast.Name):
            names.add(part.id)
        elif isinstance(part, ast.Attribute):
            names.add(part.attr)
    return numbers, names


def _values_of(name: str, functions: Sequence[types.FunctionType], classes: Sequence[type]) -> Iterator[float]:
    """The tiny numbers that a name is given: as a default, a global, an attribute of the class, or by assignment."""
    for function in functions:
        parameters = inspect.signature(function).parameters
        places = [parameters[name].default if name in parameters else None, function.__globals__.get(name)]
        places += [vars(cls).get(name) for cls in classes]
        places += _assigned(name, function)
        yield from (value for value in places if isinstance(value, float) and 0 < value <= _LARGEST)


def _assigned(name: str, function: types.FunctionType) -> Iterator[Any]:
    """Constants, and defaults of its parameters, that a function assigns to that name or attribute."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return
    parameters = inspect.signature(function).parameters
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets = [getattr(t, "attr", getattr(t, "id", None)) for t in node.targets]
            if name in targets and isinstance(node.value, ast.Constant):
                yield node.value.value
            elif name in targets and isinstance(node.value, ast.Name) and node.value.id in parameters:
                yield parameters[node.value.id].default


def _restoring(holder: dict[str, Any], name: str) -> Callable[[], None]:
    value = holder[name]
    return lambda: holder.__setitem__(name, value)


def _resetting(holder: Any, name: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(holder, name, value)
