"""The layer that another is compared with: from MODULE:NAME, or from an object, to a Subject with a name."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, replace
from typing import Any, Final

from checks.dialects import read
from checks.discover import Discovery, Found, Source, expand, find
from checks.errors import LayerError, SignatureError
from checks.matching import word
from checks.results import Report
from checks.signature import Signature
from checks.subject import Subject

_NAMED: Final = re.compile(r"(?P<place>.+\.py|[\w./\\-]+)::?(?P<name>[\w.]+)")
EXPECTED: Final = "expected module:Name, as reference:Affine, or file.py::Name"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Trusted:
    """A layer that is taken to be right. `name`: as it is spoken of, such as reference.Affine."""

    name: str
    subject: Subject
    thing: Any


def trusted(against: Any, signature: Signature | None, dtype: Any) -> Trusted:
    """The layer of that name, or the class, instance or pair of functions itself, as a Subject.

    Read by trying; where that fails, under `signature`, the one given for the layer that is compared with it.
    Raises ValueError where it is not there or cannot be read.
    """
    subject, name = against, _title(against)
    if isinstance(against, str):
        found = located(against)
        if found.why is not None:
            raise ValueError(f"against={against!r}: {found.why}")
        subject, name = found.subject, spoken(against)
    try:
        return Trusted(name=name, subject=_read(subject, signature, dtype, name), thing=subject)
    except LayerError as error:
        raise ValueError(f"against: {name} cannot be run: {error}") from None


def _read(subject: Any, signature: Signature | None, dtype: Any, name: str) -> Subject:
    """Read by trying; where that fails, under `signature`."""
    short = re.split(r"[.:]", name)[-1]
    try:
        return read(subject, dtype=dtype, name=short)
    except LayerError:
        if signature is None:
            raise
    return read(subject, signature, dtype=dtype, name=short)


def read_like(known: Trusted, own: Subject) -> Subject | None:
    """The trusted layer under the sizes of the layer that is compared: images where it was tried with rows.

    Arrays go by their names' meaning, else by order; axes of length one of a parameter are left out.
    """
    here, there = own.signature, known.subject.signature
    if len(here.arguments) != len(there.arguments):
        return None
    left = list(here.arguments)
    arguments = []
    for argument in there.arguments:
        named = [one for one in left if word(one.name) == word(argument.name)]
        mine = (named or left)[0]
        left.remove(mine)
        parameter = own.roles.get(mine.name) == "parameter"
        dims = tuple(dim for dim in mine.dims if not (parameter and dim.text == "1"))
        arguments.append(replace(mine, name=argument.name, dims=dims))
    try:
        return read(known.thing, Signature(tuple(arguments), here.output), name=known.subject.name)
    except (LayerError, SignatureError):
        return None


def located(text: str) -> Found:
    """The layer that module:Name or file.py::Name leads to, which is imported; `why` says what is amiss."""
    if not is_named(text):
        return Found(target=text, why=f"{text!r} names no layer; {EXPECTED}")
    place, name = _parts(text)
    # One colon for a module: with two it is a path first, and there may be a folder of the module's name.
    sources = expand(f"{place}{'::' if place.endswith('.py') else ':'}{name}")
    found = find(sources[0]).found
    return found[0] if found else Found(target=text, why=f"there is no layer {text}; {EXPECTED}")


def found_as(text: str) -> Discovery:
    """The same, for a process of its own."""
    return Discovery(found=(located(text),))


def readable(subject: Any, signature: str | None, **settings: Any) -> Report:
    """A report that passes where the layer can be read. Raises LayerError where it cannot."""
    wanted = None if signature is None else Signature.parse(signature)
    _read(subject, wanted, settings["dtype"], settings["target"])
    return Report(target=settings["target"], verdict="pass")


def find_to_compare(source: Source, against: str) -> Discovery:
    """The subjects of a file, of which there is one to compare: the only one, or the one of the trusted layer's name.

    Where there are several and none has the name, an error says so; in a folder such a file is passed over.
    """
    discovery = find(source)
    layers = [found for found in discovery.found if found.why is None]
    if len(layers) < 2:
        return discovery
    name = wanted_name(against)
    chosen = [found for found in layers if _plain(_own_name(found)) == _plain(name)]
    if not chosen and source.explicit:
        why = f"{len(layers)} layers, and none is named {name}: name the one to compare, as in {layers[0].target}"
        return Discovery(found=(Found(target=source.label, path=source.path, why=why),))
    others = ", ".join(_own_name(found) for found in layers if found not in chosen)
    left = (f"{others} (not compared)",) if others else ()
    return Discovery(found=tuple(chosen), skipped=(*discovery.skipped, *left))


def is_named(text: str) -> bool:
    """Whether the text is of the form module:Name or file.py::Name."""
    return _NAMED.fullmatch(text) is not None


def spoken(text: str) -> str:
    """reference.Affine, of reference:Affine; mine.Affine, of folder/mine.py::Affine."""
    place, name = _parts(text)
    stem = re.split(r"[/\\]", place.removesuffix(".py"))[-1]
    return f"{stem}.{name}"


def wanted_name(text: str) -> str:
    """The name of the layer alone."""
    return _parts(text)[1].rpartition(".")[2]


def _own_name(found: Found) -> str:
    return found.target.rpartition("::")[2]


def _plain(name: str) -> str:
    """The name without case and underscores, a forward function's without that word."""
    return name.replace("_", "").lower().removesuffix("forward")


def _parts(text: str) -> tuple[str, str]:
    match = _NAMED.fullmatch(text)
    assert match is not None
    return match["place"].removesuffix(":"), match["name"]


def _title(thing: Any) -> str:
    """The name of a class, function or instance, with its module, or the package that offers it."""
    thing = thing[0] if isinstance(thing, tuple) and thing else thing
    owner = thing if hasattr(thing, "__qualname__") else type(thing)
    name, module = getattr(owner, "__name__", type(owner).__name__), getattr(owner, "__module__", None)
    if module in (None, "__main__", "builtins"):
        return str(name)
    top = str(module).partition(".")[0]
    offered = getattr(sys.modules.get(top), name, None) is owner
    return f"{top if offered else str(module).rpartition('.')[2]}.{name}"
