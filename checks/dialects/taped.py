"""Layers that are called, `y = layer(x)`, and keep in `__call__` what backward reads: forward alone leaves nothing.

A framework's functions work on its variables, objects that hold an array as `.data`: arrays are wrapped on the way in,
where the call needs it, and taken out again.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from checks.dialects.calls import Calls, LayerBound
from checks.dialects.modes import called
from checks.dialects.usage import Usage, Values


def taped(found: Usage, calls: Calls) -> Iterator[Usage]:
    """The uses in which the object itself is called; none where its class has no `__call__`, or forward is that."""
    cls = found.defined
    if calls.forward == "__call__" or not inspect.isfunction(inspect.getattr_static(cls, "__call__", None)):
        return
    plain = replace(calls, forward="__call__")
    for variable in (None, *_variables(cls)):
        for above in (False, True) if variable else (False,):
            yield _called(found, plain, variable, above)


def _variables(cls: type) -> list[type]:
    """The classes beside the layer's whose objects keep the array that they are made of as `data`."""
    module = sys.modules.get(cls.__module__)
    return [value for value in vars(module).values() if isinstance(value, type) and value is not cls and _holds(value)]


def _holds(cls: type) -> bool:
    array = np.zeros(2)
    try:
        return getattr(cls(array), "data", None) is array
    except Exception:  # a class of the user's, that need not be made so
        return False


def _called(found: Usage, calls: Calls, variable: type | None, above: bool) -> Usage:
    """`variable`: what the inputs are wrapped in, and what comes from above too, where `above` says so."""
    use = called(found, calls, lambda instance, its: _Bound(instance, its, variable, above))
    made, *lines = use.call
    answer = use.answer
    if variable is not None:
        wrap = f"vars(sys.modules[type(layer).__module__])['{variable.__name__}']"
        lines = [
            "import sys",
            f"wrap = {wrap}",
            *(line.replace(f"({calls.given}", f"(*map(wrap, [{calls.given}])") for line in lines),
        ]
        answer = answer.replace("upstream", f"{wrap}(upstream)") + ".data" if above else answer
    lines.append("out = out if isinstance(out, np.ndarray | np.generic) else out.data")
    return replace(use, call=(made, *lines), answer=answer, variants=(), modes=())


class _Bound(LayerBound):
    """The two calls, with arrays on the outside."""

    def __init__(self, instance: Any, calls: Calls, variable: Callable[[Any], Any] | None, above: bool) -> None:
        super().__init__(instance, calls)
        self._wrap = variable or _as_it_is
        self._above = self._wrap if above else _as_it_is
        self._alive: Any = None

    def forward(self, values: Values) -> Any:
        wrapped = {n: self._wrap(v) if isinstance(v, np.ndarray) else v for n, v in values.items()}
        self._alive = super().forward(wrapped)  # functions hold their outputs weakly
        return _unwrapped(self._alive)

    def backward(self, upstream: Any) -> Any:
        return _unwrapped(super().backward(self._above(np.asarray(upstream))))


def _as_it_is(value: Any) -> Any:
    return value


def _unwrapped(value: Any) -> Any:
    """The arrays in variables, in a tuple or list too."""
    if isinstance(value, tuple | list):
        return type(value)(map(_unwrapped, value))
    held = None if isinstance(value, np.ndarray | np.generic) else getattr(value, "data", None)
    return value if held is None else held
