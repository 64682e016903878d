"""Runs a module's pieces: as they are, or, where that went wrong before, by their definitions."""

from __future__ import annotations

from types import ModuleType

from checks import record
from checks.loading.definitions import Definitions
from checks.loading.dropped import updated
from checks.loading.pieces import Piece
from checks.loading.plan import PLAN


def execute(module: ModuleType, file: str, pieces: list[Piece]) -> None:
    """Fills the module's namespace."""
    bare = PLAN.bareness(file)
    definitions = Definitions(vars(module), pieces, PLAN.skipped)
    if bare is not None:
        record.note(bare.why)
    for position, piece in enumerate(pieces):
        if piece.dropped is not None:
            record.note(piece.dropped, lost=True)
        if bare is not None and position >= bare.first:
            definitions.load(piece)
        else:
            exec(compile(updated(piece.tree), piece.name, "exec", dont_inherit=True), vars(module))
