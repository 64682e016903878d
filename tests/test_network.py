"""TwoLayerNet: backpropagation against numerical derivatives, where parameters live, and a training run."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import TwoLayerNet, load_sample


@st.composite
def networks(draw):
    """A network with a batch, or one sample, and labels of either kind."""
    sizes = [draw(st.integers(1, 4)) for _ in range(3)]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    net = TwoLayerNet(*sizes, weight_init_std=1.0, rng=rng)
    net.params["b1"] = rng.standard_normal(sizes[1])
    batch = draw(st.sampled_from([(), (1,), (3,)]))
    x, t = rng.standard_normal((*batch, sizes[0])), rng.integers(sizes[2], size=batch)
    return net, x, (np.eye(sizes[2])[t] if draw(st.booleans()) else t)


def small_network():
    rng = np.random.default_rng(0)
    net = TwoLayerNet(3, 4, 2, weight_init_std=1.0, rng=rng)
    return net, rng.standard_normal((5, 3)), np.array([0, 1, 1, 0, 1])


def relative_difference(gradient, other):
    return np.abs(gradient - other).max() / np.abs(other).max()


def test_shapes_and_names():
    net = TwoLayerNet(784, 50, 10)
    shapes = {name: parameter.shape for name, parameter in net.params.items()}
    assert shapes == {"W1": (784, 50), "b1": (50,), "W2": (50, 10), "b2": (10,)}
    assert list(net.layers) == ["Affine1", "ReLU", "Affine2"]
    assert np.std(net.params["W1"]) == pytest.approx(0.01, rel=0.05)
    assert not net.params["b1"].any()


def test_a_seed_draws_the_same_network_again():
    first, second, other = (TwoLayerNet(3, 4, 2, rng=seed) for seed in (1, 1, 2))
    assert first.params["W2"].tolist() == second.params["W2"].tolist()
    assert first.params["W2"].tolist() != other.params["W2"].tolist()


@given(case=networks())
def test_backpropagation_is_the_derivative_of_the_loss(complex_step_gradient, case):
    net, x, t = case
    gradients = net.gradient(x, t)
    assert list(gradients) == list(net.params)

    def loss_with(name, value):
        moved = copy.deepcopy(net)
        moved.params[name] = value
        return moved.loss(x, t)

    for name, parameter in net.params.items():
        numerical = complex_step_gradient(lambda value, name=name: loss_with(name, value), parameter)
        np.testing.assert_allclose(gradients[name], numerical, rtol=1e-11, atol=1e-13, err_msg=name)


def test_central_differences_agree_with_backpropagation():
    net, x, t = small_network()
    gradients, numerical = net.gradient(x, t), net.numerical_gradient_params(x, t)
    assert list(numerical) == list(net.params)
    for name, gradient in gradients.items():
        assert relative_difference(gradient, numerical[name]) < 1e-8, name


def test_central_differences_in_the_dtype_of_the_parameters():
    net, x, t = small_network()
    for dtype, accuracy in (("float32", 1e-3), ("longdouble", 1e-8)):
        for name, parameter in net.params.items():
            net.params[name] = parameter.astype(dtype)
        gradients, numerical = (f(x.astype(dtype), t) for f in (net.gradient, net.numerical_gradient_params))
        for name, gradient in gradients.items():
            assert gradient.dtype == numerical[name].dtype == dtype
            assert relative_difference(gradient, numerical[name]) < accuracy, name


def test_central_differences_leave_the_parameters_as_they_were():
    net, x, t = small_network()
    for parameter in net.params.values():
        parameter.flags.writeable = False
    before = {name: (parameter, parameter.tobytes()) for name, parameter in net.params.items()}
    net.numerical_gradient_params(x, t)
    for name, (parameter, bits) in before.items():
        assert net.params[name] is parameter
        assert parameter.tobytes() == bits


def test_central_differences_leave_the_parameters_as_they_were_when_a_loss_raises(monkeypatch):
    net, x, t = small_network()
    before = dict(net.params)
    calls = iter(range(5))

    def failing_loss(x, t):
        next(calls)
        return 0.0

    monkeypatch.setattr(net, "loss", failing_loss)
    with pytest.raises(StopIteration):
        net.numerical_gradient_params(x, t)
    assert all(net.params[name] is parameter for name, parameter in before.items())
    assert net.layers["Affine1"].W is before["W1"]


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_layers_use_the_parameters_that_are_in_params(name):
    net, x, t = small_network()
    number = name[1]
    before = net.loss(x, t)

    change = np.arange(net.params[name].size).reshape(net.params[name].shape)
    replaced = net.params[name] + change
    net.params[name] = replaced
    assert getattr(net.layers[f"Affine{number}"], name[0]) is replaced
    assert net.loss(x, t) != before

    replaced -= change
    assert net.loss(x, t) == pytest.approx(before)
    net.params = {key: parameter * 0 for key, parameter in net.params.items()}
    assert net.loss(x, t) == pytest.approx(np.log(2))


def test_a_copy_and_a_pickled_network_stand_alone():
    net, x, t = small_network()
    net.loss(x, t)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert other.loss(x, t) == net.loss(x, t)
        other.params["W1"] += 1
        assert other.layers["Affine1"].W is other.params["W1"]
        assert other.loss(x, t) != net.loss(x, t)


def test_gradient_leaves_the_callers_arrays_alone():
    net, x, _ = small_network()
    t = np.eye(2)[[0, 1, 1, 0, 1]]
    arrays = [x, t, *net.params.values()]
    saved = [array.tobytes() for array in arrays]
    gradients = net.gradient(x, t)
    assert [array.tobytes() for array in arrays] == saved
    assert not any(np.shares_memory(g, array) for g in gradients.values() for array in arrays)
    again = net.gradient(x, t)
    assert all(np.array_equal(gradients[name], again[name]) for name in gradients)
    assert all(again[name] is not gradients[name] for name in gradients)


def test_accuracy_counts_samples_and_takes_either_kind_of_label():
    net = TwoLayerNet(2, 2, 2)
    net.params.update(W1=np.eye(2), W2=np.eye(2))
    x, t = np.array([[1.0, 0], [0, 1], [2, 1], [1, 2]]), np.array([0, 1, 1, 0])
    assert net.accuracy(x, t) == net.accuracy(x, np.eye(2)[t]) == 0.5
    assert net.accuracy(x[0], 0) == 1.0
    assert type(net.accuracy(x, t)) is float
    with pytest.raises(ValueError, match=r"labels of shape \(3,\) do not fit scores of shape \(4, 2\)"):
        net.accuracy(x, t[:3])


def test_inputs_that_do_not_fit():
    with pytest.raises(ValueError, match=r"x of shape \(5, 4\) does not fit W of shape \(3, 2\)"):
        TwoLayerNet(3, 2, 2).predict(np.ones((5, 4)))


def test_it_learns_to_read_digits():
    (x_train, t_train), (x_test, t_test) = load_sample()
    rng = np.random.default_rng(0)
    net = TwoLayerNet(784, 50, 10, rng=rng)
    assert net.loss(x_train, t_train) == pytest.approx(np.log(10), rel=0.02)
    for _ in range(400):
        batch = rng.choice(len(x_train), 100, replace=False)
        for name, gradient in net.gradient(x_train[batch], t_train[batch]).items():
            net.params[name] -= 0.2 * gradient
    assert net.accuracy(x_train, t_train) > 0.97
    assert net.accuracy(x_test, t_test) > 0.8
