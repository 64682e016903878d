"""MultiLayerNet: agreement with TwoLayerNet, every activation, weight decay, the start of the weights, errors."""

import numpy as np
import pytest

from checks import assert_gradients
from reference import MultiLayerNet, TwoLayerNet
from reference.multilayer import ACTIVATIONS


def problem(samples=5, inputs=4, classes=3):
    rng = np.random.default_rng(1)
    return rng.standard_normal((samples, inputs)), rng.integers(0, classes, samples)


def test_with_one_hidden_layer_it_is_the_two_layer_net():
    x, t = problem()
    one, other = TwoLayerNet(4, 6, 3, 0.5, rng=0), MultiLayerNet(4, [6], 3, weight_init_std=0.5, rng=0)
    assert list(other.params) == ["W1", "b1", "W2", "b2"]
    assert other.predict(x).tolist() == one.predict(x).tolist()
    assert other.loss(x, t) == one.loss(x, t)
    assert other.accuracy(x, t) == one.accuracy(x, t)
    expected = one.gradient(x, t)
    for name, gradient in other.gradient(x, t).items():
        np.testing.assert_array_equal(gradient, expected[name])


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden_sizes", [[], [5], [4, 3, 2]])
def test_backpropagation_is_the_derivative_of_the_loss(complex_step_gradient, activation, hidden_sizes):
    x, t = problem()
    net = MultiLayerNet(4, hidden_sizes, 3, activation=activation, weight_decay=0.3, rng=2)
    analytic = net.gradient(x, t)
    assert set(analytic) == set(net.params)
    for name, parameter in list(net.params.items()):

        def loss(moved, name=name):
            net.params[name] = moved
            return net.loss(x, t)

        numerical = complex_step_gradient(loss, parameter)
        net.params[name] = parameter
        np.testing.assert_allclose(analytic[name], numerical, rtol=1e-10, atol=1e-14, err_msg=name)


def test_weight_decay_adds_half_the_squares_of_the_weights():
    x, t = problem()
    plain, decaying = (MultiLayerNet(4, [3, 2], 3, weight_decay=decay, rng=0) for decay in (0, 0.2))
    squares = sum(np.sum(plain.params[f"W{k}"] ** 2) for k in (1, 2, 3))
    assert decaying.loss(x, t) - plain.loss(x, t) == pytest.approx(0.1 * squares)
    without, together = plain.gradient(x, t), decaying.gradient(x, t)
    for k in (1, 2, 3):
        np.testing.assert_allclose(together[f"W{k}"] - without[f"W{k}"], 0.2 * plain.params[f"W{k}"], atol=1e-14)
        np.testing.assert_array_equal(together[f"b{k}"], without[f"b{k}"])


@pytest.mark.parametrize(("start", "expected"), [("he", np.sqrt(2 / 400)), ("xavier", np.sqrt(1 / 400)), (0.3, 0.3)])
def test_the_start_of_the_weights(start, expected):
    net = MultiLayerNet(400, [100], 2, weight_init_std=start, rng=0)
    assert np.std(net.params["W1"]) == pytest.approx(expected, rel=0.02)
    assert not net.params["b1"].any()
    again = MultiLayerNet(400, [100], 2, weight_init_std=start, rng=0)
    assert again.params["W2"].tolist() == net.params["W2"].tolist()


def test_it_learns():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 2))
    t = (x[:, 0] * x[:, 1] > 0).astype(int)
    net = MultiLayerNet(2, [12, 12], 2, activation="tanh", rng=1)
    before = net.loss(x, t)
    for _ in range(200):
        for name, gradient in net.gradient(x, t).items():
            net.params[name] -= 0.5 * gradient
    assert net.loss(x, t) < before / 5
    assert net.accuracy(x, t) > 0.95


def test_float32_parameters_keep_everything_in_float32():
    x, t = problem()
    net = MultiLayerNet(4, [3], 3, weight_decay=0.1, rng=0)
    net.params = {name: value.astype(np.float32) for name, value in net.params.items()}
    assert net.predict(x.astype(np.float32)).dtype == np.float32
    assert net.loss(x.astype(np.float32), t).dtype == np.float32
    assert {g.dtype for g in net.gradient(x.astype(np.float32), t).values()} == {np.dtype(np.float32)}


def test_names_that_are_none():
    with pytest.raises(ValueError, match=r"expected activation to be one of relu, sigmoid, .*, got 'maxout'"):
        MultiLayerNet(2, [2], 2, activation="maxout")
    with pytest.raises(ValueError, match="expected weight_init_std to be a number or one of he, xavier, got 'big'"):
        MultiLayerNet(2, [2], 2, weight_init_std="big")


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"x of shape \(5, 3\) does not fit W of shape \(4, 2\)"):
        MultiLayerNet(4, [2], 2).predict(np.ones((5, 3)))


def test_the_checker_agrees():
    net = MultiLayerNet(3, [2], 2, activation="tanh", weight_decay=0.1, rng=0)
    signature = "x(n,3), t(n):label(2), W1(3,2), b1(2), W2(2,2), b2(2) -> ()"
    assert_gradients(net, signature, seed=4, max_examples=3)
