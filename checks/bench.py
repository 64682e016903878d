"""One case's layer on the bench: built, fed, run as often as the numerics ask, in one working precision.

The arrays are the bench's own copies, which the numerics move in place. A live object is used again for every
evaluation once two forwards on equal arrays gave bit-identical outputs and left the arrays alone; a layer that writes
into its arrays gets copies, and one whose answer depends on its past or on the random state is built again, under
the same random state, for each evaluation.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from checks.buffers import buffers_of, narrow_buffers
from checks.case import Case
from checks.errors import GradproofError, LayerError, UserCodeRaised
from checks.function import Array, Function, flat_output
from checks.noise import SINGLE, Noise, Together, hidden_noise, measure_noise, noise_inside, rounded_inside
from checks.subject import Subject, Trial, is_differentiable

WAYS = 4  # directions in which everything is moved to see how much the output changes at all


class Bench:
    """`evaluate()` runs the layer's forward on `arrays` as they are now; `gradients` runs both passes once."""

    def __init__(
        self, case: Case, dtype: np.dtype[Any] | None = None, *, rebuild: bool = False, buffers: bool = False
    ) -> None:
        """Builds and runs the layer; `dtype` replaces that of the float arrays; `rebuild` from the start.

        `buffers`: those that the layer makes for itself are of that dtype too.

        Errors: UserCodeRaised where the layer's own code raises, LayerError for an output that is no array.
        """
        self.case = case
        self.count = 0
        self.arrays = {name: clone(array, dtype) for name, array in case.arrays.items()}
        self.mutated: tuple[str, ...] = ()
        self.deterministic = True
        self._rebuild, self._copy = rebuild, False
        self._dtype = dtype
        self._buffers = dtype if buffers else None
        try:
            with self._around(), narrow_buffers() as narrow:
                self._trial = self._fresh(self.arrays)
                self.output = self._first_output()
        except GradproofError:
            raise
        except Exception as error:
            raise UserCodeRaised("forward", error) from error
        self.narrow = bool(narrow)  # whether the layer makes buffers of single precision for itself
        self.base = flat_output(self.output)
        self.answered = set(case.subject.owed)
        self._noise: Noise | None = None
        self._inside: dict[str, Array | None] = {}
        self._hidden: dict[str, Array | None] = {}

    def _fresh(self, arrays: Mapping[str, Array]) -> Trial:
        reseed(self.case.seed)
        return self.case.subject.build(arrays)

    def _around(self) -> AbstractContextManager[None]:
        return nullcontext() if self._buffers is None else buffers_of(self._buffers)

    def _forward(self) -> Any:
        if self._buffers is not None:
            with buffers_of(self._buffers):
                return self._run()
        return self._run()

    def _run(self) -> Any:
        self.count += 1
        if self._rebuild:
            arrays = clones(self.arrays)
            return self._fresh(arrays).forward(arrays)
        return self._trial.forward(clones(self.arrays) if self._copy else self.arrays)

    def _first_output(self) -> Array:
        pristine = clones(self.arrays)
        before = states(self._trial)
        first = own_output(self._forward())
        draws = states(self._trial) != before
        self.mutated = tuple(name for name, array in self.arrays.items() if not same(array, pristine[name]))
        if self.mutated:
            self._copy = True
            self.arrays = pristine
            self._trial = self._fresh(self.arrays)
            first = own_output(self._forward())
        # Two masks over a few entries are often equal by chance: a layer that draws is not steady, whatever it returns.
        if not draws and same(first, own_output(self._forward())):
            return first
        self._rebuild = True
        first = own_output(self._forward())
        self.deterministic = same(first, own_output(self._forward()))
        return first

    def evaluate(self) -> Array:
        """The output as a fresh flat vector; not a number where the layer's code raises, as outside its domain."""
        try:
            return flat_output(self._forward())
        except Exception:  # the user's code ran at the case itself, and need not run beside it
            return np.full(self.base.shape, np.nan, dtype=self.base.dtype)

    @property
    def steady(self) -> bool:
        """Whether the layer still gives its first answer, after all that was asked of it."""
        return self._rebuild or same(self.base, self.evaluate())

    @property
    def starves(self) -> bool:
        """Whether an output that gets nothing from above is not finite, which leaves gradients that are no numbers."""
        return bool(getattr(self._trial, "starves", False))

    @property
    def keeps_dtype(self) -> bool:
        """Whether the output has the dtype of the float arrays."""
        floats = [array.dtype for array in self.arrays.values() if is_differentiable(array)]
        return bool(floats) and self.output.dtype == np.result_type(*floats)

    @property
    def noise(self) -> Noise:
        """The round-off of each output, measured along one line through all arrays that are owed or given a gradient.

        Data stay: a layer may compare them with each other (who is still at risk when), and jump where they tie.
        """
        if self._noise is None:
            movable = self.case.movable
            names = [name for name in movable if name in self.answered] or movable
            moving = [self.arrays[name] for name in names]
            self._noise = measure_noise(self.evaluate, moving, self.base, self.output.dtype, self.case.seed)
        return self._noise

    def rounds_inside(self, name: str) -> bool:
        """Whether the layer rounds to single precision what it takes from an array, and computes in double elsewhere.

        From then on the array's function is taken for one of single precision. Where the output is saturated nothing
        of it may show, so that the array is looked at among plain values too.
        """
        if name not in self._inside:
            known = self.noise.single or self.arrays[name].dtype != np.float64
            rounds = not known and (self._staircase(name) or self._among_plain(name))
            own = noise_inside(self.evaluate, self.arrays[name], self.base, self.case.seed) if rounds else None
            self._inside[name] = own
        return self._inside[name] is not None

    def stands_still(self, name: str) -> bool:
        """Whether a part of the output stands still where the noise was measured, beside one that moves.

        From then on the array's function is taken for as noisy as that part is where it moves.
        """
        if name not in self._hidden:
            found = hidden_noise(self.evaluate, self.arrays[name], self.base, self.case.seed)
            self._hidden[name] = found if np.any(found > 4 * self.noise.deviation) else None
        return self._hidden[name] is not None

    def _staircase(self, name: str) -> bool:
        return rounded_inside(self.evaluate, self.arrays[name], self.base, self.case.seed)

    def _among_plain(self, name: str) -> bool:
        try:
            plain = Bench(self.case.plain(), self._dtype, rebuild=self._rebuild, buffers=self._buffers is not None)
        except GradproofError:  # the user's code need not take such values
            return False
        found = plain._staircase(name)
        self.count += plain.count
        return found

    @property
    def moving(self) -> Array:
        """Which outputs move at all when all arrays are moved by their own size."""
        line = Together(self.evaluate, [self.arrays[name] for name in self.case.movable], self.case.seed)
        return np.asarray((line.at(-1.0) != self.base) | (line.at(1.0) != self.base))

    def variation(self, upstream: Array) -> float:
        """What sum |upstream * f| changes by when all arrays are moved by their own size, at most over a few ways."""
        weights = np.asarray(upstream, dtype=self.base.dtype).reshape(-1)
        largest = 0.0
        for salt in range(WAYS):
            line = Together(self.evaluate, [self.arrays[name] for name in self.case.movable], self.case.seed + salt)
            for t in (-1.0, 1.0):
                change = float(np.sum(np.abs(weights * (line.at(t) - self.base))))
                largest = max(largest, change if np.isfinite(change) else 0.0)
        return largest

    def function(self, name: str, upstream: Array) -> Function:
        """The layer as a function of one of its arrays, contracted with the upstream gradient."""
        array = self.arrays[name]
        unit = max(self.noise.unit_roundoff, float(np.finfo(array.dtype).eps) / 2)
        deviation, inside = self.noise.deviation, self._inside.get(name)
        if inside is not None:
            deviation, unit = np.maximum(deviation, inside), SINGLE
        hidden = self._hidden.get(name)
        if hidden is not None:
            deviation = np.maximum(deviation, hidden)
        weights = np.asarray(upstream, dtype=self.base.dtype).reshape(-1)
        return Function(self.evaluate, array, weights, self.base, deviation, unit)

    def forward_on(self, arrays: Mapping[str, Array]) -> Array | None:
        """A fresh object's output on these arrays, or None where it does not take them."""
        self.count += 1
        try:
            return np.array(self._fresh(arrays).forward(arrays))
        except Exception:  # the user's code need not take such arrays
            return None

    def gradients(self, arrays: Mapping[str, Array], upstream: Array) -> dict[str, Any]:
        """What a fresh object's backward gives after one forward on copies of `arrays`; copies of it, by name."""
        own = clones(arrays)
        self.count += 1
        try:
            with self._around():
                phase = "forward"
                trial = self._fresh(own)
                output = trial.forward(own)
                if np.all(np.isfinite(flat_output(output))):  # else there is nothing to answer for
                    phase = "backward"
                given = trial.backward(np.array(upstream))
        except GradproofError:
            raise
        except Exception as error:
            raise UserCodeRaised(phase, error) from error
        self.answered.update(given)
        return {name: own_gradient(name, value) for name, value in given.items()}


