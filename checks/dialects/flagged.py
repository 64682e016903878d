"""A function that is its own derivative where a flag says so: `sigmoid(x, deriv=True)`, as two functions."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

_FLAG = re.compile(
    r"(is_?|d_?|get_?|return_?)?(deriv(ative|e)?|prime|grad(ient)?|diff(erentiate)?|backward|back|bp)_?", re.I
)


def flag_of(function: Callable[..., Any]) -> str | None:
    """The one argument that says so, False where it is left out; None where there is none."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    flags = [p.name for p in parameters if p.default is False and _FLAG.fullmatch(p.name)]
    needed = [p for p in parameters if p.default is p.empty]
    return flags[0] if len(flags) == 1 and needed and needed[0].kind is not inspect.Parameter.VAR_POSITIONAL else None


def apart(function: Callable[..., Any], flag: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The function, and its derivative, of the same arguments."""

    def forward(*args: Any, **named: Any) -> Any:
        return function(*args, **named)

    def derivative(*args: Any, **named: Any) -> Any:
        return function(*args, **named, **{flag: True})

    signature = inspect.signature(function)
    kept = [p for p in signature.parameters.values() if p.name != flag]
    needed = ", ".join(p.name for p in kept if p.default is p.empty)
    for one, name in (
        (forward, function.__name__),
        (derivative, f"(lambda {needed}: {function.__name__}({needed}, {flag}=True))"),
    ):
        one.__name__, one.__module__, one.__qualname__ = name, function.__module__, function.__qualname__
        one.__wrapped__ = function  # type: ignore[attr-defined]
        one.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
    return forward, derivative
