"""Layers that draw, from whatever generator: what they draw is replayed, and what does not repeat itself is told."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from checks import check
from checks.entropy import replayed

MODULES_OWN = np.random.default_rng(0)
LEGACY = np.random.RandomState(3)
PLAIN = random.Random(5)


def drawn_by_another_function(shape: tuple[int, ...]) -> Any:
    return LEGACY.uniform(size=shape)


class Dropout:
    """Right for every way of drawing; `again`: backward draws a mask of its own, and is wrong."""

    again = False

    def uniform(self, shape):
        raise NotImplementedError

    def mask(self, shape):
        return (self.uniform(shape) > 0.4) / 0.6

    def forward(self, x):
        self.kept = self.mask(x.shape)
        return x * self.kept

    def backward(self, dout):
        return dout * (self.mask(dout.shape) if self.again else self.kept)


def of_python(generator: Any, shape: tuple[int, ...]) -> Any:
    return np.array([generator.random() for _ in range(int(np.prod(shape)))]).reshape(shape)


IN_FORWARD: dict[str, Callable[[tuple[int, ...]], Any]] = {
    "numpy's global one": lambda shape: np.random.rand(*shape),  # noqa: NPY002
    "python's global one": lambda shape: of_python(random, shape),
    "one made in forward": lambda shape: np.random.default_rng().random(shape),
    "a legacy one made in forward": lambda shape: np.random.RandomState().rand(*shape),
    "python's made in forward": lambda shape: of_python(random.Random(), shape),
    "the system's": lambda shape: of_python(random.SystemRandom(), shape),
    "the module's": lambda shape: MODULES_OWN.random(shape),
    "python's, the module's": lambda shape: of_python(PLAIN, shape),
    "another function's": drawn_by_another_function,
}
KEPT: dict[str, Callable[[], Any]] = {
    "a generator without a seed": lambda: np.random.default_rng(),
    "a generator of an empty sequence": lambda: np.random.default_rng(np.random.SeedSequence()),
    "another bit generator": lambda: np.random.Generator(np.random.Philox()),
    "a legacy one without a seed": lambda: np.random.RandomState(None),
    "a seeded one": lambda: np.random.default_rng(1),
}


def drawing(name: str, *, again: bool) -> type[Dropout]:
    if name in IN_FORWARD:

        class Drawn(Dropout):
            def uniform(self, shape):
                return IN_FORWARD[name](shape)

    else:

        class Drawn(Dropout):  # type: ignore[no-redef]
            def __init__(self):
                self.rng = KEPT[name]()

            def uniform(self, shape):
                return self.rng.random(shape) if hasattr(self.rng, "random") else self.rng.rand(*shape)

    Drawn.again = again
    return Drawn


class OfTheClass(Dropout):
    rng = np.random.default_rng(9)

    def uniform(self, shape):
        return self.rng.random(shape)


class OfTheModule(Dropout):
    def uniform(self, shape):
        return MODULES_OWN.random(shape)


class OfAnotherFunction(Dropout):
    def uniform(self, shape):
        return drawn_by_another_function(shape)


class OfADefault(Dropout):
    def uniform(self, shape, rng=PLAIN):
        return of_python(rng, shape)


NAMES = [n for n in (*IN_FORWARD, *KEPT) if n not in ("the module's", "python's, the module's", "another function's")]
SHARED = (OfTheClass, OfTheModule, OfAnotherFunction, OfADefault)


@pytest.mark.parametrize("name", NAMES)
def test_a_mask_is_replayed(name: str) -> None:
    report = check(drawing(name, again=False), seed=1, max_examples=2)
    assert report.verdict == "pass", report.to_text()
    assert check(drawing(name, again=True), seed=1, max_examples=2).verdict == "fail"


@pytest.mark.parametrize("layer", SHARED)
def test_a_mask_of_a_shared_generator_is_replayed(layer: type[Dropout]) -> None:
    report = check(layer, seed=1, max_examples=2)
    assert report.verdict == "pass", report.to_text()
    wrong = type("Wrong", (layer,), {"again": True})
    assert check(wrong, seed=1, max_examples=2).verdict == "fail"


def test_functions_share_generators_too() -> None:
    def noise_forward(x):
        factor = np.exp(0.1 * LEGACY.randn(*x.shape))
        return x * factor, factor

    def noise_backward(dout, factor):
        return dout * factor

    assert check((noise_forward, noise_backward), seed=1, max_examples=2).verdict == "pass"
    assert check((noise_forward, lambda dout, factor: dout), seed=1, max_examples=2).verdict == "fail"


class Counts:
    calls = 0

    def forward(self, x):
        Counts.calls += 1
        self.factor = Counts.calls
        return x * self.factor

    def backward(self, dout):
        return dout * self.factor


class Clock:
    def forward(self, x):
        self.factor = 1 + time.perf_counter_ns() % 1000
        return x * self.factor

    def backward(self, dout):
        return dout * self.factor


@pytest.mark.parametrize("layer", [Counts, Clock])
def test_what_no_generator_draws_is_not_replayed(layer: type) -> None:
    assert "nondeterministic" in {f.kind for f in check(layer, seed=1, max_examples=3).findings}


def test_entropy_is_the_global_states_and_the_systems_again_afterwards() -> None:
    def draw() -> tuple[float, float]:
        np.random.seed(4)  # noqa: NPY002
        return float(np.random.default_rng().random()), random.Random().random()

    seeding = random.Random.seed
    with replayed():
        first = draw()
        with replayed():
            assert draw() == first
        assert draw() == first
        assert random.Random(7).random() == 0.32383276483316237
    assert random.Random.seed is seeding
    assert draw() != first
