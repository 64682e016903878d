"""A Subject with concrete arrays and an upstream gradient: reproducible, displaceable, printable."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from checks.function import typical_size
from checks.signature import Signature
from checks.subject import Array, Subject, is_differentiable


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Case:
    """The arrays of one check, by name, with the upstream gradient.

    `upstream=None`: drawn from `seed` once the output's shape is known (`upstream_for`).
    `rounded`: values are short decimals, so that a printed case is a copied case. `exact`: every entry is looked at,
    however many there are.
    """

    subject: Subject
    signature: Signature
    arrays: Mapping[str, Array]
    upstream: Array | None = None
    seed: int = 0
    rounded: bool = True
    exact: bool = False

    def upstream_for(self, output: Array) -> Array:
        """The gradient that comes from above, of the output's shape and dtype: entries of size 0.5 to 2, both signs.

        One where backward takes none. Never one otherwise, since a backward that ignores it would not show.
        """
        if not self.subject.takes_upstream:
            return np.ones(output.shape, dtype=output.dtype)
        if self.upstream is not None:
            return np.asarray(self.upstream, dtype=output.dtype)
        rng = np.random.default_rng([self.seed, 1])
        values = rng.uniform(0.5, 2.0, size=output.shape) * rng.choice([-1.0, 1.0], size=output.shape)
        return np.asarray(np.round(values, 2) if self.rounded else values, dtype=output.dtype)

    def is_differentiable(self, name: str) -> bool:
        """Whether a derivative by this array means something: floats, but no one-hot labels or masks."""
        return is_differentiable(self.arrays[name]) and self.signature.argument(name).differentiable

    @property
    def movable(self) -> tuple[str, ...]:
        """Arrays that may be moved a little without leaving what they stand for: floats, but no labels or masks."""
        return tuple(
            name
            for name in self.arrays
            if self.is_differentiable(name) and self.signature.argument(name).kind != "simplex"
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the arrays that may be moved; float64 where there is none."""
        return next((self.arrays[name].dtype for name in self.movable), np.dtype(np.float64))

    def displaced(self, by: float, salt: int = 1) -> Case:
        """The same case beside itself: every float entry moved by `by` times its array's size, the upstream drawn anew.

        Kinks and ties at the original point are left behind; signs, integers and labels stay.
        """
        rng = np.random.default_rng([self.seed, 2, salt])
        movable = self.movable
        arrays = {name: _moved(a, by, rng) if name in movable else a for name, a in self.arrays.items()}
        seed = int(rng.integers(2**31))
        return replace(self, arrays=arrays, upstream=None, seed=seed, rounded=False)

    def plain(self) -> Case:
        """The same shapes with values between 0.2 and 0.8, in which hardly anything saturates or has no value."""
        rng = np.random.default_rng([self.seed, 6])
        movable = self.movable
        arrays = {
            n: rng.uniform(0.2, 0.8, a.shape).astype(a.dtype) if n in movable else a for n, a in self.arrays.items()
        }
        return replace(self, arrays=arrays, upstream=None, rounded=False)

    def with_other_upstream(self, salt: int) -> Case:
        """The same arrays under another upstream gradient."""
        return replace(self, upstream=None, seed=int(np.random.default_rng([self.seed, 4, salt]).integers(2**31)))

    def fingerprint(self) -> bytes:
        """A key for this case: the same arrays, layouts and seed give the same key."""
        digest = hashlib.blake2b(digest_size=16)
        for name, array in self.arrays.items():
            digest.update(f"{name}{array.shape}{array.strides}{array.dtype}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(str(self.seed).encode())
        if self.upstream is not None:
            digest.update(np.ascontiguousarray(self.upstream).tobytes())
        return digest.digest()


def _moved(array: Array, by: float, rng: np.random.Generator) -> Array:
    """A copy with each entry moved by between half and all of `by` times its own size."""
    shifts = rng.uniform(0.5, 1.0, size=array.shape) * rng.choice([-1.0, 1.0], size=array.shape)
    scale = np.where(array != 0, np.abs(array), typical_size(array))
    return np.asarray(array + by * shifts * scale, dtype=array.dtype)
