"""The derivative along one entry as well as it can be had: a ladder of steps, extrapolated, with its allowance.

A ladder of length L has steps h_j = L * 2^(-3-j). Its central differences A[j,0] are extrapolated (Ridders 1982),
and each entry of the table is charged with its own round-off:

    W[j,0] = 4 * noise / h_j                 W[j,k] = (4^k W[j,k-1] + W[j-1,k-1]) / (4^k - 1)
    e[j,k] = max(|A[j,k] - A[j,k-1]|, |A[j,k] - A[j-1,k-1]|) + W[j,k]

The smallest e wins. L has to fit the function: a value counts only where the ladders of L/8 and L/42 and a small pair
agree within their allowances and no bend shows that stays while the step shrinks; otherwise L becomes L/8. A bend
that stays down to the smallest steps is a kink: then the one-sided derivatives bound what backward may return.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from checks.function import Array, Function

RUNGS = 8
RUNGS_SINGLE = 4
SHRINK = 8.0
FAR = 2.0**20
ENOUGH = 1e-10  # relative allowance at which no better ladder is looked for
SIGNIFICANT = 3  # times four standard deviations of its round-off: a jump of slope that is one
STAIRS = 3  # different heights that a staircase has, and a single jump has not
A_JUMP = 1e-6  # of what the function changes by far away: the steps of a grid are smaller
# A jump of slope below these shares of the slopes and of the curvature is curvature that was not quite removed.
BEND_SIGNIFICANT = 1e-6
BEND_OF_CURVATURE = 1e-4


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Derivative:
    """One entry's derivative: `value` +- `allowance`; at a kink anything within `lower` - `edge` to `upper` + `edge`.

    `zero_size`: where the output stood still, the slope of the line to the nearest place where it does move.
    `cause` says why no settled value exists ("truncation", "domain"), and is None where there is one.
    `step` is the largest step of the ladder that was accepted.
    """

    value: float
    allowance: float
    step: float
    kink: bool = False
    lower: float = np.nan
    upper: float = np.nan
    edge: float = 0.0
    zero_size: float = 0.0
    cause: str | None = None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Rung:
    """One step's differences: the slope, its round-off, and the bend (f(x+h) + f(x-h) - 2 f(x)) / h per output.

    `grain` is the standard deviation of each output's round-off at these points, where f may be larger than at x.
    """

    step: float
    slope: float
    noise: float
    roundoff: float
    slopes: float
    bend: Array
    grain: Array

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self.slope))


class Line:
    """The function along one entry; rungs are remembered by their step, since ladders share them."""

    def __init__(self, function: Function, index: int) -> None:
        self.function = function
        self.index = index
        self._rungs: dict[float, _Rung] = {}
        self._dependent = self._far_dependence()

    def _far_dependence(self) -> Array:
        """The outputs that move when the entry goes far away; only the others cancel exactly in a difference.

        An output that stands still under a small step may have moved by less than its last place, and hide a share
        of the derivative that its noise has to stand for. Far is far of ordinary values too: what is tiny among them
        may move an output only from there.
        """
        function = self.function
        try:
            plus, minus, _ = function.pair(self.index, FAR * max(float(function.scale[self.index]), 1.0))
        except Exception:  # the user's code need not run so far out
            return np.ones(function.base.shape, dtype=bool)
        return np.asarray((plus != function.base) | (minus != function.base))

    def change(self, rung: _Rung) -> float:
        """What the output changes by within the rung's step, on either side or on both alike."""
        even = float(np.sum(np.abs(self.function.weights * rung.bend))) * rung.step
        return max(2 * rung.slopes * rung.step, even)

    def still_up_to(self) -> float:
        """The largest step so far up to which no evaluation moved the output; 0.0 where even the smallest did."""
        known = itertools.takewhile(lambda step: not self.moves(step), sorted(self._rungs))
        return max(known, default=0.0)

    def moves(self, step: float) -> bool:
        """Whether the output is another one at either end of this step."""
        rung = self.rung(step)
        return not rung.finite or rung.slopes > 0

    def rung(self, step: float) -> _Rung:
        known = self._rungs.get(step)
        if known is None:
            known = self._rungs[step] = self._evaluate(step)
        return known

    def _evaluate(self, step: float) -> _Rung:
        function = self.function
        plus, minus, width = function.pair(self.index, step)
        if not width:
            nothing = np.full(plus.shape, np.nan)
            return _Rung(step=step, slope=np.nan, noise=0, roundoff=0, slopes=0, bend=nothing, grain=nothing)
        terms = function.weights * (plus - minus)
        size = float(np.abs(terms).sum() / abs(width))
        grain = np.maximum(function.noise, function.unit_roundoff * np.maximum(np.abs(plus), np.abs(minus)))
        slope = float(terms.sum() / width)
        self._dependent |= plus != minus
        shares = (function.weights * grain) ** 2
        outputs = float(np.sqrt(shares[self._dependent].sum() if self._dependent.any() else shares.sum()))
        return _Rung(
            step=step,
            slope=slope,
            noise=outputs + function.argument_noise(self.index, slope),
            roundoff=4 * function.unit_roundoff_of_sum * size,
            slopes=size,
            bend=((plus - function.base) + (minus - function.base)) / (width / 2),
            grain=grain,
        )

    def ladder(self, length: float, lost: float = 0.0) -> tuple[float, float]:
        """(value, allowance) from the steps length/8, length/16, ...; not finite where too few points exist.

        `lost`: what the output may stand still by, besides its noise.
        """
        count = RUNGS_SINGLE if self.function.single else RUNGS
        rungs = [self.rung(length * 2.0 ** (-3 - j)) for j in range(count)]
        while rungs and not rungs[-1].finite:
            rungs.pop()
        first = next((j for j in range(len(rungs), 0, -1) if not rungs[j - 1].finite), 0)
        return extrapolate([replace(rung, noise=rung.noise + lost) for rung in rungs[first:]])

    def small_pair(self, length: float) -> tuple[float, float]:
        """(value, allowance) from one pair at h = 4 u^(1/3) L: its round-off, and its truncation c h^2.

        c is read off the ladder of the same length, whose steps are larger.
        """
        rung = self.rung(4 * self.function.unit_roundoff ** (1 / 3) * length)
        steps = [self.rung(length * 2.0 ** (-3 - j)) for j in range(RUNGS_SINGLE)]
        changes = [
            abs(a.slope - b.slope) * (rung.step / a.step) ** 2
            for a, b in itertools.pairwise(steps)
            if a.finite and b.finite
        ]
        truncation = 2 * max(changes, default=0.0)
        return rung.slope, 4 * rung.noise / rung.step + rung.roundoff + truncation

    def lasting_bend(self, coarse: float, fine: float) -> tuple[Array, Array]:
        """(jump of slope that stays as the step goes to 0, its round-off), per output, from two steps.

        A smooth bend is h f'' and vanishes in (r b(h) - b(r h)) / (r - 1); what is left does not vanish with h.
        """
        ratio = coarse / fine
        wide, narrow = self.rung(coarse), self.rung(fine)
        jump = (ratio * narrow.bend - wide.bend) / (ratio - 1)
        noise = (4 * ratio * narrow.grain / fine + 4 * wide.grain / coarse) / (ratio - 1)
        return jump, noise


