"""One function that gives a loss and its gradients: `svm_loss(x, y) -> (loss, dx)`, `cost(theta, X, y) -> (J, g)`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from checks.dialects.roles import Roles, of_a_loss
from checks.dialects.spelled import Spelled, loss_with_gradients
from checks.dialects.usage import Usage, Values, a_loss, code_words, formals


def recognises(obj: Any) -> bool:
    """Whether it is a function that returns a loss and then gradients, by its return statement."""
    return inspect.isfunction(obj) and _spelled(obj) is not None


def _spelled(function: Callable[..., Any]) -> Spelled | None:
    needed, _ = formals(function, "forward")
    return loss_with_gradients(function, inputs=[f.name for f in needed]) if needed else None


def usage(obj: Any, name: str) -> Usage:
    """How it is called."""
    return _usage(obj, name, {})


def _usage(obj: Any, name: str, told: Mapping[str, Any]) -> Usage:
    """The usage in which it is told something else than its defaults."""
    needed, spare = formals(obj, "forward")
    inputs = tuple(formal.name for formal in needed)
    spelled = _spelled(obj)
    assert spelled is not None
    given = ", ".join(["{inputs}", *(f"{option}={value!r}" for option, value in told.items())])
    found = Usage(
        name=name,
        kind="function",
        make=lambda values: None,
        bind=lambda instance: _Bound(obj, inputs, spelled, told),
        constructor=(),
        forward=tuple(needed),
        takes_upstream=False,
        words=code_words(obj),
        defined=obj,
        told=told,
        settings=tuple(spare),
        telling=lambda more: _usage(obj, name, {**told, **more}),
        call=(f"layer = {obj.__name__}({given})", f"out = layer[{spelled.loss}]"),
        answer=spelled.gradients("layer"),
        notes=(f"{spelled.keys[0]} is taken for minus the gradient",) if spelled.forces else (),
    )
    return in_roles(found, of_a_loss(needed, spelled))


def in_roles(found: Usage, roles: Roles) -> Usage:
    """The usage with the arguments in their roles; exchanged after that where nothing but their place speaks."""

    def played(by: Roles) -> Usage:
        names = [formal.name for formal in by.forward]
        order = tuple(names.index(formal.name) for formal in found.forward)
        return replace(found, forward=by.forward, owners=by.owners, order=order)

    if not roles.doubtful:
        return played(roles)
    other = replace(played(roles.exchanged()), doubtful=True, only_after="a reading")
    return replace(played(roles), doubtful=True, variants=(other,))


class _Bound:
    """The two parts of what one call returns."""

    def __init__(
        self, function: Callable[..., Any], inputs: tuple[str, ...], spelled: Spelled, told: Mapping[str, Any]
    ) -> None:
        self._function, self._inputs, self._spelled, self._told = function, inputs, spelled, told
        self._gradient: Any = None

    def forward(self, values: Values) -> Any:
        returned = self._function(*[values[name] for name in self._inputs], **self._told)
        loss, self._gradient = self._spelled.parts(returned)
        return a_loss(loss, values.values())

    def backward(self, upstream: Any) -> Any:
        return self._gradient
