"""Which layout a layer is read in: the search, with the constructor's optional sizes, or with the user's
inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from checks.dialects.counting import counted
from checks.dialects.dialect import Request
from checks.dialects.documenting import notes
from checks.dialects.errors import not_found
from checks.dialects.probing import Prober
from checks.dialects.reach import arrays
from checks.dialects.usage import Usage
from checks.infer import Found, NotFoundError, infer
from checks.infer_draw import reseed
from checks.infer_layout import REQUIRED, Formal
from checks.infer_names import size_role
from checks.infer_prose import shapes
from checks.infer_scenarios import divides
from checks.subject import Array

_INPUT_SHAPE = re.compile(r"(in|inputs?|x|image|img|data|sample|obs)_?(dims?|shape|sizes?)")
_VARIED = ("input", "output", "hidden", "vocabulary", "embedding")


def search(
    prober: Prober,
    inputs: Mapping[str, Array],
    fits: Callable[[Found], bool | None],
    gradients: Callable[[Found], Mapping[str, Sequence[tuple[int, ...]]]],
    refuted: Callable[[Found], bool],
    alone: Callable[[Found], bool],
) -> Found:
    """The first layout that works: with optional sizes, with what is required, with arguments that default
    to None.

    Raises LayerError where none does.
    """
    usage = prober.usage
    failure: NotFoundError | None = None
    half: Found | None = None
    told = shapes(notes(usage.defined), [formal.name for formal in (*usage.forward, *usage.constructor)])
    for formals in _attempts(usage):
        chosen = {formal.name: formal.options[0] for formal in usage.constructor if formal.options}
        own = _own_shapes(usage, chosen) if len(formals) == len(usage.forward) + len(chosen) else []
        try:
            found = infer(
                formals,
                usage.name,
                prober.run,
                inputs=inputs,
                own_shapes=own,
                fits=fits,
                gradients=gradients,
                refuted=refuted,
                alone=alone,
                only_forward=usage.inputs_are_parameters,
                single=usage.kind == "network" and not counted(usage.defined, [f.name for f in usage.forward]),
                divided=usage.divided or any(map(_divides_the_width, (*usage.optional, *usage.settings))),
                told=told,
            )
        except NotFoundError as error:
            failure = failure or error
            continue
        if found.raised is None:
            return found
        half = half or found
    if half is not None:
        return half
    assert failure is not None
    raise not_found(usage, failure)


def _attempts(usage: Usage) -> list[list[Formal]]:
    """The arguments to fill, in the order in which to try."""
    needed = [*usage.forward, *usage.constructor]
    sized = [
        *(formal for formal in usage.optional if _is_size(formal)),
        *(replace(formal, family="shape") for formal in usage.optional if _is_input_shape(formal)),
    ]
    empty = [replace(formal, default=REQUIRED) for formal in usage.optional if formal.default is None]
    attempts = [[*needed, *sized]] if sized else []
    attempts.append(needed)
    if empty:
        attempts.append([*needed, *empty])
    return attempts


def _divides_the_width(formal: Formal) -> bool:
    """Whether an option counts heads or groups, more than one of them."""
    return divides(formal) and isinstance(formal.default, int) and formal.default != 1


def _is_size(formal: Formal) -> bool:
    """Whether an optional argument is a size that deserves to vary: `input_size=784`."""
    whole = isinstance(formal.default, int) and not isinstance(formal.default, bool)
    if formal.name == "size" and whole and formal.default < 4:  # of a window
        return False
    named = formal.hint == "size" and size_role(formal.name) in _VARIED and len(formal.name) > 2
    return named and (whole or formal.default is None)


def _is_input_shape(formal: Formal) -> bool:
    """Whether an optional argument is the shape of one sample: `input_dim=(1, 28, 28)`."""
    return bool(_INPUT_SHAPE.fullmatch(formal.name.lower())) and isinstance(formal.default, tuple | list)


def _own_shapes(usage: Usage, chosen: Mapping[str, Any]) -> list[tuple[int, ...]]:
    """The shapes of the arrays that a fresh object has, made with these constants."""
    try:
        reseed()
        root = usage.make(dict(chosen))
    except Exception:  # the search will say why
        return []
    return [slot.value.shape for slot in arrays(root) if slot.value.ndim]


def given_inputs(usage: Usage, request: Request) -> dict[str, Array]:
    """The user's inputs by name: a tuple is in the order of the signature, else of forward, then the
    constructor.
    """
    if request.inputs is None:
        return {}
    if isinstance(request.inputs, Mapping):
        pairs = list(request.inputs.items())
    else:
        formals = [f.name for f in (*usage.called, *usage.constructor)]
        names = list(request.signature.names) if request.signature else formals
        pairs = list(zip(names, request.inputs, strict=False))
    whole = {f.name for f in usage.forward[1:]} | {f.name for f in usage.forward if f.hint == "ids"}
    given = {}
    for name, value in pairs:
        array = np.asarray(value)
        if array.dtype.kind in "iu" and name not in whole:
            array = array.astype(request.dtype)
        given[name] = array
    return given


def as_given(found: Found, name: str, array: Array) -> Found:
    """A label that the user handed over: one-hot where its rows are, else as it was read."""
    argument = found.layout.argument(name)
    if argument is None or argument.kind in ("label", "int"):
        return found
    rows = array.ndim and bool(((array == 0) | (array == 1)).all() and (array.sum(axis=-1) == 1).all())
    layout = found.layout.with_argument(replace(argument, kind="onehot" if rows else "target"))
    return replace(found, layout=layout)
