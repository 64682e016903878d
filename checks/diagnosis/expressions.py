"""Expressions of the arrays at hand that a factor or a term may be: `out`, `1 - out**2`, `x > 0`, `gamma`, `self.std`.

Short ones first. An expression is a text with its values in each case; two with the same values are one, and the
shorter text stands for both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from checks.diagnosis.evidence import Sample
from checks.function import Array

Values = tuple[Array, ...]  # one array for each case


@dataclass(frozen=True, eq=False, slots=True)
class Expression:
    """A text and what it stands for in each case."""

    text: str
    values: Values


# What local derivatives are made of, by how they are written; `{}` is the array.
FORMS: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("{}", lambda v: v),
    ("(1 - {})", lambda v: 1 - v),
    ("(1 + {})", lambda v: 1 + v),
    ("({} > 0)", lambda v: (v > 0).astype(float)),
    ("{} * (1 - {})", lambda v: v * (1 - v)),
    ("(1 - {}**2)", lambda v: 1 - v**2),
    ("(1 + {}**2)", lambda v: 1 + v**2),
    ("{}**2", lambda v: v**2),
    ("{}**3", lambda v: v**3),
    ("sign({})", np.sign),
    ("abs({})", np.abs),
    ("exp({})", np.exp),
    ("exp(-{})", lambda v: np.exp(-v)),
    ("sqrt({})", np.sqrt),
    ("cos({})", np.cos),
    ("sin({})", np.sin),
    ("tanh({})", np.tanh),
    ("(1 - tanh({})**2)", lambda v: 1 - np.tanh(v) ** 2),
    ("sigmoid({})", lambda v: 1 / (1 + np.exp(-v))),
    ("sigmoid({}) * (1 - sigmoid({}))", lambda v: np.exp(-np.abs(v)) / (1 + np.exp(-np.abs(v))) ** 2),
    ("log({})", np.log),
)
ROOT = next(form for form in FORMS if form[0] == "sqrt({})")
_NAME = r"[\w.\[\]'\"]+"
_INVERSES = re.compile(rf"{_NAME}|\(1 [-+] {_NAME}(\*\*2)?\)|{_NAME}\*\*[23]|(sqrt|abs|exp)\(-?{_NAME}\)")


def bases(samples: Sequence[Sample]) -> list[Expression]:
    """The arrays by their names: those of the signature, the output, and what the object keeps of a case."""
    found = [
        Expression(argument.name, tuple(np.asarray(s.case.arrays[argument.name], dtype=float) for s in samples))
        for argument in samples[0].case.signature.arguments
        if all(argument.name in s.case.arrays for s in samples)
    ]
    found.insert(1, Expression("out", tuple(sample.output for sample in samples)))
    held = [sample.held for sample in samples]
    kept = [text for text in held[0] if all(text in one for one in held)]
    kept = [text for text in kept if not re.search(r"\b(d|grad)_?\w*$", text)]
    found += [Expression(text, tuple(one[text] for one in held)) for text in kept]
    return list(_distinct(found))


def expressions(samples: Sequence[Sample], shapes: Sequence[tuple[int, ...]]) -> Iterator[Expression]:
    """Simple functions of the arrays that broadcast to these shapes, and one over them; the shortest texts first."""
    fitting = [e for e in bases(samples) if _broadcasts(e.values, shapes)]
    made = [made for text, form in FORMS for e in fitting if (made := _made(text, form, e)) is not None]
    inverse = [
        Expression(f"1 / {e.text}", values)
        for e in made
        if _INVERSES.fullmatch(e.text) and (values := _safely(lambda v: 1 / v, e.values)) is not None
    ]
    yield from _distinct([*made, *inverse])


def products(found: Sequence[Expression], most: int = 60) -> Iterator[Expression]:
    """Products of two of the first expressions."""
    some = found[:most]
    for k, one in enumerate(some):
        for other in some[k + 1 :]:
            yield Expression(
                f"{one.text} * {other.text}", tuple(a * b for a, b in zip(one.values, other.values, strict=True))
            )


def sizes_of(samples: Sequence[Sample]) -> Mapping[str, tuple[float, ...]]:
    """The numbers of the signature's sizes in each case, and of what the object keeps that is a single number."""
    found: dict[str, tuple[float, ...]] = {}
    for name in samples[0].sizes:
        if all(name in s.sizes for s in samples):
            found[name] = tuple(float(s.sizes[name]) for s in samples)
    held = [sample.held for sample in samples]
    for text, value in held[0].items():
        if value.ndim == 0 and all(text in one and one[text].ndim == 0 for one in held):
            found[text] = tuple(float(one[text]) for one in held)
    return found


def _made(text: str, form: Callable[[Array], Array], of: Expression) -> Expression | None:
    if " " in of.text and text != "{}":
        return None
    values = _safely(form, of.values)
    return None if values is None else Expression(text.replace("{}", of.text), values)


def _safely(form: Callable[[Array], Array], values: Values) -> Values | None:
    """The function's values; None where one is no finite number."""
    with np.errstate(all="ignore"):
        made = tuple(np.asarray(form(value), dtype=float) for value in values)
    return made if all(np.all(np.isfinite(value)) for value in made) else None


def _broadcasts(values: Values, shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether each array goes into its shape as it is, with no axis added but in front."""
    for value, shape in zip(values, shapes, strict=True):
        try:
            if np.broadcast_shapes(value.shape, shape) != shape:
                return False
        except ValueError:
            return False
    return True


def _distinct(found: Sequence[Expression]) -> Iterator[Expression]:
    seen: set[bytes] = set()
    for one in found:
        key = b"".join(np.round(value, 12).tobytes() + str(value.shape).encode() for value in one.values)
        if key not in seen:
            seen.add(key)
            yield one
