"""The options of the commands. A value that does not fit is one clear line, before anything is imported."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from checks.results import KINDS

F = TypeVar("F", bound=Callable[..., Any])

_ALLOWED: Final = re.compile(r"(?:(?P<name>\w+)(?:\.(?P<gradient>[\w.\[\]]+))?:)?(?P<kind>[\w-]+)")


def _workers(_: click.Context, __: click.Parameter, text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise click.BadParameter(f"{text!r} is not a number of processes: expected 1, 2, ... or auto")
    return int(text)


def _seconds(_: click.Context, __: click.Parameter, value: float) -> float:
    if not (value > 0 and math.isfinite(value)):
        raise click.BadParameter(f"{value:g} is not a time in seconds: expected a number above 0")
    return value


def _signature(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    if text is not None:
        from checks.errors import SignatureError
        from checks.signature import Signature

        try:
            Signature.parse(text)
        except SignatureError as error:
            raise click.BadParameter(str(error)) from None
    return text


def _against(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    if text is not None:
        from checks.trusted import EXPECTED, is_named

        if not is_named(text):
            raise click.BadParameter(f"{text!r} names no layer; {EXPECTED}")
    return text


def _allowances(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        match = _ALLOWED.fullmatch(text)
        if match is None:
            raise click.BadParameter(f"{text!r} does not read [NAME[.gradient]:]KIND, as Affine.W:factor does")
        if match["kind"] not in KINDS:
            import difflib

            near = difflib.get_close_matches(match["kind"], sorted(KINDS), n=1)
            hint = f"did you mean {near[0]}?" if near else f"the kinds are {', '.join(sorted(KINDS))}"
            raise click.BadParameter(f"{match['kind']!r} is no kind of finding; {hint}")
    return texts


def options(*names: str) -> Callable[[F], F]:
    """The options of these names, in this order."""

    def decorate(function: F) -> F:
        for name in reversed(names):
            function = OPTIONS[name](function)
        return function

    return decorate


OPTIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "json": click.option(
        "--json", "json_file", metavar="F", help="Write the results to this file; - is standard output."
    ),
    "seed": click.option(
        "--seed",
        type=click.IntRange(min=0),
        metavar="N",
        help="Draw the same cases again. [default: drawn, and printed]",
    ),
    "max-examples": click.option(
        "--max-examples",
        type=click.IntRange(min=1),
        default=20,
        show_default=True,
        metavar="N",
        help="Cases drawn a subject.",
    ),
    "dtype": click.option(
        "--dtype",
        type=click.Choice(["float32", "float64"]),
        default="float64",
        show_default=True,
        help="Of the arrays drawn.",
    ),
    "workers": click.option(
        "-n",
        "--workers",
        default="auto",
        show_default=True,
        metavar="WORKERS",
        callback=_workers,
        help="Processes at once: a file each, or several for one of many subjects.",
    ),
    "timeout": click.option(
        "--timeout",
        type=float,
        default=60.0,
        show_default=True,
        metavar="S",
        callback=_seconds,
        help="Seconds for one subject.",
    ),
    "import-timeout": click.option(
        "--import-timeout",
        type=float,
        default=10.0,
        show_default=True,
        metavar="S",
        callback=_seconds,
        help="Seconds for importing a file; then only its definitions are loaded.",
    ),
    "signature": click.option(
        "--signature",
        metavar="S",
        callback=_signature,
        help="Names and sizes, as 'x(n,i), W(i,o), b(o) -> (n,o)'.",
    ),
    "against": click.option(
        "--against",
        metavar="MODULE:NAME",
        callback=_against,
        help="A layer taken to be right: report other outputs and gradients than its.",
    ),
    "allow": click.option(
        "--allow",
        multiple=True,
        metavar="[NAME[.gradient]:]KIND",
        callback=_allowances,
        help="Take a kind of finding for a convention; may be repeated.",
    ),
    "strict": click.option("--strict", is_flag=True, help="Warnings fail too."),
    "exact": click.option("--exact", is_flag=True, help="Differentiate every entry, however many there are."),
    "quiet": click.option("-q", "quiet", count=True, help="Only what does not pass; -qq: the summary alone."),
    "verbose": click.option("-v", "verbose", count=True, help="How it was checked, and what the layers print."),
}
