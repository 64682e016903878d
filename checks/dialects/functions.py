"""A pair of functions: `x_forward(...) -> (out, cache)` and `x_backward(dout, cache) -> gradients`."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from checks.dialects.arguments import counts, divides, keys_read, keys_written
from checks.dialects.both import in_roles
from checks.dialects.layer import last_returned, returned_names
from checks.dialects.made import axes_made
from checks.dialects.modes import Mode, other_choices
from checks.dialects.names import CACHE, UPSTREAM, gradient_names
from checks.dialects.options import words_of
from checks.dialects.pairing import Pair, Pairing
from checks.dialects.roles import of_a_loss
from checks.dialects.spelled import gradients
from checks.dialects.usage import Usage, code_words, formals
from checks.errors import LayerError
from checks.infer_layout import Formal
from checks.infer_names import Hint, size_role
from checks.infer_table import OPTIONS, chooses

# Arguments that are never counted by, whatever is done with their entries.
_NO_COUNTS = frozenset({"label", "ids", "lengths", "mask", "flag", "options", "rate"})
_WINDOW = re.compile(r"pool|stride|kernel|window")
_OTHER_OPTIONS = (
    ("mode", "test", "test mode"),
    ("stride", 2, "stride 2"),
    ("pad", 1, "padding 1"),
    ("padding", 1, "padding of 1"),
)
_PADDING = re.compile(r"pad|padding|pad_?(size|width)?|p")


def recognises(obj: Any) -> bool:
    """Whether it is a tuple of two functions."""
    return isinstance(obj, tuple) and len(obj) == 2 and all(callable(f) and not isinstance(f, type) for f in obj)


def usage(obj: Any, name: str) -> Usage:
    """How the two are called."""
    forward, _ = obj
    needed, spare = formals(forward, "forward")
    if not needed:
        raise LayerError(f"{name} takes no arguments: expected the layer's inputs, as in affine_forward(x, w, b)")
    found = _usage(obj, name, needed, spare, {})
    return replace(found, modes=(*found.modes, *other_choices(found), *_in_test_mode(found)))


def _usage(obj: Any, name: str, needed: list[Formal], spare: list[Formal], told: Mapping[str, Any]) -> Usage:
    """The usage in which forward, and backward where it takes them too, are told something else than their defaults."""
    forward, backward = obj
    wanted = _backward_wants(forward, backward, needed, spare)
    packed = dict(_packed(forward, needed))
    pairing = Pairing(
        forward=forward,
        backward=backward,
        inputs=tuple(f.name for f in needed),
        wanted=wanted,
        packed=packed,
        told=told,
        also={formal.name: told[formal.name] for formal in formals(backward, "forward")[1] if formal.name in told},
        known={formal.name: told.get(formal.name, formal.default) for formal in spare},
    )
    filled = [_as_used(forward, formal, position) for position, formal in enumerate(needed)]
    found = Usage(
        name=name,
        kind="function",
        make=lambda values: None,
        bind=lambda instance: Pair(pairing),
        constructor=(),
        # What is learned comes after what it is learned from.
        forward=tuple(
            one for f in sorted(filled, key=lambda f: f.name in packed) for one in _entries(forward, f, packed)
        ),
        gives_input=not packed or _answers_for(backward, [f.name for f in needed if f.name not in packed]),
        takes_upstream="upstream" in wanted,
        inputs_are_parameters=True,
        words=code_words(forward),
        divided=any(_parts(forward, formal) for formal in filled),
        defined=obj,
        returned_names=returned_names(backward),
        told=told,
        settings=tuple(spare),
        telling=lambda more: _usage(obj, name, needed, spare, {**told, **more}),
        call=(pairing.call,),
        answer=pairing.answer,
    )
    if "cache" in wanted:
        others = tuple(
            (f"output {k + 1} of {1 + pairing.further}", _called(found, replace(pairing, primary=k)))
            for k in range(1, 1 + pairing.further)
        )
        exchanged = {"upstream": "cache", "cache": "upstream"}  # where no name tells the one from the other
        turned = tuple(exchanged.get(role, role) for role in wanted)
        ways = (replace(pairing, last=True), *([replace(pairing, wanted=turned)] if "upstream" in wanted else []))
        return replace(found, modes=others, variants=tuple(_called(found, way) for way in ways))
    if not found.takes_upstream and len(needed) > 1:  # a loss and its gradient, of the same arguments
        plain = replace(found, inputs_are_parameters=False)
        return in_roles(plain, of_a_loss(needed, gradients(backward)))
    return found


def _packed(forward: Callable[..., Any], needed: list[Formal]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The arguments that are dicts of arrays, with their keys; those of which only options are read are none."""
    names = {formal.name for formal in needed}
    for formal in needed:
        keys = keys_read(forward, formal.name)
        arrays = [key for key in keys if key not in OPTIONS]
        if arrays and all(key.isidentifier() for key in arrays) and not names & set(arrays):
            yield formal.name, keys
            names |= set(arrays)


