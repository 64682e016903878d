"""ReLU and Sigmoid: the worked example, the derivative, the far ends, and what they owe their caller."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from reference import ReLU, Sigmoid

BOTH = pytest.mark.parametrize("layer_class", [ReLU, Sigmoid])
DTYPES = ["float16", "float32", "float64", "longdouble", "complex64", "complex128"]
SHAPES = array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)


def test_relu_of_the_worked_example():
    relu = ReLU()
    assert relu.forward(np.array([[1.0, -0.5], [-2.0, 3.0]])).tolist() == [[1, 0], [0, 3]]
    assert relu.mask.tolist() == [[False, True], [True, False]]
    assert relu.backward(np.array([[-0.1, 3], [1.3, -1.8]])).tolist() == [[-0.1, 0], [0, -1.8]]


def test_relu_has_slope_0_at_the_kink():
    relu = ReLU()
    relu.forward(np.array([-0.0, 0.0, 5e-324]))
    assert relu.backward(np.ones(3)).tolist() == [0, 0, 1]


def test_relu_passes_nan_on():
    assert np.isnan(ReLU().forward(np.array([np.nan]))).all()


@BOTH
@given(data=st.data(), shape=SHAPES)
def test_backward_is_the_derivative(layer_class, complex_step_gradient, data, shape):
    x = data.draw(arrays(float, shape, elements=st.floats(-50, 50, width=32)))
    dout = data.draw(arrays(float, shape, elements=st.floats(-10, 10, width=32)))
    layer = layer_class()
    layer.forward(x)
    dx = layer.backward(dout)
    assert dx.shape == shape
    np.testing.assert_allclose(dx, complex_step_gradient(layer.forward, x, dout), rtol=1e-13)


@BOTH
@given(data=st.data(), shape=SHAPES)
def test_the_callers_arrays_are_neither_written_nor_returned(layer_class, data, shape):
    x, dout = (data.draw(arrays(float, shape, elements=st.floats(-5, 5))) for _ in range(2))
    saved = x.copy(), dout.copy()
    layer = layer_class()
    results = layer.forward(x), layer.backward(dout)
    for array, before in zip((x, dout), saved, strict=True):
        assert array.tobytes() == before.tobytes()
        assert not any(np.shares_memory(array, result) for result in results)


@BOTH
def test_backward_answers_for_what_forward_saw(layer_class):
    x = np.array([1.0, -2.0])
    layer = layer_class()
    out = layer.forward(x)
    first = layer.backward(np.ones(2))
    x[:], out[:] = -7, 7
    assert layer.backward(np.ones(2)).tolist() == first.tolist()


@BOTH
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_dtypes_are_kept(layer_class, dtype, shape):
    layer = layer_class()
    assert layer.forward(np.ones(shape, dtype)).dtype == dtype
    assert layer.backward(np.ones(shape, dtype)).dtype == dtype


@BOTH
def test_integers_are_taken_as_float64(layer_class):
    layer = layer_class()
    assert layer.forward([[1, -2]]).dtype == np.float64
    assert layer.backward([[1, 1]]).dtype == np.float64


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_flags_nothing_at_the_far_ends(dtype):
    x = np.array([-1e4, -800, -100, -20, 0, 20, 100, 800, 1e4], dtype)
    sigmoid = Sigmoid()
    with np.errstate(all="raise"):
        out = sigmoid.forward(x)
        dx = sigmoid.backward(np.full(x.shape, 1e-4, dtype))
    assert np.isfinite(out).all()
    assert np.isfinite(dx).all()
    assert np.all(np.diff(out.real) >= 0)
    assert out[4] == 0.5
    assert out[-1] == 1


@pytest.mark.parametrize("x", [-700.5, -36.7, -1.25, 0.0, 0.3, 20.0, 36.7, 300.0])
def test_sigmoid_and_its_slope_are_accurate_in_both_tails(x):
    sigmoid = Sigmoid()
    out = sigmoid.forward(x)
    slope = sigmoid.backward(1.0)
    with mpmath.workdps(400):
        exact = 1 / (1 + mpmath.exp(-mpmath.mpf(x)))
        assert float(out) == pytest.approx(float(exact), rel=4e-16, abs=0)
        assert float(slope) == pytest.approx(float(exact * (1 - exact)), rel=1e-15, abs=0)


@BOTH
def test_an_upstream_gradient_of_another_shape(layer_class):
    layer = layer_class()
    layer.forward(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"upstream gradient has shape \(2,\), the output had \(2, 3\)"):
        layer.backward(np.ones(2))


@BOTH
def test_backward_before_forward(layer_class):
    with pytest.raises(RuntimeError, match=f"{layer_class.__name__}.backward was called before forward"):
        layer_class().backward(np.ones(2))
