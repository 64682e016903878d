"""Buffers that a layer makes for itself, in the dtype of its arrays: `np.zeros(shape)` is float64 whatever they are.

Loops over steps and windows write into such buffers, and round to float64 what was computed in longdouble. While a
layer runs in longdouble, NumPy's functions that make float64 arrays by default make longdouble ones.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

_MAKERS: Final = ("zeros", "empty", "ones", "full", "eye", "identity")


@contextmanager
def buffers_of(dtype: np.dtype[Any]) -> Iterator[None]:
    """Arrays that would be float64 by default, or are asked to be, are of this dtype."""
    originals = {name: getattr(np, name) for name in _MAKERS}
    for name, original in originals.items():
        setattr(np, name, _making(original, dtype))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(np, name, original)


def _making(original: Callable[..., Any], dtype: np.dtype[Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def make(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        return made.astype(dtype) if isinstance(made, np.ndarray) and made.dtype == np.float64 else made

    return make
