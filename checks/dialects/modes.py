"""The other ways of using a layer that it offers itself: evaluation mode, another output, a stride, a padding.

Many faults do not show in the default use. What a mode does not support (a backward after an evaluation forward) is
not held against the layer: only wrong values are.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from checks.dialects.calls import Calls
from checks.dialects.names import RATE
from checks.dialects.options import options
from checks.dialects.usage import Bound, Usage, Values
from checks.errors import LayerError
from checks.infer_layout import REQUIRED, Formal
from checks.infer_table import chooses

_SWITCHES = ("training", "train", "is_training", "is_train", "train_mode", "train_flg", "train_flag", "training_mode")
_STRIDE = re.compile(r"strides?|step|stride_?size")
_DILATION = re.compile(r"dilations?|dilation_?rate|rate")
_PADDING = re.compile(r"pad|padding|pad_?size")

Mode = tuple[str, Usage]
_MOST_OPTIONS = 5


def modes(usage: Usage, calls: Calls, spare: list[Formal], bound: Callable[[Any, Calls], Bound]) -> Iterator[Mode]:
    """The other uses, each with the words that describe it. `spare`: forward's optional arguments."""
    for formal in spare:
        if formal.hint == "flag" and isinstance(formal.default, bool):
            label = f"{formal.name}={not formal.default}"
            yield label, called(usage, replace(calls, keywords={formal.name: not formal.default}), bound)
    for formal in usage.forward:
        if formal.hint == "flag":
            other = replace(formal, options=(False,))
            forward = tuple(other if f is formal else f for f in usage.forward)
            yield f"{formal.name}=False", replace(usage, forward=forward)
    if usage.words & set(_SWITCHES):
        switch = next(name for name in _SWITCHES if name in usage.words)
        call = (usage.call[0], f"layer.{switch} = False", *usage.call[1:])
        yield f"{switch}=False", replace(usage, make=functools.partial(_evaluating, usage.make, switch), call=call)
    for k in range(1, calls.outputs):
        yield f"output {k + 1} of {calls.outputs}", called(usage, replace(calls, primary=k), bound)
    for formal in spare:
        if formal.hint == "mask" and formal.default is None:
            yield f"a {formal.name}", extended(usage, calls, spare, bound, (formal.name,))
    yield from other_choices(usage)
    yield from _other_options(usage)
    changed = dict(_changed(usage.optional))
    for name, value in changed.items():
        yield f"{name}={value}", _told(usage, {name: value})
    if len(changed) > 1:
        label = ", ".join(f"{name}={value}" for name, value in changed.items())
        yield label, _told(usage, changed)


def extended(
    usage: Usage, calls: Calls, spare: list[Formal], bound: Callable[[Any, Calls], Bound], names: tuple[str, ...]
) -> Usage:
    """The use in which these of forward's optional arguments are inputs."""
    chosen = tuple(replace(formal, default=REQUIRED) for formal in spare if formal.name in names)
    named = replace(calls, named=(*calls.named, *(formal.name for formal in chosen)))
    return replace(called(usage, named, bound), forward=(*usage.forward, *chosen))


def other_choices(usage: Usage) -> Iterator[Mode]:
    """The other strings by which a required argument chooses, beside the first."""
    places: tuple[tuple[tuple[Formal, ...], Callable[[tuple[Formal, ...]], Usage]], ...] = (
        (usage.constructor, lambda formals: replace(usage, constructor=formals)),
        (usage.forward, lambda formals: replace(usage, forward=formals)),
    )
    for formals, put in places:
        for formal in filter(chooses, formals):
            words = [word for word in formal.options if isinstance(word, str)]
            for word in words[1 : 1 + _MOST_OPTIONS]:
                chosen = tuple(replace(f, options=(word,)) if f is formal else f for f in formals)
                yield f"{formal.name}={word!r}", put(chosen)


def _other_options(usage: Usage) -> Iterator[Mode]:
    """The other strings and the other truth values that the constructor may be told."""
    count = 0
    for formal in usage.optional:
        others: tuple[Any, ...] = ()
        if isinstance(formal.default, str) and isinstance(usage.defined, type):
            others = tuple(o for o in options(usage.defined, formal.name) if isinstance(o, str) and o != formal.default)
        elif isinstance(formal.default, bool):
            others = (not formal.default,)
        elif isinstance(formal.default, float) and formal.default and not RATE.fullmatch(formal.name.lower()):
            others = (0.7 * formal.default,)  # a probability stays one
        for value in others[:_MOST_OPTIONS]:
            count += 1
            if count <= 2 * _MOST_OPTIONS:
                yield f"{formal.name}={value!r}", _told(usage, {formal.name: value})


def called(usage: Usage, calls: Calls, bound: Callable[[Any, Calls], Bound]) -> Usage:
    """The usage with other calls."""
    return replace(
        usage,
        bind=lambda instance: bound(instance, calls),
        call=(usage.call[0], *calls.lines),
        answer=calls.answer,
    )


def _changed(optional: tuple[Formal, ...]) -> Iterator[tuple[str, int]]:
    """Another stride, a padding, where the defaults are the plain ones."""
    for formal in optional:
        whole = isinstance(formal.default, int) and not isinstance(formal.default, bool)
        if whole and _STRIDE.fullmatch(formal.name.lower()):
            yield formal.name, 2 if formal.default == 1 else 1
        elif whole and _DILATION.fullmatch(formal.name.lower()) and formal.default == 1:
            yield formal.name, 2
        elif whole and _PADDING.fullmatch(formal.name.lower()):
            yield formal.name, 1 if formal.default == 0 else 0


def _told(usage: Usage, more: Mapping[str, Any]) -> Usage:
    return replace(usage, make=functools.partial(_with, usage.make, more), told={**usage.told, **more})


def _with(make: Callable[[Values], Any], more: Mapping[str, Any], values: Values) -> Any:
    return make({**values, **more})


def _evaluating(make: Callable[[Values], Any], switch: str, values: Values) -> Any:
    """The object, switched to evaluation."""
    instance = make(values)
    if getattr(instance, switch, None) is not True:
        raise LayerError("there is no switch to evaluation")
    setattr(instance, switch, False)
    return instance
