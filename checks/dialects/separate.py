"""A network whose loss is a call of its own: `forward(x)`, then `loss(t)` or `cost(y, t)`, then `backward(...)`.

Backward takes no upstream gradient: it starts from the labels, or from what the loss left on the object. Where the
constructor takes data and labels, `Net(x, y)`, the three take nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from checks.dialects.labelled import holding
from checks.dialects.layer import arguments, constructor, make, method, plain, private, required, with_rate
from checks.dialects.names import BACKWARD, FORWARD, RATE
from checks.dialects.usage import Bound, Usage, Values, code_words, output_of
from checks.infer_layout import Formal
from checks.infer_names import hint

LOSS = (
    *("loss", "cost", "compute_loss", "compute_cost", "calc_loss", "calculate_loss", "error", "compute_error"),
    *("loss_function", "cost_function", "criterion", "get_loss", "calculate_cost", "forward_loss"),
)
FORWARDS = (*FORWARD, "predict")


def recognises(obj: Any) -> bool:
    """Whether it has the three calls, and backward asks for nothing that the loss does not know."""
    loss, forward, backward = (method(obj, names) for names in (LOSS, FORWARDS, BACKWARD))
    if loss is None or forward is None or backward is None:
        return False
    cls = obj if isinstance(obj, type) else type(obj)
    inputs, judged, asked = (_needed(cls, name) for name in (forward, loss, backward))
    if not (inputs or judged or asked):
        return holding(constructor(obj)[0]) is not None
    asked = [name for name in asked if not RATE.fullmatch(name.lower())]
    if len(inputs) != 1 or len(asked) > len(judged) + 1 or len(judged) > 2 or inputs[0] in judged:
        return False
    label = _label(judged, inputs)
    if not asked:
        return True
    return label in asked and all(name in judged or name == label or name == inputs[0] for name in asked)


def usage(obj: Any, name: str) -> Usage:
    """How it is built and called."""
    return _usage(obj, name, {})


def _usage(obj: Any, name: str, told: Mapping[str, Any]) -> Usage:
    """The usage in which the loss and backward are told something else than their defaults."""
    loss, forward, backward = (method(obj, names) for names in (LOSS, FORWARDS, BACKWARD))
    assert loss is not None
    assert forward is not None
    assert backward is not None
    cls = obj if isinstance(obj, type) else type(obj)
    inputs, judged, asked = (_needed(cls, name) for name in (forward, loss, backward))
    label = _label(judged, inputs)
    built, optional = constructor(obj)
    built = built if inputs else holding(built) or built
    needed = [Formal(name, "forward") for name in inputs]
    if label is not None:
        needed.append(replace(Formal(label, "forward"), family="label"))

    also = {formal.name for formal in arguments(cls, backward)[1]}
    spare = tuple(formal for formal in arguments(cls, loss)[1] if formal.name in also)

    def bind(instance: Any) -> Bound:
        return _Bound(instance, (forward, loss, backward), inputs, label, (judged, asked), told)

    def spelled(names: list[str]) -> str:
        rest = {n: "1.0" if RATE.fullmatch(n.lower()) else "layer.predicted" for n in names}
        known = rest | {n: n for n in (label, *inputs) if n is not None}
        return ", ".join([*(known[n] for n in names), *(f"{key}={value!r}" for key, value in told.items())])

    found = Usage(
        name=name,
        kind="network",
        make=functools.partial(make, private(obj)),
        bind=bind,
        constructor=built,
        optional=optional,
        forward=tuple(needed),
        takes_upstream=False,
        gives_input=False,
        instance=None if isinstance(obj, type) else obj,
        settings=spare,
        telling=lambda more: _usage(obj, name, {**told, **more}),
        words=code_words(plain(cls, loss)) | code_words(plain(cls, forward)),
        defined=cls,
        call=(
            "layer = {create}",
            f"layer.predicted = layer.{forward}({', '.join(inputs)})",
            f"out = layer.{loss}({spelled(judged)})",
        ),
        answer=f"layer.{backward}({spelled(asked)})",
        updates=any(RATE.fullmatch(n.lower()) for n in asked),
    )
    return with_rate(found, obj)


class _Bound:
    """The loss after a forward; backward with the same labels and the same prediction."""

    def __init__(
        self,
        instance: Any,
        calls: tuple[str, str, str],
        first: list[str],
        label: str | None,
        names: tuple[list[str], list[str]],
        told: Mapping[str, Any],
    ) -> None:
        self._owner = instance
        self._forward, self._loss, self._backward = (getattr(instance, call) for call in calls)
        self._first, self._label, self._told = first, label, told
        self._judged, self._asked = names
        self._known: dict[str, Any] = {}

    def forward(self, values: Values) -> Any:
        predicted = output_of(self._owner, self._forward(*[values[name] for name in self._first]))
        known = {name: values[name] for name in (*self._first, self._label) if name is not None}
        rates = {name: 1.0 for name in self._asked if RATE.fullmatch(name.lower())}
        self._known = {**dict.fromkeys((*self._judged, *self._asked), predicted), **rates, **known}
        return self._loss(*[self._known[name] for name in self._judged], **self._told)

    def backward(self, upstream: Any) -> Any:
        return self._backward(*[self._known[name] for name in self._asked], **self._told)


def _needed(cls: type, name: str) -> list[str]:
    return [formal.name for formal in required(cls, name)]


def _label(judged: list[str], inputs: list[str]) -> str | None:
    """The loss's argument that is the label: the one that is called so, else the last."""
    rest = [name for name in judged if name not in inputs]
    return next((name for name in rest if hint(name, place="forward") == "label"), rest[-1] if rest else None)
