"""One object in use: forward and backward in turn, on its case and on the case beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from checks.bench import clones, own_gradient, own_output, reseed
from checks.case import Case
from checks.function import Array
from checks.subject import Arrays, Trial

ROUNDING = {np.dtype(np.float32): 1e-4}  # of the largest entry: two runs of the same arithmetic; float64: 1e-9


def used(case: Case, arrays: Arrays) -> Trial:
    """One object that stays itself."""
    reseed(case.seed)
    return (case.subject.keep or case.subject.build)(arrays)


class Live:
    """One object in use; the random state is the same before each forward."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.trial = used(case, clones(case.arrays))
        self._used = False

    def forward(self, arrays: Arrays) -> Array:
        """The output; what an earlier forward left to be answered for is forgotten, as its author would have it."""
        if self._used and hasattr(self.trial, "reset"):
            self.trial.reset()
        self._used = True
        reseed(self.case.seed)
        return own_output(self.trial.forward(arrays))

    def backward(self, upstream: Array) -> dict[str, Array]:
        given = self.trial.backward(np.array(upstream))
        return {name: own_gradient(name, value) for name, value in given.items()}

    def both(self, arrays: Arrays) -> tuple[Array, dict[str, Array]]:
        """(output, gradients) of one forward and its backward."""
        output = self.forward(clones(arrays))
        return output, self.backward(self.case.upstream_for(output))


def close(a: Array, b: Array) -> bool:
    if a.shape != b.shape:
        return False
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    size = float(np.max(np.abs(wide_b[np.isfinite(wide_b)]), initial=0.0))
    dtype = np.result_type(a.dtype, b.dtype)
    return bool(np.allclose(wide_a, wide_b, rtol=0, atol=ROUNDING.get(dtype, 1e-9) * size, equal_nan=True))


def beside(case: Case, shorter: str | None) -> Case:
    """The same object's next case: other inputs in the same domain, with one less in the free size `shorter`.

    Inputs and labels are reversed along their free axes, floats that stay the same by it are halved.
    """
    free = free_sizes(case)
    arrays = {}
    for argument in case.signature.arguments:
        array = case.arrays[argument.name]
        if case.subject.roles.get(argument.name) in ("parameter", "hyper"):
            arrays[argument.name] = array
            continue
        moved = array
        for axis, dim in enumerate(argument.dims):
            if dim.is_name and str(dim) in free:
                moved = np.flip(moved, axis)
                if str(dim) == shorter:
                    moved = np.take(moved, range(moved.shape[axis] - 1), axis)
        if moved.shape == array.shape and np.array_equal(moved, array) and argument.differentiable:
            moved = np.asarray(array * 0.5, dtype=array.dtype) if argument.kind != "simplex" else array
        arrays[argument.name] = np.array(moved)
    return replace(case, arrays=arrays, upstream=None)


def free_sizes(case: Case) -> list[str]:
    """Sizes that belong to the inputs alone: in no parameter, no expression, and not the constructor's."""
    fixed = set(case.subject.fixed)
    order: list[str] = []
    for argument in case.signature.arguments:
        owned = case.subject.roles.get(argument.name) in ("parameter", "hyper")
        for dim in argument.dims:
            if owned or not dim.is_name:
                fixed.update(dim.names)
            else:
                order += [name for name in dim.names if name not in order]
        if argument.limit is not None:
            fixed.update(argument.limit.names)
    return [name for name in order if name not in fixed]


def extent(case: Case, name: str) -> int:
    return next(
        int(case.arrays[argument.name].shape[axis])
        for argument in case.signature.arguments
        for axis, dim in enumerate(argument.dims)
        if dim.is_name and str(dim) == name
    )
