"""Of the ways in which an object may be used, the first that is understood, with its other uses beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from checks.dialects.again import deeper
from checks.dialects.dialect import Request
from checks.dialects.errors import one_of_many
from checks.dialects.ignoring import ignored
from checks.dialects.labelled import with_labels
from checks.dialects.modes import told_otherwise
from checks.dialects.reading import Reading
from checks.dialects.usage import Usage
from checks.errors import LayerError, SignatureError, SilentError
from checks.infer import Found
from checks.infer_draw import quiet
from checks.subject import Subject


def read(usage: Usage, request: Request) -> Subject:
    """The Subject for an object that is used this way. Raises LayerError where it cannot be called or
    understood.
    """
    labelled = usage.labelled
    if labelled is None or request.signature is not None or request.inputs is not None:
        return _understood(usage, request)[0]
    try:
        subject, known = _understood(usage, request)
    except LayerError:
        by_labels = list(_by_labels(labelled, request, ()))
        if not by_labels:
            raise
        return replace(by_labels[0], labelled=lambda: by_labels)
    return replace(subject, labelled=lambda: _by_labels(labelled, request, known))


def _by_labels(usage: Usage, request: Request, known: tuple[Found, ...]) -> Iterator[Subject]:
    """The uses in which backward is handed labels, as far as they can be read. `known`: layouts without the labels."""
    for way in (usage, *usage.variants):
        found: Subject | None = None
        for layouts in (*([one] for one in with_labels(way, known)), ()):
            with quiet(), contextlib.suppress(LayerError, SignatureError):
                reading = Reading(way, request, tuple(layouts))
                subject = reading.subject()
                found = subject if subject.owed and not reading.raised else None
            if found is not None:
                yield found
                break


def _understood(usage: Usage, request: Request) -> tuple[Subject, tuple[Found, ...]]:
    """The first of the ways that is understood without reserve, else the first that is understood at all.

    With it come the layouts that were found.
    """
    with quiet():
        first: Subject | LayerError | None = None
        known: tuple[Found, ...] = ()
        for way in (usage, *usage.variants):
            if way.only_after != "anything" and (isinstance(first, Subject) == (way.only_after == "an error")):
                continue
            reading = Reading(way, request)
            try:
                subject = reading.subject()
            except LayerError as error:
                first = first or error
                continue
            if way.guessed and all(place.source != "update" for place in reading.places.values()):
                continue
            if way.guessed and reading.starts_by_itself:
                continue
            if not (reading.raised or reading.answers_from_beside or reading.astray or reading.takes_prediction):
                modes = (*_other_targets(subject), *_ignored(subject, way), *_modes(way, request, reading.known))
                return replace(subject, modes=modes, averaged=_averaged(reading, request)), reading.known
            unheard = isinstance(first, SilentError) and way.only_after == "an error"
            ran_somewhere = reading.found is not None and reading.found.by_chance
            if first is None or unheard or (ran_somewhere and isinstance(first, LayerError)):
                first, known = subject, reading.known
    if isinstance(first, Subject) and usage.doubtful and len(usage.forward) > 2:
        raise one_of_many(usage)
    if isinstance(first, Subject):
        return first, known
    assert first is not None
    raise first


def _averaged(reading: Reading, request: Request) -> Subject | None:
    """The mean of the values per sample that a loss gives; None where it gives a number, or is no loss."""
    mean, live = reading.usage.averaged, reading.live
    if mean is None or live is None or live.output is None:
        return None
    if not live.output.ndim and not getattr(live.bound, "per_sample", False):
        return None
    try:
        return Reading(mean, request).subject()
    except (LayerError, SignatureError):
        return None


def _other_targets(subject: Subject) -> Iterator[tuple[str, Subject]]:
    """Targets that are classes written as numbers: a loss may compare them with 1, or with -1."""
    for argument in subject.signature.arguments:
        if argument.kind == "target":
            for kind, words in (("mask", "0 and 1"), ("sign", "1 and -1")):
                signatures = tuple(s.with_kind(argument.name, kind) for s in subject.signatures)
                yield f"{argument.name} of {words}", replace(subject, signatures=signatures)


def _ignored(subject: Subject, usage: Usage) -> Iterator[tuple[str, Subject]]:
    """Labels with the number among them that the code takes for none."""
    for argument in subject.signature.arguments:
        if argument.kind == "label":
            for value in dict.fromkeys(ignored(usage.defined, argument.name)):
                yield f"{value} among {argument.name}", replace(subject, beside={argument.name: value})


def _modes(usage: Usage, request: Request, known: tuple[Found, ...]) -> Iterator[tuple[str, Subject]]:
    """The other uses that can be read, those with other options in the layouts that are known to work."""
    if request.inputs is not None:  # they are for the use at hand
        return
    own = dict(usage.modes)
    told = [(label, other) for label, other in told_otherwise(usage) if label not in own]
    for label, other in (*usage.modes, *told):
        asks_alike = (other.forward, other.constructor) == (usage.forward, usage.constructor)
        tries = [known] if other.option or asks_alike else [tuple(_at_another_number(usage, other, known)), ()]
        readings = (Reading(other, request, layouts) for layouts in dict.fromkeys(tries))
        read_as = next(filter(None, map(_read_as, readings)), None)
        if read_as is None:
            continue
        reading, subject = read_as
        if not reading.raised or other.option in ("number", "off"):
            yield label, replace(subject, option=other.option, unaware=other.unaware, asked=other.asked)
    for label, found in deeper(known[0]) if known else ():
        with contextlib.suppress(LayerError, SignatureError):
            yield label, replace(Reading(usage, request, (found,)).subject(), option="number")


def _read_as(reading: Reading) -> tuple[Reading, Subject] | None:
    """The reading with what it is read as; None where that is nothing."""
    try:
        return reading, reading.subject()
    except (LayerError, SignatureError):
        return None


def _at_another_number(usage: Usage, other: Usage, known: tuple[Found, ...]) -> Iterator[Found]:
    """The known layouts with the number that a use chooses by in place of the one that they were found with."""
    before = {formal.name: formal for formal in (*usage.forward, *usage.constructor)}
    chosen = {
        f.name: f.options[0] for f in (*other.forward, *other.constructor) if f != before.get(f.name) and f.options
    }
    if chosen and all(type(number) is int for number in chosen.values()):
        for found in known:
            if set(chosen) <= set(found.layout.constants):
                layout = replace(found.layout, constants={**found.layout.constants, **chosen})
                yield replace(found, layout=layout)
