"""A network whose backward starts from the labels, while its cost is elsewhere: `feedforward(x)` and `backprop(x, y)`.

The cost is a function of the object that it keeps (`self.cost.fn(a, y)`), or nothing is known of it but its derivative,
`cost_derivative(a, y)`. Then its value is the integral of that along the straight way from the labels to the output,
which is the cost up to a constant wherever the derivative is one.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from checks.dialects.layer import constructor, make, method, plain, private, required, returned_names
from checks.dialects.names import BACKWARD, FORWARD
from checks.dialects.roles import is_label
from checks.dialects.usage import Bound, Usage, Values, code_words
from checks.infer_layout import Formal

FORWARDS = (*FORWARD, "predict", "feed", "output")
_BACKWARDS = (*BACKWARD, "gradient", "gradients", "grads")
_DERIVATIVE = re.compile(
    r"(d_?(cost|loss|error)|(cost|loss|error)_?(derivative|deriv|prime|grad|gradient|delta))", re.I
)
_VALUE = ("fn", "loss", "cost", "value", "forward", "f", "compute")
_HOLDER = re.compile(r".*(cost|loss|objective|criterion|error).*", re.I)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Calls:
    """The methods. `derivative`: of the cost by the output, where nothing else tells of it."""

    forward: str
    backward: str
    inputs: tuple[str, str]
    derivative: str | None = None


def recognises(obj: Any) -> bool:
    """Whether forward takes an input, backward that and labels, and something tells of the cost."""
    return _calls(obj) is not None


def _calls(obj: Any) -> Calls | None:
    forward, backward = method(obj, FORWARDS), method(obj, _BACKWARDS)
    if forward is None or backward is None:
        return None
    cls = obj if isinstance(obj, type) else type(obj)
    taken, asked = ([formal.name for formal in required(cls, name)] for name in (forward, backward))
    if len(taken) != 1 or len(asked) != 2 or is_label(asked[0]):
        return None
    own = [name for base in cls.__mro__ if base is not object for name in vars(base)]
    found = (name for name in own if _DERIVATIVE.fullmatch(name) and callable(getattr(cls, name, None)))
    derivative = next((name for name in found if len(required(cls, name)) == 2), None)
    if not is_label(asked[1]) and (derivative is None or derivative not in _reached(cls, backward)):
        return None
    words = code_words(plain(cls, backward), 0)
    holder = any(_HOLDER.fullmatch(word) for word in words) and bool(
        words & {"delta", "derivative", "prime", "backward"}
    )
    if derivative is None and not holder:
        return None
    return Calls(forward=forward, backward=backward, inputs=(asked[0], asked[1]), derivative=derivative)


def _reached(cls: type, method_name: str) -> set[str]:
    """The names of the object's methods that the method calls, on the way to others too."""
    reached, waiting = set[str](), [method_name]
    while waiting:
        name = waiting.pop()
        own = inspect.getattr_static(cls, name, None)
        above = [vars(base)[name] for base in cls.__mro__ if name in vars(base)] if name == method_name else [own]
        words = set[str]().union(*(code_words(function, 0) for function in above))
        new = {word for word in words - reached if inspect.isfunction(inspect.getattr_static(cls, word, None))}
        reached |= new
        waiting += new
    return reached


def usage(obj: Any, name: str) -> Usage:
    """How it is built and called."""
    calls = _calls(obj)
    assert calls is not None
    cls = obj if isinstance(obj, type) else type(obj)
    built, optional = constructor(obj)
    x, y = calls.inputs

    def bind(instance: Any) -> Bound:
        return _Bound(instance, calls)

    return Usage(
        name=name,
        kind="network",
        make=functools.partial(make, private(obj)),
        bind=bind,
        constructor=built,
        optional=optional,
        forward=(Formal(x, "forward"), replace(Formal(y, "forward"), family="label")),
        takes_upstream=False,
        gives_input=False,
        returns_all=True,
        instance=None if isinstance(obj, type) else obj,
        words=code_words(plain(cls, calls.forward)),
        defined=cls,
        returned_names=returned_names(plain(cls, calls.backward)),
        call=(
            "layer = {create}",
            "from checks.dialects.costs import cost_of",
            f"out = cost_of(layer, {calls.derivative!r})(layer.{calls.forward}({{={x}}}), {{={y}}})",
        ),
        answer=f"layer.{calls.backward}({{={x}}}, {{={y}}})",
    )


def cost_of(owner: Any, derivative: str | None) -> Callable[[Any, Any], Any]:
    """The cost as a function of the output and the labels: of the object that `owner` keeps, else by its derivative."""
    for name, kept in vars(owner).items():
        if _HOLDER.fullmatch(name) and not isinstance(kept, int | float | str | np.ndarray | list | dict):
            value = next((v for v in _VALUE if callable(getattr(kept, v, None))), None)
            if value is not None:
                return getattr(kept, value)  # type: ignore[no-any-return]
            if derivative is None and callable(kept) and not isinstance(kept, type):
                return kept  # type: ignore[no-any-return]
    if derivative is None:
        raise TypeError("nothing that the object keeps gives the value of its cost")
    return functools.partial(_integral, getattr(owner, derivative))


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


def _integral(derivative: Callable[[Any, Any], Any], output: Any, labels: Any) -> Any:
    """The derivative's integral along the straight way from the labels to the output, by Gauss and Legendre."""
    way = output - labels
    total: Any = 0.0
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        total = total + 0.5 * weight * np.sum(derivative(labels + 0.5 * (1 + node) * way, labels) * way)
    return total


class _Bound:
    """The cost of what forward gives, and what backward makes of the same input and labels."""

    def __init__(self, owner: Any, calls: Calls) -> None:
        self._forward, self._backward = getattr(owner, calls.forward), getattr(owner, calls.backward)
        self._cost, self._inputs = cost_of(owner, calls.derivative), calls.inputs
        self._given: tuple[Any, Any] = (None, None)

    def forward(self, values: Values) -> Any:
        x, y = self._given = values[self._inputs[0]], values[self._inputs[1]]
        return self._cost(self._forward(x), y)

    def backward(self, upstream: Any) -> Any:
        return self._backward(*self._given)