def _answers_for(backward: Callable[..., Any], inputs: list[str]) -> bool:
    """Whether backward, of a function that takes its parameters in a dict, gives a gradient of something else too."""
    keys = keys_written(backward)
    return not keys or any(key in gradient_names(name) for key in keys for name in inputs)


def _entries(forward: Callable[..., Any], formal: Formal, packed: Mapping[str, tuple[str, ...]]) -> list[Formal]:
    """The arrays of a dict, each as an input of its own; any other argument as it is."""
    keys = packed.get(formal.name)
    return [formal] if keys is None else [_as_made(forward, key) for key in keys if key not in OPTIONS]


def _as_made(forward: Callable[..., Any], key: str) -> Formal:
    """The entry of a dict, with what the module makes under that name: a vector, a matrix."""
    formal, axes = Formal(key, "forward"), axes_made(forward, key)
    families: dict[int | None, Hint] = {1: "vector", 2: "matrix"}
    speaks = formal.hint in ("none", "vector", "matrix") and axes in families
    return replace(formal, family=families[axes]) if speaks else formal


def _as_used(forward: Callable[..., Any], formal: Formal, position: int) -> Formal:
    """The argument with what it may be: options, words that it chooses by, small numbers where it is counted by."""
    read = keys_read(forward, formal.name) if position else ()
    if read and set(read) <= set(OPTIONS):
        return replace(formal, family="options")
    if position and formal.hint not in _NO_COUNTS and counts(forward, formal.name):
        return replace(formal, options=_counts(formal.name))
    return replace(formal, options=words_of(forward)) if chooses(formal) else formal


def _counts(name: str) -> tuple[int, ...]:
    """Small numbers, the likeliest first: a stride of 1, a padding by 1, else what divides."""
    if _PADDING.fullmatch(name.lower()):
        return 1, 0
    if "stride" in name.lower():
        return 1, 2
    return (3, 2) if size_role(name) == "kernel" else (2, 3)


def _parts(forward: Callable[..., Any], formal: Formal) -> bool:
    """Whether the argument counts the parts into which a width is divided: groups, heads, and no windows."""
    window = _PADDING.fullmatch(formal.name.lower()) or _WINDOW.search(formal.name.lower())
    return not window and formal.options[:1] == (2,) and divides(forward, formal.name)


def _called(usage: Usage, pairing: Pairing) -> Usage:
    """The usage with another way of calling."""
    return replace(usage, bind=lambda instance: Pair(pairing), call=(pairing.call,), answer=pairing.answer, modes=())


def _in_test_mode(usage: Usage) -> Iterator[Mode]:
    """The use with other options in the dict that forward takes, where its code speaks of them."""
    known = words_of(usage.defined[0])
    told = [(key, value, label) for key, value, label in _OTHER_OPTIONS if key in known]
    options = {**OPTIONS, **{key: value for key, value, _ in told}}
    forward = tuple(replace(f, options=(options,)) if f.hint == "options" else f for f in usage.forward)
    if told and forward != usage.forward:
        yield ", ".join(label for _, _, label in told), replace(usage, forward=forward)


def _backward_wants(
    forward: Callable[..., Any], backward: Callable[..., Any], inputs: list[Formal], options: list[Formal]
) -> tuple[str, ...]:
    """What to hand to backward, in order: the upstream gradient, the cache, or inputs and options by their names.

    What is called like something that forward returns beside its output is the cache.
    """
    names = [f.name for f in formals(backward, "forward")[0]]
    given = {formal.name for formal in (*inputs, *options)}
    unknown = [n for n in names if n not in given]
    caches = [n for n in unknown if CACHE.fullmatch(n) or n.lower() == "c"]
    ups = [n for n in unknown if n not in caches]
    if not caches and len(ups) == 2:
        beside = {one.id for one in last_returned(forward)[1:] if isinstance(one, ast.Name)}
        kept = [n for n in ups if n in beside]
        caches = kept if len(kept) == 1 else [next((n for n in reversed(ups) if not UPSTREAM.fullmatch(n)), ups[-1])]
        ups = [n for n in ups if n not in caches]
    further = ups[1:] if len(caches) == 1 and all(UPSTREAM.fullmatch(n) or n.startswith("d") for n in ups) else []
    ups = ups[:1] if further else ups
    if len(ups) > 1 or len(caches) > 1:
        where = getattr(backward, "__name__", "backward")
        raise LayerError(f"{where}({', '.join(names)}): expected an upstream gradient and the cache of forward")
    roles = {**dict.fromkeys(ups, "upstream"), **dict.fromkeys(caches, "cache")}
    roles |= {name: f"nothing {k}" for k, name in enumerate(further, start=1)}
    return tuple(roles.get(name, name) for name in names)


def is_function(value: Any) -> bool:
    """Whether it is a plain Python function."""
    return inspect.isfunction(value)
