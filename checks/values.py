"""The entries of drawn arrays: kinds, flavours, short decimals and memory layouts, from a NumPy generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from checks.errors import SignatureError
from checks.function import Array
from checks.signature import Shape

Rng = np.random.Generator


def draw_array(
    rng: Rng,
    shape: Shape,
    kind: str = "float",
    flavour: str = "ordinary",
    dtype: str = "float64",
    limit: int | None = None,
    rounded: bool = True,
) -> Array:
    """An array of a signature's kind, in C order.

    `dtype` is that of the floats; integers take it where it is an integer's, and int64 else. `rounded`: short
    decimals, each the double nearest to what is printed. A flavour keeps to the kind's domain (a negative
    probability is an ordinary one); zeros occur in "zeros" only.
    """
    if kind in ("label", "int"):
        if limit is None:
            raise SignatureError(f"{kind} needs a limit")
        integer = dtype if np.issubdtype(dtype, np.integer) else "int64"
        indices = _indices(rng, shape, flavour, limit)
        if kind == "label" and indices.size:  # so many classes there are: code may count them by the largest
            indices.flat[rng.integers(indices.size)] = limit - 1
        return indices.astype(integer)
    values = np.asarray(_KINDS[kind](rng, shape, flavour, rounded))
    return values if kind == "bool" else values.astype(dtype)


def laid_out(array: Array, layout: str) -> Array:
    """A copy with the same entries, in memory order "C" or "F", or as a "strided" or "reversed" view."""
    if layout == "F":
        return np.array(array, order="F")
    if layout == "strided":  # every second entry of a larger array
        return np.repeat(array, 2, axis=-1)[..., ::2]
    if layout == "reversed":
        return np.array(array[::-1], order="C")[::-1]
    return np.array(array, order="C")


_POWERS_OF_TEN: Final = np.array([float(f"1e{k}") for k in range(23)])  # exact


def _decimals(values: Array, exponent: Any, rounded: bool) -> Array:
    """values * 10**exponent; `rounded`: to two decimals before scaling, never to zero.

    An integer times or over an exact power of ten is rounded once, so the result is the double nearest to the
    decimal: 123 / 1e9 prints as 1.23e-07, and 1.23 * 1e-7 does not.
    """
    if not rounded:
        return np.asarray(values * 10.0 ** np.asarray(exponent))
    hundredths = np.rint(values * 100)
    hundredths = np.where((hundredths == 0) & (values != 0), np.copysign(1.0, values), hundredths)
    power = np.asarray(exponent) - 2
    return np.asarray(hundredths * _POWERS_OF_TEN[np.maximum(power, 0)] / _POWERS_OF_TEN[np.maximum(-power, 0)])


def _flavoured(rng: Rng, values: Array, flavour: str) -> tuple[Array, Any]:
    """The entries with the flavour's marks, and the powers of ten that scale them."""
    size, shape = values.size, values.shape
    match flavour:
        case "ordinary":
            return values, 0
        case "zeros":
            zero = rng.random(shape) < 0.3
            zero.flat[rng.integers(size)] = True
            return np.where(zero, 0.0, values), 0
        case "ties":
            few = min(size, int(rng.integers(2, 4)))
            return values.ravel()[rng.integers(0, few, shape)], 0
        case "tiny":
            return values, -rng.integers(6, 11)
        case "large":
            return values, rng.integers(2, 5)
        case "negative":
            return -np.abs(values), 0
        case "positive":
            return np.abs(values), 0
        case "mixed":
            return values, rng.integers(-3, 4, shape)
        case _:
            raise ValueError(f"unknown flavour {flavour!r}")


def _real(rng: Rng, shape: Shape, flavour: str, rounded: bool) -> Array:
    values = np.asarray(rng.standard_normal(shape))
    return _decimals(*_flavoured(rng, values, flavour), rounded) if values.size else values


def _positive(rng: Rng, shape: Shape, flavour: str, rounded: bool) -> Array:
    flavour = "ordinary" if flavour in ("zeros", "negative") else flavour
    return np.abs(_real(rng, shape, flavour, rounded))


