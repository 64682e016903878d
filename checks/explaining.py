"""`gradproof explain KIND`: the text of an explanation."""

from __future__ import annotations

import difflib
import textwrap
from typing import Final

from checks.explanations import EXPLANATIONS

_WIDTH: Final = 100


def explain(kind: str) -> str:
    """What the kind means, how it comes about, a wrong and a right example, and its cure.

    Raises ValueError, with the kinds that there are, for a word that is none.
    """
    if kind not in EXPLANATIONS:
        near = difflib.get_close_matches(kind, EXPLANATIONS, n=1)
        told = f"did you mean {near[0]}?" if near else f"there are {', '.join(EXPLANATIONS)}"
        raise ValueError(f"{kind} is no kind of finding; {told}")
    one = EXPLANATIONS[kind]
    wrong, right = one.example(one.wrong), one.example(one.right)
    return "\n\n".join(
        (
            kind,
            textwrap.fill(one.means, _WIDTH),
            textwrap.fill(f"How it comes about: {one.how}", _WIDTH),
            f"Wrong:\n\n{textwrap.indent(wrong, '    ').rstrip()}",
            f"Right:\n\n{textwrap.indent(right, '    ').rstrip()}",
            textwrap.fill(f"Cure: {one.cure}", _WIDTH),
        )
    )
