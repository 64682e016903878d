"""The other ways of using a layer that it offers itself: evaluation mode, another output, a stride, a padding.

Many faults do not show in the default use. What a mode does not support (a backward after an evaluation forward) is
not held against the layer: only wrong values are.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from checks.dialects.arguments import is_name, strings_compared, tree_of
from checks.dialects.calls import Calls, Told
from checks.dialects.options import options, words_of
from checks.dialects.usage import Bound, Usage, Values
from checks.dialects.varying import others, together
from checks.errors import LayerError
from checks.infer_layout import REQUIRED, Formal
from checks.infer_names import is_penalty
from checks.infer_table import chooses
from checks.subject import Option

_MOVES_A_WINDOW = re.compile(r".*(pad|stride|dilation).*")
_SWITCHES = ("training", "train", "is_training", "is_train", "train_mode", "train_flg", "train_flag", "training_mode")

Mode = tuple[str, Usage]
_MOST_OPTIONS = 5
_MOST_TOLD = 16
_MOST_NUMBERS = 2


def modes(usage: Usage, calls: Calls, spare: list[Formal], bound: Callable[[Any, Calls], Bound]) -> Iterator[Mode]:
    """The other uses, each with the words that describe it. `spare`: forward's optional arguments."""
    for formal in spare:
        if formal.hint == "flag" and isinstance(formal.default, bool):
            label = f"{formal.name}={not formal.default}"
            other_way = called(usage, replace(calls, keywords={formal.name: not formal.default}), bound)
            yield label, replace(other_way, unaware=not _reaches(usage.defined, calls, formal.name))
    yield from _other_numbers(usage, calls, spare, bound)
    for formal in usage.forward:
        if formal.hint == "flag":
            other = replace(formal, options=(False,))
            forward = tuple(other if f is formal else f for f in usage.forward)
            unaware = not _reaches(usage.defined, calls, formal.name)
            yield f"{formal.name}=False", replace(usage, forward=forward, unaware=unaware)
    if usage.words & set(_SWITCHES):
        switch = next(name for name in _SWITCHES if name in usage.words)
        call = (usage.call[0], f"layer.{switch} = False", *usage.call[1:])
        yield f"{switch}=False", replace(usage, make=functools.partial(_evaluating, usage.make, switch), call=call)
    for k in range(1, calls.outputs):
        yield f"output {k + 1} of {calls.outputs}", called(usage, replace(calls, primary=k), bound)
    for formal in spare:
        if formal.hint in ("mask", "hidden") and formal.default is None:
            yield f"a {formal.name}", extended(usage, calls, spare, bound, (formal.name,))
    yield from other_choices(usage)


def _reaches(defined: Any, calls: Calls, flag: str) -> bool:
    """Whether backward can know of a flag of forward's: it takes it too, forward keeps it or by it what backward reads.

    One that cannot is meant for what training does, whatever forward was told.
    """
    forward, backward = (inspect.getattr_static(defined, name, None) for name in (calls.forward, calls.backward))
    if not inspect.isfunction(forward) or not inspect.isfunction(backward):
        return True
    if flag in inspect.signature(backward).parameters:
        return True
    read = {node.attr for node in ast.walk(tree_of(backward)) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree_of(forward)):
        match node:
            case ast.Assign(targets=targets, value=value) if _speaks_of(value, flag):
                if any(isinstance(target, ast.Attribute) for target in targets):
                    return True
            case ast.Call(args=args, keywords=words):  # what it is handed to may keep it
                if any(is_name(given, flag) for given in (*args, *(word.value for word in words))):
                    return True
            case ast.If(test=test, body=body, orelse=other) if _speaks_of(test, flag):
                inside = [n for statement in (*body, *other) for n in ast.walk(statement)]
                if any(
                    isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) and n.attr in read for n in inside
                ):
                    return True
    return False


def _other_numbers(
    usage: Usage, calls: Calls, spare: list[Formal], bound: Callable[[Any, Calls], Bound]
) -> Iterator[Mode]:
    """Forward told other numbers than its defaults, and backward with it where it takes them too."""
    backward = inspect.getattr_static(usage.defined, calls.backward, None)
    taken = inspect.signature(backward).parameters if inspect.isfunction(backward) else {}
    for formal in spare:
        if isinstance(formal.default, bool) or not isinstance(formal.default, int | float):
            continue
        for value in others(formal, ())[:_MOST_NUMBERS]:
            also = ((formal.name, Told(value)),) if formal.name in taken else ()
            told = replace(calls, keywords={formal.name: value}, arguments=(*calls.arguments, *also))
            unaware = not also and not _reaches(usage.defined, calls, formal.name)
            yield (
                f"{formal.name}={value!r}",
                replace(called(usage, told, bound), option=_kind([formal.default]), unaware=unaware),
            )


def _speaks_of(node: ast.AST, name: str) -> bool:
    return any(is_name(part, name) for part in ast.walk(node))


