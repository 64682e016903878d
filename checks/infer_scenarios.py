"""The scenarios to try: what the main input looks like and, in its terms, what weights, biases, labels and sizes do.

What the names of a layer and of its arguments speak for comes first; the rest follows, most natural first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from checks.infer_layout import Formal


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Shapes that belong together; each tuple in order of preference."""

    name: str
    x: tuple[str, ...]
    second: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    matrix: tuple[str, ...] = ()
    vector: tuple[str, ...] = ("",)
    other: tuple[str, ...] = ()  # of a constructor's array whose name says nothing, before all else
    label: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ("i", "o", "h")  # input, output, hidden
    kernel: int = 3
    single: bool = False  # one sample alone: for networks only, or a sum over the batch would not be missed


_ROW_LABELS = (
    *("n:label(o)", "n,o:onehot", "n,o:target", "n:label(i)", "n,i:onehot", "n,i:target", "n:target"),
    "n,1:target",
)
SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="loss",
        x=("n,c",),
        second=("n,c", "n"),
        label=("n:label(c)", "n,c:onehot", "n,c:target", "n:target"),
        matrix=("c,c",),
        vector=("c",),
        symbols=("c", "c", "h"),
    ),
    Scenario(
        name="binary",
        x=("n,1", "n"),
        second=("n,1", "n"),
        label=("n:label(2)",),
        symbols=("1", "1", "h"),
    ),
    Scenario(
        name="recurrent",
        x=("n,i",),
        second=("n,h", "n,i"),
        hidden=("n,h", "h"),
        matrix=("i,h", "h,h", "h,i", "h,o"),
        vector=("h", "1,h", "o"),
        symbols=("i", "o", "h"),
    ),
    Scenario(
        name="recurrent-joined",
        x=("n,i",),
        second=("n,h",),
        hidden=("n,h",),
        matrix=("i+h,h", "h+i,h", "h,o"),
        vector=("h", "1,h", "o"),
        symbols=("i", "h", "h"),
    ),
    Scenario(
        name="gates4",
        x=("n,i",),
        second=("n,h",),
        hidden=("n,h", "n,2*h"),
        matrix=("i,4*h", "h,4*h", "4*h,i", "4*h,h"),
        vector=("4*h",),
        other=("3,h", "h", "3*h"),
        symbols=("i", "h", "h"),
    ),
    Scenario(
        name="gates3",
        x=("n,i",),
        second=("n,h",),
        hidden=("n,h",),
        matrix=("i,3*h", "h,3*h", "3*h,i", "3*h,h"),
        vector=("3*h",),
        symbols=("i", "h", "h"),
    ),
    Scenario(
        name="recurrent-columns",
        x=("i,n",),
        second=("h,n",),
        hidden=("h,n",),
        matrix=("h,i", "h,h", "o,h"),
        vector=("h,1", "o,1"),
    ),
    Scenario(
        name="gates-columns",
        x=("i,n",),
        second=("h,n",),
        hidden=("h,n",),
        matrix=("h,h+i", "o,h"),
        vector=("h,1", "o,1"),
    ),
    Scenario(
        name="rows",
        x=("n,i",),
        second=("n,i", "i,o", "n,o", "n", "o", "i", "n,1", "", "n,n"),
        hidden=("n,o", "n,i"),
        matrix=("i,o", "o,i", "i,i", "i", "i,2*o"),
        vector=("o", "i", "1,o", "1,i", "", "2*o"),
        label=_ROW_LABELS,
    ),
    Scenario(
        name="sequence",
        x=("n,s,d",),
        second=("n,s,d", "n,d,h", "n,s", "n,d"),
        hidden=("n,h", "n,d"),
        matrix=("d,h", "h,h", "h,d", "d,d"),
        vector=("h", "d"),
        label=(
            *("n,s:label(h)", "n,s:label(d)", "n,s,d:onehot", "n,s,d:target"),
            *("n:label(h)", "n:label(d)", "n,d:onehot", "n,h:target", "n:label(s)"),
        ),
        symbols=("d", "h", "h"),
    ),
    Scenario(
        name="sequence4",
        x=("n,s,d",),
        hidden=("n,h", "s,h"),
        matrix=("d,4*h", "h,4*h", "d+h,4*h", "4*h,d", "4*h,h", "d+h+1,4*h"),
        vector=("4*h",),
        symbols=("d", "h", "h"),
    ),
    Scenario(
        name="sequence3",
        x=("n,s,d",),
        hidden=("n,h", "s,h"),
        matrix=("d,3*h", "h,3*h", "d+h,3*h", "3*h,d", "3*h,h"),
        vector=("3*h",),
        symbols=("d", "h", "h"),
    ),
    Scenario(
        name="time-major",
        x=("s,n,d",),
        hidden=("n,h",),
        matrix=("d,h", "h,h", "h,d"),
        vector=("h",),
        symbols=("d", "h", "h"),
    ),
    Scenario(
        name="query",
        x=("n,d",),
        second=("n,s,d",),
        matrix=("d,h", "h"),
        vector=("h", "h,1"),
        symbols=("d", "h", "h"),
    ),
    Scenario(
        name="image",
        x=("n,c,h,w",),
        second=("n,c,h,w",),
        matrix=("f,c,k,k", "c,k,k", "c,f", "c,c", "c,f,k,k"),
        vector=("f", "c", "1,c,1,1", "f,1"),
        label=("n:label(f)",),
        symbols=("c", "f", "f"),
    ),
    Scenario(
        name="channels-last",
        x=("n,h,w,c",),
        second=("n,h,w,c",),
        matrix=("k,k,c,f",),
        vector=("f", "c", "1,1,1,f"),
        symbols=("c", "f", "f"),
    ),
    Scenario(
        name="square-image",
        x=("n,c,h,h", "n,h,h,c"),
        second=("n,c,h,h",),
        matrix=("f,c,k,k", "k,k,c,f"),
        vector=("f", "c"),
        label=("n:label(f)",),
        symbols=("c", "f", "f"),
    ),
    Scenario(
        name="ids",
        x=("n:int(v)", "n,s:int(v)"),
        second=("n,d", "n"),
        hidden=("n,d", "n,h"),
        matrix=("v,d", "d,v"),
        vector=("d", "v"),
        label=("n:label(v)", "n,s:label(v)", "n:target"),
        symbols=("v", "d", "h"),
    ),
    Scenario(
        name="stencil",
        x=("n,i", "i,n", "i"),
        second=("n,i", "i,n", "i-1", "i+1", "i-2", "n,i-1", "n,i+1"),
        vector=("i-1", "i+1", "i-2", "i+2"),
        label=("n,i:target",),
        symbols=("i", "i", "i"),
    ),
    Scenario(
        name="vector",
        x=("i",),
        second=("i", "o", ""),
        hidden=("h", "o"),
        matrix=("o,i", "i,o", "i"),
        vector=("o", "i", ""),
        label=(":label(i)", "i:onehot", "i:target", ":label(o)", "o:onehot"),
    ),
    Scenario(
        name="samples",
        x=("n",),
        second=("n", "k"),
        matrix=("k",),
        vector=("k",),
        label=("n:label(k+1)", "n:label(k)", "n:target"),
        symbols=("k", "k", "k"),
    ),
    Scenario(
        name="word",
        x=("d",),
        second=("v,d", "d"),
        matrix=("v,d",),
        vector=("d",),
        symbols=("d", "v", "v"),
    ),
    Scenario(
        name="column",
        x=("i,n",),
        second=("i,n",),
        matrix=("o,i", "i,o"),
        vector=("o,1", "o"),
        label=("o,n:onehot0", "o,n:target", "i,n:onehot0", "i,n:target", "n:label(o)", "n:label(i)"),
    ),
    Scenario(
        name="square",
        x=("n,n",),
        second=("n,d", "n", "n,n"),
        hidden=("n,d",),
        matrix=("d,h", "h,d"),
        vector=("h", "d"),
        label=("n:label(h)", "n:label(d)"),
        symbols=("d", "h", "h"),
    ),
    Scenario(
        name="one-row",
        x=("i,n",),
        matrix=("i,1", "1,i"),
        vector=("",),
        label=("1,n:target",),
    ),
    Scenario(
        name="signal",
        x=("n,c,l",),
        second=("n,c,l",),
        matrix=("f,c,k",),
        vector=("f",),
        symbols=("c", "f", "f"),
    ),
    Scenario(name="grid", x=("h,w",), second=("h,w",), matrix=("k,k",), vector=("", "1")),
    Scenario(
        name="blocks",
        x=("n,4*c,h,w", "n,h,w,4*c", "n,4*i", "n,s,4*d", "n,c,2*h,3*w", "n,2*h,3*w,c", "n,c,3*h,3*w", "n,3*i", "4*i"),
        symbols=("c", "c", "c"),
    ),
    Scenario(name="attention", x=("n,s,d", "s,d"), second=("n,t,d", "n,t,h", "t,d", "t,h", "n,s,d", "s,d")),
    Scenario(name="scalar", x=("",), second=("",), matrix=("",), vector=("",), label=(":target",)),
)

