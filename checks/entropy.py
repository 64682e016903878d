"""Entropy that is replayed: what a layer's code asks the system for comes from NumPy's global generator instead.

A generator that is made without a seed (`np.random.default_rng()`, `RandomState()`, `random.Random()`) draws its first
state from the system, so that no two runs of a dropout are alike and no difference of them is a derivative. The global
state is set before each run; whatever is derived from it repeats itself.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

_Patch = tuple[Any, str, Any]


@contextlib.contextmanager
def replayed() -> Iterator[None]:
    """Generators without a seed, and the system's own, are a function of NumPy's global random state."""
    patches = list(_patches())
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in patches]
    for owner, name, value in patches:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def _patches() -> Iterator[_Patch]:
    bit_generator: Any = np.random.bit_generator
    if hasattr(bit_generator, "randbits"):  # where a SeedSequence without entropy has it from
        yield bit_generator, "randbits", _bits
    yield random, "_urandom", _bytes
    yield random.Random, "seed", _seeding(random.Random.seed)


def _bytes(count: int) -> bytes:
    return np.random.bytes(count)  # noqa: NPY002 - the state that is set before each run


def _bits(count: int) -> int:
    return int.from_bytes(_bytes((count + 7) // 8), "little") >> (-count % 8)


def _seeding(original: Callable[..., None]) -> Callable[..., None]:
    if getattr(original, "replayed", False):  # within another one
        return original

    def seed(self: random.Random, a: Any = None, version: int = 2) -> None:
        original(self, _bits(64) if a is None and not isinstance(self, random.SystemRandom) else a, version)

    seed.replayed = True  # type: ignore[attr-defined]
    return seed
