"""Finds how a layer wants to be called, by calling it.

Layouts are tried from the most natural to the oddest. The first in which forward and backward run, at three
different assignments of numbers to its sizes, stands: later ones are never tried because a gradient came
out wrong. Where forward runs and backward never does, the first natural layout stands, and backward's
exception is for the check to judge; a layout that may have run by accident never does.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from checks.errors import SignatureError
from checks.infer_answered import answered
from checks.infer_believed import collapsed, meant, natural, whatever_the_shapes
from checks.infer_chain import chained
from checks.infer_documented import documented_layouts
from checks.infer_flat import unrolled
from checks.infer_layout import Formal, Layout, Probe, Run
from checks.infer_names import is_scalar
from checks.infer_own import literal, own_scenarios
from checks.infer_prose import Shapes
from checks.infer_scenarios import (
    COLUMN,
    FITTING,
    ODDEST,
    ROW,
    SINGLE,
    SINGLE_IMAGE,
    STEPS,
    Scenario,
    in_parts,
    scenarios,
)
from checks.infer_sizes import RUNS, assignment, dim, name_shape
from checks.infer_table import layouts, peers
from checks.signature import Argument, Dim
from checks.stepping import StepByGradient, steps
from checks.subject import Array

_MOST_PROBES = 1500
_MOST_AFTER_FIRST = 400, 1000  # probes for a layout that fits better: where names help, and where they do not
_MOST_DOCUMENTED = 60  # probes for the shapes that the code tells of
_MOST_IN_SCENARIO = 160  # probes; the natural layouts are among the first few dozen
_MOST_HALF = 8  # natural layouts to remember of those in which backward raises
_MOST_EVEN = 4  # documented layouts of which one size is even
_MOST_SINGLE = 60  # layouts of one sample alone
_MOST_LOOSENED = 24  # layouts with one tie less
_MOST_ALIKE = 6  # axes of one size
_MISFITS = 3  # attempts that the kinds of the constructor's arguments may fail by their types
UNPACKED = re.compile(r"values to unpack \(expected (\d+)")
_MOST_PARTS, _MOST_IN_PARTS = 3, 150
_RESHAPED = re.compile(
    r"cannot reshape array|boolean index did not match|einstein sum subscripts string contains|than subscripts given in"
)
_WANTS_INTEGERS = re.compile(r"\binteger|indices must be")  # what forward says of a size that is none
_BIAS = re.compile(r"b|bias(es)?|shift|offset|intercept")
_LABELS = ("label", "onehot", "onehot0", "target")
_STAGES = ("construct", "forward", "output", "backward", "done")
Sizes = Mapping[str, int]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Found:
    """A layout that works, with its runs. `raised`: what backward raised, where it never ran, or ran `by_chance`, at
    some sizes alone.
    """

    layout: Layout
    sizes: tuple[Sizes, ...]
    probes: tuple[Probe, ...]
    raised: BaseException | None = None
    by_chance: bool = False

    def output(self) -> tuple[Dim, ...] | None:
        """The output's sizes in terms of the layout's; None where nothing simple explains them."""
        return self.named([probe.output.shape for probe in self.probes if probe.output is not None])

    def named(self, shapes: Sequence[tuple[int, ...]]) -> tuple[Dim, ...] | None:
        """The sizes of an array that had these shapes in the runs."""
        return name_shape(shapes, self.sizes)


class NotFoundError(Exception):
    """No layout ran. `layout`, `probe`: the best one, and how far it came; `sizes`: where, if it ran at others."""

    def __init__(self, tried: int, layout: Layout | None, probe: Probe | None, sizes: Sizes | None) -> None:
        super().__init__(f"none of {tried} layouts ran")
        self.tried = tried
        self.layout = layout
        self.probe = probe
        self.sizes = sizes


def infer(
    formals: Sequence[Formal],
    name: str,
    run: Run,
    *,
    inputs: Mapping[str, Array] | None = None,
    own_shapes: Sequence[tuple[int, ...]] = (),
    fits: Callable[[Found], bool | None] = lambda found: True,
    gradients: Callable[[Found], Mapping[str, Sequence[tuple[int, ...]]]] = lambda found: {},
    refuted: Callable[[Found], bool] = lambda found: False,
    alone: Callable[[Found], bool] = lambda found: True,
    only_forward: bool = False,
    single: bool = False,
    divided: bool = False,
    told: Shapes | None = None,
) -> Found:
    """The first layout that works for these formals. `own_shapes`: parameters that the object has already.
    `told`: shapes that the code's words give to the arguments; layouts with them are tried first.

    `fits`: whether the gradients have the shapes of their arrays; None where they cannot be told from each other. Where
    the first layout's have not, one that is at least as general and whose gradients have them is preferred: `W(i,i)`
    with `x(i)` is a special case of `W(o,i)` with `x(i,n)`, and no layout of its own. `gradients`: their shapes in each
    run, which tell what an array is of which nothing else is known. `refuted`: whether what backward gives speaks
    against the layout altogether, so that any other that works is preferred. `alone`: whether the object itself
    speaks for one sample as a column or a row. `only_forward`: parameters are arguments of forward, so that their
    shapes are the reading's choice, and another one has to be more general than the first, if a name says anything at
    all about what it is. `single`: it may be meant for one sample at a time.
    `divided`: an argument that is not filled divides the width: heads, groups.

    Raises NotFoundError where none works.
    """
    flat = None if inputs else unrolled(formals, run)
    search = _Search(run, dict(inputs or {}), fits, gradients, refuted, alone, formals, dict(told or {}))
    spoken = any(formal.hint != "none" for formal in formals[1:])
    found = search.attempt(flat) if flat is not None else None
    if found is not None:
        return found
    found = _first(
        search,
        formals,
        name,
        own_shapes,
        more=int(only_forward and spoken),
        spoken=spoken,
        single=single,
        divided=divided,
    )
    return search.freed(found) if found is not None else search.second_best()


def _first(
    search: _Search,
    formals: Sequence[Formal],
    name: str,
    own_shapes: Sequence[tuple[int, ...]],
    *,
    more: int,
    spoken: bool,
    single: bool,
    divided: bool,
) -> Found | None:
    usual = scenarios(formals, name, divided=divided)
    table = [*own_scenarios(own_shapes), *usual, *([SINGLE] if single else [])]
    first: Found | None = None
    told = ""  # the scenario of the first
    unclear: Found | None = None  # it runs, but nothing can be made of what backward gives
    refuted: Found | None = None
    misfit: Found | None = None  # odd, and some of its gradients have other shapes than their arrays
    most = _MOST_PROBES
    named = {formal.name for formal in formals if formal.hint != "none"}
    for group in _groups(formals, table, {} if own_shapes else search.told, divided=divided):
        start = search.probes
        if group.name == ODDEST and first is None and unclear is None and not own_shapes and not search.inputs:
            alone = search.one_sample(formals)
            if alone is not None:
                return alone
        for layout in group.layouts:
            less = first is not None and not _as_general(layout, first.layout, more, named)
            if less and not group.single and (group.name != "documented" or told == "documented"):
                continue
            found = search.attempt(layout, group.name)
            fitting = None if found is None else search.fits(found)
            if found is not None and search.lesser(layout):
                continue
            if found is not None and search.refuted(found):
                refuted = refuted or found
                continue
            if fitting and not search.doubts(layout, group.name):
                assert found is not None
                return search.as_floats(found) or search.as_numbers(found) or found
            if fitting is None:
                unclear = unclear or found
            elif first is None and found is not None and (fitting or not search.rejects(found, group.name)):
                better = search.answered(found) if fitting is False else None
                if better is not None:
                    return better
                first, told = found, group.name
                most = min(most, search.probes + _MOST_AFTER_FIRST[not spoken])
            elif fitting is False and found is not None and misfit is None and search.fits_in_part(found):
                better = search.answered(found)
                if better is not None:
                    return better
                misfit = None if collapsed(layout, formals, search.told) else found
            if search.probes >= min(most, start + group.most) or search.hopeless(formals):
                break
    if first is None and unclear is None and not search.inputs:
        first = search.in_parts(formals)
    if first is None and unclear is None and not search.inputs:
        first = search.one_sample(formals) or (None if search.half else refuted or misfit)
    if first is not None:
        return search.as_floats(first) or first
    if unclear is not None:
        return unclear
    return search.attempt(literal(formals, search.inputs)) if search.inputs else None


@dataclass(frozen=True, eq=False, slots=True)
class _Group:
    """Layouts that belong together, and how many probes they are worth."""

    name: str
    layouts: Iterator[Layout]
    most: int = _MOST_IN_SCENARIO
    single: bool = False


def _groups(formals: Sequence[Formal], table: Sequence[Scenario], told: Shapes, *, divided: bool) -> Iterator[_Group]:
    """What the code tells of, then the scenarios; parameters in a row come beside rows of samples.

    Before them where no name says anything: three arrays of the same shape are likelier than three numbers.
    """
    documented = documented_layouts(formals, told, table)
    yield _Group("documented", _with_even_sizes(documented) if divided else documented, _MOST_DOCUMENTED)
    unnamed = all(formal.hint == "none" for formal in peers(formals))
    chain = _Group("chain", chained(formals))
    learns = any(formal.hint == "label" for formal in formals)
    if learns:
        yield chain
    for scenario in (_as_told(one, formals, told) for one in table):
        rows = _Group(scenario.name, layouts(formals, scenario), single=scenario.single)
        if scenario.name != "rows" or learns:
            yield rows
        else:
            yield from (chain, rows) if unnamed else (rows, chain)


def _with_even_sizes(layouts_: Iterator[Layout]) -> Iterator[Layout]:
    """The layouts, and after the first few of them the same with one of the sizes even: heads or groups divide it."""
    first = list(itertools.islice(layouts_, _MOST_EVEN))
    yield from first
    yield from (layout.times((name,), 2) for layout in first for name in layout.names[1:])
    yield from layouts_


def _as_told(scenario: Scenario, formals: Sequence[Formal], told: Shapes) -> Scenario:
    """The scenario with the main input's shapes of as many axes first as the code's words give it."""
    axes = len(told.get(formals[0].name, ())) if formals else 0
    shapes = sorted(scenario.x, key=lambda text: len(text.partition(":")[0].split(",")) != axes)
    return replace(scenario, x=tuple(shapes)) if axes else scenario


class _Search:
    """Remembers what failed, so that nothing is tried twice and the best failure can be told."""

    def __init__(
        self,
        run: Run,
        inputs: dict[str, Array],
        fits: Callable[[Found], bool | None],
        gradients: Callable[[Found], Mapping[str, Sequence[tuple[int, ...]]]],
        refuted: Callable[[Found], bool],
        alone: Callable[[Found], bool],
        formals: Sequence[Formal],
        told: Shapes,
    ) -> None:
        self.run = run
        self.refuted = refuted
        self.alone = alone
        self.gradients = gradients
        self.told = told
        self.formals = formals
        self.fits = fits
        self.inputs = inputs
        self.probes = 0
        self.refused: set[str] = set()
        self.best: tuple[Layout, Probe] | None = None
        self.half: list[Layout] = []
        self.shapeless: set[Layout] = set()  # those of them in which backward would raise whatever the shapes were
        self.reshaped: set[Layout] = set()  # in which it wants another number of entries: the axes may be other ones
        self.parts: set[int] = set()  # how many values the code wanted, and did not get, where it takes an array apart
        self.of_ids: list[Layout] = []  # the same where the main input is of whole numbers, which nothing else says
        self.tied: list[Layout] = []  # the same where an array is as long as an axis and some more
        self.partly: tuple[Layout, Probe, Sizes] | None = None
        self.misfits: dict[str, int] = {}

    def attempt(self, layout: Layout, scenario: str = "") -> Found | None:
        """The layout's runs if forward and backward came through in all of them."""
        built, pattern = self._constructor_part(layout), self._pattern(layout)
        if built in self.refused or self.misfits.get(pattern, 0) >= _MISFITS:
            return None
        sizes = self._sizes(layout)
        if sizes is None:
            return None
        probe = self._probe(layout, sizes, self.inputs)
        if probe.stage == "construct":
            self.refused.add(built)
        if probe.stage not in ("construct", "forward"):
            self.misfits[pattern] = -_MOST_PROBES  # the kinds are right
        elif isinstance(probe.error, TypeError | AttributeError) and (
            probe.stage == "construct" or _WANTS_INTEGERS.search(str(probe.error))
        ):
            self.misfits[pattern] = self.misfits.get(pattern, 0) + 1
        if not probe.ran:
            room = probe.stage == "backward" and len(self.half) < _MOST_HALF and not _wants_classes(layout, probe.error)
            if room and meant(layout, self.formals, self._told(scenario), scenario, probe.error):
                self.half.append(layout)
                if whatever_the_shapes(probe.error):
                    self.shapeless.add(layout)
                elif _RESHAPED.search(str(probe.error)):
                    self.reshaped.add(layout)
            elif room and self._by_ids(layout, scenario, probe.error):
                self.of_ids.append(layout)
                if whatever_the_shapes(probe.error):
                    self.shapeless.add(layout)
            elif probe.stage == "backward" and scenario == "stencil" and _offset(layout):
                self.tied.append(layout)
            return None
        return self._confirmed(layout, sizes, probe, "done")

    def _by_ids(self, layout: Layout, scenario: str, error: BaseException | None) -> bool:
        """Whether backward is at fault where the main input is of whole numbers; not where no name says anything."""
        named = any(formal.hint != "none" for formal in self.formals)
        return named and meant(layout, self.formals, self._told(scenario), scenario, error, ids=True)

    def one_sample(self, formals: Sequence[Formal]) -> Found | None:
        """One column, row or image as it is, where no batch goes through forward and backward."""
        half, best, partly = list(self.half), self.best, self.partly
        for scenario in (COLUMN, ROW, STEPS, SINGLE_IMAGE):
            for layout in itertools.islice(layouts(formals, scenario), _MOST_SINGLE):
                found = self.attempt(layout, scenario.name)
                meant = found is not None and self.fits(found) and not self.refuted(found)
                if found is not None and meant and (scenario is SINGLE_IMAGE or self.alone(found)):
                    return found
        self.half, self.best, self.partly = half, best, partly
        return None

    def in_parts(self, formals: Sequence[Formal]) -> Found | None:
        """With as many entries as the code takes apart: `x, y = state`, `length, scale = theta`."""
        half, best, partly = list(self.half), self.best, self.partly
        for count in sorted(self.parts):
            learned = any(formal.data or formal.family in ("vector", "matrix") for formal in formals)
            scenario = in_parts(count, learned=learned)
            for layout in itertools.islice(layouts(formals, scenario), _MOST_IN_PARTS):
                found = self.attempt(layout, scenario.name)
                if found is not None and self.fits(found) and not self.refuted(found):
                    return found
        self.half, self.best, self.partly = half, best, partly
        return None

    def doubts(self, layout: Layout, scenario: str) -> bool:
        """Whether it runs by accident, perhaps: it is odd, and a more natural layout went as far as backward."""
        return bool(self.half) and not natural(layout, self.formals, self._told(scenario), scenario)

    def lesser(self, layout: Layout) -> bool:
        """Whether a more natural layout in which backward raises has more axes of a parameter, or larger constants.

        A product of matrices that is wrong may be right for vectors, and one of windows for windows of one.
        """
        beside = peers(self.formals)[1:]
        kept = {f.name for f in beside if f.place == "constructor" or f.hint in ("matrix", "vector")}
        for other in self.half:
            if other in self.reshaped:
                continue
            arrays = [(layout.argument(a.name), a) for a in other.arguments if a.name in kept]
            fewer = any(own is not None and len(own.dims) < len(a.dims) for own, a in arrays)
            numbers = [(layout.constants.get(name), value) for name, value in other.constants.items()]
            smaller = any(type(own) is int and type(value) is int and own < value for own, value in numbers)
            if fewer or smaller:
                return True
        return False

    def rejects(self, found: Found, scenario: str) -> bool:
        """Whether gradients of other shapes than the arrays' speak against the layout: it gives an array one entry
        alone, or a more natural one went as far as backward.
        """
        if collapsed(found.layout, self.formals, self.told) and (self.best is None or self.best[1].ran):
            why = ValueError("no error, but its gradients have other shapes than these arrays")
            self.best = (found.layout, Probe("backward", why, found.probes[0].output))
        return bool(self.half) or scenario in FITTING or collapsed(found.layout, self.formals, self.told)

    def fits_in_part(self, found: Found) -> bool:
        """Whether the gradient of one of several arrays has the array's shape, whatever the sizes."""
        declared = {a.name: a.dims for a in found.layout.arguments if a.kind == "float" and len(a.dims) > 1}
        shapes = self.gradients(found) if len(declared) > 1 else {}
        return any(found.named(of) == declared[name] for name, of in shapes.items() if name in declared)

    def answered(self, found: Found) -> Found | None:
        """A layout in which arrays of which nothing is known have their gradients' shapes, where it works and all fit.

        An array that a constructor takes holds nothing for each sample, whatever the shape of its gradient.
        """
        numbers = {a.name for a in found.layout.arguments if not a.dims}  # in place of a vector that nothing fitted
        unknown = [
            f
            for f in self.formals
            if f.name not in self.told and (f.hint not in ("matrix", "vector") or f.name in numbers)
        ]
        if self.inputs:
            return None
        shapes = self.gradients(found)
        number = self._one_number(found.layout, shapes)
        if number is not None:
            return number
        named = {name: sizes for name, of in shapes.items() if (sizes := found.named(of)) is not None}
        samples = dim("n")
        kept = {f.name for f in unknown if f.place == "constructor"}
        named = {name: sizes for name, sizes in named.items() if not (name in kept and samples in sizes)}
        # One number for a whole array is no shape of it, but a sum too many.
        named = {name: sizes for name, sizes in named.items() if any(d.text != "1" for d in sizes)}
        # A gradient that has the same shape whatever the sizes are is of an array that has it: three hyper-parameters.
        fixed = [f.name for f in self.formals if (d := named.get(f.name)) and not any(size.names for size in d)]
        for layout in answered(found.layout, named, [*(f.name for f in unknown), *fixed]):
            other = self.attempt(layout)
            if other is not None and self.fits(other):
                return other
        return None

    def _one_number(self, layout: Layout, shapes: Mapping[str, Sequence[tuple[int, ...]]]) -> Found | None:
        """The layout with numbers for arrays whose gradients are numbers, whatever the sizes: a slope, a gain.

        Of the one array beside the main input its name has to say so; among several, the name of one that the
        constructor takes must not speak of an array. Of a bias a row is meant, and a sum too many a slip.
        """
        beside = [f for f in self.formals[1:] if layout.argument(f.name)]
        numbers = []
        for formal in beside:
            argument = layout.argument(formal.name)
            if argument is None or not argument.dims or any(shape != () for shape in shapes.get(formal.name, [(1,)])):
                continue
            alone = len(beside) == 1 and is_scalar(formal.name)
            unspoken = formal.place == "constructor" and formal.hint not in ("matrix", "vector", "label")
            if (alone or unspoken) and not _BIAS.fullmatch(formal.name.lower()):
                numbers.append(argument)
        new = layout
        for argument in numbers:
            new = new.with_argument(replace(argument, dims=()))
        found = self.attempt(new) if numbers else None
        return found if found is not None and self.fits(found) else None

    def as_floats(self, found: Found) -> Found | None:
        """The layout with floats for a main input of whole numbers that no name speaks of, where all fits as well."""
        main = found.layout.argument(self.formals[0].name)
        if main is None or main.kind != "int" or self.formals[0].hint == "ids" or self.inputs:
            return None
        other = self.attempt(found.layout.with_argument(replace(main, kind="float", limit=None)))
        return other if other is not None and self.fits(other) and not self.refuted(other) else None

    def as_numbers(self, found: Found) -> Found | None:
        """The layout with numbers for arrays of the constructor, where the gradients are numbers as well then.

        A factor of an array gives whatever is summed over everything that array's shape; of a number, its own.
        """
        unspoken = [f.name for f in self.formals if f.place == "constructor" and f.hint == "none" and not f.data]
        arrays = [a for a in found.layout.arguments if a.name in unspoken and a.dims and a.kind == "float"]
        new = found.layout
        for argument in arrays:
            new = new.with_argument(replace(argument, dims=()))
        other = self.attempt(new) if arrays and not self.inputs else None
        if other is None or not self.fits(other):
            return None
        shapes = self.gradients(other)
        return other if all(shape == () for a in arrays for shape in shapes.get(a.name, [(1,)])) else None

    def _told(self, scenario: str) -> Collection[str]:
        return self.told if scenario == "documented" else ()

    def freed(self, found: Found) -> Found:
        """Each size changed alone: in one of two inputs that need not share it, and by one, lest it has to be even."""
        if not self.inputs:
            found = self._loosened(self._untied(found))
        for name in found.layout.names:
            if self.inputs or not any(d.text == name for a in found.layout.arguments for d in a.dims):
                continue
            odd = {**found.sizes[0], name: found.sizes[0][name] + 1}
            probe = self._probe(found.layout, odd, {})
            if probe.ran and name in ("h", "w", "l"):  # tells h//2 from (h-1)//2+1
                found = replace(found, sizes=(*found.sizes, odd), probes=(*found.probes, probe))
            elif not probe.ran:
                doubled = found.layout.times((name,), 2)
                sizes = [{**s, name: s[name] // 2 + k % 2} for k, s in enumerate(found.sizes)]
                probes = [self._probe(doubled, numbers, {}) for numbers in sizes]
                if all(probe.ran for probe in probes):
                    found = Found(layout=doubled, sizes=tuple(sizes), probes=tuple(probes))
        return found

    def _untied(self, found: Found) -> Found:
        """Inputs of forward that share a size, each with a size of its own where forward and backward run so."""
        inputs = [f.name for f in self.formals if f.place == "forward"]
        for name in inputs[1:]:
            argument = found.layout.argument(name)
            if argument is None or argument.kind not in ("float", "positive"):
                continue
            others = [a for a in found.layout.arguments if a is not argument]
            shared = [d for d in argument.dims[1:] if d.text in d.names and any(d in a.dims for a in others)]
            for size in shared:
                own = dim(_unused(found.layout.names))
                freer = replace(argument, dims=tuple(own if d == size else d for d in argument.dims))
                layout = found.layout.with_argument(freer)
                wider = self._confirmed_at(layout)
                if wider is not None:  # gradients of other shapes are a fault then, for the check to find
                    found, argument = wider, freer
        return self._untied_together(found, inputs)

    def _untied_together(self, found: Found, inputs: Sequence[str]) -> Found:
        """A size of the first input that all of several others have: of their own, if they may share another one."""
        known = [a for name in inputs if (a := found.layout.argument(name)) is not None]
        first, others = (known[0], known[1:]) if known else (None, [])
        if first is None or len(others) < 2 or len(others) + 1 < len(found.layout.arguments):
            return found
        for size in first.dims[1:]:
            holding = [a for a in others if size in a.dims[1:] and a.kind in ("float", "positive")]
            if size.text in size.names and len(holding) > 1:
                own, layout = dim(_unused(found.layout.names)), found.layout
                for a in holding:
                    layout = layout.with_argument(replace(a, dims=tuple(own if d == size else d for d in a.dims)))
                found = self._confirmed_at(layout) or found
        return found

    def _loosened(self, found: Found) -> Found:
        """Equal sizes, and numbers of an input's axes, each with a size of its own where all that fitted still fits.

        What two arrays share by accident hides faults: one that mistakes an axis of the one for one of the other.
        """
        tries = iter(range(_MOST_LOOSENED))
        loosened = True
        while loosened:
            loosened = False
            for places in self._ties(found.layout, of_samples=found.output() == ()):
                if next(tries, None) is None:
                    return found
                layout = self._with_own_size(found.layout, places)
                freer = self._confirmed_at(layout, explained=found.output() is not None)
                if freer is not None and self._runs_reversed(layout) and self.fits(freer):
                    found, loosened = freer, True
                    break
        return found

    @staticmethod
    def _with_own_size(layout: Layout, places: Mapping[str, set[int]]) -> Layout:
        """The layout with a new size for these axes; in place of a number, one that is at least as large."""
        name = _unused(layout.names)
        for array, axes in places.items():
            argument = layout.argument(array)
            assert argument is not None
            dims = list(argument.dims)
            for axis in axes:
                least = 0 if dims[axis].names else int(dims[axis].text) - 1
                dims[axis] = dim(f"{name}+{least}" if least > 1 else name)
            layout = layout.with_argument(replace(argument, dims=tuple(dims)))
        return layout

    def _ties(self, layout: Layout, *, of_samples: bool) -> Iterator[dict[str, set[int]]]:
        """The axes that may have a size of their own: an input's that are numbers, some of those that are alike.

        What a comment says is alike stays so, and the samples `of_samples`: a loss is one number for all of them.
        """
        arrays = [a for a in layout.arguments if a.kind in ("float", "positive")]
        main = layout.arguments[0].dims if of_samples and layout.arguments else ()
        counted = {d for a in layout.arguments if a.kind in ("label", "int") for d in a.dims}  # samples have classes
        samples = {d.text for d in main[:1] if d in counted}
        inputs = {f.name for f in self.formals if f.place == "forward"}
        # A state comes back as the output; a window is square.
        states = {f.name for f in self.formals if f.hint == "hidden"}
        kept = {"k", *(d.text for a in layout.arguments if a.name in states for d in a.dims)}
        for a in arrays:
            numbers = [k for k, d in enumerate(a.dims) if not d.names and d.text != "1"]
            yield from ({a.name: {axis}} for axis in numbers if a.name in inputs)
        for size in layout.names:
            alike = [(a.name, axis) for a in arrays for axis, d in enumerate(a.dims) if d.text == size]
            free = [(name, axis) for name, axis in alike[1:] if name not in self.told and (axis or size not in samples)]
            if size not in kept and free and len(alike) <= _MOST_ALIKE:
                for count in range(1, min(len(free) + 1, 4)):
                    for some in itertools.combinations(free, count):
                        yield {name: {axis for n, axis in some if n == name} for name, _ in some}

    def _runs_reversed(self, layout: Layout) -> bool:
        """Whether it runs where the first sizes are the largest too: an index may go as far as another array does."""
        sizes = assignment(layout.names, 0)
        turned = dict(zip(layout.names, reversed([sizes[name] for name in layout.names]), strict=True))
        return self._probe(layout, turned, {}).ran

    def _confirmed_at(self, layout: Layout, *, explained: bool = True) -> Found | None:
        """The layout's runs at numbers of its own; None where one stops short, or no rule gives its output where it has
        to be `explained`.
        """
        sizes = [assignment(layout.names, k) for k in range(RUNS)]
        probes = [self._probe(layout, numbers, {}) for numbers in sizes]
        if not all(probe.ran for probe in probes):
            return None
        found = Found(layout=layout, sizes=tuple(sizes), probes=tuple(probes))
        return found if not explained or found.output() is not None else None

    def second_best(self) -> Found:
        """One that runs at even sizes alone; else the first whose forward runs throughout, though backward raises, at
        some sizes or at all; else NotFoundError.
        """
        if self.partly is not None:
            layout = self.partly[0]
            for name in layout.names:
                found = self._confirmed_at(layout.times((name,), 2))
                if found is not None:
                    return found
            by_chance = self._where_it_raises(*self.partly)
            if by_chance is not None:
                return by_chance
        ids = [layout for layout in self.of_ids if layout in self.shapeless]
        half = [layout for layout in self.half if self._spoken_of(layout)] or ids
        for layout in (*filter(None, map(self._stepping, half)), *half, *self.tied):
            sizes = self._sizes(layout)
            if sizes is None:
                continue
            probe = self._probe(layout, sizes, self.inputs)
            wanted = "done" if steps(layout.constants.values()) else "backward"
            found = self._confirmed(layout, sizes, probe, wanted)
            if found is not None:
                return found
        if self.partly is not None:
            raise NotFoundError(self.probes, *self.partly)
        best = self.best or (None, None)
        raise NotFoundError(self.probes, best[0], best[1], None)

    def _spoken_of(self, layout: Layout) -> bool:
        """Whether every array beside the main input has a name or a comment that tells of it, or no shape would do.

        A shape that was guessed may be what backward raises for.
        """
        if layout in self.shapeless:
            return True
        beside = [f for f in self.formals[1:] if f.name not in self.told and layout.argument(f.name) is not None]
        guessed = {"none", "matrix", "vector"} if layout in self.reshaped else {"none"}
        return not guessed & {formal.hint for formal in beside if not formal.data}

    def _where_it_raises(self, layout: Layout, reached: Probe, sizes: Sizes) -> Found | None:
        """The layout as one in which backward raises, where forward runs at all sizes and nothing about it is odd."""
        accused = reached.stage == "backward" and meant(layout, self.formals, (), "", reached.error)
        if not accused or not self._spoken_of(layout):
            return None
        found = self._confirmed(layout, sizes, reached, "backward")
        return None if found is None else replace(found, by_chance=True)

    def _stepping(self, layout: Layout) -> Layout | None:
        """The layout with an optimizer for what only backward uses, of an array that nothing is known of."""
        unknown = {f.name for f in self.formals if f.place == "constructor" and f.hint == "none"}
        last = next((a.name for a in reversed(layout.arguments) if a.name in unknown), None)
        if last is None:
            return None
        arguments = tuple(a for a in layout.arguments if a.name != last)
        return replace(layout, arguments=arguments, constants={**layout.constants, last: StepByGradient()})

    def hopeless(self, formals: Sequence[Formal]) -> bool:
        """Whether the object cannot be built at all: nothing that is left to try would change that."""
        owns = any(formal.place == "constructor" for formal in formals)
        return not owns and self.best is not None and self.best[1].stage == "construct"

    def _confirmed(self, layout: Layout, sizes: Sizes, probe: Probe, stage: str) -> Found | None:
        all_sizes, probes = [sizes], [probe]
        if not (self.inputs and not layout.names):
            for number in range(1, RUNS):
                all_sizes.append(assignment(layout.names, number))
                probes.append(self._probe(layout, all_sizes[-1], {}))
                reached = probes[-1]
                another = probe.ran and reached.leaves != probe.leaves
                if _STAGES.index(reached.stage) < _STAGES.index(stage) or another:
                    if stage == "done" and reached.error is not None:
                        self.partly = self.partly or (layout, reached, all_sizes[-1])
                    return None
        return Found(layout=layout, sizes=tuple(all_sizes), probes=tuple(probes), raised=probe.error)

    def _probe(self, layout: Layout, sizes: Sizes, arrays: Mapping[str, Array]) -> Probe:
        self.probes += 1
        probe = self.run(layout, sizes, arrays)
        apart = UNPACKED.search(str(probe.error)) if isinstance(probe.error, ValueError) else None
        if apart is not None and probe.stage == "forward" and len(self.parts) < _MOST_PARTS:
            self.parts.add(int(apart[1]))
        if self.best is None or _STAGES.index(probe.stage) > _STAGES.index(self.best[1].stage):
            self.best = (layout, probe)
        return probe

    def _sizes(self, layout: Layout) -> Sizes | None:
        """Numbers for the first run: those of the given arrays, and others that differ from them."""
        sizes = assignment(layout.names, 0)
        if not self.inputs:
            return sizes
        if not all(_holds(layout.argument(name), array) for name, array in self.inputs.items()):
            return None
        try:
            fixed = layout.signature().fit({name: array.shape for name, array in self.inputs.items()})
        except SignatureError:
            return None
        spare = iter(range(2, 100))
        taken = set(fixed.values())
        free = [name for name in layout.names if name not in fixed]
        return {**fixed, **{name: next(k for k in spare if k not in taken) for name in free}}

    def _pattern(self, layout: Layout) -> str:
        """Which of the constructor's arguments are arrays, numbers of sizes, or constants."""
        kinds = {name: type(value).__name__ for name, value in (*layout.sizes.items(), *layout.constants.items())}
        return " ".join(f"{f.name}:{kinds.get(f.name, 'array')}" for f in self.formals if f.place == "constructor")

    @staticmethod
    def _constructor_part(layout: Layout) -> str:
        numbers = [str(d) if isinstance(d, Dim) else [str(e) for e in d] for d in layout.sizes.values()]
        return f"{numbers}{layout.constants}" + ",".join(str(a) for a in layout.arguments[1:])


def _as_general(layout: Layout, other: Layout, more: int, named: Collection[str]) -> bool:
    """Whether it has as many sizes as the other one (and `more`), and each of its arrays with as many axes of them.

    A number is no array. Of an array whose name says nothing (it is not `named`) less may be meant. What labels are
    like says nothing of the layer.
    """

    def axes(one: Argument | None) -> int:
        return sum(bool(d.names) for d in one.dims) if one is not None else 0

    arrays = [(layout.argument(a.name), a) for a in other.arguments]
    if any(own is None for own, _ in arrays):
        return False
    arrays_as_large = all(axes(own) >= axes(a) for own, a in arrays if a.name in named and a.kind not in _LABELS)
    return len(_without_labels(layout).names) >= len(_without_labels(other).names) + more and arrays_as_large


def _offset(layout: Layout) -> bool:
    """Whether an array beside the main input is an axis and some more long, or some less: no accident in every run."""
    return any(d.names and re.fullmatch(r"\w+[+-]\d+", d.text) for a in layout.arguments[1:] for d in a.dims)


def _wants_classes(layout: Layout, error: BaseException | None) -> bool:
    """Whether backward says that labels which are floats here are to be whole numbers."""
    floats = any(argument.kind in ("onehot", "onehot0", "target", "mask") for argument in layout.arguments)
    return floats and isinstance(error, TypeError | IndexError) and bool(_WANTS_INTEGERS.search(str(error)))


def _without_labels(layout: Layout) -> Layout:
    return replace(layout, arguments=tuple(a for a in layout.arguments if a.kind not in _LABELS))


def _unused(names: Sequence[str]) -> str:
    return next(letter for letter in "jmpquvxyzabefgl" if letter not in names)


def _holds(argument: Argument | None, array: Array) -> bool:
    """Whether a given array can be what the layout declares."""
    if argument is None:
        return False
    integers = not np.issubdtype(array.dtype, np.floating)
    if argument.kind in ("onehot", "onehot0", "target", "mask", "sign"):
        return True
    return integers == (argument.kind in ("label", "int", "bool"))
