"""Functions that take and give tuples: `forward(inputs)` with `x, W = inputs`, `backward(inputs, grad_outputs)`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from checks.dialects.arguments import taken_from
from checks.dialects.calls import Calls
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
    returned = ", ".join(f"({', '.join(names)},)" if name == inputs else "(upstream,)" for name in asked)
    yield replace(
        found,
        bind=lambda instance: _Bound(instance, calls, names, [name == inputs for name in asked]),
        forward=tuple(Formal(name, "forward") for name in names),
        inputs_are_parameters=True,
        variants=(),
        modes=(),
        labelled=None,
        only_after="an error",
        call=(
            found.call[0],
            f"out = layer.{calls.forward}(({{inputs}},))",
            "out = out[0] if isinstance(out, tuple | list) else out",
        ),
        answer=f"layer.{calls.backward}({returned})",
    )


class _Bound:
    """The two calls, with tuples around what goes in and what comes out."""

    def __init__(self, instance: Any, calls: Calls, names: Sequence[str], inputs: Sequence[bool]) -> None:
        """`names`: of what goes into forward; `inputs`: of each of backward's arguments, whether it is that again."""
        self._forward, self._backward = getattr(instance, calls.forward), getattr(instance, calls.backward)
        self._names, self._inputs = names, inputs
        self._handed: tuple[Any, ...] = ()

    def forward(self, values: Values) -> Any:
        self._handed = tuple(values[name] for name in self._names)
        result = self._forward(self._handed)
        return result[0] if isinstance(result, tuple | list) else result

    def backward(self, upstream: Any) -> Any:
        return self._backward(*[self._handed if one else (np.asarray(upstream),) for one in self._inputs])
