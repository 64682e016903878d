"""Other values of what defaults: the other truth value, the other strings, and numbers beside the default.

A number that backward has wired in, or forgotten, is right at the default alone. Values stay where they mean something:
a probability stays one, a count of steps to convergence never falls, and nothing small becomes large.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from checks.infer_layout import Formal

_MOST_WORDS = 5
_ANYTHING_ELSE = "average"  # than the one word that the code asks for: what comes after its `else`
_FEW = 4  # up to here a whole number counts what there may be fewer of
_TOGETHER = re.compile(r"strides?|step|stride_?size|s|dilations?|dilation_?rate|rate|pad|p|padding|pad_?size")
_PADDING = re.compile(r"p|.*pad.*")
_GEOMETRY = re.compile(
    r".*stride.*|step|s|.*dilation.*|rate|.*pad.*|p|k|ks|k?size|.*kernel.*|.*filter_?size|.*window.*|pool.*"
    r"|.*heads?|.*groups?|g|.*factor|.*scale|.*block_?size"
)
_SCALE = re.compile(r".*(scale|temp(erature)?|tau|sigma|margin|delta|slope|eps|epsilon|beta|smoothing|power)")
_EPS = re.compile(r".*eps(ilon)?|.*tol(erance)?")
_CONVERGING = re.compile(r".*(iter|steps|sweep|round).*")
_TINY = 1e-6
_SEED = re.compile(r".*seed|random_?state|rng")


def others(formal: Formal, words: Sequence[Any]) -> tuple[Any, ...]:
    """What the argument may be instead of its default, the likeliest to tell first; `words`: strings that it may be."""
    default, name = formal.default, formal.name.lower()
    if isinstance(default, bool):
        return (not default,)
    if isinstance(default, str):
        known = tuple(word for word in words if isinstance(word, str) and word != default)[:_MOST_WORDS]
        return known or ((_ANYTHING_ELSE,) if default in words else ())
    if isinstance(default, int):
        return () if _SEED.fullmatch(name) else _whole(default, name)
    if isinstance(default, float):
        other = float(f"{0.7 * default:.3g}") or (_TINY if _EPS.fullmatch(name) else 0.3)
        return (other,) if math.isfinite(default) else ()
    if default is None and formal.hint == "options":
        return ({"mode": "test"},)
    if default is None:
        numbers = (2, 1) if _GEOMETRY.fullmatch(name) and name != "p" else (0.7,) if _SCALE.fullmatch(name) else ()
        return tuple(words)[:_MOST_WORDS] or numbers
    if isinstance(default, tuple) and all(type(number) is int for number in default) and _GEOMETRY.fullmatch(name):
        return ((default[0] + 1, *default[1:]),) if default else ()
    return ()


def together(values: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Another stride, padding and dilation at once; nothing where there is but one of them."""
    found = {
        name: others[0]
        for name, others in values.items()
        if _TOGETHER.fullmatch(name.lower()) and others and type(others[0]) is int
    }
    return found if len(found) > 1 else {}


def _whole(default: int, name: str) -> tuple[int, ...]:
    """One more than the default and, of what is counted in ones, 1, 2 and 3."""
    if default < 0:  # an axis
        return tuple(number for number in (default + 1, 1) if number != default)
    counted = default <= _FEW and not _CONVERGING.fullmatch(name)
    few = (1, 2, 3) if counted or _GEOMETRY.fullmatch(name) else ()
    none = (0,) if _PADDING.fullmatch(name) else ()
    return tuple(number for number in dict.fromkeys((default + 1, *few, *none)) if number != default)
