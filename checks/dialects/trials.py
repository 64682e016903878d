"""A live object of the user's, with the engine's arrays in it.

The arrays are put where the layer keeps its parameters once, by reference, and the engine writes into them;
each forward only checks that the layer still refers to them. Layers that copy their parameters get the
values written in, and layers that transform them are constructed anew for every forward.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from checks.dialects.accumulating import Accumulation
from checks.dialects.places import Place
from checks.dialects.reach import Path, Slot, generator_states, walk
from checks.dialects.shared import SharedGenerators
from checks.dialects.usage import Usage, clone, output_of
from checks.errors import LayerError, SignatureError
from checks.infer_layout import Size, number
from checks.signature import Signature
from checks.subject import Array, Arrays

# alias: the object refers to the engine's array; copy: its own is written into; anew: a new object a forward.
Mode = Literal["alias", "copy", "anew"]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Plan:
    """All that is known of a layer, enough to make Trials.

    `handed`: arrays given to the constructor, `inputs`: arrays given to forward. `kept`: where the object
    keeps each parameter. `sizes`: arguments that are numbers of sizes;
    `spare`: numbers for those sizes that no array has. `gathers`: what each forward adds to. `shared`: random
    generators that are not the object's own.
    """

    usage: Usage
    signatures: tuple[Signature, ...]
    inputs: tuple[str, ...]
    handed: tuple[str, ...]
    kept: Mapping[str, Path]
    modes: Mapping[str, Mode]
    sizes: Mapping[str, Size]
    constants: Mapping[str, Any]
    places: Mapping[str, Place]
    primed: bool = False
    gathers: Accumulation = field(default_factory=Accumulation)
    spare: Mapping[str, int] = field(default_factory=dict)
    shared: SharedGenerators = field(default_factory=lambda: SharedGenerators(None))

    def construct(self, arrays: Arrays) -> Any:
        """A fresh object, for these arrays; generators that objects share begin anew."""
        self.shared.restore()
        usage = self.usage
        if usage.instance is not None:
            originals = {n: path.get(usage.instance) for n, path in self.kept.items() if n in arrays}
            replacing = {
                id(old): arrays[n]
                for n, old in originals.items()
                if isinstance(old, np.ndarray) and self.modes[n] == "alias"
            }
            return clone(usage.instance, replacing)
        values: dict[str, Any] = {name: arrays[name] for name in self.handed}
        values.update({f.name: self.constants[f.name] for f in usage.constructor if f.name in self.constants})
        if self.sizes:
            numbers = self.numbers(arrays)
            values.update({name: number(size, numbers) for name, size in self.sizes.items()})
        return usage.make(values)

    def numbers(self, arrays: Arrays) -> dict[str, int]:
        """The numbers of the sizes, from the shapes of the arrays."""
        fault: SignatureError | None = None
        for signature in self.signatures:
            try:
                fitted = signature.fit({n: np.shape(arrays[n]) for n in signature.names if n in arrays})
                return {**self.spare, **fitted}
            except SignatureError as error:
                fault = fault or error
        raise LayerError(str(fault))


class ObjectTrial:
    """A Trial of anything that a Usage describes."""

    __slots__ = (
        "_anew",
        "_bound",
        "_constants",
        "_copied",
        "_inputs",
        "_keep",
        "_object",
        "_plan",
        "_sizes",
        "_slots",
        "_watched",
    )

    def __init__(self, plan: Plan, arrays: Arrays, *, keep: bool = False) -> None:
        """`keep`: one object for all forwards, with the parameters that it has now."""
        self._plan = plan
        self._keep = keep
        self._inputs = plan.inputs
        forward = {formal.name for formal in plan.usage.forward}
        self._constants = {n: v for n, v in plan.constants.items() if n in forward}
        self._sizes = {n: size for n, size in plan.sizes.items() if n in forward}
        self._anew = any(mode == "anew" for mode in plan.modes.values())
        self._renew(arrays)

    def _renew(self, arrays: Arrays) -> None:
        plan = self._plan
        self._object = plan.construct(arrays)
        self._bound = plan.usage.bind(self._object)
        if plan.primed:
            self._bound.forward(self._values(arrays))
            plan.gathers.forget(self._object)
        self._slots = _slots(self._object, plan)
        self._copied = tuple(
            (name, plan.kept[name].get(self._object)) for name, mode in plan.modes.items() if mode == "copy"
        )
        self._place(arrays)

    def _place(self, arrays: Arrays) -> None:
        """Makes every place that referred to a parameter refer to the engine's array."""
        watched = []
        for name, slots in self._slots.items():
            for slot in slots:
                slot.put(arrays[name])
            watched.append((*_entry(slots[0]), name))
        self._watched = tuple(watched)

    def _replace(self, arrays: Arrays) -> None:
        """Puts other arrays in place; a new object where a place cannot be changed, such as an entry of a
        tuple.
        """
        self._place(arrays)
        if any(entries[key] is not arrays[name] for entries, key, name in self._watched):
            self._renew(arrays)

    def forward(self, arrays: Arrays) -> Any:
        """The output as the layer gives it, for the arrays as they are now."""
        if self._keep:
            pass
        elif self._anew:
            self._renew(arrays)
        else:
            for entries, key, name in self._watched:
                if entries[key] is not arrays[name]:
                    self._replace(arrays)
                    break
            for name, own in self._copied:
                np.copyto(own, arrays[name], casting="unsafe")
        return output_of(self._object, self._bound.forward(self._values(arrays)))

    def reset(self) -> None:
        """Empties what forward adds to at each call, where the class has a method for it."""
        if self._plan.gathers.reset is not None:
            getattr(self._object, self._plan.gathers.reset)()

    @property
    def holder(self) -> Any:
        """The layer's own object."""
        return self._object

    @property
    def cached(self) -> Mapping[str, Any]:
        """What forward handed on to backward beside the object, by the names that backward gives it."""
        return getattr(self._bound, "kept", {})

    @property
    def draws_from(self) -> tuple[str, ...]:
        """The states of the random generators that are the layer's own, or that it shares."""
        return *generator_states(self._object), *self._plan.shared.states()

    @property
    def starves(self) -> bool:
        """Whether an output that gets nothing from above is not finite: nothing times it is no number then."""
        return any(not finite(value) for value in getattr(self._bound, "unfed", ()))

    def _values(self, arrays: Arrays) -> dict[str, Any]:
        values: dict[str, Any] = {name: arrays[name] for name in self._inputs}
        if self._sizes:
            numbers = self._plan.numbers(arrays)
            values.update({name: number(size, numbers) for name, size in self._sizes.items()})
        if self._constants:
            values.update(copy.deepcopy(self._constants))
        return values

    def backward(self, upstream: Array) -> Mapping[str, Any]:
        """The gradients by name; what has none is left out."""
        places = self._plan.places
        updated = [name for name, place in places.items() if place.source == "update"]
        before = {name: np.array(self._plan.kept[name].get(self._object)) for name in updated}
        given = upstream[()] if np.ndim(upstream) == 0 else upstream
        returned = self._bound.backward(given)
        found: dict[str, Any] = {}
        for name, place in places.items():
            if place.source != "update":
                value = place.get(self._object, returned)
                if value is not None:
                    found[name] = value
        for name in updated:
            now = self._plan.kept[name].get(self._object)
            found[name] = before[name] - now
            if isinstance(now, np.ndarray):
                now[...] = before[name]
        return found


