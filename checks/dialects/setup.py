"""Set-up after construction: `initialize(optimizer)`, `build()`. A recording optimizer steps by the
gradient itself.
"""

from __future__ import annotations

from typing import Any

from checks.dialects.reach import arrays
from checks.dialects.usage import formals

_METHODS = (
    *("initialize", "initialise", "build", "setup", "set_up", "compile", "set_optimizer", "reset_parameters"),
    *("init_weights", "init_params", "init_parameters", "initialize_weights", "initialize_parameters"),
)
_OPTIMIZERS = frozenset({"optimizer", "optimiser", "opt", "optim"})


class StepByGradient:
    """An optimizer at rate 1: what an array loses in a step is its gradient. It keeps nothing."""

    learning_rate = 1.0
    lr = 1.0

    def update(self, w: Any, gradient: Any, *_: Any) -> Any:
        """The array after the step, as a new one."""
        return w - gradient

    step = update
    __call__ = update


def wants_optimizer(cls: type) -> bool:
    """Whether a set-up method of the class takes an optimizer."""
    return any(_required(cls, name) and set(_required(cls, name)) <= _OPTIMIZERS for name in _present(cls))


def set_up(instance: Any) -> Any:
    """The object, after those of its set-up methods whose arguments can be guessed."""
    cls = type(instance)
    for name in _present(cls):
        required = _required(cls, name)
        if required and set(required) <= _OPTIMIZERS:
            getattr(instance, name)(*[StepByGradient() for _ in required])
        elif not required and not arrays(instance):
            getattr(instance, name)()
    return instance


def _present(cls: type) -> list[str]:
    return [name for name in _METHODS if callable(getattr(cls, name, None))]


def _required(cls: type, name: str) -> list[str]:
    return [formal.name for formal in formals(getattr(cls, name), "forward", skip=1)[0]]
