"""A number that is the same for all entries of a case, named by what it follows from case to case."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

_EXACT = 1e-6
_WHOLE = (2, 3, 4, 5, 6, 8, 9, 10, 12, 16, 100, 1000)


def named(values: Sequence[float], sizes: Mapping[str, Sequence[float]]) -> str | None:
    """The text for numbers, one for each case: a number that is always the same, a size, one over it, a product.

    None where nothing simple has these values.
    """
    sign = "-" if values[0] < 0 else ""
    found = _of_sizes([abs(value) for value in values], sizes)
    return None if found is None else sign + found


def _of_sizes(values: Sequence[float], sizes: Mapping[str, Sequence[float]]) -> str | None:
    constant = all(_same(value, values[0]) for value in values)
    if constant and (text := _number(values[0])) is not None:
        return text
    for text, numbers in _candidates(sizes):
        if all(_same(value, number) for value, number in zip(values, numbers, strict=True)):
            return text
    return f"{values[0]:.6g}" if constant and len(values) > 1 else None


def _number(value: float) -> str | None:
    """A whole number or a simple fraction."""
    fraction = Fraction(value).limit_denominator(16)
    if fraction and _same(value, float(fraction)):
        return str(fraction)
    for whole in _WHOLE:
        if _same(value, 1 / whole):
            return f"1/{whole}"
    for text, number in (("sqrt(2)", math.sqrt(2)), ("sqrt(pi)", math.sqrt(math.pi)), ("pi", math.pi)):
        if _same(value, number):
            return text
        if _same(value, 1 / number):
            return f"1/{text}"
    return None


def _candidates(sizes: Mapping[str, Sequence[float]]) -> Iterator[tuple[str, list[float]]]:
    usable = {text: list(numbers) for text, numbers in sizes.items() if all(number > 0 for number in numbers)}
    for text, numbers in usable.items():
        yield text, numbers
        yield f"1/{text}", [1 / number for number in numbers]
    for text, numbers in usable.items():
        for whole in (2.0, 0.5):
            yield (f"2*{text}" if whole == 2 else f"{text}/2"), [whole * number for number in numbers]
            yield (f"2/{text}" if whole == 2 else f"1/(2*{text})"), [whole / number for number in numbers]
        yield f"(1 - {text})", [1 - number for number in numbers]
        if all(number < 1 for number in numbers):
            yield f"1/(1 - {text})", [1 / (1 - number) for number in numbers]
        yield f"sqrt({text})", [math.sqrt(number) for number in numbers]
        yield f"1/sqrt({text})", [1 / math.sqrt(number) for number in numbers]
        yield f"{text}**2", [number**2 for number in numbers]
        yield f"1/{text}**2", [1 / number**2 for number in numbers]
        yield f"({text} - 1)", [number - 1 for number in numbers]
        if all(number > 1 for number in numbers):
            yield f"1/({text} - 1)", [1 / (number - 1) for number in numbers]
            yield f"{text}/({text} - 1)", [number / (number - 1) for number in numbers]
            yield f"({text} - 1)/{text}", [(number - 1) / number for number in numbers]
    for (one, a), (other, b) in itertools.combinations(usable.items(), 2):
        yield f"{one}*{other}", [x * y for x, y in zip(a, b, strict=True)]
        yield f"1/({one}*{other})", [1 / (x * y) for x, y in zip(a, b, strict=True)]
        yield f"{one}/{other}", [x / y for x, y in zip(a, b, strict=True)]
        yield f"{other}/{one}", [y / x for x, y in zip(a, b, strict=True)]
    for (one, a), (other, b), (third, c) in itertools.combinations(usable.items(), 3):
        yield f"{one}*{other}*{third}", [x * y * z for x, y, z in zip(a, b, c, strict=True)]
        yield f"1/({one}*{other}*{third})", [1 / (x * y * z) for x, y, z in zip(a, b, c, strict=True)]


def _same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=_EXACT)
