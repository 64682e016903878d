"""Layouts with the shapes that the code tells of: those of the usual scenarios that agree with it, then its own.

What is told orders the attempts and nothing else: an array of which nothing is told has the usual options, and a
layout that does not run is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from checks.infer_layout import Formal, Layout, declare
from checks.infer_prose import Shapes, renamed
from checks.infer_scenarios import Scenario
from checks.infer_sizes import dim
from checks.infer_table import ordered, table_columns
from checks.signature import Argument, Dim

_MOST_OF_SCENARIO = 6  # layouts that agree, of each scenario
_SPARE = "bjmpqzuvxefg"
_SAMPLES = re.compile(r"n|m|b|bs|batch(_?size)?|(n_?|num_?)?samples?|(n_?|num_?)?examples?|minibatch", re.IGNORECASE)
_INTEGERS = ("ids", "lengths", "label", "mask")


def documented_layouts(formals: Sequence[Formal], told: Shapes, table: Sequence[Scenario]) -> Iterator[Layout]:
    """The layouts that have the shapes that are told, the usual ones first."""
    told = {f.name: told[f.name] for f in formals if f.name in told and f.hint not in ("flag", "options")}
    main = told.get(formals[0].name, ()) if formals else ()
    rest = {name: shape for name, shape in told.items() if not formals or name != formals[0].name}
    inputs = [f.name for f in formals if f.place == "forward" and f.hint not in ("matrix", "vector")]
    alone = len(main) == 1 and not any(rest.get(name) == main for name in inputs)
    if alone and not _SAMPLES.fullmatch(main[0]):  # of one sample, where a batch may be taken too
        yield from _layouts(formals, rest, table)
    yield from _layouts(formals, told, table)


def _layouts(formals: Sequence[Formal], told: Shapes, table: Sequence[Scenario]) -> Iterator[Layout]:
    if not told:
        return
    for scenario in table:
        columns = [
            [option for option in column if _alike(option, told.get(formal.name)) and _kind_fits(option, formal)]
            for formal, column in zip(formals, table_columns(formals, scenario), strict=True)
        ]
        agreeing = (layout for layout in ordered(formals, columns) if _agrees(layout, told))
        yield from islice(agreeing, _MOST_OF_SCENARIO)
    own = _own_scenario(formals, told)
    yield from ordered(formals, _own_columns(formals, told, own))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d]\w*", text)


def _pattern(axis: str) -> str:
    """An axis with numbered places for its names: `2*i` and `2*d` are alike."""
    words = list(dict.fromkeys(_words(axis)))
    return renamed(axis, {word: f"_{k}" for k, word in enumerate(words)})


def _alike(option: Any, shape: tuple[str, ...] | None) -> bool:
    """Whether an option has as many axes as is told, of the same forms; a size or a constant may be anything."""
    if shape is None:
        return True
    return isinstance(option, Argument) and [_pattern(d.text) for d in option.dims] == list(map(_pattern, shape))


def _kind_fits(option: Any, formal: Formal) -> bool:
    """Whether an array is not taken for integers by its shape alone: its name has to say so."""
    return not isinstance(option, Argument) or option.kind != "int" or formal.hint in _INTEGERS


def _agrees(layout: Layout, told: Shapes) -> bool:
    """Whether each word that is told is one size of the layout, and no two words are the same."""
    pairs: set[tuple[str, str]] = set()
    for name, shape in told.items():
        argument = layout.argument(name)
        for axis, size in zip(shape, argument.dims if argument else (), strict=False):
            pairs |= set(zip(dict.fromkeys(_words(axis)), dict.fromkeys(_words(size.text)), strict=True))
    known = {word for word, _ in pairs}
    for name, number in layout.sizes.items():
        if isinstance(number, Dim) and number.is_name and name.lower() in known:
            pairs.add((name.lower(), number.text))
    return len(known) == len(pairs) == len({text for _, text in pairs})


def _larger_first(words: Iterable[str]) -> list[str]:
    """The words, k last: it is a kernel's in trials, and small, so that what is below it is below any other, too."""
    return sorted(words, key="k".__eq__)


def _own_scenario(formals: Sequence[Formal], told: Shapes) -> Scenario:
    """The sizes that are told, and a batch beside them, for what is not."""
    shapes = [told[f.name] for f in formals if f.name in told]
    words = list(dict.fromkeys(word for shape in shapes for axis in shape for word in _words(axis)))
    batch, new = [letter for letter in ("n", *_SPARE) if letter not in words][:2]
    first = told.get(formals[0].name)
    texts = [",".join(told[f.name]) for f in formals if f.name in told and f.place == "forward"]
    sizes = list(dict.fromkeys([*((word for word in _words(first[-1])) if first else ()), *words]))
    lead = ",".join(first[:-1]) if first else batch
    pairs = [f"{a},{b}" for a in sizes for b in sizes if a != b]
    rows = [f"{batch},{word}" for word in sizes]
    # A parameter holds nothing for each sample: the first of the input's sizes is its last resort.
    samples = _words(first[0]) if first and len(first) > 1 else []
    inner = [word for word in sizes if word not in samples]
    within = [f"{a},{b}" for a in inner for b in inner if a != b]
    beside = [*(f"{w},{new}" for w in inner), *(f"{new},{w}" for w in inner)]
    return Scenario(
        name="documented",
        x=(*rows, *(f"{word},{batch}" for word in sizes), *sizes, *pairs),
        second=tuple(dict.fromkeys((*texts, *rows, *sizes))),
        hidden=tuple(dict.fromkeys((*(text for text in texts[1:] if "," in text), *rows))),
        matrix=tuple(dict.fromkeys((*within, *beside, *pairs))),
        vector=tuple(dict.fromkeys((*inner, new, *sizes))),
        label=tuple(f"{lead}:label({word})" for word in _larger_first(sizes)) + (f"{lead}:target",),
        symbols=(sizes[0], inner[-1] if len(inner) > 1 else new, new, *inner[1:], *sizes[1:]),
    )


def _own_columns(formals: Sequence[Formal], told: Shapes, own: Scenario) -> list[list[Any]]:
    """What is told of each formal; else the options of the scenario, a size of the same name first."""
    columns = table_columns(formals, own)
    words = set(own.symbols)
    for k, formal in enumerate(formals):
        shape = told.get(formal.name)
        word = formal.name.lower()
        if shape is not None:
            columns[k] = [declare(formal.name, text) for text in _kinds(",".join(shape), formal, own)]
        elif formal.place == "constructor" and word in words and formal.hint in ("size", "none"):
            columns[k] = [dim(word), *columns[k]]
    return columns


def _kinds(shape: str, formal: Formal, own: Scenario) -> list[str]:
    """The kinds that an array of this shape may be: integers below a size where the name says so."""
    if formal.hint not in _INTEGERS:
        return [shape]
    if formal.hint == "mask":
        return [f"{shape}:mask", shape]
    kind = "label" if formal.hint == "label" else "int"
    whole = [f"{shape}:{kind}({word})" for word in _larger_first(dict.fromkeys((*own.symbols, "v")))]
    if kind == "int":
        return whole
    rows = [f"{shape}:onehot", f"{shape}:target"]
    return [*rows, *whole] if "," in shape else [*whole, *rows]
