"""How one kind of object is built and called; what a dialect has to say, and all that it has to say.

Everything else (which shapes, where the parameters are, where their gradients come out) is found out the
same way for every dialect, from a `Usage`.
"""

from __future__ import annotations

import copy
import dis
import functools
import inspect
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from checks.dialects.names import FORWARD, OUTPUT
from checks.dialects.used import as_used
from checks.infer_layout import Formal
from checks.subject import Option

Values = Mapping[str, Any]


class Bound(Protocol):
    """A live object's two calls."""

    def forward(self, values: Values) -> Any:
        """The output for these inputs."""

    def backward(self, upstream: Any) -> Any:
        """What the object's backward returns, for the last forward."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Usage:
    """One way of building and calling.

    `make` gives a fresh object from the constructor's values. `bind` gives its two calls; the inputs go by the names
    of `forward`, and `order` says in which the call takes them, where that is not forward's. `takes_upstream`,
    `gives_input`: whether backward takes an upstream gradient, and whether the first input's is owed; `owners`: the
    inputs that get gradients, in the gradients' order, where that is known; `alone`: nothing else owes one.
    `returns_all`: what backward returns is all that it gives, whatever lies about on the object. `returns_none`: it
    says that it returns nothing. `unaware`: of a mode, backward cannot know of it; `asked`: forward asks for what is
    told. `notes`: what its reader should know.
    `updates`: backward changes the parameters, at rate 1, instead of keeping their gradients; `rated`: the same where
    it is the constructor that takes a rate. `cached`: backward is handed what forward returned beside the output.
    `perhaps_loss`: what backward is handed before the labels may be the prediction; `reduced`: a method of the object's
    makes a number of forward's values, which are a loss then.
    `averaged`: of a loss, the use in which its values per sample are reduced to their mean.
    `labelled`: the use in which backward is handed labels, of a loss that nothing states.
    `divided`: forward divides a width into as many parts as an argument says.
    `doubtful`: no name says which of two inputs is the main one. `guessed`: that a number is a rate is a guess,
    which stands if backward changes parameters. `only_after`: of a variant, what the ways before it
    have to have come to. `told`: what the constructor is told besides its values, or a function's calls; `option`:
    whether that is a number (`off`: where the default is 0) or something else. `settings`, `telling`: what defaults in
    the calls of functions, and the use in which it is told. `modes`: other uses that it offers, with words for each.
    `kind` names the thing: layer, network, function. `words`: names that forward's code uses. `call`, `answer`: the
    calls in code, with `{inputs}` and `{create}` to fill in. `further`: optional arguments of forward, which `extended`
    makes inputs of.
    """

    name: str
    kind: str
    make: Callable[[Values], Any]
    bind: Callable[[Any], Bound]
    constructor: tuple[Formal, ...]
    optional: tuple[Formal, ...] = ()
    forward: tuple[Formal, ...]
    takes_upstream: bool = True
    gives_input: bool = True
    owners: tuple[str, ...] | None = None
    alone: bool = False
    order: tuple[int, ...] | None = None
    updates: bool = False
    divided: bool = False
    cached: bool = False
    perhaps_loss: bool = False
    reduced: bool = False
    doubtful: bool = False
    guessed: bool = False
    only_after: Literal["anything", "a reading", "an error"] = "anything"
    returns_all: bool = False
    returns_none: bool = False
    unaware: bool = False
    asked: bool = False
    notes: tuple[str, ...] = ()
    instance: Any = None
    inputs_are_parameters: bool = False
    words: frozenset[str] = frozenset()
    defined: Any = None
    returned_names: tuple[str, ...] | None = None
    variants: tuple[Usage, ...] = ()
    averaged: Usage | None = None
    labelled: Usage | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    option: Option | None = None
    settings: tuple[Formal, ...] = ()
    telling: Callable[[Mapping[str, Any]], Usage] | None = None
    rated: Usage | None = None
    modes: tuple[tuple[str, Usage], ...] = ()
    further: tuple[str, ...] = ()
    extended: Callable[[tuple[str, ...]], Usage] | None = None
    call: tuple[str, ...] = ("layer = {create}", "out = layer.forward({inputs})")
    answer: str = "layer.backward(upstream)"

    @property
    def called(self) -> tuple[Formal, ...]:
        """The arguments of forward in the order in which the call takes them."""
        return self.forward if self.order is None else tuple(self.forward[k] for k in self.order)


class Averaged:
    """A loss's two calls, with the mean over the samples for a value of each."""

    def __init__(self, owner: Any, bound: Bound) -> None:
        self._owner, self._bound = owner, bound

    def forward(self, values: Values) -> Any:
        """The mean, as a number."""
        result = output_of(self._owner, self._bound.forward(values))
        return np.sum(result) / len(result)

    def backward(self, upstream: Any) -> Any:
        return self._bound.backward(upstream)


_NUMBERS = (float, np.ndarray, np.generic, int)  # a tuple: this is asked once for every forward


