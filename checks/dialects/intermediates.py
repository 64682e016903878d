"""Functions whose forward returns all that it computed, and whose backward takes some of it by name, with labels.

`Z1, A1, Z2, A2 = forward_prop(W1, b1, W2, b2, X)`, then `backward_prop(Z1, A1, Z2, A2, W1, W2, X, Y)`: what comes last
is the prediction. Which loss is meant is found out by trying, elsewhere.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from checks.dialects.layer import returned_names
from checks.dialects.names import gradient_names
from checks.dialects.roles import is_data
from checks.dialects.usage import Usage, Values, code_words, formals
from checks.errors import LayerError
from checks.infer_layout import Formal


@dataclass(frozen=True, eq=False, slots=True)
class _Calls:
    """The two functions: forward's arguments and results, and backward's arguments, by name."""

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    inputs: tuple[str, ...]
    results: tuple[str, ...]
    asked: tuple[str, ...]
    label: str


def recognises(obj: Any) -> bool:
    """Whether it is a pair of functions of which backward takes forward's results by name, and one thing more."""
    return _calls(obj) is not None


def _calls(obj: Any) -> _Calls | None:
    if not isinstance(obj, tuple) or len(obj) != 2 or not all(map(inspect.isfunction, obj)):
        return None
    forward, backward = obj
    inputs, asked = (tuple(f.name for f in formals(function, "forward")[0]) for function in obj)
    results = returned_names(forward) or ()
    unknown = [name for name in asked if name not in (*inputs, *results)]
    if len(unknown) != 1 or len(set(results) & set(asked)) < 2 or not inputs:
        return None
    return _Calls(forward, backward, inputs, results, asked, unknown[0])


def usage(obj: Any, name: str) -> Usage:
    """How the two are called."""
    calls = _calls(obj)
    assert calls is not None
    arrays = sorted(calls.inputs, key=lambda one: not is_data(one))
    found = Usage(
        name=name,
        kind="network",
        make=lambda values: None,
        bind=lambda instance: _Bound(calls),
        constructor=(),
        forward=(*(Formal(one, "forward") for one in arrays), Formal(calls.label, "forward", family="label")),
        takes_upstream=False,
        gives_input=False,
        inputs_are_parameters=True,
        owners=_owners(calls),
        words=code_words(calls.forward),
        defined=obj,
        returned_names=returned_names(calls.backward),
        call=(
            f"layer = {', '.join(calls.results)} = {calls.forward.__name__}({_given(calls.inputs)})",
            f"out = {calls.results[-1]}",
        ),
        answer=f"{calls.backward.__name__}({_given(calls.asked, calls.results)})",
    )
    return replace(found, labelled=found)


def _owners(calls: _Calls) -> tuple[str, ...] | None:
    """The arrays that backward's results are called after, in their order; None where one is called otherwise."""
    keys = returned_names(calls.backward) or ()
    found = [next((name for name in calls.inputs if key in gradient_names(name)), None) for key in keys]
    known = tuple(name for name in found if name is not None)
    return known if known and len(known) == len(found) else None


def _given(names: Sequence[str], results: Sequence[str] = ()) -> str:
    return ", ".join(f"layer[{results.index(name)}]" if name in results else f"{{={name}}}" for name in names)


class _Bound:
    """The prediction, and what backward makes of all that forward returned."""

    def __init__(self, calls: _Calls) -> None:
        self._calls = calls
        self._known: dict[str, Any] = {}

    def forward(self, values: Values) -> Any:
        calls = self._calls
        returned = calls.forward(*[values[name] for name in calls.inputs])
        if not isinstance(returned, tuple) or len(returned) != len(calls.results):
            raise LayerError(f"{calls.forward.__name__} returned something else than {', '.join(calls.results)}")
        self._known = {**values, **dict(zip(calls.results, returned, strict=True))}
        return returned[-1]

    def backward(self, upstream: Any) -> Any:
        return self._calls.backward(*[self._known[name] for name in self._calls.asked])
