"""What forward leaves for backward, and writes over itself: an array of its caller's that it keeps as it is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from checks.diagnosis.evidence import Evidence
from checks.diagnosis.finding import Diagnosis
from checks.function import Array

_CLOSE = 1e-6


def spoiled(evidence: Evidence, name: str) -> Iterator[Diagnosis]:
    """Right where what forward wrote into is put back before backward reads it."""
    written: set[str] = set()
    off = 0.0
    for sample in evidence.samples:
        if name not in sample.pairs:
            continue
        changed, given = sample.restored()
        if not changed or name not in given:
            return
        apart = _apart(given[name], sample.pairs[name].numerical)
        if apart is None or apart > _CLOSE:
            return
        written.update(changed)
        off = max(off, apart)
    if written:
        names = " and ".join(sorted(written))
        yield Diagnosis(
            kind="mutates-input",
            what=f"forward writes into {names}, which backward reads afterwards",
            cure=f"a copy of {names} in forward",
            off=off,
        )


def _apart(a: Array, b: Array) -> float | None:
    if a.shape != b.shape or not np.all(np.isfinite(a)):
        return None
    size = float(np.max(np.abs(b), initial=0.0))
    return float(np.max(np.abs(a - b), initial=0.0)) / size if size else 0.0
