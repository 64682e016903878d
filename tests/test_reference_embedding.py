"""Embedding: rows by id, repeated ids that add up, ids that are none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from checks import assert_gradients
from reference import Affine, Embedding


def test_worked_values_with_a_repeated_id():
    embedding = Embedding(np.array([[1.0, 2], [3, 4], [5, 6]]))
    assert embedding.forward([2, 0, 2]).tolist() == [[5, 6], [1, 2], [5, 6]]
    assert embedding.backward([[1.0, 1], [10, 10], [100, 100]]) is None
    assert embedding.dW.tolist() == [[10, 10], [0, 0], [101, 101]]


@given(
    ids=arrays(
        st.sampled_from(["int64", "int8", "uint16"]), array_shapes(min_dims=0, max_side=3), elements=st.integers(0, 4)
    )
)
def test_it_is_an_affine_layer_of_one_hot_rows(ids):
    rng = np.random.default_rng(0)
    W = rng.standard_normal((5, 3))
    embedding, affine = Embedding(W), Affine(W, np.zeros(3))
    out = embedding.forward(ids)
    assert out.shape == (*ids.shape, 3)
    dout = rng.standard_normal(out.shape)
    np.testing.assert_allclose(affine.forward(np.eye(5)[ids.reshape(-1)]), out.reshape(-1, 3))
    embedding.backward(dout)
    affine.backward(dout.reshape(-1, 3))
    np.testing.assert_allclose(embedding.dW, affine.dW, rtol=1e-13, atol=1e-14)


def test_ids_may_change_after_forward():
    ids = np.array([0, 1])
    embedding = Embedding(np.ones((3, 1)))
    embedding.forward(ids)
    ids[:] = 2
    embedding.backward(np.ones((2, 1)))
    assert embedding.dW.tolist() == [[1], [1], [0]]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([0, 3], "id 3 is no row of W: the 3 rows are numbered from 0"),
        ([-1], "id -1 is no row of W"),
        ([0.0], "expected integer ids, got dtype float64"),
        ([True], "expected integer ids, got dtype bool"),
    ],
)
def test_ids_that_are_none(ids, message):
    with pytest.raises(ValueError, match=message):
        Embedding(np.ones((3, 2))).forward(ids)


def test_a_table_that_is_none():
    with pytest.raises(ValueError, match=r"W of shape \(3,\) is no matrix"):
        Embedding(np.ones(3)).forward([0])


def test_the_checker_agrees():
    assert_gradients(Embedding, "ids(n,s):int(v), W(v,d) -> (n,s,d)", seed=4, max_examples=5)
