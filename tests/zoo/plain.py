"""Subjects and cases by hand, without a dialect: what the engine sees of a layer, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from checks.case import Case
from checks.signature import Signature
from checks.subject import Role, Subject

AFFINE = "x(n,i), W(i,o), b(o) -> (n,o)"
SAME = "x(n,i) -> (n,i)"


class Pure:
    """A Trial of two functions: `forward(**arrays)` gives the output, `backward(upstream, **arrays)` gradients."""

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Mapping[str, Any]]) -> None:
        self._forward, self._backward = forward, backward
        self._seen: dict[str, Any] = {}

    def forward(self, arrays: Mapping[str, Any]) -> Any:
        self._seen = dict(arrays)
        return self._forward(**arrays)

    def backward(self, upstream: Any) -> Mapping[str, Any]:
        return self._backward(upstream, **self._seen)


def subject(build: Callable[[Any], Any], signature: str, *, name: str = "Layer", **options: Any) -> Subject:
    """What `build(arrays)` makes, under the signature: the first array is the input, capitals, b and so on are
    parameters, kinds that owe nothing are labels; all others are owed.
    """
    known = Signature.parse(signature)
    roles: dict[str, Role] = {}
    for k, argument in enumerate(known.arguments):
        roles[argument.name] = "input" if k == 0 else "parameter" if argument.differentiable else "label"
    owed = tuple(argument.name for argument in known.arguments if argument.differentiable)
    settings: dict[str, Any] = {"roles": roles, "owed": owed, **options}
    return Subject(name=name, build=build, signatures=(known,), **settings)


def pure(
    forward: Callable[..., Any], backward: Callable[..., Mapping[str, Any]], signature: str, **options: Any
) -> Subject:
    """The subject of two functions without a state."""
    return subject(lambda arrays: Pure(forward, backward), signature, **options)


def case(of: Subject, *, seed: int = 0, upstream: Any = None, **arrays: Any) -> Case:
    """The subject with these arrays."""
    given = {name: np.asarray(array) for name, array in arrays.items()}
    return Case(subject=of, signature=of.signature, arrays=given, seed=seed, upstream=upstream)


def elementwise(f: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Subject:
    """y = f(x), with dx = upstream * slope(x)."""
    return pure(lambda x: f(x), lambda upstream, x: {"x": upstream * slope(x)}, SAME)


def affine_gradients(upstream: Any, x: Any, W: Any, b: Any) -> dict[str, Any]:
    """The right gradients of x @ W + b."""
    return {"x": upstream @ W.T, "W": x.T @ upstream, "b": upstream.sum(axis=0)}


def affine(change: Callable[[dict[str, Any]], Any] = lambda gradients: None, scale: float = 1.0) -> Subject:
    """scale * (x @ W + b); `change` may spoil the gradients before they are handed out."""

    def backward(upstream: Any, x: Any, W: Any, b: Any) -> dict[str, Any]:
        gradients = affine_gradients(scale * upstream, x, W, b)
        return change(gradients) or gradients

    return pure(lambda x, W, b: scale * (x @ W + b), backward, AFFINE)


def affine_arrays(seed: int = 0, sizes: tuple[int, int, int] = (3, 4, 2), dtype: Any = "float64") -> dict[str, Any]:
    """x, W and b, drawn."""
    rng = np.random.default_rng(seed)
    n, i, o = sizes
    return {
        name: rng.standard_normal(shape).astype(dtype) for name, shape in (("x", (n, i)), ("W", (i, o)), ("b", (o,)))
    }
