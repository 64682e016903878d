"""A layer as the textbooks write it: a class with `forward` and `backward`, or an object of one.

The constructor takes nothing, arrays (`Affine(W, b)`), or sizes (`Linear(3, 4)`).
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from checks.dialects.names import BACKWARD, FORWARD, RATE
from checks.dialects.options import options
from checks.dialects.reach import large_arrays
from checks.dialects.setup import PREFIX, set_up, wanted, wants_optimizer
from checks.dialects.usage import Bound, Usage, Values, accepts_rest, clone, code_words, formals
from checks.errors import LayerError
from checks.infer_layout import Formal
from checks.infer_names import hint


def method(obj: Any, names: tuple[str, ...]) -> str | None:
    """The first of these names that the class of the object defines as a method."""
    cls = obj if isinstance(obj, type) else type(obj)
    return next((n for n in names if callable(getattr(cls, n, None)) and not _inherited(cls, n)), None)


def _inherited(cls: type, name: str) -> bool:
    """Whether a name comes from `type` or `object` alone (`__call__` of a class is not its own)."""
    return not any(name in base.__dict__ for base in cls.__mro__ if base is not object)


def recognises(obj: Any) -> bool:
    """Whether it has a forward and a backward by any of their names."""
    return method(obj, FORWARD) is not None and method(obj, BACKWARD) is not None


def usage(obj: Any, name: str) -> Usage:
    """How it is built and called."""
    forward_name, backward_name = method(obj, FORWARD), method(obj, BACKWARD)
    assert forward_name is not None
    assert backward_name is not None
    cls = obj if isinstance(obj, type) else type(obj)
    forward = plain(cls, forward_name)
    backward = plain(cls, backward_name)
    needed, spare = formals(forward, "forward", skip=_skip(cls, forward_name))
    if not needed and spare:
        needed = spare[:1]
    back_needed, back_spare = formals(backward, "forward", skip=_skip(cls, backward_name))
    context = needed[0].name if len(needed) > 1 and _CONTEXT.fullmatch(needed[0].name) else None
    if context is not None:
        needed = needed[1:]
        back_needed = [formal for formal in back_needed if formal.name != context]
    arguments, takes = _backward_arguments(name, backward_name, back_needed, back_spare, needed)
    takes = takes or accepts_rest(backward)
    updates = any(value is _RATE for _, value in arguments) or wants_optimizer(cls)
    inputs = tuple(formal.name for formal in needed)

    def bind(instance: Any) -> Bound:
        return _Bound(instance, forward_name, backward_name, inputs, takes, arguments)

    if context is not None:

        def bind(instance: Any) -> Bound:
            return _ContextBound(instance, forward_name, backward_name, inputs, takes, arguments)

    built, optional = constructor(obj)
    extra = "".join(f", {key}={_spelled(value)}" for key, value in arguments)
    first = takes and not any(value is _UPSTREAM for _, value in arguments)
    answer = f"layer.{backward_name}({'upstream' if first else ''}{extra})".replace("(, ", "(")
    call = "out = layer({inputs})" if forward_name == "__call__" else f"out = layer.{forward_name}({{inputs}})"
    found = Usage(
        name=name,
        kind="layer",
        make=functools.partial(make, private(obj)),
        bind=bind,
        constructor=built,
        optional=optional,
        forward=tuple(needed),
        takes_upstream=takes,
        updates=updates,
        instance=None if isinstance(obj, type) else obj,
        inputs_are_parameters=context is not None,
        words=code_words(forward),
        defined=cls,
        returned_names=returned_names(backward),
        call=("layer = {create}", call),
        answer=answer,
    )
    rates = [formal.name for formal in (*built, *optional) if RATE.fullmatch(formal.name.lower())]
    if rates and not updates and isinstance(obj, type):
        at_one = functools.partial(_make_at_rate_one, obj, tuple(rates))
        found = replace(found, rated=replace(found, make=at_one, updates=True))
    if not takes or not any(hint(str(value), place="forward") == "label" for _, value in arguments):
        return found

    def bind_loss(instance: Any) -> Bound:
        return _LossBound(instance, forward_name, backward_name, inputs, takes, arguments)

    given = answer.replace("upstream", f"getattr(layer, 'output', {inputs[0]})")
    return replace(found, variants=(replace(found, bind=bind_loss, takes_upstream=False, answer=given),))


def make(obj: Any, values: Values) -> Any:
    """A fresh object: constructed from the values and set up, or a copy of the instance.

    Copies of an instance share its large arrays: hand over a deep copy of the user's own (`private`).
    """
    if not isinstance(obj, type):
        return clone(obj, large_arrays(obj))
    return set_up(obj(**{n: v for n, v in values.items() if not n.startswith(PREFIX)}), values)


def _make_at_rate_one(obj: Any, rates: tuple[str, ...], values: Values) -> Any:
    return make(obj, {**values, **dict.fromkeys(rates, 1.0)})


def private(obj: Any) -> Any:
    """A class as it is; of an instance with large arrays a deep copy, whose further copies may share them."""
    return clone(obj) if not isinstance(obj, type) and large_arrays(obj) else obj


def constructor(obj: Any) -> tuple[tuple[Formal, ...], tuple[Formal, ...]]:
    """The constructor's required and optional arguments; none for an instance."""
    if not isinstance(obj, type):
        return (), ()
    later = wanted(obj)
    if obj.__init__ is object.__init__:  # type: ignore[misc]
        return tuple(later), ()
    needed, spare = formals(obj.__init__, "constructor", skip=1)  # type: ignore[misc]
    chosen = [replace(formal, options=options(obj, formal.name)) for formal in needed]
    return (*chosen, *later), tuple(spare)


