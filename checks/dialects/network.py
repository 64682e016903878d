"""A network as the textbooks write it: parameters in `params`, `loss(x, t)`, and `gradient(x, t)` that
returns a dict.
"""

from __future__ import annotations

import functools
from typing import Any

from checks.dialects import objective
from checks.dialects.layer import constructor, make, method, plain
from checks.dialects.usage import Bound, Usage, Values, code_words, formals

LOSS = ("loss", "compute_loss", "cost", "forward_loss")
GRADIENT = ("gradient", "gradients", "compute_gradient", "compute_gradients", "grad", "backward", "backprop")


def recognises(obj: Any) -> bool:
    """Whether it has a loss and a gradient that takes the loss's arguments."""
    loss, gradient = method(obj, LOSS), method(obj, GRADIENT)
    if loss is None or gradient is None:
        return False
    cls = obj if isinstance(obj, type) else type(obj)
    wanted = [f.name for f in formals(plain(cls, loss), "forward", skip=1)[0]]
    given = [f.name for f in formals(plain(cls, gradient), "forward", skip=1)[0]]
    return len(wanted) >= 2 and len(wanted) == len(given) and not objective.recognises(obj)


def usage(obj: Any, name: str) -> Usage:
    """How it is built and called."""
    loss, gradient = method(obj, LOSS), method(obj, GRADIENT)
    assert loss is not None
    assert gradient is not None
    cls = obj if isinstance(obj, type) else type(obj)
    function = plain(cls, loss)
    needed, _ = formals(function, "forward", skip=1)
    inputs = tuple(formal.name for formal in needed)
    built, optional = constructor(obj)

    def bind(instance: Any) -> Bound:
        return _Bound(instance, loss, gradient, inputs)

    return Usage(
        name=name,
        kind="network",
        make=functools.partial(make, obj),
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
        call=("layer = {create}", f"out = layer.{loss}({{inputs}})"),
        answer=f"layer.{gradient}({{inputs}})",
    )


class _Bound:
    """A network's two calls: `gradient` runs its own forward on the same inputs."""

    def __init__(self, instance: Any, loss: str, gradient: str, inputs: tuple[str, ...]) -> None:
        self._loss = getattr(instance, loss)
        self._gradient = getattr(instance, gradient)
        self._inputs = inputs
        self._given: list[Any] = []

    def forward(self, values: Values) -> Any:
        self._given = [values[name] for name in self._inputs]
        return self._loss(*self._given)

    def backward(self, upstream: Any) -> Any:
        return self._gradient(*self._given)
