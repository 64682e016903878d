"""Parameters' gradients that are those of the batch's mean, beside an exact gradient of the input: a convention.

`dW = x.T @ dout / n`, `db = dout.sum(axis=0) / n` and `dx = dout @ W.T`: whoever adds up the loss over the batch and
divides in the layers means that. All arrays that hold nothing for each sample have to have the factor, and those that
do none: one of them alone is a slip, and stays one. The layer is judged as if the gradients were multiplied by n.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from checks.convention import Convention
from checks.errors import GradproofError
from checks.examine import examine
from checks.function import Array
from checks.look import CaseResult
from checks.results import Finding
from checks.signature import Signature
from checks.subject import Arrays, Subject, Trial


def over_batch(subject: Subject, results: Sequence[CaseResult]) -> Convention | None:
    """The results in these cases with the batch's factor taken out; None where that does not mend all of them."""
    averaged = frozenset(name for result in results for name in result.differing)
    judged = frozenset(name for result in results for name in result.rows)
    if not averaged or not subject.takes_upstream or averaged == judged:
        return None
    main = subject.signature.arguments[0].dims  # samples are its rows or its columns
    for size in subject.signature.sizes:
        holding = {a.name for a in subject.signature.arguments if any(size in d.names for d in a.dims)}
        ends = {str(d) for d in (main[:1] + main[-1:])}
        if averaged != judged - holding or size in subject.fixed or size not in ends:
            continue
        scaled = _scaled(subject, averaged, size)
        found = _judged(scaled, size, results)
        if found is not None:
            findings = tuple(_finding(name, size, len(averaged)) for name in sorted(averaged))
            return Convention(subject=scaled, results=found, findings=findings)
    return None


def _judged(scaled: Subject, size: str, results: Sequence[CaseResult]) -> list[CaseResult] | None:
    found = []
    for result in results:
        if result.mode is not None:
            return None
        try:
            if size not in result.case.signature.sizes:
                return None
            found.append(examine(replace(result.case, subject=scaled)))
        except GradproofError:
            return None
        if found[-1].differing or (result.differing and found[-1].undecided):
            return None
    return found


def _finding(name: str, size: str, count: int) -> Finding:
    own = "" if count == 1 else ", like those of the other parameters"
    return Finding(
        kind="factor",
        severity="warning",
        message=f"the gradient of {name} is 1/{size} of the derivative{own}, and the input's is exact: an average over "
        f"the batch; times {size} it agrees",
        gradient=name,
        suggestion=f"leave out the division by {size}, or say --allow factor if the loss is summed over the batch",
    )


def _scaled(subject: Subject, names: frozenset[str], size: str) -> Subject:
    def wrapped(make: Callable[[Arrays], Trial]) -> Callable[[Arrays], Trial]:
        return lambda arrays: _Scaled(make(arrays), names, size, subject.signatures)

    return replace(
        subject,
        build=wrapped(subject.build),
        keep=None if subject.keep is None else wrapped(subject.keep),
        modes=tuple((label, _scaled(mode, names, size)) for label, mode in subject.modes),
    )


class _Scaled:
    """A Trial whose gradients of some arrays are multiplied by a size."""

    def __init__(self, trial: Trial, names: frozenset[str], size: str, signatures: Sequence[Signature]) -> None:
        self._trial, self._names, self._size, self._signatures = trial, names, size, signatures
        self._times = 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trial, name)

    def forward(self, arrays: Mapping[str, Array]) -> Any:
        self._times = self._extent(arrays)
        return self._trial.forward(arrays)

    def backward(self, upstream: Array) -> Mapping[str, Any]:
        given = self._trial.backward(upstream)
        return {
            name: np.multiply(value, self._times) if name in self._names else value for name, value in given.items()
        }

    def _extent(self, arrays: Mapping[str, Array]) -> int:
        for signature in self._signatures:
            for argument in signature.arguments:
                for axis, dim in enumerate(argument.dims):
                    if dim.is_name and str(dim) == self._size and argument.name in arrays:
                        return int(np.shape(arrays[argument.name])[axis])
        return 1