def returned_names(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """The names that the last return statement spells, `("dx", "dW", "db")`; None where it spells none."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    returns = [node for node in ast.walk(tree) if isinstance(node, ast.Return)]
    if not returns or not isinstance(returns[-1].value, ast.Tuple):
        return None
    names = [e.id if isinstance(e, ast.Name) else getattr(e, "attr", "") for e in returns[-1].value.elts]
    return tuple(names) if all(names) else None


class _Kept:
    """Stands for what forward returned after its output: a cache that the caller keeps."""

    def __init__(self, position: int) -> None:
        self.position = position


class _Rate:
    """Stands for the learning rate 1, at which an update is the gradient."""


_CONTEXT = re.compile(r"ctx|context|ctxt")
_FURTHER = re.compile(r"d_?[a-zA-Z]\w*|.*grad.*|delta.*|g\d?|up\w*", re.I)  # the upstream gradient of a further output
_RATE = _Rate()
_UPSTREAM = object()  # the upstream gradient, of a backward that takes something else before it


class _Bound:
    """A layer's two calls."""

    def __init__(
        self,
        instance: Any,
        forward: str,
        backward: str,
        inputs: tuple[str, ...],
        takes_upstream: bool,
        arguments: tuple[tuple[str, Any], ...],
    ) -> None:
        self._forward = getattr(instance, forward)
        self._backward = getattr(instance, backward)
        self._inputs = inputs
        self._takes_upstream = takes_upstream
        self._arguments = arguments
        self._values: Values = {}
        self._result: Any = None

    def forward(self, values: Values) -> Any:
        result = self._forward(*[values[name] for name in self._inputs])
        if self._arguments:
            self._values, self._result = values, result
        return result

    def backward(self, upstream: Any) -> Any:
        extra = {key: upstream if value is _UPSTREAM else self._extra(value) for key, value in self._arguments}
        by_name = any(value is _UPSTREAM for _, value in self._arguments)
        return self._backward(upstream, **extra) if self._takes_upstream and not by_name else self._backward(**extra)

    def _extra(self, value: Any) -> Any:
        """The rate, an input by its name, or nothing from above for a further output."""
        if value is _RATE:
            return 1.0
        if isinstance(value, _Kept):
            return self._kept(value.position)
        if isinstance(value, int):
            several = isinstance(self._result, tuple) and len(self._result) > value
            return np.zeros_like(self._result[value]) if several else 0.0
        return self._values[value]

    def _kept(self, position: int) -> Any:
        """What forward returned beside the output: all of it for a single argument."""
        rest = self._result[1:] if isinstance(self._result, tuple) else ()
        if len(rest) <= position:
            raise LayerError("backward wants what forward kept for it, and forward returned nothing but its output")
        single = sum(isinstance(value, _Kept) for _, value in self._arguments) == 1
        return rest if single and len(rest) > 1 else rest[position]


class _Context:
    """What the functions of an automatic differentiation keep between their passes."""

    def __init__(self) -> None:
        self.saved_tensors: tuple[Any, ...] = ()
        self.saved: tuple[Any, ...] = ()
        self.needs_input_grad = (True,) * 16

    def save_for_backward(self, *values: Any) -> None:
        """Keeps the values, under the names that are in use."""
        self.saved_tensors = self.saved = self.saved_values = self.saved_variables = values

    save = save_for_backward


class _ContextBound(_Bound):
    """Functions whose first argument is a context: a new one for each forward."""

    def __init__(self, *how: Any) -> None:
        super().__init__(*how)
        self._calls = self._forward, self._backward

    def forward(self, values: Values) -> Any:
        context = _Context()
        self._forward = functools.partial(self._calls[0], context)
        self._backward = functools.partial(self._calls[1], context)
        return super().forward(values)


class _LossBound(_Bound):
    """A loss whose backward is handed predictions and labels: those kept as output, else the input itself."""

    def __init__(self, instance: Any, *how: Any) -> None:
        super().__init__(instance, *how)
        self._owner = instance

    def backward(self, upstream: Any) -> Any:
        first = self._values[self._inputs[0]]
        kept = getattr(self._owner, "output", None)
        return super().backward(kept if isinstance(kept, np.ndarray) and kept.shape == first.shape else first)


def plain(cls: type, name: str) -> Callable[..., Any]:
    """A method as the function it was written as."""
    found = inspect.getattr_static(cls, name)
    return getattr(found, "__func__", found)  # type: ignore[no-any-return]


def _skip(cls: type, name: str) -> int:
    """1 for `self` or `cls`, 0 for a static method."""
    return 0 if isinstance(inspect.getattr_static(cls, name), staticmethod) else 1


def _backward_arguments(
    owner: str, backward: str, needed: list[Formal], spare: list[Formal], inputs: list[Formal]
) -> tuple[tuple[tuple[str, Any], ...], bool]:
    """What to hand to backward besides the upstream gradient, by keyword, and whether it takes one."""
    given = [formal.name for formal in inputs]
    arguments: list[tuple[str, Any]] = []
    upstream = 0
    for position, formal in enumerate([*needed, *spare]):
        if RATE.fullmatch(formal.name.lower()):
            arguments.append((formal.name, _RATE))
        elif formal.name in given and (upstream or len(needed) > 1):
            arguments.append((formal.name, formal.name))
        elif not upstream:
            upstream = 1
            if arguments:
                arguments.append((formal.name, _UPSTREAM))
        elif position < len(needed) and _FURTHER.fullmatch(formal.name):
            arguments.append((formal.name, upstream))
            upstream += 1
        elif position < len(needed):
            arguments.append((formal.name, _Kept(len([a for a in arguments if isinstance(a[1], _Kept)]))))
    return tuple(arguments), upstream > 0


def _spelled(value: Any) -> str:
    """An extra argument in code."""
    if value is _UPSTREAM:
        return "upstream"
    if isinstance(value, _Kept):
        return "kept"
    return "1.0" if value is _RATE else "0.0" if isinstance(value, int) else str(value)
