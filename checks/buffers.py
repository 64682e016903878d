"""Buffers that a layer makes for itself, in the dtype of its arrays: `np.zeros(shape)` is float64 whatever they are.

Loops over steps and windows write into such buffers, and round what was computed in a wider dtype. While a layer runs
in longdouble, NumPy's functions that make float64 arrays by default make longdouble ones; while it runs in float64,
those that were asked for float32 make float64 ones.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

_MAKERS: Final = ("zeros", "empty", "ones", "full", "eye", "identity")
_LIKE: Final = ("zeros_like", "empty_like", "ones_like", "full_like")


@contextmanager
def buffers_of(dtype: np.dtype[Any]) -> Iterator[None]:
    """Arrays that would be of the next narrower dtype, by default or because they are asked to be, are of this one."""
    narrow = np.dtype(np.float32 if dtype == np.float64 else np.float64)

    def widened(made: Any) -> Any:
        return made.astype(dtype) if isinstance(made, np.ndarray) and made.dtype == narrow else made

    with _watched(widened):
        yield


@contextmanager
def narrow_buffers() -> Iterator[list[tuple[int, ...]]]:
    """The shapes of the arrays of single precision that are made meanwhile."""
    found: list[tuple[int, ...]] = []

    def noted(made: Any) -> Any:
        if isinstance(made, np.ndarray) and made.dtype == np.float32:
            found.append(made.shape)
        return made

    with _watched(noted):
        yield found


@contextmanager
def _watched(each: Callable[[Any], Any]) -> Iterator[None]:
    """What NumPy's functions make of themselves goes through `each` first."""
    originals = {name: getattr(np, name) for name in (*_MAKERS, *_LIKE)}
    for name, original in originals.items():
        setattr(np, name, _through(original, each))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(np, name, original)


def _through(original: Callable[..., Any], each: Callable[[Any], Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def make(*args: Any, **kwargs: Any) -> Any:
        return each(original(*args, **kwargs))

    return make