def _probability(rng: Rng, shape: Shape, flavour: str, rounded: bool) -> Array:
    """Between 0.05 and 0.95, or near 0 ("tiny", "mixed"), or near 1 ("large")."""
    values = np.asarray(rng.uniform(0.05, 0.95, shape))
    if flavour == "large":
        digits = int(rng.integers(4, 7))
        values = 1 - values * 10.0 ** (2 - digits)
        return np.round(values, digits) if rounded else values
    if flavour == "mixed":
        return _decimals(values, -rng.integers(0, 4, shape), rounded)
    if flavour in ("tiny", "ties") and values.size:
        return _decimals(*_flavoured(rng, values, flavour), rounded)
    return _decimals(values, 0, rounded)


def _simplex(rng: Rng, shape: Shape, flavour: str, rounded: bool) -> Array:
    """Rows of weights over their sum; `rounded`: of integers over a power of ten, which sum exactly."""
    weights = rng.uniform(0.2, 1.0, shape)
    digits = 2
    if flavour in ("tiny", "large", "mixed"):
        weights = weights * 10.0 ** -rng.integers(0, 4, shape)
        digits = 6
    elif flavour == "ties":
        weights = np.ones(shape)
    rows = np.asarray(weights / weights.sum(axis=-1, keepdims=True))
    if not rounded or not rows.size:
        return rows
    count = shape[-1]
    while 10**digits < 2 * count**2:  # the largest part must outweigh what rounding up to 1 adds
        digits += 1
    parts = np.maximum(np.floor(rows * 10**digits), 1)
    largest = parts.argmax(axis=-1)[..., None]
    rest = 10**digits - parts.sum(axis=-1, keepdims=True)
    np.put_along_axis(parts, largest, np.take_along_axis(parts, largest, -1) + rest, -1)
    return np.asarray(parts / 10**digits)


def _symmetric(rng: Rng, shape: Shape, flavour: str, rounded: bool) -> Array:
    """`A A^T + I` of an ordinary A."""
    root = _real(rng, shape, "ordinary", rounded)
    product = root @ root.T
    return (np.round(product, 2) if rounded else product) + np.eye(len(root))


def _intercept(rng: Rng, shape: Shape, flavour: str, rounded: bool) -> Array:
    """Real numbers, the first column ones."""
    values = _real(rng, shape, flavour, rounded)
    values[:, :1] = 1.0
    return values


def _onehot(rng: Rng, shape: Shape, flavour: str, rounded: bool) -> Array:
    return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]


def _onehot_columns(rng: Rng, shape: Shape, flavour: str, rounded: bool) -> Array:
    if not np.prod(shape):
        return np.zeros(shape)
    return np.moveaxis(_onehot(rng, (*shape[1:], shape[0]), flavour, rounded), -1, 0)


def _mask(rng: Rng, shape: Shape, flavour: str, rounded: bool) -> Array:
    """Zeros and ones, at least a one."""
    values = np.asarray(rng.integers(0, 2, shape), dtype=np.float64)
    if values.size:
        values.flat[rng.integers(values.size)] = 1.0
    return values


def _adjacency(rng: Rng, shape: Shape, flavour: str, rounded: bool) -> Array:
    """Zeros and ones, the same on both sides of the diagonal."""
    above = np.triu(_mask(rng, shape, flavour, rounded))
    return np.maximum(above, above.T)


def _sign(rng: Rng, shape: Shape, flavour: str, rounded: bool) -> Array:
    """Ones and minus ones."""
    return np.asarray(2.0 * rng.integers(0, 2, shape) - 1.0)


def _bool(rng: Rng, shape: Shape, flavour: str, rounded: bool) -> Array:
    return np.asarray(rng.random(shape) < 0.5)


def _indices(rng: Rng, shape: Shape, flavour: str, limit: int) -> Array:
    """Integers in [0, limit); "ties": at most two distinct ones."""
    if flavour == "ties":
        return np.asarray(rng.integers(0, limit, 2)[rng.integers(0, 2, shape)])
    return np.asarray(rng.integers(0, limit, shape))


_KINDS: Final[Mapping[str, Callable[[Rng, Shape, str, bool], Array]]] = {
    "float": _real,
    "symmetric": _symmetric,
    "intercept": _intercept,
    "target": _real,
    "positive": _positive,
    "probability": _probability,
    "simplex": _simplex,
    "onehot": _onehot,
    "onehot0": _onehot_columns,
    "mask": _mask,
    "adjacency": _adjacency,
    "sign": _sign,
    "bool": _bool,
}
