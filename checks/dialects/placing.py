"""How an array gets to where the layer reads it, settled by trying each way once against a freshly made
object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from checks.dialects.parameters import Parameter
from checks.dialects.probing import Prober
from checks.dialects.reach import as_number
from checks.dialects.trials import Mode, ObjectTrial, Plan
from checks.dialects.usage import Usage
from checks.errors import LayerError
from checks.infer import Found
from checks.infer_draw import reseed
from checks.subject import Array

_TOO_LARGE = 5_000_000


def choose_modes(plan: Plan, prober: Prober, found: Found, parameters: Sequence[Parameter]) -> Plan:
    """The plan with the quickest way of placing each parameter that gives what a fresh object with those
    values gives.

    By reference; else by writing into the layer's own array; else (for arrays handed to the constructor) by
    constructing anew for every forward.
    """
    own = sum(np.size(path.get(plan.usage.instance)) for path in plan.kept.values())
    if not parameters or own > _TOO_LARGE:
        return plan
    start, end, truth = _two_points(plan, prober, found, parameters)
    if truth is None:
        return plan
    if _gives(plan, start, end, truth):
        return plan
    modes: dict[str, Mode] = dict(plan.modes)
    for parameter in parameters:
        ways: list[Mode] = ["alias", "copy"] if parameter.paths else []
        ways += ["anew"] if parameter.handed else []
        only = {**start, parameter.name: end[parameter.name]}
        expected = _truth(plan.usage, prober, found, parameters, only)
        for way in ways:
            tried = replace(plan, modes={**modes, parameter.name: way})
            if expected is not None and _gives(tried, start, only, expected):
                modes[parameter.name] = way
                break
    return replace(plan, modes=modes)


def _two_points(
    plan: Plan, prober: Prober, found: Found, parameters: Sequence[Parameter]
) -> tuple[dict[str, Array], dict[str, Array], Array | None]:
    """All arrays at one point, the same with every parameter moved, and the output there."""
    layout, sizes = found.layout, found.sizes[0]
    live = prober.construct(layout, sizes, {})
    start = {a.name: live.values[a.name] for a in layout.arguments}
    for p in parameters:
        if not p.handed:
            start[p.name] = np.array(p.paths[0].get(live.root))
    moved = {p.name: np.asarray(start[p.name] * 1.25 + 0.125, dtype=start[p.name].dtype) for p in parameters}
    end = {**start, **moved}
    return start, end, _truth(plan.usage, prober, found, parameters, end)


def _truth(
    usage: Usage, prober: Prober, found: Found, parameters: Sequence[Parameter], values: dict[str, Array]
) -> Array | None:
    """The output of an object that was made with these values, nothing aliased."""
    handed = {p.name: values[p.name] for p in parameters if p.handed}
    inputs = {a.name: values[a.name] for a in found.layout.arguments if a.name not in handed}
    try:
        live = prober.construct(found.layout, found.sizes[0], {**inputs, **handed})
        for p in parameters:
            own = p.paths[0].get(live.root) if p.paths else None
            if p.scalar:
                setattr(
                    p.paths[0].beside((".", "")).get(live.root) or live.root,
                    p.paths[0].steps[-1][1],
                    values[p.name],
                )
            elif not p.handed and isinstance(own, np.ndarray):
                own[...] = values[p.name]
        return live.forward(usage).copy()
    except Exception:  # not at these values: nothing can be said about the ways
        return None


def _gives(plan: Plan, start: dict[str, Array], end: dict[str, Array], truth: Array) -> bool:
    """Whether arrays that change in place between two forwards give the true output at the second."""
    live = {name: array.copy() for name, array in start.items()}
    try:
        reseed()
        trial = ObjectTrial(plan, live)
        trial.forward(live)
        for name, array in live.items():
            array[...] = end[name]
        reseed()
        output = as_number(trial.forward(live))
    except (Exception, LayerError):
        return False
    return output is not None and output.shape == truth.shape and np.allclose(output, truth, rtol=1e-9, equal_nan=True)