def reseed(seed: int) -> None:
    """The same global random state for every evaluation, so that dropout and noise repeat themselves."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - layers draw from the legacy state


def states(trial: Trial) -> Any:
    """The random states that a layer may draw from, to be compared: the global ones, those of its own generators."""
    return random_state(), getattr(trial, "draws_from", ())


def fresh_output(subject: Subject, arrays: Mapping[str, Array], seed: int) -> Array:
    """A fresh object's output under the random state of the seed."""
    copies = clones(arrays)
    reseed(seed)
    return own_output(subject.build(copies).forward(copies))


def random_state() -> tuple[object, bytes, int]:
    """The global random states that a layer may draw from, to be compared."""
    kind, key, position, *rest = np.random.get_state()  # noqa: NPY002 - layers draw from the legacy state
    return (kind, random.getstate(), tuple(rest)), np.asarray(key).tobytes(), int(position)


def own_output(value: Any) -> Array:
    """A copy of what forward returned, as an array of real numbers."""
    array = np.array(value) if not isinstance(value, (dict, str, bytes)) and value is not None else None
    if array is None or array.dtype == object or not is_real(array):
        got = "None" if value is None else type(value).__name__
        raise LayerError(
            f"forward returned {got}, expected an array or a number; return the output, or keep it in self.out"
        )
    return array


