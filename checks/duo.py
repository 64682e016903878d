"""Two layers on one case: what each gives, in the layout of the first, with what rounding explains."""

from __future__ import annotations

import numpy as np

from checks.agreement import MARGIN, OUTPUT, Run, Sample, excess, sampled
from checks.bench import clones, fresh_output, own_gradient, own_output, reseed, same, states
from checks.case import Case
from checks.function import Array
from checks.matching import Matching
from checks.signature import Shape
from checks.subject import Arrays, Subject


class Duo:
    """The own layer and the other one, called `name`.

    `raised`: what the other raised where the own one ran. `shapes`: of two outputs that no layout makes one.
    """

    def __init__(self, own: Subject, other: Subject, name: str) -> None:
        self.own = own
        self.other = other
        self.name = name
        self.raised: list[Exception] = []
        self.shapes: tuple[Shape, Shape] | None = None

    def samples(self, case: Case, matching: Matching) -> tuple[Sample, Sample] | None:
        """What both give; None where either does not run. A shape that no layout explains is noted down."""
        seed = case.seed
        try:
            output = fresh_output(self.own, case.arrays, seed)
            upstream = self._upstream_of(case, output)
            own = sampled(self._run(case, upstream), case.arrays, case.movable, seed, upstream)
        except Exception:  # reported by the check itself
            return None
        try:
            run = self._other_run(case, matching, upstream, output.shape)
            if self.shapes is not None:
                return None
            return own, sampled(run, case.arrays, case.movable, seed, upstream)
        except Exception as error:  # the trusted layer need not take what the other one does
            self.raised.append(error)
            return None

    def _run(self, case: Case, upstream: Array) -> Run:
        def run(arrays: Arrays) -> dict[str, Array]:
            own = clones(arrays)
            reseed(case.seed)
            trial = self.own.build(own)
            found = {OUTPUT: own_output(trial.forward(own))}
            try:
                given = {k: own_gradient(k, v) for k, v in trial.backward(np.array(upstream)).items()}
            except Exception:  # reported by the check itself
                return found
            return found | {k: v.reshape(arrays[k].shape) for k, v in given.items() if v.size == arrays[k].size}

        return run

    def _other_run(self, case: Case, matching: Matching, upstream: Array, shape: tuple[int, ...]) -> Run:
        """The trusted layer as a function of the own layer's arrays, its answers in the own layer's layout."""
        names = {p.other.name: p for p in matching.pairs}
        sizes = sizes_of(case)

        def run(arrays: Arrays) -> dict[str, Array]:
            there = matching.there(arrays, sizes)
            reseed(case.seed)
            trial = self.other.build(there)
            output = own_output(trial.forward(there))
            back = matching.out_back(output, shape)
            if back is None:
                self.shapes = shape, output.shape
                return {OUTPUT: output}
            found = {OUTPUT: back}
            for key, value in trial.backward(matching.upstream_there(upstream, output.shape)).items():
                own_name = names[key].own.name if key in names else None
                if own_name is not None and not names[key].labels:
                    gradient = names[key].back(own_gradient(key, value), arrays[own_name].shape)
                    if gradient.shape == arrays[own_name].shape:
                        found[own_name] = gradient
            return found

        run(case.arrays)
        return run

    def _upstream_of(self, case: Case, output: Array) -> Array:
        """Ones where either layer takes no upstream gradient."""
        one = not (self.own.takes_upstream and self.other.takes_upstream)
        return np.ones(output.shape, dtype=output.dtype) if one else case.upstream_for(output)

    def upstream(self, case: Case, own: Sample) -> Array:
        return self._upstream_of(case, own.values[OUTPUT])

    def draws(self, case: Case, matching: Matching) -> str:
        """Which of the two draws random numbers, or does not repeat itself; empty for neither."""
        there = matching.there(case.arrays, sizes_of(case))
        for name, subject, arrays in ((self.own.name, self.own, case.arrays), (self.name, self.other, there)):
            try:
                first = fresh_output(subject, arrays, case.seed)
                copies = clones(arrays)
                trial = subject.build(copies)
                before = states(trial)
                outputs = [own_output(trial.forward(copies)) for _ in range(2)]
                drew = states(trial) != before
            except Exception:
                continue
            # A generator of its own shows in a second forward, and so does a state that is carried on.
            suspect = subject.recipe is not None and subject.recipe.draws
            if not same(first, fresh_output(subject, arrays, case.seed)) or (suspect and (drew or not same(*outputs))):
                return name
        return ""


def differences(own: Sample, other: Sample) -> dict[str, Array]:
    """By key, how far each entry is off in allowances, where any is beyond the margin; other entries 0."""
    found = {}
    for key in own.values:
        if key in other.values and own.values[key].shape == other.values[key].shape:
            off = excess(own.values[key], other.values[key], own.allowances[key] + other.allowances[key])
            if np.any(off > MARGIN):
                found[key] = np.where(off > MARGIN, off, 0.0)
    return found


def sizes_of(case: Case) -> dict[str, int]:
    """The case's sizes by name."""
    return case.signature.fit({name: array.shape for name, array in case.arrays.items()})