SINGLE = Scenario(
    name="single-column", x=("i,1", "i"), label=("o,1:onehot0", "o,1:target", "o:onehot", "o:target"), single=True
)

FITTING = frozenset({"square", "samples"})  # where gradients of other shapes speak against the layout
ODDEST = "grid"  # the first of the scenarios that are the last resort
# One sample as a column, where nothing else lets backward run: its author never meant a batch.
COLUMN = Scenario(
    name="single-column",
    x=("i,1",),
    second=("i,1", "o,1"),
    matrix=("o,i", "i,o"),
    vector=("o,1", "i,1"),
    label=("o,1:onehot0", "o,1:target", "i,1:onehot0", "i,1:target"),
    single=True,
)
# As a row, by the same reasoning, where the parameters are rows too.
ROW = Scenario(
    name="single-row",
    x=("1,i",),
    second=("1,i", "1,o"),
    matrix=("i,o", "o,i"),
    vector=("1,o", "1,i"),
    label=("1,o:onehot", "1,o:target", "1,i:onehot", "1,i:target"),
    single=True,
)
# And one sequence, of such columns.
STEPS = Scenario(
    name="steps-of-columns",
    x=("s,i,1",),
    hidden=("h,1",),
    matrix=("h,i", "h,h", "o,h"),
    vector=("h,1", "o,1"),
    label=("o,1:onehot0", "o,1:target"),
    single=True,
)
SINGLE_IMAGE = Scenario(
    name="single-image",
    x=("c,h,w",),
    matrix=("f,c,k,k",),
    vector=("f", "f,h-2,w-2"),
    symbols=("c", "f", "f"),
    single=True,
)

