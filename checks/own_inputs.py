"""The case that the user hands over: arrays by name or in order, and what is missing drawn or the layer's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from checks.case import Case
from checks.errors import LayerError, SignatureError
from checks.signature import Signature
from checks.strategies import plain_case
from checks.subject import Subject

Inputs = Sequence[Any] | Mapping[str, Any]


def explicit_case(subject: Subject, inputs: Mapping[str, Any] | tuple[Any, ...], seed: int, dtype: Any) -> Case:
    """The case that the user gave: missing parameters are the subject's own, or drawn in the fitting shape."""
    signature = subject.signature
    names = [argument.name for argument in signature.arguments]
    given = {name: np.asarray(array) for name, array in subject.given.items()}
    own = dict(inputs) if isinstance(inputs, Mapping) else _by_order(inputs, names, given)
    unknown = [name for name in own if name not in names]
    if unknown:
        raise SignatureError(
            f"inputs names {unknown[0]!r}, expected names of the signature {signature}: {', '.join(names)}"
        )
    arrays = {**given, **own}
    shapes = {name: array.shape for name, array in arrays.items()}
    matching = next((s for s in subject.signatures if _fits(s, shapes)), signature)
    sizes = matching.fit(shapes)
    if len(arrays) < len(names):
        free = {name: sizes.get(name, 3 + k) for k, name in enumerate(matching.sizes)}
        filled = plain_case(subject, matching, free, seed, dtype=str(dtype)).arrays
        arrays = {name: arrays.get(name, filled[name]) for name in names}
    for name in names:
        argument = matching.argument(name)
        array = arrays[name]
        if argument.differentiable and not np.issubdtype(array.dtype, np.floating):
            arrays[name] = array.astype(dtype)
    return Case(
        subject=subject,
        signature=matching,
        arrays={name: np.array(arrays[name], order="K") for name in names},
        seed=seed,
    )


def _fits(signature: Signature, shapes: Mapping[str, tuple[int, ...]]) -> bool:
    try:
        signature.fit(shapes)
    except SignatureError:
        return False
    return True


def _by_order(inputs: tuple[Any, ...], names: list[str], given: Mapping[str, Any]) -> dict[str, Any]:
    open_names = [name for name in names if name not in given]
    if len(inputs) <= len(open_names):
        return dict(zip(open_names, inputs, strict=False))
    if len(inputs) <= len(names):
        return dict(zip(names, inputs, strict=False))
    raise SignatureError(f"inputs has {len(inputs)} arrays, expected at most {len(names)}: {', '.join(names)}")


def as_arrays(inputs: Inputs, dtype: np.dtype[Any]) -> dict[str, Any] | tuple[Any, ...]:
    """The user's arrays as arrays. Errors: LayerError for one that is no array of finite numbers."""
    if isinstance(inputs, np.ndarray) or not isinstance(inputs, (Sequence, Mapping)):
        raise TypeError(f"Expected inputs to be a tuple of arrays or a dict by name, got {type(inputs).__name__}: (x,)")
    if isinstance(inputs, Mapping):
        return {str(name): _as_array(str(name), value) for name, value in inputs.items()}
    return tuple(_as_array(f"number {k}", value) for k, value in enumerate(inputs))


def _as_array(name: str, value: Any) -> Any:
    array = np.asarray(value)
    if array.dtype == object or array.dtype.kind not in "fiub":
        raise LayerError(f"input {name} has dtype {array.dtype}, expected an array of real numbers")
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        index = [int(k) for k in np.argwhere(~np.isfinite(array))[0]]
        raise LayerError(
            f"input {name} is {array[tuple(index)]} at {index}, expected finite numbers: no derivative exists there"
        )
    return array
