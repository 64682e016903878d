"""A network as the textbooks write it: parameters in `params`, `loss(x, t)`, and `gradient(x, t)` that
returns a dict.
"""

from __future__ import annotations

import ast
import functools
from dataclasses import replace
from typing import Any

from checks.dialects import objective
from checks.dialects.layer import constructor, last_returned, make, method, plain, private, required, returned_names
from checks.dialects.usage import Bound, Usage, Values, code_words, formals
from checks.infer_layout import REQUIRED, Formal

LOSS = ("loss", "compute_loss", "cost", "forward_loss")
GRADIENT = ("gradient", "gradients", "compute_gradient", "compute_gradients", "grad", "backward", "backprop")


def recognises(obj: Any) -> bool:
    """Whether it has a loss and a gradient that takes the loss's arguments, or a loss that returns both."""
    loss, gradient = method(obj, LOSS), method(obj, GRADIENT)
    if loss is None:
        return False
    if gradient is None:
        return _returns_both(obj, loss)
    cls = obj if isinstance(obj, type) else type(obj)
    wanted, given = required(cls, loss), required(cls, gradient)
    return len(wanted) >= 2 and len(wanted) == len(given) and not objective.recognises(obj)


def _returns_both(obj: Any, loss: str) -> bool:
    """Whether the loss itself returns `loss, grads`: its code has a variable of that name, and takes
    labels.
    """
    function = plain(obj if isinstance(obj, type) else type(obj), loss)
    code = getattr(function, "__code__", None)
    named = code is not None and bool({"grads", "grad", "gradients"} & set(code.co_varnames))
    spelled = last_returned(function)
    as_dict = len(spelled) == 2 and isinstance(spelled[1], ast.Dict)
    return (named or as_dict) and len(_inputs(function)) == 2


def _inputs(function: Any) -> list[Formal]:
    """The loss's arguments: the required ones, or the first two where the labels are optional."""
    needed, spare = formals(function, "forward", skip=1)
    if len(needed) == 1 and spare and spare[0].default is None:
        needed.append(replace(spare[0], default=REQUIRED))
    return [*needed[:1], *(replace(formal, family="label") for formal in needed[1:2]), *needed[2:]]


def usage(obj: Any, name: str) -> Usage:
    """How it is built and called."""
    loss, gradient = method(obj, LOSS), method(obj, GRADIENT)
    assert loss is not None
    cls = obj if isinstance(obj, type) else type(obj)
    function = plain(cls, loss)
    needed = _inputs(function)
    inputs = tuple(formal.name for formal in needed)
    built, optional = constructor(obj)

    def bind(instance: Any) -> Bound:
        return _Bound(instance, loss, gradient, inputs)

    return Usage(
        name=name,
        kind="network",
        make=functools.partial(make, private(obj)),
        bind=bind,
        constructor=built,
        optional=optional,
        forward=tuple(needed),
        takes_upstream=False,
        gives_input=False,
        returns_all=True,
        instance=None if isinstance(obj, type) else obj,
        words=code_words(function),
        defined=cls,
        returned_names=returned_names(plain(cls, gradient)) if gradient else None,
        call=("layer = {create}", f"out = layer.{loss}({{inputs}})" + ("" if gradient else "[0]")),
        answer=f"layer.{gradient}({{inputs}})" if gradient else f"layer.{loss}({{inputs}})[1]",
    )


class _Bound:
    """A network's two calls: `gradient` runs its own forward on the same inputs."""

    def __init__(self, instance: Any, loss: str, gradient: str | None, inputs: tuple[str, ...]) -> None:
        self._loss = getattr(instance, loss)
        self._gradient = getattr(instance, gradient) if gradient else None
        self._inputs = inputs
        self._given: list[Any] = []

    def forward(self, values: Values) -> Any:
        self._given = [values[name] for name in self._inputs]
        return self._loss(*self._given)

    def backward(self, upstream: Any) -> Any:
        return self._gradient(*self._given) if self._gradient else self._loss(*self._given)[1]
