"""One function that gives a loss and its gradient: `softmax_loss(x, y) -> (loss, dx)`."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from checks.dialects.layer import returned_names
from checks.dialects.usage import Bound, Usage, Values, code_words, formals

_GRADIENT = re.compile(r"d_?[a-zA-Z]\w*|.*grad.*|delta.*", re.I)
_VALUE = re.compile(r".*(loss|cost|err|value|obj|nll|energy|out).*|l|j|e", re.I)


def recognises(obj: Any) -> bool:
    """Whether it is a function of two arguments or more that returns a loss and then gradients, by their names."""
    if not inspect.isfunction(obj) or len(formals(obj, "forward")[0]) < 2:
        return False
    names = returned_names(obj) or _spelled(obj)
    return (
        names is not None
        and len(names) == 2
        and bool(_VALUE.fullmatch(names[0]) or "loss" in obj.__name__.lower())
        and bool(_GRADIENT.fullmatch(names[1]))
    )


def _spelled(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """The first names in the elements of the returned tuple: `return loss / n, dx / n`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    returns = [node for node in ast.walk(tree) if isinstance(node, ast.Return)]
    if not returns or not isinstance(returns[-1].value, ast.Tuple):
        return None
    found = []
    for element in returns[-1].value.elts:
        names = [node for node in ast.walk(element) if isinstance(node, ast.Name) and node.id not in ("np", "numpy")]
        names.sort(key=lambda node: (node.lineno, node.col_offset))
        found.append(names[0].id if names else "")
    return tuple(found)


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
