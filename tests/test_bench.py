"""The bench: what a layer may do with its arrays, its past and the random state, and still be measured."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoo.plain import SAME, Pure, affine, affine_arrays, case, elementwise, pure, subject

from checks.bench import Bench, clone, own_gradient, own_output, reseed, same
from checks.errors import LayerError, UserCodeRaised

X = np.array([[0.5, -1.0], [2.0, 0.25]])
COUNT: list[int] = []


class Square:
    """A Trial to derive from: y = x^2."""

    def __init__(self, arrays: Any) -> None:
        pass

    def forward(self, arrays: Any) -> Any:
        self.x = arrays["x"]
        return self.x**2

    def backward(self, upstream: Any) -> Any:
        return {"x": 2 * self.x * upstream}


class WritesInput(Square):
    def forward(self, arrays: Any) -> Any:
        arrays["x"] *= arrays["x"]
        return arrays["x"]


class SameBuffer(Square):
    def __init__(self, arrays: Any) -> None:
        self.out = np.empty(arrays["x"].shape)

    def forward(self, arrays: Any) -> Any:
        self.x = arrays["x"]
        self.out[...] = self.x**2
        return self.out


class Remembers(Square):
    """The second forward of an object answers otherwise than the first."""

    calls = 0

    def forward(self, arrays: Any) -> Any:
        self.calls += 1
        return super().forward(arrays) + self.calls


class Drops(Square):
    def forward(self, arrays: Any) -> Any:
        self.x = arrays["x"]
        self.mask = (np.random.rand(*self.x.shape) < 0.5) * (1 + random.random())  # noqa: NPY002
        return self.mask * self.x


class Unseeded(Square):
    def forward(self, arrays: Any) -> Any:
        COUNT.append(1)
        return arrays["x"] + len(COUNT)


def bench(trial: type[Square], **options: Any) -> Bench:
    return Bench(case(subject(trial, SAME), seed=3, x=X), **options)


def test_a_plain_layer_is_built_once_and_run_twice() -> None:
    built: list[None] = []
    one = Bench(case(subject(lambda arrays: built.append(None) or Square(arrays), SAME), x=X))
    assert one.output.tolist() == (X**2).tolist()
    assert one.base.tolist() == (X**2).reshape(-1).tolist()
    assert (one.count, len(built), one.mutated, one.deterministic) == (2, 1, (), True)
    one.evaluate()
    assert (one.count, len(built)) == (3, 1)
    assert one.steady


def test_the_arrays_are_its_own_and_moved_in_place() -> None:
    one = bench(Square)
    one.arrays["x"][0, 0] = 9
    assert one.evaluate()[0] == 81
    assert X[0, 0] == 0.5
    assert not one.steady


def test_a_layer_that_writes_into_its_input_is_named_and_gets_copies() -> None:
    one = bench(WritesInput)
    assert one.mutated == ("x",)
    assert one.output.tolist() == (X**2).tolist()
    assert one.arrays["x"].tolist() == X.tolist()
    for _ in range(3):
        assert one.evaluate().tolist() == (X**2).reshape(-1).tolist()
    assert one.arrays["x"].tolist() == X.tolist()
    assert one.steady


def test_a_buffer_that_is_used_again_is_copied() -> None:
    one = bench(SameBuffer)
    first = one.output
    one.arrays["x"][...] = 0
    one.evaluate()
    assert first.tolist() == (X**2).tolist()
    assert one.deterministic


def test_an_object_that_depends_on_its_past_is_built_again() -> None:
    one = bench(Remembers)
    assert one.deterministic
    assert one.output.tolist() == (X**2 + 1).tolist()
    assert one.evaluate().tolist() == (X**2 + 1).reshape(-1).tolist()
    assert one.evaluate().tolist() == (X**2 + 1).reshape(-1).tolist()


def test_what_is_drawn_from_the_global_state_is_drawn_again() -> None:
    one = bench(Drops)
    assert one.deterministic
    values = {one.evaluate().tobytes() for _ in range(4)}
    assert values == {one.base.tobytes()}
    mask = one.output / X
    gradient = one.gradients({"x": X}, np.ones((2, 2)))
    assert gradient["x"].tolist() == (2 * X).tolist()
    assert set(np.unique(mask)) > {0.0}


def test_an_answer_that_never_repeats_is_noticed() -> None:
    assert not bench(Unseeded).deterministic


def test_rebuilding_from_the_start() -> None:
    built: list[None] = []
    one = Bench(case(subject(lambda arrays: built.append(None) or Square(arrays), SAME), x=X), rebuild=True)
    one.evaluate()
    assert len(built) >= 4
    assert one.steady


def test_gradients_come_from_a_fresh_object_on_copies() -> None:
    seen: list[Any] = []

    class Keeps(Square):
        def forward(self, arrays: Any) -> Any:
            seen.append(arrays["x"])
            return super().forward(arrays)

        def backward(self, upstream: Any) -> Any:
            upstream *= 2
            return {"x": self.x * upstream}

    one = bench(Keeps)
    upstream = np.ones((2, 2))
    x = X.copy()
    gradient = one.gradients({"x": x}, upstream)["x"]
    assert gradient.tolist() == (2 * X).tolist()
    assert upstream.tolist() == np.ones((2, 2)).tolist()
    assert seen[-1] is not x
    assert one.gradients({"x": x}, upstream)["x"] is not gradient


def test_another_dtype_for_the_floats_alone() -> None:
    one = case(
        pure(lambda x, t: x[np.arange(2), t], lambda upstream, x, t: {}, "x(n,c), t(n):label(c) -> (n)"), x=X, t=[1, 0]
    )
    wide = Bench(one, np.dtype(np.float32))
    assert wide.arrays["x"].dtype == np.float32
    assert wide.arrays["t"].dtype == one.arrays["t"].dtype
    assert wide.keeps_dtype
    assert Bench(one).keeps_dtype
    assert not Bench(case(elementwise(np.float32, lambda x: 1), x=X)).keeps_dtype


def test_the_noise_is_measured_once_and_about_the_point() -> None:
    one = bench(Square)
    noise = one.noise
    spent = one.count
    assert one.noise is noise
    assert one.count == spent
    assert (noise.deviation >= 2.0**-53 * X.reshape(-1) ** 2).all()
    assert one.arrays["x"].tolist() == X.tolist()


def test_the_function_of_an_array() -> None:
    arrays = affine_arrays()
    one = Bench(case(affine(), **arrays))
    upstream = np.arange(6.0).reshape(3, 2)
    function = one.function("b", upstream)
    slope, _, _ = function.slope(1, 0.125)
    assert slope == pytest.approx(upstream.sum(axis=0)[1], rel=1e-12)
    assert function.x is one.arrays["b"]


def test_other_arrays_go_to_a_fresh_object_or_nowhere() -> None:
    one = bench(Square)
    assert one.forward_on({"x": 1j * X}).tolist() == (-(X**2)).tolist()
    assert one.forward_on({"y": X}) is None


@pytest.mark.parametrize(
    ("phase", "where", "text"),
    [
        ("forward", "build", "forward raised KeyError: 'W'"),
        ("forward", "forward", "forward raised ValueError: shapes (2,) and (3,)"),
        ("backward", "backward", "backward raised ZeroDivisionError"),
    ],
)
def test_what_the_layer_raises(phase: str, where: str, text: str) -> None:
    class Raises(Square):
        def __init__(self, arrays: Any) -> None:
            if where == "build":
                raise KeyError("W")

        def forward(self, arrays: Any) -> Any:
            if where == "forward":
                raise ValueError("shapes (2,) and (3,)\nand more")
            return super().forward(arrays)

        def backward(self, upstream: Any) -> Any:
            raise ZeroDivisionError

    with pytest.raises(UserCodeRaised) as caught:
        bench(Raises).gradients({"x": X}, X)
    assert caught.value.phase == phase
    assert str(caught.value) == text
    assert caught.value.__cause__ is not None


OUTPUT = "forward returned {}, expected an array or a number; return the output, or keep it in self.out"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "None"),
        ({"out": 1}, "dict"),
        ("out", "str"),
        (np.array([1j]), "ndarray"),
        (np.array([None]), "ndarray"),
        (object(), "object"),
    ],
)
def test_an_output_that_is_no_array(value: Any, name: str) -> None:
    with pytest.raises(LayerError) as caught:
        Bench(case(pure(lambda x: value, lambda upstream, x: {}, SAME), x=X))
    assert str(caught.value) == OUTPUT.format(name)


@pytest.mark.parametrize("value", [3, 2.5, True, [1, 2], np.float32(1), np.ones((2, 0))])
def test_an_output_that_is_one(value: Any) -> None:
    assert np.array_equal(own_output(value), value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "the gradient of W is None, expected an array of numbers of the shape of W"),
        ("dW", "the gradient of W is str dW, expected an array of numbers of the shape of W"),
        ({"W": 1}, "the gradient of W is dict {'W': 1}, expected an array of numbers of the shape of W"),
        (np.array([1j]), "the gradient of W is ndarray [0.+1.j], expected an array of numbers of the shape of W"),
    ],
)
def test_a_gradient_that_is_no_array(value: Any, text: str) -> None:
    with pytest.raises(LayerError) as caught:
        own_gradient("W", value)
    assert str(caught.value) == text


LAYOUTS = {
    "C": lambda a: a,
    "F": np.asfortranarray,
    "transposed": lambda a: a.T,
    "strided": lambda a: a[:, ::2],
    "reversed": lambda a: a[::-1],
    "both reversed and strided": lambda a: a[::-1, ::-2],
    "row of a column": lambda a: a[:, 1],
    "0-d": lambda a: a[0, 0],
    "empty": lambda a: a[:0],
}


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_clone_has_the_same_entries_in_a_like_layout(layout: str, dtype: str) -> None:
    array = np.asarray(LAYOUTS[layout](np.arange(24).reshape(4, 6).astype(dtype)))
    copy = clone(array)
    assert same(copy, array)
    assert not np.shares_memory(copy, array)
    assert copy.flags.writeable
    for flag in ("c_contiguous", "f_contiguous"):
        assert getattr(copy.flags, flag) == getattr(array.flags, flag)
    assert [s < 0 for s in copy.strides] == [s < 0 for s in array.strides]


def test_a_clone_in_another_dtype() -> None:
    assert clone(X, np.dtype(np.float32)).dtype == np.float32
    assert clone(np.array([1, 2]), np.dtype(np.float32)).dtype == np.int64


@pytest.mark.parametrize(
    ("a", "b", "answer"),
    [
        ([1.0, np.nan], [1.0, np.nan], True),
        ([1.0], [[1.0]], False),
        (np.float32([1]), [1.0], False),
        ([1, 2], [1, 2], True),
        ([1.0], [1.0 + 2**-52], False),
        ([], [], True),
    ],
)
def test_sameness(a: Any, b: Any, answer: bool) -> None:
    assert same(np.array(a), np.array(b)) is answer


@given(seed=st.integers(0, 2**63))
def test_the_random_state_repeats(seed: int) -> None:
    states = []
    kept = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        for _ in range(2):
            reseed(seed)
            states.append((random.random(), np.random.rand()))  # noqa: NPY002
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])  # noqa: NPY002
    assert states[0] == states[1]


def test_pure_functions_keep_nothing() -> None:
    trial = Pure(lambda x: x, lambda upstream, x: {"x": upstream})
    assert trial.forward({"x": X}) is X
