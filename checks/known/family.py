"""What is known of one layer of `reference/`, and of those that share a signature with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.function import Array
from checks.signature import Signature
from checks.subject import Role

Forward = Callable[..., Any]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Known:
    """`forward` takes the arrays of the family's signature in its order, and the parameter where there is one.

    `but`: in what it is not the layer of that name. `parameter`: what the number would be, from the first array and
    the output; `name` has a place for it. `plain`: it may be told with a factor, or at -x.
    """

    name: str
    forward: Forward
    but: str = ""
    parameter: Callable[[Array, Array], float] | None = None
    plain: bool = False


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Family:
    """Layers of one signature. `entrywise`: an input of any shape, and an output of the same."""

    signature: Signature
    layers: tuple[Known, ...]
    roles: Mapping[str, Role] = field(default_factory=dict)
    entrywise: bool = False


def family(text: str, layers: Iterable[Known], *, entrywise: bool = False) -> Family:
    """The family of that signature; weights and biases are parameters, targets labels, by their names."""
    signature = Signature.parse(text)
    roles: dict[str, Role] = {}
    for argument in signature.arguments:
        word = argument.name
        is_label = argument.kind in ("label", "target")
        is_parameter = word[0] in "Wb" or word in ("gamma", "beta")
        roles[word] = "label" if is_label else "parameter" if is_parameter else "input"
    return Family(signature=signature, layers=tuple(layers), roles=roles, entrywise=entrywise)


def forward_of(layer: Callable[[], Any]) -> Forward:
    """The forward of a layer without parameters; a new object each time."""
    return lambda *arrays: layer().forward(*arrays)
