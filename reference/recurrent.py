"""Recurrent cells: one step in time, from the input and the state before to the state after.

A layer over a whole sequence calls a cell for each step, and backward for each step in reverse order, where what
comes back for the state before is added to the upstream gradient of the previous step.

Alike for both: x: (N, I), states: (N, H). Integers are taken as float64, other dtypes are kept. backward
stores dWx, dWh and db, new arrays each time. forward keeps copies of its arguments. Wx, Wh and b are the
caller's arrays, not copies, so that an optimiser can update them in place: run backward before it does. Raises
ValueError for shapes that do not fit, RuntimeError for backward before forward.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, floating, misfit, not_run, upstream
from reference.activations import Sigmoid
from reference.smooth import Tanh


class RNNCell:
    """h' = tanh(z) with z = x Wx + h Wh + b. With dz = dh' (1 - h'^2), z is an affine layer of both x and h:

        dx = dz Wx^T        dh = dz Wh^T
        dWx = x^T dz        dWh = h^T dz        db = dz summed over the samples

    Wx: (I, H), Wh: (H, H), b: (H,).
    """

    def __init__(self, Wx: ArrayLike, Wh: ArrayLike, b: ArrayLike) -> None:
        self.Wx: Array = np.asarray(Wx)
        self.Wh: Array = np.asarray(Wh)
        self.b: Array = np.asarray(b)
        self.x: Array | None = None
        self.dWx: Array | None = None
        self.dWh: Array | None = None
        self.db: Array | None = None

    def forward(self, x: ArrayLike, h: ArrayLike) -> Array:
        """The state after, (N, H)."""
        x, h = floating(x), floating(h)
        Wx, Wh, b = check_cell("RNNCell", x, h, self.Wx, self.Wh, self.b, gates=1)
        self.x, self.h = np.array(x, order="C"), np.array(h, order="C")
        self._tanh = Tanh()
        out = self._tanh.forward(self.x @ Wx + self.h @ Wh + b)
        self._out_shape, self._out_dtype = out.shape, out.dtype
        return out

    def backward(self, dh: ArrayLike) -> tuple[Array, Array]:
        """(dx, dh) of the input and of the state before, from the gradient of the state after."""
        if self.x is None:
            raise not_run("RNNCell")
        dz = self._tanh.backward(upstream(dh, self._out_shape, self._out_dtype, "RNNCell"))
        with np.errstate(under="ignore"):
            self.dWx, self.dWh, self.db = self.x.T @ dz, self.h.T @ dz, dz.sum(axis=0)
            return dz @ floating(self.Wx).T, dz @ floating(self.Wh).T


class LSTMCell:
    """Four gates from one affine layer, z = x Wx + h Wh + b, in the order f, g, i, o along its columns:

        f = sigmoid(z_f)    g = tanh(z_g)    i = sigmoid(z_i)    o = sigmoid(z_o)
        c' = f c + i g      h' = o tanh(c')

    c' goes into the loss twice, by itself and through h':

        dc' += dh' o (1 - tanh(c')^2)
        do = dh' tanh(c')    df = dc' c    di = dc' g    dg = dc' i    dc = dc' f

    Each gate's gradient times the slope of its sigmoid or tanh is its part of dz; from there on all is as in RNNCell.

    Wx: (I, 4H), Wh: (H, 4H), b: (4H,). Two states go in and come out, the output h and the memory c.
    """

    def __init__(self, Wx: ArrayLike, Wh: ArrayLike, b: ArrayLike) -> None:
        self.Wx: Array = np.asarray(Wx)
        self.Wh: Array = np.asarray(Wh)
        self.b: Array = np.asarray(b)
        self.x: Array | None = None
        self.dWx: Array | None = None
        self.dWh: Array | None = None
        self.db: Array | None = None

    def forward(self, x: ArrayLike, h: ArrayLike, c: ArrayLike) -> tuple[Array, Array]:
        """(h, c), the states after, each (N, H)."""
        x, h, c = floating(x), floating(h), floating(c)
        Wx, Wh, b = check_cell("LSTMCell", x, h, self.Wx, self.Wh, self.b, gates=4)
        if c.shape != h.shape:
            raise misfit("LSTMCell", "c", c.shape, "h", h.shape, f"c needs the shape {h.shape}")
        self.x, self.h, self.c = (np.array(array, order="C") for array in (x, h, c))
        z = self.x @ Wx + self.h @ Wh + b
        gates: list[Any] = [Sigmoid(), Tanh(), Sigmoid(), Sigmoid()]
        self._gates = gates
        self.f, self.g, self.i, self.o = (
            gate.forward(part) for gate, part in zip(gates, np.split(z, 4, axis=1), strict=True)
        )
        self._squash = Tanh()
        with np.errstate(under="ignore"):
            after = np.asarray(self.f * self.c + self.i * self.g)
            self.squashed = self._squash.forward(after)
            out = np.asarray(self.o * self.squashed)
        self._out_dtype = out.dtype
        return out, after

    def backward(self, dh: ArrayLike, dc: ArrayLike) -> tuple[Array, Array, Array]:
        """(dx, dh, dc) of the input and of the states before, from the gradients of the states after."""
        if self.x is None:
            raise not_run("LSTMCell")
        dh, dc = (upstream(d, self.h.shape, self._out_dtype, "LSTMCell") for d in (dh, dc))
        with np.errstate(under="ignore"):
            through = dc + self._squash.backward(dh * self.o)
            of_gates = through * self.c, through * self.i, through * self.g, dh * self.squashed
            parts = [gate.backward(part) for gate, part in zip(self._gates, of_gates, strict=True)]
            dz = np.concatenate(parts, axis=1)
            self.dWx, self.dWh, self.db = self.x.T @ dz, self.h.T @ dz, dz.sum(axis=0)
            return dz @ floating(self.Wx).T, dz @ floating(self.Wh).T, np.asarray(through * self.f)


def check_cell(
    layer: str, x: Array, h: Array, Wx: Array, Wh: Array, b: Array, *, gates: int
) -> tuple[Array, Array, Array]:
    """The parameters as floating arrays, after a check that they fit x and h."""
    Wx, Wh, b = floating(Wx), floating(Wh), floating(b)
    for name, array, meaning in (("x", x, "inputs"), ("h", h, "states")):
        if array.ndim != 2:
            raise ValueError(f"{layer}.forward: {name} of shape {array.shape} is no batch: expected (N, {meaning})")
    if len(h) != len(x):
        raise misfit(layer, "h", h.shape, "x", x.shape, f"h needs a row for each of the {len(x)} samples")
    columns = gates * h.shape[1]
    for name, array, rows in (("Wx", Wx, x.shape[1]), ("Wh", Wh, h.shape[1])):
        if array.shape != (rows, columns):
            need = f"{name} needs the shape {(rows, columns)}"
            raise misfit(layer, name, array.shape, name[1], (x if name == "Wx" else h).shape, need)
    if b.shape != (columns,):
        raise misfit(layer, "b", b.shape, "h", h.shape, f"b needs the shape {(columns,)}")
    return Wx, Wh, b
