"""What must hold of a layer besides the values of its gradients: no stale state, nothing of its caller's changed.

Each rule uses one live object as its author would, forward and backward in turn, and compares it with a fresh object
under the same random state. A layer that does not repeat itself (its own generator, a hidden state that goes on) is
judged by the rules that need no repetition only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from checks.bench import clones, own_gradient, own_output, reseed, same
from checks.case import Case
from checks.errors import GradproofError
from checks.evaluation import quiet
from checks.function import Array
from checks.results import Severity
from checks.subject import Arrays, Trial, is_differentiable

ROUNDING = {np.dtype(np.float32): 1e-4}  # of the largest entry: two runs of the same arithmetic; float64: 1e-9
LARGE = (1e3, 1e4)  # where outputs still have to be finite


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Breach:
    """One thing that does not hold. `gradient`: the array that it is about."""

    kind: str
    severity: Severity
    message: str
    gradient: str | None = None
    cure: str | None = None


def breaches(case: Case) -> list[Breach]:
    """What does not hold about the case's layer. What its own code raises in an unusual use is no breach."""
    found: list[Breach] = []
    with quiet():
        for rule in RULES:
            try:
                found += rule(case)
            except Exception:  # the user's code need not run this way
                continue
    return found


def _used(case: Case, arrays: Arrays) -> Trial:
    """One object that stays itself."""
    reseed(case.seed)
    return (case.subject.keep or case.subject.build)(arrays)


class _Live:
    """One object in use; the random state is the same before each forward."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.trial = _used(case, clones(case.arrays))

    def forward(self, arrays: Arrays) -> Array:
        reseed(self.case.seed)
        return own_output(self.trial.forward(arrays))

    def backward(self, upstream: Array) -> dict[str, Array]:
        given = self.trial.backward(np.array(upstream))
        return {name: own_gradient(name, value) for name, value in given.items()}

    def both(self, arrays: Arrays) -> tuple[Array, dict[str, Array]]:
        """(output, gradients) of one forward and its backward."""
        output = self.forward(clones(arrays))
        return output, self.backward(self.case.upstream_for(output))


def _close(a: Array, b: Array) -> bool:
    if a.shape != b.shape:
        return False
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    size = float(np.max(np.abs(wide_b[np.isfinite(wide_b)]), initial=0.0))
    dtype = np.result_type(a.dtype, b.dtype)
    return bool(np.allclose(wide_a, wide_b, rtol=0, atol=ROUNDING.get(dtype, 1e-9) * size, equal_nan=True))


def _second_use(case: Case) -> Iterator[Breach]:
    """After forward and backward on one input, the same on another: the answer has to be a fresh object's."""
    live = _Live(case)
    output, first = live.both(case.arrays)
    try:
        repeated, again = live.both(case.arrays)
    except Exception as error:
        yield Breach(
            kind="raises",
            severity="error",
            message=f"used a second time, the object raised {_raised(error)}; a fresh one does not",
        )
        return
    if not same(output, repeated):  # a hidden state, or a generator of its own
        return
    adds = {name for name in again if name in first and _adds(again[name], first[name])}
    if adds and not case.subject.resets:
        for name in sorted(adds):
            yield Breach(
                kind="accumulates",
                severity="warning",
                message=f"a second backward adds to the gradient of {name} that the first one left",
                gradient=name,
                cure=f"assign the gradient of {name} in backward, or give the class a method that sets it to zero",
            )
    refused: list[Breach] = []
    shorter = [name for name in _free_sizes(case) if _extent(case, name) > 1]
    for size in (None, *shorter):
        other = beside(case, size)
        _, fresh = _Live(other).both(other.arrays)
        live = _Live(case)
        live.both(case.arrays)
        uses = "for a second input" if size is None else f"for {_shapes(other)} after {_shapes(case)}"
        try:
            _, later = live.both(other.arrays)
        except Exception as error:
            message = f"{uses}, forward and backward raised {_raised(error)}; a fresh object's do not"
            refused.append(Breach(kind="raises", severity="error", message=message))
            continue
        found = list(_stale(fresh, later, {n: first[n] for n in adds}, uses))
        if found:
            yield from found
            return
    if refused and (not shorter or len(refused) >= len(shorter)):
        yield refused[0]


def _stale(fresh: Arrays, later: Arrays, added: Arrays, uses: str) -> Iterator[Breach]:
    """Gradients of a second use that are not a fresh object's (plus the first ones, where those are added to)."""
    for name, value in fresh.items():
        expected = value + added[name] if name in added and added[name].shape == value.shape else value
        if name in later and not _close(later[name], expected):
            yield Breach(
                kind="stale-cache",
                severity="error",
                message=f"{uses}, the gradient of {name} is not that of a fresh object: {_off(later[name], expected)}",
                gradient=name,
                cure="let forward store afresh all that backward reads",
            )


