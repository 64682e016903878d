"""Functions that take and give tuples: `forward(inputs)` with `x, W = inputs`, `backward(inputs, grad_outputs)`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from checks.dialects.arguments import taken_from
from checks.dialects.calls import Calls, LayerBound
from checks.dialects.modes import called
from checks.dialects.usage import Usage, Values
from checks.infer_layout import Formal


def tupled(found: Usage, calls: Calls, asked: Sequence[str]) -> Iterator[Usage]:
    """The use in which forward's one argument is a tuple, and so are the gradients from above, as the code takes them.

    `asked`: what backward takes: those gradients, and perhaps forward's tuple.
    """
    forward, backward = (inspect.getattr_static(found.defined, name) for name in (calls.forward, calls.backward))
    above = [name for name in asked if name not in calls.inputs]
    if len(calls.inputs) != 1 or len(above) != 1 or not inspect.isfunction(forward) or not inspect.isfunction(backward):
        return
    if not taken_from(backward, above[0]):
        return
    (inputs,) = calls.inputs
    names = taken_from(forward, inputs)
    if not names or len(set(names)) < len(names):
        return
    arguments = tuple((name, name) for name in asked)
    whole = replace(calls, inputs=names, arguments=arguments, takes_upstream=True, listed=True)
    use = called(found, whole, lambda instance, its: _Bound(instance, its, inputs, above[0]))
    made, *_ = use.call
    given = "({inputs},)"
    returned = ", ".join(f"({', '.join(names)},)" if name == inputs else "(upstream,)" for name in asked)
    lines = (f"out = layer.{calls.forward}({given})", "out = out[0] if isinstance(out, tuple | list) else out")
    formals = tuple(Formal(name, "forward") for name in names)
    yield replace(
        use,
        forward=formals,
        inputs_are_parameters=True,
        variants=(),
        modes=(),
        labelled=None,
        only_after="an error",
        call=(made, *lines),
        answer=f"layer.{calls.backward}({returned})",
    )


class _Bound(LayerBound):
    """The two calls, with tuples around what goes in and what comes out."""

    def __init__(self, instance: Any, calls: Calls, inputs: str, above: str) -> None:
        super().__init__(instance, calls)
        self._taken, self._above = inputs, above
        self._handed: tuple[Any, ...] = ()

    def forward(self, values: Values) -> Any:
        self._handed = tuple(values[name] for name in self._calls.inputs)
        result = self._forward(self._handed)
        return result[0] if isinstance(result, tuple | list) else result

    def backward(self, upstream: Any) -> Any:
        given = {self._taken: self._handed, self._above: (np.asarray(upstream),)}
        return self._backward(*[given[name] for name, _ in self._calls.arguments])
