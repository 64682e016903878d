"""check: a subject in, a Report out. Reads the object, draws or takes cases, judges them, and sums up."""

from __future__ import annotations

import contextlib
import difflib
import functools
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from checks import guards, record
from checks.against import compare
from checks.averaging import as_mean
from checks.batch_average import over_batch
from checks.case import Case
from checks.caveats import with_caveats
from checks.classes import as_classes
from checks.contract import breaches
from checks.diagnosis import Diagnosis, diagnose
from checks.dialects import read
from checks.errors import GradientMismatch, LayerError, SignatureError, UserCodeRaised
from checks.examine import examine
from checks.far import out_of_range, overflows
from checks.formed import as_formed
from checks.fused import as_fused
from checks.guards import Guards
from checks.implied import implied
from checks.known import recognised
from checks.loading.standin import tell_use
from checks.look import CaseResult
from checks.ordinary import has_one_of_something, ordinary_case, reaching
from checks.own_case import own_case
from checks.own_inputs import Inputs, as_arrays, explicit_case
from checks.results import KINDS, Finding, Report
from checks.search import Search
from checks.signature import Signature
from checks.standing import Standing
from checks.strategies import cases as drawn_cases
from checks.subject import Subject
from checks.summary import summarise
from checks.trusted import Trusted, trusted
from checks.uses import look_at_uses

_ROOMY, _MOST_ROOM = (8, 7, 6, 5), 600  # the first of the sizes; entries
_FAILING, _MOST_OF_FAILING = 3, 6000  # cases, and forward passes for them
_LONGER = 3  # times as long as the longest drawn case: what a large one may take


def check(
    subject: Any,
    signature: Signature | str | None = None,
    *,
    inputs: Inputs | None = None,
    seed: int | None = None,
    max_examples: int = 20,
    dtype: Any = "float64",
    exact: bool = False,
    workers: Any = None,
    timeout: float | None = None,
    against: Any = None,
    allow: Sequence[str] | str = (),
    target: str | None = None,
) -> Report:
    """Says whether backward is the derivative of forward, gradient by gradient.

    `subject`: a layer class, an instance, a (forward, backward) pair of functions, or a network. `signature`: such as
    "x(n,i), W(i,o), b(o) -> (n,o)"; found by trying where it is None. `inputs`: this case exactly (a tuple in the
    signature's order, or a dict by name), none drawn; a parameter that is not among them is the instance's own, or
    drawn. `seed`: of the drawn cases; drawn itself and reported where it is None. `max_examples`: cases drawn.
    `dtype`: float32 or float64. `exact`: every entry one by one, however many. `timeout`: seconds after which no
    further case is begun. `against`: a layer that is taken to be right, a class, an instance, a pair of functions, or
    the text "module:Name" or "file.py::Name"; another output or gradient than its is a finding. `allow`: kinds of
    finding accepted as a convention, as "[NAME[.gradient]:]KIND".

    A class may say by itself how it is checked, in a class method `gradproof_case`: it returns a signature, an object,
    arrays, or (object, arrays), which count where neither `signature` nor `inputs` is given.

    A layer that cannot be built or run, or has not the arrays of `against`, gives a report with the verdict "error"
    that says why. Errors: TypeError and ValueError for arguments of this function that make no sense.
    """
    _check_arguments(max_examples, dtype, workers, timeout)
    with record.watching() as seen:
        tell_use(subject[0] if isinstance(subject, tuple) and subject else subject)
        report = _check(subject, signature, inputs, seed, max_examples, dtype, exact, timeout, against, allow, target)
    return with_caveats(report, seen)


def _check(
    subject: Any,
    signature: Signature | str | None,
    inputs: Inputs | None,
    seed: int | None,
    max_examples: int,
    dtype: Any,
    exact: bool,
    timeout: float | None,
    against: Any,
    allow: Sequence[str] | str,
    target: str | None,
) -> Report:
    allow = (allow,) if isinstance(allow, str) else tuple(allow)
    _check_allowances(allow)
    started = time.perf_counter()
    seed = secrets.randbelow(2**31) if seed is None else int(seed)
    name = target or _name(subject)
    with contextlib.ExitStack() as lifted:
        run = _Run(name=name, seed=seed, allow=allow, started=started, lifted=lifted, exact=exact)
        return _report(run, subject, signature, inputs, max_examples, dtype, timeout, against)


