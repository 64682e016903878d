"""How each of the user's files is to be loaded, learned from what went wrong before.

An import that fails and that nothing in the code guards is stood in for from then on; a file that raises otherwise, or
runs too long, is loaded by its definitions.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from traceback import walk_tb
from types import FrameType
from typing import Any, Final

from checks import record
from checks.loading.limits import TimeUp
from checks.loading.pieces import Piece, described


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Terms:
    """What a load may take. `limit`: seconds for a file's import; `option`: what sets them, for messages.

    `bare`: why no file is to be run beyond its definitions. `renew` is called before each further attempt.
    """

    limit: float | None = None
    option: str = ""
    bare: str | None = None
    renew: Callable[[], None] = lambda: None


TERMS: Final[ContextVar[Terms]] = ContextVar("terms", default=Terms())  # noqa: B039 - it is frozen


@dataclass(frozen=True, slots=True)
class Bare:
    """From which piece of a file on only definitions are loaded, and why."""

    first: int
    why: str


@dataclass(eq=False, slots=True)
class Plan:
    """What was learned, by the file's path and by (code name, line)."""

    bare: dict[str, Bare] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    sites: set[tuple[str, int]] = field(default_factory=set)
    skipped: set[tuple[str, int]] = field(default_factory=set)
    imports: dict[str, dict[int, bool]] = field(default_factory=dict)  # by code name: line of an import, guarded?
    pieces: dict[str, list[Piece]] = field(default_factory=dict)

    def enter(self, file: str, pieces: list[Piece]) -> None:
        """A file is about to be loaded."""
        self.pieces[file] = pieces
        for piece in pieces:
            self.imports[piece.name] = dict(_imports(piece.tree))

    def forget(self, file: str) -> None:
        """The file may have been mended since."""
        self.bare.pop(file, None)
        self.open.discard(file)
        for names in (self.sites, self.skipped):
            names.difference_update({site for site in names if site[0].startswith(file)})

    def bareness(self, file: str) -> Bare | None:
        everything = TERMS.get().bare
        return self.bare.get(file) or (None if everything is None else Bare(0, everything))

    def is_guarded(self, name: str, line: int) -> bool:
        """Whether the code itself provides for the import on that line to fail."""
        return self.imports.get(name, {}).get(line, True) and (name, line) not in self.sites

    def may_stand_in(self, file: str, name: str, line: int) -> bool:
        """Whether what the line imports is stood in for, should it be missing."""
        if (name, line) in self.sites:
            return True
        if self.is_guarded(name, line):
            return False
        return file in self.open or self.bareness(file) is not None or not record.importing()

    def learn(self, error: BaseException) -> bool:
        """Plans what helps against it; False where nothing new comes to mind."""
        for one in _chain(error):
            frames = list(users_frames(one))
            if isinstance(one, ImportError) and frames:
                frame, line = frames[-1]
                site = (frame.f_code.co_filename, line)
                if line in self.imports.get(site[0], {}) and site not in self.sites:
                    self.sites.add(site)
                    self.open.add(users_loader(frame).path)
                    return True
        modules = [(frame, line) for frame, line in users_frames(error) if frame.f_code.co_name == "<module>"]
        return bool(modules) and self._lay_bare(*modules[-1], error)

    def _lay_bare(self, frame: FrameType, line: int, error: BaseException) -> bool:
        """The deepest file that was being run is loaded by its definitions; one that is already, without that line."""
        file, name = users_loader(frame).path, frame.f_code.co_filename
        pieces = self.pieces[file]
        position, piece = next((k, p) for k, p in enumerate(pieces) if p.name == name)
        known = self.bareness(file)
        if known is not None and known.first <= position:
            new = (name, line) not in self.skipped
            self.skipped.add((name, line))
            return new
        rest = (
            "only its definitions were loaded" if piece.cell is None else "from there on only definitions were loaded"
        )
        self.bare[file] = Bare(position, f"{piece.place(line)} {_did(error)}; {rest}")
        return True


def _did(error: BaseException) -> str:
    if isinstance(error, TimeUp):
        option = TERMS.get().option
        return f"was still at work after {error.seconds:g} s" + (f" ({option})" if option else "")
    if isinstance(error, SystemExit):
        return f"ended the program ({described(error)})"
    return f"raised {described(error)}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, then those during whose handling it was raised."""
    current: BaseException | None = error
    for _ in range(50):
        if current is None:
            return
        yield current
        current = current.__cause__ or current.__context__


def users_frames(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    """The frames of the user's code in the traceback, the deepest last, each with its line."""
    return ((frame, line) for frame, line in walk_tb(error.__traceback__) if users_loader(frame) is not None)


def users_loader(frame: FrameType) -> Any:
    """Our loader of the module whose code the frame runs; None for any other code."""
    loader = getattr(frame.f_globals.get("__spec__"), "loader", None)
    return loader if getattr(loader, "is_users", False) else None


def _imports(tree: ast.AST) -> Iterator[tuple[int, bool]]:
    """(line, whether it is guarded) of each import statement."""
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try | ast.With) and _is_guard(node)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node.lineno, id(node) in guarded


def _is_guard(node: ast.Try | ast.With) -> bool:
    """Whether it lives on when an import within fails: `try`, or `with suppress(ImportError)`."""
    if isinstance(node, ast.Try):
        return any(
            _is_about_imports(handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type])
            for handler in node.handlers
        )
    calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
    return any("suppress" in ast.unparse(call.func) and _is_about_imports(call.args) for call in calls)


def _is_about_imports(kinds: Sequence[ast.expr | None]) -> bool:
    """Whether one of the exceptions, None for all of them, is raised where an import fails."""
    words = {getattr(kind, "id", getattr(kind, "attr", None)) for kind in kinds}
    return bool(words & {None, "ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


PLAN: Final = Plan()
