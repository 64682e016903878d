"""The table of layouts to try, most natural first.

A scenario fixes what the main input looks like and, in its terms, what weights, biases, labels and sizes
look like. Names of arguments order the options of each; the sum of the ranks orders the combinations.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any

from checks.infer_layout import Formal, Layout, SizeList, declare
from checks.infer_names import size_role
from checks.infer_sizes import dim, dims
from checks.signature import Argument, Dim
from checks.stepping import StepByGradient

_MOST_COMBINATIONS = 4000
_COINCIDENCE = 2  # places in the order that a square costs
_ODD_KINDS = 6  # that an unnatural mixture costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Shapes that belong together; each tuple in order of preference."""

    name: str
    x: tuple[str, ...]
    second: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    matrix: tuple[str, ...] = ()
    vector: tuple[str, ...] = ("",)
    label: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ("i", "o", "h")  # input, output, hidden
    kernel: int = 3
    single: bool = False  # one sample alone: for networks only, or a sum over the batch would not be missed


_ROW_LABELS = ("n:label(o)", "n,o:onehot", "n,o:target", "n:label(i)", "n,i:onehot", "n,i:target", "n:target")
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
        name="gates4",
        x=("n,i",),
        second=("n,h",),
        hidden=("n,h", "n,2*h"),
        matrix=("i,4*h", "h,4*h", "4*h,i", "4*h,h"),
        vector=("4*h",),
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
        label=("n,s:label(h)", "n,s:label(d)", "n,s,d:onehot", "n,s,d:target"),
        symbols=("d", "h", "h"),
    ),
    Scenario(
        name="sequence4",
        x=("n,s,d",),
        hidden=("n,h",),
        matrix=("d,4*h", "h,4*h", "d+h,4*h"),
        vector=("4*h",),
        symbols=("d", "h", "h"),
    ),
    Scenario(
        name="sequence3",
        x=("n,s,d",),
        hidden=("n,h",),
        matrix=("d,3*h", "h,3*h", "d+h,3*h"),
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
        name="ids",
        x=("n:int(v)", "n,s:int(v)"),
        second=("n,d", "n"),
        hidden=("n,d",),
        matrix=("v,d", "d,v"),
        vector=("d", "v"),
        label=("n:label(v)",),
        symbols=("v", "d", "d"),
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
        name="column",
        x=("i,n",),
        second=("i,n",),
        matrix=("o,i", "i,o"),
        vector=("o,1", "o"),
        label=("o,n:onehot0", "o,n:target", "i,n:onehot0", "i,n:target", "n:label(o)", "n:label(i)"),
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

# What functions in the manner of a course read from a dict of options.
OPTIONS = {"mode": "train", "stride": 1, "pad": 0, "p": 0.5, "pool_height": 2, "pool_width": 2, "f": 2, "eps": 1e-5}

# Arguments that choose: an activation by its name or as a function.
CHOICE = re.compile(r".*(act|fn|func|nonlin|non_lin|prime|deriv|kind|type|method|name|init|norm).*|(.*_)?mode|f|g|df")

_DIVIDING = re.compile(r".*(heads?|groups?)")
# Scenarios that only a name asks for.
_ON_REQUEST = frozenset(
    ("loss", "binary", "recurrent", "gates4", "gates3", "sequence4", "sequence3", "time-major", "query")
)
_FIRST: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"conv_?1d", ("signal",)),
    (r"conv|pool|2d|image|spatial|flatten|im2col|upsampl", ("image", "channels-last")),
    (r"embed", ("ids",)),
    (r"^time|attention|seq|position", ("sequence",)),
    (r"rnn|lstm|gru", ("sequence", "sequence4", "sequence3")),
)


