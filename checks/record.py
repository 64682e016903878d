"""What was done so that the user's code runs, and which stand-ins it has used since.

Whoever loads code or checks it opens a `watching()` and reads what was noted meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Seen:
    """`notes`: sentences for the report. `used`: what was not really there, each with what to do about it.

    `lost`: those of the notes that tell of classes or functions that could not be loaded.
    """

    notes: dict[str, None] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


_watchers: list[Seen] = []
_importing = 0


def note(sentence: str, *, lost: bool = False) -> None:
    """Something was done for the user's code."""
    for seen in _watchers:
        seen.notes[sentence] = None
        if lost:
            seen.lost.append(sentence)


def use(what: str, cure: str) -> None:
    """The user's code computes with something that is not really there: what came of it proves nothing against it."""
    if not _importing:
        for seen in _watchers:
            seen.used[what] = cure


def importing() -> bool:
    """Whether a file is being loaded at this moment, rather than used."""
    return _importing > 0


@contextmanager
def watching() -> Iterator[Seen]:
    """All that is noted and used within."""
    seen = Seen()
    _watchers.append(seen)
    try:
        yield seen
    finally:
        _watchers.remove(seen)


@contextmanager
def while_importing() -> Iterator[None]:
    """Within, stand-ins are lenient: a file is loaded, and nothing is computed yet."""
    global _importing
    _importing += 1
    try:
        yield
    finally:
        _importing -= 1
