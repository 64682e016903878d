"""The user's own code, changed in one place, until the gradient agrees: what is wrong is what had to be changed."""

from __future__ import annotations

import ast
import linecache
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.diagnosis.evidence import Evidence, Sample, agreement
from checks.diagnosis.finding import Diagnosis, Mended
from checks.diagnosis.repair.edit import Edit, is_float, on_value
from checks.diagnosis.repair.edits import edits
from checks.diagnosis.repair.holes import Hook, Rewritten, Seen
from checks.diagnosis.repair.running import Answer, answer, makers
from checks.diagnosis.repair.statements import Rewrite, exchanged, head, rewrites
from checks.diagnosis.repair.wanted import Wanted
from checks.live import close

_MOST_CONSTANTS = 12
_MOST_RUNS = 2500  # for all of one layer's gradients
_MOST_SECONDS = 1.0  # of the processor's time, where each run takes long


@dataclass(frozen=True, eq=False, slots=True)
class _Cure:
    """What mends some of the gradients, and how well they agree then."""

    edit: Edit | Rewrite
    off: Mapping[str, float]


def repaired(evidence: Evidence, names: Sequence[str], until: float) -> dict[str, Diagnosis]:
    """For each of the wrong gradients that one change of the code mends, that change."""
    samples = sorted(evidence.samples, key=lambda s: sum(a.size for a in s.case.arrays.values()))
    first = samples[0]
    try:
        functions, both = makers(first.case, first.upstream)
        code = Rewritten(functions)
        before = answer(first.case, first.upstream)
    except Exception:  # no source, or backward does not run: there is nothing to change
        return {}
    search = _Search(code, samples, names, before if both else None, until, evidence.controls)
    cures = search.run()
    return {name: search.told(name, cure) for name, cure in cures.items()}