def scenarios(formals: Sequence[Formal], name: str, *, divided: bool = False) -> list[Scenario]:
    """Those that fit at all; those that the names speak for, first."""
    forward = [f for f in formals if f.place == "forward"]
    hints = [f.hint for f in formals]
    others = [f.hint for f in forward[1:]]
    owns = any(h in ("matrix", "vector", "size", "sizes") for h in hints[len(forward) :])
    wanted: list[str] = []
    if "label" in others and not owns:
        wanted += ["loss", "binary"]
    if attends(forward):
        wanted.append("attention")
    elif _queries(forward):
        wanted.append("query")
    if "hidden" in others:
        wanted += ["recurrent", "gates4", "gates3", "sequence", "sequence4", "sequence3", "time-major"]
    for pattern, names in _FIRST:
        if re.search(pattern, name.lower()) and "hidden" not in others:
            wanted += names
    if forward and forward[0].hint == "ids":
        wanted.insert(0, "ids")
    skipped = {
        "loss",
        "binary",
        "recurrent",
        "gates4",
        "gates3",
        "sequence4",
        "sequence3",
        "time-major",
        "query",
    } - set(wanted)
    if others == ["none"] and not owns:  # a second input of which nothing is known may be a label
        skipped -= {"loss", "binary"}
    known = {s.name: s for s in SCENARIOS if s.name not in skipped}
    late = [known.pop(name) for name in ("loss", "binary") if name in known and name not in wanted]
    even = [_even(known[name]) for name in ("rows", "sequence", "image") if name in known]
    table = [known.pop(w) for w in dict.fromkeys(wanted)] + list(known.values()) + late + even
    if divided or any(divides(f) for f in formals if f.place == "constructor"):
        return [*(_even(scenario) for scenario in table if len(scenario.x[0].split(",")) > 1), *table]
    return table


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


def peers(formals: Sequence[Formal]) -> list[Formal]:
    """The formals, where inputs that are called by the letters of a row (a, b; u, v; p, q, r) are of one kind.

    A `b` after an `a` is no bias, nor a `v` after a `u` a matrix: such names tell the inputs apart and nothing else.
    """
    if attends(formals):
        formals = [replace(f, family="none") if k < 3 else f for k, f in enumerate(formals)]
    coefficients = any(f.place == "constructor" and f.name == "a" for f in formals)
    letters = [f.name if len(f.name) == 1 and (f.place == "forward" or coefficients) else "" for f in formals]
    follows = [False, *(bool(b and a) and ord(b) == ord(a) + 1 for a, b in itertools.pairwise(letters)), False]
    in_a_row = [follows[k] or follows[k + 1] for k in range(len(formals))]
    return [
        replace(formal, family="none") if peer and formal.family is None else formal
        for formal, peer in zip(formals, in_a_row, strict=True)
    ]


def layouts(formals: Sequence[Formal], scenario: Scenario) -> Iterator[Layout]:
    """Every combination of the options of each formal, by ascending sum of ranks."""
    formals = peers(formals)
    columns = [_options(formal, k, formals, scenario) for k, formal in enumerate(formals)]
    if not all(columns):
        return
    total = islice(product(*(range(len(c)) for c in columns)), _MOST_COMBINATIONS)
    chosen = ([column[rank] for column, rank in zip(columns, ranks, strict=True)] for ranks in total)
    for values in sorted(chosen, key=lambda values: _oddness(formals, values, columns)):
        yield assemble(formals, values)


def _oddness(formals: Sequence[Formal], values: Sequence[Any], columns: Sequence[Sequence[Any]]) -> int:
    """How far down the options are; sizes that coincide are odd, since a square hides what is what.

    A constructor of which no name says anything takes arrays all over, or sizes all over, before it takes some of each.
    """
    ranks, kinds = 0, set[type]()
    for formal, value, column in zip(formals, values, columns, strict=True):
        rank = next(k for k, option in enumerate(column) if option is value)
        if formal.place == "constructor" and formal.hint == "none" and not formal.options:
            kinds.add(_kind(value))
            rank -= next(k for k, option in enumerate(column) if _kind(option) is _kind(value))
        ranks += rank
    sizes = [value.text for value in values if isinstance(value, Dim)]
    coincidence = _COINCIDENCE * (len(sizes) - len(set(sizes)))
    mixture = (Dim in kinds) + (len(kinds) > 1) + 2 * len(kinds - {Argument, Dim})
    return ranks + coincidence + _ODD_KINDS * mixture


def _kind(value: Any) -> type:
    """What sort of thing a constructor is told: a number stands for a size."""
    return Dim if type(value) is int else type(value)


def assemble(formals: Sequence[Formal], values: Sequence[Any]) -> Layout:
    """A layout in which each formal has its value: an Argument, a Dim (its number), or a constant."""
    pairs = [(formal.name, value) for formal, value in zip(formals, values, strict=True)]
    return Layout(
        tuple(value for _, value in pairs if isinstance(value, Argument)),
        {name: value for name, value in pairs if isinstance(value, Dim | tuple)},
        {name: value for name, value in pairs if not isinstance(value, Argument | Dim | tuple)},
    )


