"""The table of layouts to try, most natural first.

Names of arguments order the options of each within a scenario; the sum of the ranks orders the combinations.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, product
from typing import Any

from checks.infer_layout import Formal, Layout, SizeList, declare
from checks.infer_names import is_penalty, size_role
from checks.infer_scenarios import Scenario, attends
from checks.infer_sizes import dim, dims
from checks.signature import Argument, Dim
from checks.stepping import StepByGradient

_MOST_COMBINATIONS = 4000
_COINCIDENCE = 2  # places in the order that a square costs
_ODD_KINDS = 6  # that an unnatural mixture costs


# What functions in the manner of a course read from a dict of options.
OPTIONS = {
    **{"mode": "train", "stride": 1, "pad": 0, "p": 0.5, "pool_height": 2, "pool_width": 2, "f": 2, "eps": 1e-5},
    **{"padding": 0, "pool_size": 2, "kernel_size": 2, "epsilon": 1e-5, "momentum": 0.9, "keep_prob": 0.5},
    **{"training": True, "seed": 1},
}

# Arguments that choose: an activation by its name or as a function.
_CHOICE = re.compile(r".*(act|fn|func|nonlin|non_lin|prime|deriv|kind|type|method|name|init|norm).*|(.*_)?mode|f|g|df")

# What a sample has one of: a reward, what is to come, how far it is above what was expected.
_A_NUMBER_EACH = re.compile(r"(\w+_)?(values?|rewards?|returns?|advantages?|advs?|baselines?|td_errors?)")


def chooses(formal: Formal) -> bool:
    """Whether an argument is called like one that chooses: an activation, a mode."""
    return bool(_CHOICE.fullmatch(formal.name.lower()))


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
    return ordered(formals, table_columns(formals, scenario))


def table_columns(formals: Sequence[Formal], scenario: Scenario) -> list[list[Any]]:
    """The options of each formal in a scenario."""
    alike = peers(formals)
    return [_options(formal, k, alike, scenario) for k, formal in enumerate(alike)]


def ordered(formals: Sequence[Formal], columns: Sequence[Sequence[Any]]) -> Iterator[Layout]:
    """Every combination of one option from each column, by ascending sum of ranks."""
    formals = peers(formals)
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


def _is_a_number_each(formal: Formal, formals: Sequence[Formal]) -> bool:
    """Whether an input holds a number for each sample: beside classes that the code picks by, or as it is called."""
    picked = any(f.picks and f.family == "label" for f in formals if f is not formal)
    return not attends(formals) and (picked or _A_NUMBER_EACH.fullmatch(formal.name.lower()) is not None)


def _options(formal: Formal, position: int, formals: Sequence[Formal], scenario: Scenario) -> list[Any]:
    family = formal.hint
    told = [f for f in formals if f.data]  # where there is data in the constructor, what forward takes is learned of it
    learned = formal.family in ("vector", "matrix")
    first = formal is told[0] if told else position == 0 and formal.place == "forward" and not learned

    def arrays(texts: Sequence[str]) -> list[Any]:
        return [declare(formal.name, text) for text in texts]

    if first:
        return arrays([text for text in scenario.x if not (formal.factor and ":int" in text)])
    if formal.place == "forward" and formal.options and family not in ("flag", "options"):
        return list(formal.options)
    if formal.options and all(type(option) is int for option in formal.options):
        return list(formal.options)  # what it is compared with
    if (
        formal.options
        and family not in ("flag", "options")
        and (family not in ("size", "sizes", "shape", "rate") or chooses(formal))
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
            samples = x.partition(",")[0] or "n"
            return arrays(list(dict.fromkeys(f"{shape}:mask" for shape in (x, *rows, samples))))
        case "graph":  # what is joined to what, of nodes that are rows
            nodes = scenario.x[0].partition(":")[0].split(",")[:-1] or ["n"]
            square = ",".join([*nodes, nodes[-1]])
            return arrays(list(dict.fromkeys((f"{square}:mask", "n,n:mask", square, "n,n"))))
        case "ids" if scenario.name == "word":
            places = [":int(v)", "k:int(v)"]
            return arrays(places[::-1] if re.search(r"s$", formal.name.lower()) else places)
        case "ids":
            steps = ["n,t:int(s)", "n:int(s)"] if "s" in scenario.x[0].partition(":")[0].split(",") else []
            return arrays(["n:int(v)", "n:int(i)", *steps, "n:int(2)", "n,k:int(v)"])
        case "lengths":
            return arrays(["n:int(s)"]) if "s" in scenario.x[0].partition(":")[0].split(",") else []
        case "matrix" if size_role(formal.name) == "kernel" and _is_told_channels(formals):
            return [*_sizes(formal, formals, scenario), *arrays(scenario.matrix)]  # its extent
        case "matrix":
            return arrays(_unlike((*scenario.matrix, *scenario.vector), formal, scenario))
        case "vector":
            # Learned from data, it may have the intercept at its end.
            longer = [f"{scenario.symbols[0]}+1"] if formal.place == "forward" and scenario.name == "rows" else []
            return arrays(_unlike((*scenario.vector, *longer, *scenario.matrix), formal, scenario))
        case "rate":
            sizes = _sizes(formal, formals, scenario) if re.fullmatch(r"l\d", formal.name.lower()) else []
            none = [0.0] if formal.place == "constructor" and is_penalty(formal.name) else []
            return [*none, 0.3, *sizes, *arrays(scenario.vector)]
        case "sizes":
            whole = SizeList(dim(scenario.symbols[k]) for k in (0, 2, 1))
            return [[6, 7], whole] if "hid" in formal.name.lower() else [whole, [6, 7]]
        case "shape":
            inputs = [dims(x.partition(":")[0])[0 if scenario.single else 1 :] for x in scenario.x]
            return [*inputs, *(dims(m) for m in scenario.matrix[:1])]
        case "options":
            return list(formal.options) or [dict(OPTIONS), {**OPTIONS, "pad": 1, "padding": 1}]
        case "size":
            numbers = _sizes(formal, formals, scenario)
            letter = len(formal.name) == 1 and (formal.name.isupper() or not isinstance(numbers[0], int))
            return [*numbers, *arrays((*scenario.matrix[:3], *scenario.vector[:1], ""))] if letter else numbers
    if formal.place == "forward" and _is_a_number_each(formal, formals):
        each = scenario.x[0].partition(",")[0].partition(":")[0]
        return arrays(list(dict.fromkeys((each, f"{each},1", *scenario.second)))) if each else arrays([""])
    if formal.place == "forward":
        # Beside ids, rows of labels are believed only where the name speaks of labels.
        labels = [text for text in scenario.label if scenario.name != "ids" or not text.startswith("n,s")]
        labels = [text for text in labels if not (formal.factor and ":label" in text)]
        return arrays(list(dict.fromkeys((*scenario.second, *scenario.matrix, *scenario.vector, *labels))))
    unknown = [f for f in formals if f.place == "constructor" and f.hint == "none"]
    most = 9 if len(unknown) < 3 else 2  # of each kind, or the combinations are too many
    others = [
        *arrays((*(scenario.other if formal.hint == "none" else ()), *scenario.matrix[:most], *scenario.vector[:most])),
        *_sizes(formal, formals, scenario),
        0.3,
        SizeList(dim(scenario.symbols[k]) for k in (0, 2, 1)),
        *(dims(text) for text in scenario.matrix[:1]),
        dims(scenario.x[0].partition(":")[0])[1:],
        StepByGradient(),
    ]
    return [*formal.options, *others] if chooses(formal) else [*others, *formal.options]


def _is_told_channels(formals: Sequence[Formal]) -> bool:
    """Whether the constructor takes numbers of inputs and of outputs."""
    roles = {size_role(formal.name) for formal in formals if formal.place == "constructor" and formal.hint == "size"}
    return {"input", "output"} <= roles


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
    if (
        role == "hidden"
        and formal.name.lower() == "m"
        and [f for f in formals if f.place == "constructor"][-1] is formal
    ):
        role = "output"  # of a constructor that takes n and m
    if role in roles:
        preferred = scenario.symbols[roles[role]]
    else:
        built = [f.name for f in formals if f.place == "constructor"]
        unknown = [name for name in built if size_role(name) == "unknown"]
        # Beside sizes that are called input and output, another one is neither.
        said = {scenario.symbols[roles[size_role(name)]] for name in built if size_role(name) in roles}
        others = [symbol for symbol in symbols if symbol not in said] or symbols
        preferred = others[min(unknown.index(formal.name), len(others) - 1)] if formal.name in unknown else symbols[0]
    return [dim(s) for s in dict.fromkeys((preferred, *symbols))]