def _report(
    run: _Run,
    subject: Any,
    signature: Signature | str | None,
    inputs: Inputs | None,
    max_examples: int,
    dtype: Any,
    timeout: float | None,
    against: Any,
) -> Report:
    try:
        if signature is None and inputs is None:
            own = own_case(subject)
            subject, signature, inputs = own.subject, own.signature, own.inputs
        wanted = Signature.parse(signature) if isinstance(signature, str) else signature
        other = None if against is None else trusted(against, wanted, dtype)
        arrays = None if inputs is None else as_arrays(inputs, np.dtype(dtype))
        read_subject = _read(subject, wanted, arrays, dtype)
        run.given, run.subject = subject, read_subject
        read_subject = run.with_loss(read_subject, dtype)
        if arrays is not None:
            given = explicit_case(read_subject, arrays, run.seed, np.dtype(dtype))
            run.look(given, asked=True)
            run.average()
            run.use(given, dtype)
            run.compare(other)
        else:
            deadline = time.monotonic() + (np.inf if timeout is None else timeout)
            run.search(drawn_cases(read_subject, dtype=str(np.dtype(dtype))), max_examples, deadline)
            run.ordinary(dtype)
            run.average()
            if run.beyond(dtype, deadline):
                run.average()
            run.modes(max_examples, dtype, deadline)
            run.use(None, dtype)
            run.compare(other, deadline)
    except (LayerError, SignatureError) as error:
        return run.failed(str(error))
    return run.report()


def assert_gradients(subject: Any, signature: Signature | str | None = None, **options: Any) -> Report:
    """`check`, raising GradientMismatch (an AssertionError) whose text is the report unless it passes.

    Takes the arguments of `check` and returns its report.
    """
    __tracebackhide__ = True
    report = check(subject, signature, **options)
    if not report.passed:
        raise GradientMismatch(report.to_text())
    return report


