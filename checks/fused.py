"""A loss of probabilities whose backward gives the gradient by the scores that they came from: a convention, and said.

`forward(p, t)` is a cross entropy, and backward returns `p - t`: the derivative of `forward(softmax(z), t)`, or of
`forward(sigmoid(z), t)`, by z. Such a loss is the last step of a network whose output function is left to it. Where
backward is wrong for the probabilities and right for the scores in every case, it is judged by the scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from checks.case import Case
from checks.errors import GradproofError
from checks.examine import examine
from checks.function import Array
from checks.look import CaseResult
from checks.results import Finding
from checks.signature import Argument, Signature
from checks.subject import Arrays, Subject, Trial

_POSITIVE = ("probability", "simplex", "positive")
_CASES = 6


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Fused:
    """The subject as a function of the scores, its results there, and what there is to say."""

    subject: Subject
    results: list[CaseResult]
    finding: Finding


def as_fused(subject: Subject, results: Sequence[CaseResult]) -> Fused | None:
    """The loss of the scores, in cases like these; None where all is well without, or something is wrong with it."""
    main = subject.signature.arguments[0]
    differing = {name for result in results for name in result.differing}
    if differing != {main.name} or subject.takes_upstream or main.kind not in _POSITIVE or not main.dims:
        return None
    cases = [result.case for result in results if result.finite and result.mode is None][:_CASES]
    for words, link in _LINKS:
        through = _through(subject, main.name, link, softmax=words == "softmax")
        found = []
        for case in cases:
            try:
                found.append(examine(_with_scores(case, through, main.name, softmax=words == "softmax")))
            except GradproofError:
                break
            if found[-1].differing or not found[-1].finite:
                break
        else:
            if found:
                return Fused(subject=through, results=found, finding=_finding(main.name, words))
    return None


def _finding(name: str, words: str) -> Finding:
    return Finding(
        kind="inconsistent-forward",
        severity="warning",
        message=f"the gradient of {name} is that by the scores z with {name} = {words}(z), which forward is not given",
        gradient=name,
        suggestion=f"let forward take the scores, or divide by the derivative of {words}; or say --allow "
        "inconsistent-forward",
    )


def softmax(z: Array) -> Array:
    """exp(z) / sum(exp(z)) along the last axis."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z))."""
    return np.asarray(1 / (1 + np.exp(-z)))


_LINKS: tuple[tuple[str, Callable[[Array], Array]], ...] = (("sigmoid", sigmoid), ("softmax", softmax))


def _with_scores(case: Case, subject: Subject, name: str, *, softmax: bool) -> Case:
    """The case with scores in the place of probabilities; targets of a softmax are rows that are all in one class."""
    rng = np.random.default_rng([case.seed, 7])
    arrays = dict(case.arrays)
    scores = rng.uniform(-2, 2, case.arrays[name].shape)
    arrays[name] = scores.astype(case.arrays[name].dtype)
    for argument in case.signature.arguments[1:]:
        target = arrays[argument.name]
        if argument.kind == "target" and target.shape == scores.shape:
            chosen = rng.integers(scores.shape[-1], size=scores.shape[:-1])
            rows = np.arange(scores.shape[-1]) == chosen[..., None]
            arrays[argument.name] = (rows if softmax else rng.uniform(0, 1, target.shape)).astype(target.dtype)
    signature = _of_scores(case.signature, name, softmax=softmax)
    return Case(subject=subject, signature=signature, arrays=arrays, seed=case.seed)


def _of_scores(signature: Signature, name: str, *, softmax: bool) -> Signature:
    """The signature with scores, and with one-hot rows for the targets of a softmax."""
    dims = signature.argument(name).dims

    def changed(argument: Argument) -> Argument:
        if argument.name == name:
            return replace(argument, kind="float")
        rows = softmax and argument.kind == "target" and argument.dims == dims
        return replace(argument, kind="onehot") if rows else argument

    return Signature(tuple(map(changed, signature.arguments)), signature.output)


def _through(subject: Subject, name: str, link: Callable[[Array], Array], *, softmax: bool) -> Subject:
    def build(arrays: Arrays) -> Trial:
        return _Through(subject.build(_linked(arrays, name, link)), name, link)

    signatures = tuple(_of_scores(signature, name, softmax=softmax) for signature in subject.signatures)
    return replace(subject, build=build, keep=build, signatures=signatures, recipe=None, modes=(), averaged=None)


def _linked(arrays: Arrays, name: str, link: Callable[[Array], Array]) -> dict[str, Array]:
    return {**arrays, name: link(np.asarray(arrays[name]))}


class _Through:
    """A Trial that is handed scores, and gives its layer what becomes of them."""

    def __init__(self, trial: Trial, name: str, link: Callable[[Array], Array]) -> None:
        self._trial, self._name, self._link = trial, name, link

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trial, name)

    def forward(self, arrays: Arrays) -> Any:
        """The layer's output for what becomes of the scores."""
        return self._trial.forward(_linked(arrays, self._name, self._link))

    def backward(self, upstream: Array) -> Mapping[str, Any]:
        """The layer's gradients, as they are."""
        return self._trial.backward(upstream)
