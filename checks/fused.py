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
from checks.convention import Convention, all_right
from checks.function import Array
from checks.look import CaseResult
from checks.results import Finding
from checks.signature import Argument, Signature
from checks.subject import Arrays, Subject, Trial
from checks.values import draw_array

_POSITIVE = ("probability", "simplex", "positive")
_ROWS = (*_POSITIVE, "target", "float")
_CASES = 6


def as_fused(subject: Subject, results: Sequence[CaseResult]) -> Convention | None:
    """The loss of the scores, in cases like these; None where all is well without, or something is wrong with it.

    The one gradient that comes back may be by the scores of the other argument, where no name says which is which.
    """
    main = subject.signature.arguments[0]
    differing = {name for result in results for name in result.differing}
    if differing != {main.name} or subject.takes_upstream or not main.dims:
        return None
    cases = [result.case for result in results if result.finite and result.mode is None][:_CASES]
    for name in (a.name for a in subject.signature.arguments if a.dims == main.dims and a.kind in _POSITIVE):
        for scores in (Scores(name, main.name, "sigmoid", sigmoid), Scores(name, main.name, "softmax", softmax)):
            through = scores.through(subject)
            found = all_right(scores.case(case, through) for case in cases)
            if found:
                return Convention(subject=through, results=found, findings=(scores.finding(),), within=True)
    return None


def softmax(z: Array) -> Array:
    """exp(z) / sum(exp(z)) along the last axis."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z))."""
    return np.asarray(1 / (1 + np.exp(-z)))


@dataclass(frozen=True, eq=False, slots=True)
class Scores:
    """Scores in the place of the probabilities `name`. `given`: whose gradient backward is taken to give."""

    name: str
    given: str
    words: str
    link: Callable[[Array], Array]

    def finding(self) -> Finding:
        """What is said of it."""
        by = f"the scores z with {self.name} = {self.words}(z)"
        return Finding(
            kind="inconsistent-forward",
            severity="warning",
            message=f"the gradient of {self.name} is that by {by}, which forward is not given",
            gradient=self.name,
            suggestion=f"let forward take the scores, or divide by the derivative of {self.words}; or say --allow "
            "inconsistent-forward",
        )

    def case(self, case: Case, subject: Subject) -> Case:
        """The case with scores; the targets of a softmax are rows that are all in one class."""
        rng = np.random.default_rng([case.seed, 7])
        arrays = dict(case.arrays)
        shape = arrays[self.name].shape
        arrays[self.name] = rng.uniform(-2, 2, shape).astype(arrays[self.name].dtype)
        for argument in case.signature.arguments:
            target = arrays[argument.name]
            if argument.name != self.name and argument.kind in _ROWS and target.shape == shape:
                rows = self.words == "softmax"
                values = draw_array(rng, shape, kind="onehot") if rows else rng.uniform(0.05, 0.95, shape)
                arrays[argument.name] = values.astype(target.dtype)
        return Case(subject=subject, signature=self.signature(case.signature), arrays=arrays, seed=case.seed)

    def signature(self, signature: Signature) -> Signature:
        """The signature with scores, and with targets for what is of their shape."""
        dims = signature.argument(self.name).dims

        def changed(argument: Argument) -> Argument:
            if argument.name == self.name:
                return replace(argument, kind="float")
            rows = argument.kind in _ROWS and argument.dims == dims
            return replace(argument, kind="onehot" if self.words == "softmax" else "target") if rows else argument

        return Signature(tuple(map(changed, signature.arguments)), signature.output)

    def linked(self, arrays: Arrays) -> dict[str, Array]:
        """The arrays with the probabilities that the scores become."""
        return {**arrays, self.name: self.link(np.asarray(arrays[self.name]))}

    def through(self, subject: Subject) -> Subject:
        """The subject as a function of the scores."""

        def build(arrays: Arrays) -> Trial:
            return _Through(subject.build(self.linked(arrays)), self)

        return replace(
            subject,
            build=build,
            keep=build,
            signatures=tuple(map(self.signature, subject.signatures)),
            owed=(self.name,),
            recipe=None,
            modes=(),
            averaged=None,
        )


class _Through:
    """A Trial that is handed scores, and gives its layer what becomes of them."""

    def __init__(self, trial: Trial, scores: Scores) -> None:
        self._trial, self._scores = trial, scores

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trial, name)

    def forward(self, arrays: Arrays) -> Any:
        """The layer's output for what becomes of the scores."""
        return self._trial.forward(self._scores.linked(arrays))

    def backward(self, upstream: Array) -> Mapping[str, Any]:
        """The layer's one gradient, as that of the scores."""
        given = self._trial.backward(upstream)
        return {self._scores.name: given[self._scores.given]} if self._scores.given in given else {}
