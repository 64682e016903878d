"""Layouts in numbers: those of the arrays that an object has already, or that the user handed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from checks.infer_layout import Formal, Layout
from checks.infer_scenarios import Scenario
from checks.infer_sizes import dim
from checks.signature import Argument
from checks.subject import Array


def literal(formals: Sequence[Formal], inputs: Mapping[str, Array]) -> Layout:
    """The given shapes themselves, where no layout in names of sizes fits them."""
    arguments = []
    for formal in formals:
        if formal.name in inputs:
            array = inputs[formal.name]
            sizes = tuple(dim(str(extent)) for extent in array.shape)
            whole = not np.issubdtype(array.dtype, np.floating)
            limit = dim(str(int(array.max(initial=0)) + 1)) if whole else None
            arguments.append(Argument(formal.name, sizes, "int" if whole else "float", limit))
    return Layout(tuple(arguments))


def own_scenarios(shapes: Sequence[tuple[int, ...]]) -> Iterator[Scenario]:
    """Scenarios in the numbers of parameters that the object has already: their axes are what inputs must
    meet.
    """
    matrices = [shape for shape in shapes if len(shape) == 2]
    filters = [shape for shape in shapes if len(shape) == 4]
    widths = dict.fromkeys(extent for shape in matrices for extent in shape)
    # An array of one entry alone is a number that broadcasts, and ties no axis.
    widths.update(dict.fromkeys(shape[-1] for shape in shapes if len(shape) in (1, 2, 3) and set(shape) != {1}))
    last = next((shape[-1] for shape in reversed(shapes) if shape), 1)
    classes = (f"n:label({last})", f"n,{last}:onehot", f"n,{last}:target")
    rows_of = (*classes, *(f"n:label({width})" for width in widths if width != last), "n:target", "n,1:target")
    for shape in filters[:1]:
        yield Scenario(name="own-image", x=(f"n,{shape[1]},h,w",), label=classes)
        yield Scenario(name="own-channels-last", x=(f"n,h,w,{shape[2]}",), label=classes)
    for rows, columns in matrices[:1]:
        second = tuple(f"n,{extent}" for extent in dict.fromkeys((columns, rows)))
        yield Scenario(name="own-rows", x=(f"n,{rows}",), second=second, hidden=second, label=rows_of)
    for width in list(widths)[:6]:
        second = (f"n,{width}", *(f"n,{other}" for other in widths if other != width))
        yield Scenario(name="own-rows", x=(f"n,{width}",), second=second, hidden=second, label=rows_of)
    for width in list(widths)[:6]:
        yield Scenario(name="own-sequence", x=(f"n,s,{width}",), second=(f"n,s,{width}",), label=classes)
        yield Scenario(name="own-steps", x=(f"n,{width},d",), label=classes)
        yield Scenario(name="own-image", x=(f"n,{width},h,w",), label=classes)
    for width in list(widths)[:6]:
        yield Scenario(name="own-vector", x=(str(width),), label=(f":label({last})", f"{last}:onehot"))
        yield Scenario(name="own-column", x=(f"{width},n",), label=(f"{last},n:onehot", f"{last},n:target"))
    for rows, _ in matrices[:1]:
        yield Scenario(name="own-ids", x=(f"n:int({rows})", f"n,s:int({rows})"), label=classes)
