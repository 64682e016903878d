"""From a usage to a Subject: find the layout, the parameters, the gradients, and what is owed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from checks.dialects import explicit
from checks.dialects.again import at_numbers, run_again
from checks.dialects.choosing import as_given, search
from checks.dialects.counting import counts_samples
from checks.dialects.dialect import Request
from checks.dialects.errors import nothing_stored, one_of_many
from checks.dialects.following import follows
from checks.dialects.locating import FLOATS, Locating
from checks.dialects.names import RESET
from checks.dialects.parameters import Parameter
from checks.dialects.places import Located, Place
from checks.dialects.placing import choose_modes
from checks.dialects.probing import upstream_like
from checks.dialects.reach import arrays, as_number
from checks.dialects.recipe import recipe, source_cell, source_file, source_line
from checks.dialects.returned import leaves, one_for_each
from checks.dialects.roles import main_is_second
from checks.dialects.transposing import transposed
from checks.dialects.trials import ObjectTrial, Plan
from checks.dialects.unfed import waiting
from checks.dialects.unnamed import words
from checks.dialects.usage import Usage
from checks.errors import LayerError
from checks.evaluation import squeezed
from checks.infer import Found
from checks.infer_kinds import owed_labels, settle_domain, settle_label
from checks.infer_layout import Formal, Size, SizeList
from checks.infer_names import is_parameter
from checks.infer_sizes import dim
from checks.signature import Argument, Dim, Signature
from checks.stepping import steps
from checks.subject import OF_A_SIZE, Array, Role, Subject

_MOST_LISTED = 4
_LABELS = frozenset({"label", "onehot", "onehot0", "target"})


class Reading(Locating):
    """One object being read: each step sets what the later ones need."""

    def __init__(self, usage: Usage, request: Request, known: tuple[Found, ...] = ()) -> None:
        """`known`: layouts that work where the layer is told nothing."""
        kept_names: tuple[str, ...] = ()
        if request.signature is not None:
            usage, kept_names = explicit.matched(usage, request.signature)
        super().__init__(usage, request, kept_names)
        self.found: Found | None = None
        self.known = known
        self.places: Mapping[str, Place] = {}

    def subject(self) -> Subject:
        self.known = readings = self.known_again() or self.readings()
        found = self.found = readings[0]
        parameters, located = self.located(found)
        self.places = located.places
        self.refuse_silence(found, located)
        self.refuse_another(found)
        if self.usage.kind == "network" and self.usage.doubtful and not any(p.matters for p in parameters):
            raise one_of_many(self.usage)
        notes: list[str] = [*self.usage.notes, *words(located)]
        if self.unseen:
            listed = ", ".join(sorted(self.unseen))
            notes.append(f"backward changes {listed} by a rule of its own, and keeps no gradient: not compared")
        if self.answers_alone:
            missing = ", ".join(formal.name for formal in self.usage.forward[:1]) or "the input"
            notes.append(f"backward returns nothing: no gradient of {missing} is compared")
        constants = [p.name for p in parameters if p.matters and not (p.handed or p.scalar or p.name in self.owing)]
        if constants:
            listed = ", ".join(constants[:_MOST_LISTED]) + (", ..." if len(constants) > _MOST_LISTED else "")
            notes.append(f"taken for constants, as no gradient of theirs is kept: {listed}")
        if found.raised is not None:
            notes.append(f"backward raised {type(found.raised).__name__} while the layer was being read")
        parameters = [p for p in parameters if p.handed or self.declared(p) or p.name in self.owing]
        kept = {p.name: p for p in parameters if not p.handed}
        own, readings = self.in_sizes(list(kept.values()), readings)
        found = readings[0]
        signatures = tuple(self.signature(reading, own) for reading in readings)
        plan = self.plan(found, signatures, parameters, located)
        names = set(signatures[0].names)
        return Subject(
            name=self.usage.name,
            build=lambda arrays: ObjectTrial(plan, arrays),
            keep=None if self.data else lambda arrays: ObjectTrial(plan, arrays, keep=True),
            signatures=signatures,
            roles={a.name: self.role(a, parameters) for s in signatures for a in s.arguments},
            owed=tuple(name for name in self.owing if name in names),
            takes_upstream=self.usage.takes_upstream,
            given=self.given(list(kept.values())),
            near_misses={n: near for n, near in located.near.items() if n in self.owing},
            recipe=recipe(
                self.usage,
                self.live,
                found.layout,
                {n: _number(d, signatures[0], found.sizes[0]) for n, d in found.layout.sizes.items()},
                parameters,
                {n: p for n, p in located.places.items() if n in names},
                self.prober.gathers if self.prober.primed else None,
            ),
            fixed=frozenset(name for size in found.layout.sizes.values() for name in _names(size)),
            updates=self.usage.updates
            or bool(self.unseen)
            or steps(found.layout.constants.values())
            or any(p.source == "update" for p in located.places.values()),
            resets=_has_reset(self.usage.defined),
            file=source_file(self.usage.defined),
            line=source_line(self.usage.defined),
            cell=source_cell(self.usage.defined),
            notes=tuple(notes),
        )

    @property
    def data(self) -> list[Formal]:
        """What the constructor is handed that forward is, elsewhere: an object of it takes no other."""
        return [formal for formal in self.usage.constructor if formal.data]

    @property
    def starts_by_itself(self) -> bool:
        """Whether backward changes parameters where nothing comes from above: what it takes is no gradient, then."""
        if self.found is None or not self.usage.takes_upstream:
            return False
        try:
            live = self.prober.construct(self.found.layout, self.found.sizes[0], self.inputs)
            output = live.forward(self.usage)
            kept = [(slot.path, np.array(slot.value)) for slot in arrays(live.root)]
            live.bound.backward(np.zeros_like(output)[()])
            return any(not np.array_equal(path.get(live.root), was, equal_nan=True) for path, was in kept if was.ndim)
        except Exception:  # the layer's own code, run once more
            return False

    def _of_the_second(self) -> bool:
        """Whether what comes back has the second input's shape, and not the first one's."""
        assert self.live is not None
        first, second = (np.shape(self.live.values[formal.name]) for formal in self.usage.forward[:2])
        returned = as_number(self.live.returned)
        return returned is not None and np.shape(returned) == second != first

    @property
    def astray(self) -> bool:
        """Whether the one gradient that comes back is another input's: by the names, else by what moves the output.

        Where the gradient is of neither, it is wrong, and the first reading stands. That of a mean is of its sum, too.
        """
        if not self.usage.doubtful or self.live is None or self.found is None:
            return False
        inputs = [formal.name for formal in self.usage.forward]
        said = main_is_second(inputs) if len(inputs) == 2 else None
        exchanged = self.usage.only_after == "a reading"  # which needs a reason
        if self.found.output() != ():
            return self._of_the_second() if said and not exchanged else exchanged and said is None
        main = self.usage.forward[0].name
        _, located = self.located(self.found)
        gradient = as_number(self.live.returned)
        if gradient is None or [name for name in located.places if name in inputs] != [main]:
            return exchanged and said is None
        if said is not None:
            return said
        shape = np.shape(self.live.values[main])
        shares = (1.0, *(1 / extent for extent in (*shape[:1], int(np.prod(shape))) if extent))
        return not follows(self.prober, self.found, self.inputs, {}, main, gradient, shares)

    @property
    def answers_from_beside(self) -> bool:
        """Whether backward gives something for an upstream gradient of nothing but zeros, though it is handed a cache.

        What forward returned beside its output was an output too, then, and no cache.
        """
        if not self.usage.cached or self.live is None or self.live.output is None:
            return False
        try:
            returned = self.live.bound.backward(np.zeros_like(self.live.output))
        except Exception:  # the check will say so
            return False
        return any(bool(np.any(leaf)) for _, leaf in leaves(returned) if as_number(leaf) is not None)

    @property
    def takes_prediction(self) -> bool:
        """Whether backward, which is handed the labels too, takes the prediction before them: no upstream gradient.

        Twice an upstream gradient would give twice the gradients. Asked only where the values are those of a loss: it
        has a method that reduces them, or they have not the prediction's shape.
        """
        if not self.usage.perhaps_loss or self.found is None or self.live is None or self.live.output is None:
            return False
        shape = self.live.output.shape
        first = np.shape(self.live.values[self.usage.forward[0].name])
        if not shape or (shape == first and not self.usage.reduced):
            return False
        try:
            once, twice = (self.gradients(share) for share in (1.0, 2.0))
        except Exception:  # the check will say so
            return False
        return any(not np.allclose(2 * once[name], twice[name], rtol=1e-3, atol=0) for name in once)

    def gradients(self, share: float) -> dict[str, Array]:
        """What a fresh object gives for an upstream gradient times `share`."""
        assert self.found is not None
        live = self.prober.construct(self.found.layout, self.found.sizes[0], self.inputs)
        upstream = share * upstream_like(live.forward(self.usage))
        live.returned = live.bound.backward(upstream)
        values = {name: as_number(place.get(live.root, live.returned)) for name, place in self.places.items()}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def raised(self) -> bool:
        """Whether backward raised while the layer was being read."""
        return self.found is not None and self.found.raised is not None

    # The layout

    def known_again(self) -> tuple[Found, ...]:
        """The known layouts, run again. LayerError where none runs, and what is told changes no layout's meaning."""
        told = self.usage.told
        if set(told) & {name for found in self.known for name in found.layout.sizes}:
            raise LayerError(f"{self.usage.name}: a size of its own, which varies anyway")
        again = tuple(filter(None, (run_again(self.prober, found, told) for found in self.known)))
        if self.known and not again and not any(isinstance(value, str | bool) for value in told.values()):
            raise LayerError(f"{self.usage.name} does not run where it is told otherwise")
        return again

    def readings(self) -> tuple[Found, ...]:
        """The layouts that the layer takes, the printed one first."""
        if self.request.signature is not None:
            return (explicit.run(self.prober, self.request.signature, self.kept_names, self.inputs),)
        found = search(self.prober, self.inputs, self.fits, self.gradient_shapes, self.refuted, self.alone)
        if not self.inputs:
            found = owed_labels(found, self.prober.run, self.answers(found))
        run = self.prober.run
        floats = [f.name for f in self.usage.forward]
        if not self.inputs:
            found = settle_domain(found, run, floats, self.usage.words)
        readings: tuple[Found, ...] = (found,)
        names = self.label_names(found)
        main, *others = found.layout.arguments
        alike = [a.name for a in others if a.name in names and a.dims == main.dims and len(a.dims) == 1]
        for name in names:
            if name in self.inputs:
                readings = (as_given(found, name, self.inputs[name]),)
            else:
                words = self.usage.words
                both = "ndim" in words or {"len", "shape"} <= words
                readings = settle_label(
                    readings[0],
                    run,
                    name,
                    either=both,
                    network=self.usage.kind == "network",
                    one_of_several=len(alike) > 1 and name in alike,
                )
        if not self.inputs:
            readings = tuple(settle_domain(r, run, floats, self.usage.words) for r in readings)
        return readings

    def fits(self, found: Found) -> bool | None:
        """Whether each gradient has as many entries as its array, axes of length one aside in the same shape.

        None where there are more or fewer of them than arrays, or there is none of an array that the constructor takes
        and of which nothing is known: of another shape, it may have one.
        """
        if found.raised is not None:
            return True
        try:
            parameters, located = self.located(found)
        except Exception:  # the layer's own code, run once more
            return True
        if located.fault is not None:
            return None
        if not self.owing and not located.places:
            return False  # nothing would be compared
        if self.usage.returns_all and any(name not in located.places for name in self.owing):
            return False
        unknown = {f.name for f in self.usage.constructor if f.hint == "none"}
        if any(name in unknown and name not in located.places for name in self.owing):
            return None if self.leaves_nothing else False  # without any other gradient it is a number, rather
        if any(p.handed and p.matters and p.name in located.near and p.name not in self.owing for p in parameters):
            return False  # what is nearly called after its gradient has another shape
        live, kept = self.live, {p.name: p.paths[0] for p in parameters if p.paths}
        assert live is not None
        for name, place in located.places.items():
            array = kept[name].get(live.root) if name in kept else live.values.get(name)
            value = None if place.source == "update" else as_number(place.get(live.root, live.returned))
            if value is not None and array is not None and squeezed(value.shape) != squeezed(np.shape(array)):
                return False
        return True

    def refuted(self, found: Found) -> bool:
        """Whether an array that is read as class indices gets a gradient of its own, which no integer has; the main
        input gets one with more axes than it has; or a vector is transposed, which does nothing to it.
        """
        if found.raised is not None or self.usage.returns_all:
            return False
        try:
            _, located = self.located(found)
        except Exception:  # the layer's own code, run once more
            return False
        if self.usage.owners is not None:
            return self.live is not None and any(
                0
                < np.ndim(self.live.values[name])
                < len(squeezed(np.shape(place.get(self.live.root, self.live.returned))))
                for name, place in located.places.items()
                if name in self.live.values
            )
        live, inputs = self.live, [f for f in self.usage.forward if found.layout.argument(f.name)]
        if live is None or not inputs:
            return False
        if any(getattr(getattr(live.root, name, None), "ndim", 2) == 1 for name in transposed(self.usage.defined)):
            return True
        given = [as_number(value) for _, value in leaves(live.returned)]
        if len(given) not in (1, len(inputs)):
            return False
        for formal, gradient in zip(inputs, given, strict=False):
            argument, value = found.layout.argument(formal.name), live.values.get(formal.name)
            if argument is None or value is None or gradient is None:
                continue
            indices = argument.kind == "int" and formal.hint != "ids" and argument.dims
            alike = gradient.dtype.kind == "f" and squeezed(gradient.shape) == squeezed(value.shape)
            if indices and alike and np.any(gradient):
                return True
        return given[0] is not None and given[0].ndim > np.ndim(live.values[inputs[0].name]) > 0

    def alone(self, found: Found) -> bool:
        """Whether the object speaks for one sample as it was given: as a column, where it keeps parameters of its own
        that are columns or transposes what it has been given; as a row, where it keeps rows.
        """
        parameters, _ = self.located(found)
        assert self.live is not None
        own = [np.shape(p.paths[0].get(self.live.root)) for p in parameters if p.paths and not p.handed]
        main = found.layout.arguments[0].dims
        if len(main) == 2 and main[0].text == "1":
            if self.data or counts_samples(self.usage.defined, [formal.name for formal in self.usage.forward]):
                return False
            return any(len(shape) == 2 and shape[0] == 1 for shape in own)
        return any(len(shape) == 2 and shape[1] == 1 for shape in own) or bool(transposed(self.usage.defined))

    def gradient_shapes(self, found: Found) -> dict[str, list[tuple[int, ...]]]:
        """The shape of each gradient in each of the layout's runs; nothing where one of them stops short."""
        try:
            _, located = self.located(found)
            lives = [self.prober.construct(found.layout, sizes, self.inputs) for sizes in found.sizes]
            for live in lives:
                live.forward(self.usage)
                self.prober.backward(live)
        except Exception:  # the layer's own code, run once more
            return {}
        places = {name: place for name, place in located.places.items() if place.source != "update"}
        values = {name: [as_number(place.get(o.root, o.returned)) for o in lives] for name, place in places.items()}
        return {
            name: [value.shape for value in several if value is not None]
            for name, several in values.items()
            if all(value is not None for value in several)
        }

    def answers(self, found: Found) -> list[tuple[str, Array]]:
        """The gradients that come back where there is one for each input, by the inputs' names."""
        if found.raised is not None or self.usage.returns_all or self.usage.owners is not None:
            return []
        parameters, _ = self.located(found)
        inputs = [f.name for f in self.usage.forward if found.layout.argument(f.name)]
        if self.live is None or any(p.matters for p in parameters):
            return []
        return one_for_each(self.live.returned, inputs)

    def label_names(self, found: Found) -> list[str]:
        """Inputs, other than the first, that get no gradient: labels and targets."""
        layout = found.layout
        declared = [a for f in self.usage.forward[1:] if (a := layout.argument(f.name))]
        labels = [a.name for a in declared if a.kind in _LABELS]
        classes = {(a.limit,) for a in declared if a.kind == "label"}  # a number for each of them is no label
        others = [a.name for a in declared if a.kind in FLOATS and a.dims and a.dims not in classes]
        if others and found.raised is None and not self.usage.inputs_are_parameters:
            _, located = self.located(found)
            labels += [n for n in others if n not in located.places and not is_parameter(n)]
            hints = {f.name: f.hint for f in self.usage.forward}
            factors = {f.name for f in self.usage.forward if f.factor}
            labels = [n for n in labels if hints[n] not in ("hidden", "mask", "graph") and n not in factors]
        return labels

    # Parameters

    def declared(self, parameter: Parameter) -> bool:
        """Whether the user's signature names it."""
        return parameter.name in self.kept_names

    def refuse_silence(self, found: Found, located: Located) -> None:
        """LayerError where backward's answer cannot be understood, or there is none at all."""
        if found.raised is not None:
            told = waiting(self.usage, found.raised)
            if told is not None:
                raise told
            return
        if located.fault is not None:
            raise LayerError(
                f"{self.usage.name}: {located.fault}\n"
                "return one gradient for each input, in forward's order, "
                "and keep those of parameters as self.dW"
            )
        if not located.places and not located.near and not (self.owing and self.says_nothing):
            raise nothing_stored(self.usage, self.owing)

    @property
    def says_nothing(self) -> bool:
        """Whether backward, which ran, returned no number and left none, on the object or in what came from above: its
        gradients are missing.
        """
        assert self.live is not None
        assert self.live.output is not None
        numbers = (as_number(leaf) for _, leaf in leaves(self.live.returned))
        if not self.leaves_nothing or any(number is not None for number in numbers):
            return False
        upstream = upstream_like(self.live.output)
        before = upstream.copy()
        with contextlib.suppress(Exception):  # a second backward need not run
            self.live.bound.backward(upstream)
        return np.array_equal(upstream, before)

    def refuse_another(self, found: Found) -> None:
        """LayerError where the one gradient has another input's shape, and no name says which input is which."""
        if found.raised is not None or self.live is None or self.usage.owners is not None or self.usage.returns_all:
            return
        gradient = as_number(self.live.returned)
        hints = {f.name: f.hint for f in self.usage.forward}
        kinds = {n: a.kind for n in hints if (a := found.layout.argument(n)) is not None}
        floats = [n for n, kind in kinds.items() if kind in (*FLOATS, "target")]
        if gradient is None or len(floats) < 2 or any(hints[n] != "none" or is_parameter(n) for n in floats):
            return
        alike = [name for name in floats if np.shape(self.live.values[name]) == gradient.shape]
        known = self._of_another_shape([n for n in floats if kinds[n] in FLOATS])
        if gradient.ndim and len(alike) == 1 and alike != floats[:1] and known is None:
            first, other = floats[0], alike[0]
            raise LayerError(
                f"{self.usage.name}: backward returned one gradient, of the shape of {other} and not of {first}\n"
                f'return one for each input, or say that {first} is given: --signature "{first}(...):target, ..."'
            )

    # The signature

    def in_sizes(
        self, kept: Sequence[Parameter], readings: tuple[Found, ...]
    ) -> tuple[tuple[Argument, ...], tuple[Found, ...]]:
        """Declarations of the object's own parameters, and the layouts in whose sizes they are.

        Where no rule explains a parameter's shapes, sizes are held at numbers at which it always has one shape: the
        image of a network that leaves the number of its filters alone.
        """
        try:
            return self.own_arguments(readings[0], kept), readings
        except LayerError:
            for held in at_numbers(self.prober, readings[0]) if self.request.signature is None else ():
                with contextlib.suppress(LayerError):
                    return self.own_arguments(held, kept), (held,)
            raise

    def own_arguments(self, found: Found, kept: Sequence[Parameter]) -> tuple[Argument, ...]:
        """Declarations of the parameters that the object makes itself, in terms of the layout's sizes."""
        written = self.request.signature
        undeclared = [n for n in self.kept_names if n not in {p.name for p in kept}]
        if undeclared:
            raise LayerError(
                f"{self.usage.name} has no array {undeclared[0]}: not an argument of forward or of the "
                "constructor, and not an attribute on which the output depends "
                f"(those are {', '.join(p.name for p in kept) or 'none'})"
            )
        if not kept:
            return ()
        roots = [self.prober.construct(found.layout, sizes, {}).root for sizes in found.sizes]
        declared = []
        for parameter in kept:
            if written and parameter.name in written.names:
                declared.append(written.argument(parameter.name))
                continue
            shapes = [np.shape(parameter.paths[0].get(root)) for root in roots]
            named = found.named(shapes) if len(roots) > 1 else tuple(dim(str(extent)) for extent in shapes[0])
            if named is None:
                raise LayerError(
                    f"{self.usage.name}{parameter.paths[0].code} had the shapes "
                    f"{', '.join(map(str, shapes))}, and no rule explains them\n"
                    f'say it: --signature "{found.layout.signature()}, {parameter.name}(...)"'
                )
            declared.append(Argument(parameter.name, named))
        return tuple(declared)

    def signature(self, found: Found, own: Sequence[Argument]) -> Signature:
        """The layout as a signature, with the object's own parameters and the output."""
        written = self.request.signature
        if written is not None:
            extra = tuple(a for a in own if a.name not in written.names)
            output = written.output
            if output is None and not written.has_rest and len(found.probes) > 1:
                output = found.output()
            return Signature((*written.arguments, *extra), output)
        output = found.output() if len(found.probes) > 1 else None
        if len(found.probes) == 1 and found.probes[0].output is not None:
            output = tuple(dim(str(extent)) for extent in found.probes[0].output.shape if extent)
        called = [f.name for f in self.usage.called]
        arguments = found.layout.arguments
        if self.usage.order is not None:
            arguments = tuple(sorted(arguments, key=lambda a: called.index(a.name)))
        return Signature((*arguments, *own), output)

    def role(self, argument: Argument, parameters: Sequence[Parameter]) -> Role:
        """What an array is to the layer."""
        if argument.name in {p.name for p in parameters}:
            return "parameter"
        if argument.kind in _LABELS:
            return "label"
        if argument.kind in ("mask", "bool"):
            return "hyper"
        if self.usage.inputs_are_parameters and argument.name != self.usage.forward[0].name:
            return "parameter" if is_parameter(argument.name) else "input"
        return "input"

    # The plan

    def plan(
        self,
        found: Found,
        signatures: tuple[Signature, ...],
        parameters: Sequence[Parameter],
        located: Located,
    ) -> Plan:
        """How Trials are made; the way each parameter is put in place has been tried once."""
        layout = found.layout
        names = set(signatures[0].names)
        inputs = tuple(f.name for f in self.usage.forward if layout.argument(f.name))
        plan = Plan(
            usage=self.usage,
            signatures=signatures,
            inputs=inputs,
            handed=tuple(a.name for a in layout.arguments if a.name not in inputs),
            kept={p.name: p.paths[0] for p in parameters if p.paths},
            modes={
                **{p.name: "alias" if p.paths else "anew" for p in parameters},
                **{f.name: "anew" for f in self.data if f.name in names},
            },
            sizes=layout.sizes,
            constants=layout.constants,
            places={n: p for n, p in located.places.items() if n in names},
            primed=self.prober.primed,
            gathers=self.prober.gathers if self.prober.primed else self.gathered(found),
            spare=found.sizes[0],
            shared=self.prober.shared,
        )
        return choose_modes(plan, self.prober, found, parameters)

    def given(self, kept: Sequence[Parameter]) -> dict[str, Array]:
        """An instance's own values, read-only."""
        instance = self.usage.instance
        values: dict[str, Array] = {}
        if instance is not None:
            for parameter in kept:
                value = np.asarray(parameter.paths[0].get(instance)).view()
                value.flags.writeable = False
                values[parameter.name] = value
        return values