def _options(formal: Formal, position: int, formals: Sequence[Formal], scenario: Scenario) -> list[Any]:
    family = formal.hint
    first = formal.place == "forward" and position == 0

    def arrays(texts: Sequence[str]) -> list[Any]:
        return [declare(formal.name, text) for text in texts]

    if first:
        return arrays(scenario.x)
    if formal.place == "forward" and formal.options and family not in ("flag", "options"):
        return list(formal.options)
    if (
        formal.options
        and family not in ("flag", "options")
        and (family not in ("size", "sizes", "shape", "rate") or CHOICE.fullmatch(formal.name.lower()))
    ):
        family = "none"
    match family:
        case "flag":
            return list(formal.options) or [True]
        case "label":
            return arrays(scenario.label or scenario.second)
        case "hidden":
            return arrays(scenario.hidden or scenario.second)
        case "mask":
            x = scenario.x[0].partition(":")[0]
            rows = [",".join(shape.partition(":")[0].split(",")[:2]) for shape in (x, *scenario.second[:1])]
            return arrays(list(dict.fromkeys(f"{shape}:mask" for shape in (x, *rows))))
        case "ids":
            steps = ["n,t:int(s)", "n:int(s)"] if "s" in scenario.x[0].partition(":")[0].split(",") else []
            return arrays(["n:int(v)", "n:int(i)", *steps, "n:int(2)"])
        case "lengths":
            return arrays(["n:int(s)"]) if "s" in scenario.x[0].partition(":")[0].split(",") else []
        case "matrix":
            return arrays(_unlike((*scenario.matrix, *scenario.vector), formal, scenario))
        case "vector":
            return arrays(_unlike((*scenario.vector, *scenario.matrix), formal, scenario))
        case "rate":
            return [0.3, *arrays(scenario.vector)]
        case "sizes":
            whole = SizeList(dim(scenario.symbols[k]) for k in (0, 2, 1))
            return [[6, 7], whole] if "hid" in formal.name.lower() else [whole, [6, 7]]
        case "shape":
            return [dims(x.partition(":")[0])[1:] for x in scenario.x] + [dims(m) for m in scenario.matrix[:1]]
        case "options":
            return list(formal.options) or [dict(OPTIONS)]
        case "size":
            numbers = _sizes(formal, formals, scenario)
            letter = len(formal.name) == 1 and not isinstance(numbers[0], int)
            return [*numbers, *arrays((*scenario.matrix[:2], *scenario.vector[:1], ""))] if letter else numbers
    if formal.place == "forward":
        return arrays(list(dict.fromkeys((*scenario.second, *scenario.matrix, *scenario.label))))
    unknown = [f for f in formals if f.place == "constructor" and f.hint == "none"]
    most = 9 if len(unknown) < 3 else 2  # of each kind, or the combinations are too many
    others = [
        *arrays((*scenario.matrix[:most], *scenario.vector[:most])),
        *_sizes(formal, formals, scenario),
        0.3,
        SizeList(dim(scenario.symbols[k]) for k in (0, 2, 1)),
        *(dims(text) for text in scenario.matrix[:1]),
        dims(scenario.x[0].partition(":")[0])[1:],
        StepByGradient(),
    ]
    return [*formal.options, *others] if CHOICE.fullmatch(formal.name.lower()) else [*others, *formal.options]


def _unlike(texts: Sequence[str], formal: Formal, scenario: Scenario) -> list[str]:
    """The shapes; of an input that is called like a weight also those of a second input."""
    return list(dict.fromkeys((*texts, *(scenario.second if formal.place == "forward" else ()))))


def _sizes(formal: Formal, formals: Sequence[Formal], scenario: Scenario) -> list[Any]:
    """The size that the name speaks of, then the others of this scenario."""
    role = size_role(formal.name)
    constant = {"kernel": scenario.kernel, "two": 2, "zero": 0}.get(role)
    if constant is not None:
        return [constant, 1]
    symbols = list(dict.fromkeys(scenario.symbols))
    roles = {"input": 0, "output": 1, "hidden": 2}
    if role == "embedding":
        return [dim(s) for s in dict.fromkeys(("d" if scenario.name == "ids" else symbols[0], *symbols))]
    if role == "length" and any("s" in text.split(":")[0].split(",") for text in scenario.x):
        return [dim("s+1"), dim("s"), *(dim(s) for s in symbols)]
    if role == "vocabulary":
        return [dim("v"), *(dim(s) for s in symbols)]
    if role in roles:
        preferred = scenario.symbols[roles[role]]
    else:
        unknown = [f.name for f in formals if f.place == "constructor" and size_role(f.name) == "unknown"]
        preferred = scenario.symbols[min(unknown.index(formal.name), 2)] if formal.name in unknown else symbols[0]
    return [dim(s) for s in dict.fromkeys((preferred, *symbols))]
