"""One function that gives a loss and its gradient: `softmax_loss(x, y) -> (loss, dx)`."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from checks.dialects.layer import last_returned
from checks.dialects.usage import Bound, Usage, Values, code_words, formals

_GRADIENT = re.compile(r"d_?[a-zA-Z]\w*|.*grad.*|delta.*", re.I)
_VALUE = re.compile(r".*(loss|cost|err|value|obj|nll|energy|out).*|l|j|e", re.I)


def recognises(obj: Any) -> bool:
    """Whether it is a function of two arguments or more that returns a loss and then gradients, by their names."""
    if not inspect.isfunction(obj) or len(formals(obj, "forward")[0]) < 2:
        return False
    names = [_first_name(element) for element in last_returned(obj)]
    if len(names) != 2 or not _GRADIENT.fullmatch(names[1]):
        return False
    return bool(_VALUE.fullmatch(names[0])) or "loss" in obj.__name__.lower()


def _first_name(element: ast.expr) -> str:
    """The first name in an expression: that of the loss in `loss / n`, of the gradient in `dx.reshape(n, d)`."""
    names = [node for node in ast.walk(element) if isinstance(node, ast.Name) and node.id not in ("np", "numpy")]
    return min(names, key=lambda node: (node.lineno, node.col_offset)).id if names else ""


def usage(obj: Any, name: str) -> Usage:
    """How it is called."""
    needed, _ = formals(obj, "forward")
    inputs = tuple(formal.name for formal in needed)
    labelled = (needed[0], replace(needed[1], family="label"), *needed[2:])

    def bind(instance: Any) -> Bound:
        return _Bound(obj, inputs)

    spelled = f"{obj.__name__}({{inputs}})"
    return Usage(
        name=name,
        kind="function",
        make=lambda values: None,
        bind=bind,
        constructor=(),
        forward=labelled,
        takes_upstream=False,
        words=code_words(obj),
        defined=obj,
        call=(f"out, layer = {spelled}",),
        answer="layer",
    )


class _Bound:
    """The two values of one call."""

    def __init__(self, function: Callable[..., Any], inputs: tuple[str, ...]) -> None:
        self._function, self._inputs = function, inputs
        self._gradient: Any = None

    def forward(self, values: Values) -> Any:
        loss, self._gradient = self._function(*[values[name] for name in self._inputs])
        return loss

    def backward(self, upstream: Any) -> Any:
        return self._gradient