def extrapolate(rungs: Sequence[_Rung]) -> tuple[float, float]:
    """The best entry of the extrapolation table of central differences whose step halves from rung to rung."""
    if len(rungs) < 2:
        return (rungs[0].slope, np.inf) if rungs else (np.nan, np.inf)
    best, best_error = np.nan, np.inf
    previous: list[tuple[float, float]] = []
    for rung in rungs:
        row = [(rung.slope, 4 * rung.noise / rung.step)]
        for k, (left, left_noise) in enumerate(previous, start=1):
            factor = 4.0**k
            value = (factor * row[-1][0] - left) / (factor - 1)
            noise = (factor * row[-1][1] + left_noise) / (factor - 1)
            error = max(abs(value - row[-1][0]), abs(value - left)) + noise + rung.roundoff
            if error < best_error:
                best, best_error = value, error
            row.append((value, noise))
        previous = row
    return best, best_error


def differentiate(function: Function, index: int, typical: float = 0.0) -> Derivative:
    """The derivative by entry `index` with its allowance, or the kink or the cause that keeps it from being had.

    `typical`: the size of derivative that matters here; allowances far below it are good enough.
    """
    line = Line(function, index)
    start = float(function.scale[index])
    best: Derivative | None = None
    length = start
    suspicious = False
    bent = 0.0
    for _ in range(12):
        candidate = _accepted(line, length)
        if candidate == "bend":
            bent = jump(line, length / 8)[0]
        if isinstance(candidate, Derivative):
            candidate = _unless_bent(line, candidate, bent)
            # Steps far longer than a wave see none of it, and agree with each other: where a shorter ladder knows
            # another value, it knows better.
            if best is None or candidate.allowance < best.allowance or not _compatible(candidate, best):
                best = candidate
            if best.allowance <= ENOUGH * max(abs(best.value), typical):
                break
            if _noise_rules(line, length / SHRINK, best.allowance):
                break
        elif candidate == "bend" and not suspicious:
            suspicious = True
            kink = _kink(line, start)
            if kink is not None:
                return kink
        length /= SHRINK
    if best is not None and best.allowance > ENOUGH * max(abs(best.value), typical):
        best = _longer(line, start, best)
    if best is None:
        return _unsettled(line, start)
    return _still(line, start, best) if best.value == 0.0 else best


