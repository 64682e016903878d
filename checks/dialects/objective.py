"""A loss object: `loss(y, y_pred)` and `gradient(y, y_pred)`, the derivative by the prediction, whichever
comes first.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from checks.dialects.activation import DERIVATIVE, FUNCTION
from checks.dialects.layer import arguments, constructor, make, method, plain, private, required
from checks.dialects.names import BACKWARD
from checks.dialects.roles import main_is_second
from checks.dialects.spelled import several
from checks.dialects.usage import Bound, Usage, Values, code_words

LOSS = ("loss", "calc_loss", "compute_loss", "loss_fn", "cost", "calculate_loss", "error")
GRADIENT = (*DERIVATIVE, *BACKWARD)


def recognises(obj: Any) -> bool:
    """Whether it has a loss of two arguments and a gradient of as many or none, and keeps no parameters."""
    loss, gradient = method(obj, (*LOSS, *FUNCTION)), method(obj, GRADIENT)
    if loss is None or gradient is None or "params" in getattr(obj, "__dict__", {}):
        return False
    cls = obj if isinstance(obj, type) else type(obj)
    names = [required(cls, loss), required(cls, gradient)]
    built, _ = constructor(obj)
    sets_params = isinstance(obj, type) and "params" in code_words(inspect.getattr_static(obj, "__init__"), 0)
    if len(names[0]) != 2 or len(names[1]) not in (0, 2) or built or sets_params:
        return False
    return not several(plain(cls, gradient))  # it answers for parameters then


def usage(obj: Any, name: str) -> Usage:
    """How it is built and called."""
    return _usage(obj, name, {})


def _usage(obj: Any, name: str, told: Mapping[str, Any]) -> Usage:
    """The usage in which both are told something else than their defaults."""
    loss, gradient = method(obj, (*LOSS, *FUNCTION)), method(obj, GRADIENT)
    assert loss is not None
    assert gradient is not None
    cls = obj if isinstance(obj, type) else type(obj)
    formals_ = required(cls, loss)
    order = [formal.name for formal in formals_]
    built, optional = constructor(obj)
    if main_is_second(order):
        formals_ = formals_[::-1]

    remembers = not required(cls, gradient)
    also = {formal.name for formal in arguments(cls, gradient)[1]}
    spare = tuple(formal for formal in arguments(cls, loss)[1] if remembers or formal.name in also)

    def bind(instance: Any) -> Bound:
        return _Bound(instance, loss, gradient, order, told, remembers=remembers)

    def bind_mean(instance: Any) -> Bound:
        return _Bound(instance, loss, gradient, order, told, remembers=remembers, mean=True)

    spelled = ", ".join([*order, *(f"{key}={value!r}" for key, value in told.items())])
    found = Usage(
        name=name,
        kind="loss",
        make=functools.partial(make, private(obj)),
        bind=bind,
        constructor=built,
        optional=optional,
        forward=(formals_[0], replace(formals_[1], family="label")),
        takes_upstream=False,
        instance=None if isinstance(obj, type) else obj,
        settings=spare,
        telling=lambda more: _usage(obj, name, {**told, **more}),
        words=code_words(plain(cls, loss)),
        defined=cls,
        call=("layer = {create}", f"out = layer.{loss}({spelled})"),
        answer=f"layer.{gradient}({'' if remembers else spelled})",
    )
    mean = replace(found, bind=bind_mean)
    found = replace(found, averaged=mean)
    if main_is_second([formal.name for formal in formals_]) is not None:
        return found
    swapped = (formals_[1], replace(formals_[0], family="label"))
    exchanged = replace(mean, forward=swapped)
    other = replace(found, forward=swapped, averaged=exchanged, only_after="a reading", doubtful=True)
    return replace(found, doubtful=True, variants=(other,))


class _Bound:
    """The loss summed to a number (or its mean over the samples), and its gradient by the prediction."""

    def __init__(
        self,
        instance: Any,
        loss: str,
        gradient: str,
        names: list[str],
        told: Mapping[str, Any],
        *,
        remembers: bool,
        mean: bool = False,
    ) -> None:
        self._loss, self._gradient = getattr(instance, loss), getattr(instance, gradient)
        self._names, self._told = names, told
        self._remembers = remembers
        self._mean = mean
        self.per_sample = False
        self._given: list[Any] = []

    def forward(self, values: Values) -> Any:
        self._given = [values[name] for name in self._names]
        result = self._loss(*self._given, **self._told)
        # A value per entry or per sample: the gradient given is that of their sum.
        self.per_sample = isinstance(result, np.ndarray) and result.ndim > 0
        if not self.per_sample:
            return result
        return result.sum() / len(result) if self._mean else result.sum()

    def backward(self, upstream: Any) -> Any:
        return self._gradient() if self._remembers else self._gradient(*self._given, **self._told)