class _Search:
    def __init__(
        self,
        code: Rewritten,
        samples: Sequence[Sample],
        names: Sequence[str],
        before: Answer | None,
        until: float,
        controls: Sequence[Sample],
    ) -> None:
        self.code, self.controls = code, controls
        self.samples = samples
        self.names = [name for name in names if any(name in sample.pairs for sample in samples)]
        self.before = before
        self.until = until
        self.runs = 0
        self.started = time.thread_time()

    def run(self) -> dict[str, _Cure]:
        """The first change that mends all of them; else, for each, the first that mends it and most others."""
        found: dict[str, _Cure] = {}
        if not self.names:
            return found
        for rewrite in rewrites(self.code):
            with self.code.installed(rewrite.codes):
                if self._note(found, rewrite) or self._spent():
                    return found
        with self.code.installed() as hook:
            hook.seen = {}
            self._answer(self.samples[0])
            seen, hook.seen = hook.seen, None
            seen = self._telling(seen, hook)
            names = [function.__globals__ for function in self.code.functions]
            wanted = Wanted(self.samples, self.names, hook, self._answer)
            for edit in edits(self.code.sites, seen, self._constants(), names, wanted.edits):
                hook.at, hook.change = edit.site, edit.change
                if self._note(found, edit) or self._spent():
                    break
            hook.at, hook.change = -1, None
        return found

    def _telling(self, seen: Mapping[int, Seen], hook: Hook) -> dict[int, Seen]:
        """The expressions on which a wrong gradient depends, and no right one: the others need no change.

        Told by changing each a little. Whole numbers and truth values are not asked.
        """
        first = self.samples[0]
        right = [name for name, pair in first.pairs.items() if pair.agrees(pair.analytic) is not None]
        base = self._answer(first)
        if base is None:
            return dict(seen)
        found = {}
        for k, was in seen.items():
            if is_float(was.value):
                hook.at, hook.change = k, on_value(_nudged)
                moved = self._answer(first)
                changed = {n for n in base.gradients if moved is not None and not _alike(base, moved, n)}
                if moved is not None and (changed & set(right) or not changed & set(self.names)):
                    continue
            found[k] = was
        hook.at, hook.change = -1, None
        return found

    def _spent(self) -> bool:
        """Whether enough has been tried: so many runs, whatever the machine, unless the layer is a slow one."""
        slow = time.thread_time() - self.started > _MOST_SECONDS or time.monotonic() > self.until
        return slow or self.runs >= _MOST_RUNS

    def _note(self, found: dict[str, _Cure], edit: Edit | Rewrite) -> bool:
        """Whether the change that is made at the moment mends everything; what it mends is kept."""
        off = self._off()
        for name in off:
            if name not in found or len(off) > len(found[name].off):
                found[name] = _Cure(edit, off)
        return len(off) == len(self.names)

    def _off(self) -> dict[str, float]:
        """How far off each gradient is that the change mends in all cases; nothing where it spoils one."""
        given: list[Answer] = []
        mended = self.names
        for sample in self.samples:
            one = self._answer(sample)
            if one is None:
                return {}
            mended = [name for name in mended if self._agrees(sample, one, name)]
            if not mended:
                return {}
            given.append(one)
        if self.before is not None and not close(given[0].output, self.before.output):
            return {}
        for sample in self.controls:  # what is right stays right
            one = self._answer(sample)
            if one is None or not all(self._agrees(sample, one, name) for name in sample.pairs):
                return {}
        for sample, one in zip(self.samples, given, strict=True):
            right = (name for name, pair in sample.pairs.items() if pair.agrees(pair.analytic) is not None)
            if any(not self._agrees(sample, one, name) for name in right):
                return {}
        off: dict[str, float] = {}
        for name in mended:
            pairs = [s.pairs[name] for s in self.samples if name in s.pairs]
            cured = [one.gradients[name] for s, one in zip(self.samples, given, strict=True) if name in s.pairs]
            worst = agreement(pairs, cured)
            if worst is not None:
                off[name] = worst
        return off

    @staticmethod
    def _agrees(sample: Sample, one: Answer, name: str) -> bool:
        pair = sample.pairs.get(name)
        if pair is None:
            return True
        gradient = one.gradients.get(name)
        return gradient is not None and pair.agrees(np.asarray(gradient)) is not None

    def _answer(self, sample: Sample) -> Answer | None:
        self.runs += 1
        try:
            return answer(sample.case, sample.upstream)
        except Exception:  # what the change made of it does not run
            return None

    def _constants(self) -> list[float]:
        """The numbers in the same file outside of these functions: an epsilon, a slope of forward's."""
        code = self.code.functions[0].__code__
        try:
            tree = ast.parse("".join(linecache.getlines(code.co_filename)))
        except SyntaxError:
            return []
        inside = {
            (n.lineno, n.col_offset) for node in self.code.nodes for n in ast.walk(node) if isinstance(n, ast.Constant)
        }
        found = (
            float(n.value)
            for n in ast.walk(tree)
            if isinstance(n, ast.Constant) and isinstance(n.value, float) and (n.lineno, n.col_offset) not in inside
        )
        return list(dict.fromkeys(found))[:_MOST_CONSTANTS]

    def told(self, name: str, cure: _Cure) -> Diagnosis:
        edit, off = cure.edit, cure.off[name]
        if isinstance(edit, Rewrite):
            return Diagnosis(kind=edit.kind, what=edit.what, off=off, mended=edit.mended)
        site = self.code.sites[edit.site]
        new = head(exchanged(site.statement, site.node, ast.parse(edit.text, mode="eval").body))
        mended = Mended(line=site.node.lineno, before=head(site.statement), after=new)
        kind = "branch" if isinstance(site.parent, ast.Compare) else edit.kind
        return Diagnosis(kind=kind, what=edit.what, off=off, mended=mended)


def _nudged(value: Any) -> Any:
    return value * 1.01 + 0.01


def _alike(one: Answer, other: Answer, name: str) -> bool:
    return name in other.gradients and np.array_equal(one.gradients[name], other.gradients[name], equal_nan=True)
