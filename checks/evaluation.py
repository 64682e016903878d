"""Runs one case both ways: backward once, with its own round-off, and forward as often as the numerics ask.

Where the code keeps the dtype it is given, a float32 case is differentiated on float64 copies, so that the numerical
side adds nothing to the round-off of the gradient under judgement. A float64 case that stays unsettled is looked at
again on longdouble copies, under the same condition.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from checks.bench import Bench
from checks.case import Case
from checks.entropy import replayed
from checks.errors import GradproofError
from checks.function import Array, Function, line_scale
from checks.noise import SINGLE
from checks.roundoff import effective_unit, gradient_roundoff, nudged
from checks.subject import is_differentiable

# float32 tolerances of the verdict apply from this unit round-off on.
COARSE = 1e-12
# How far beside itself a point is looked at, of each entry's own size: in double and in single precision.
BESIDE, BESIDE_SINGLE = 1e-3, 1e-2


class Evaluation:
    """A case's output, upstream and analytic gradients, with what is needed to differentiate forward.

    `analytic`: gradients of a number for each entry of their array, in float64. `problems`: for a gradient that has
    not got its array's shape, what it has. `roundoff`: the analytic gradients' own. Errors: those of the user's code.
    """

    def __init__(self, case: Case, *, rebuild: bool = False) -> None:
        self.case = case
        self._always_rebuild = rebuild
        self.native = Bench(case, rebuild=rebuild)
        self._numeric: Bench | None = None
        self._wide: Bench | None = None
        self._looked_for_wide = False
        self.upstream = case.upstream_for(self.native.output)
        self.returned: dict[str, Array] = self.native.gradients(case.arrays, self.upstream)
        self.problems: dict[str, str] = {}
        self.analytic: dict[str, Array] = {}
        for name, gradient in self.returned.items():
            if name in case.arrays and case.is_differentiable(name):
                self._take(name, gradient, case.arrays[name].shape)
        self.units = {name: effective_unit(self.returned[name], self._dtype(name)) for name in self.analytic}
        self.roundoff = self._roundoff()
        self._roundoff_single: dict[str, Array] | None = None
        if case.subject.updates:  # such a gradient is a difference of parameters, which are rounded
            for name in self.roundoff:
                if case.subject.roles.get(name) == "parameter":
                    own = np.abs(case.arrays[name].astype(np.float64)).reshape(self.roundoff[name].shape)
                    self.roundoff[name] = self.roundoff[name] + 4 * self.units[name] * own
        self._wide_gradients: dict[str, Array] | None = None
        self._variation: float | None = None
        self._gradients_beside: dict[str, Array] | None = None

    def _roundoff(self, *, single: bool = False) -> dict[str, Array]:
        return gradient_roundoff(
            self.analytic,
            self.case.arrays,
            self.case.movable,
            self._again,
            dict.fromkeys(self.units, SINGLE) if single else self.units,
            self.case.seed,
            self._fitting(self.numeric) if self.numeric is not self.native else {},
            single,
        )

    def rounds_inside(self, name: str) -> bool:
        """Whether forward rounds to single precision what it takes from an array, though not what it takes from others.

        From then on that array is judged as one of single precision, with the round-off that backward has then.
        """
        if not self.numeric.rounds_inside(name):
            return False
        if self._roundoff_single is None:
            self._roundoff_single = self._roundoff(single=True)
        self.roundoff[name] = np.maximum(self.roundoff[name], self._roundoff_single[name])
        self.units[name] = SINGLE
        return True

    def _dtype(self, name: str) -> np.dtype[Any]:
        return self.case.arrays[name].dtype

    def _take(self, name: str, gradient: Array, shape: tuple[int, ...]) -> None:
        if gradient.shape == shape:
            self.analytic[name] = gradient.astype(np.float64)
            return
        self.problems[name] = f"has shape {gradient.shape}, but {name} has shape {shape}"
        if gradient.size == int(np.prod(shape)) and squeezed(gradient.shape) == squeezed(shape):
            self.analytic[name] = gradient.astype(np.float64).reshape(shape)

    def _again(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        return self._fitting(self.native, arrays)

    def _fitting(self, bench: Bench, arrays: Mapping[str, Array] | None = None) -> dict[str, Array]:
        """The gradients that backward gives on another bench or at other arrays, where they fit those at hand."""
        upstream = self.upstream.astype(bench.output.dtype)
        given = bench.gradients(bench.arrays if arrays is None else arrays, upstream)
        return {
            name: value.reshape(self.analytic[name].shape)
            for name, value in given.items()
            if name in self.analytic and value.size == self.analytic[name].size
        }

    def wide_gradient(self, name: str) -> Array | None:
        """What backward gives in longdouble, flat; None where the code or the machine has none."""
        if self._wide_gradients is None:
            try:
                self._wide_gradients = self._fitting(self.wide) if self.wide is not None else {}
            except GradproofError:  # backward need not take what forward takes
                self._wide_gradients = {}
        found = self._wide_gradients.get(name)
        return None if found is None else found.astype(np.float64).reshape(-1)

    @property
    def numeric(self) -> Bench:
        """The bench on which forward is differentiated: in float64 where the code keeps it, or can be made to."""
        if self._numeric is None:
            self._numeric = self.native
            if any(a.dtype.itemsize < 8 for a in self.case.arrays.values() if is_differentiable(a)):
                self._numeric = self._widened(np.dtype(np.float64)) or self.native
            elif self.native.narrow:
                self._numeric = self._widened(np.dtype(np.float64), buffers=True) or self.native
        return self._numeric

    def _widened(self, dtype: np.dtype[Any], *, buffers: bool = False) -> Bench | None:
        try:
            bench = Bench(self.case, dtype, rebuild=self._always_rebuild, buffers=buffers)
        except GradproofError:  # the user's code need not take this dtype at all
            return None
        bench.answered = self.native.answered
        close = np.allclose(
            bench.base.astype(np.float64),
            self.native.base.astype(np.float64),
            rtol=1e-2,
            atol=1e-3,
            equal_nan=True,
        )
        kept = bench.output.dtype == dtype and bench.output.shape == self.native.output.shape
        # What rounds to single does so in float64, too: else a staircase as wide as that is of the code's own making.
        single = bench.noise.single and self.native.noise.single
        return bench if kept and close and not single else None

    @property
    def wide(self) -> Bench | None:
        """A longdouble bench for what float64 leaves unsettled, or None where the code or the machine has none."""
        if not self._looked_for_wide:
            self._looked_for_wide = True
            if np.finfo(np.longdouble).eps < 1e-18:
                wide = np.dtype(np.longdouble)
                self._wide = self._widened(wide) or self._widened(wide, buffers=True)
        return self._wide

    def function(self, name: str, *, wide: bool = False) -> Function | None:
        """Forward as a function of one array; None where `wide` is asked for and cannot be had."""
        bench = self.wide if wide else self.numeric
        return None if bench is None else bench.function(name, self.upstream)

    def complex_derivative(self, name: str, index: int) -> tuple[float, float] | None:
        """(sum(upstream * Im f(x + i h)) / h, its round-off), or None where the code does not take complex arrays.

        There is no difference in it, so no cancellation. Casts, `abs` and ties make it wrong without a sign, so it
        may confirm a gradient and never accuse one (Squire and Trapp, SIAM Review 40, 1998).
        """
        values = []
        for salt in range(4):
            arrays = {
                key: (nudged(a, salt) if salt else a).astype(np.complex128) if key in self.case.movable else a
                for key, a in self.case.arrays.items()
            }
            step = 1e-30 * float(line_scale(self.case.arrays[name])[index])
            arrays[name].flat[index] += 1j * step
            output = self.native.forward_on(arrays)
            if output is None or output.shape != self.native.output.shape or not np.iscomplexobj(output):
                return None
            values.append(float(np.sum(self.upstream * (output.imag / step))))
        spread = max(abs(value - values[0]) for value in values)
        return values[0], 4 * spread + 16 * 2.0**-53 * abs(values[0])

    @property
    def variation(self) -> float:
        """What the contracted output changes by when everything is moved by its own size."""
        if self._variation is None:
            self._variation = self.numeric.variation(self.upstream)
        return self._variation

    @property
    def lost(self) -> float:
        """What float64 loses of the contracted output, as longdouble tells: much where it cancels inside."""
        if self.wide is None:
            return 0.0
        weights = np.abs(np.asarray(self.upstream, dtype=np.float64).reshape(-1))
        apart = np.abs(self.wide.base.astype(np.longdouble) - self.numeric.base).astype(np.float64)
        return float(np.sum((weights * apart)[np.isfinite(apart)]))

    @property
    def coarse(self) -> bool:
        """Whether the numerical side is of single precision only."""
        return self.numeric.noise.unit_roundoff > COARSE

    @property
    def far_beside(self) -> float:
        """How far beside itself this point is looked at, of each entry's own size."""
        single = any(a.dtype.itemsize < 8 for n, a in self.case.arrays.items() if n in self.case.movable)
        return BESIDE_SINGLE if single or self.coarse else BESIDE

    def gradient_beside(self, name: str) -> Array | None:
        """What backward gives beside the point, where nothing ties and nothing cancels; None where it gives nothing."""
        if self._gradients_beside is None:
            other = self.case.displaced(self.far_beside)
            try:
                bench = Bench(other)
                gradients = bench.gradients(other.arrays, other.upstream_for(bench.output))
            except GradproofError:
                gradients = {}
            self._gradients_beside = gradients
        found = self._gradients_beside.get(name)
        return None if found is None else found.astype(np.float64)

    @property
    def evaluations(self) -> int:
        """Forward passes so far."""
        benches = {id(bench): bench for bench in (self.native, self._numeric, self._wide) if bench is not None}
        return sum(bench.count for bench in benches.values())

    @property
    def steady(self) -> bool:
        """Whether the layer that was differentiated still gives its first answer."""
        return self.numeric.steady


def squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape without its axes of length one."""
    return tuple(size for size in shape if size != 1)


@contextmanager
def quiet() -> Iterator[None]:
    """User code runs without floating-point errors, warnings or a changed random state for the caller."""
    state = np.random.get_state()  # noqa: NPY002 - the state that layers draw from
    import random

    python_state = random.getstate()
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(), replayed():
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
        random.setstate(python_state)