def finite(value: Any) -> bool:
    """Whether there are numbers in it, if any, that are all finite."""
    try:
        return bool(np.all(np.isfinite(value)))
    except TypeError:  # no numbers
        return True


def _slots(root: Any, plan: Plan) -> dict[str, list[Slot]]:
    """For each parameter kept by reference, all places that refer to the same array, or its scalar."""
    wanted = {name: path for name, path in plan.kept.items() if plan.modes[name] == "alias"}
    if not wanted:
        return {}
    everything = list(walk(root))
    found: dict[str, list[Slot]] = {}
    for name, path in wanted.items():
        first = next((slot for slot in everything if slot.path == path), None)
        if first is None:
            raise LayerError(f"{plan.usage.name}: {path.code} is not there on a second object")
        same = [s for s in everything if s.value is first.value and isinstance(first.value, np.ndarray)]
        found[name] = [first, *(slot for slot in same if slot is not first)]
    return found


class _Attributes:
    """Attributes as entries, for an object that keeps them in slots or behind properties."""

    __slots__ = ("_owner",)

    def __init__(self, owner: Any) -> None:
        self._owner = owner

    def __getitem__(self, key: str) -> Any:
        return getattr(self._owner, key, None)


def _entry(slot: Slot) -> tuple[Any, Any]:
    """Where to look whether a place still refers to the engine's array, as quickly as Python can: entries
    and a key.
    """
    kind, key = slot.path.steps[-1]
    if kind != ".":
        return slot.holder, key
    own = getattr(slot.holder, "__dict__", None)
    return (own, key) if isinstance(own, dict) and key in own else (_Attributes(slot.holder), key)
