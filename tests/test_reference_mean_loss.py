"""Losses that are a mean over entries: worked values, agreement where two must agree, targets that do not fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import assert_gradients
from reference import BinaryCrossEntropyWithLogits, Huber, MeanSquaredError, SoftmaxWithLoss

ALL = [MeanSquaredError, Huber, BinaryCrossEntropyWithLogits]
numbers = st.lists(st.floats(-20, 20, allow_subnormal=False), min_size=1, max_size=6)


def test_mean_squared_error_of_worked_values():
    loss = MeanSquaredError()
    assert loss.forward([[1, 2], [3, 4]], [[1, 0], [3, 7]]) == (0 + 4 + 0 + 9) / 4
    assert loss.backward().tolist() == [[0, 1], [0, -1.5]]
    assert loss.backward(2).tolist() == [[0, 2], [0, -3]]


def test_huber_of_worked_values():
    loss = Huber(delta=2)
    assert loss.forward([0.0, 1, 2, 5, -5], np.zeros(5)) == (0 + 0.5 + 2 + 8 + 8) / 5
    assert loss.backward(5).tolist() == [0, 1, 2, 2, -2]


def test_binary_cross_entropy_of_worked_values():
    loss = BinaryCrossEntropyWithLogits()
    assert loss.forward([0.0, np.log(3)], [1, 0]) == pytest.approx((np.log(2) + np.log(4)) / 2)
    np.testing.assert_allclose(loss.backward(), [-0.25, 0.375], rtol=1e-14)


def test_binary_cross_entropy_costs_nothing_far_on_the_right_side_and_x_far_on_the_wrong_one():
    loss = BinaryCrossEntropyWithLogits()
    assert loss.forward([1e4, -1e4], [1, 0]) == 0
    assert loss.forward([1e4], [0]) == 1e4
    assert loss.backward().tolist() == [1]


@given(x=numbers)
def test_binary_cross_entropy_is_softmax_with_a_second_score_of_0(x):
    t = np.arange(len(x)) % 2
    binary, both = BinaryCrossEntropyWithLogits(), SoftmaxWithLoss()
    expected = both.forward(np.stack([np.zeros(len(x)), x], axis=1), t)
    assert binary.forward(x, t) == pytest.approx(expected, rel=1e-12, abs=1e-14)
    np.testing.assert_allclose(binary.backward(), both.backward()[:, 1], rtol=1e-11, atol=1e-15)


@given(x=numbers)
def test_huber_with_a_wide_delta_is_half_the_squared_error(x):
    t = np.ones(len(x))
    huber, squares = Huber(delta=100), MeanSquaredError()
    assert huber.forward(x, t) == pytest.approx(squares.forward(x, t) / 2)
    np.testing.assert_allclose(huber.backward(), squares.backward() / 2, rtol=1e-14)


@pytest.mark.parametrize("layer_class", ALL)
def test_the_loss_is_a_number_of_the_scores_dtype_whatever_the_targets(layer_class):
    layer = layer_class()
    assert layer.forward(np.ones((2, 2), np.float32), np.zeros((2, 2))).dtype == np.float32
    assert layer.backward().dtype == np.float32
    assert layer.backward(np.float64(2)).dtype in (np.float32, np.float64)


@pytest.mark.parametrize("layer_class", ALL)
def test_targets_that_do_not_fit(layer_class):
    with pytest.raises(ValueError, match=r"t of shape \(2,\) does not fit x of shape \(2, 3\):\ngive one target"):
        layer_class().forward(np.ones((2, 3)), np.ones(2))
    with pytest.raises(ValueError, match=r"x of shape \(0, 3\) has no entry"):
        layer_class().forward(np.ones((0, 3)), np.ones((0, 3)))


def test_a_delta_that_is_none():
    with pytest.raises(ValueError, match="expected delta above 0, got 0"):
        Huber(delta=0)


@pytest.mark.parametrize("layer_class", ALL)
def test_the_checker_agrees(layer_class):
    assert_gradients(layer_class, "x(n,i), t(n,i):target -> ()", seed=4, max_examples=4)
