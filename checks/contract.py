"""What must hold of a layer besides the values of its gradients: no stale state, nothing of its caller's changed.

Each rule uses one live object as its author would, forward and backward in turn, and compares it with a fresh object
under the same random state. A layer that does not repeat itself (its own generator, a hidden state that goes on) is
judged by the rules that need no repetition only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from checks.bench import clones, own_output, same
from checks.case import Case
from checks.errors import GradproofError
from checks.evaluation import quiet
from checks.function import Array
from checks.live import Live, beside, close, extent, free_sizes, used
from checks.overflow import overflow
from checks.results import Finding
from checks.subject import Arrays, is_differentiable

SEVERAL = 3  # samples in place of one


def breaches(case: Case) -> list[Finding]:
    """What does not hold about the case's layer. What its own code raises in an unusual use is no breach."""
    found: list[Finding] = []
    with quiet():
        for rule in RULES:
            try:
                found += rule(case)
            except Exception:  # the user's code need not run this way
                continue
    return found


def written(case: Case) -> list[Finding]:
    """The arrays of its caller that backward writes into."""
    with quiet():
        try:
            return [finding for finding in _writes(case) if finding.kind.startswith("mutates")]
        except Exception:  # the user's code need not run this way
            return []


def _second_use(case: Case) -> Iterator[Finding]:
    """After forward and backward on one input, the same on another: the answer has to be a fresh object's."""
    live = Live(case)
    output, first = live.both(case.arrays)
    try:
        repeated, again = live.both(case.arrays)
    except Exception as error:
        yield Finding(
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
            yield Finding(
                kind="accumulates",
                severity="warning",
                message=f"a second backward adds to the gradient of {name} that the first one left",
                gradient=name,
                suggestion=f"assign the gradient of {name} in backward, or give the class a method that zeroes it",
            )
    roles = case.subject.roles
    moving = frozenset(n for n in first if case.subject.updates and roles.get(n) == "parameter")
    refused: list[Finding] = []
    shorter = [name for name in free_sizes(case) if extent(case, name) > 1]
    for size in (None, *shorter):
        other = beside(case, size)
        _, fresh = Live(other).both(other.arrays)
        live = Live(case)
        live.both(case.arrays)
        uses = "for a second input" if size is None else f"for {_shapes(other)} after {_shapes(case)}"
        try:
            _, later = live.both(other.arrays)
        except Exception as error:
            message = f"{uses}, forward and backward raised {_raised(error)}; a fresh object's do not"
            refused.append(Finding(kind="raises", severity="error", message=message))
            continue
        found = list(_stale(fresh, later, {n: first[n] for n in adds}, uses, moving))
        if found:
            yield from found
            return
    if refused and (not shorter or len(refused) >= len(shorter)):
        yield refused[0]


def _backward_again(case: Case) -> Iterator[Finding]:
    """A second backward after the same forward gives the same again, or adds to it, or raises."""
    if case.subject.updates:
        return
    live = Live(case)
    upstream = case.upstream_for(live.forward(clones(case.arrays)))
    first = {name: np.array(gradient) for name, gradient in live.backward(upstream).items()}
    again = live.backward(upstream)
    for name, gradient in first.items():
        if name in again and not close(again[name], gradient) and not _adds(again[name], gradient):
            yield Finding(
                kind="stale-cache",
                severity="warning",
                message=f"a second backward after the same forward gives another gradient of {name}: "
                + _off(again[name], gradient),
                gradient=name,
                suggestion="let backward leave what forward kept for it as it is",
            )
            return


def _stale(fresh: Arrays, later: Arrays, added: Arrays, uses: str, moving: frozenset[str]) -> Iterator[Finding]:
    """Gradients of a second use that are not a fresh object's (plus the first ones, where those are added to).

    `moving`: parameters that backward changes itself, by what it may remember of earlier gradients.
    """
    for name, value in fresh.items():
        if name in moving:
            continue
        expected = value + added[name] if name in added and added[name].shape == value.shape else value
        if name in later and not close(later[name], expected):
            yield Finding(
                kind="stale-cache",
                severity="error",
                message=f"{uses}, the gradient of {name} is not that of a fresh object: {_off(later[name], expected)}",
                gradient=name,
                suggestion="let forward store afresh all that backward reads",
            )


def _adds(again: Array, first: Array) -> bool:
    return bool(np.any(first)) and close(again, 2 * first) and not close(again, first)


def _two_objects(case: Case) -> Iterator[Finding]:
    """What one object keeps is its own: another one's forward in between changes nothing."""
    _, alone = Live(case).both(case.arrays)
    first, second = Live(case), Live(case)
    output = first.forward(clones(case.arrays))
    second.forward(clones(beside(case, None).arrays))
    found = first.backward(case.upstream_for(output))
    name = next((n for n, g in alone.items() if n in found and not close(found[n], g)), None)
    if name is not None:
        yield Finding(
            kind="stale-cache",
            severity="error",
            message=f"after another object's forward, the gradient of {name} is not that of this object's: "
            + _off(found[name], alone[name]),
            gradient=name,
            suggestion="keep what backward reads on the object itself (no class attribute, no mutable default)",
        )


def _writes(case: Case) -> Iterator[Finding]:
    """Backward leaves the arrays of its caller alone: the upstream gradient, the inputs, the parameters."""
    arrays = clones(case.arrays)
    trial = used(case, arrays)
    output = own_output(trial.forward(arrays))
    upstream = np.array(case.upstream_for(output))
    before, pristine = clones(arrays), np.array(upstream)
    given = trial.backward(upstream)
    if case.subject.takes_upstream and upstream.ndim and not same(upstream, pristine):
        yield Finding(
            kind="mutates-upstream",
            severity="warning",
            message="backward writes into the upstream gradient, which is its caller's",
            suggestion="work on a copy of it",
        )
    for name, array in arrays.items():
        parameter = case.subject.roles.get(name) == "parameter"
        if same(array, before[name]) or (parameter and case.subject.updates):
            continue
        yield Finding(
            kind="mutates-parameter" if parameter else "mutates-input",
            severity="warning",
            message=f"backward writes into {name}, which is its caller's",
            gradient=name,
            suggestion=f"work on a copy of {name}",
        )
    yield from _aliases(given, upstream, arrays)


def _aliases(given: Mapping[str, Any], upstream: Array, arrays: Arrays) -> Iterator[Finding]:
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
            yield Finding(
                kind="aliases",
                severity="warning",
                message=f"the gradient of {name} shares its memory with {shared}: writing into one changes the other",
                gradient=name,
                suggestion="hand out a copy",
            )


def _reuses(case: Case) -> Iterator[Finding]:
    """An output stays what it was when forward runs again."""
    other = beside(case, None)
    trial = used(case, clones(case.arrays))
    first = trial.forward(clones(case.arrays))
    if not isinstance(first, np.ndarray) or not first.ndim:
        return
    kept = first.copy()
    second = trial.forward(clones(other.arrays))
    if isinstance(second, np.ndarray) and np.shares_memory(first, second) and not same(first, kept):
        yield Finding(
            kind="aliases",
            severity="warning",
            message="forward hands out the same array again: a later call overwrites the output of an earlier one",
            suggestion="return a new array, or a copy",
        )


def _layout(case: Case) -> Iterator[Finding]:
    """The answer does not depend on how the entries lie in memory."""
    expected, gradients = Live(case).both(case.arrays)
    if not same(expected, Live(case).both(case.arrays)[0]):
        return
    for order, change in _LAYOUTS.items():
        arrays = {name: change(array) if array.ndim > 1 else array for name, array in case.arrays.items()}
        live = Live(case)
        output = live.forward(arrays)
        found = live.backward(case.upstream_for(output))
        wrong = next((n for n, g in gradients.items() if n in found and not close(found[n], g)), None)
        if not close(output, expected) or wrong is not None:
            what = f"the gradient of {wrong}" if wrong is not None else "the output"
            yield Finding(
                kind="layout-dependent",
                severity="error",
                message=f"{what} is another one for the same numbers in {order}",
                gradient=wrong,
                suggestion="index by axes, and read no memory order (no ravel('K'), no strides by hand)",
            )
            return


def _dtypes(case: Case) -> Iterator[Finding]:
    """A gradient is as precise as its array."""
    output, gradients = Live(case).both(case.arrays)
    for name, gradient in gradients.items():
        if output.dtype.itemsize < gradient.dtype.itemsize or output.dtype == gradient.dtype == np.float32:
            continue  # it is the output that is narrow
        array = case.arrays.get(name)
        if array is None or not is_differentiable(array) or not np.issubdtype(gradient.dtype, np.floating):
            continue
        if gradient.dtype.itemsize < array.dtype.itemsize and gradient.ndim:
            yield Finding(
                kind="precision",
                severity="warning",
                message=f"the gradient of {name} is {gradient.dtype} for {array.dtype}",
                gradient=name,
            )


def _alone(case: Case) -> Iterator[Finding]:
    """Where forward takes several samples at once, backward is not right for one sample alone.

    A batch of one, or a number for an array, hides that a gradient is not summed: what is read so fits either way.
    """
    several = _several(case)
    if several is None:
        return
    expected, _ = Live(case).both(case.arrays)
    live = Live(case)
    output = live.forward(several.arrays)
    if output.ndim:  # else a loss of all of them
        alone = expected if expected.ndim else expected[None]
        if output.shape != (SEVERAL, *alone.shape[1:]) or not close(output[:1], alone):
            return
    shapes = _shapes(several)
    advice = "sum over the samples, or refuse several of them in forward"
    try:
        gradients = live.backward(several.upstream_for(output))
    except Exception as error:
        message = f"forward takes {shapes}, and backward is right for one sample alone: it raised {_raised(error)}"
        yield Finding(kind="raises", severity="warning", message=message, suggestion=advice)
        return
    for name, gradient in gradients.items():
        if case.subject.roles.get(name) == "parameter" and gradient.shape != case.arrays[name].shape:
            message = (
                f"forward takes {shapes}, and the gradient of {name} is right for one sample alone: "
                f"it has shape {gradient.shape}, but {name} has shape {case.arrays[name].shape}"
            )
            yield Finding(kind="not-summed", severity="warning", message=message, gradient=name, suggestion=advice)


def _several(case: Case) -> Case | None:
    """The case with several samples in place of the one that its inputs are read for; None where they are no one."""
    inputs = [a for a in case.signature.arguments if case.subject.roles.get(a.name) not in ("parameter", "hyper")]
    if not inputs or not inputs[0].differentiable:
        return None
    arrays = dict(case.arrays)
    for argument in inputs:
        array = arrays[argument.name]
        if not argument.dims:
            array = array[None]
        elif str(argument.dims[0]) != "1" or (len(argument.dims) == 1 and argument.differentiable):
            return None
        last = 0.5 if argument.kind == "float" else 1.0  # other samples, where any number will do
        rows = [np.asarray(array * factor, dtype=array.dtype) for factor in np.linspace(1.0, last, SEVERAL)]
        arrays[argument.name] = np.concatenate(rows)
    return replace(case, arrays=arrays, upstream=None)


def _fortran(array: Array) -> Array:
    return np.array(array, order="F")


def _every_second(array: Array) -> Array:
    return np.repeat(array, 2, axis=-1)[..., ::2]


_LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "Fortran order": _fortran,
    "every second place of a larger array": _every_second,
}


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


RULES: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    _second_use,
    _backward_again,
    _two_objects,
    _writes,
    _reuses,
    _layout,
    _dtypes,
    _alone,
    overflow,
)