def _adds(again: Array, first: Array) -> bool:
    return bool(np.any(first)) and _close(again, 2 * first) and not _close(again, first)


def _two_objects(case: Case) -> Iterator[Breach]:
    """What one object keeps is its own: another one's forward in between changes nothing."""
    _, alone = _Live(case).both(case.arrays)
    first, second = _Live(case), _Live(case)
    output = first.forward(clones(case.arrays))
    second.forward(clones(beside(case, None).arrays))
    found = first.backward(case.upstream_for(output))
    name = next((n for n, g in alone.items() if n in found and not _close(found[n], g)), None)
    if name is not None:
        yield Breach(
            kind="stale-cache",
            severity="error",
            message=f"after another object's forward, the gradient of {name} is not that of this object's: "
            + _off(found[name], alone[name]),
            gradient=name,
            cure="keep what backward reads on the object itself (no class attribute, no mutable default)",
        )


def _writes(case: Case) -> Iterator[Breach]:
    """Backward leaves the arrays of its caller alone: the upstream gradient, the inputs, the parameters."""
    arrays = clones(case.arrays)
    trial = _used(case, arrays)
    output = own_output(trial.forward(arrays))
    upstream = np.array(case.upstream_for(output))
    before, pristine = clones(arrays), np.array(upstream)
    given = trial.backward(upstream)
    if case.subject.takes_upstream and upstream.ndim and not same(upstream, pristine):
        yield Breach(
            kind="mutates-upstream",
            severity="warning",
            message="backward writes into the upstream gradient, which is its caller's",
            cure="work on a copy of it",
        )
    for name, array in arrays.items():
        parameter = case.subject.roles.get(name) == "parameter"
        if same(array, before[name]) or (parameter and case.subject.updates):
            continue
        yield Breach(
            kind="mutates-parameter" if parameter else "mutates-input",
            severity="warning",
            message=f"backward writes into {name}, which is its caller's",
            gradient=name,
            cure=f"work on a copy of {name}",
        )
    yield from _aliases(given, upstream, arrays)


def _aliases(given: Mapping[str, Any], upstream: Array, arrays: Arrays) -> Iterator[Breach]:
    """Gradients that share memory with the caller's arrays, or with each other."""
    seen: dict[str, Array] = {}
    for name, value in given.items():
        if not isinstance(value, np.ndarray) or not value.size or not value.flags.writeable:
            continue
        others = {**arrays, **{f"the gradient of {n}": g for n, g in seen.items()}}
        if value.shape == upstream.shape:  # another shape is a view on purpose, as of a flatten
            others["the upstream gradient"] = upstream
        shared = next((label for label, other in others.items() if np.shares_memory(value, other)), None)
        seen[name] = value
        if shared is not None:
            yield Breach(
                kind="aliases",
                severity="warning",
                message=f"the gradient of {name} shares its memory with {shared}: writing into one changes the other",
                gradient=name,
                cure="hand out a copy",
            )


def _layout(case: Case) -> Iterator[Breach]:
    """The answer does not depend on how the entries lie in memory."""
    expected, gradients = _Live(case).both(case.arrays)
    if not same(expected, _Live(case).both(case.arrays)[0]):
        return
    for order, change in _LAYOUTS.items():
        arrays = {name: change(array) if array.ndim > 1 else array for name, array in case.arrays.items()}
        live = _Live(case)
        output = live.forward(arrays)
        found = live.backward(case.upstream_for(output))
        wrong = next((n for n, g in gradients.items() if n in found and not _close(found[n], g)), None)
        if not _close(output, expected) or wrong is not None:
            what = f"the gradient of {wrong}" if wrong is not None else "the output"
            yield Breach(
                kind="layout-dependent",
                severity="error",
                message=f"{what} is another one for the same numbers in {order}",
                gradient=wrong,
                cure="index by axes, and read no memory order (no ravel('K'), no strides by hand)",
            )
            return


def _dtypes(case: Case) -> Iterator[Breach]:
    """A gradient is as precise as its array."""
    output, gradients = _Live(case).both(case.arrays)
    for name, gradient in gradients.items():
        if output.dtype.itemsize < gradient.dtype.itemsize or output.dtype == gradient.dtype == np.float32:
            continue  # it is the output that is narrow
        array = case.arrays.get(name)
        if array is None or not is_differentiable(array) or not np.issubdtype(gradient.dtype, np.floating):
            continue
        if gradient.dtype.itemsize < array.dtype.itemsize and gradient.ndim:
            yield Breach(
                kind="precision",
                severity="warning",
                message=f"the gradient of {name} is {gradient.dtype} for {array.dtype}",
                gradient=name,
            )


