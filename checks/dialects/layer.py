"""A layer as the textbooks write it: a class with `forward` and `backward`, or an object of one.

The constructor takes nothing, arrays (`Affine(W, b)`), or sizes (`Linear(3, 4)`).
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from checks.dialects.arguments import in_turn, last_statement, rest_name, taken_from_rest, tree_of
from checks.dialects.calls import (
    CONTEXT,
    THE_RATE,
    Calls,
    ContextBound,
    Kept,
    LayerBound,
    LossBound,
    backward_arguments,
)
from checks.dialects.labelled import with_labelled
from checks.dialects.made import makes_arrays_of
from checks.dialects.modes import called, extended, modes
from checks.dialects.names import BACKWARD, FORWARD, RATE, gradient_names
from checks.dialects.options import annotated, by_type, compared, options
from checks.dialects.reach import large_arrays
from checks.dialects.reducing import reducing
from checks.dialects.roles import is_data, main_is_second
from checks.dialects.settings import gathered, settings
from checks.dialects.setup import set_up, set_up_argument, wanted, wants_optimizer
from checks.dialects.taped import taped
from checks.dialects.tupled import tupled
from checks.dialects.usage import Averaged, Bound, Usage, Values, clone, code_words, formals
from checks.infer_layout import Formal
from checks.infer_names import size_role

# What forward's code says where it takes a list of arrays.
_JOINING = frozenset({"concatenate", "hstack", "vstack", "dstack", "stack", "column_stack", "reduce", "zip"})


def method(obj: Any, names: tuple[str, ...]) -> str | None:
    """The first of these names that the class of the object defines as a method; `feedForward` is `feed_forward`."""
    cls = obj if isinstance(obj, type) else type(obj)
    found = next((n for n in names if callable(getattr(cls, n, None)) and not _inherited(cls, n)), None)
    if found is not None:
        return found
    own = _by_word(cls)
    return next((own[word] for n in names if (word := _word(n)) in own), None)


def _by_word(cls: type) -> dict[str, str]:
    """The names of a class's methods in camel case, by their letters."""
    own = (n for base in cls.__mro__ if base is not object for n, v in vars(base).items() if inspect.isfunction(v))
    return {_word(n): n for n in own if n != n.lower() and not n.startswith("_")}


def _word(name: str) -> str:
    return name.replace("_", "").lower()


def _inherited(cls: type, name: str) -> bool:
    """Whether a name comes from `type` or `object` alone (`__call__` of a class is not its own)."""
    return not any(name in base.__dict__ for base in cls.__mro__ if base is not object)


def recognises(obj: Any) -> bool:
    """Whether it has a forward and a backward by any of their names."""
    return method(obj, FORWARD) is not None and method(obj, BACKWARD) is not None


def usage(obj: Any, name: str) -> Usage:
    """How it is built and called."""
    forward_name, backward_name = method(obj, FORWARD), method(obj, BACKWARD)
    assert forward_name is not None
    assert backward_name is not None
    cls = obj if isinstance(obj, type) else type(obj)
    forward = plain(cls, forward_name)
    backward = plain(cls, backward_name)
    needed, spare = formals(forward, "forward", skip=_skip(cls, forward_name))
    rest = [] if needed or spare else [Formal(one, "forward") for one in taken_from_rest(forward)]
    needed = needed or rest or spare[:1]
    back_needed, back_spare = formals(backward, "forward", skip=_skip(cls, backward_name))
    both = len(needed) > 1 and bool(back_needed) and needed[0].name == back_needed[0].name
    context = needed[0].name if both and CONTEXT.fullmatch(needed[0].name) else None
    if context is not None:
        needed = needed[1:]
        back_needed = [formal for formal in back_needed if formal.name != context]
    options = {formal.name for formal in spare}  # those of forward, which backward may be told too
    back_spare = [formal for formal in back_spare if formal.name not in options]
    arguments, takes = backward_arguments(back_needed, back_spare, needed)
    calls = Calls(
        forward=forward_name,
        backward=backward_name,
        inputs=tuple(formal.name for formal in needed),
        takes_upstream=takes or rest_name(backward) is not None,
        arguments=arguments,
        context=context is not None,
    )
    bound = LayerBound if context is None else ContextBound
    built, optional = constructor(obj)
    found = Usage(
        name=name,
        kind="layer",
        make=functools.partial(make, private(obj)),
        bind=lambda instance: bound(instance, calls),
        constructor=built,
        optional=optional,
        forward=tuple(needed),
        takes_upstream=calls.takes_upstream,
        updates=calls.updates or wants_optimizer(cls),
        instance=None if isinstance(obj, type) else obj,
        inputs_are_parameters=context is not None or bool(rest),
        words=code_words(forward),
        defined=cls,
        returned_names=returned_names(backward),
        returns_none=_returns_none(backward),
        call=("layer = {create}", *calls.lines),
        answer=calls.answer,
    )
    found = with_rate(found, obj)
    found = replace(
        found,
        modes=tuple(modes(found, calls, spare, bound)),
        further=tuple(formal.name for formal in spare),
        extended=functools.partial(extended, found, calls, spare, bound),
    )
    found = with_labelled(found, calls, [formal.name for formal in back_needed])
    if calls.kept:
        variants = (_several(found, calls, bound, spare), _rated(found, calls, bound))
        found = replace(found, variants=variants, modes=(), cached=True)
    if len(needed) == 1 and (found.words & _JOINING or in_turn(forward, needed[0].name)):
        found = replace(found, variants=(*found.variants, _of_a_list(found, calls, bound)))
    said = main_is_second([formal.name for formal in needed]) if len(needed) == 2 else False
    if said or (said is None and all(formal.hint == "none" for formal in needed)):
        exchanged = tuple(reversed(needed))
        data_second = is_data(needed[1].name) and not is_data(needed[0].name)
        swapped = replace(found, forward=exchanged, variants=(), modes=(), doubtful=True)
        swapped = replace(swapped, only_after="anything" if data_second else "a reading")
        found = replace(found, doubtful=True, variants=(*found.variants, swapped))
    if context is None:
        tuples = tupled(found, calls, [formal.name for formal in back_needed])
        found = replace(found, variants=(*tuples, *found.variants, *taped(found, calls)))
    return _as_a_loss(found, calls)


