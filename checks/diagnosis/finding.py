"""What a rule of the diagnosis concludes, and how it is put into words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A statement of the user's code as it stands, and as it would be right."""

    line: int
    before: str
    after: str


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Diagnosis:
    """A kind of fault in one gradient: what is wrong, what would mend it, and how well it agrees then.

    `cure` is an expression to be appended to the gradient, as in `* n`, or a phrase; None where none was found to try.
    `off` is the largest difference that is left with it, as a share of an entry.
    """

    kind: str
    what: str
    cure: str | None = None
    off: float | None = None
    mended: Mended | None = None

    def suggestion(self, name: str) -> str | None:
        """The cure as an assignment to the gradient, where it is one: `db = db * n`."""
        if self.mended is not None:
            return f"line {self.mended.line}: {self.mended.after}"
        if self.cure is None:
            return None
        if self.cure.endswith(" there"):
            return f"take {f'd{name} ' if self.cure[0] == '*' else ''}{self.cure}"
        if self.cure[0] in "*/+-.[":
            return f"d{name} = d{name}{'' if self.cure[0] in '.[' else ' '}{self.cure}"
        return f"take {self.cure}"

    @property
    def words(self) -> str:
        """`it is the negative of the derivative: with * -1 it agrees to 2e-12`."""
        if self.mended is not None and self.off is not None:
            return f"{self.what} in line {self.mended.line}: mended, it agrees to {max(self.off, 1e-16):.0e}"
        if self.cure is None or self.off is None:
            return self.what
        return f"{self.what}: with {self.cure} it agrees to {max(self.off, 1e-16):.0e}"

    def again(self, first: str) -> str:
        """The words where the same statement has been told of already, for the gradient `first`."""
        assert self.mended is not None
        assert self.off is not None
        return f"as for {first}: with line {self.mended.line} mended it agrees to {max(self.off, 1e-16):.0e}"
