"""Dropout: the mask, its rate, its seed, and a backward with the mask that forward used."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import assert_gradients
from reference import Dropout


@given(rate=st.floats(0, 0.9), seed=st.integers(0, 2**32))
def test_what_the_mask_keeps_is_scaled_forwards_and_backwards(rate, seed):
    x = np.random.default_rng(seed).standard_normal((3, 4))
    dropout = Dropout(rate, rng=seed)
    out = dropout.forward(x)
    assert dropout.mask.shape == x.shape
    np.testing.assert_allclose(out, np.where(dropout.mask, x / (1 - rate), 0), rtol=1e-14)
    np.testing.assert_allclose(dropout.backward(x), out, rtol=1e-14)


def test_the_mean_over_masks_is_x_and_the_rate_is_kept():
    dropout = Dropout(0.3, rng=0)
    out = dropout.forward(np.ones(200_000))
    assert np.mean(out) == pytest.approx(1, abs=0.01)
    assert np.mean(out == 0) == pytest.approx(0.3, abs=0.01)


def test_each_forward_draws_a_mask_and_the_seed_draws_the_same_ones_again():
    x = np.ones((8, 8))
    one, other = Dropout(0.5, rng=3), Dropout(0.5, rng=np.random.default_rng(3))
    first, second = one.forward(x), one.forward(x)
    assert first.tolist() != second.tolist()
    assert [other.forward(x).tolist(), other.forward(x).tolist()] == [first.tolist(), second.tolist()]


def test_without_training_nothing_is_dropped():
    x = np.random.default_rng(0).standard_normal((3, 4))
    dropout = Dropout(0.9, rng=0)
    dropout.forward(x)
    out = dropout.forward(x, train=False)
    assert out.tolist() == x.tolist()
    assert not np.shares_memory(out, x)
    assert dropout.backward(x).tolist() == x.tolist()
    assert dropout.mask.all()


def test_a_dropped_infinity_is_0():
    dropout = Dropout(0.5, rng=0)
    out = dropout.forward(np.full(50, np.inf))
    assert set(out.tolist()) == {0, np.inf}


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, float("nan")])
def test_a_rate_that_is_none(rate):
    with pytest.raises(ValueError, match=f"expected a rate of at least 0 and below 1, got {rate}"):
        Dropout(rate)


def test_the_checker_agrees():
    assert_gradients(Dropout(0.4, rng=1), "x(n,i) -> (n,i)", seed=4, max_examples=5)
