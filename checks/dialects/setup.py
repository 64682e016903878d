"""Set-up after construction: `initialize(optimizer)`, `build(input_shape)`, `connect_to(previous_layer)`.

What such a method takes is asked for like a constructor's argument. A recording optimizer steps by the gradient itself.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

from checks.dialects.names import FORWARD
from checks.dialects.reach import arrays
from checks.dialects.usage import formals
from checks.infer_layout import Formal
from checks.infer_names import Hint, hint
from checks.stepping import StepByGradient

_PREFIX = "set_up_"  # of a constructor's formal that is a set-up method's argument
_METHODS = (
    *("set_input_shape", "set_input_size", "set_input", "set_shape"),  # first: the others may need to know
    *("initialize", "initialise", "build", "setup", "set_up", "compile", "set_optimizer", "reset_parameters"),
    *("init_weights", "init_params", "init_parameters", "initialize_weights", "initialize_parameters"),
    *("init", "connect_to", "connect", "set_prev", "set_previous"),
    *("create_params", "create_weights", "allocate"),
)
_NEIGHBOURS = re.compile(r"(prev|previous|below|input|in|parent|lower|last|source)(_?(layer|node|module|block))?|layer")
OPTIMIZERS = frozenset({"optimizer", "optimiser", "opt", "optim"})


def wants_optimizer(cls: type) -> bool:
    """Whether a set-up method of the class takes an optimizer."""
    return any(_required(cls, name) and set(_required(cls, name)) <= OPTIMIZERS for name in _present(cls))


def wanted(cls: type) -> list[Formal]:
    """The arguments that set-up methods need, as formals of the constructor: shapes, sizes and neighbours."""
    found: list[Formal] = []
    for name in _present(cls):
        for formal in formals(getattr(cls, name), "constructor", skip=1)[0]:
            family: Hint = "size" if is_neighbour(formal.name) else hint(formal.name, place="constructor")
            if family not in ("size", "shape", "sizes") or formal.name in OPTIMIZERS:
                found = [f for f in found if not f.name.startswith(f"{_PREFIX}{name}__")]
                break
            found.append(Formal(f"{_PREFIX}{name}__{formal.name}", "constructor", family=family))
    return found


def set_up(instance: Any, values: Mapping[str, Any] | None = None) -> Any:
    """The object, after those of its set-up methods whose arguments are given or can be guessed."""
    cls = type(instance)
    for name in _present(cls):
        required = _required(cls, name)
        given = {n: (values or {}).get(f"{_PREFIX}{name}__{n}") for n in required}
        if required and set(required) <= OPTIMIZERS:
            getattr(instance, name)(*[StepByGradient() for _ in required])
        elif required and all(value is not None for value in given.values()):
            getattr(instance, name)(
                *[_Neighbour(v) if is_neighbour(n) and isinstance(v, int) else v for n, v in given.items()]
            )
        elif not required and not arrays(instance):
            getattr(instance, name)()
    return instance


def set_up_code(cls: Any, values: Mapping[str, Sequence[str]]) -> list[str]:
    """The calls of the set-up methods that take something, in their order; `values`: by the method, as code."""
    lines: list[str] = []
    for name in _present(cls) if isinstance(cls, type) else ():
        required = _required(cls, name)
        optimizers = [repr(StepByGradient()) for _ in required] if set(required) <= OPTIMIZERS else []
        given = values.get(name, optimizers)
        lines += [f"layer.{name}({', '.join(given)})"] if given else []
    return lines


def set_up_argument(name: str) -> tuple[str, str]:
    """(the set-up method, its argument) that a constructor's formal of this name stands for; empty where it is none."""
    method, _, argument = name.removeprefix(_PREFIX).partition("__") if name.startswith(_PREFIX) else ("", "", "")
    return method, argument


def is_neighbour(argument: str) -> bool:
    """Whether an argument of a set-up method is another layer, by its name."""
    return bool(_NEIGHBOURS.fullmatch(argument))


def neighbour(width: str) -> str:
    """The code of a layer of which only the width is known."""
    return f"type('Neighbour', (), {{'__getattr__': lambda self, name, width={width}: width}})()"


class _Neighbour:
    """A layer of which only the width is known: any number asked of it is that, any shape a row of that width."""

    def __init__(self, width: int) -> None:
        self._width = width

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return (self._width,) if "shape" in name else self._width


def _present(cls: type) -> list[str]:
    """The set-up methods that its user calls on an object: one that forward calls itself, on the first input, is none
    of them, nor is one that belongs to the class.
    """
    present = [name for name in _METHODS if callable(getattr(cls, name, None))]
    if not present:
        return []
    codes = (getattr(getattr(cls, one, None), "__code__", None) for one in FORWARD)
    called = {name for code in codes for name in getattr(code, "co_names", ())}
    return [name for name in present if name not in called and not _belongs_to_the_class(cls, name)]


def _belongs_to_the_class(cls: type, name: str) -> bool:
    return isinstance(inspect.getattr_static(cls, name, None), staticmethod | classmethod)


def _required(cls: type, name: str) -> list[str]:
    return [formal.name for formal in formals(getattr(cls, name), "forward", skip=1)[0]]
