"""Normalisations, with the epsilons in use and two slips that are easy to make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from checks.function import Array
from checks.known.family import Forward, Known

_EPSILONS: Final = (1e-5, 1e-8, 1e-7, 1e-6, 1e-12, 1e-3, 1e-4, 1e-10, 0.0)


_SLIPS: Final = (
    ("divided by the variance instead of its root", 1.0, 0),
    ("with the variance over n - 1 instead of n", 0.5, 1),
)


def layer_norm() -> Iterator[Known]:
    """LayerNorm over the last axis."""
    import reference as r

    for epsilon in _EPSILONS:
        yield Known(
            name=_with_epsilon("reference.LayerNorm", epsilon),
            forward=_norm(r.LayerNorm, epsilon),
        )
    yield from _near_norms("reference.LayerNorm", -1)


def batch_norm() -> Iterator[Known]:
    """BatchNorm in training."""
    import reference as r

    for epsilon in _EPSILONS:
        yield Known(
            name=_with_epsilon("reference.BatchNorm", epsilon),
            forward=_norm(r.BatchNorm, epsilon),
        )
    yield from _near_norms("reference.BatchNorm", 0)


def bare_norms() -> Iterator[Known]:
    """Both without gamma and beta."""
    for name, axis in (("reference.BatchNorm", 0), ("reference.LayerNorm", -1)):
        for epsilon in _EPSILONS:
            yield Known(
                name=_with_epsilon(name, epsilon),
                but="without gamma and beta",
                forward=_normalisation(axis, epsilon),
            )


def _near_norms(name: str, axis: int) -> Iterator[Known]:
    for but, power, freedom in _SLIPS:
        for epsilon in _EPSILONS:

            def forward(
                x: Array, gamma: Array, beta: Array, e: float = epsilon, p: float = power, f: int = freedom
            ) -> Any:
                return gamma * _normalised(x, axis, e, p, f) + beta

            yield Known(name=_with_epsilon(name, epsilon), but=but, forward=forward)


def _norm(layer: Callable[..., Any], epsilon: float) -> Forward:
    return lambda x, gamma, beta: layer(gamma, beta, epsilon=epsilon).forward(x)


def _normalisation(axis: int, epsilon: float) -> Forward:
    return lambda x: _normalised(x, axis, epsilon)


def _normalised(x: Array, axis: int, epsilon: float, power: float = 0.5, freedom: int = 0) -> Any:
    variance = x.var(axis=axis, keepdims=True, ddof=freedom)
    return (x - x.mean(axis=axis, keepdims=True)) / (variance + epsilon) ** power


def _with_epsilon(name: str, epsilon: float) -> str:
    return name if epsilon == 1e-5 else f"{name}(epsilon={epsilon:g})"