def extended(
    usage: Usage, calls: Calls, spare: list[Formal], bound: Callable[[Any, Calls], Bound], names: tuple[str, ...]
) -> Usage:
    """The use in which these of forward's optional arguments are inputs."""
    chosen = tuple(replace(formal, default=REQUIRED) for formal in spare if formal.name in names)
    named = replace(calls, named=(*calls.named, *(formal.name for formal in chosen)))
    return replace(called(usage, named, bound), forward=(*usage.forward, *chosen))


def other_choices(usage: Usage) -> Iterator[Mode]:
    """The other strings by which a required argument chooses, beside the first, or the numbers it is compared with."""
    places: tuple[tuple[tuple[Formal, ...], Callable[[tuple[Formal, ...]], Usage]], ...] = (
        (usage.constructor, lambda formals: replace(usage, constructor=formals)),
        (usage.forward, lambda formals: replace(usage, forward=formals)),
    )
    for formals, put in places:
        for formal in formals:
            words = [word for word in formal.options if isinstance(word, str) and chooses(formal)]
            if all(type(word) is int for word in formal.options):
                words = list(formal.options)
            for word in words[1 : 1 + _MOST_OPTIONS]:
                chosen = tuple(replace(f, options=(word,)) if f is formal else f for f in formals)
                yield f"{formal.name}={word!r}", put(chosen)


def told_otherwise(usage: Usage) -> Iterator[Mode]:
    """The uses with other options: each option once before any twice; a stride and a padding also together.

    A padding that has to be told is 0, a stride 2 and a penalty 0 where that runs (infer_table.py): what they hide
    shows at another number.
    """
    formals = (*usage.settings, *usage.optional)
    values = {formal.name: others(formal, _words(usage, formal)) for formal in formals}
    defaults = {formal.name: formal.default for formal in formals}
    windows = [f.name for f in usage.constructor if f.default is REQUIRED and _moves_a_window(f)]
    penalties = [f.name for f in usage.constructor if f.default is REQUIRED and f.hint == "rate" and is_penalty(f.name)]
    values |= {**dict.fromkeys(windows, (1,)), **dict.fromkeys(penalties, (0.3,))}
    defaults |= {**dict.fromkeys(windows, 2), **dict.fromkeys(penalties, 0.0)}
    rounds = [
        [{name: numbers[k]} for name, numbers in values.items() if k < len(numbers)]
        for k in range(max(map(len, values.values()), default=0))
    ]
    several = together(values)
    everything = [*(rounds[:1] or [[]])[0], *([several] if several else []), *itertools.chain(*rounds[1:])]
    for more in everything[:_MOST_TOLD]:
        label = ", ".join(f"{name}={value!r}" for name, value in more.items())
        asked = usage.words.issuperset(more) and all(isinstance(value, bool) for value in more.values())
        yield label, replace(_told(usage, more), option=_kind([defaults[name] for name in more]), asked=asked)


def _moves_a_window(formal: Formal) -> bool:
    return bool(_MOVES_A_WINDOW.fullmatch(formal.name.lower())) and not chooses(formal)


def _words(usage: Usage, formal: Formal) -> tuple[Any, ...]:
    """Strings that an argument may be."""
    if isinstance(usage.defined, type) and formal.default is None:
        return strings_compared(usage.defined, formal.name)
    if isinstance(usage.defined, type):
        return options(usage.defined, formal.name)
    functions = usage.defined if isinstance(usage.defined, tuple) else (usage.defined,)
    if formal.default is None:
        return strings_compared(functions[0], formal.name)
    return words_of(functions[0]) if inspect.isfunction(functions[0]) else ()


def _kind(defaults: Sequence[Any]) -> Option:
    """What it is to tell something else than these."""
    if not all(isinstance(value, int | float | tuple) and not isinstance(value, bool) for value in defaults):
        return "switch"
    return "number" if any(defaults) else "off"


def called(usage: Usage, calls: Calls, bound: Callable[[Any, Calls], Bound]) -> Usage:
    """The usage with other calls."""
    return replace(
        usage,
        bind=lambda instance: bound(instance, calls),
        call=(usage.call[0], *calls.lines),
        answer=calls.answer,
    )


def _told(usage: Usage, more: Mapping[str, Any]) -> Usage:
    if usage.telling is not None and set(more) <= {formal.name for formal in usage.settings}:
        return usage.telling(more)
    rated = usage.rated and replace(usage.rated, make=functools.partial(_with, usage.rated.make, more))
    return replace(
        usage, make=functools.partial(_with, usage.make, more), told={**usage.told, **more}, rated=rated, modes=()
    )


def _with(make: Callable[[Values], Any], more: Mapping[str, Any], values: Values) -> Any:
    return make({**values, **more})


def _evaluating(make: Callable[[Values], Any], switch: str, values: Values) -> Any:
    """The object, switched to evaluation."""
    instance = make(values)
    if getattr(instance, switch, None) is not True:
        raise LayerError("there is no switch to evaluation")
    setattr(instance, switch, False)
    return instance
