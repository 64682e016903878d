"""Attention: weights that sum to one, an independent formula, invariances, shapes that do not fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import assert_gradients
from reference import ScaledDotProductAttention


def drawn(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


lengths = {
    "batch": st.sampled_from([(), (2,), (2, 3)]),
    "sizes": st.tuples(*[st.integers(1, 4)] * 4),
    "seed": st.integers(0, 2**32),
}


@given(**lengths)
def test_each_output_is_a_weighted_mean_of_the_values(batch, sizes, seed):
    t, s, d, e = sizes
    q, k, v = drawn(seed, (*batch, t, d), (*batch, s, d), (*batch, s, e))
    attention = ScaledDotProductAttention()
    out = attention.forward(q, k, v)
    np.testing.assert_allclose(attention.weights.sum(axis=-1), 1, rtol=1e-13)
    scores = np.exp(np.einsum("...td,...sd->...ts", q, k) / np.sqrt(d))
    expected = np.einsum("...ts,...se->...te", scores, v) / scores.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(out, expected, rtol=1e-11, atol=1e-13)


@given(**lengths)
def test_shifting_all_keys_changes_nothing_and_their_gradients_know(batch, sizes, seed):
    t, s, d, e = sizes
    q, k, v, dout = drawn(seed, (*batch, t, d), (*batch, s, d), (*batch, s, e), (*batch, t, e))
    attention = ScaledDotProductAttention()
    out = attention.forward(q, k, v)
    _, dk, dv = attention.backward(dout)
    np.testing.assert_allclose(dk.sum(axis=-2), 0, atol=1e-12)
    np.testing.assert_allclose(dv.sum(axis=-2), dout.sum(axis=-2), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(attention.forward(q, k + 0.5, v), out, rtol=1e-10, atol=1e-12)


def test_worked_values():
    attention = ScaledDotProductAttention()
    out = attention.forward([[2 * np.log(3), 0, 0, 0]], [[1.0, 0, 0, 0], [0, 1, 0, 0]], [[0.0], [4.0]])
    assert out == pytest.approx(1)  # weights 3/4 and 1/4
    dq, dk, dv = attention.backward([[1.0]])
    np.testing.assert_allclose(dv, [[0.75], [0.25]])
    np.testing.assert_allclose(dq, [[-0.375, 0.375, 0, 0]], atol=1e-15)  # dS = 3/4 (0 - 1), 1/4 (4 - 1)
    np.testing.assert_allclose(dk[:, 0], [-0.75 * np.log(3), 0.75 * np.log(3)])


def test_one_key_alone_is_copied():
    q, k, v = drawn(0, (3, 2), (1, 2), (1, 4))
    attention = ScaledDotProductAttention()
    assert attention.forward(q, k, v).tolist() == [v[0].tolist()] * 3
    assert not attention.backward(np.ones((3, 4)))[0].any()


@pytest.mark.parametrize(
    ("q", "k", "v", "message"),
    [
        ((2, 3, 4), (2, 5, 3), (2, 5, 2), r"k of shape \(2, 5, 3\) does not fit q of shape \(2, 3, 4\):\n"
         r"k needs the shape \(2, keys, 4\)"),
        ((2, 3, 4), (5, 4), (5, 2), r"k of shape \(5, 4\) does not fit q of shape \(2, 3, 4\)"),
        ((3, 4), (5, 4), (4, 2), r"v of shape \(4, 2\) does not fit k of shape \(5, 4\):\n"
         r"v needs the shape \(5, numbers\), a vector for each key"),
        ((4,), (5, 4), (5, 2), r"q of shape \(4,\) has no sequence of vectors"),
        ((3, 4), (0, 4), (0, 2), r"k of shape \(0, 4\) has no sequence of vectors"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit(q, k, v, message):
    with pytest.raises(ValueError, match=message):
        ScaledDotProductAttention().forward(np.ones(q), np.ones(k), np.ones(v))


def test_the_checker_agrees():
    signature = "q(2,t,d), k(2,s,d), v(2,s,e) -> (2,t,e)"
    assert_gradients(ScaledDotProductAttention, signature, seed=4, max_examples=3)
