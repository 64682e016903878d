"""One function that gives the output and a function that answers for it: `def dense(x, W, b): ...; return y, back`.

The inner function is backward, with all that it needs about it; its gradients are of the outer one's arguments.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from checks.dialects.arguments import last_statement, tree_of
from checks.dialects.spelled import last_elements, name_of
from checks.dialects.usage import Usage, Values, code_words, formals

_ANSWERS = re.compile(r"back|bprop|bwd|vjp|grad|pull|adjoint|deriv")
_FROM_ABOVE = re.compile(r"d_?[A-Z]\w*|d_?(out|output|y|z|a|h|s|loss)|g|ct|.*(grad|upstream|delta|cotangent|_bar).*")


def recognises(obj: Any) -> bool:
    """Whether it is a function that returns an output with a function that it defines, which takes one argument."""
    return inspect.isfunction(obj) and bool(formals(obj, "forward")[0]) and _inner(obj) is not None


def _inner(function: Callable[..., Any]) -> ast.FunctionDef | ast.Lambda | None:
    """The inner function that comes last in what is returned, of two."""
    last = last_statement(function)
    value = last.value if isinstance(last, ast.Return) else None
    if not isinstance(value, ast.Tuple) or len(value.elts) != 2:
        return None
    inner = {node.name: node for node in ast.walk(tree_of(function)) if isinstance(node, ast.FunctionDef)}
    given = value.elts[1]
    found = given if isinstance(given, ast.Lambda) else inner.get(name_of(given))
    return found if found is not None and _answers(found) else None


def _answers(inner: ast.FunctionDef | ast.Lambda) -> bool:
    """Whether it takes one argument, and its name or that of the argument tells of a gradient: a model that is made
    inside is called with data.
    """
    needed = inner.args.args[: len(inner.args.args) - len(inner.args.defaults)]
    if len(needed) != 1:
        return False
    name = getattr(inner, "name", "")
    return bool(_ANSWERS.search(name.lower()) or _FROM_ABOVE.fullmatch(needed[0].arg))


def usage(obj: Any, name: str) -> Usage:
    """How it is called."""
    return _usage(obj, name, {})


def _usage(obj: Any, name: str, told: Mapping[str, Any]) -> Usage:
    """The usage in which it is told something else than its defaults."""
    needed, spare = formals(obj, "forward")
    inner = _inner(obj)
    assert inner is not None
    names = tuple(name_of(element) for element in last_elements(inner))
    given = ", ".join(["{inputs}", *(f"{option}={value!r}" for option, value in told.items())])
    return Usage(
        name=name,
        kind="function",
        make=lambda values: None,
        bind=lambda instance: _Bound(obj, [formal.name for formal in needed], told),
        constructor=(),
        forward=tuple(needed),
        inputs_are_parameters=True,
        words=code_words(obj),
        defined=obj,
        returned_names=names or None,
        told=told,
        settings=tuple(spare),
        telling=lambda more: _usage(obj, name, {**told, **more}),
        call=(f"out, layer = {obj.__name__}({given})",),
        answer="layer(upstream)",
    )


class _Bound:
    """A call, and what it gave to answer with."""

    def __init__(self, function: Callable[..., Any], inputs: list[str], told: Mapping[str, Any]) -> None:
        self._function, self._inputs, self._told = function, inputs, told
        self._back: Callable[[Any], Any] | None = None

    def forward(self, values: Values) -> Any:
        output, self._back = self._function(*[values[name] for name in self._inputs], **self._told)
        return output

    def backward(self, upstream: Any) -> Any:
        assert self._back is not None
        return self._back(upstream)
