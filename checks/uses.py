"""The layer's other uses, each looked at in a few cases: wrong values count, what a use does not support does not.

An option on which the output does not depend (a rate, a clipping threshold, a frozen parameter), and for which forward
does not ask, is none of forward's, and no derivative is owed to it. A gradient where the output stands still is a
straight-through estimator, if an option switches that on. What is more than a number where the default is one has no
gradient without an upstream.
"""

from __future__ import annotations

import dis
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

import numpy as np

from checks.bench import fresh_output, same
from checks.case import Case
from checks.contract import written
from checks.errors import GradproofError, UserCodeRaised
from checks.evaluation import quiet
from checks.examine import examine
from checks.far import overflows
from checks.look import CaseResult
from checks.ordinary import distinct_case, reaching
from checks.results import Comparison, Finding
from checks.search import Search
from checks.strategies import cases as drawn_cases
from checks.subject import Subject

_STARTS = (3, 6)  # the smallest size of an ordinary case; a window may need more room
_DRAWN_OF = 10  # one case is drawn for so many of the default use's, where an option is told
_NUMBERS = ("number", "off")  # options that forward and backward share a shape by
_SWITCHES = ("switch", "off")  # options that may turn a straight-through estimator on
_ENOUGH = 2  # cases in which backward has to have raised


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Uses:
    """`tried`: words for each use that was looked at. `wrong`: the smallest case in which a gradient is wrong.

    `said`: what backward raised in a use that forward supports; a use of which backward cannot know.
    """

    tried: tuple[str, ...] = ()
    wrong: CaseResult | None = None
    said: tuple[Finding, ...] = ()


def look_at_uses(
    subject: Subject,
    results: list[CaseResult],
    seed: int,
    count: int,
    dtype: Any,
    *,
    end: float,
    room: Callable[[], bool],
) -> Uses:
    """The other uses in turn, until one is wrong or there is no room left in time for a case more.

    `results`: of the default use; `end`: by time.monotonic().
    """
    tried: list[str] = []
    said: list[Finding] = []
    told = {finding.kind for result in results[:1] for finding in written(result.case)}  # of the default use
    scalar = all(result.output_shape == () for result in results)
    for label, other in subject.modes:
        if other.option is not None and not other.asked and _plays_no_part(subject, other, seed, dtype):
            continue
        if not room():
            break
        use = _Use(default=subject, subject=other, seed=seed, one_number=scalar and not subject.takes_upstream)
        tried.append(label)
        wrong = use.wrong_case(count, dtype, end)
        if wrong is not None and other.unaware:
            names = " and ".join(sorted(wrong.differing))
            message = f"with {label} the gradient of {names} is another one: backward is not told, and answers as ever"
            said.append(Finding(kind="inconsistent-forward", severity="warning", message=message))
        elif wrong is not None:
            return Uses(tried=tuple(tried), wrong=replace(wrong, mode=label), said=tuple(said))
        elif use.first is not None:
            here = [finding for finding in written(use.first) if finding.kind not in told]
            said += [replace(finding, message=f"with {label} {finding.message}") for finding in here]
            told |= {finding.kind for finding in here}
        refusal = use.refusal
        if refusal is not None:
            message = f"with {label} forward ran, then {refusal}"
            said.append(Finding(kind="raises", severity="error", message=message))
            break
    return Uses(tried=tuple(tried), said=tuple(said))


