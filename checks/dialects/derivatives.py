"""A function of one array beside its derivative, entry by entry: `sigmoid(z)` and `sigmoid_prime(z)`.

The caller multiplies the derivative by the upstream gradient. It may be a function of the input or of the output
(`dtanh(y)`); nothing but its values tells which, and where neither fits, it is the input.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from checks.dialects.usage import Usage, Values, code_words, formals
from checks.infer_draw import draw, quiet
from checks.infer_layout import declare

_STEP = 1e-6
_FROM_ABOVE = re.compile(r"d_?(out|output|y|z|a|h|l)\w*|.*(upstream|grad|delta|err).*", re.I)


def recognises(obj: Any) -> bool:
    """Whether it is a tuple of two functions of one argument that keep the shape of what they are given."""
    if not isinstance(obj, tuple) or len(obj) != 2 or not all(inspect.isfunction(f) for f in obj):
        return False
    arguments = [[formal.name for formal in formals(f, "forward")[0]] for f in obj]
    if any(len(names) != 1 for names in arguments) or (
        arguments[0] != arguments[1] and _FROM_ABOVE.fullmatch(arguments[1][0])
    ):
        return False
    x = _sample()
    with quiet():
        try:
            return all(np.shape(f(x.copy())) == x.shape for f in obj)
        except Exception:  # the functions need not take it
            return False


def of_a_number(function: Callable[[Any], Any], gradient: Callable[[Any], Any]) -> bool:
    """Whether the one makes a number of an array, a vector or a matrix, and the other an array of the same shape."""
    with quiet():
        for dims, shape in (("n", (4,)), ("n,i", (3, 4)), ("n,3", (5, 3)), ("n,2", (5, 2))):
            x = np.asarray(draw(declare("x", dims), shape, None, "float64"))
            try:
                if np.shape(function(x.copy())) == () and np.shape(gradient(x.copy())) == shape:
                    return True
            except Exception:  # the functions need not take it
                continue
    return False


def usage(obj: Any, name: str) -> Usage:
    """How the two are called."""
    function, derivative = obj
    needed, spare = formals(function, "forward")
    argument = needed[0].name
    of_output = _is_of_output(function, derivative)
    return Usage(
        name=name,
        kind="function",
        make=lambda values: None,
        bind=lambda instance: _Bound(function, derivative, argument, of_output),
        constructor=(),
        forward=tuple(needed),
        words=code_words(function),
        defined=obj,
        settings=tuple(spare),
        call=(f"layer = out = {function.__name__}({{inputs}})",),
        answer=f"upstream * {derivative.__name__}({'out' if of_output else '{inputs}'})",
    )


class _Bound:
    """The function, and its derivative times the upstream gradient."""

    def __init__(self, function: Callable[[Any], Any], derivative: Callable[[Any], Any], name: str, of_output: bool):
        self._function, self._derivative = function, derivative
        self._name, self._of_output = name, of_output
        self._given: Any = None

    def forward(self, values: Values) -> Any:
        self._given = values[self._name]
        output = self._function(self._given)
        if self._of_output:
            self._given = output
        return output

    def backward(self, upstream: Any) -> Any:
        return upstream * self._derivative(self._given)


def _is_of_output(function: Callable[[Any], Any], derivative: Callable[[Any], Any]) -> bool:
    """Whether the derivative's values are right for the output, and not for the input."""
    x = _sample()
    with quiet():
        out = np.array(function(x.copy()))
        slope = (np.asarray(function(x + _STEP)) - np.asarray(function(x - _STEP))) / (2 * _STEP)
        fits = [np.allclose(derivative(given.copy()), slope, rtol=1e-4, atol=1e-6) for given in (x, out)]
    return fits == [False, True]


def _sample() -> Any:
    return np.asarray(draw(declare("x", "n,i"), (3, 4), None, "float64"))
