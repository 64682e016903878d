"""One array of a layer and the array of another that it stands for: carried there, and its gradient back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checks.function import Array
from checks.signature import Argument, Shape


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Pair:
    """One array of the layer and the one of the other that it stands for.

    `axes`: the other's axes, as the numbers of this one's, axes of length one left out where only one has them.
    `labels`: "onehot" where indices become rows with a 1, "indices" where it is the other way round.
    """

    own: Argument
    other: Argument
    axes: tuple[int, ...] = ()
    labels: str = ""

    def there(self, array: Array, classes: int | None) -> Array:
        """The array as the other layer takes it, in memory of its own."""
        if self.labels == "onehot":
            rows = np.eye(classes or int(array.max(initial=0)) + 1)[array]
            return np.moveaxis(rows, -1, 0).copy() if self.other.kind == "onehot0" else rows
        if self.labels == "indices":
            return np.asarray(array.argmax(axis=0 if self.own.kind == "onehot0" else -1))
        return np.array(self._dressed(self._bare(array).transpose(self.axes)), order="C")

    def back(self, gradient: Array, shape: Shape) -> Array:
        """A gradient of the other's array in this one's layout; as it is where it has not the array's shape."""
        turned = tuple(int(k) for k in np.argsort(self.axes))
        if gradient.size != int(np.prod(shape)) or self.labels:
            return gradient
        bare = tuple(length for k, length in enumerate(shape) if k in self._kept)
        flat = gradient.reshape(tuple(bare[k] for k in self.axes))
        return np.asarray(flat.transpose(turned).reshape(shape))

    @property
    def turned(self) -> bool:
        """Whether the axes stand in another order."""
        return self.axes != tuple(range(len(self.axes)))

    @property
    def words(self) -> str | None:
        """`W transposed`, `t as one-hot rows`; None where the array is taken as it is."""
        if self.labels:
            return f"{self.own.name} as {'one-hot rows' if self.labels == 'onehot' else 'class indices'}"
        return f"{self.own.name} transposed" if self.turned else None

    @property
    def _kept(self) -> tuple[int, ...]:
        return bare_axes(self.own, self.other)

    def _bare(self, array: Array) -> Array:
        return array.reshape(tuple(length for k, length in enumerate(array.shape) if k in self._kept))

    def _dressed(self, array: Array) -> Array:
        if len(self.own.dims) == len(self.other.dims) or any(dim.is_rest for dim in self.other.dims):
            return array
        lengths = iter(array.shape)
        return array.reshape(tuple(1 if dim.text == "1" else next(lengths) for dim in self.other.dims))


def bare_axes(argument: Argument, beside: Argument) -> tuple[int, ...]:
    """The axes without those of length one, where the other has another number of axes."""
    if len(argument.dims) == len(beside.dims) or any(dim.is_rest for dim in (*argument.dims, *beside.dims)):
        count = len(argument.dims)
        return tuple(range(count))
    return tuple(k for k, dim in enumerate(argument.dims) if dim.text != "1")
