"""Where an object's parameters are, and where their gradients come out: one forward and one backward, watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from checks.dialects.accumulating import Accumulation, accumulation
from checks.dialects.choosing import given_inputs
from checks.dialects.dialect import Request
from checks.dialects.following import follows
from checks.dialects.gradients import locate
from checks.dialects.names import near_misses, suffixed
from checks.dialects.parameters import Parameter, find, owed, scalars, uncounted
from checks.dialects.places import Located
from checks.dialects.probing import Live, Prober, upstream_like
from checks.dialects.rates import at_rate, kept_rates
from checks.dialects.reach import Path, Slot, arrays, as_number, walk
from checks.dialects.siblings import on_object
from checks.dialects.unnamed import Kept, kept_by, left_behind, place_among, place_unnamed
from checks.dialects.usage import Usage, clone
from checks.errors import LayerError
from checks.evaluation import squeezed
from checks.infer import Found
from checks.infer_draw import SEED
from checks.infer_names import is_buffer, is_parameter
from checks.signature import Argument
from checks.stepping import steps
from checks.subject import Array

FLOATS = frozenset({"float", "positive", "probability", "simplex"})


class Locating:
    """An object in use. `live`: as it was after the last look; `owing`: the arrays whose gradient it has to give."""

    def __init__(self, usage: Usage, request: Request, kept_names: tuple[str, ...]) -> None:
        self.request = request
        self.kept_names = kept_names
        self.owing: list[str] = []
        self.live: Live | None = None
        self.unseen: frozenset[str] = frozenset()  # parameters that backward changes by a rule of its own
        self.leaves_nothing = False  # by backward, on the object
        self.answers_alone = False  # it answers for its parameters, and not for the input
        self.usage = usage
        self.inputs = given_inputs(usage, request)
        self.prober = Prober(usage, request.dtype)

    def located(self, found: Found) -> tuple[list[Parameter], Located]:
        """The parameters and the places of all gradients, after one forward and backward at the first run's
        sizes.
        """
        layout, sizes = found.layout, found.sizes[0]
        given = {n: v for n, v in self.inputs.items() if layout.argument(n)}
        parameters = find(self.prober, layout, sizes, given)
        live = self.prober.construct(layout, sizes, given)
        before = list(walk(live.root))
        values = {
            p.name: np.array(p.paths[0].get(live.root)) for p in parameters if p.paths and not self.huge(live.root, p)
        }
        live.forward(self.usage)
        if not self.prober.primed and self.makes_parameters(live, before):
            self.prober.gathers = self.gathered(found)
            self.prober.primed = True  # from now on an object is one that has seen an input
            return self.located(found)
        behind = kept_by(live.root)
        if found.raised is None:
            try:
                self.prober.backward(live)
            except LayerError:
                raise
            except Exception as error:
                said = f"backward ran, and then raised {type(error).__name__} for the same input: {error}"
                raise LayerError(
                    f"{self.usage.name}: {said}\nlet each forward store afresh all that backward reads"
                ) from error
        self.live = live
        self.leaves_nothing = not left_behind(live.root, behind)
        handed = {name for name, value in live.values.items() if isinstance(value, np.ndarray)}
        taken = {p.name for p in parameters} | handed | {f.name for f in self.usage.forward}
        parameters += scalars(live.root, before, taken, live.returned, self.usage.returned_names)
        parameters += self.numbers(found, live, parameters, before, given)
        updated = [
            name
            for p in parameters
            if (name := p.name) in values
            and not np.array_equal(values[name], p.paths[0].get(live.root), equal_nan=True)
        ]
        if updated and self.usage.rated is not None and self.silent_about(live, updated, parameters):
            self.usage = self.usage.rated
            before_it = self.prober
            self.prober = Prober(self.usage, self.request.dtype)
            self.prober.primed, self.prober.gathers = before_it.primed, before_it.gathers
            return self.located(found)
        silent = [n for n in updated if self.silent_about(live, [n], parameters)]
        own_rule = self.usage.rated is None and not self.usage.updates and not steps(layout.constants.values())
        if silent and own_rule and self.usage.instance is None:
            plain = self.at_rate_one(found, live, parameters, silent)
            if plain is not None:
                self.usage, self.prober = plain, Prober(plain, self.request.dtype)
                return self.located(found)
            self.unseen = frozenset(silent)
        declared = [a for f in self.usage.forward if (a := layout.argument(f.name))]
        located = locate(
            live.root,
            live.returned,
            self.answered(declared, parameters),
            [a.name for a in declared if a.kind not in FLOATS],
            {p.name: p.paths or [Path(((".", p.name),))] for p in parameters},
            returned_names=self.usage.returned_names,
            spare=len(self.usage.further),
            declared=[f.name for f in self.usage.called],
            updated=updated if self.usage.updates or steps(layout.constants.values()) else (),
            returns_all=self.usage.returns_all,
            gives_input=self.usage.gives_input or self._is_of_the_input(self.answering(declared), parameters),
            shapes={
                **{n: np.shape(v) for n, v in live.values.items()},
                **{p.name: np.shape(p.paths[0].get(live.root)) for p in parameters if p.paths},
            },
        )
        if found.raised is None:
            follow = partial(follows, self.prober, found, self.inputs, {})
            floats = [a.name for a in declared if a.kind in FLOATS]
            place_among(located, floats, live.returned, self.usage.returned_names or (), follow)
        self.place_unnamed(found, live, parameters, located, behind)
        self.owing = self.owed(found, parameters, located)
        return parameters, located

    def at_rate_one(
        self, found: Found, live: Live, parameters: Sequence[Parameter], names: Sequence[str]
    ) -> Usage | None:
        """The use in which the object's own rates are 1; None where it has none, or where the changes are not in
        proportion to them and to the upstream gradient.
        """
        paths = kept_rates(live.root)
        if not paths or self.prober.primed:
            return None
        places = [p.paths[0] for p in parameters if p.name in names]
        changes = []
        try:
            for share, rate in ((1.0, 1.0), (2.0, 1.0), (1.0, 0.5)):
                usage = at_rate(self.usage, paths, rate)
                one = Prober(usage, self.request.dtype).construct(found.layout, found.sizes[0], self.inputs)
                before = [np.array(path.get(one.root)) for path in places]
                one.bound.backward(share * upstream_like(one.forward(usage)))
                changes.append([path.get(one.root) - was for path, was in zip(places, before, strict=True)])
        except Exception:  # the layer's own code need not run so
            return None
        plain = all(
            np.allclose(2 * once, twice, rtol=1e-6, atol=1e-12) and np.allclose(once, 2 * half, rtol=1e-6, atol=1e-12)
            for once, twice, half in zip(*changes, strict=True)
        )
        return at_rate(self.usage, paths) if plain else None

    def numbers(
        self,
        found: Found,
        live: Live,
        parameters: Sequence[Parameter],
        before: Sequence[Slot],
        given: Mapping[str, Array],
    ) -> list[Parameter]:
        """Parameters that are numbers, with their gradients in the tuple that backward returned."""
        if not isinstance(live.returned, tuple | list) or self.usage.instance is not None:
            return []
        arrays_in = [f.name for f in self.usage.forward if found.layout.argument(f.name)]
        returned = [leaf for leaf in live.returned if as_number(leaf) is not None]
        extra = len(returned) - len(parameters) - len(arrays_in) * self.usage.gives_input
        fresh = partial(self.prober.construct, found.layout, found.sizes[0], given)
        return uncounted(self.prober, fresh, before, {p.name for p in parameters} | set(live.values), extra)

    def answered(self, declared: Sequence[Argument], parameters: Sequence[Parameter]) -> list[str]:
        """The inputs for which gradients may come back, in the order of the gradients."""
        floats = self.answering(declared)
        if self.usage.owners is not None:
            return [name for name in self.usage.owners if name in floats]
        # A network answers for what it has learned; one that has learned nothing is a function of its input.
        learned = self.usage.returns_all and not self.usage.gives_input and any(p.matters for p in parameters)
        return [] if learned and not self._is_of_the_input(floats, parameters) else floats

    def answering(self, declared: Sequence[Argument]) -> list[str]:
        """The inputs that are floats. Where a single gradient comes back, a graph before the features is a constant,
        and so is a first input whose shape it has not, where it has another's.
        """
        floats = [a.name for a in declared if a.kind in FLOATS]
        hints = {f.name: f.hint for f in self.usage.forward}
        several = self.live is not None and isinstance(self.live.returned, tuple | list | dict)
        if len(floats) > 1 and hints[floats[0]] == "graph" and hints[floats[1]] != "graph" and not several:
            return floats[1:]
        own = self._of_another_shape(floats)
        return floats if own is None else [own]

    def _is_of_the_input(self, floats: Sequence[str], parameters: Sequence[Parameter]) -> bool:
        """Whether the single gradient that came back has the shape of the only input, and of no parameter."""
        gradient = as_number(self.live.returned) if self.live is not None else None
        if self.live is None or gradient is None or len(floats) != 1 or not gradient.ndim:
            return False
        own = [np.shape(p.paths[0].get(self.live.root)) for p in parameters if p.matters and p.paths]
        return gradient.shape == np.shape(self.live.values[floats[0]]) and gradient.shape not in own

    def _of_another_shape(self, floats: Sequence[str]) -> str | None:
        """The one input, not the first, that has the shape of the single gradient that came back, if there is one."""
        gradient = as_number(self.live.returned) if self.live is not None else None
        if self.live is None or gradient is None or len(floats) < 2:
            return None
        shapes = {name: np.shape(self.live.values[name]) for name in floats}
        first = shapes[floats[0]]
        if squeezed(gradient.shape) in (squeezed(first), squeezed(first[::-1])):
            return None
        fitting = [name for name, shape in shapes.items() if shape == gradient.shape]
        return fitting[0] if len(fitting) == 1 and np.size(gradient) > 1 else None

    def place_unnamed(
        self, found: Found, live: Live, parameters: Sequence[Parameter], located: Located, behind: Kept
    ) -> None:
        """Gradients that backward left under names that do not speak, where none is under one that does."""
        own = [p for p in parameters if p.paths and (p.matters or p.scalar) and not is_buffer(p.name)]
        named = any(p.name in located.places or p.name in located.near for p in own)
        declared = [a for f in self.usage.forward if (a := found.layout.argument(f.name))]
        floats = [a.name for a in declared if a.kind in FLOATS]
        wanted = [] if named else [p.name for p in own]
        wanted += [name for name in floats[:1] if self.usage.gives_input and name not in located.places]
        for name in [name for name in wanted if named and name in floats]:
            keys = [str(path.steps[-1][1]) for path, _ in left_behind(live.root, behind) if len(path.steps) == 1]
            near = near_misses(name, sorted(keys))
            if near:  # the others are where their names say
                located.near[name] = near
                wanted.remove(name)
        parts = _in_parts(own, located) if named else {}
        silent = not wanted and not parts
        if silent or located.fault is not None or found.raised is not None or self.usage.returns_all:
            return
        held = {id(path.get(live.root)) for p in parameters for path in p.paths} | set(map(id, live.values.values()))
        candidates = [(path, value) for path, value in left_behind(live.root, behind) if id(value) not in held]
        if candidates:
            shapes = {p.name: np.shape(p.paths[0].get(live.root)) for p in own}
            shapes.update({name: np.shape(live.values[name]) for name in floats[:1]})
            paths = {p.name: p.paths[0] for p in own}
            follow = partial(follows, self.prober, found, self.inputs, paths)
            again = {p.name: p.paths[1:] for p in own}
            place_unnamed(located, wanted, shapes, paths, candidates, follow, again)
            for home, names in parts.items():
                inside = [(path, value) for path, value in candidates if path.steps[: len(home)] == home]
                if any(np.size(v) == np.prod(shapes[n]) and follow(n, v) for n in names for _, v in inside):
                    place_unnamed(located, names, shapes, paths, inside, follow, again)

    def makes_parameters(self, live: Live, before: Sequence[Slot]) -> bool:
        """Whether the first forward made arrays that later ones keep and depend on: weights of a size seen then."""
        known = {slot.path for slot in before if isinstance(slot.value, np.ndarray)}
        handed = [value for value in live.values.values() if isinstance(value, np.ndarray)]
        made = [
            slot
            for slot in arrays(live.root)
            if slot.path not in known and slot.value.size and not any(np.shares_memory(slot.value, v) for v in handed)
        ]
        if not made or self.usage.instance is not None:
            return False
        try:
            root = clone(live.root)  # a further forward may add to what backward answers for
            other = Live(live.values, root, self.usage.bind(root))
            copies = [(slot.path, slot.path.get(root)) for slot in made]
            base = other.forward(self.usage).copy()
            for path, array in copies:
                if path.get(root) is not array:
                    continue
                saved = array.copy()
                array[...] = saved * 1.25 + 0.125
                moved = other.forward(self.usage)
                if not np.array_equal(moved, base, equal_nan=True) and path.get(root) is array:
                    return True
                array[...] = saved
        except Exception:  # not at these values: nothing can be said
            return False
        return False

    def gathered(self, found: Found) -> Accumulation:
        """What each forward adds to, on a fresh object."""
        given = {n: v for n, v in self.inputs.items() if found.layout.argument(n)}
        try:
            live = self.prober.construct(found.layout, found.sizes[0], given)
            return accumulation(live.root, lambda: live.forward(self.usage))
        except Exception:  # a second forward need not run
            return Accumulation()

    def silent_about(self, live: Live, updated: Sequence[str], parameters: Sequence[Parameter]) -> bool:
        """Whether backward changed parameters and stored no gradient for one of them."""
        return any(on_object(live.root, p.name, p.paths) is None for p in parameters if p.name in updated)

    def huge(self, root: Any, parameter: Parameter) -> bool:
        """Whether a copy of it, to see if backward changes it, costs more than it tells."""
        return not self.usage.updates and np.size(parameter.paths[0].get(root)) > 100_000

    def grids(self, found: Found, parameters: Sequence[Parameter], located: Located) -> set[str]:
        """Arrays of the object's own that no random state changes, and that are neither zeros nor ones: knots, angles.

        None that has a gradient, or nearly one, or the name of a parameter.
        """
        quiet = [p for p in parameters if not p.handed and p.paths and not is_parameter(p.name) and not p.in_container]
        quiet = [p for p in quiet if p.name not in located.places and p.name not in located.near]
        if not quiet or self.usage.instance is not None or self.prober.primed:
            return set()
        roots = [self.prober.construct(found.layout, found.sizes[0], self.inputs, SEED + k).root for k in range(2)]
        values = {p.name: [np.asarray(p.paths[0].get(root)) for root in roots] for p in quiet}
        return {name for name, (a, b) in values.items() if np.array_equal(a, b) and np.unique(a).size > 1}

    def misspelt(self, parameter: Parameter, located: Located) -> bool:
        """Whether an attribute that is nearly called after the array's gradient has the array's shape."""
        if self.live is None or not parameter.matters or not parameter.paths:
            return False
        shape = np.shape(parameter.paths[0].get(self.live.root))
        near = located.near.get(parameter.name, ())
        if is_buffer(parameter.name):
            near = tuple(name for name in near if suffixed(parameter.name, name))
        kept = [as_number(getattr(self.live.root, name, None)) for name in near]
        return any(value is not None and value.shape == shape for value in kept)

    def learns(self, declared: Sequence[Argument], parameters: Sequence[Parameter], located: Located) -> bool:
        """Whether it answers for its parameters alone: it returns nothing, or the gradients of all of them alone,
        and is a loss, says so, or steps by itself.

        A loss takes labels, or no gradient from above. What steps by itself and returns nothing is a first layer.
        """
        if self.live is None or self.live.output is None:
            return False
        labelled = any(a.kind in ("label", "onehot", "onehot0", "target") for a in declared)
        loss = not self.live.output.ndim and (labelled or not self.usage.takes_upstream)
        if self.live.returned is not None:
            answered = [located.places.get(p.name) for p in parameters if p.matters]
            every = bool(answered) and all(place is not None and place.source == "returned" for place in answered)
            return loss and labelled and every and not any(a.name in located.places for a in declared)
        first = self.usage.returns_none or self.usage.updates
        own = any(p.name in located.places for p in parameters)
        return (loss or first) and own and not any(self.left_beside(a.name, located) for a in declared)

    def left_beside(self, name: str, located: Located) -> tuple[str, ...]:
        """The attributes of the input's shape with the name of its gradient and something behind it: slips."""
        if self.live is None or name not in self.live.values or name in located.places:
            return ()
        kept = {key: as_number(value) for key, value in getattr(self.live.root, "__dict__", {}).items()}
        shape = np.shape(self.live.values[name])
        return tuple(k for k, v in kept.items() if v is not None and v.shape == shape and suffixed(name, k))

    @property
    def of_its_argument(self) -> bool:
        """Whether it is a function with its derivative, of one number for an array: what it was made of is data."""
        if self.usage.kind != "activation" or self.live is None or self.live.output is None:
            return False
        return not self.live.output.ndim and any(np.ndim(self.live.values[f.name]) for f in self.usage.forward)

    def owed(self, found: Found, parameters: Sequence[Parameter], located: Located) -> list[str]:
        """The first float input and the parameters."""
        declared = [a for f in self.usage.forward if (a := found.layout.argument(f.name))]
        floats = self.answering(declared)
        self.answers_alone = self.usage.gives_input and self.learns(declared, parameters, located)
        slips = {name: near for name in floats[:1] if (near := self.left_beside(name, located))}
        located.near.update(slips)
        names = floats[:1] if (self.usage.gives_input or slips) and not self.answers_alone else []
        if self.usage.owners is not None:
            names = [name for name in self.usage.owners if name in floats]
        if self.usage.alone or self.of_its_argument:
            return names
        if self.usage.returns_all and not self.usage.gives_input and self._is_of_the_input(floats, parameters):
            return floats  # what the object was made of is data
        if self.usage.inputs_are_parameters:
            names += [n for n in floats[1:] if is_parameter(n) or n in located.places]
        grids = self.grids(found, parameters, located)
        without = grids | self.unseen
        names += [name for name in owed(parameters, located.places) if name not in without]
        names += [p.name for p in parameters if p.name in self.kept_names or self.misspelt(p, located)]
        return list(dict.fromkeys(names))


def _in_parts(own: Sequence[Parameter], located: Located) -> dict[tuple[Any, ...], list[str]]:
    """The parameters of each part of the object, none of which has a gradient where its name says."""
    parts: dict[tuple[Any, ...], list[Parameter]] = {}
    for parameter in own:
        home = parameter.paths[0].steps[:-1]
        if home:
            parts.setdefault(home, []).append(parameter)
    known = {*located.places, *located.near}
    named = {home: [p.name for p in parameters] for home, parameters in parts.items()}
    return {home: names for home, names in named.items() if known.isdisjoint(names)}