@dataclass(slots=True, kw_only=True, eq=False)
class _Use:
    """One use under way: the cases that ran, what backward raised in the others."""

    default: Subject
    subject: Subject
    seed: int
    one_number: bool
    ran: int = 0
    first: Case | None = None  # that ran
    raised: list[UserCodeRaised] = field(default_factory=list)

    def wrong_case(self, count: int, dtype: Any, end: float) -> CaseResult | None:
        """The smallest case found in which a gradient is wrong; None where all are right."""
        found: list[CaseResult | None] = []
        search = Search(drawn_cases(self.subject, dtype=str(np.dtype(dtype))), self.judge, self.seed)
        if self.subject.option is None:
            found += search.draw(max(4, count // 4), end)
        else:
            found += [self.judge(case) for case in self._ordinary(dtype)]
            if not any(map(self.accused, found)):
                found += search.draw(max(1, count // _DRAWN_OF), end)
        wrong = [result for result in found if result is not None and self.accused(result)]
        if not wrong:
            return None
        least = min(wrong, key=_entries)
        most = self.accused(least)
        shrunk = search.shrink(lambda result: result is not None and most <= self.accused(result), count)
        return min((result for result in (shrunk, least) if result is not None), key=_entries)

    def judge(self, case: Case) -> CaseResult | None:
        """The case's result; None where the layer's code raised."""
        try:
            result = examine(case)
        except UserCodeRaised as error:
            if not error.outside and _gives_numbers(case):
                self.raised.append(error)
            return None
        except GradproofError:  # what backward gave is no array
            return None
        self.ran += 1
        self.first = self.first or case
        return result

    def accused(self, result: CaseResult | None) -> frozenset[str]:
        """Gradients that are surely wrong in this use."""
        if (
            result is None
            or overflows(result)
            or (self.one_number and self.subject.option and result.output_shape != ())
        ):
            return frozenset()
        return frozenset(name for name, row in result.rows.items() if self._counts(row, result))

    def _counts(self, row: Comparison, result: CaseResult) -> bool:
        if row.verdict != "differs":
            return False
        if row.worst is None:  # another shape
            return self.subject.option in _NUMBERS or (self.subject.option is None and self._alike(result))
        if self.subject.option is None:
            return True
        still = abs(row.worst.numerical) <= row.worst.allowance
        return bool(np.isfinite(row.worst.analytic)) and not (still and self.subject.option in _SWITCHES)

    def _alike(self, result: CaseResult) -> bool:
        """Whether the output has the shape that it has in the default use, which what backward takes has then."""
        try:
            with quiet():
                usual = fresh_output(self.default, result.case.arrays, result.case.seed)
        except Exception:  # the default use takes something else
            return False
        return usual.shape == result.output_shape

    @property
    def refusal(self) -> UserCodeRaised | None:
        """What backward raised in every case, of itself, where only a number is another."""
        if self.subject.option not in _NUMBERS or self.ran or len(self.raised) < _ENOUGH:
            return None
        return None if any(_on_purpose(error.__cause__) for error in self.raised) else self.raised[0]

    def _ordinary(self, dtype: Any) -> list[Case]:
        """The ordinary case, in a small batch and small sizes."""
        signature = self.subject.signature
        for start in _STARTS:
            case = distinct_case(self.subject, self.seed, dtype, signature=signature, start=start, batch=2)
            if case is not None:
                return [case]
        return []


def _plays_no_part(subject: Subject, other: Subject, seed: int, dtype: Any) -> bool:
    """Whether the output is the same in both uses, on ordinary inputs and on ones that reach far."""
    if str(subject.signature) != str(other.signature):
        return False
    case = distinct_case(subject, seed, dtype, signature=subject.signature, batch=2)
    if case is None:
        return False
    try:
        with quiet():
            return all(
                same(fresh_output(subject, one.arrays, seed), fresh_output(other, one.arrays, seed))
                for one in (case, reaching(case))
            )
    except Exception:  # the judge will see
        return False


def _gives_numbers(case: Case) -> bool:
    """Whether forward's output has entries, and all of them are finite."""
    try:
        with quiet():
            output = fresh_output(case.subject, case.arrays, case.seed)
    except Exception:  # the layer's own code, run once more
        return False
    return bool(output.size and np.all(np.isfinite(output)))


def _on_purpose(error: BaseException | None) -> bool:
    """Whether the layer itself says that it does not support this: by an assertion, or a `raise` of its own."""
    if error is None or isinstance(error, NotImplementedError | AssertionError):
        return True
    last: TracebackType | None = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None or str(last.tb_frame.f_globals.get("__name__")).partition(".")[0] == "numpy":
        return False
    return last.tb_frame.f_code.co_code[last.tb_lasti] == dis.opmap["RAISE_VARARGS"]


def _entries(result: CaseResult) -> int:
    return sum(array.size for array in result.case.arrays.values())
