"""Which kind of values an input takes: anything, positive numbers, probabilities; class indices or one-hot
rows.

Shapes cannot tell a one-hot label from a regression target, so the layer is asked: does the output notice a
small change of the label, or a shift of all scores? No gradient is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from checks.infer import Found
from checks.infer_draw import draw
from checks.infer_layout import Layout, Probe, Run
from checks.infer_sizes import RUNS, assignment
from checks.signature import Argument
from checks.subject import Array

Sizes = Mapping[str, int]
_UNBOUNDED = ("target", "float", "positive")


def settle_domain(found: Found, run: Run, inputs: Sequence[str], words: frozenset[str]) -> Found:
    """The layout with positive or probability inputs, where any real numbers give something that is not
    finite.

    A logarithm that is clipped or padded is finite everywhere and meant for probabilities all the same:
    `words` are the names that forward's code uses.
    """
    names = [n for n in inputs if (a := found.layout.argument(n)) and a.kind == "float" and a.dims]
    if not names:
        return _settle_targets(found, run)
    logarithm = "log" in words and not words & {
        "exp",
        "tanh",
        "softmax",
        "logaddexp",
        "logsumexp",
        "sigmoid",
        "expit",
    }
    guarded = logarithm and bool(_labels(found.layout) or "clip" in words)
    if {"clip", "log"} <= words and not logarithm:  # beside an exponential of something else
        for name in names:
            if _is_clipped(found, run, name):
                layout = found.layout.with_argument(replace(_get(found.layout, name), kind="probability"))
                found = rerun(found, layout, run) or found
    if _finite(found.probes) and not guarded:
        return found
    for kind in ("probability",) if guarded else ("positive", "probability"):
        for chosen in (names[:1], names):
            layout = found.layout
            for name in chosen:
                layout = layout.with_argument(replace(_get(layout, name), kind=kind))
            tried = rerun(found, layout, run)
            if tried is not None and _finite(tried.probes):
                return tried
    return _settle_targets(found, run)


def _is_clipped(found: Found, run: Run, name: str) -> bool:
    """Whether only what lies between 0 and 1 of an array moves the output."""
    sizes = found.sizes[0]
    shape = tuple(d.value(sizes) for d in _get(found.layout, name).dims)
    outputs = [run(found.layout, sizes, {name: np.full(shape, at)}).output for at in (0.3, 0.6, 1.5, 2.5, -0.5, -1.5)]
    if any(output is None for output in outputs):
        return False
    same = [np.array_equal(np.asarray(outputs[k]), np.asarray(outputs[k + 1])) for k in (0, 2, 4)]
    return same == [False, True, True]


def _settle_targets(found: Found, run: Run) -> Found:
    """Distributions, or else positive targets, where others give something that is not finite: a logarithm's.

    Then the prediction is one as well, unless it may be anything.
    """
    targets = [a for a in found.layout.arguments if a.kind == "target"]
    if not targets or _finite(found.probes):
        return found
    for kinds, kind in ((("target",), "simplex"), (("target",), "probability"), (_UNBOUNDED, "probability")):
        layout = found.layout
        for argument in layout.arguments:
            if argument.kind in kinds and (kind != "simplex" or len(argument.dims) > 1):
                layout = layout.with_argument(replace(argument, kind=kind))
        tried = rerun(found, layout, run) if layout is not found.layout else None
        if tried is not None and _finite(tried.probes):
            return tried
    return found


def owed_labels(found: Found, run: Run, answers: Sequence[tuple[str, Array]]) -> Found:
    """The layout with labels that get a gradient as plain inputs: a distance is one from either side.

    `answers`: the gradients that came back, where there was one for each input. Zeros say that none is meant.
    """
    for name, gradient in answers:
        argument = found.layout.argument(name)
        if argument is None or argument.kind not in ("onehot", "target") or not np.any(gradient):
            continue
        if gradient.shape == tuple(d.value(found.sizes[0]) for d in argument.dims):
            found = _with(found, replace(argument, kind="float", limit=None), run) or found
    return found


def settle_label(
    found: Found, run: Run, name: str, *, either: bool = False, network: bool = False, one_of_several: bool = False
) -> tuple[Found, ...]:
    """The readings of an argument that gets no gradient: class indices and one-hot rows, either, or a target.

    `either`: the code asks how many axes an array has, so that both are meant where both run, equal outputs or not.
    `network`: the scores are its own affair, and cannot be shifted to see what it makes of them. `one_of_several`:
    there are more such vectors as long as the input, which cannot all be one row of classes: it has a number for each
    sample.
    """
    now = _get(found.layout, name)
    if one_of_several:
        return (_with(found, replace(now, kind="target", limit=None), run) or found,)
    if now.kind in ("label", "int"):
        indices, rows = now, (*now.dims, now.limit) if now.limit else None
    elif [d.text for d in now.dims] in (["n"], ["1", "n"], ["n", "1"]):  # one for each sample, and no row of classes
        return (_with(found, replace(now, kind="target"), run) or found,)
    elif now.dims:
        indices, rows = replace(now, dims=now.dims[:-1], kind="label", limit=now.dims[-1]), now.dims
    else:
        indices, rows = None, None
    number = _as_number(found, run, now)
    if number is not None:
        return (number,)
    by_index = _with(found, indices, run)
    if rows is None:
        return (by_index,) if by_index else (_with(found, replace(now, kind="target"), run) or found,)
    if now.kind == "onehot0":
        return (found,)
    onehot = _with(found, replace(now, dims=rows, kind="onehot", limit=None), run)
    if onehot and len(rows) == 2 and _classes_first(onehot, run, name):
        return (_with(found, replace(now, dims=rows, kind="onehot0", limit=None), run) or found,)
    if by_index and onehot:
        return (by_index, onehot) if either or _same_output(by_index, onehot) else (by_index,)
    if by_index:
        return (by_index,)
    if onehot and (_means_classes(onehot, run, name) or (network and _is_linear(onehot, run, name))):
        return (onehot,)
    target = _with(found, replace(now, kind="target", limit=None), run)
    return (target or onehot or found,)


def _as_number(found: Found, run: Run, now: Argument) -> Found | None:
    """The layout with a real target, where nothing is indexed by it and a little of it moves the output a little."""
    if now.kind != "label" or now.limit is None or not now.limit.names:
        return None
    target = _with(found, replace(now, kind="target", limit=None), run)
    output = None if target is None else target.probes[0].output
    if target is None or output is None:
        return None
    values = _drawn(target.layout, now.name, target.sizes[0])
    changes = []
    for step in (1e-3, 1e-4):
        nudged = run(target.layout, target.sizes[0], {now.name: values + step})
        if nudged.output is None or nudged.output.shape != output.shape:
            return None
        changes.append(float(np.max(np.abs(nudged.output - output), initial=0.0)))
    return target if 0 < 5 * changes[1] < changes[0] < np.inf else None


def rerun(found: Found, layout: Layout, run: Run) -> Found | None:
    """The same with another layout, at the assignments of numbers to its own sizes; None where it does not
    run.
    """
    sizes = [
        {**assignment(layout.names, min(k, RUNS - 1)), **_known(found, layout, k)} for k in range(len(found.sizes))
    ]
    probes = [run(layout, numbers, {}) for numbers in sizes]
    enough = all(probe.ran or (found.raised is not None and probe.forward_ran) for probe in probes)
    if not enough:
        return None
    return Found(layout=layout, sizes=tuple(sizes), probes=tuple(probes), raised=found.raised)


def _known(found: Found, layout: Layout, k: int) -> Sizes:
    """Numbers that the earlier runs gave to the same names."""
    return {name: found.sizes[k][name] for name in layout.names if name in found.sizes[k]}


def _with(found: Found, argument: Argument | None, run: Run) -> Found | None:
    return None if argument is None else rerun(found, found.layout.with_argument(argument), run)


def _means_classes(found: Found, run: Run, name: str) -> bool:
    """Whether one-hot rows are meant: a small change of the rows is not noticed (an argmax reads them), or
    the scores may all be shifted together (a softmax normalises them).
    """
    layout, sizes = found.layout, found.sizes[0]
    output = found.probes[0].output
    if output is None:
        return False
    rows = _drawn(layout, name, sizes)
    nudged = run(layout, sizes, {name: rows + 0.01 * np.cos(np.arange(rows.size)).reshape(rows.shape)})
    if nudged.output is not None and np.array_equal(nudged.output, output):
        return True
    classes = _get(layout, name).dims[-1:]
    scores = [a for k, a in enumerate(layout.arguments) if k == 0 or a.dims[-1:] == classes]  # a network's last bias
    return any(_normalised(argument, found, run, output) for argument in scores if argument.name != name)


def _is_linear(found: Found, run: Run, name: str) -> bool:
    """Whether the output is a sum of what the rows pick, as a cross entropy is: nothing of nothing, twice of twice."""
    layout, sizes, output = found.layout, found.sizes[0], found.probes[0].output
    rows = _drawn(layout, name, sizes)
    nothing, twice = (run(layout, sizes, {name: factor * rows}).output for factor in (0.0, 2.0))
    if output is None or nothing is None or twice is None or not np.any(output):
        return False
    return bool(np.allclose(nothing, 0.0, atol=1e-12) and np.allclose(twice, 2 * output, rtol=1e-6))


def _normalised(argument: Argument, found: Found, run: Run, output: Array) -> bool:
    """Whether the output notices no shift of all entries, though it notices other changes."""
    if argument.kind != "float" or not argument.dims:
        return False
    layout, sizes = found.layout, found.sizes[0]
    values = _drawn(layout, argument.name, sizes)
    shifted, moved = (
        run(layout, sizes, {argument.name: values + change})
        for change in (0.7, np.cos(np.arange(values.size)).reshape(values.shape))
    )
    if shifted.output is None or moved.output is None:
        return False
    return bool(np.allclose(shifted.output, output, rtol=1e-4, atol=1e-7)) and not np.array_equal(moved.output, output)


def _classes_first(found: Found, run: Run, name: str) -> bool:
    """Whether the classes lie along the first axis: the scores of a column may be shifted together, of a row not."""
    layout, sizes = found.layout, found.sizes[0]
    first, output = layout.arguments[0], found.probes[0].output
    if output is None or first.kind != "float" or first.name == name or len(first.dims) != 2:
        return False
    scores = _drawn(layout, first.name, sizes)
    columns = run(layout, sizes, {first.name: scores + np.cos(np.arange(scores.shape[1]))})
    rows = run(layout, sizes, {first.name: scores + np.cos(np.arange(scores.shape[0]))[:, None]})
    if columns.output is None or rows.output is None or columns.output.shape != output.shape:
        return False
    moved = [float(np.max(np.abs(probe.output - output), initial=0.0)) for probe in (columns, rows)]
    return moved[0] <= 1e-4 * moved[1]  # and not a loss that notices either little


def _drawn(layout: Layout, name: str, sizes: Sizes) -> Array:
    argument = _get(layout, name)
    shape = tuple(d.value(sizes) for d in argument.dims)
    limit = argument.limit.value(sizes) if argument.limit else None
    return draw(argument, shape, limit, np.float64)


def _same_output(one: Found, other: Found) -> bool:
    """Whether indices and the one-hot rows of the same classes give the same value."""
    first, second = one.probes[0].output, other.probes[0].output
    if first is None or second is None or first.shape != second.shape:
        return False
    return bool(np.allclose(first, second, rtol=1e-3, atol=1e-6, equal_nan=True))


def _finite(probes: Sequence[Probe]) -> bool:
    return all(p.output is None or bool(np.isfinite(p.output).all()) for p in probes[:RUNS])


def _labels(layout: Layout) -> bool:
    return any(a.kind in ("label", "onehot") for a in layout.arguments)


def _get(layout: Layout, name: str) -> Argument:
    argument = layout.argument(name)
    if argument is None:
        raise KeyError(name)
    return argument
