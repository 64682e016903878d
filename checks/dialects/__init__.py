"""The user's object in, a Subject out. One file per way people write layers, in one ordered table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.dialects import (
    activation,
    both,
    closures,
    costs,
    derivatives,
    functions,
    intermediates,
    layer,
    network,
    objective,
    separate,
    triples,
)
from checks.dialects.defined import function_pairs, is_layer
from checks.dialects.dialect import Dialect, Request
from checks.dialects.errors import not_a_layer
from checks.dialects.ways import read as _read
from checks.signature import Signature
from checks.subject import Subject

TABLE: tuple[Dialect, ...] = (
    Dialect(name="function and derivative", recognises=derivatives.recognises, usage=derivatives.usage),
    Dialect(name="intermediates", recognises=intermediates.recognises, usage=intermediates.usage),
    Dialect(name="functions", recognises=functions.recognises, usage=functions.usage),
    Dialect(name="three functions", recognises=triples.recognises, usage=triples.usage),
    Dialect(name="loss function", recognises=both.recognises, usage=both.usage),
    Dialect(name="function with its backward", recognises=closures.recognises, usage=closures.usage),
    Dialect(name="network", recognises=network.recognises, usage=network.usage),
    Dialect(name="separate loss", recognises=separate.recognises, usage=separate.usage),
    Dialect(name="cost elsewhere", recognises=costs.recognises, usage=costs.usage),
    Dialect(name="layer", recognises=layer.recognises, usage=layer.usage),
    Dialect(name="loss", recognises=objective.recognises, usage=objective.usage),
    Dialect(name="activation", recognises=activation.recognises, usage=activation.usage),
)


def read(
    obj: Any,
    signature: Signature | None = None,
    *,
    inputs: tuple[Any, ...] | Mapping[str, Any] | None = None,
    dtype: Any = "float64",
    name: str | None = None,
) -> Subject:
    """The Subject for a class, an instance, a pair of functions or a network.

    Without a signature, one is found by trying. Raises LayerError, with what was tried, what the layer
    answered and what to add, where the object cannot be built, called or understood.
    """
    title = name or _title(obj)
    for dialect in TABLE:
        if dialect.recognises(obj):
            request = Request(name=title, signature=signature, inputs=inputs, dtype=dtype)
            return _read(dialect.usage(obj, title), request)
    raise not_a_layer(title, f"a {type(obj).__name__}" if not isinstance(obj, type) else "a class without a backward")


def _title(obj: Any) -> str:
    if isinstance(obj, tuple) and obj:
        return _title(obj[0])
    return str(getattr(obj, "__name__", type(obj).__name__))


__all__ = ["TABLE", "Dialect", "function_pairs", "is_layer", "read"]
