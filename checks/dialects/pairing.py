"""How two functions are called, forward and backward: in code, and in fact."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from checks.dialects.arguments import unpacked
from checks.dialects.usage import Values, a_loss
from checks.errors import LayerError
from checks.infer_table import OPTIONS


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Pairing:
    """How the two are called: forward's arguments in order, those of backward by what they are.

    `packed`: the arguments that are dicts of arrays, with their keys, those of options among them. `told`, `also`:
    keywords of forward and of backward. `known`: forward's options, of which backward may want some. `last`: the cache
    is the last thing that forward returns, whatever else it returns beside the output. `primary`: which of the outputs
    is looked at; the others get nothing from above.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    inputs: tuple[str, ...]
    wanted: tuple[str, ...]
    packed: Mapping[str, tuple[str, ...]]
    told: Mapping[str, Any] = field(default_factory=dict)
    also: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, Any] = field(default_factory=dict)
    last: bool = False
    primary: int = 0

    @property
    def further(self) -> int:
        """How many more outputs backward takes a gradient for."""
        return sum(name.startswith("nothing ") for name in self.wanted)

    @property
    def call(self) -> str:
        """The call of forward in code, each input in its place."""
        inputs = map(self._spelled, self.inputs) if self.packed or self.last else ["{inputs}"]
        called = f"{self.forward.__name__}({', '.join([*inputs, *_keywords(self.told)])})"
        if "cache" not in self.wanted:
            return f"layer = out = {called}"
        if self.last:
            return f"out, *_, layer = {called}"
        outputs = ["_"] * (1 + self.further)
        outputs[self.primary] = "out"
        return f"{', '.join(outputs)}, layer = {called}"

    @property
    def answer(self) -> str:
        """The call of backward in code."""
        words = {"upstream": "0.0" if self.primary else "upstream", "cache": "layer"}
        words |= {f"nothing {k}": "upstream" if k == self.primary else "0.0" for k in range(1, 1 + self.further)}
        words |= {option: repr(value) for option, value in self.known.items()}
        spelled = [words.get(w) or self._spelled(w) for w in self.wanted]
        return f"{self.backward.__name__}({', '.join([*spelled, *_keywords(self.also)])})"

    def _spelled(self, name: str) -> str:
        if name not in self.packed:
            return f"{{={name}}}" if name in self.inputs else name
        return f"{{{', '.join(f'{key!r}: {self._entry(key)}' for key in self.packed[name])}}}"

    def _entry(self, key: str) -> str:
        return repr(OPTIONS[key]) if key in OPTIONS else f"{{={key}}}"


class Pair:
    """The two functions, with the cache kept between them."""

    def __init__(self, pairing: Pairing) -> None:
        self._pairing = pairing
        self._known: dict[str, Any] = {}
        self._unfed: list[Any] = []

    def forward(self, values: Values) -> Any:
        """The output; everything that backward may be handed is kept."""
        pairing = self._pairing
        known: dict[str, Any] = {**pairing.known, **values}
        for name, keys in pairing.packed.items():
            known[name] = {key: values[key] if key in values else OPTIONS[key] for key in keys}
        told = copy.deepcopy(dict(pairing.told)) if pairing.told else {}
        result = pairing.forward(*[known[name] for name in pairing.inputs], **told)
        self._known = known
        if "cache" not in pairing.wanted:
            return result if "upstream" in pairing.wanted else a_loss(result, known.values())
        if not isinstance(result, tuple) or len(result) < 2:
            self._known["cache"] = result
            return result
        outputs = 1 + pairing.further
        rest = result[outputs:] if len(result) > outputs else result[1:]
        if pairing.last and len(rest) < 2:
            raise LayerError("forward returns nothing beside the output and the cache")
        self._known["cache"] = rest[-1] if len(rest) == 1 or pairing.last else rest
        # Nothing comes from above for the outputs that are not looked at.
        given = result[:outputs]
        self._unfed = [value for k, value in enumerate(given) if k != pairing.primary]
        self._known |= {_slot(k): np.zeros_like(value) for k, value in enumerate(given)}
        return result[pairing.primary]

    @property
    def kept(self) -> dict[str, Any]:
        """What is in the cache, by the names that backward gives it."""
        if "cache" not in self._known or "cache" not in self._pairing.wanted:
            return {}
        held = self._known["cache"]
        own = list(inspect.signature(self._pairing.backward).parameters)[self._pairing.wanted.index("cache")]
        if isinstance(held, dict):
            return {f"{own}[{key!r}]": value for key, value in held.items()}
        if not isinstance(held, tuple | list):
            return {own: held}
        names = unpacked(self._pairing.backward, own, len(held))
        return {name or f"{own}[{k}]": value for k, (name, value) in enumerate(zip(names, held, strict=True))}

    @property
    def unfed(self) -> list[Any]:
        """The outputs of the last forward for which nothing comes from above."""
        return self._unfed

    def backward(self, upstream: Any) -> Any:
        """What backward returns, told what it asks for."""
        known = {**self._known, _slot(self._pairing.primary): upstream}
        return self._pairing.backward(*[known[name] for name in self._pairing.wanted], **self._pairing.also)


def _slot(output: int) -> str:
    """What backward's argument for an output's gradient is called here."""
    return f"nothing {output}" if output else "upstream"


def _keywords(told: Mapping[str, Any]) -> list[str]:
    """As they are spelled in a call."""
    return [f"{name}={value!r}" for name, value in told.items()]
