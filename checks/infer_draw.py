"""Plain arrays for a trial run, and the silence it runs in.

Values here only have to make a layer run; the cases that judge it are drawn elsewhere, with more care.
"""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from checks.entropy import replayed
from checks.signature import Argument
from checks.subject import Array

SEED = 20_240_229  # any fixed number: two trials of the same layer have to draw alike


def reseed(seed: int = SEED) -> None:
    """Both global random states at a fixed point, so that dropout and initialisers repeat."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  (layers draw from the global state)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No output, no warnings, no floating-point complaints; the caller's random states come back
    afterwards.
    """
    plain, state = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with (
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            replayed(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(plain)
        np.random.set_state(state)  # noqa: NPY002


def draw(argument: Argument, shape: tuple[int, ...], limit: int | None, dtype: Any) -> Array:
    """An array of that shape and kind; floats keep away from 0, where many layers have a kink.

    The same name draws the same values, so that two kinds of label meet the same inputs.
    """
    rng = np.random.default_rng([SEED, *argument.name.encode()])
    match argument.kind:
        case "label" | "int":
            return _ids(shape, limit or 1)
        case "onehot":
            ids = _ids(shape[:-1], shape[-1])
            return np.eye(shape[-1], dtype=dtype)[ids]
        case "onehot0":
            ids = _ids(shape[1:], shape[0])
            return np.moveaxis(np.eye(shape[0], dtype=dtype)[ids], -1, 0)
        case "mask":
            return (rng.random(shape) < 0.7).astype(dtype)
        case "adjacency":
            above = np.triu(rng.random(shape) < 0.7)
            return np.maximum(above, above.T).astype(dtype)
        case "sign":
            return (rng.integers(0, 2, shape) * 2.0 - 1.0).astype(dtype)
        case "bool":
            return np.ones(shape, dtype=bool)
        case "positive":
            return rng.uniform(0.5, 2.0, shape).astype(dtype)
        case "probability":
            return rng.uniform(0.1, 0.9, shape).astype(dtype)
        case "simplex":
            values = rng.uniform(0.2, 1.0, shape)
            return np.asarray(values / values.sum(axis=-1, keepdims=True), dtype=dtype)
        case "symmetric":
            root = rng.uniform(-1.0, 1.0, shape)
            return np.asarray(root @ root.T + np.eye(len(root)), dtype=dtype)
        case _:
            signs = rng.integers(0, 2, shape) * 2.0 - 1.0
            values = np.asarray(rng.uniform(0.2, 1.5, shape) * signs, dtype=dtype)
            if argument.kind == "intercept":
                values[:, :1] = 1.0
            return values


def _ids(shape: tuple[int, ...], limit: int) -> Array:
    """The largest first, so that a limit that is too high shows; neighbours differ."""
    count = int(np.prod(shape, dtype=np.int64))
    return np.asarray((limit - 1 - 2 * np.arange(count)) % limit, dtype=np.int64).reshape(shape)