def _as_a_loss(found: Usage, calls: Calls) -> Usage:
    """The usage, with those in which backward is handed predictions and labels, and in which the loss is a number.

    A loss that has a method for reducing forward's values per sample is what that method gives.
    """
    reduce = reducing(found.defined, calls.forward, calls.inputs)
    if not calls.takes_upstream:
        if reduce is None:
            return replace(found, averaged=averaged(found))
        return replace(called(found, replace(calls, forward=reduce), LayerBound), variants=(found,), modes=())
    if not any(isinstance(value, str) for _, value in calls.arguments):
        return found
    given = calls.answer.replace("upstream", f"getattr(layer, 'output', {calls.inputs[0]})")
    names = [calls.forward] if reduce is None else [reduce, calls.forward]
    uses = [called(found, replace(calls, forward=name), LossBound) for name in names]
    uses = [replace(use, takes_upstream=False, answer=given, variants=(), modes=()) for use in uses]
    losses = [replace(use, averaged=averaged(use)) for use in uses]
    labelled = len(calls.inputs) > 1 and any(value in calls.inputs[1:] for _, value in calls.arguments)
    return replace(found, variants=(*found.variants, *losses), perhaps_loss=labelled, reduced=reduce is not None)


def averaged(loss: Usage) -> Usage:
    """The use in which the loss is the mean of the values that it gives for each sample."""
    call = (*loss.call, "out = np.sum(out) / len(out)")
    mean = replace(loss, bind=lambda instance: Averaged(instance, loss.bind(instance)), call=call)
    return replace(mean, variants=(), modes=())


def _several(found: Usage, calls: Calls, bound: Callable[[Any, Calls], Bound], spare: list[Formal]) -> Usage:
    """The use in which what forward returns beside its output is an output too."""
    further = [(key, 1 + value.position if isinstance(value, Kept) else value) for key, value in calls.arguments]
    several = replace(calls, arguments=tuple(further), strict=True)
    other = called(found, several, bound)
    return replace(other, modes=tuple(modes(other, several, spare, bound)))


def _of_a_list(found: Usage, calls: Calls, bound: Callable[[Any, Calls], Bound]) -> Usage:
    """The use in which forward's one input is a list of arrays, and backward gives a gradient for each."""
    (only,) = found.forward
    pair = tuple(replace(only, name=f"{only.name}_{k}", family="none") for k in range(2))
    listed = replace(calls, inputs=tuple(formal.name for formal in pair), listed=True)
    other = called(found, listed, bound)
    return replace(other, forward=pair, variants=(), modes=(), only_after="an error")


def _rated(found: Usage, calls: Calls, bound: Callable[[Any, Calls], Bound]) -> Usage:
    """The use in which what looks like a cache is a learning rate under another name."""
    at_one = [(key, THE_RATE if isinstance(value, Kept) else value) for key, value in calls.arguments]
    return replace(called(found, replace(calls, arguments=tuple(at_one)), bound), updates=True, guessed=True, modes=())


def make(obj: Any, values: Values) -> Any:
    """A fresh object: constructed from the values and set up, or a copy of the instance.

    Copies of an instance share its large arrays: hand over a deep copy of the user's own (`private`).
    """
    if not isinstance(obj, type):
        return clone(obj, large_arrays(obj))
    return set_up(obj(**gathered(obj, {n: v for n, v in values.items() if not set_up_argument(n)[0]})), values)


