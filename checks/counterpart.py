"""Which arrays of the trusted layer those of the own one stand for: of the ways to feed it, one that runs."""

from __future__ import annotations

from dataclasses import replace

from checks.agreement import OUTPUT
from checks.bench import fresh_output
from checks.case import Case
from checks.duo import Duo, differences, sizes_of
from checks.errors import LayerError
from checks.matching import Matching, matchings
from checks.signature import Shape
from checks.trusted import Trusted, read_like


def counterpart(duo: Duo, trusted: Trusted, probe: Case) -> Matching:
    """The most natural matching under which the trusted layer runs.

    Where names do not decide between several, one under which the outputs agree is preferred: values may choose
    which array is which, never excuse a layout that the shapes do not force.
    """
    running = _running(duo, probe)
    if not running and (other := read_like(trusted, duo.own)) is not None:
        duo.other = other
        running = _running(duo, probe)
    if not running:
        raise LayerError(
            f"it has {duo.own.signature}, {duo.name} has {duo.other.signature}:\n"
            "these arrays cannot stand for each other; compare it with a layer of the same arrays"
        )
    first = running[0]
    if duo.shapes is not None or _agrees(duo, probe, first):
        return first
    turned = any(p.turned for p in first.pairs)
    rest = [m for m in running[1:] if m.named and (turned or not any(p.turned for p in m.pairs))]
    better = next((m for m in rest if _agrees(duo, probe, m)), None)
    return first if better is None else replace(better, crossed=_crossed(better, first))


def _crossed(better: Matching, first: Matching) -> tuple[str, ...]:
    """The own arrays that stand for another one than they do by order."""
    usual = {p.own.name: p.other.name for p in first.pairs}
    return tuple(p.own.name for p in better.pairs if usual.get(p.own.name) != p.other.name)


def _running(duo: Duo, probe: Case) -> list[Matching]:
    """The matchings under which the trusted layer runs: those whose output fits first, the natural ones first."""
    ready: list[tuple[bool, float, Matching]] = []
    for signature in duo.other.signatures:
        for found in matchings(probe.signature, duo.own.roles, probe.arrays, signature, duo.other.roles):
            shapes = _output_shapes(duo, probe, found)
            if shapes is not None:
                settled = found.with_output(*shapes)
                ready.append((settled is None, found.cost, settled or found))
    return [matching for _, _, matching in sorted(ready, key=lambda one: one[:2])]


def _output_shapes(duo: Duo, probe: Case, matching: Matching) -> tuple[Shape, Shape] | None:
    try:
        own = fresh_output(duo.own, probe.arrays, probe.seed).shape
        other = fresh_output(duo.other, matching.there(probe.arrays, sizes_of(probe)), probe.seed).shape
    except Exception:
        return None
    return own, other


def _agrees(duo: Duo, probe: Case, matching: Matching) -> bool:
    samples = duo.samples(probe, matching)
    duo.shapes, duo.raised = None, []
    return samples is not None and OUTPUT not in differences(*samples)
