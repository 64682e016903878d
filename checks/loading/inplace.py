"""Which stand-in is put in the place of an import that failed, and what is noted about it."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from checks import record
from checks.loading.known import equivalent
from checks.loading.pieces import one_line
from checks.loading.standin import Absent, StandIn


def absence(name: str, level: int, error: ImportError) -> Absent:
    """Why the module of that name could not be imported."""
    missing = error.name if isinstance(error, ModuleNotFoundError) and error.name else None
    if level:
        return Absent("." * level + name, "is not there", "put it beside the file")
    if missing is None:
        return Absent(name, f"could not be imported ({one_line(error)})", f"mend the installation of {name}")
    top = missing.split(".")[0]
    if top != missing and _is_there(top):
        return Absent(missing, f"is not in the {top} that is there", f"install a version of {top} that has it")
    return Absent(top, "is not installed", f"install {top}")


def in_place_of(name: str, absent: Absent | str) -> Any:
    """A stand-in for the module, or what does the same here; it is noted."""
    if isinstance(absent, str):
        return StandIn(name, Absent(absent, "is not there", f"do without {absent}"))
    known, value = equivalent(name)
    if known:
        record.note(f"{name} is no more: {getattr(value, '__name__', name)} was taken")
        return value
    record.note(f"stood in for {absent.name}, which {absent.why}")
    return StandIn(name, absent)


def missing_name(module: str, name: str) -> StandIn:
    """A stand-in for one name that a module does not have."""
    absent = Absent(f"{module}.{name}", "is not there", f"use a {module} that has {name}")
    record.note(f"stood in for {absent.name}, which {absent.why}")
    return StandIn(absent.name, absent)


def _is_there(module: str) -> bool:
    if module in sys.modules:
        return True
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