def with_rate(found: Usage, obj: Any) -> Usage:
    """The usage with that in which the constructor's rate is 1, where it takes one and backward may update by it."""
    formals_ = (*found.constructor, *found.optional)
    rates = [formal.name for formal in formals_ if RATE.fullmatch(formal.name.lower())]
    if not rates or found.updates or not isinstance(obj, type):
        return found
    at_one = functools.partial(_make_at_rate_one, obj, tuple(rates))
    return replace(found, rated=replace(found, make=at_one, updates=True))


def _make_at_rate_one(obj: Any, rates: tuple[str, ...], values: Values) -> Any:
    return make(obj, {**values, **dict.fromkeys(rates, 1.0)})


def private(obj: Any) -> Any:
    """A class as it is; of an instance with large arrays a deep copy, whose further copies may share them."""
    return clone(obj) if not isinstance(obj, type) and large_arrays(obj) else obj


def constructor(obj: Any) -> tuple[tuple[Formal, ...], tuple[Formal, ...]]:
    """The constructor's required and optional arguments; none for an instance."""
    if not isinstance(obj, type):
        return (), ()
    later = wanted(obj)
    if obj.__init__ is object.__init__:  # type: ignore[misc]
        return tuple(later), ()
    needed, spare = formals(obj.__init__, "constructor", skip=1)  # type: ignore[misc]
    types = annotated(obj.__init__)  # type: ignore[misc]
    held = {one.name: one for one in settings(obj)}
    chosen: list[Formal] = []
    for formal in needed:
        one = held.get(formal.name)
        chosen += one.needed if one else [_as_declared(_as_counted(obj, formal), types.get(formal.name))]
    words = [formal for one in held.values() if one.kind == "keywords" for formal in one.needed]
    further = [formal for one in held.values() for formal in one.spare]
    return (*chosen, *words, *later), (*spare, *further)


def _as_counted(obj: type, formal: Formal) -> Formal:
    """The argument with what the class compares it with: a number of axes, words."""
    numbers = compared(obj, formal.name)
    if numbers:
        return replace(formal, family="none", options=numbers)
    if formal.hint == "size" and in_turn(obj.__init__, formal.name):  # type: ignore[misc]
        return replace(formal, family="shape")  # `C, H, W = input_dim`
    if formal.hint in ("none", "rate") and makes_arrays_of(obj.__init__, formal.name):  # type: ignore[misc]
        return replace(formal, family="size")
    if formal.hint == "size" and size_role(formal.name) == "unknown" and _keeps_gradient(obj, formal.name):
        return replace(formal, family="none")
    return replace(formal, options=options(obj, formal.name))


def _keeps_gradient(obj: type, name: str) -> bool:
    """Whether the class stores an attribute that is called after the gradient of an argument: that is no size."""
    attributes = (node for node in ast.walk(tree_of(obj)) if isinstance(node, ast.Attribute))
    names = gradient_names(name)
    return any(node.attr in names for node in attributes if isinstance(node.ctx, ast.Store))


def _as_declared(formal: Formal, annotation: Any) -> Formal:
    """The argument with what its type says, where its name says nothing."""
    family, made = by_type(annotation)
    if made:
        return replace(formal, family="options", options=made)
    if family is None or formal.hint != "none":
        return formal
    return replace(formal, family=family, options=() if family == "flag" else formal.options)


def _returns_none(function: Callable[..., Any]) -> bool:
    """Whether its last statement says `return None`."""
    last = last_statement(function)
    return isinstance(last, ast.Return) and isinstance(last.value, ast.Constant) and last.value.value is None


def returned_names(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """The names that the last return statement spells, `("dx", "dW", "db")`; None where it spells none."""
    elements = last_returned(function)
    names = [e.id if isinstance(e, ast.Name) else getattr(e, "attr", "") for e in elements]
    return tuple(names) if names and all(names) else None


def last_returned(function: Callable[..., Any]) -> list[ast.expr]:
    """The elements of the tuple in the last return statement; none where it is no tuple, or there is no source."""
    returns = [node.value for node in ast.walk(tree_of(function)) if isinstance(node, ast.Return)]
    return returns[-1].elts if returns and isinstance(returns[-1], ast.Tuple) else []


def required(cls: type, name: str) -> list[Formal]:
    """What a method has to be given."""
    return arguments(cls, name)[0]


def arguments(cls: type, name: str) -> tuple[list[Formal], list[Formal]]:
    """What a method has to be given, and what it may be."""
    return formals(plain(cls, name), "forward", skip=_skip(cls, name))


def plain(cls: type, name: str) -> Callable[..., Any]:
    """A method as the function it was written as."""
    found = inspect.getattr_static(cls, name)
    return getattr(found, "__func__", found)  # type: ignore[no-any-return]


def _skip(cls: type, name: str) -> int:
    """1 for `self` or `cls`, 0 for a static method."""
    return 0 if isinstance(inspect.getattr_static(cls, name), staticmethod) else 1
