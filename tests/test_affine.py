"""Affine: worked values, derivatives for inputs of any rank, and what it owes its caller."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from reference import Affine


def drawn(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def test_worked_values():
    affine = Affine(np.array([[1.0, 2, 3], [4, 5, 6]]), np.array([10.0, 20, 30]))
    assert affine.forward(np.array([[0.0, 0], [1, 1]])).tolist() == [[10, 20, 30], [15, 27, 39]]
    assert affine.backward(np.array([[1.0, 2, 3], [4, 5, 6]])).tolist() == [[14, 32], [32, 77]]
    assert affine.dW.tolist() == [[4, 5, 6], [4, 5, 6]]
    assert affine.db.tolist() == [5, 7, 9]


@given(
    shape=array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=3),
    outputs=st.integers(0, 3),
    seed=st.integers(0, 2**32),
)
def test_gradients_for_inputs_of_any_rank(complex_step_gradient, shape, outputs, seed):
    batch = shape[:1] if len(shape) > 1 else ()
    inputs = math.prod(shape[len(batch) :])
    x, W, b, dout = drawn(seed, shape, (inputs, outputs), (outputs,), (*batch, outputs))
    affine = Affine(W, b)
    assert affine.forward(x).shape == dout.shape
    gradients = {"x": affine.backward(dout), "W": affine.dW, "b": affine.db}

    numerical = {
        "x": complex_step_gradient(Affine(W, b).forward, x, dout),
        "W": complex_step_gradient(lambda z: Affine(z, b).forward(x), W, dout),
        "b": complex_step_gradient(lambda z: Affine(W, z).forward(x), b, dout),
    }
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, numerical[name], rtol=1e-12, atol=1e-12, err_msg=name)
        assert gradient.shape == numerical[name].shape


def test_one_sample_is_a_batch_of_one():
    x, W, b, dout = drawn(0, (4,), (4, 3), (3,), (3,))
    alone, batch = Affine(W, b), Affine(W, b)
    assert alone.forward(x).tolist() == batch.forward(x[np.newaxis])[0].tolist()
    assert alone.backward(dout).tolist() == batch.backward(dout[np.newaxis])[0].tolist()
    assert alone.dW.tolist() == batch.dW.tolist()
    assert alone.db.tolist() == batch.db.tolist()


def test_no_samples():
    affine = Affine(np.ones((6, 2)), np.ones(2))
    assert affine.forward(np.ones((0, 2, 3))).shape == (0, 2)
    assert affine.backward(np.ones((0, 2))).shape == (0, 2, 3)
    assert affine.dW.tolist() == np.zeros((6, 2)).tolist()


def test_the_layout_of_x_changes_no_bit():
    x, W, b = drawn(1, (7, 100), (100, 1), (1,))
    affine = Affine(W, b)
    assert affine.forward(np.asfortranarray(x)).tobytes() == affine.forward(x).tobytes()


def test_the_callers_arrays_are_neither_written_nor_returned():
    arrays = drawn(2, (2, 3), (3, 4), (4,), (2, 4))
    saved = [array.copy() for array in arrays]
    x, W, b, dout = arrays
    affine = Affine(W, b)
    results = [affine.forward(x), affine.backward(dout), affine.dW, affine.db]
    for array, before in zip(arrays, saved, strict=True):
        assert array.tobytes() == before.tobytes()
        assert not any(np.shares_memory(array, result) for result in results)


def test_backward_answers_for_the_x_that_forward_saw_and_does_not_accumulate():
    x, W, b, dout = drawn(3, (2, 3), (3, 4), (4,), (2, 4))
    affine = Affine(W, b)
    affine.forward(x)
    affine.backward(dout)
    first = affine.dW
    x[:] = 99
    affine.backward(dout)
    assert affine.dW.tolist() == first.tolist()
    assert affine.dW is not first


def test_parameters_are_shared_with_the_caller():
    W, b = np.zeros((2, 1)), np.zeros(1)
    affine = Affine(W, b)
    W += 1
    b += 10
    assert affine.forward(np.array([[2.0, 3.0]])).tolist() == [[15]]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble", "complex64", "complex128"])
def test_dtypes_are_kept(dtype):
    affine = Affine(np.ones((3, 2), dtype), np.ones(2, dtype))
    assert affine.forward(np.ones((4, 3), dtype)).dtype == dtype
    dx = affine.backward(np.ones((4, 2), dtype))
    assert {dx.dtype, affine.dW.dtype, affine.db.dtype} == {np.dtype(dtype)}


def test_integers_are_taken_as_float64():
    affine = Affine([[1, 2]], [3, 4])
    assert affine.forward([[5]]).dtype == np.float64
    dx = affine.backward([[1, 1]])
    assert {dx.dtype, affine.dW.dtype, affine.db.dtype} == {np.dtype(np.float64)}


@pytest.mark.parametrize(
    ("x", "W", "b", "message"),
    [
        ((2, 5), (4, 3), (3,), "Affine.forward: x of shape (2, 5) does not fit W of shape (4, 3):\n"
         "x has 5 numbers a sample, W needs the shape (5, outputs)"),
        ((2, 3, 4), (4, 3), (3,), "Affine.forward: x of shape (2, 3, 4) does not fit W of shape (4, 3):\n"
         "x has 12 numbers a sample, W needs the shape (12, outputs)"),
        ((2, 4), (4,), (3,), "Affine.forward: x of shape (2, 4) does not fit W of shape (4,):\n"
         "x has 4 numbers a sample, W needs the shape (4, outputs)"),
        ((2, 4), (4, 3), (1, 3), "Affine.forward: b of shape (1, 3) does not fit W of shape (4, 3):\n"
         "b needs the shape (3,), one number for each output"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit(x, W, b, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        Affine(np.ones(W), np.ones(b)).forward(np.ones(x))
    assert str(caught.value) == message


def test_an_upstream_gradient_of_another_shape():
    affine = Affine(np.ones((4, 3)), np.ones(3))
    affine.forward(np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"upstream gradient has shape \(3,\), the output had \(2, 3\)"):
        affine.backward(np.ones(3))


def test_backward_before_forward():
    with pytest.raises(RuntimeError, match=r"Affine.backward was called before forward"):
        Affine(np.ones((4, 3)), np.ones(3)).backward(np.ones((2, 3)))
