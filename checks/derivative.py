"""Numerical derivatives of a function of one array, each with an estimate of its own error.

`estimate_gradient` gives the best value that can be had for each entry and how far to trust it;
`numerical_gradient` is the textbook's call. Both move the array in place, since f may read it by closure, and give
it back bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.function import Array, Function, flat_output
from checks.ladder import Derivative, differentiate
from checks.noise import measure_noise


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Estimate:
    """The derivative by every entry: `value` +- `allowance`, arrays of the shape of x.

    At an entry where `kink` is True every number between `lower` and `upper` is a subgradient, and the allowance
    spans the interval. An infinite allowance marks an entry that could not be settled; `undecided` is True there.
    `noise` is the largest round-off of an output, one standard deviation; `unit_roundoff` that of the arithmetic
    that f was found to use.
    """

    value: Array
    allowance: Array
    kink: Array
    lower: Array
    upper: Array
    noise: float
    unit_roundoff: float
    evaluations: int

    @property
    def undecided(self) -> Array:
        """Entries without a settled derivative: at a kink, or where no ladder of steps agreed with itself."""
        return np.asarray(self.kink | ~np.isfinite(self.allowance))


def estimate_gradient(
    f: Callable[[Array], Any], x: Array, upstream: Any = None, *, entries: Any = None, seed: int = 0
) -> Estimate:
    """d sum(upstream * f(x)) / dx with an allowance per entry, for scalar- or array-valued f.

    About 40 evaluations of f an entry. `upstream`: an array that broadcasts to f(x), by default ones. `entries`: a
    boolean mask or flat indices; the others are NaN. `x` is moved in place and restored.

    Errors: TypeError for an array that is not real floating point or cannot be written to; ValueError for NaN or
    infinite values in x, f(x) or upstream, and for an upstream that does not fit.
    """
    function, counter = _function_of(f, x, upstream, seed)
    chosen = np.arange(x.size) if entries is None else np.arange(x.size).reshape(x.shape)[entries].reshape(-1)
    results: dict[int, Derivative] = {}
    with np.errstate(all="ignore"):
        for index in chosen:
            results[int(index)] = differentiate(function, int(index))
    value, allowance = np.full(x.size, np.nan), np.full(x.size, np.nan)
    lower, upper = np.full(x.size, np.nan), np.full(x.size, np.nan)
    kink = np.zeros(x.size, dtype=bool)
    for index, result in results.items():
        value[index], allowance[index] = result.value, result.allowance
        kink[index] = result.kink
        lower[index] = result.lower - result.edge if result.kink else result.value - result.allowance
        upper[index] = result.upper + result.edge if result.kink else result.value + result.allowance
    shape = x.shape
    return Estimate(
        value=value.reshape(shape),
        allowance=allowance.reshape(shape),
        kink=kink.reshape(shape),
        lower=lower.reshape(shape),
        upper=upper.reshape(shape),
        noise=float(np.max(function.noise, initial=0.0)),
        unit_roundoff=function.unit_roundoff,
        evaluations=counter.count,
    )


def numerical_gradient(f: Callable[[Array], Any], x: Array, *, upstream: Any = None, seed: int = 0) -> Array:
    """df/dx of the textbook: `f(x)` a scalar, the result an array of the shape of x.

    `x` is moved in place, so a loss that reads it elsewhere (`net.params["W1"]`) works, and comes back bit for bit.
    For the error of each entry use `estimate_gradient`, which gives these values. Errors as there.
    """
    return estimate_gradient(f, x, upstream, seed=seed).value


class _Counter:
    """f(x) as a flat vector, counted."""

    def __init__(self, f: Callable[[Array], Any], x: Array) -> None:
        self.f = f
        self.x = x
        self.count = 0

    def __call__(self) -> Array:
        self.count += 1
        return flat_output(self.f(self.x))


def _function_of(f: Callable[[Array], Any], x: Array, upstream: Any, seed: int) -> tuple[Function, _Counter]:
    _check_array(x)
    counter = _Counter(f, x)
    with np.errstate(all="ignore"):
        raw = np.asarray(f(x))
    _check_output(raw)
    base = flat_output(raw)
    weights = _weights(upstream, raw.shape)
    with np.errstate(all="ignore"):
        noise = measure_noise(counter, [x], base, raw.dtype, seed)
    unit = max(noise.unit_roundoff, float(np.finfo(x.dtype).eps) / 2)
    counter.count += 1
    return Function(counter, x, weights, base, noise.deviation, unit), counter


def _check_array(x: Any) -> None:
    if not isinstance(x, np.ndarray):
        raise TypeError(
            f"Expected x to be a NumPy array of floats, got {type(x).__name__}; wrap it: np.array(x, dtype=float)"
        )
    if not np.issubdtype(x.dtype, np.floating):
        raise TypeError(
            f"Expected x to be an array of floats, got dtype {x.dtype}, in which a small step would vanish; "
            "convert it: x.astype(float)"
        )
    if not x.flags.writeable:
        raise TypeError("Expected x to be writeable, since its entries are moved in place; pass x.copy()")
    if not np.all(np.isfinite(x)):
        index = tuple(int(k) for k in np.argwhere(~np.isfinite(x))[0])
        raise ValueError(
            f"Expected x to be finite, got {x[index]} at x{list(index)}: there is no derivative to take there"
        )


def _check_output(raw: Array) -> None:
    if raw.dtype == object or not (np.issubdtype(raw.dtype, np.number) or raw.dtype == bool):
        raise TypeError(f"Expected f(x) to be a number or an array of numbers, got {raw.dtype} of shape {raw.shape}")
    if np.issubdtype(raw.dtype, np.complexfloating):
        raise TypeError(f"Expected f(x) to be real, got dtype {raw.dtype}; differentiate its real or imaginary part")
    if not np.all(np.isfinite(raw)):
        raise ValueError(
            "Expected f(x) to be finite at the given x, got NaN or infinity: choose x inside the domain of f"
        )


def _weights(upstream: Any, shape: tuple[int, ...]) -> Array:
    if upstream is None:
        return np.ones(int(np.prod(shape)))
    weights = np.asarray(upstream, dtype=np.float64)
    try:
        full = np.broadcast_to(weights, shape)
    except ValueError:
        raise ValueError(
            f"Expected upstream of the shape of f(x), {shape}, got {weights.shape}: it is the gradient by the output"
        ) from None
    if not np.all(np.isfinite(full)):
        raise ValueError("Expected upstream to be finite, got NaN or infinity")
    return np.array(full).reshape(-1)


__all__ = ["Estimate", "estimate_gradient", "numerical_gradient"]