def _still(line: Line, start: float, found: Derivative) -> Derivative:
    """Widens the allowance of a derivative of exactly zero to what the rounding of the output may have swallowed.

    A saturated output (log(1 + 1e-50)) is rounded inside, on a grid that |f| does not tell. How far one has to go
    until it moves, and how much it moves then, does: below one jump over that distance no slope could show. Where a
    flat piece ends in a slope (a dead ReLU) the first move is as small as one likes, and hides nothing.
    """
    still = line.still_up_to()
    if not still:
        return found
    for _ in range(32):
        if line.moves(8 * still):
            break
        still *= 8
    else:
        return found
    rungs = [line.rung(still * 8.0**k) for k in range(1, 9)]
    slopes = max((rung.slopes for rung in rungs[:2] if rung.finite), default=0.0)
    reach = max((line.change(rung) for rung in rungs if rung.finite), default=0.0)
    moving = 8 * still
    for _ in range(64):  # down to neighbouring steps: where a kink ends the flat piece, what is left of it is nothing
        middle = still + (moving - still) / 2
        if not still < middle < moving:
            break
        if line.moves(middle):
            moving = middle
        else:
            still = middle
    first = line.rung(moving)
    jump = 2 * first.slopes * moving if first.finite else 0.0
    changes = {line.change(rung) for rung in rungs if rung.finite and rung.slopes > 0}
    if jump > A_JUMP * reach and len(changes) < STAIRS:  # the function's own discontinuity (sign at 0), and no grid
        jump = 0.0
    swallowed = 4 * line.function.unit_roundoff * slopes + jump / still
    return replace(found, allowance=max(found.allowance, swallowed), zero_size=slopes)


def natural_slope(function: Function, index: int, reach: float = 2.0**12, most: float = np.inf) -> float:
    """The steepest of the lines to far points along the entry: what the function changes by on its own scale.

    `reach`: how far to go, as a multiple of the entry's own scale. `most`: a change above it is not the function's own
    scale any more.
    """
    line = Line(function, index)
    rungs = [line.rung(float(function.scale[index]) * 64.0**k) for k in range(1 + round(np.log2(reach) / 6))]
    own = (rung for rung in rungs if rung.finite and 2 * rung.slopes * rung.step <= most)
    return max((rung.slopes for rung in own), default=0.0)


