"""A layout that is known to work, run again where the layer is told something else than its default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from checks.dialects.probing import Prober
from checks.infer import Found
from checks.infer_layout import Layout, SizeList
from checks.infer_sizes import dim


def run_again(prober: Prober, found: Found, told: Mapping[str, Any]) -> Found | None:
    """The layout's runs under this use, with sizes that what is told divides; None where forward does not run.

    The runs that backward came through are first. `raised`: what it raised, where it never did.
    """
    for layout in _layouts(found.layout, told):
        probes = [prober.run(layout, sizes, {}) for sizes in found.sizes]
        if not all(probe.forward_ran for probe in probes):
            continue
        order = sorted(range(len(probes)), key=lambda k: not probes[k].ran)
        return Found(
            layout=layout,
            sizes=tuple(found.sizes[k] for k in order),
            probes=tuple(probes[k] for k in order),
            raised=None if probes[order[0]].ran else probes[order[0]].error,
        )
    return None


def deeper(found: Found) -> Iterator[tuple[str, Found]]:
    """The layout with one layer more in a list of sizes, and words for it."""
    for name, sizes in found.layout.sizes.items():
        if isinstance(sizes, SizeList) and len(sizes) > 1:
            letter = next(letter for letter in "jmpquv" if letter not in found.layout.names)
            longer = SizeList((*sizes[:-1], dim(letter), sizes[-1]))
            layout = replace(found.layout, sizes={**found.layout.sizes, name: longer})
            runs = tuple({**run, letter: 2 + max(run.values(), default=2) + k} for k, run in enumerate(found.sizes))
            yield f"{len(longer)} {name}", replace(found, layout=layout, sizes=runs)


def at_numbers(prober: Prober, found: Found) -> Iterator[Found]:
    """The layout with one of its sizes at a number, then with all but the first, where it runs so."""
    rest = found.layout.names[1:]
    for names in (*([name] for name in rest), rest):
        numbers = {name: found.sizes[0][name] for name in names}
        sizes = tuple({n: v for n, v in run.items() if n not in names} for run in found.sizes)
        again = run_again(prober, replace(found, layout=found.layout.at(numbers), sizes=sizes), {})
        if again is not None:
            yield again


def _layouts(layout: Layout, told: Mapping[str, Any]) -> Iterator[Layout]:
    """The layout, then with one of its sizes, or both sides of an image, a multiple of a number that is told."""
    yield layout
    numbers = (*told.values(), *layout.constants.values())
    factor = max((number for number in numbers if type(number) is int), default=1)
    if factor > 1 and layout.names:
        first, *rest = layout.names
        sides = tuple(name for name in ("h", "w") if name in layout.names)
        for names in (*((name,) for name in rest), sides, (first,)):
            yield layout.times(names, factor)
