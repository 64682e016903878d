"""Where `--json` goes: tried before anything is checked, then written whole: no reader sees half a file."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

STANDARD_OUTPUT = "-"


class Destination(Protocol):
    """Takes the text once."""

    def write(self, text: str) -> None:
        """Writes it whole; an OSError says why it could not be."""


class Standard:
    """Standard output."""

    def write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


@dataclass(frozen=True)
class Direct:
    """A file that nothing may replace: a pipe, a device, or the only writable thing in its folder."""

    path: Path

    def write(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Renamed:
    """A regular file: written beside itself under another name, then renamed."""

    path: Path

    def write(self, text: str) -> None:
        beside = _beside(self.path)
        try:
            with beside.open("x", encoding="utf-8") as stream:
                stream.write(text)
            beside.replace(self.path)
        finally:
            beside.unlink(missing_ok=True)


def destination(name: str) -> Destination:
    """Where that name leads. Raises OSError where nothing can be written there."""
    if name == STANDARD_OUTPUT:
        return Standard()
    path = Path(os.path.realpath(name))  # a link stays a link
    if path.is_dir():
        raise IsADirectoryError(f"{name} is a folder; expected the name of a file")
    if path.exists() and not path.is_file():
        return Direct(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}; make it first")
    try:
        beside = _beside(path)
        beside.touch(exist_ok=False)
        beside.unlink()
    except OSError as error:
        if os.access(path, os.W_OK):
            return Direct(path)
        raise PermissionError(f"{name} cannot be written: {error.strerror}") from error
    return Renamed(path)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")
