"""What stands for an optimizer where a layer wants one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class StepByGradient:
    """An optimizer at rate 1: what an array loses in a step is its gradient. It keeps nothing."""

    learning_rate = 1.0
    lr = 1.0

    def update(self, w: Any, gradient: Any, *_: Any) -> Any:
        """The array after the step, as a new one."""
        return w - gradient

    step = update
    __call__ = update

    def __repr__(self) -> str:
        return "__import__('checks.stepping', fromlist=['']).StepByGradient()"


def steps(constants: Iterable[Any]) -> bool:
    """Whether such an optimizer is among what a constructor is told."""
    return any(isinstance(value, StepByGradient) for value in constants)
