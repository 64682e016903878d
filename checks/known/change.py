"""Ways of feeding a layer otherwise, in one ordered table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from checks.function import Array
from checks.known.family import Forward


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Change:
    """A way of feeding a layer otherwise. `words` follow "computes what X computes"."""

    words: str
    fed: Callable[[Array], Array]
    back: Callable[[Array], Array]


def _as_it_is(array: Array) -> Array:
    return array


def _axes_swapped(array: Array) -> Array:
    return np.swapaxes(array, 0, -1) if array.ndim > 1 else array


# In this order, each tried with each candidate of an entrywise signature, then with a factor or a sign.
CHANGES: Final = (
    Change(words="", fed=_as_it_is, back=_as_it_is),
    Change(words=" at -x", fed=np.negative, back=_as_it_is),
    Change(words=" at 2 x", fed=lambda x: 2 * x, back=_as_it_is),
    Change(words=" at x / 2", fed=lambda x: x / 2, back=_as_it_is),
    Change(words=" along the first axis", fed=_axes_swapped, back=_axes_swapped),
)


def changed(forward: Forward, change: Change) -> Forward:
    """The forward with its first array fed that way."""
    return lambda *arrays: change.back(np.asarray(forward(change.fed(arrays[0]), *arrays[1:])))