def _accepted(line: Line, length: float) -> Derivative | str:
    """The ladder's value where shorter ladders and a small pair agree with it, else what speaks against it."""
    value, allowance = line.ladder(length)
    if not np.isfinite(value) or not np.isfinite(allowance):
        return "domain"
    count = RUNGS_SINGLE if line.function.single else RUNGS
    # Two of the ladder's own steps, so that the test of the bend costs no evaluation.
    coarse, fine = length * 2.0 ** (-3 - count // 2), length * 2.0 ** (-2 - count)
    if _bends(line, coarse, fine) or any(_hides_a_kink(line, length / 8, k, allowance) for k in (count // 2, 1)):
        return "bend"
    for other, other_allowance in (
        line.ladder(length / SHRINK),
        line.ladder(length / 42.0),
        line.small_pair(length),
    ):
        if not abs(value - other) <= allowance + other_allowance:
            return "truncation"
    return Derivative(value=value, allowance=allowance, step=length / 8)


def _bends(line: Line, coarse: float, fine: float) -> bool:
    """Whether a jump of the slope stays as the step goes from coarse to fine and on to nothing."""
    jump, noise = line.lasting_bend(coarse, fine)
    if not np.all(np.isfinite(jump)):
        return True
    weights = np.abs(line.function.weights)
    significant = np.abs(jump) > SIGNIFICANT * noise
    if not significant.any():
        return False
    curvature = float(np.sum(weights * np.abs(line.rung(coarse).bend)))
    threshold = BEND_SIGNIFICANT * line.rung(fine).slopes + BEND_OF_CURVATURE * curvature
    size = float(np.sum(weights * np.abs(jump), where=significant))
    if not size > threshold:
        return False
    # What a smooth function leaves (x^4 at 0) shrinks with the steps; a jump of the slope does not.
    closer, _ = line.lasting_bend(coarse / 2, fine / 2)
    return not float(np.sum(weights * np.abs(closer), where=significant)) <= size / 2


def _hides_a_kink(line: Line, longest: float, octaves: int, allowance: float) -> bool:
    """Whether the longest steps show a jump of slope that halving them leaves as it is.

    What curvature leaves of `lasting_bend` falls by 8 with each halving. Where round-off rules, short steps show no
    kink, but the long ones that the value rests on may have it in their middle.
    """
    short = 2.0**-octaves
    first, first_noise = line.lasting_bend(longest, longest * short)
    second, second_noise = line.lasting_bend(longest / 2, longest / 2 * short)
    lasting = (np.abs(first) > 5 * first_noise) & (np.abs(second) > 5 * second_noise)
    lasting &= (np.abs(second) > np.abs(first) / 2) & (first * second > 0)
    return bool(np.sum(np.abs(line.function.weights * second), where=lasting) > 2 * allowance)


def jump(line: Line, step: float) -> tuple[float, float]:
    """(the jump of slope that the steps `step` and `step / 2` show, its round-off), summed over the outputs."""
    change, noise = line.lasting_bend(step, step / 2)
    weights = np.abs(line.function.weights)
    if not np.all(np.isfinite(change)):
        return 0.0, 0.0
    return float(np.sum(weights * np.abs(change), where=np.abs(change) > noise)), float(np.sum(weights * noise))


def _unless_bent(line: Line, found: Derivative, bent: float) -> Derivative:
    """The derivative, with half the bend that longer steps showed where these are too short to tell whether it is gone.

    A kink at the point itself bends at every step, down to where round-off hides it.
    """
    left, noise = jump(line, found.step) if bent else (0.0, 0.0)
    if not bent or (noise < bent / 4 and left < bent / 2):
        return found
    return replace(found, allowance=found.allowance + bent / 2)


def _kink(line: Line, scale: float) -> Derivative | None:
    """The one-sided derivatives where the bend stays down to steps of 1e-9 of the scale, else None.

    In single precision round-off ends the steps sooner: as long as it lets the bend be seen, the bend has to stay.
    """
    single = line.function.single
    coarse, fine = (scale * 2.0**-8, scale * 2.0**-11) if single else (scale * 2.0**-26, scale * 2.0**-29)
    if not _bends(line, coarse, fine):
        return None
    if single and not _stays(line, coarse, fine):
        return None
    return one_sided(line, scale * (2.0**-8 if single else 2.0**-18))


def _stays(line: Line, coarse: float, fine: float) -> bool:
    """Whether the jump of slope is still there at ever smaller steps, as far as round-off lets it be seen."""
    weights = np.abs(line.function.weights)
    size = float(np.sum(weights * np.abs(line.lasting_bend(coarse, fine)[0])))
    for _ in range(6):
        coarse, fine = coarse / 4, fine / 4
        jump, noise = line.lasting_bend(coarse, fine)
        if not np.all(np.isfinite(jump)) or float(np.sum(weights * noise)) > size / 10:
            return True
        if not float(np.sum(weights * np.abs(jump))) > size / 2:
            return False
    return True


def one_sided(line: Line, step: float) -> Derivative:
    """The interval between the derivatives from the left and the right, output by output, and its midpoint.

    right, left = D + b/2, D - b/2 with the central slope D and the bend b, extrapolated from the steps h and h/2.
    An output without a kink adds its central slope to both ends.
    """
    function = line.function
    jump, noise = line.lasting_bend(step, step / 2)
    half = np.where(np.abs(jump) > 10 * noise, np.abs(function.weights * jump) / 2, 0.0)
    wide, narrow = line.rung(step), line.rung(step / 2)
    middle, spread = narrow.slope, float(half.sum())
    edge = 8 * max(wide.noise, narrow.noise) / step + abs(narrow.slope - wide.slope) + narrow.roundoff
    return Derivative(
        value=middle,
        allowance=spread + edge,
        step=step,
        kink=True,
        lower=middle - spread,
        upper=middle + spread,
        edge=edge,
    )


def _compatible(one: Derivative, other: Derivative) -> bool:
    return abs(one.value - other.value) <= one.allowance + other.allowance


def _noise_rules(line: Line, length: float, allowance: float) -> bool:
    """Whether the largest step of a ladder of this length already has more round-off than the allowance."""
    step = length / 8
    return 4 * line.rung(step).noise / step > allowance


def _longer(line: Line, start: float, best: Derivative) -> Derivative:
    """A better value from longer ladders, where round-off rather than truncation limits the one at hand.

    Only one that stands out of its round-off: of a saturated function, which has done all its changing within the
    steps, the longest ones would tell the smallest slope, as if it had none.
    """
    first, found = best, 8 * best.step
    # Between the accepted length and the one that was turned down before it, then beyond the first.
    lengths = (4 * found, 2 * found) if found < start else tuple(start * 64.0**k for k in (1, 2, 3))
    for length in lengths:
        candidate = _accepted(line, length)
        compatible = (
            isinstance(candidate, Derivative) and candidate.allowance < best.allowance and _compatible(candidate, best)
        )
        if compatible:
            assert isinstance(candidate, Derivative)
            best = candidate
        if compatible == (found < start):
            break
    return best if abs(best.value) > best.allowance else first


def _unsettled(line: Line, scale: float) -> Derivative:
    """The small pair's value with an infinite allowance, and what kept it from being settled."""
    value, _ = line.small_pair(scale)
    finite = np.isfinite(value)
    cause = "truncation" if finite else "domain"
    return Derivative(value=value, allowance=np.inf, step=scale, cause=cause)
