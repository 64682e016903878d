"""Large inputs: results have to be finite where their exact values fit the dtype."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from checks.bench import clones
from checks.case import Case
from checks.function import Array
from checks.live import Live
from checks.results import Finding
from checks.subject import Arrays, is_differentiable

LARGE = (1e3, 1e4)  # where outputs still have to be finite


def overflow(case: Case) -> Iterator[Finding]:
    """Large inputs: finite where the exact value fits the dtype, and no overflow on the way to it."""
    inputs = [
        argument.name
        for argument in case.signature.arguments
        if argument.kind == "float" and case.subject.roles.get(argument.name) == "input"
        and is_differentiable(case.arrays[argument.name])
    ]  # fmt: skip
    if not inputs or np.finfo(np.longdouble).maxexp <= np.finfo(np.float64).maxexp:
        return
    loss = case.signature.output == () or "label" in case.subject.roles.values()  # of scores, which are never large
    for size in LARGE:
        arrays = {name: _scaled(a, size) if name in inputs else a for name, a in case.arrays.items()}
        flags: list[str] = []
        with np.errstate(over="call", invalid="call", divide="call"), _Calls(flags):
            live = Live(case)
            output, gradients = live.both(arrays)
        broken = next((n for n, v in (("the output", output), *gradients.items()) if not np.all(np.isfinite(v))), None)
        if broken != "the output" and getattr(live.trial, "starves", False):
            continue  # it is another output that is not finite, and gets no number from above to be judged by
        if broken is None and not any("overflow" in flag for flag in flags):
            continue
        if broken is not None and not _fits_exactly(case, arrays, broken, output.dtype):
            continue
        where = f"for {', '.join(inputs)} of about {size:g}"
        what = broken if broken in (None, "the output") else f"the gradient of {broken}"
        yield Finding(
            kind="overflow",
            severity="warning" if broken is None or loss or not _of_the_first(case, arrays, inputs) else "error",
            message=f"{what} is not finite {where}, although its exact value fits {output.dtype}"
            if broken is not None
            else f"an overflow occurs on the way to a finite result {where}",
            gradient=broken if broken != "the output" else None,
            suggestion=_cure(flags),
        )
        return


def _of_the_first(case: Case, arrays: Arrays, inputs: Sequence[str]) -> bool:
    """Whether the first of the inputs is enough, without the others as large: a function's may be parameters."""
    if len(inputs) == 1:
        return True
    with np.errstate(all="ignore"):
        output, gradients = Live(case).both({**case.arrays, inputs[0]: arrays[inputs[0]]})
    return not all(np.all(np.isfinite(value)) for value in (output, *gradients.values()))


def _cure(flags: list[str]) -> str:
    """What helps, by what the arithmetic complained of: an overflow, or a division by 0, of which log(0) is one."""
    if any("overflow" in flag for flag in flags) or not any("divide" in flag for flag in flags):
        return "subtract the largest exponent first, or branch on the sign before calling exp"
    return "a logarithm or a quotient meets 0: go through log-softmax or logaddexp, or through the logits"


def _scaled(array: Array, size: float) -> Array:
    """Its entries with a typical size of `size`."""
    largest = float(np.max(np.abs(array), initial=0.0))
    return np.asarray(array * (size / largest) if largest else array, dtype=array.dtype)


def _fits_exactly(case: Case, arrays: Arrays, broken: str, dtype: np.dtype[Any]) -> bool:
    """Whether longdouble, whose range is far wider, gives a finite value that fits the dtype."""
    wide = {n: a.astype(np.longdouble) if is_differentiable(a) else a for n, a in arrays.items()}
    live = Live(replace(case, arrays=wide))
    output = live.forward(clones(wide))
    if output.dtype != np.longdouble:
        return False
    value = output
    if broken != "the output":
        value = live.backward(case.upstream_for(output).astype(np.longdouble)).get(broken, np.array(np.inf))
    return bool(np.all(np.isfinite(value)) and np.all(np.abs(value) <= np.finfo(dtype).max))


class _Calls:
    """Collects what NumPy's floating-point error handler is told."""

    def __init__(self, flags: list[str]) -> None:
        self._flags = flags

    def __enter__(self) -> None:
        self._before = np.seterrcall(lambda kind, _: self._flags.append(kind))

    def __exit__(self, *_: object) -> None:
        np.seterrcall(self._before)
