"""What a dialect is: it recognises objects written its way, and says how they are built and called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.dialects.usage import Usage
from checks.signature import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way people write layers. A new one is a file with these two functions, and a line in the table."""

    name: str
    recognises: Callable[[Any], bool]
    usage: Callable[[Any, str], Usage]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Request:
    """What the user said beside the object itself."""

    name: str
    signature: Signature | None = None
    inputs: tuple[Any, ...] | Mapping[str, Any] | None = None
    dtype: Any = "float64"
