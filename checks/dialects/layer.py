"""A layer as the textbooks write it: a class with `forward` and `backward`, or an object of one.

The constructor takes nothing, arrays (`Affine(W, b)`), or sizes (`Linear(3, 4)`).
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from checks.dialects.names import BACKWARD, FORWARD, RATE
from checks.dialects.usage import Bound, Usage, Values, accepts_rest, clone, code_words, formals
from checks.errors import LayerError
from checks.infer_layout import Formal


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
    arguments, takes = _backward_arguments(name, backward_name, back_needed, back_spare, needed)
    takes = takes or accepts_rest(backward)
    updates = any(RATE.fullmatch(key.lower()) for key, _ in arguments)
    inputs = tuple(formal.name for formal in needed)

    def bind(instance: Any) -> Bound:
        return _Bound(instance, forward_name, backward_name, inputs, takes, arguments)

    built, optional = constructor(obj)
    extra = "".join(f", {key}={'1.0' if value is _RATE else value}" for key, value in arguments)
    answer = f"layer.{backward_name}({'upstream' if takes else ''}{extra})".replace("(, ", "(")
    call = (
        "out = layer({inputs})" if forward_name == "__call__" else f"out = layer.{forward_name}({{inputs}})"
    )
    return Usage(
        name=name,
        kind="layer",
        make=functools.partial(make, obj),
        bind=bind,
        constructor=built,
        optional=optional,
        forward=tuple(needed),
        takes_upstream=takes,
        updates=updates,
        instance=None if isinstance(obj, type) else obj,
        words=code_words(forward),
        defined=cls,
        returned_names=returned_names(backward),
        call=("layer = {create}", call),
        answer=answer,
    )


def make(obj: Any, values: Values) -> Any:
    """A fresh object: constructed from the values, or a deep copy of the instance."""
    return obj(**values) if isinstance(obj, type) else clone(obj)


def constructor(obj: Any) -> tuple[tuple[Formal, ...], tuple[Formal, ...]]:
    """The constructor's required and optional arguments; none for an instance."""
    if not isinstance(obj, type) or obj.__init__ is object.__init__:  # type: ignore[misc]
        return (), ()
    needed, spare = formals(obj.__init__, "constructor", skip=1)  # type: ignore[misc]
    return tuple(needed), tuple(spare)


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


class _Rate:
    """Stands for the learning rate 1, at which an update is the gradient."""


_RATE = _Rate()


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

    def forward(self, values: Values) -> Any:
        if self._arguments:
            self._values = values
        return self._forward(*[values[name] for name in self._inputs])

    def backward(self, upstream: Any) -> Any:
        extra = {key: 1.0 if value is _RATE else self._values[value] for key, value in self._arguments}
        return self._backward(upstream, **extra) if self._takes_upstream else self._backward(**extra)


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
    upstream = False
    for position, formal in enumerate([*needed, *spare]):
        if RATE.fullmatch(formal.name.lower()):
            arguments.append((formal.name, _RATE))
        elif not upstream and not (formal.name in given and len(needed) > 1):
            upstream = True
        elif formal.name in given:
            arguments.append((formal.name, formal.name))
        elif position < len(needed):
            raise LayerError(
                f"{owner}.{backward} also wants {formal.name!r}: expected the upstream gradient, "
                "and inputs of forward by their names"
            )
    return tuple(arguments), upstream
