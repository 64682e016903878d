"""What people get wrong in one expression, undone: the changes that are tried, in order, the simplest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from checks.diagnosis.expressions import FORMS
from checks.diagnosis.repair.edit import Edit, Place, is_value
from checks.diagnosis.repair.holes import Seen, Site
from checks.diagnosis.repair.operands import added, formed, multiplied, replaced
from checks.diagnosis.repair.operators import compared, numbers, operands, signs, summed, turned
from checks.diagnosis.repair.sight import in_sight


def edits(sites: Sequence[Site], seen: Mapping[int, Seen], elsewhere: Sequence[float]) -> Iterator[Edit]:
    """All changes of all expressions that ran. `elsewhere`: the numbers that the rest of the file has."""
    places = [Place(k, sites[k], seen[k]) for k in sorted(seen) if is_value(seen[k].value)]
    for rule in (compared, operands, signs, turned, summed, numbers(elsewhere)):
        for at in places:
            yield from rule(at)
    names = {at.number: in_sight(at.was.scope) for at in places}
    for at in places:
        yield from replaced(at, names[at.number])
    for form in FORMS:
        for at in places:
            yield from multiplied(at, names[at.number], form)
        for at in places:
            yield from formed(at, form)
    for at in places:
        yield from added(at, names[at.number])