def _fortran(array: Array) -> Array:
    return np.array(array, order="F")


def _every_second(array: Array) -> Array:
    return np.repeat(array, 2, axis=-1)[..., ::2]


_LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "Fortran order": _fortran,
    "every second place of a larger array": _every_second,
}


def _overflow(case: Case) -> Iterator[Breach]:
    """Large inputs: finite where the exact value fits the dtype, and no overflow on the way to it."""
    inputs = [
        argument.name
        for argument in case.signature.arguments
        if argument.kind == "float" and case.subject.roles.get(argument.name) == "input"
        and is_differentiable(case.arrays[argument.name])
    ]  # fmt: skip
    if not inputs or np.finfo(np.longdouble).maxexp <= np.finfo(np.float64).maxexp:
        return
    has_label = "label" in case.subject.roles.values()
    for size in LARGE:
        arrays = {name: _scaled(a, size) if name in inputs else a for name, a in case.arrays.items()}
        flags: list[str] = []
        with np.errstate(over="call", invalid="call", divide="ignore"), _Calls(flags):
            live = _Live(case)
            output, gradients = live.both(arrays)
        broken = next((n for n, v in (("the output", output), *gradients.items()) if not np.all(np.isfinite(v))), None)
        if broken is None and not any("overflow" in flag for flag in flags):
            continue
        if broken is not None and not _fits_exactly(case, arrays, broken, output.dtype):
            continue
        where = f"for {', '.join(inputs)} of about {size:g}"
        what = broken if broken in (None, "the output") else f"the gradient of {broken}"
        yield Breach(
            kind="overflow",
            severity="warning" if broken is None or has_label else "error",
            message=f"{what} is not finite {where}, although its exact value fits {output.dtype}"
            if broken is not None
            else f"an overflow occurs on the way to a finite result {where}",
            gradient=broken if broken != "the output" else None,
            cure="subtract the largest exponent first, or branch on the sign before calling exp",
        )
        return


def _scaled(array: Array, size: float) -> Array:
    """Its entries with a typical size of `size`."""
    largest = float(np.max(np.abs(array), initial=0.0))
    return np.asarray(array * (size / largest) if largest else array, dtype=array.dtype)


def _fits_exactly(case: Case, arrays: Arrays, broken: str, dtype: np.dtype[Any]) -> bool:
    """Whether longdouble, whose range is far wider, gives a finite value that fits the dtype."""
    wide = {n: a.astype(np.longdouble) if is_differentiable(a) else a for n, a in arrays.items()}
    live = _Live(replace(case, arrays=wide))
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


def beside(case: Case, shorter: str | None) -> Case:
    """The same object's next case: other inputs in the same domain, with one less in the free size `shorter`.

    Inputs and labels are reversed along their free axes, floats that stay the same by it are halved.
    """
    free = _free_sizes(case)
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


def _free_sizes(case: Case) -> list[str]:
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


def _extent(case: Case, name: str) -> int:
    return next(
        int(case.arrays[argument.name].shape[axis])
        for argument in case.signature.arguments
        for axis, dim in enumerate(argument.dims)
        if dim.is_name and str(dim) == name
    )


def _shapes(case: Case) -> str:
    listed = [
        f"{name}{case.arrays[name].shape}".replace(" ", "")
        for name in case.arrays
        if case.subject.roles.get(name) not in ("parameter", "hyper")
    ]
    return ", ".join(listed)


def _off(got: Array, expected: Array) -> str:
    if got.shape != expected.shape:
        return f"it has shape {got.shape}, expected {expected.shape}"
    off = np.abs(got.astype(np.float64) - expected.astype(np.float64))
    index = np.unravel_index(int(np.argmax(np.where(np.isnan(off), np.inf, off))), off.shape) if off.shape else ()
    where = f" at [{', '.join(str(int(k)) for k in index)}]" if index else ""
    return f"{float(got[index]):.6g}{where}, expected {float(expected[index]):.6g}"


def _raised(error: BaseException) -> str:
    cause = error.__cause__ if isinstance(error, GradproofError) and error.__cause__ else error
    text = str(cause).strip().splitlines()
    return type(cause).__name__ + (f" ({text[0]})" if text else "")


RULES: tuple[Callable[[Case], Iterator[Breach]], ...] = (
    _second_use,
    _two_objects,
    _writes,
    _layout,
    _dtypes,
    _overflow,
)