@dataclass(slots=True, kw_only=True)
class _Run:
    """One check under way: what was looked at so far."""

    name: str
    seed: int
    allow: tuple[str, ...]
    started: float
    lifted: contextlib.ExitStack
    exact: bool = False
    given: Any = None
    subject: Subject | None = None
    results: list[CaseResult] = field(default_factory=list)
    raised: list[UserCodeRaised] = field(default_factory=list)
    smallest: CaseResult | None = None
    breaches: list[Finding] = field(default_factory=list)
    uses: tuple[str, ...] = ()
    said: list[Finding] = field(default_factory=list)
    standing: Standing | None = None
    far: Finding | None = None
    guards: Guards | None = None
    guard: Finding | None = None
    drawing: tuple[Any, int, float] | None = None
    longest: float = 0.0  # seconds for one of the drawn cases
    within: bool = False  # a range, of scores or of outputs, beyond which it is not meant

    def with_loss(self, subject: Subject, dtype: Any) -> Subject:
        """The subject, with the loss that its backward means where nothing else says it."""
        found = implied(subject, self.seed, dtype)
        if found is not None:
            self.subject, self.within = found.subject, found.within
            self.standing = Standing(likeness=found.said)
        assert self.subject is not None
        return self.subject

    def ordinary(self, dtype: Any) -> None:
        """Ordinary values, where all that was drawn was too large for a finite output: they settle nothing."""
        assert self.subject is not None
        if self.results and not any(result.finite for result in self.results):
            case = ordinary_case(self.subject, self.seed, dtype)
            if case is not None:
                self.look(case)

    def beyond(self, dtype: Any, deadline: float) -> bool:
        """Cases of which drawing makes few, while there is time for one that takes longer than those that it made;
        whether one of them is the first in which something is wrong.

        Not where it is judged by scores, since the layer never meant the logarithms of saturated ones.
        """
        known = any(result.differing for result in self.results)
        for make in () if self.within else (self._single, self._spread, self._roomy):
            if self.room(deadline):
                self.look_beyond(make(dtype))
        return not known and any(result.differing for result in self.results)

    def room(self, deadline: float) -> bool:
        """Whether a case that takes longer than those that were drawn would end before the deadline."""
        return time.monotonic() + _LONGER * self.longest < deadline

    def _single(self, dtype: Any) -> Case | None:
        """A batch of one, which drawing may not have met; a layer need not take it."""
        assert self.subject is not None
        first = next(iter(self.subject.signature.sizes), None)
        return None if first is None else ordinary_case(self.subject, self.seed, dtype, {first: 1})

    def _spread(self, dtype: Any) -> Case | None:
        """Inputs that reach farther than ordinary ones, to where thresholds lie: 6 of a ReLU6, 1 of a Huber loss."""
        assert self.subject is not None
        case = ordinary_case(self.subject, self.seed, dtype)
        wide = None if case is None else reaching(case)
        return None if wide is case else wide

    def _roomy(self, dtype: Any) -> Case | None:
        """An input much larger than what slides over it, where something does: several windows, whatever the stride."""
        assert self.subject is not None
        signature = self.subject.signature
        output = signature.output
        if output is not None and all(d.is_name or not d.names for d in output):
            return None
        main = [name for d in signature.arguments[0].dims[1:] for name in d.names]
        others = [name for name in signature.sizes if name not in main]
        beside = {name: 2 + k for k, name in enumerate(others)}
        for start in _ROOMY:
            sizes = {**{name: start + k for k, name in enumerate(main)}, **beside}
            case = ordinary_case(self.subject, self.seed, dtype, sizes)
            if case is None or sum(array.size for array in case.arrays.values()) <= _MOST_ROOM:
                return case
        return case

    def average(self) -> None:
        """Where backward is the gradient of something else by convention, of a mean, or by scores: judged as that."""
        assert self.subject is not None
        known = [*self.results, *([self.smallest] if self.smallest is not None else [])]
        for judged_as in (as_mean, as_classes, as_formed, as_fused, over_batch):
            meant = judged_as(self.subject, known)
            if meant is not None:
                self.subject, self.results, self.smallest = meant.subject, meant.results, None
                self.within = self.within or meant.within
                self.said += meant.findings
                break

    def look_beyond(self, case: Case | None) -> None:
        """One more case, where nothing is known to be wrong yet: it counts only if something is wrong in it."""
        if case is None or not self.results or any(result.differing for result in self.results):
            return
        raised = len(self.raised)
        result = self.look(case)
        if result is not None and (not result.differing or self.without_guards([result])):
            self.results = [one for one in self.results if one is not result]  # the drawn ones are counted and shown
        del self.raised[raised:]

    def modes(self, count: int, dtype: Any, deadline: float) -> None:
        """The layer's other uses: wrong values count, and what such a use does not support does not."""
        assert self.subject is not None
        if not self.results or any(result.differing for result in self.results):
            return
        subject = self.subject
        if self.guards is not None:
            kept = (mode for mode in subject.modes if mode[0].partition("=")[0] not in self.guards.names)
            subject = replace(subject, modes=tuple(kept))
        tried = functools.partial(look_at_uses, end=deadline, room=lambda: self.room(deadline))
        found = tried(subject, self.results, self.seed, count, dtype)
        if found.wrong is not None and self.guards is None and self.without_guards([found.wrong]):
            found = tried(subject, self.results, self.seed, count, dtype)
        self.uses, self.smallest = found.tried, found.wrong
        self.said += found.said

    def use(self, case: Case | None, dtype: Any) -> None:
        """Whether the contract holds on the case given, else on an ordinary one, else on one that was drawn."""
        assert self.subject is not None
        self.lifted.close()
        known = [result.case for result in self.results if result.finite]
        for one in (case, *((ordinary_case(self.subject, self.seed, dtype), *known[:1]) if case is None else ())):
            if one is not None and (known or case is not None):
                self.breaches = breaches(one)
                break
        if self.within:  # how far the scores may go is the affair of what makes probabilities of them
            self.breaches = [finding for finding in self.breaches if finding.kind != "overflow"]

    def compare(self, other: Trusted | None, deadline: float = np.inf) -> None:
        """Beside the trusted layer, on the cases that were looked at and ran; without one, beside what is known."""
        assert self.subject is not None
        cases = [result.case for result in self.results if result.mode is None]
        if other is not None and cases:
            self.standing = compare(self.subject, other, cases, deadline)
            if all("; it is " in finding.message for finding in self.standing.findings):
                return
        if self.results and time.monotonic() < deadline and (likeness := recognised(self.subject, self.seed, cases)):
            before = self.standing
            said = likeness if before is None else f"{before.likeness}; {likeness}"
            self.standing = Standing(likeness=said) if before is None else replace(before, likeness=said)

    def look(self, case: Case, *, asked: bool = False) -> CaseResult | None:
        """Judges one case; what the layer's code raised is kept. `asked`: the case is the user's own."""
        try:
            result = examine(replace(case, exact=True) if self.exact else case)
        except UserCodeRaised as error:
            if asked or not has_one_of_something(case):
                self.raised.append(error)
            return None
        if not asked and (large := overflows(result)):
            self.far = self.far or out_of_range(min(result.differing), large)
            return None
        self.results.append(result)
        return result

    def search(self, strategy: Any, count: int, deadline: float) -> None:
        self.drawing = strategy, count, deadline
        search = Search(strategy, self.look, self.seed)
        search.draw(count, deadline, self.enough)
        self.longest = search.longest
        failing = [result for result in self.results if result.differing]
        if failing and not self.without_guards(failing):
            failing = self.beneath_guards(failing)
            if self.guards is not None:
                search.forget()
            most = max(failing, key=lambda result: len(result.differing)).differing
            known, raised = list(self.results), list(self.raised)
            self.smallest = search.shrink(lambda result: result is not None and most <= result.differing, count)
            # What shrinking tried is no sample of anything: only the case that it ended with counts.
            self.results, self.raised = known, raised

    def enough(self) -> bool:
        """Whether several cases are wrong, and took long: further ones would hardly tell more."""
        failing = [result for result in self.results if result.differing]
        return len(failing) >= _FAILING and sum(result.evaluations for result in failing) > _MOST_OF_FAILING

    def found_guards(self) -> Guards | None:
        """The guards in the code of what is checked."""
        assert self.subject is not None
        return guards.find(self.given, loss=guards.is_loss(self.subject))

    def without_guards(self, failing: Sequence[CaseResult]) -> bool:
        """Whether only guards keep the gradient from being right; what follows is without them then."""
        assert self.subject is not None
        found = self.found_guards()
        if found is None or self.guard is not None or self.drawing is None:
            return False
        strategy, count, deadline = self.drawing
        again: list[CaseResult] = []
        results: list[CaseResult] = []
        with contextlib.suppress(UserCodeRaised), found.lifted():
            again += [examine(result.case) for result in failing[:3]]
            if any(result.differing for result in again):
                return False
            Search(strategy, lambda case: results.append(examine(case)), self.seed).draw(count, deadline)
            results += map(examine, self._plain(failing[0].case))  # what is drawn may saturate all over
        if all(result.mode is None for result in failing):
            results = again + results
        settled = [r for r in results if not r.undecided and r.finite]
        if any(r.differing for r in (*again, *results)) or 4 * len(settled) <= len(results):
            return False
        self.lifted.enter_context(found.lifted())
        self.results = settled
        self.guards, self.guard = found, found.finding(failing)
        return True

    def beneath_guards(self, failing: list[CaseResult]) -> list[CaseResult]:
        """The cases that are wrong without guards, too, as they are then; all that follows is without them."""
        found = self.found_guards()
        if found is None:
            return failing
        beneath: dict[int, CaseResult] = {}
        with contextlib.suppress(UserCodeRaised), found.lifted():
            beneath.update((id(result), examine(result.case)) for result in failing)
        wrong = [one for one in beneath.values() if one.differing and one.finite]
        if not wrong:
            return failing
        self.lifted.enter_context(found.lifted())
        self.guards = found
        self.results = [one for result in self.results if (one := beneath.get(id(result), result)).finite]
        return wrong

    def _plain(self, case: Case) -> list[Case]:
        """A few cases of ordinary values, of the dtype of this one."""
        found = (ordinary_case(case.subject, self.seed + k, case.dtype, signature=case.signature) for k in range(4))
        return [one for one in found if one is not None]

    def failed(self, why: str) -> Report:
        return Report(
            target=self.name,
            verdict="error",
            signature=None if self.subject is None else str(self.subject.signature),
            seed=self.seed,
            seconds=time.perf_counter() - self.started,
            why=why,
            versions=versions(),
        )

    def report(self) -> Report:
        assert self.subject is not None
        left_out = [error for error in self.raised if error.outside]
        if not self.results and len(left_out) == len(self.raised):
            return self.failed(self._why_nothing_ran(left_out))
        return summarise(
            self.subject,
            self.results,
            self.raised,
            self.smallest,
            (*self.said, *self.breaches, *filter(None, (self.guard, self.far))),
            uses=self.uses,
            named=self.named(),
            standing=self.standing,
            target=self.name,
            seed=self.seed,
            allow=self.allow,
            seconds=time.perf_counter() - self.started,
            versions=versions(),
        )

    def named(self) -> Mapping[str, Diagnosis]:
        """The faults of gradients that differ, by name; it costs nothing where none does."""
        known = [*self.results, *([self.smallest] if self.smallest is not None else [])]
        if not any(result.differing for result in known):
            return {}
        left = np.inf if self.drawing is None else self.drawing[2] - time.monotonic()
        return diagnose(known, self.seed, time.monotonic() + left / 3)

    def _why_nothing_ran(self, left_out: list[UserCodeRaised]) -> str:
        signature = None if self.subject is None else str(self.subject.signature)
        if not left_out:
            return f"no case could be drawn for the signature {signature}"
        return f"{left_out[0]}\nfor inputs drawn as {signature}; give the layer's own: --signature, or inputs="


