"""Three functions: `forward(X, parameters) -> (A, cache)`, `cost(A, Y)`, and `backward(X, Y, cache)`.

Backward takes the labels and gives the gradients of the cost, not of what forward gives. It takes no upstream gradient.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from checks.dialects.arguments import keys_counted, keys_read
from checks.dialects.names import partners
from checks.dialects.roles import is_label
from checks.dialects.usage import Usage, Values, code_words, formals
from checks.infer_layout import Formal
from checks.infer_table import OPTIONS

_FORWARD = re.compile(r".*(forward|feed_?forward|predict|fprop|fwd).*", re.I)
_BACKWARD = re.compile(r".*?(backward|back_?prop|bprop|bwd|gradients?|grads?)(?P<after>.*)", re.I)
_COST = re.compile(r".*(cost|loss|error|objective|entropy).*", re.I)
_CACHE = re.compile(r"(.*_)?(caches?|ctx|context|saved|memory|state|intermediates?)", re.I)
_LAYERS = 2
_PREDICTED = re.compile(r"A\d?L?|AL|.*(hat|pred|prob|out|logits?|scores?|activations?).*|Z\d?|a\d?|y_?p|h|p", re.I)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Calls:
    """How the three are called: each one's arguments by name, those that are dicts of arrays with their keys."""

    functions: tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]
    arguments: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    packed: Mapping[str, tuple[str, ...]]
    predicted: tuple[str, ...]
    caches: tuple[str, ...]

    def lines(self) -> tuple[tuple[str, str], str]:
        """The calls in code: those of forward and the cost, that of backward."""
        forward, cost, backward = (
            f"{function.__name__}({', '.join(map(self._spelled, names))})"
            for function, names in zip(self.functions, self.arguments, strict=True)
        )
        return (f"layer = {forward}", f"out = {cost}"), backward

    def _spelled(self, name: str) -> str:
        if name in self.predicted:
            return "layer[0]" if self.caches else "layer"
        if name in self.caches:
            return "(layer[1] if len(layer) == 2 else layer[1:])"
        if name in self.packed:
            return f"{{{', '.join(f'{key!r}: {{={key}}}' for key in self.packed[name])}}}"
        return f"{{={name}}}"


def recognises(obj: Any) -> bool:
    """Whether it is a tuple of three functions."""
    return isinstance(obj, tuple) and len(obj) == 3 and all(callable(f) and not isinstance(f, type) for f in obj)


def triples(functions: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, Any, Any]]]:
    """The three functions that belong together, by forward's name, or by backward's where forward has several.

    Backward takes labels; a cost and a forward of the same suffix go with it, else those without one.
    """
    seen: set[str] = set()
    for name, backward in functions.items():
        match = _BACKWARD.fullmatch(name)
        given = _needed(backward)
        if match is None or len(given) < 2 or _label_of(given) is None:
            continue
        cost = _beside(name, match["after"], functions, _COST, _judges)
        forward = _beside(name, match["after"], functions, _FORWARD, _takes)
        if cost is not None and forward is not None and name not in (cost, forward) and cost != forward:
            found = (functions[forward], functions[cost], backward)
            if _calls(found) is not None:
                yield (forward if forward not in seen else name), found
                seen.add(forward)


def usage(obj: Any, name: str) -> Usage:
    """How the three are called."""
    forward, cost, _ = obj
    calls = _calls(obj)
    assert calls is not None
    called, answer = calls.lines()
    inputs = [name for name in calls.arguments[0] if name not in calls.packed]
    label = _label_of(calls.arguments[1])
    numbers = [n for names in calls.arguments[1:] for n in names if n not in _known(calls) and n != label]
    needed = [
        *(Formal(one, "forward") for one in inputs[:1]),
        *(replace(Formal(one, "forward"), family="label") for one in (label,) if one is not None),
        *(Formal(key, "forward") for keys in calls.packed.values() for key in keys if key not in OPTIONS),
        *(replace(Formal(one, "forward"), family="rate") for one in (*inputs[1:], *dict.fromkeys(numbers))),
    ]
    return Usage(
        name=name,
        kind="network",
        make=lambda values: None,
        bind=lambda instance: _Bound(calls),
        constructor=(),
        forward=tuple(needed),
        takes_upstream=False,
        gives_input=False,
        inputs_are_parameters=True,
        words=code_words(cost) | code_words(forward),
        defined=obj,
        call=called,
        answer=answer,
    )


