"""What every layer asks of its arrays: a dtype that has derivatives, and an upstream gradient that fits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]


def floating(values: ArrayLike) -> Array:
    """`values` as an array whose dtype has derivatives: integers become float64, float and complex stay.

    An array that is floating already comes back as it is, not copied. Raises TypeError for what is not
    numbers.
    """
    array = np.asarray(values)
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    if array.dtype.kind not in "fc":
        raise TypeError(f"expected numbers, got an array of dtype {array.dtype}")
    return array


def upstream(dout: ArrayLike, shape: tuple[int, ...], dtype: DTypeLike, layer: str) -> Array:
    """The gradient from above as an array, after a check that it has the shape of the output of `layer`.

    A single number has no precision of its own and takes the output's: `backward(1.0)` keeps float32.
    May be the caller's own array: do not write into it. Raises ValueError for another shape.
    """
    array = floating(dout)
    if array.shape != shape:
        raise ValueError(
            f"{layer}.backward: the upstream gradient has shape {array.shape}, the output had {shape}:\n"
            "hand over one number for each entry of the output"
        )
    if array.ndim == 0:
        array = array.astype(np.result_type(dtype, array.item()))
    return array


def not_run(layer: str) -> RuntimeError:
    """The error of a backward that has no forward to answer for."""
    return RuntimeError(f"{layer}.backward was called before forward: run forward first, it keeps what backward needs")


def constant(value: float, like: Array) -> Any:
    """A number in the dtype of an array, so that what is computed with it keeps that dtype."""
    return like.dtype.type(value)


def misfit(layer: str, name: str, got: tuple[int, ...], other: str, shape: tuple[int, ...], need: str) -> ValueError:
    """The error of an array `name` whose shape does not go with that of the array `other`; `need`: what would."""
    return ValueError(f"{layer}.forward: {name} of shape {got} does not fit {other} of shape {shape}:\n{need}")
