"""Whether an output moves as a gradient says, along one direction: to choose among readings, never to judge one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from checks.dialects.probing import Prober, upstream_like
from checks.dialects.reach import Path
from checks.infer import Found
from checks.subject import Array

_NOISE = 1e-7  # of a slope near zero, beside outputs of ordinary size


def follows(
    prober: Prober,
    found: Found,
    inputs: Mapping[str, Array],
    paths: Mapping[str, Path],
    name: str,
    gradient: Array,
    shares: Collection[float] = (1.0,),
) -> bool:
    """Whether the array of that name moves the output as `gradient` says. `paths`: of arrays that are the object's.

    `shares`: which parts of the derivative count as that, such as one over the number of samples.
    """
    single = prober.dtype == np.float32

    def total(way: float) -> float:
        live = prober.construct(found.layout, found.sizes[0], inputs)
        array = paths[name].get(live.root) if name in paths else live.values[name]
        array += (way * _direction(array.size).reshape(array.shape)).astype(array.dtype)
        output = live.forward(prober.usage)
        upstream = upstream_like(output) if prober.usage.takes_upstream else np.ones_like(output)
        return float(np.sum(output * upstream, dtype=np.longdouble))

    step = 1e-2 if single else 1e-5
    try:
        slope = (total(step) - total(-step)) / (2 * step)
    except Exception:  # not at these values: nothing can be said
        return False
    claimed = float(np.sum(np.reshape(gradient, -1) * _direction(np.size(gradient))))
    tolerance = 1e-2 if single else 1e-4
    allowed = tolerance * float(np.abs(gradient).sum()) + (1e-2 if single else _NOISE)
    return any(abs(share * slope - claimed) <= allowed for share in shares)


def _direction(size: int) -> Array:
    return np.asarray(np.cos(1.7 * np.arange(size) + 0.3))
