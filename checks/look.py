"""One case looked at once: both derivatives of every gradient, compared, and what there is to say of the layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from checks.case import Case
from checks.comparison import compare
from checks.entries import DIFFERS, UNDECIDED, Entries
from checks.evaluation import Evaluation
from checks.ladder import differentiate
from checks.results import Comparison, GradientVerdict, Worst
from checks.rows import row

MOST_OWED = 16  # entries of an array without a gradient that are differentiated to see whether it plays a part
MOST_BESIDE = 32  # entries of one gradient looked at beside their point


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CaseResult:
    """What one case showed: a row for each gradient, and how the layer behaved. `case` may lie beside the drawn one.

    `zero`: gradients that are all zeros and wrong. `not_numbers`: those that are wrong only where they are not finite.
    `nothing`: derivatives that are zero here, in every entry.
    `lost_precision`: the output's dtype where it is narrower than that of the arrays. `mode`: words for the use in
    which it was seen, where it is not the default one. `no_numbers`: where a gradient is not finite at a single point,
    in words, by its name.
    """

    case: Case
    rows: Mapping[str, Comparison]
    output_shape: tuple[int, ...]
    upstream_shape: tuple[int, ...]
    finite: bool
    deterministic: bool
    mutated: tuple[str, ...]
    evaluations: int
    wrong_shapes: Mapping[str, str] = field(default_factory=dict)
    kinks: int = 0
    zero: frozenset[str] = frozenset()
    not_numbers: frozenset[str] = frozenset()
    nothing: frozenset[str] = frozenset()
    lost_precision: str | None = None
    mode: str | None = None
    no_numbers: Mapping[str, str] = field(default_factory=dict)

    @property
    def differing(self) -> frozenset[str]:
        """Gradients that are wrong or not there."""
        return frozenset(name for name, r in self.rows.items() if r.verdict in ("differs", "missing"))

    @property
    def undecided(self) -> frozenset[str]:
        return frozenset(name for name, r in self.rows.items() if r.verdict == "undecided")


class Look:
    """One evaluation with the entries of its gradients (of all, or of those asked for)."""

    def __init__(self, case: Case, *, rebuild: bool = False, only: Mapping[str, Entries] | None = None) -> None:
        self.case = case
        self.spent = 0
        self.evaluation = Evaluation(case, rebuild=rebuild)
        self.finite = bool(np.all(np.isfinite(self.evaluation.native.base))) and not self._starved
        self.entries: dict[str, Entries] = {}
        self.missing: dict[str, Worst] = {}
        if self.finite:
            for name in case.arrays:
                self._compare(name, only)

    @property
    def _starved(self) -> bool:
        """Whether a gradient is no number for nothing but a zero from above times another, infinite output."""
        gradients = self.evaluation.analytic.values()
        return any(not np.all(np.isfinite(g)) for g in gradients) and self.evaluation.native.starves

    def _compare(self, name: str, only: Mapping[str, Entries] | None) -> None:
        if not self.case.is_differentiable(name):
            return
        if only is not None:
            if name in only and name in self.evaluation.analytic:
                known = only[name]
                accused = bool((known.codes == DIFFERS).any())
                self.entries[name] = compare(self.evaluation, name, known.indices, known.typical, closely=accused)
            return
        if name in self.evaluation.analytic:
            self.entries[name] = compare(self.evaluation, name)
        elif name in self.case.subject.owed and name not in self.evaluation.problems:
            owed = self._owed(name)
            if owed is not None:
                self.missing[name] = owed

    def _owed(self, name: str) -> Worst | None:
        """The largest derivative among the first entries of an array without a gradient; None if it plays no part."""
        function = self.evaluation.function(name)
        assert function is not None
        found = {k: differentiate(function, k) for k in range(min(function.x.size, MOST_OWED))}
        known = [
            k for k, derivative in found.items() if abs(derivative.value) > derivative.allowance or derivative.kink
        ]
        if not known:
            return None
        k = max(known, key=lambda k: abs(found[k].value))
        index = tuple(int(i) for i in np.unravel_index(k, function.x.shape)) if function.x.shape else ()
        return Worst(index=index, analytic=np.nan, numerical=found[k].value, allowance=found[k].allowance)

    def doubts(self) -> dict[str, Entries]:
        """The entries, by gradient, whose verdict rests on a special point or would be an accusation."""
        doubts = {}
        for name, entries in self.entries.items():
            special = np.array(
                [
                    code == DIFFERS or kink or (code == UNDECIDED and entries.causes.get(k) != "noise")
                    for k, (code, kink) in enumerate(zip(entries.codes, entries.kinks, strict=True))
                ],
                dtype=bool,
            )
            if special.any():
                doubts[name] = subset(entries, _foremost(entries, np.flatnonzero(special)))
        return doubts

    def _lost_precision(self) -> str | None:
        bench = self.evaluation.native
        dtypes = [bench.arrays[name].dtype for name in self.case.movable]
        narrow = dtypes and np.issubdtype(bench.output.dtype, np.floating)
        return (
            str(bench.output.dtype)
            if narrow and bench.output.dtype.itemsize < min(d.itemsize for d in dtypes)
            else None
        )

    def result(self) -> CaseResult:
        evaluation = self.evaluation
        rows = {name: row(evaluation, entries) for name, entries in self.entries.items()}
        roles = self.case.subject.roles
        verdict: GradientVerdict
        for name in self.case.arrays:
            array = self.case.arrays[name]
            role, shape, dtype = roles.get(name, "input"), array.shape, str(array.dtype)
            if name in self.missing:
                verdict, cause = "missing", "backward gave no gradient for it"
            elif name in evaluation.problems and name not in evaluation.analytic:
                verdict, cause = "differs", f"the gradient {evaluation.problems[name]}"
            elif not self.finite and name in evaluation.analytic:
                verdict, cause = "undecided", "domain: the output is not finite"
            else:
                continue
            rows[name] = Comparison(
                name=name,
                role=role,
                shape=shape,
                dtype=dtype,
                verdict=verdict,
                cause=cause,
                worst=self.missing.get(name),
            )
        return CaseResult(
            case=replace(self.case, upstream=evaluation.upstream if self.case.subject.takes_upstream else None),
            rows={name: rows[name] for name in self.case.arrays if name in rows},
            output_shape=evaluation.native.output.shape,
            upstream_shape=evaluation.upstream.shape,
            finite=self.finite,
            deterministic=evaluation.native.deterministic,
            mutated=evaluation.native.mutated,
            evaluations=evaluation.evaluations + self.spent,
            wrong_shapes=dict(evaluation.problems),
            kinks=sum(int(entries.kinks.sum()) for entries in self.entries.values()),
            zero=frozenset(
                name
                for name, entries in self.entries.items()
                if entries.verdict == "differs" and not np.any(evaluation.analytic[name])
            ),
            not_numbers=frozenset(
                name
                for name, entries in self.entries.items()
                if entries.verdict == "differs" and not np.isfinite(entries.analytic[entries.codes == DIFFERS]).any()
            ),
            nothing=frozenset(name for name, entries in self.entries.items() if not entries.typical),
            lost_precision=self._lost_precision(),
            no_numbers={name: self._no_number(entries) for name, entries in self.entries.items() if entries.no_numbers},
        )

    def _no_number(self, entries: Entries) -> str:
        """`nan at x[0, 1] = 0, where the derivative is 0.5`."""
        flat, (value, derivative) = next(iter(entries.no_numbers.items()))
        array = self.case.arrays[entries.name]
        index = np.unravel_index(flat, array.shape) if array.shape else ()
        place = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
        at = f"{entries.name}{place} = {float(array[index]):.3g}"
        return f"{value:g} at {at}, where the derivative is {derivative:.3g}"


def _foremost(entries: Entries, at: Sequence[int] | np.ndarray) -> np.ndarray:
    """The most telling of the entries `at`: those that differ first, then the furthest off."""
    at = np.asarray(at, dtype=int)
    off = np.abs(entries.analytic[at] - entries.numerical[at]) / np.maximum(entries.allowances[at], 1e-300)
    order = np.lexsort((-np.nan_to_num(off, nan=np.inf), -entries.codes[at]))
    return np.sort(at[order[:MOST_BESIDE]])


def subset(entries: Entries, at: np.ndarray) -> Entries:
    causes = {new: entries.causes[int(old)] for new, old in enumerate(at) if int(old) in entries.causes}
    return replace(
        entries,
        indices=entries.indices[at],
        analytic=entries.analytic[at],
        numerical=entries.numerical[at],
        allowances=entries.allowances[at],
        sizes=entries.sizes[at],
        zero_sizes=entries.zero_sizes[at],
        codes=entries.codes[at],
        kinks=entries.kinks[at],
        causes=causes,
    )