_DIVIDING = re.compile(r".*(heads?|groups?)|g")
# Scenarios that only a name asks for.
_ON_REQUEST = frozenset(
    (
        "loss",
        "binary",
        "recurrent",
        "recurrent-joined",
        "gates4",
        "gates3",
        "sequence4",
        "sequence3",
        "time-major",
        "one-row",
        "square-image",
    )
    + ("recurrent-columns", "gates-columns", "word")
)
_LATE = ("loss", "binary", "sequence4", "sequence3")  # where no name asks for them
_FIRST: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"conv_?1d", ("signal",)),
    (r"conv|pool|2d|image|spatial|flatten|im2col|upsampl", ("image", "channels-last")),
    (r"embed", ("ids",)),
    (r"^time|attention|seq|position", ("sequence",)),
    (r"rnn|lstm|gru", ("sequence", "sequence4", "sequence3")),
)


def in_parts(count: int, *, learned: bool) -> Scenario:
    """A main input of so many entries, rows or columns; `learned`: it is learned from data, which come first."""
    parts = (f"{count}", f"{count},n", f"n,{count}")
    rows = next(scenario for scenario in SCENARIOS if scenario.name == "rows")
    if learned:
        return replace(rows, name="parts", x=("n,i", "n"), vector=(parts[0], *rows.vector))
    return replace(rows, name="parts", x=parts, second=(*parts, *rows.second), hidden=parts)


