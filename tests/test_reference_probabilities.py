"""Softmax and LogSoftmax as layers: rows that sum to one, and a derivative that knows it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from checks import assert_gradients
from reference import LogSoftmax, Softmax, SoftmaxWithLoss

SCORES = arrays(
    float, array_shapes(min_dims=1, max_dims=3, max_side=4), elements=st.floats(-30, 30, allow_subnormal=False)
)


def test_worked_values():
    softmax = Softmax()
    assert softmax.forward(np.log([[1.0, 3], [1, 1]])).tolist() == pytest.approx(np.array([[0.25, 0.75], [0.5, 0.5]]))
    np.testing.assert_allclose(softmax.backward([[1, 0], [0, 1]]), [[0.1875, -0.1875], [-0.25, 0.25]], rtol=1e-14)
    layer = LogSoftmax()
    np.testing.assert_allclose(layer.forward(np.log([1.0, 3])), np.log([0.25, 0.75]), rtol=1e-14)
    np.testing.assert_allclose(layer.backward([1, 0]), [0.75, -0.75], rtol=1e-14)


@given(x=SCORES)
def test_rows_sum_to_one_and_so_their_gradients_to_zero(x):
    softmax = Softmax()
    y = softmax.forward(x)
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-14)
    dout = np.cos(np.arange(x.size)).reshape(x.shape)
    np.testing.assert_allclose(softmax.backward(dout).sum(axis=-1), 0, atol=1e-14)
    np.testing.assert_allclose(softmax.backward(dout + 5), softmax.backward(dout), atol=1e-13)


@given(x=SCORES)
def test_the_exponential_of_log_softmax_is_softmax(x):
    layer = LogSoftmax()
    np.testing.assert_allclose(np.exp(layer.forward(x)), Softmax().forward(x), rtol=1e-13)
    np.testing.assert_allclose(layer.backward(np.ones_like(x)).sum(axis=-1), 0, atol=1e-13)


def test_log_softmax_and_the_mean_of_the_labels_make_the_loss():
    x, t = np.random.default_rng(0).standard_normal((4, 3)), np.array([2, 0, 1, 1])
    layer, loss = LogSoftmax(), SoftmaxWithLoss()
    picked = np.eye(3)[t]
    assert -np.sum(layer.forward(x) * picked) / 4 == pytest.approx(loss.forward(x, t))
    np.testing.assert_allclose(layer.backward(-picked / 4), loss.backward(), rtol=1e-12)


@pytest.mark.parametrize("layer_class", [Softmax, LogSoftmax])
def test_scores_without_a_class(layer_class):
    with pytest.raises(ValueError, match=r"scores of shape \(2, 0\) have no class"):
        layer_class().forward(np.ones((2, 0)))


@pytest.mark.parametrize("layer_class", [Softmax, LogSoftmax])
def test_the_checker_agrees(layer_class):
    assert_gradients(layer_class, "x(n,c) -> (n,c)", seed=4, max_examples=5)