class _Bound:
    """The cost of what forward gives, and what backward makes of the labels."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._values: dict[str, Any] = {}

    def forward(self, values: Values) -> Any:
        calls = self._calls
        known: dict[str, Any] = dict(values)
        for name, keys in calls.packed.items():
            known[name] = {key: values[key] if key in values else OPTIONS[key] for key in keys}
        forward, cost, _ = calls.functions
        result = forward(*[known[name] for name in calls.arguments[0]])
        whole = isinstance(result, tuple) and len(result) > 1
        predicted = result[0] if whole else result
        rest = result[1] if whole and len(result) == 2 else result[1:] if whole else result
        known |= {**dict.fromkeys(calls.predicted, predicted), **dict.fromkeys(calls.caches, rest)}
        self._values = known
        return cost(*[known[name] for name in calls.arguments[1]])

    def backward(self, upstream: Any) -> Any:
        return self._calls.functions[2](*[self._values[name] for name in self._calls.arguments[2]])


def _calls(functions: tuple[Any, Any, Any]) -> Calls | None:
    """How they are called; None where an argument of the cost's or of backward's stands for nothing that is known."""
    forward, cost, backward = functions
    arguments = tuple(tuple(_needed(function)) for function in functions)
    first, judged, asked = arguments
    packed = {name: keys for name in first if (keys := _keys(functions, name))}
    label = _label_of(judged)
    if label is None or not first or not packed or _label_of(asked) != label:
        return None
    others = [name for name in (*judged, *asked) if name not in first and name != label]
    caches = tuple(name for name in dict.fromkeys(others) if _CACHE.fullmatch(name))
    left = [name for name in dict.fromkeys(others) if name not in caches]
    predicted = tuple(name for name in left if _PREDICTED.fullmatch(name) or name == judged[0])
    return Calls(
        functions=(forward, cost, backward),
        arguments=(first, judged, asked),
        packed=packed,
        predicted=predicted,
        caches=caches,
    )


def _known(calls: Calls) -> set[str]:
    return {*calls.arguments[0], *calls.packed, *calls.predicted, *calls.caches}


def _keys(functions: tuple[Any, Any, Any], name: str) -> tuple[str, ...]:
    """The keys that any of the functions reads from the argument of that name."""
    found = [key for function in functions if name in _needed(function) for key in _asked(function, name)]
    return tuple(dict.fromkeys(key for key in found if key.isidentifier()))


def _asked(function: Any, name: str) -> tuple[str, ...]:
    """The keys that a function reads from an argument; of as many layers as it likes, those of two."""
    return keys_read(function, name) or keys_counted(function, name, _LAYERS)


def _beside(
    backward: str,
    suffix: str,
    functions: Mapping[str, Any],
    words: re.Pattern[str],
    fits: Callable[[Any], bool],
) -> str | None:
    """The name of the function that goes with a backward: of the same suffix, else the one that takes most of what
    backward takes. None that has a backward of its own.
    """
    known = [name for name in functions if words.fullmatch(name) and not _BACKWARD.fullmatch(name)]
    own = {name for name in known if any(_pairs(functions.get(partner)) for partner in partners(name))}
    found = [name for name in known if name not in own and fits(functions[name])]
    asked = set(_needed(functions[backward]))
    found.sort(key=lambda name: (-len(asked & set(_needed(functions[name]))), len(name)))
    ending = suffix.removeprefix("_propagation").removeprefix("_pass")
    same = [name for name in found if ending and name.endswith(ending)]
    return next(iter((*same, *found)), None)


def _pairs(backward: Any) -> bool:
    """Whether a backward answers for its forward alone, and takes no labels."""
    return backward is not None and _label_of(_needed(backward)) is None


def _judges(function: Any) -> bool:
    """Whether a cost takes a prediction and labels."""
    names = _needed(function)
    return len(names) >= 2 and _label_of(names) is not None


def _takes(function: Any) -> bool:
    """Whether forward takes an input beside a dict of arrays, and no labels."""
    names = _needed(function)
    return len(names) >= 2 and _label_of(names) is None and any(_asked(function, name) for name in names)


def _needed(function: Any) -> list[str]:
    return [formal.name for formal in formals(function, "forward")[0]]


def _label_of(names: Iterable[str]) -> str | None:
    return next(filter(is_label, names), None)
