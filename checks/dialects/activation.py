"""An activation object: a function with its local derivative, which the caller multiplies by the upstream
gradient.

The derivative may be a function of the input, of the output, or of nothing (the object remembers), or take what comes
from above. Nothing but its values tells these apart, so values choose the reading; where none fits, it is the input.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from checks.dialects.layer import constructor, make, method, plain, private
from checks.dialects.names import BACKWARD, FORWARD
from checks.dialects.probing import upstream_like
from checks.dialects.spelled import several
from checks.dialects.usage import Bound, Usage, Values, code_words, formals, output_of
from checks.infer_draw import draw, quiet
from checks.infer_layout import declare

FUNCTION = (
    *("fn", "func", "function", "activate", "activation", "apply", "compute", "calculate", "f", "value"),
    *FORWARD,
)
DERIVATIVE = (
    *("derivative", "grad", "gradient", "prime", "deriv", "derivate", "df", "dfn", "diff", "fn_grad"),
    *("differentiate", "derive", "grad_fn", "deriv_fn", "function_derivative"),
)
# The derivative already times what comes from above.
UPSTREAM_NAME = re.compile(r"d_?(out|output|y|z|a|h|l)\w*|.*(upstream|grad|delta|err).*", re.I)
Argument = Literal["input", "output", "nothing", "upstream"]
_RIGHT = 1e-4  # of the largest slope
_NEARLY = 0.1  # of what the input's is off by: the derivative is of the output, and wrong


def recognises(obj: Any) -> bool:
    """Whether it has a function and a derivative of one argument or none, and no backward."""
    function, derivative = method(obj, FUNCTION), method(obj, DERIVATIVE)
    if function is None or derivative is None or method(obj, BACKWARD) is not None:
        return False
    if several(plain(obj if isinstance(obj, type) else type(obj), derivative)):
        return False  # gradients of parameters, and of some loss
    return len(_arguments(obj, function)) == 1 and len(_arguments(obj, derivative)) <= 1


def usage(obj: Any, name: str) -> Usage:
    """How it is built and called."""
    function, derivative = method(obj, FUNCTION), method(obj, DERIVATIVE)
    assert function is not None
    assert derivative is not None
    cls = obj if isinstance(obj, type) else type(obj)
    needed = formals(plain(cls, function), "forward", skip=_skip(cls, function))[0]
    built, optional = constructor(obj)
    of = _argument(obj, function, derivative, built == ())

    def bind(instance: Any) -> Bound:
        return _Bound(instance, function, derivative, needed[0].name, of)

    call = "layer({inputs})" if function == "__call__" else f"layer.{function}({{inputs}})"
    argument = {"input": "{inputs}", "output": "out", "nothing": "", "upstream": "upstream"}[of]
    multiplied = "" if of == "upstream" else "upstream * "
    return Usage(
        name=name,
        kind="activation",
        make=functools.partial(make, private(obj)),
        bind=bind,
        constructor=built,
        optional=optional,
        forward=tuple(needed),
        instance=None if isinstance(obj, type) else obj,
        words=code_words(plain(cls, function)),
        defined=cls,
        call=("layer = {create}", f"out = {call}"),
        answer=f"{multiplied}layer.{derivative}({argument})",
    )


class _Bound:
    """The function, and its derivative times the upstream gradient."""

    def __init__(self, instance: Any, function: str, derivative: str, name: str, of: Argument) -> None:
        self._owner = instance
        self._function, self._derivative = getattr(instance, function), getattr(instance, derivative)
        self._name, self._of = name, of
        self._given: Any = None
        self._output: Any = None

    def forward(self, values: Values) -> Any:
        self._given = values[self._name]
        self._output = self._function(self._given)
        return self._output

    def backward(self, upstream: Any) -> Any:
        if self._of == "nothing":
            return upstream * self._derivative()
        if self._of == "upstream":
            return self._derivative(upstream)
        if self._of == "output":
            return upstream * self._derivative(output_of(self._owner, self._output))
        return upstream * self._derivative(self._given)


def _argument(obj: Any, function: str, derivative: str, buildable: bool) -> Argument:
    """What the derivative is a function of."""
    if not _arguments(obj, derivative):
        return "nothing"
    if UPSTREAM_NAME.fullmatch(_arguments(obj, derivative)[0]):
        return "upstream"
    if not buildable:
        return "input"
    with quiet():
        try:
            return _fitting(make(obj, {}), function, derivative)
        except Exception:  # its own trials will tell
            return "input"


def _fitting(instance: Any, function: str, derivative: str) -> Argument:
    x = np.asarray(draw(declare("x", "n,i"), (3, 4), None, "float64"))
    step = 1e-6
    evaluate: Callable[[Any], Any] = getattr(instance, function)
    slope = (np.asarray(evaluate(x + step)) - np.asarray(evaluate(x - step))) / (2 * step)
    out = np.array(evaluate(x.copy()))
    upstream = upstream_like(out)
    readings: tuple[tuple[Argument, Any, Any], ...] = (
        ("input", x, slope),
        ("output", out, slope),
        ("upstream", upstream, upstream * slope),
    )
    off: dict[Argument, float] = {}
    for name, argument, expected in readings:
        evaluate(x.copy())  # it may remember its input
        found = np.asarray(getattr(instance, derivative)(argument.copy()))
        if found.shape == expected.shape:
            off[name] = float(np.max(np.abs(found - expected)) / np.max(np.abs(expected)))
            if off[name] < _RIGHT:
                return name
    least = min(off.values(), default=np.inf)
    nearest = next((name for name, value in off.items() if value == least), None)
    return nearest if nearest is not None and least < _NEARLY * off.get("input", 0.0) else "input"


def _skip(cls: type, name: str) -> int:
    return 0 if isinstance(inspect.getattr_static(cls, name), staticmethod) else 1


def _arguments(obj: Any, name: str) -> list[str]:
    cls = obj if isinstance(obj, type) else type(obj)
    return [f.name for f in formals(plain(cls, name), "forward", skip=_skip(cls, name))[0]]