def _names(size: Size) -> tuple[str, ...]:
    """The names of the sizes in a constructor's number, or in its tuple of numbers."""
    return size.names if isinstance(size, Dim) else tuple(name for d in size for name in _names(d))


def _has_reset(defined: Any) -> bool:
    """Whether a class has a method that sets gradients or a state to zero."""
    return isinstance(defined, type) and any(RESET.search(name) for name in dir(defined) if not name.startswith("__"))


def _number(size: Size, signature: Signature, spare: Mapping[str, int]) -> str:
    """An expression for a size: the axis of an array that has it, else its number; for a shape or a list, of these."""
    if not isinstance(size, Dim):
        numbers = [_number(d, signature, spare) for d in size]
        return f"[{', '.join(numbers)}]" if isinstance(size, SizeList) else f"({''.join(n + ', ' for n in numbers)})"
    for argument in signature.arguments:
        for axis, d in enumerate(argument.dims):
            if d == size:
                return f"{argument.name}.shape[{axis}]"
    told = {name for argument in signature.arguments for d in argument.dims for name in d.names}
    if size.names and told.issuperset(size.names):  # by an axis that is a sum or a product of it
        return OF_A_SIZE.format(size.text)
    for argument in signature.arguments:
        if argument.limit == size:
            return f"int({argument.name}.max()) + 1"
    return str(size.value(spare))
