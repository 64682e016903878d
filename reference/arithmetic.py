"""Multiplication and addition as layers: the two smallest nodes of a computational graph.

Both take plain numbers or arrays that broadcast. Broadcasting uses one entry of an operand in many places of
the output, and the chain rule adds up over all of them. So an operand's gradient is summed over the axes
along which the operand was repeated, and has the operand's shape.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, floating, not_run, upstream


class MulLayer:
    """out = x * y, so d out/dx = y and d out/dy = x: each gradient is dout times the *other* operand.

        dx = sum(dout * y)    dy = sum(dout * x)    over the axes along which that operand was repeated

    x and y: plain numbers or arrays of any shapes that broadcast. Numbers in, numbers out; integer arrays are
    taken as float64, other dtypes are kept. The layer keeps copies, so changing x or y later changes nothing.
    Raises ValueError for shapes that do not broadcast or an upstream gradient that is not of the output's
    shape, RuntimeError for backward before forward.
    """

    def __init__(self) -> None:
        self.x: Any = None
        self.y: Any = None

    def forward(self, x: ArrayLike, y: ArrayLike) -> Any:
        """x * y."""
        self.x, self.y = map(copy, _operands("MulLayer", x, y))
        return self.x * self.y

    def backward(self, dout: ArrayLike) -> tuple[Any, Any]:
        """(dx, dy), from `dout` of the output's shape."""
        if self.x is None:
            raise not_run("MulLayer")
        dout = _upstream("MulLayer", dout, self.x, self.y)
        return _sum_to(self.x, dout * self.y), _sum_to(self.y, dout * self.x)


class AddLayer:
    """out = x + y, so d out/dx = d out/dy = 1: each gradient is dout itself.

        dx = sum(dout)    dy = sum(dout)    over the axes along which that operand was repeated

    Shapes, dtypes and errors as for MulLayer. Of x and y only the shapes and dtypes are used in backward, so
    the layer refers to them and copies nothing. dx and dy are arrays of their own, never dout and never each
    other.
    """

    def __init__(self) -> None:
        self.x: Any = None
        self.y: Any = None

    def forward(self, x: ArrayLike, y: ArrayLike) -> Any:
        """x + y."""
        self.x, self.y = _operands("AddLayer", x, y)
        return self.x + self.y

    def backward(self, dout: ArrayLike) -> tuple[Any, Any]:
        """(dx, dy), from `dout` of the output's shape."""
        if self.x is None:
            raise not_run("AddLayer")
        dout = _upstream("AddLayer", dout, self.x, self.y)
        return _sum_to(self.x, dout), _sum_to(self.y, dout)


def _operands(layer: str, x: ArrayLike, y: ArrayLike) -> tuple[Any, Any]:
    """x and y, of shapes that broadcast: plain numbers stay plain, everything else is a floating array."""
    try:
        np.broadcast_shapes(np.shape(x), np.shape(y))
    except ValueError:
        raise ValueError(
            f"{layer}.forward: x of shape {np.shape(x)} and y of shape {np.shape(y)} do not broadcast:\n"
            "counted from the last axis, lengths have to be equal or one of them 1"
        ) from None
    return (x if _is_plain(x) else floating(x)), (y if _is_plain(y) else floating(y))


def _is_plain(value: object) -> bool:
    return isinstance(value, int | float | complex)


def _upstream(layer: str, dout: ArrayLike, x: Any, y: Any) -> Array:
    return upstream(dout, np.broadcast_shapes(np.shape(x), np.shape(y)), np.result_type(x, y), layer)


def _sum_to(operand: Any, gradient: Array) -> Any:
    """`gradient` summed to the operand's shape: the adjoint of broadcasting. A new array, or a number."""
    shape = np.shape(operand)
    added = np.ndim(gradient) - len(shape)
    stretched = tuple(added + axis for axis, length in enumerate(shape) if length == 1)
    total = np.sum(gradient, axis=(*range(added), *stretched)).reshape(shape)
    return total.item() if _is_plain(operand) else total
