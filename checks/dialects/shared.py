"""Random generators that a layer's code uses without keeping them on the object: a module's, a class's.

`rng = np.random.default_rng(0)` at the top of a file, drawn from in forward. It goes on from run to run, so that no two
masks are alike, unless it is set back before each.
"""

from __future__ import annotations

import copy
import inspect
import random
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

_DEEPEST = 3  # functions that functions call

Generator = np.random.Generator | np.random.RandomState | random.Random


class SharedGenerators:
    """The generators that the code of a class, or of functions, refers to, with the states that they had at first."""

    def __init__(self, defined: Any) -> None:
        found = {id(value): value for value in _referred_to(defined)}
        self._states = [(generator, copy.deepcopy(state_of(generator))) for generator in found.values()]

    def restore(self) -> None:
        """Sets them back."""
        for generator, state in self._states:
            if isinstance(generator, np.random.Generator):
                generator.bit_generator.state = copy.deepcopy(state)
            elif isinstance(generator, np.random.RandomState):
                generator.set_state(state)
            else:
                generator.setstate(state)

    def states(self) -> tuple[str, ...]:
        """Their present states, to be compared."""
        return tuple(comparable(generator) for generator, _ in self._states)


def is_generator(value: Any) -> bool:
    """Whether it is a random generator with a state of its own."""
    return isinstance(value, Generator) and not isinstance(value, random.SystemRandom)


def state_of(generator: Generator) -> Any:
    """The state, as the generator takes it back."""
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return generator.get_state() if isinstance(generator, np.random.RandomState) else generator.getstate()


def comparable(generator: Generator) -> str:
    """The state as a text: equal texts, equal states."""
    state = state_of(generator)
    parts = state.values() if isinstance(state, dict) else state
    return repr([part.tobytes() if isinstance(part, np.ndarray) else part for part in _flat(parts)])


def _flat(parts: Any) -> Iterator[Any]:
    for part in parts:
        if isinstance(part, dict):
            yield from _flat(part.values())
        else:
            yield part


def _referred_to(defined: Any) -> Iterator[Generator]:
    pending: list[tuple[Callable[..., Any], int]] = []
    for one in defined if isinstance(defined, tuple) else (defined,):
        for base in inspect.getmro(one) if isinstance(one, type) else ():
            yield from (value for value in vars(base).values() if is_generator(value))
            pending += [(value, 0) for value in map(_function, vars(base).values()) if value is not None]
        function = _function(one)
        pending += [(function, 0)] if function is not None else []
    seen: set[int] = set()
    for function, depth in pending:
        if id(function) in seen:
            continue
        seen.add(id(function))
        for value in _names_of(function):
            if is_generator(value):
                yield value
            elif inspect.isfunction(value) and depth < _DEEPEST:
                pending.append((value, depth + 1))


def _function(value: Any) -> Callable[..., Any] | None:
    plain = getattr(value, "__func__", getattr(value, "fget", value))
    return plain if inspect.isfunction(plain) else None


def _names_of(function: Callable[..., Any]) -> Iterator[Any]:
    """What the names in a function's code stand for: globals, attributes of modules, what it closes over, defaults."""
    code, known = function.__code__, function.__globals__
    words = set(code.co_names)
    for nested in (one for one in code.co_consts if isinstance(one, types.CodeType)):
        words |= set(nested.co_names)
    values = [known[word] for word in words if word in known]
    yield from values
    for module in (value for value in values if isinstance(value, types.ModuleType)):
        if module.__name__.partition(".")[0] not in ("numpy", "random", "scipy"):
            yield from (vars(module)[word] for word in words if word in vars(module))
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
