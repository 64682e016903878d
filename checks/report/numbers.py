"""Numbers, shapes and indices as a report prints them: short, and never one text for two values."""

from __future__ import annotations

import math

ABSENT = "-"


def short(value: float | None) -> str:
    """Two digits, as `4.2e-13`; `0` for an exact zero and `-` where there is no number."""
    if value is None:
        return ABSENT
    return "0" if value == 0 else f"{value:.1e}"


def uncertainty(value: float) -> str:
    """One digit, as `3e-09`."""
    return "0" if value == 0 else f"{value:.0e}"


def pair(one: float, other: float) -> tuple[str, str]:
    """Both numbers with as many digits as it takes to tell them apart, three at least.

    >>> pair(0.31, 0.62), pair(0.12345678, 0.12345679)
    (('0.31', '0.62'), ('0.12345678', '0.12345679'))
    """
    for digits in range(3, 18):
        texts = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if texts[0] != texts[1] and _all_near(one, other, texts):
            return texts
    return f"{one:.3g}", f"{other:.3g}"


def _all_near(one: float, other: float, texts: tuple[str, str]) -> bool:
    """Whether rounding to these texts moved neither number by more than a tenth of their distance."""
    distance = abs(one - other)
    if not math.isfinite(distance):
        return True
    return all(abs(float(text) - value) <= distance / 10 for text, value in zip(texts, (one, other), strict=True))


def shape(sizes: tuple[int, ...]) -> str:
    """`(3,4)`, `(3,)`, `()`: without spaces, to fit a table."""
    return str(tuple(int(size) for size in sizes)).replace(" ", "")


def entry(name: str, index: tuple[int, ...]) -> str:
    """`W[2,0]`; the bare name for a scalar."""
    return f"{name}[{','.join(str(int(i)) for i in index)}]" if index else name


def counted(count: int, noun: str) -> str:
    """`1 entry`, `39,760 entries`."""
    if count == 1:
        return f"1 {noun}"
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {plural}"
