"""The two calls of a layer: what each is handed beside the input and the upstream gradient."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from checks.dialects.names import RATE
from checks.dialects.setup import OPTIMIZERS
from checks.dialects.usage import Values, output_of
from checks.errors import LayerError, NotFedError
from checks.infer_layout import Formal
from checks.stepping import StepByGradient

CONTEXT = re.compile(r"ctx|context|ctxt")
_FURTHER = re.compile(r"d_?[a-zA-Z]\w*|d\d|.*grad.*|delta.*|g\d?|up\w*", re.I)  # from above, for a further output


# A context in plain code, for a script that runs without this package.
_CONTEXT = (
    "class Context:",
    "    def save_for_backward(self, *values):",
    "        self.saved_tensors = self.saved = self.saved_values = self.saved_variables = values",
    "    save = save_for_backward",
    "layer.ctx = Context()",
)


class _Rate:
    """Stands for the learning rate 1, at which an update is the gradient."""


class _Optimizer:
    """Stands for an optimizer that steps by the gradient."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Stands for what forward returned after its output: a cache that the caller keeps."""

    position: int


@dataclass(frozen=True, slots=True)
class Told:
    """A constant that backward is told."""

    value: Any


THE_RATE, THE_OPTIMIZER = _Rate(), _Optimizer()
THE_OUTPUT = object()  # what forward gave, of a backward that starts from labels
THE_UPSTREAM = object()  # the upstream gradient, of a backward that takes something else before it


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Calls:
    """How forward and backward are called.

    `arguments`: what backward takes besides the upstream gradient, by keyword. `keywords`: what forward is told
    besides its inputs; `named`: those of its inputs that go by keyword. `primary`: which of several outputs is looked
    at; the others get nothing from above. `context`: both take a context first. `strict`: forward has to return all
    the outputs. `listed`: forward takes its inputs in a list.
    """

    forward: str
    backward: str
    inputs: tuple[str, ...]
    takes_upstream: bool
    arguments: tuple[tuple[str, Any], ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    primary: int = 0
    context: bool = False
    strict: bool = False
    listed: bool = False

    @property
    def outputs(self) -> int:
        """How many outputs backward takes a gradient for."""
        return 1 + sum(isinstance(value, int) for _, value in self.arguments)

    @property
    def updates(self) -> bool:
        """Whether backward is handed a rate or an optimizer."""
        return any(value is THE_RATE or value is THE_OPTIMIZER for _, value in self.arguments)

    @property
    def kept(self) -> int:
        """How many caches backward is handed."""
        return sum(isinstance(value, Kept) for _, value in self.arguments)

    @property
    def answer(self) -> str:
        """The call of backward in code."""
        first = self.takes_upstream and all(value is not THE_UPSTREAM for _, value in self.arguments)
        extra = [f"{key}={self._spelled(value)}" for key, value in self.arguments]
        context = ["layer.ctx"] if self.context else []
        return f"layer.{self.backward}({', '.join([*context, *[self._first] * first, *extra])})"

    @property
    def lines(self) -> tuple[str, ...]:
        """The call of forward in code, with its inputs to fill in, and what backward will need of it."""
        told = "".join(f", {key}={value!r}" for key, value in self.keywords.items())
        told += "".join(f", {name}={name}" for name in self.named)
        owner = "layer" if self.forward == "__call__" else f"layer.{self.forward}"
        given = f"[{self.given}]" if self.listed else self.given
        call = f"{owner}({'layer.ctx, ' if self.context else ''}{given}{told})"
        before: list[str] = []
        if self.context:
            before += _CONTEXT
        if any(value is THE_OPTIMIZER for _, value in self.arguments):
            before += ["from checks.stepping import StepByGradient", "layer.stepping = StepByGradient()"]
        if self.kept:
            return (*before, f"out, *layer.kept = {call}")
        if self.outputs > 1:
            return (*before, f"out = {call}", f"out = out[{self.primary}] if isinstance(out, tuple) else out")
        return (*before, f"out = {call}")

    @property
    def given(self) -> str:
        """The inputs in forward's own order, each to fill in."""
        return ", ".join(f"{{={name}}}" for name in self.inputs)

    @property
    def _first(self) -> str:
        """What comes from above for the first output."""
        return "0.0" if self.primary else "upstream"

    def _spelled(self, value: Any) -> str:
        """An extra argument in code."""
        if value is THE_UPSTREAM:
            return self._first
        if value is THE_OPTIMIZER:
            return "layer.stepping"
        if value is THE_OUTPUT:
            return "layer.predicted"
        if isinstance(value, Kept):
            last = "len(layer.kept) == 1 or isinstance(layer.kept[-1], dict)"
            alone = f"layer.kept[-1] if {last} else tuple(layer.kept)"
            return alone if self.kept == 1 else f"layer.kept[{value.position}]"
        if isinstance(value, Told):
            return repr(value.value)
        if isinstance(value, int):
            return "upstream" if value == self.primary else "0.0"
        return "1.0" if value is THE_RATE else str(value)


class LayerBound:
    """A layer's two calls."""

    def __init__(self, instance: Any, calls: Calls) -> None:
        self._owner = instance
        self._forward = getattr(instance, calls.forward)
        self._backward = getattr(instance, calls.backward)
        self._calls = calls
        self._values: Values = {}
        self._result: Any = None

    def forward(self, values: Values) -> Any:
        named = {name: values[name] for name in self._calls.named}
        inputs = [values[name] for name in self._calls.inputs]
        result = self._forward(*([inputs] if self._calls.listed else inputs), **self._calls.keywords, **named)
        if self._calls.arguments:
            self._values, self._result = values, result
        return result[self._calls.primary] if self._calls.primary else result

    def backward(self, upstream: Any) -> Any:
        calls = self._calls
        first: Any = upstream
        if calls.primary:
            first = np.zeros_like(self._result[0])
        extra = {
            key: first if value is THE_UPSTREAM else self._extra(value, upstream) for key, value in calls.arguments
        }
        by_name = any(value is THE_UPSTREAM for _, value in calls.arguments)
        return self._backward(first, **extra) if calls.takes_upstream and not by_name else self._backward(**extra)

    def _extra(self, value: Any, upstream: Any) -> Any:
        """The rate, an input by its name, or nothing from above for a further output."""
        calls = self._calls
        if value is THE_RATE:
            return 1.0
        if value is THE_OPTIMIZER:
            return StepByGradient()
        if value is THE_OUTPUT:
            return output_of(self._owner, self._result)
        if isinstance(value, Told):
            return value.value
        if isinstance(value, Kept):
            return self._kept(value.position)
        if isinstance(value, int):
            if value == self._calls.primary:
                return upstream
            several = isinstance(self._result, tuple) and len(self._result) > value
            if calls.strict and not several:
                raise LayerError(f"backward takes {calls.outputs} gradients, and forward returned one output")
            return np.zeros_like(self._result[value]) if several else 0.0
        return self._values[value]

    @property
    def unfed(self) -> list[Any]:
        """The outputs of the last forward for which nothing comes from above."""
        others = [value for _, value in self._calls.arguments if isinstance(value, int)]
        others += [0] if self._calls.primary else []
        several = self._result if isinstance(self._result, tuple) else ()
        return [several[k] for k in others if k != self._calls.primary and k < len(several)]

    def _kept(self, position: int) -> Any:
        """What forward returned beside the output: all of it for a single argument."""
        rest = self._result[1:] if isinstance(self._result, tuple) else ()
        if len(rest) <= position:
            raise NotFedError("backward wants what forward kept for it, and forward returned nothing but its output")
        if self._calls.kept == 1 and len(rest) > 1:  # further outputs may stand before what was kept
            *others, last = rest
            return last if isinstance(last, dict) and all(isinstance(one, np.ndarray) for one in others) else rest
        return rest[position]


class Context:
    """What the functions of an automatic differentiation keep between their passes."""

    def __init__(self) -> None:
        self.saved_tensors: tuple[Any, ...] = ()
        self.saved: tuple[Any, ...] = ()
        self.needs_input_grad = (True,) * 16

    def save_for_backward(self, *values: Any) -> None:
        """Keeps the values, under the names that are in use."""
        self.saved_tensors = self.saved = self.saved_values = self.saved_variables = values

    save = save_for_backward


class ContextBound(LayerBound):
    """Functions whose first argument is a context: a new one for each forward."""

    def __init__(self, instance: Any, calls: Calls) -> None:
        super().__init__(instance, calls)
        self._pair = self._forward, self._backward

    def forward(self, values: Values) -> Any:
        context = Context()
        self._forward = functools.partial(self._pair[0], context)
        self._backward = functools.partial(self._pair[1], context)
        return super().forward(values)


class LossBound(LayerBound):
    """A loss whose backward is handed predictions and labels: those kept as output, else the input itself."""

    def backward(self, upstream: Any) -> Any:
        first = self._values[self._calls.inputs[0]]
        kept = getattr(self._owner, "output", None)
        return super().backward(kept if isinstance(kept, np.ndarray) and kept.shape == first.shape else first)


def backward_arguments(
    needed: list[Formal], spare: list[Formal], inputs: list[Formal]
) -> tuple[tuple[tuple[str, Any], ...], bool]:
    """What to hand to backward besides the upstream gradient, by keyword, and whether it takes one."""
    given = [formal.name for formal in inputs]
    arguments: list[tuple[str, Any]] = []
    upstream = 0
    for position, formal in enumerate([*needed, *spare]):
        if RATE.fullmatch(formal.name.lower()):
            arguments.append((formal.name, THE_RATE))
        elif formal.name.lower() in OPTIMIZERS:
            arguments.append((formal.name, THE_OPTIMIZER))
        elif formal.name in given and (upstream or len(needed) > 1 or formal.name in given[1:]):
            arguments.append((formal.name, formal.name))
        elif not upstream:
            upstream = 1
            if arguments:
                arguments.append((formal.name, THE_UPSTREAM))
        elif position < len(needed) and _FURTHER.fullmatch(formal.name):
            arguments.append((formal.name, upstream))
            upstream += 1
        elif position < len(needed):
            arguments.append((formal.name, Kept(len([a for a in arguments if isinstance(a[1], Kept)]))))
    return tuple(arguments), upstream > 0
