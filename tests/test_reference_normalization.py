"""BatchNorm and LayerNorm: mean 0 and variance 1, running statistics, invariances, errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import assert_gradients
from reference import BatchNorm, LayerNorm


class InUse(BatchNorm):
    """After training: the running statistics are what is subtracted and divided by."""

    def __init__(self, gamma, beta):
        super().__init__(gamma, beta)
        self.running_mean = np.linspace(-1, 1, len(self.gamma))
        self.running_var = np.linspace(0.5, 2, len(self.gamma))

    def forward(self, x):
        return super().forward(x, train=False)


def drawn(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


@given(
    samples=st.integers(2, 6),
    rest=st.sampled_from([(), (2,), (2, 3)]),
    shift=st.floats(-10, 10),
    seed=st.integers(0, 2**32),
)
def test_each_feature_of_a_batch_has_mean_0_and_variance_1(samples, rest, shift, seed):
    (x,) = drawn(seed, (samples, 3, *rest))
    y = BatchNorm(np.ones(3), np.zeros(3), epsilon=0).forward(3 * x + shift)
    others = (0, *range(2, x.ndim))
    np.testing.assert_allclose(y.mean(axis=others), 0, atol=1e-9)
    np.testing.assert_allclose(y.var(axis=others), 1, rtol=1e-9)


@given(shape=st.sampled_from([(4,), (2, 4), (2, 3, 4)]), seed=st.integers(0, 2**32))
def test_each_sample_of_layer_norm_has_mean_0_and_variance_1(shape, seed):
    (x,) = drawn(seed, shape)
    y = LayerNorm(np.ones(4), np.zeros(4), epsilon=0).forward(x)
    np.testing.assert_allclose(y.mean(axis=-1), 0, atol=1e-9)
    np.testing.assert_allclose(y.var(axis=-1), 1, rtol=1e-9)


def test_worked_values():
    norm = BatchNorm([2.0], [10.0], epsilon=0)
    assert norm.forward([[1.0], [5.0]]).tolist() == [[8], [12]]
    # y = -1, 1 whatever the two numbers are, so nothing of the upstream gradient is left
    assert norm.backward([[3.0], [4.0]]).tolist() == [[0], [0]]
    assert (norm.dgamma.tolist(), norm.dbeta.tolist()) == ([1], [7])


def test_layer_norm_is_batch_norm_of_the_transposed():
    x, dout = drawn(0, (3, 5), (3, 5))
    batch, layer = BatchNorm(np.ones(3), np.zeros(3)), LayerNorm(np.ones(5), np.zeros(5))
    np.testing.assert_allclose(layer.forward(x), batch.forward(x.T).T, rtol=1e-13)
    np.testing.assert_allclose(layer.backward(dout), batch.backward(dout.T).T, rtol=1e-12)


def test_the_gradient_is_free_of_what_normalisation_takes_out():
    x, dout = drawn(1, (5, 3), (5, 3))
    norm = BatchNorm(np.ones(3), np.zeros(3), epsilon=0)
    y = norm.forward(x)
    dx = norm.backward(dout)
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-13)
    np.testing.assert_allclose((dx * y).sum(axis=0), 0, atol=1e-13)


def test_running_statistics():
    norm = BatchNorm(np.ones(2), np.zeros(2), momentum=0.75)
    before = norm.running_mean
    norm.forward([[1.0, 0], [3, 8]])
    assert norm.running_mean.tolist() == [0.5, 1]
    assert norm.running_var.tolist() == [0.75 + 0.25, 0.75 + 4]
    assert before.tolist() == [0, 0]
    norm.forward([[50.0, 50]], train=False)
    assert norm.running_mean.tolist() == [0.5, 1]


def test_use_after_training_is_an_affine_map():
    norm = InUse([1.0, 2.0], [0.0, 1.0])
    norm.epsilon = 0
    norm.running_var = np.array([4.0, 1.0])
    assert norm.forward([[1.0, 2.0]]).tolist() == [[1, 3]]
    assert norm.backward([[1.0, 1.0]]).tolist() == [[0.5, 2]]
    assert (norm.dgamma.tolist(), norm.dbeta.tolist()) == ([1, 1], [1, 1])


def test_a_feature_that_does_not_vary_is_finite():
    norm = BatchNorm(np.ones(2), np.zeros(2))
    with np.errstate(all="raise"):
        assert norm.forward([[3.0, 1], [3, 2]])[:, 0].tolist() == [0, 0]
        assert np.isfinite(norm.backward(np.eye(2))).all()


def test_running_statistics_keep_float32_outputs():
    norm = BatchNorm(np.ones(2, np.float32), np.zeros(2, np.float32))
    for train in (True, False):
        assert norm.forward(np.eye(2, dtype=np.float32), train=train).dtype == np.float32
        assert norm.backward(np.eye(2, dtype=np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (BatchNorm(np.ones(3), np.ones(3)), (2, 4), r"gamma of shape \(3,\) does not fit x of shape \(2, 4\)"),
        (BatchNorm(np.ones(4), np.ones(1)), (2, 4), r"beta of shape \(1,\) does not fit x of shape \(2, 4\)"),
        (BatchNorm(np.ones(4), np.ones(4)), (4,), r"x of shape \(4,\) has no features: expected \(N, D, \.\.\.\)"),
        (BatchNorm(np.ones(4), np.ones(4)), (0, 4), r"x of shape \(0, 4\) has no sample"),
        (LayerNorm(np.ones(3), np.ones(3)), (2, 4), r"gamma of shape \(3,\) does not fit x of shape \(2, 4\)"),
        (LayerNorm(np.ones(4), np.ones(1)), (2, 4), r"beta of shape \(1,\) does not fit x of shape \(2, 4\)"),
        (LayerNorm(np.ones(4), np.ones(4)), (), r"x of shape \(\) has no features: expected \(\.\.\., D\)"),
    ],
)
def test_shapes_that_do_not_fit(layer, shape, message):
    with pytest.raises(ValueError, match=message):
        layer.forward(np.ones(shape))


@pytest.mark.parametrize("layer_class", [BatchNorm, LayerNorm, InUse])
def test_the_checker_agrees(layer_class):
    assert_gradients(layer_class, "x(n,d), gamma(d), beta(d) -> (n,d)", seed=4, max_examples=4)
