"""A pair of functions: `x_forward(...) -> (out, cache)` and `x_backward(dout, cache) -> gradients`."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from checks.dialects.both import in_roles
from checks.dialects.layer import returned_names
from checks.dialects.modes import Mode, other_choices
from checks.dialects.names import UPSTREAM
from checks.dialects.options import words_of
from checks.dialects.roles import of_a_loss
from checks.dialects.spelled import gradients
from checks.dialects.usage import Usage, Values, code_words, formals
from checks.errors import LayerError
from checks.infer_layout import Formal
from checks.infer_table import OPTIONS, chooses


def recognises(obj: Any) -> bool:
    """Whether it is a tuple of two functions."""
    return isinstance(obj, tuple) and len(obj) == 2 and all(callable(f) and not isinstance(f, type) for f in obj)


def usage(obj: Any, name: str) -> Usage:
    """How the two are called."""
    forward, _ = obj
    needed, spare = formals(forward, "forward")
    needed = [replace(f, options=words_of(forward)) if chooses(f) else f for f in needed]
    if not needed:
        raise LayerError(f"{name} takes no arguments: expected the layer's inputs, as in affine_forward(x, w, b)")
    found = _usage(obj, name, needed, spare, {})
    return replace(found, modes=(*other_choices(found), *_in_test_mode(found)))


def _usage(obj: Any, name: str, needed: list[Formal], spare: list[Formal], told: Mapping[str, Any]) -> Usage:
    """The usage in which forward, and backward where it takes them too, are told something else than their defaults."""
    forward, backward = obj
    wanted = _backward_wants(backward, needed, spare)
    also = {formal.name: told[formal.name] for formal in formals(backward, "forward")[1] if formal.name in told}
    known = {formal.name: told.get(formal.name, formal.default) for formal in spare}
    inputs = tuple(formal.name for formal in needed)
    words = {"upstream": "upstream", "cache": "layer", "nothing": "0.0"}
    words |= {option: repr(known[option]) for option in wanted if option in known}
    spelled = ", ".join([*(words.get(w.partition(" ")[0], w) for w in wanted), *_keywords(also)])
    further = sum(w.startswith("nothing ") for w in wanted)
    given = ", ".join(["{inputs}", *_keywords(told)])
    cached = "cache" in wanted
    outputs = f"out, {'_, ' * further}layer" if cached else "layer = out"
    found = Usage(
        name=name,
        kind="function",
        make=lambda values: None,
        bind=lambda instance: _Pair(obj, inputs, wanted, known, (told, also)),
        constructor=(),
        forward=tuple(needed),
        takes_upstream="upstream" in wanted,
        inputs_are_parameters=True,
        words=code_words(forward),
        defined=obj,
        returned_names=returned_names(backward),
        told=told,
        settings=tuple(spare),
        telling=lambda more: _usage(obj, name, needed, spare, {**told, **more}),
        call=(f"{outputs} = {forward.__name__}({given})",),
        answer=f"{backward.__name__}({spelled})",
    )
    if not cached and not found.takes_upstream and len(needed) > 1:  # a loss and its gradient, of the same arguments
        plain = replace(found, inputs_are_parameters=False)
        found = in_roles(plain, of_a_loss(needed, gradients(backward)))
    return found


def _keywords(told: Mapping[str, Any]) -> list[str]:
    """As they are spelled in a call."""
    return [f"{name}={value!r}" for name, value in told.items()]


def _in_test_mode(usage: Usage) -> Iterator[Mode]:
    """The use with other options in the dict that forward takes."""
    options = {**OPTIONS, "mode": "test", "stride": 2, "pad": 1}
    forward = tuple(replace(f, options=(options,)) if f.hint == "options" else f for f in usage.forward)
    if forward != usage.forward:
        yield "test mode, stride 2, padding 1", replace(usage, forward=forward)


class _Pair:
    """The two functions, with the cache kept between them."""

    def __init__(
        self,
        pair: tuple[Callable[..., Any], Callable[..., Any]],
        inputs: tuple[str, ...],
        wanted: tuple[str, ...],
        options: Mapping[str, Any],
        told: tuple[Mapping[str, Any], Mapping[str, Any]],
    ) -> None:
        self._forward, self._backward = pair
        self._inputs, self._wanted = inputs, wanted
        self._options = options
        self._told_forward, self._told_backward = told
        self._cached = "cache" in wanted
        self._known: dict[str, Any] = {}
        self._unfed: list[Any] = []

    def forward(self, values: Values) -> Any:
        told = copy.deepcopy(self._told_forward) if self._told_forward else {}
        result = self._forward(*[values[name] for name in self._inputs], **told)
        if self._cached:
            if not isinstance(result, tuple) or len(result) < 2:
                self._known = {**values, "cache": result}
                return result
            outputs = 1 + sum(name.startswith("nothing ") for name in self._wanted)
            rest = result[outputs:] if len(result) > outputs else result[1:]
            self._known = {**values, "cache": rest[0] if len(rest) == 1 else rest}
            # Nothing comes from above for a further output: the first one is what is checked.
            self._unfed = list(result[1:outputs])
            self._known |= {f"nothing {k}": np.zeros_like(value) for k, value in enumerate(self._unfed, start=1)}
            return result[0]
        self._known = dict(values)
        return result

    @property
    def unfed(self) -> list[Any]:
        """The outputs of the last forward for which nothing comes from above."""
        return self._unfed

    def backward(self, upstream: Any) -> Any:
        known = {**self._options, **self._known, "upstream": upstream}
        return self._backward(*[known[name] for name in self._wanted], **self._told_backward)


def _backward_wants(backward: Callable[..., Any], inputs: list[Formal], options: list[Formal]) -> tuple[str, ...]:
    """What to hand to backward, in order: the upstream gradient, the cache, or inputs and options by their names."""
    names = [f.name for f in formals(backward, "forward")[0]]
    given = {formal.name for formal in (*inputs, *options)}
    unknown = [n for n in names if n not in given]
    caches = [n for n in unknown if n.lower() in ("cache", "ctx", "context", "saved", "memory", "caches", "c")]
    ups = [n for n in unknown if n not in caches]
    if not caches and len(ups) == 2:
        caches = [next((n for n in reversed(ups) if not UPSTREAM.fullmatch(n)), ups[-1])]
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