def scenarios(formals: Sequence[Formal], name: str, *, divided: bool = False) -> list[Scenario]:
    """Those that fit at all; those that the names speak for, first."""
    forward = [f for f in formals if f.place == "forward"]
    hints = [f.hint for f in formals]
    others = [f.hint for f in forward[1:]]
    owns = any(h in ("matrix", "vector", "size", "sizes") for h in hints[len(forward) :])
    owns |= any(f.family in ("matrix", "vector") for f in forward)  # parameters that are handed over beside the data
    wanted: list[str] = []
    if "label" in others and not owns:
        wanted += ["loss", "binary"]
    if any(f.family == "vector" for f in forward):
        wanted.append("one-row")  # `w` with `b`: the weights of one output, of samples that are columns
    if attends(forward):
        wanted.append("attention")
    elif _queries(forward):
        wanted.append("query")
    if "hidden" in others:
        wanted += [
            "recurrent",
            "recurrent-joined",
            "gates4",
            "gates3",
            "recurrent-columns",
            "gates-columns",
            "sequence",
            "sequence4",
            "sequence3",
            "time-major",
        ]
    for pattern, names in _FIRST:
        if re.search(pattern, name.lower()) and "hidden" not in others:
            wanted += names
    if "ids" in others and forward[0].hint not in ("ids", "label"):
        wanted.append("word")  # one vector, and its place among the rows of a table
    if forward and forward[0].hint == "ids":
        wanted.insert(0, "ids")
    shapes = [formal.default for formal in formals if formal.place == "constructor" and formal.hint == "shape"]
    if any(isinstance(shape, tuple | list) and len(shape) == 3 for shape in shapes):
        wanted += ["image", "channels-last", "square-image"]
    skipped = _ON_REQUEST - set(wanted) - ({"square-image"} if shapes else set())
    if len(forward) < 2:
        skipped |= {"query"}
    if others == ["none"] and not owns:  # a second input of which nothing is known may be a label
        skipped -= {"loss", "binary"}
    if len(forward) == 1 and hints.count("matrix") > 1:  # one for the input, one for the state, of several gates
        skipped -= {"sequence4", "sequence3"}
    if {"size", "sizes", "shape", "matrix"} & set(hints[1:]) or not {"none", "vector"} & set(hints[1:]):
        skipped |= {"stencil"}
    known = {s.name: s for s in SCENARIOS if s.name not in skipped}
    late = [known.pop(name) for name in _LATE if name in known and name not in wanted]
    table = [known.pop(w) for w in dict.fromkeys(wanted)] + list(known.values()) + late
    even = [_even(scenario) for scenario in table if len(scenario.x[0].split(",")) > 1]
    if divided or any(divides(f) for f in formals if f.place == "constructor"):
        return even + table
    return table + [scenario for scenario in even if scenario.name in ("rows", "sequence", "image")]


def divides(formal: Formal) -> bool:
    """Whether an argument counts heads or groups, into which the width is divided."""
    return bool(_DIVIDING.fullmatch(formal.name.lower()))


def _even(scenario: Scenario) -> Scenario:
    """The scenario with twice the width, for heads or groups to divide it."""
    width = re.compile(rf"\b{scenario.symbols[0]}\b")

    def twice(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(width.sub(f"2*{scenario.symbols[0]}", text) for text in texts)

    return replace(
        scenario,
        x=twice(scenario.x),
        second=twice(scenario.second),
        hidden=twice(scenario.hidden),
        matrix=twice(scenario.matrix),
        vector=twice(scenario.vector),
        symbols=(f"2*{scenario.symbols[0]}", *scenario.symbols[1:]),
    )


def attends(forward: Sequence[Formal]) -> bool:
    """Whether the inputs are called queries, keys and values."""
    names = [f.name.lower().strip("_") for f in forward if f.place == "forward"]
    patterns = (r"q|quer(y|ies)|q_?in", r"k|keys?|k_?in", r"v|values?|vals?|v_?in")
    return len(names) >= 3 and all(re.fullmatch(p, n) for p, n in zip(patterns, names, strict=False))


def _queries(forward: Sequence[Formal]) -> bool:
    """Whether one query a sample is put to a sequence."""
    names = [formal.name.lower().strip("_") for formal in forward[:2]]
    patterns = (r"q|quer(y|ies)|(dec(oder)?_?)?(state|hidden)", r"k|keys?|v|values?|memory|enc\w*|hs|states")
    return len(names) == 2 and all(re.fullmatch(p, n) for p, n in zip(patterns, names, strict=True))