def output_of(owner: Any, result: Any) -> Any:
    """The output itself: what forward returned, the first of several, or what it left on the object."""
    if type(result) is np.ndarray or isinstance(result, _NUMBERS):
        return result
    if result is None or result is owner:
        kept = kept_as(owner)
        return None if kept is None else getattr(owner, kept)
    if isinstance(result, tuple | list) and result and isinstance(result[0], np.ndarray | np.generic | float):
        return result[0]
    return result


def a_loss(result: Any, given: Iterable[Any]) -> Any:
    """What a loss of these arrays gave: a number, one for each sample, or one for each entry of an array.

    TypeError where it is a matrix of any other shape: a product that was to be of a row and a column.
    """
    shape = np.shape(result)
    if sum(extent > 1 for extent in shape) > 1 and all(shape != np.shape(array) for array in given):
        raise TypeError(f"a loss is a number, or one for each sample, but this is an array of shape {shape}")
    return result


def kept_as(owner: Any) -> str | None:
    """The attribute under which an object keeps an output that forward did not return.

    One that is called so, else the last that forward stores.
    """
    numbers = np.ndarray | np.generic | float
    cls: Any = type(owner)
    names = (*OUTPUT, *reversed(_stored(cls)))
    return next((name for name in names if isinstance(getattr(owner, name, None), numbers)), None)


@functools.cache
def _stored(cls: Any) -> tuple[str, ...]:
    """The attributes that forward, and the methods of the object that it calls, store in that order."""
    forward = next((found for name in FORWARD if (found := inspect.getattr_static(cls, name, None))), None)
    return tuple(_stores(cls, forward, 2))


def _stores(cls: type, function: Any, depth: int) -> Iterator[str]:
    code = getattr(inspect.unwrap(getattr(function, "__func__", function)), "__code__", None)
    for step in dis.get_instructions(code) if code is not None else ():
        if step.opname == "STORE_ATTR":
            yield step.argval
        elif step.opname in ("LOAD_METHOD", "LOAD_ATTR") and depth:
            called = inspect.getattr_static(cls, step.argval, None)
            if isinstance(called, types.FunctionType):
                yield from _stores(cls, called, depth - 1)


def formals(function: Callable[..., Any], place: Any, *, skip: int = 0) -> tuple[list[Formal], list[Formal]]:
    """The arguments that can be given by position, required and optional, without the first `skip`."""
    if not inspect.isfunction(function):
        return _formals(function, place, skip)
    needed, spare = _formals_of_a_function(function, place, skip)
    return [*needed], [*spare]


def _formals(function: Callable[..., Any], place: Any, skip: int) -> tuple[list[Formal], list[Formal]]:
    try:
        parameters = list(inspect.signature(function).parameters.values())[skip:]
    except (TypeError, ValueError):
        return [], []
    named = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    needed = [Formal(p.name, place) for p in named if p.default is p.empty]
    if place == "forward":
        needed = [as_used(function, formal) for formal in needed]
    spare = [Formal(p.name, place, p.default) for p in named if p.default is not p.empty]
    return needed, spare


_formals_of_a_function = functools.lru_cache(maxsize=1024)(_formals)


def clone(value: Any, replacing: Mapping[int, Any] | None = None) -> Any:
    """A deep copy; modules and the like stay themselves. `replacing`: objects, by id, to put in place of
    others.
    """
    memo: dict[int, Any] = dict(replacing or {})
    for holder in (value, *getattr(value, "__dict__", {}).values()):
        for kept in getattr(holder, "__dict__", {}).values():
            if isinstance(kept, types.ModuleType | types.GeneratorType):
                memo[id(kept)] = kept
    return copy.deepcopy(value, memo)


def code_words(function: Any, depth: int = 2) -> frozenset[str]:
    """The names that a function's code uses, those of the plain functions it calls included."""
    words: set[str] = set()
    pending: list[tuple[Any, int]] = [(function, depth)]
    while pending:
        current, left = pending.pop()
        current = inspect.unwrap(getattr(current, "__func__", current))
        code = getattr(current, "__code__", None)
        if code is None:
            continue
        words.update(code.co_names)
        if left:
            known = getattr(current, "__globals__", {})
            pending += [(known[n], left - 1) for n in code.co_names if inspect.isfunction(known.get(n))]
    return frozenset(words)


def stub(function: Any) -> bool:
    """Whether a function does nothing but pass or raise NotImplementedError: an abstract method in spirit."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return False
    if getattr(function, "__isabstractmethod__", False):
        return True
    steps = list(dis.get_instructions(code))
    if "NotImplementedError" in code.co_names and not any(step.opname.startswith("RETURN") for step in steps):
        return True  # it raises, whatever it says
    if not set(code.co_names) <= {"NotImplementedError", "NotImplemented"}:
        return False
    reads = any(step.opname.startswith(("LOAD_FAST", "LOAD_DEREF")) for step in steps)
    says = any("CONST" in step.opname and step.argval is not None for step in steps)
    return not reads and (bool(code.co_names) or not says)
