"""The method by which a loss object makes a number of the values per sample that its forward gives.

`calculate(output, y)` that returns `np.mean(self.forward(output, y))`: the loss is what it gives then.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from checks.dialects.arguments import called_name, tree_of
from checks.dialects.names import BACKWARD
from checks.dialects.usage import formals

_REDUCTIONS = frozenset({"mean", "sum", "average", "nanmean"})


def reducing(cls: type, forward: str, inputs: Sequence[str]) -> str | None:
    """A method that hands all its arguments to forward, in that order, and reduces what comes back; None for none."""
    for name in _methods(cls):
        function = inspect.getattr_static(cls, name)
        if name == forward or name in BACKWARD or not inspect.isfunction(function):
            continue
        needed = [formal.name for formal in formals(function, "forward", skip=1)[0]]
        if len(needed) == len(inputs) and _reduces(function, forward, needed, inputs):
            return name
    return None


def _methods(cls: type) -> Iterator[str]:
    """The names that a class and its bases define, its own first."""
    yield from dict.fromkeys(name for base in cls.__mro__ if base is not object for name in vars(base))


def _reduces(function: Callable[..., Any], forward: str, needed: Sequence[str], inputs: Sequence[str]) -> bool:
    calls = [node for node in ast.walk(tree_of(function)) if isinstance(node, ast.Call)]
    own = [call for call in calls if called_name(call) == forward and _owner(call) == "self"]
    names = {called_name(call) for call in calls}
    return len(own) == 1 and _handed(own[0], inputs) == list(needed) and bool(names & _REDUCTIONS)


def _owner(call: ast.Call) -> str:
    return getattr(call.func.value, "id", "") if isinstance(call.func, ast.Attribute) else ""


def _handed(call: ast.Call, inputs: Sequence[str]) -> list[str]:
    """The plain names that a call hands over, in the order of forward's inputs."""
    named = {word.arg: word.value for word in call.keywords}
    values = [*call.args, *(named[name] for name in inputs[len(call.args) :] if name in named)]
    return [getattr(value, "id", "") for value in values]
