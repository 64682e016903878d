"""Analytic against numerical, entry by entry, until each is settled or nothing more can be done.

Cheap first: two evaluations an entry settle nearly all. What is left is looked at with smaller steps (a kink may have
been crossed), by the ladder, on longdouble copies, and with the complex step, each only for what is not settled yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from checks.accusing import Which, holds_closer, swallowed, within_round_off
from checks.directions import MANY, overview
from checks.entries import AGREES, BLIND, DIFFERS, UNDECIDED, VERY_WEAK, Cause, Entries, judge, rms
from checks.evaluation import COARSE, Evaluation
from checks.function import Along, Array, Function
from checks.ladder import Derivative, Line, differentiate, jump, natural_slope
from checks.sweep import once, sweep

CLOSE = 1e-6  # of s: a cheap numerical allowance above it is refined before it is believed
DULL = 1e-9  # of s: an allowance above it is noise, of which the ladder has more
HARMLESS = 1e-6  # of the function's own size: round-off of a gradient that is right in longdouble
FAR_AWAY = 2.0**36  # of an entry's scale: as far as a tiny entry has to go to matter at all
WEAK = 1e-3  # of S: values so far below the function's own size that rounding inside it may show instead
TWO_DIGITS, THREE_DIGITS = 1e-2, 1e-3
CROWD = 48  # entries that agree by the ladder, after which the rest are looked at all together
WAYS_TOGETHER = 3
ENOUGH_DIFFERENT = 4  # entries confirmed as different, after which the rest go by their cheap values


def compare(
    evaluation: Evaluation,
    name: str,
    only: Sequence[int] | Array | None = None,
    typical: float = 0.0,
    closely: bool = False,
) -> Entries:
    """Every entry of one gradient (or the flat indices `only`) judged.

    `typical` is a size known beforehand. `closely`: by the ladder at once, as where a small error has to be confirmed.
    """
    function = evaluation.function(name)
    assert function is not None
    along = None
    if only is None and function.x.size > MANY and not evaluation.case.exact:
        along = overview(evaluation, name)
        only = None if along is None else np.array(along.suspects, dtype=int)
        typical = typical if along is None else rms(evaluation.analytic[name].reshape(-1))
    found = _Comparing(evaluation, name, function, only, typical, closely).run()
    if along is not None and along.suspects and not (found.codes == DIFFERS).any():  # nothing to show for it
        return _Comparing(evaluation, name, function, None, 0.0, closely).run()
    found.along = along
    return found


class _Comparing:
    """The stages of one comparison, cheap first."""

    def __init__(
        self,
        evaluation: Evaluation,
        name: str,
        function: Function,
        only: Sequence[int] | Array | None,
        typical: float,
        closely: bool,
    ) -> None:
        self.closely = closely
        self.known_typical = typical
        self.evaluation = evaluation
        self.name = name
        self.indices = np.arange(function.x.size) if only is None else np.asarray(only, dtype=int)
        self.a = evaluation.analytic[name].reshape(-1)[self.indices]
        self.function = function

    def _begin(self) -> Array:
        """The cheap differences and what they settle: a code for each entry."""
        function = self.function
        self.r = np.array(self.evaluation.roundoff[self.name].reshape(-1)[self.indices])
        coarse = max(self.evaluation.units[self.name], function.unit_roundoff) > COARSE
        self.tolerance, self.zero_tolerance = (1e-2, 1e-3) if coarse else (1e-4, 1e-8)
        self.total = float(np.sum(np.abs(function.weights * function.base)))
        self.zero_sizes = self.total / function.scale[self.indices]
        result = sweep(function, self.indices, self._pilots())
        self.ratio, self.truncation = result.ratio, result.truncation
        self.n, self.e = result.values, result.allowances
        self.typical = self._typical()
        self.kinks = np.zeros(len(self.indices), dtype=bool)
        self.causes: dict[int, Cause] = {}
        self.rough = frozenset[int]()
        self.blunt = 0.0  # the share of an entry that could not be accused, of those that the complex step confirmed
        self.allowance_before: dict[int, float] = {}  # of entries on which longdouble is asked, before it was
        self.steps: dict[int, float] = {}  # the longest that the value of an entry rests on, where the ladder gave it
        return self._judge(close=0.0 if self.closely else CLOSE)

    def run(self) -> Entries:
        codes = self._begin()
        if codes.any() and self.evaluation.rounds_inside(self.name):
            codes = self._begin_anew()
        if codes.any():
            codes = self._refine(codes)
        if self._within_round_off(codes) and self.evaluation.numeric.stands_still(self.name):
            codes = self._refine(self._begin_anew())
        if codes.any():
            self.typical = self._typical()
        return Entries(
            name=self.name,
            indices=self.indices,
            analytic=self.a,
            numerical=self.n,
            allowances=self.e + self.r,
            sizes=self._sizes(),
            zero_sizes=self.zero_sizes,
            codes=codes,
            kinks=self.kinks,
            typical=self.typical,
            causes=self.causes,
            hidden=self._hidden(),
            reach=max(self.blunt, self._reach(codes)),
            rough=self.rough,
        )

    def _begin_anew(self) -> Array:
        """From the start with a function of which more is known."""
        function = self.evaluation.function(self.name)
        assert function is not None
        self.function = function
        return self._begin()

    def _within_round_off(self, codes: Array) -> bool:
        """Whether an accusation rests on steps so short that round-off elsewhere could make the difference."""
        accused = ((k, step) for k, step in self.steps.items() if codes[k] == DIFFERS)
        return any(within_round_off(self.function, abs(self.a[k] - self.n[k]), step) for k, step in accused)

    def _hidden(self) -> float:
        """What the rounding of an output that stands still could hide, by how much the output is known to change."""
        silent = np.flatnonzero(self.n == 0)
        if not len(silent):
            return self._saturated()
        change = max(
            float(np.max(self.zero_sizes)), natural_slope(self.function, int(self.indices[silent[len(silent) // 2]]))
        )
        return max(4 * self.function.unit_roundoff * change, self._saturated())

    def _saturated(self) -> float:
        """What is round-off in a gradient that is nothing but that, next to what moving everything does; else 0.0.

        Where the output itself is saturated: no larger than the round-off of how much it can change (a loss of 1e-16).
        """
        unit = max(self.function.unit_roundoff, self.evaluation.units[self.name])
        if self.total > 256 * unit * self.evaluation.variation:
            return 0.0
        own = 4 * unit * self.evaluation.variation / float(np.max(self.function.scale, initial=np.finfo(float).tiny))
        return own if self.typical <= 16 * own else 0.0

    def _reach(self, codes: Array) -> float:
        """The ladder's allowance for the entry that the cheap differences know least, where that is little.

        An accusation rests on the ladder, and where round-off rules its allowance is several times theirs.
        """
        sizes = self._sizes()
        known = np.flatnonzero((codes == AGREES) & ~self.kinks & (sizes > 0) & (self.n != 0))
        if not len(known):
            return 0.0
        shares = self.e[known] / sizes[known]
        k = int(known[int(np.argmax(shares))])
        if float(shares.max()) <= DULL:
            return 0.0
        found = differentiate(self.function, int(self.indices[k]), self.typical)
        return float(found.allowance + self.r[k]) / float(sizes[k]) if found.cause is None and not found.kink else 0.0

    def _pilots(self) -> list[int]:
        """Where the step is calibrated: the entry with the largest gradient, and one more of a large array."""
        if not len(self.indices):
            return []
        # By powers of two, so that a small change of one entry does not change how all of them are differentiated.
        sizes = np.frexp(np.where(np.isfinite(self.a), np.abs(self.a), 0.0))[1]
        first = int(self.indices[int(np.argmax(np.where(self.a != 0, sizes, np.iinfo(np.int32).min)))])
        return [first] if len(self.indices) < 16 else [first, int(self.indices[len(sizes) // 3])]

    def _typical(self) -> float:
        """The root mean square of the entries that stand out of their round-off, of those that fit where any does."""
        fits = np.abs(self.a - self.n) <= self.e + self.r
        if not fits.any():
            fits = np.isfinite(self.n)
        numerical = rms(self.n[fits & (np.abs(self.n) > self.e)])
        analytic = rms(self.a[fits & np.isfinite(self.a) & (np.abs(self.a) > self.r)])
        return max(self.known_typical, numerical, analytic)

    def _sizes(self) -> Array:
        sizes = np.fmax(np.fmax(np.abs(self.a), np.abs(self.n)), self.typical)
        return np.where(np.isfinite(sizes), sizes, self.typical)

    def _judge(self, close: float) -> Array:
        """Codes of all entries by what is known of them now."""
        return judge(
            self.a,
            self.n,
            self.e,
            self.r,
            self._sizes(),
            self.zero_sizes,
            self.tolerance,
            self.zero_tolerance,
            close,
        )

    def _judge_one(self, k: int, close: float, tolerance: float | None = None) -> int:
        return int(self._judge_at(np.array([k]), close, tolerance)[0])

    def _judge_at(self, at: Array, close: float, tolerance: float | None = None) -> Array:
        return judge(
            self.a[at], self.n[at], self.e[at], self.r[at], self._sizes()[at], self.zero_sizes[at],
            self.tolerance if tolerance is None else tolerance, self.zero_tolerance, close,
        )  # fmt: skip

    def _refine(self, codes: Array) -> Array:
        """Looks closer at what is not settled, furthest off first, until it is or enough entries differ."""
        distance = np.abs(self.a - self.n) / np.maximum(self.e + self.r, np.finfo(float).tiny)
        order = [int(k) for k in np.argsort(-np.where(np.isnan(distance), np.inf, distance)) if codes[k] != AGREES]
        different = no_numbers = 0
        sizes = self._sizes()
        for done, k in enumerate(order):
            if done == CROWD and not codes[order[:done]].any() and self._agree_together(np.array(order[done:])):
                codes[order[done:]] = AGREES
                break
            if different >= ENOUGH_DIFFERENT:
                rest = np.array(order[done:])
                codes[rest] = self._judge_at(rest, close=self.tolerance)
                self.rough = frozenset(int(i) for i in self.indices[rest[codes[rest] == DIFFERS]])
                break
            if no_numbers >= ENOUGH_DIFFERENT and not np.isfinite(self.a[k]):
                codes[k] = self._judge_one(k, self.tolerance)
                continue
            codes[k] = UNDECIDED if self.closely else self._smaller_steps(k, float(sizes[k]))
            if codes[k] != AGREES:
                cheap = float(self.n[k]), float(self.e[k])
                codes[k] = self._settle(k, wide=False)
                if codes[k] == AGREES and not self.kinks[k]:
                    codes[k] = self._sharper(k, *cheap)
            if codes[k] == DIFFERS and (self._only_rounded(k) or self._judge_precise(k) == AGREES):
                codes[k] = AGREES
            refuted = False
            if codes[k] != AGREES:
                before = int(codes[k])
                codes[k] = self._stood_still(k, before)
                refuted = before == DIFFERS and codes[k] == UNDECIDED
                if codes[k] == AGREES:
                    self.causes.pop(k, None)
            if codes[k] != AGREES and not refuted and not self.kinks[k] and (codes[k] == UNDECIDED or self._weak(k)):
                codes[k] = self._closer_arithmetic(k, int(codes[k]))
                if codes[k] == AGREES:
                    self.causes.pop(k, None)
            if codes[k] == DIFFERS:
                codes[k] = self._doubted(k)
            different += int(codes[k] == DIFFERS and np.isfinite(self.a[k]))  # one that is no number tells of no other
            no_numbers += int(codes[k] == DIFFERS and not np.isfinite(self.a[k]))
        return self._without_measure(codes)

    def _agree_together(self, rest: Array) -> bool:
        """Whether entries agree along directions in which all of them move, each known as well as it has to be.

        They are those that differ least, and all that differed more agree when they are looked at one by one. Errors of
        single entries add up to nothing along one direction in a while, and along three never.
        """
        rng = np.random.default_rng([self.evaluation.case.seed, 8])
        sizes, worst = self._sizes()[rest], np.zeros(len(rest))
        for _ in range(WAYS_TOGETHER):
            where = self.indices[rest]
            along = Along(self.function, where, self.function.scale[where] * rng.choice([-1.0, 1.0], len(rest)))
            found = differentiate(along, 0, self.typical * float(np.min(np.abs(along.lengths))))
            given = float(np.sum(self.a[rest] * along.lengths))
            own = float(np.sqrt(np.sum((self.r[rest] * along.lengths) ** 2)))
            if found.kink or found.cause is not None or not abs(given - found.value) <= found.allowance + own:
                return False
            worst = np.maximum(worst, found.allowance / np.abs(along.lengths))
        if not np.all(worst + self.r[rest] <= self.tolerance * sizes):
            return False
        self.n[rest], self.e[rest] = self.a[rest], worst
        return True

    def _without_measure(self, codes: Array) -> Array:
        """A saturated output may stand still however far one entry is moved, and give no size to measure it by.

        Its neighbours do, and moving everything does: far below unit round-off times those slopes, nothing could show.
        """
        if not codes.any():
            return codes
        measure = 4 * self.function.unit_roundoff * float(np.max(self.zero_sizes, initial=0.0))
        saturated = self._saturated()
        silent = (self.n == 0) & (np.abs(self.a) <= measure)
        small = np.maximum(np.abs(self.a), np.abs(self.n)) <= saturated
        excused = (codes != AGREES) & (silent | small)
        self.e[excused] = max(measure, saturated)
        for k in np.flatnonzero(excused):
            self.causes.pop(int(k), None)
        return np.where(excused, AGREES, codes)

    def _smaller_steps(self, k: int, size: float) -> int:
        """Leaves behind a kink that the first step crossed, as long as round-off allows.

        Only where the smaller step tells another slope: one that merely knows less would excuse what the first saw.
        """
        if not np.isfinite(self.a[k]):
            return UNDECIDED
        index = int(self.indices[k])
        first = before = float(self.n[k]), float(self.e[k])
        for factor in (8.0, 64.0):
            if before[1] * 8 > self.tolerance * size:
                break
            value, allowance = once(self.function, index, self.ratio / factor, self.truncation)
            change = abs(value - before[0])
            if change <= 4 * (allowance + before[1]):
                break
            # If it was truncation and no kink, it falls with the square of the step: the share that is left.
            self.n[k], self.e[k] = after = value, allowance + change / 32
            if self._judge_one(k, CLOSE) == AGREES:
                return AGREES
            before = after
        self.n[k], self.e[k] = first
        return UNDECIDED

    def _sharper(self, k: int, value: float, allowance: float) -> int:
        """The cheap difference's word, where the ladder holds it possible, knows less, and other steps confirm it.

        Its step is calibrated elsewhere, and may be too long for this entry altogether: the ladder's is not.
        """
        apart = abs(float(self.a[k]) - value)
        possible = abs(float(self.n[k]) - value) + allowance <= self.e[k]
        if not apart > 3 * (allowance + self.r[k]) or not self.e[k] > 2 * allowance or not possible:
            return AGREES
        index = int(self.indices[k])
        for factor, own in ((2.0, 1.0), (0.5, 2.0)):
            other, _ = once(self.function, index, self.ratio * factor, 0.0)
            if not abs(other - value) <= own * allowance:
                return AGREES
        # A kink far within the steps bends them all alike; round-off hides from shorter ones on which side it lies.
        if jump(Line(self.function, index), self.ratio * float(self.function.scale[index]))[0] > apart / 2:
            return AGREES
        self.n[k], self.e[k] = value, allowance
        self.steps[k] = self.ratio * float(self.function.scale[index])
        return self._judge_one(k, self.tolerance)

    def _settle(self, k: int, *, wide: bool) -> int:
        """The ladder's word on entry k, in longdouble where `wide`."""
        function = self.evaluation.function(self.name, wide=wide) if wide else self.function
        if function is None:
            return UNDECIDED
        found = differentiate(function, int(self.indices[k]), self.typical)
        if wide and (found.kink or found.cause is not None):
            return UNDECIDED
        if wide and found.value == 0.0 and abs(self.n[k]) > self.e[k]:
            return UNDECIDED  # it stood still under steps that are too small for its grid
        self.n[k], self.e[k] = found.value, found.allowance
        if not wide and not found.kink and found.cause is None:
            self.steps[k] = found.step
        self.zero_sizes[k] = max(self.zero_sizes[k], found.zero_size)
        if found.kink:
            return self._at_kink(k, found)
        code = self._judge_wide(k) if wide else self._judge_one(k, self.tolerance)
        if wide and code == DIFFERS:  # longdouble cancels where float64 does, 2^11 times later
            apart, lost = abs(float(self.a[k]) - found.value), self.evaluation.lost / 256
            code = UNDECIDED if apart <= 3 * (found.allowance + self.r[k] + lost / found.step) else code
        if code == UNDECIDED:
            self.causes[k] = self._cause(k, found)
        else:
            self.causes.pop(k, None)
        return code

    def _doubted(self, k: int) -> int:
        """The verdict on an accused entry, once its steps are known to see what they would have to."""
        if k not in self.steps:
            return DIFFERS
        index, step = int(self.indices[k]), self.steps[k]
        values: dict[Which, float] = {"gradient": float(self.a[k]), "numerical": float(self.n[k])}
        code = DIFFERS
        if self._weak(k):
            beneath = max(map(abs, values.values())) <= self.function.unit_roundoff * self.zero_sizes[k]
            moving = self.evaluation.numeric.moving if beneath else None  # all that it adds may be swallowed there
            own, self.e[k] = self.e[k], max(self.e[k], swallowed(self.function, index, step, moving))
            code = self._judge_one(k, self.tolerance)
            if code == DIFFERS:
                self.e[k] = own
        wide = partial(self.evaluation.function, self.name, wide=True)
        if code == DIFFERS and holds_closer(self.function, wide, index, step, values, float(self.e[k])):
            code, self.causes[k] = UNDECIDED, "truncation"
        return code

    def _only_rounded(self, k: int) -> bool:
        """Whether backward's own round-off, as longdouble tells it, explains the difference.

        A formula that cancels ((x cos x - sin x) / x^2 near 0) may lose more than three nudges of the inputs show. Two
        digits have to be left.
        """
        gradient = self.evaluation.wide_gradient(self.name)
        if gradient is None:
            return False
        own = float(self.r[k])
        self.r[k] = own + 4 * abs(float(self.a[k]) - float(gradient[self.indices[k]]))
        if self._judge_one(k, self.tolerance, TWO_DIGITS) == AGREES:
            return True
        self.r[k] = own
        return False

    def _stood_still(self, k: int, code: int) -> int:
        """AGREES where longdouble tells another slope from the same steps and longer ones, and one that agrees.

        What a gate within a few floats of 1 loses between two of them shows in no noise: there the function is as
        smooth as a line, without the term that stands still. Longdouble loses 2^-11 of it. Where it tells another slope
        by more than three digits, or values of the function as far away as what is amiss, and the slope is none
        that agrees, nothing is known, and UNDECIDED.
        """
        function = self.evaluation.function(self.name, wide=True)
        if function is None or k not in self.steps:
            return code
        line, length = Line(function, int(self.indices[k])), 8 * self.steps[k]
        if self._confirmed_by(line, length, k):
            return AGREES
        off = abs(line.ladder(length)[0] - float(self.n[k]))
        lost = self.evaluation.lost
        apart = abs(float(self.a[k]) - float(self.n[k]))
        cancels = apart <= 3 * (self.e[k] + self.r[k] + 4 * lost / self.steps[k])
        if not np.isfinite(off) or (code == DIFFERS and off <= self.e[k] and not cancels):
            return code
        kept = self.n[k], self.e[k], self.r[k]
        self.allowance_before[k] = off
        lost = max(off * self.steps[k], lost) / 256  # of the output, in longdouble, whatever the step
        self.n[k], self.e[k] = min((line.ladder(length * 8.0**j, lost) for j in range(8)), key=lambda found: found[1])
        # Steps that stand still leave longdouble two digits to show, and they are more than float64 knows.
        if self._judge_wide(k) == AGREES or self._judge_one(k, TWO_DIGITS, TWO_DIGITS) == AGREES:
            return AGREES
        size = float(self._sizes()[k])
        off_wide = abs(float(self.n[k]) - float(self.a[k]))
        if self.e[k] <= TWO_DIGITS * size < apart and off_wide <= THREE_DIGITS * size:
            self.e[k] = THREE_DIGITS * size
            return AGREES
        # An accusation needs the steps at hand: longer ones may have crossed a kink.
        self.n[k], self.e[k] = line.ladder(length, lost)
        differs = self._judge_one(k, TWO_DIGITS, TWO_DIGITS) == DIFFERS
        if code == DIFFERS and differs and off > kept[1]:  # it is wrong by what longdouble says, too
            self.r[k] = kept[2]
            return DIFFERS
        self.n[k], self.e[k], self.r[k] = kept
        if code == DIFFERS and (off > THREE_DIGITS * size or cancels) and not differs:
            self.causes[k] = "noise"
            return UNDECIDED
        return code

    def _confirmed_by(self, line: Line, length: float, k: int) -> bool:
        """Whether longdouble has another slope than float64, and the gradient's.

        At these steps or shorter ones, to three digits; at any, where float64 has lost next to nothing, to two digits
        of that. No such coincidence, whatever longdouble has lost of its own.
        """
        size, value64, own64 = float(self._sizes()[k]), float(self.n[k]), float(self.e[k])
        near = abs(float(self.a[k]) - value64) <= 2 * HARMLESS * size  # else no longer step would do
        for octaves in (0, -3, -6, -9, *((3, 6, 9, 12, 15, 18) if near else ())):
            value, own = line.ladder(length * 2.0**octaves)
            apart, off = abs(value - value64), abs(value - float(self.a[k]))
            coarse = octaves <= 0 and own <= TWO_DIGITS * size < apart and off <= THREE_DIGITS * size
            lost = 3 * (own64 + own) < apart <= HARMLESS * size
            fine = lost and own <= TWO_DIGITS * apart and off <= TWO_DIGITS * apart
            if coarse or fine:
                self.n[k], self.e[k] = value, THREE_DIGITS * size if coarse else TWO_DIGITS * apart
                return True
        return False

    def _weak(self, k: int) -> bool:
        """Whether both values are far below the function's own size, where rounding inside it may show instead."""
        size = max(abs(self.a[k]), abs(self.n[k]))
        return bool(size <= WEAK * max(self.zero_sizes[k], self._own_size(k)) or self.zero_sizes[k] == 0)

    def _own_size(self, k: int) -> float:
        """S of entry k where the output itself is saturated: what it changes by when everything moves, over L."""
        return self.evaluation.variation / float(self.function.scale[self.indices[k]])

    def _closer_arithmetic(self, k: int, code: int) -> int:
        """The word of longdouble, then of the complex step, on an entry that float64 leaves open or weakly accuses."""
        kept = self.n[k], self.e[k], self.r[k]
        # Where a saturated function stands still, only what it changes by on its own scale tells what nothing is.
        most = 2 * self.evaluation.variation
        natural = natural_slope(self.function, int(self.indices[k]), FAR_AWAY, most)
        self.zero_sizes[k] = max(self.zero_sizes[k], natural)
        if code == UNDECIDED:
            self.r[k] = max(self.r[k], 4 * self.evaluation.units[self.name] * natural)
            if self._judge_one(k, self.tolerance) == AGREES:
                return AGREES
            self.r[k] = kept[2]
        self.allowance_before[k] = kept[1]
        closer = self._settle(k, wide=True)
        if closer != AGREES:
            said = self.n[k], self.e[k], self.r[k]
            self.n[k], self.e[k], self.r[k] = kept
            if self._judge_precise(k) == AGREES:
                closer = AGREES
            else:
                self.n[k], self.e[k], self.r[k] = said
        if closer != AGREES:
            closer = max(closer, code) if self._confirm(k) != AGREES else AGREES
        if closer == DIFFERS:
            if code == DIFFERS:
                self.n[k], self.e[k], self.r[k] = kept
            unit = self.evaluation.units[self.name]
            if self.n[k] == 0 and self.zero_sizes[k] == 0 and abs(self.a[k]) <= 64 * unit * self._own_size(k):
                # The output is zero, and stays zero however far the entry is moved: nothing to measure against.
                self.causes[k] = "noise"
                return UNDECIDED
        return closer

    def _confirm(self, k: int) -> int:
        """The complex step's word on entry k, where it is compatible with the real differences: yes or nothing."""
        found = self.evaluation.complex_derivative(self.name, int(self.indices[k]))
        if found is None:
            return UNDECIDED
        # Of an output that stood still bit for bit, and of a derivative far below its round-off where kinks hide,
        # the real difference knows nothing that the complex step would have to be compatible with.
        size = max(abs(self.a[k]), abs(self.n[k]))
        blind = self.n[k] == 0 or (self.a[k] != 0 and size <= BLIND * self.zero_sizes[k])
        if not blind and not abs(found[0] - self.n[k]) <= self.e[k] + found[1]:
            return UNDECIDED
        kept = self.n[k], self.e[k]
        self.n[k], self.e[k] = found
        if self._judge_one(k, self.tolerance) == AGREES:
            self.causes.pop(k, None)
            # An accusation would have had to rest on the real difference.
            size = max(size, self.typical)
            self.blunt = max(self.blunt, (abs(found[0] - kept[0]) + kept[1]) / size) if size > 0 else self.blunt
            return AGREES
        self.n[k], self.e[k] = kept
        return UNDECIDED

    def _at_kink(self, k: int, found: Derivative) -> int:
        """A subgradient agrees; anything else at a kink decides nothing. The nearest subgradient is the value shown."""
        self.kinks[k] = True
        margin = found.edge + self.r[k]
        inside = found.lower - margin <= self.a[k] <= found.upper + margin
        if inside and found.upper - found.lower <= 2 * margin:
            self.kinks[k] = False
        self.n[k] = float(np.clip(self.a[k], found.lower, found.upper)) if np.isfinite(self.a[k]) else found.value
        self.e[k] = found.edge
        self.causes[k] = "kink"
        if not np.isfinite(self.a[k]) and found.edge <= 1e-2 * max(abs(found.lower), abs(found.upper), self.typical):
            self.kinks[k] = False
            return DIFFERS
        return AGREES if inside else UNDECIDED

    def _judge_wide(self, k: int) -> int:
        """The verdict with what longdouble tells of the gradient's own round-off."""
        gradient = self.evaluation.wide_gradient(self.name)
        own = float(self.r[k])
        if gradient is not None:
            self.r[k] = own + 4 * abs(float(self.a[k]) - float(gradient[self.indices[k]]))
        code = self._judge_one(k, self.tolerance)
        if code != AGREES:
            self.r[k] = own
            code = AGREES if self._judge_precise(k) == AGREES else code
        return code

    def _judge_precise(self, k: int) -> int:
        """AGREES where the same backward in longdouble does, and the gradient itself is a rounding away from it.

        It is the gradient that is dull then (1 - p of a saturated p); the rounding is measured by what the function
        changes by on its own scale.
        """
        gradient = self.evaluation.wide_gradient(self.name)
        if gradient is None:
            return UNDECIDED
        given, own, unit = float(self.a[k]), float(self.r[k]), self.evaluation.units[self.name]
        precise = float(gradient[self.indices[k]])
        change = abs(given - precise)
        natural = max(natural_slope(self.function, int(self.indices[k])), self._own_size(k))
        if not change <= max(max(64 * unit, HARMLESS) * natural, self.zero_tolerance * float(self.zero_sizes[k])):
            return UNDECIDED
        self.a[k], self.r[k] = precise, (own + 4 * change) * float(np.finfo(np.longdouble).eps) / 2 / unit
        # Where float64 sees nothing of a derivative as small as this, two digits are what longdouble can show of it.
        unseen = self.allowance_before.get(k, 0.0) >= max(abs(precise), abs(float(self.n[k])))
        tolerance = TWO_DIGITS if unseen else self.tolerance
        code = self._judge_one(k, tolerance, tolerance)
        self.a[k], self.r[k] = given, own + change
        if code == AGREES:
            return AGREES
        self.r[k] = own
        return UNDECIDED

    def _cause(self, k: int, found: Derivative) -> Cause:
        if self.a[k] == 0 and abs(self.n[k]) <= VERY_WEAK * self.zero_sizes[k]:
            return "kink"  # as of a unit that is just off: points beside it tell
        if found.cause is not None:
            return "domain" if found.cause == "domain" else "truncation"
        return "roundoff" if self.r[k] > self.e[k] else "noise"
