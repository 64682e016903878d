"""What an expression of the code would have to be for the gradients to be right, and what in sight makes it that.

The gradients are linear in nearly every value that backward computes. Where they are, and tell the entries of one
apart, its wanted value w is the solution of J (w - v) = numerical - analytic, J taken column by column. Then w - v is
looked for among terms, and w / v among factors, without another run: many more than could be tried one by one.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import numpy as np

from checks.diagnosis.evidence import BESIDE, Sample
from checks.diagnosis.repair.edit import Edit, Place, is_float, on_value, with_scope
from checks.diagnosis.repair.holes import Hook, Seen
from checks.diagnosis.repair.multiples import NUMBERS, ONE, Terms
from checks.diagnosis.repair.operands import applied
from checks.diagnosis.repair.running import Answer
from checks.errors import GradproofError
from checks.function import Array
from checks.ordinary import ordinary_case

_FEWEST, _MOST = 4, 24  # entries of an expression that is solved for
_MOST_RUNS = 900
_CLOSE = 1e-5
_PLAIN = (2.0, 0.5, 3.0, 4.0, 0.25, 1.5)  # numbers that are a factor as they are
Run = Callable[[Sample], Answer | None]


class Wanted:
    """Solves for expressions, on samples in which they have a few entries."""

    def __init__(self, samples: Sequence[Sample], names: Sequence[str], hook: Hook, run: Run) -> None:
        self.samples, self.names, self.hook, self.run = samples, names, hook, run
        self.runs = 0
        self._known: dict[int, tuple[Answer, dict[int, Seen]] | None] = {}

    def edits(self, places: Sequence[Place]) -> Iterator[Edit]:
        """Factors that make one of the places what it has to be, then terms; whole statements first."""
        solved = []
        for at in sorted(places, key=lambda at: not _is_whole(at)):
            if is_float(at.was.value) and not at.counts and self.runs < _MOST_RUNS:
                one = self._for(at)
                if one is not None:
                    solved.append(one)
                    yield from one.factors()
        for one in solved:
            yield from one.terms()

    def _for(self, at: Place) -> _Solved | None:
        """The place in the first sample in which it has a few entries, and what it has to be there."""
        for k, sample in enumerate(itertools.chain(self.samples, self._compact)):
            known = self._at(k, sample)
            was = None if known is None else known[1].get(at.number)
            if known is None or was is None or not isinstance(was.value, np.ndarray):
                continue
            if _FEWEST <= was.value.size <= _MOST:
                wanted = self._solved(at.number, was.value, sample, known[0])
                return None if wanted is None else _Solved(at, was, wanted)
        return None

    @cached_property
    def _compact(self) -> list[Sample]:
        """A case with sizes of 2, of arrays with many axes the one that has a few entries."""
        case = self.samples[0].case
        sizes = dict.fromkeys(case.signature.sizes, 2)
        try:
            small = ordinary_case(case.subject, case.seed, case.dtype, sizes, signature=case.signature)
            sample = None if small is None else Sample(small.displaced(BESIDE))
        except GradproofError:
            return []
        return [sample] if sample is not None and sample.finite and any(map(sample.is_wrong, self.names)) else []

    def _at(self, k: int, sample: Sample) -> tuple[Answer, dict[int, Seen]] | None:
        """What comes out in a sample as the code is, and what its expressions are there."""
        if k not in self._known:
            self.hook.at, self.hook.change, self.hook.seen = -1, None, {}
            base = self.run(sample)
            seen, self.hook.seen = self.hook.seen, None
            self._known[k] = None if base is None else (base, seen)
        return self._known[k]

    def _solved(self, number: int, value: Array, sample: Sample, base: Answer) -> Array | None:
        """The value with which all gradients are right; None where there is none, or more than one."""
        step = float(np.sqrt(np.mean(value**2))) or 1.0

        def changes(by: Array) -> Array | None:
            self.runs += 1
            self.hook.at, self.hook.change = number, on_value(lambda value: value + by)
            given = self.run(sample)
            if given is None:
                return None
            now, before = self._stacked(sample, given), self._stacked(sample, base)
            return None if now is None or before is None else now - before

        columns = []
        for k in range(value.size):
            unit = np.zeros(value.size)
            unit[k] = step
            column = changes(unit.reshape(value.shape))
            if column is None or not np.any(column):  # it runs no more, or an entry plays no part
                return None
            columns.append(column / step)
        jacobian = np.stack(columns, axis=1)
        way = step * np.cos(1.0 + np.arange(value.size))
        along = changes(way.reshape(value.shape))
        if along is None or not np.allclose(along, jacobian @ way, rtol=0, atol=1e-6 * np.max(np.abs(along))):
            return None
        missing, slack, known = self._missing(sample, base)
        jacobian = jacobian[known]
        if len(jacobian) < value.size:
            return None
        left, sizes, right = np.linalg.svd(jacobian, full_matrices=False)
        if sizes[-1] <= 1e-7 * sizes[0]:
            return None
        off = right.T @ ((left.T @ missing) / sizes)
        if np.any(np.abs(jacobian @ off - missing) > _CLOSE * np.max(np.abs(missing)) + slack):
            return None
        return np.asarray(value + off.reshape(value.shape))

    def _stacked(self, sample: Sample, given: Answer) -> Array | None:
        """All gradients of the sample in one vector; None where one is not there, or of another shape."""
        gradients = {n: given.gradients[n] for n in sample.pairs if n in given.gradients}
        if any(n not in gradients or gradients[n].shape != p.analytic.shape for n, p in sample.pairs.items()):
            return None
        return np.concatenate([gradients[n].ravel().astype(float) for n in sample.pairs])

    def _missing(self, sample: Sample, base: Answer) -> tuple[Array, Array, Array]:
        """What the known entries of the gradients lack, nothing where they are right; how well; and which they are."""
        lacks, slack, known = [], [], []
        for name, pair in sample.pairs.items():
            apart = pair.numerical - base.gradients[name]
            lacks.append(np.where(name in self.names, apart, 0.0).ravel())
            slack.append(3 * pair.allowance.ravel())
            known.append(pair.known.ravel())
        which = np.concatenate(known)
        return np.concatenate(lacks)[which], np.concatenate(slack)[which], which


def _is_whole(at: Place) -> bool:
    """Whether it is all that a statement assigns or returns, or one of several things."""
    return isinstance(at.site.parent, ast.stmt | ast.Tuple | ast.Dict)


class _Solved:
    """A place, what it was in a sample, and what it would have to be."""

    def __init__(self, at: Place, was: Seen, wanted: Array) -> None:
        self.at, self.wanted, self.value = at, wanted, np.asarray(was.value, dtype=float)
        self.sight = Terms(was.scope, ast.unparse(at.node), self.value.shape)

    def factors(self) -> Iterator[Edit]:
        """The changes by a factor that give the wanted value."""
        at = self.at
        if at.is_factor or not np.all(self.value != 0):
            return
        ratio = (self.wanted / self.value).ravel()
        plain = next((n for n in _PLAIN if np.all(np.abs(ratio - n) <= _CLOSE * abs(n))), None)
        if plain is not None:
            change, new = on_value(_times(plain)), f"{plain:g} * {at.text}"
            yield Edit(at.number, change, new, "factor", f"the factor {plain:g} is missing")
            return
        for number, term in self.sight.matching(ratio, self.sight.factors):
            if number > 0:
                factor = f"{NUMBERS[number]}{term.text}"
                change = with_scope(applied(np.multiply, _times(number), term.get))
                new = f"{at.text} * {factor}"
                yield Edit(at.number, change, new, "missing-factor", f"the factor {factor} is missing")

    def terms(self) -> Iterator[Edit]:
        """The changes by a term that do."""
        at, parent = self.at, self.at.site.parent
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub):
            return
        for number, term in self.sight.matching((self.wanted - self.value).ravel(), self.sight.all):
            text = f"{NUMBERS[number]}{term.text}".replace("* 1 /", "/")
            if term.text == ONE:
                text = f"{abs(number):g}"
            change = with_scope(applied(np.add, _times(number), term.get))
            new = f"{at.text} {'-' if number < 0 else '+'} {text}"
            yield Edit(at.number, change, new, "missing-term", f"the term {text} is missing")


def _times(number: float) -> Callable[[Array], Array]:
    return lambda value: number * value