def _read(subject: Any, signature: Signature | None, arrays: Any, dtype: Any) -> Subject:
    """The subject; where it cannot be called with the inputs, as it is without them, so that they can be named."""
    try:
        return read(subject, signature, inputs=arrays, dtype=dtype, name=_name(subject))
    except LayerError as error:
        if not isinstance(arrays, Mapping):
            raise
        try:
            known = read(subject, signature, dtype=dtype, name=_name(subject))
        except LayerError:
            raise error from None
        if set(arrays) <= {argument.name for argument in known.signature.arguments}:
            raise
        return known


def _check_arguments(max_examples: int, dtype: Any, workers: Any, timeout: float | None) -> None:
    if max_examples < 1:
        raise ValueError(f"Expected max_examples to be at least 1, got {max_examples}")
    if np.dtype(dtype) not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"Expected dtype to be float32 or float64, got {dtype!r}")
    if timeout is not None and not timeout > 0:
        raise ValueError(f"Expected timeout to be a positive number of seconds, got {timeout!r}")
    if workers is not None:
        raise ValueError(f"Expected workers to be None, got {workers!r}: this version checks in one process")


def _check_allowances(allow: Sequence[str]) -> None:
    for text in allow:
        kind = str(text).rpartition(":")[2]
        if kind not in KINDS:
            near = difflib.get_close_matches(kind, sorted(KINDS), n=1)
            hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(sorted(KINDS))}"
            raise ValueError(f"Expected allow to name kinds of finding, got {kind!r}: {hint}")


def _name(subject: Any) -> str:
    if isinstance(subject, tuple) and subject:
        return _name(subject[0])
    return str(getattr(subject, "__name__", type(subject).__name__))


def versions() -> dict[str, str]:
    """What took part: a report is reproducible with these and its seed."""
    import hypothesis

    from checks import __version__

    return {"gradproof": __version__, "numpy": np.__version__, "hypothesis": hypothesis.__version__}


def cases(subject: Any, signature: Signature | str | None = None, *, dtype: Any = "float64") -> Any:
    """A hypothesis strategy of Cases for a class, an instance, a pair of functions, a network or a Subject."""
    wanted = Signature.parse(signature) if isinstance(signature, str) else signature
    known = subject if isinstance(subject, Subject) else read(subject, wanted, dtype=dtype, name=_name(subject))
    return drawn_cases(known, wanted, dtype=str(np.dtype(dtype)))


__all__ = ["assert_gradients", "cases", "check"]
