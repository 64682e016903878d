"""What a class says of itself: `gradproof_case`, a class method that returns how it is to be checked.

Text is a signature. An object of the class is checked in the class's place. A tuple or a dict of arrays is the case to
check; `(object, arrays)` says both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from checks.errors import LayerError
from checks.loading.pieces import described

HOOK: Final = "gradproof_case"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class OwnCase:
    """What is checked instead, and how. None: as it was."""

    subject: Any
    signature: str | None = None
    inputs: Any = None


def own_case(subject: Any) -> OwnCase:
    """What the subject's `gradproof_case` says. Errors: LayerError where it raises or returns something else."""
    hook = getattr(subject, HOOK, None)
    if hook is None or not callable(hook):
        return OwnCase(subject=subject)
    name = getattr(subject, "__name__", type(subject).__name__)
    try:
        told = hook()
    except Exception as error:
        raise LayerError(f"{name}.{HOOK}() raised {described(error)}") from error
    if isinstance(told, str):
        return OwnCase(subject=subject, signature=told)
    cls = subject if isinstance(subject, type) else type(subject)
    if isinstance(told, tuple) and len(told) == 2 and isinstance(told[0], cls):
        told, inputs = told
        return OwnCase(subject=told, inputs=inputs if isinstance(inputs, Mapping | tuple) else (inputs,))
    if isinstance(told, cls):
        return OwnCase(subject=told)
    if isinstance(told, Mapping | tuple):
        return OwnCase(subject=subject, inputs=told)
    raise LayerError(
        f"{name}.{HOOK}() returned {type(told).__name__}, expected a signature, an object, arrays (a tuple or a dict), "
        "or (object, arrays)"
    )
