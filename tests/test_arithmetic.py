"""MulLayer and AddLayer: the worked examples, broadcasting, and what they owe their caller."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, mutually_broadcastable_shapes

from reference import AddLayer, MulLayer


def test_two_apples_with_tax():
    apples, taxed = MulLayer(), MulLayer()
    price = taxed.forward(apples.forward(100, 2), 1.1)
    assert price == pytest.approx(220)

    dapples, dtax = taxed.backward(1)
    dapple, dapple_num = apples.backward(dapples)
    assert (dapples, dtax) == pytest.approx((1.1, 200))
    assert (dapple, dapple_num) == pytest.approx((2.2, 110))
    assert {type(number) for number in (price, dapples, dtax, dapple, dapple_num)} == {float}


def test_apples_and_oranges_with_tax():
    apples, oranges, fruit, taxed = MulLayer(), MulLayer(), AddLayer(), MulLayer()
    price = taxed.forward(fruit.forward(apples.forward(100, 2), oranges.forward(150, 3)), 1.1)
    assert price == pytest.approx(715)

    dfruit, dtax = taxed.backward(1)
    dapples, doranges = fruit.backward(dfruit)
    dapple, dapple_num = apples.backward(dapples)
    dorange, dorange_num = oranges.backward(doranges)
    assert (dapple_num, dapple, dorange, dorange_num, dtax) == pytest.approx((110, 2.2, 3.3, 165, 650))
    assert {type(number) for number in (dfruit, dtax, dapples, dapple, dapple_num)} == {float}


def test_integers_stay_plain_numbers():
    assert type(MulLayer().forward(100, 2)) is int
    assert type(AddLayer().forward(1, 2.5)) is float
    assert type(AddLayer().forward(1, 2j)) is complex


@st.composite
def broadcasting_operands(draw):
    shapes = draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3, min_side=0))
    numbers = st.floats(-10, 10, width=16)
    x, y = (draw(arrays(float, shape, elements=numbers)) for shape in shapes.input_shapes)
    return x, y, draw(arrays(float, shapes.result_shape, elements=numbers))


@pytest.mark.parametrize("layer_class", [MulLayer, AddLayer])
@given(operands=broadcasting_operands())
def test_gradients_are_those_of_the_broadcast_operation(layer_class, complex_step_gradient, operands):
    x, y, dout = operands
    layer = layer_class()
    assert np.shape(layer.forward(x, y)) == dout.shape
    dx, dy = layer.backward(dout)
    assert dx.shape == x.shape
    assert dy.shape == y.shape
    np.testing.assert_allclose(dx, complex_step_gradient(lambda z: layer.forward(z, y), x, dout), atol=1e-12)
    np.testing.assert_allclose(dy, complex_step_gradient(lambda z: layer.forward(x, z), y, dout), atol=1e-12)


@pytest.mark.parametrize("layer_class", [MulLayer, AddLayer])
@given(operands=broadcasting_operands())
def test_the_callers_arrays_are_neither_written_nor_returned(layer_class, operands):
    saved = [array.copy() for array in operands]
    x, y, dout = operands
    layer = layer_class()
    out = layer.forward(x, y)
    dx, dy = layer.backward(dout)
    for array, before in zip(operands, saved, strict=True):
        assert array.tobytes() == before.tobytes()
        assert not any(np.shares_memory(array, result) for result in (out, dx, dy))
    assert not np.shares_memory(dx, dy)


def test_mul_answers_for_what_forward_saw():
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    layer = MulLayer()
    layer.forward(x, y)
    x[:] = y[:] = 99
    dx, dy = layer.backward(np.ones(2))
    assert (dx.tolist(), dy.tolist()) == ([3, 4], [1, 2])


@pytest.mark.parametrize("layer_class", [MulLayer, AddLayer])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_dtypes_are_kept(layer_class, dtype, shape):
    layer = layer_class()
    out = layer.forward(np.ones(shape, dtype), np.ones(shape, dtype))
    assert out.dtype == dtype
    assert {gradient.dtype for gradient in layer.backward(np.ones(shape, dtype))} == {np.dtype(dtype)}


def test_integer_arrays_are_taken_as_float64():
    layer = MulLayer()
    assert layer.forward(np.arange(3), 2).dtype == np.float64
    dx, dy = layer.backward([1, 1, 1])
    assert (dx.dtype, type(dy), dy) == (np.float64, float, 3.0)


def test_shapes_that_do_not_broadcast():
    with pytest.raises(ValueError, match=r"x of shape \(2, 3\) and y of shape \(2,\) do not broadcast"):
        MulLayer().forward(np.ones((2, 3)), np.ones(2))


@pytest.mark.parametrize("layer_class", [MulLayer, AddLayer])
def test_an_upstream_gradient_of_another_shape(layer_class):
    layer = layer_class()
    layer.forward(np.ones((2, 3)), np.ones(3))
    with pytest.raises(ValueError, match=r"upstream gradient has shape \(3,\), the output had \(2, 3\)"):
        layer.backward(np.ones(3))


@pytest.mark.parametrize("layer_class", [MulLayer, AddLayer])
def test_backward_before_forward(layer_class):
    with pytest.raises(RuntimeError, match=f"{layer_class.__name__}.backward was called before forward"):
        layer_class().backward(1)


def test_words_are_not_numbers():
    with pytest.raises(TypeError, match="expected numbers"):
        MulLayer().forward(np.array(["apple"]), 2)
