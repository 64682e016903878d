"""Whether a layout in which backward raises is one that the author meant.

Where forward runs and backward raises, either backward is at fault, or the layout is: arrays that broadcast as numbers,
squares, or an odd scenario may take forward through by accident. Then nothing is known of the layer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from checks.infer_layout import Formal, Layout
from checks.infer_names import is_scalar, size_role
from checks.signature import Argument, Dim

_ODD = frozenset({"grid", "blocks", "attention", "scalar", "signal"})  # unless the layer's name asks for it
_NUMBER = re.compile(
    r"'(int|float|numpy\.\w+)' object (is not (subscriptable|iterable)|does not support item)"
    r"|of type '(int|float|numpy\.\w+)' has no len|unsized object|index to scalar variable|array is 0-dimensional"
    r"|(tuple|list) indices must be integers"
)
_TOO_FEW_AXES = re.compile(r"too many indices for array: array is (\d+)-dimensional")
# Odd as well where nothing is known of an array: there is much that broadcasts against a vector or an image.
_FOR_NAMED = frozenset({"vector", "column", "stencil", "sequence", "ids", "image", "channels-last"})


def meant(
    layout: Layout,
    formals: Sequence[Formal],
    told: Collection[str],
    scenario: str,
    error: BaseException | None,
    *,
    ids: bool = False,
) -> bool:
    """Whether backward's exception is backward's fault. `told`: arrays whose shapes the code tells of.

    `ids`: the main input may be of whole numbers, whatever it is called.
    """
    if _wants_array(error, layout):
        return False
    return whatever_the_shapes(error) or natural(layout, formals, told, scenario, ids=ids)


def natural(
    layout: Layout, formals: Sequence[Formal], told: Collection[str], scenario: str, *, ids: bool = False
) -> bool:
    """Whether nothing about a layout is odd: no number for an array, no square, no scenario of the last
    resort, and no class indices where the name does not speak of them."""
    if scenario in _ODD or any(_number_for_array(formal, layout) for formal in formals):
        return False
    main = layout.argument(formals[0].name) if formals else None
    if main is not None and main.kind == "int" and formals[0].hint != "ids" and not ids:
        return False
    if main is not None and _square(main, ()) and all(formal.hint == "none" for formal in formals):
        return False
    arrays = _untold(layout, formals, told)
    if scenario in _FOR_NAMED and any(formal.hint == "none" for formal, _ in arrays):
        return False
    states = {d for formal, a in arrays if formal.hint == "hidden" for d in a.dims}
    return not collapsed(layout, formals, told) and not any(_square(a, states) for _, a in arrays)


def collapsed(layout: Layout, formals: Sequence[Formal], told: Collection[str]) -> bool:
    """Whether an array has one entry alone, although neither its name nor the code speaks of a number."""
    arrays = [a for _, a in _untold(layout, formals, told) if a.kind == "float"]
    alone = [a for a in arrays if all(d.text == "1" for d in a.dims) and not is_scalar(a.name)]
    return any(not _of_one_unit(a, arrays) for a in alone)


def _of_one_unit(bias: Argument, arrays: Sequence[Argument]) -> bool:
    """Whether it has a row and a column, as the bias of the one unit that a matrix of weights beside it makes."""
    matrices = [a for a in arrays if len(a.dims) == 2 and len(bias.dims) == 2 and any(d.names for d in a.dims)]
    return any(d.text == "1" for a in matrices for d in a.dims)


def _untold(layout: Layout, formals: Sequence[Formal], told: Collection[str]) -> list[tuple[Formal, Argument]]:
    """The arrays beside the main input of which the code does not tell the shape."""
    return [(f, a) for f in formals[1:] if f.name not in told and (a := layout.argument(f.name)) is not None]


def whatever_the_shapes(error: BaseException | None) -> bool:
    """Whether it is a name or an attribute that is not there, and would not be in any layout."""
    if isinstance(error, AttributeError):
        return not isinstance(error.obj, np.ndarray | tuple | list | None)
    return isinstance(error, NameError) and not isinstance(error, UnboundLocalError)


def _wants_array(error: BaseException | None, layout: Layout) -> bool:
    """Whether backward took a number for an array, or one of the layout's arrays for one of more axes."""
    if isinstance(error, AttributeError):
        return isinstance(error.obj, np.generic | int | float)
    if not isinstance(error, TypeError | IndexError):
        return False
    few = _TOO_FEW_AXES.search(str(error))
    return bool(_NUMBER.search(str(error))) or (few is not None and int(few[1]) in _axes(layout))


def _axes(layout: Layout) -> set[int]:
    """How many axes its arrays have, beside the main input, and what is a number."""
    return {0, *(len(a.dims) for a in layout.arguments[1:])}


def _number_for_array(formal: Formal, layout: Layout) -> bool:
    """Whether a constructor's argument of which nothing is known was given a number, for lack of a better idea."""
    given: Any = layout.sizes.get(formal.name, layout.constants.get(formal.name))
    unknown = formal.hint == "none" and size_role(formal.name) == "unknown"
    return formal.place == "constructor" and unknown and isinstance(given, Dim | int | float | tuple | list)


def _square(argument: Argument, states: Collection[Dim]) -> bool:
    """Whether it has one size twice that is not the size of a state; windows are square by nature."""
    repeated = [d for k, d in enumerate(argument.dims) if d in argument.dims[:k] and d.text != "k" and d.names]
    return any(d not in states for d in repeated)
