"""Runs a layout on a fresh object, and says how far it came."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.dialects.accumulating import Accumulation
from checks.dialects.reach import as_number
from checks.dialects.returned import leaves
from checks.dialects.shared import SharedGenerators
from checks.dialects.usage import Bound, Usage, Values, output_of
from checks.errors import LayerError, SignatureError
from checks.infer_draw import SEED, draw, reseed
from checks.infer_layout import Layout, Probe, number
from checks.subject import Array


@dataclass(eq=False, slots=True)
class Live:
    """An object in use: the values it was made from, its calls, and what backward returned.

    `keeps_output`: forward returned none.
    """

    values: dict[str, Any]
    root: Any
    bound: Bound
    output: Array | None = None
    returned: Any = None
    keeps_output: bool = False

    def forward(self, usage: Usage) -> Array:
        """The output as an array; LayerError where it is none."""
        # An instance's own attributes name its output where forward returns nothing.
        given = self.bound.forward(self.values)
        self.keeps_output = given is None or given is self.root
        result = output_of(self.root, given)
        output = as_number(result)
        if output is None:
            got = "None" if result is None else f"a {type(result).__name__}"
            raise LayerError(f"{usage.name}: forward gave {got}, expected an array or a number")
        self.output = output
        return output


class Prober:
    """Calls an object's parts in turn. Arrays are drawn once for each declaration and handed over as copies.

    `primed`: objects make their parameters in their first forward, which is part of making them then; `gathers`: what
    each forward adds to, and that first one leaves as it was.
    """

    def __init__(self, usage: Usage, dtype: Any) -> None:
        self.usage = usage
        self.dtype = np.dtype(dtype)
        self.primed = False
        self.gathers = Accumulation()
        self.shared = SharedGenerators(usage.defined)
        self._drawn: dict[tuple[str, tuple[int, ...], int | None], Array] = {}

    def run(self, layout: Layout, sizes: Mapping[str, int], arrays: Mapping[str, Array]) -> Probe:
        """Construct, forward and backward; every exception of the object's is caught and told."""
        try:
            live = self.construct(layout, sizes, arrays)
        except (Exception, SystemExit) as error:
            return Probe("construct", error)
        try:
            output = live.forward(self.usage)
        except (Exception, SystemExit) as error:
            return Probe("forward", error)
        output = output.copy()
        if not output.size:
            return Probe("output", ValueError("forward gave an output without entries"), output)
        if output.dtype.kind not in "fc":
            return Probe("output", TypeError(f"forward gave {output.dtype} numbers"), output)
        try:
            returned = self.backward(live)
        except (Exception, SystemExit) as error:
            return Probe("backward", error, output)
        numbers = [number for _, leaf in leaves(returned) if (number := as_number(leaf)) is not None]
        if output.size and any(not number.size for number in numbers):
            return Probe("backward", ValueError("a gradient without entries came back"), output)
        return Probe("done", None, output, len(numbers), max((number.size for number in numbers), default=0))

    def construct(
        self, layout: Layout, sizes: Mapping[str, int], arrays: Mapping[str, Array], seed: int = SEED
    ) -> Live:
        """A fresh object, with the random state reseeded."""
        values = self.values(layout, sizes, arrays)
        reseed(seed)
        self.shared.restore()
        root = self.usage.make({f.name: values[f.name] for f in self._formals(values)})
        live = Live(values, root, self.usage.bind(root))
        if self.primed:
            live.bound.forward(copy.deepcopy(values))
            self.gathers.forget(live.root)
        return live

    def backward(self, live: Live) -> Any:
        """What backward returns for an upstream gradient of the output's shape."""
        assert live.output is not None
        live.returned = live.bound.backward(upstream_like(live.output))
        return live.returned

    def values(self, layout: Layout, sizes: Mapping[str, int], arrays: Mapping[str, Array]) -> dict[str, Any]:
        """What each formal is given: drawn arrays, or those handed in; numbers of sizes; constants."""
        values: dict[str, Any] = copy.deepcopy(dict(layout.constants))
        for argument in layout.arguments:
            given = arrays.get(argument.name)
            if given is None:
                shape = tuple(d.value(sizes) for d in argument.dims)
                limit = argument.limit.value(sizes) if argument.limit else None
                key = (str(argument), shape, limit)
                if key not in self._drawn:
                    self._drawn[key] = draw(argument, shape, limit, self.dtype)
                given = self._drawn[key]
            values[argument.name] = given.copy()
        values.update({name: number(size, sizes) for name, size in layout.sizes.items()})
        return values

    def _formals(self, values: Values) -> list[Any]:
        everything = (*self.usage.constructor, *self.usage.optional)
        return [formal for formal in everything if formal.name in values]


def upstream_like(output: Array) -> Any:
    """An upstream gradient: neither ones nor alike in any two entries. A number for a number."""
    values = np.cos(np.arange(output.size) * 1.3 + 0.4).reshape(output.shape) + 0.1
    upstream = np.asarray(values, dtype=output.dtype)
    return upstream[()] if upstream.ndim == 0 else upstream


def explain(error: BaseException | None) -> str:
    """An exception on one line."""
    if error is None:
        return "nothing"
    if isinstance(error, LayerError | SignatureError):
        return str(error).splitlines()[-1]
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:160]}" if lines else type(error).__name__