def own_gradient(name: str, value: Any) -> Array:
    """A copy of a gradient that backward gave, as an array of real numbers."""
    array = np.array(value) if not isinstance(value, (dict, str, bytes)) and value is not None else None
    if array is None or array.dtype == object or not is_real(array):
        got = "None" if value is None else f"{type(value).__name__} {str(value)[:40]}"
        raise LayerError(f"the gradient of {name} is {got}, expected an array of numbers of the shape of {name}")
    return array


def is_real(array: Array) -> bool:
    return bool(
        np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer) or array.dtype == bool
    )


def same(a: Array, b: Array) -> bool:
    """Bit-identical values; NaN equals NaN."""
    return a.shape == b.shape and a.dtype == b.dtype and bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))


def clones(arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {name: clone(array) for name, array in arrays.items()}


def clone(array: Array, dtype: np.dtype[Any] | None = None) -> Array:
    """A copy in memory of its own with the same layout: order, gaps and reversed axes stay."""
    kind = array.dtype if dtype is None or not is_differentiable(array) else np.dtype(dtype)
    if array.flags.c_contiguous or array.flags.f_contiguous or array.ndim == 0:
        return array.astype(kind, order="K", copy=True)
    shape = (*array.shape[:-1], 2 * array.shape[-1])
    view = np.zeros(shape, dtype=kind)[..., ::2]
    view = view[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in array.strides)]
    view[...] = array
    return view
