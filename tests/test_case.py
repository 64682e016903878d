"""A Case: its upstream gradient, its neighbours, and its fingerprint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from zoo.plain import AFFINE, affine, affine_arrays, case, pure, subject

from checks.case import Case

LOSS = "x(n,c), t(n):label(c) -> ()"


def loss(**options: Any) -> Any:
    return pure(lambda x, t: x.sum(), lambda upstream, x, t: {}, LOSS, **options)


@given(shape=array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4), seed=st.integers(0, 2**32))
def test_the_upstream_is_neither_one_nor_zero_and_has_both_signs_in_the_long_run(
    shape: tuple[int, ...], seed: int
) -> None:
    one = case(affine(), seed=seed, **affine_arrays())
    for rounded in (True, False):
        upstream = replace(one, rounded=rounded).upstream_for(np.zeros(shape, dtype=np.float32))
        assert upstream.shape == shape
        assert upstream.dtype == np.float32
        assert ((np.abs(upstream) >= 0.5) & (np.abs(upstream) <= 2)).all()
    decimals = one.upstream_for(np.zeros(shape))
    assert (decimals == np.round(decimals, 2)).all()
    assert decimals.tobytes() == one.upstream_for(np.ones(shape)).tobytes()


def test_both_signs_occur() -> None:
    signs = {np.sign(case(affine(), seed=seed, **affine_arrays()).upstream_for(np.zeros(1))[0]) for seed in range(20)}
    assert signs == {-1, 1}


def test_an_upstream_that_was_given_is_kept() -> None:
    one = case(affine(), upstream=np.array([[1.0, 2.0]]), **affine_arrays())
    assert one.upstream_for(np.zeros((1, 2), dtype=np.float32)).tolist() == [[1, 2]]
    assert one.with_other_upstream(1).upstream is None


def test_a_backward_that_takes_none_gets_one() -> None:
    one = case(loss(takes_upstream=False), x=np.ones((2, 3)), t=[0, 2])
    assert one.upstream_for(np.float64(4)).tolist() == 1.0


def test_what_can_be_moved() -> None:
    signature = (
        "x(n,c), t(n):label(c), y(n,c):onehot, p(n,c):simplex, m(c):mask, w(c):positive, k(n):int(c), z(n):target"
    )
    one = case(
        subject(lambda arrays: None, signature),
        x=np.ones((2, 3)),
        t=[0, 1],
        y=np.eye(2, 3),
        p=np.full((2, 3), 1 / 3),
        m=np.ones(3),
        w=np.ones(3),
        k=[1, 1],
        z=np.ones(2),
    )
    assert [name for name in one.arrays if one.is_differentiable(name)] == ["x", "p", "w", "z"]
    assert one.movable == ("x", "w", "z")


def test_integers_in_a_float_argument_are_not_differentiated() -> None:
    assert case(affine(), **{**affine_arrays(), "x": np.ones((3, 4), dtype=int)}).movable == ("W", "b")


@given(seed=st.integers(0, 2**32), by=st.sampled_from([1e-6, 1e-3, 1e-2]), salt=st.integers(1, 3))
def test_beside_itself(seed: int, by: float, salt: int) -> None:
    arrays = affine_arrays(seed % 1000)
    arrays["x"][0] = 0
    arrays["W"] = np.asfortranarray(arrays["W"])
    one = case(affine(), seed=seed, upstream=np.ones((3, 2)), **arrays)
    other = one.displaced(by, salt)
    assert other.arrays.keys() == one.arrays.keys()
    for name, before in one.arrays.items():
        after = other.arrays[name]
        scale = np.where(before != 0, np.abs(before), np.sqrt(np.mean(before[before != 0] ** 2)))
        moved = np.abs(after - before) / scale
        assert (moved >= 0.49 * by).all()
        assert (moved <= 1.01 * by).all()
        assert (np.sign(after) == np.sign(before))[before != 0].all()
        assert after.dtype == before.dtype
    assert other.upstream is None
    assert not other.rounded
    assert other.fingerprint() == one.displaced(by, salt).fingerprint()
    assert other.fingerprint() != one.displaced(by, salt + 1).fingerprint()


def test_zeros_are_left_behind_but_labels_stay() -> None:
    t = np.array([0, 2])
    one = case(loss(), x=np.zeros((2, 3)), t=t)
    other = one.displaced(1e-3)
    assert (np.abs(other.arrays["x"]) >= 0.5e-3).all()
    assert other.arrays["t"] is t


def test_another_upstream_over_the_same_arrays() -> None:
    one = case(affine(), seed=5, **affine_arrays())
    other = one.with_other_upstream(1)
    assert other.arrays is one.arrays
    output = np.zeros((3, 2))
    assert (other.upstream_for(output) != one.upstream_for(output)).any()
    assert (other.upstream_for(output) == one.with_other_upstream(1).upstream_for(output)).all()
    assert (other.upstream_for(output) != one.with_other_upstream(2).upstream_for(output)).any()


def test_a_fingerprint_tells_cases_apart() -> None:
    arrays = affine_arrays()
    one = case(affine(), seed=1, **arrays)
    nudged = {**arrays, "b": np.nextafter(arrays["b"], 9)}
    others = [
        case(affine(), seed=2, **arrays),
        case(affine(), seed=1, **nudged),
        case(affine(), seed=1, **{**arrays, "x": np.asfortranarray(arrays["x"])}),
        case(affine(), seed=1, **{name: a.astype(np.float32) for name, a in arrays.items()}),
        case(affine(), seed=1, upstream=np.ones((3, 2)), **arrays),
    ]
    keys = {other.fingerprint() for other in (one, *others)}
    assert len(keys) == 1 + len(others)
    assert case(affine(), seed=1, **affine_arrays()).fingerprint() == one.fingerprint()


def test_a_case_cannot_be_changed() -> None:
    one = case(affine(), **affine_arrays())
    assert isinstance(one, Case)
    assert str(one.signature) == AFFINE
    with pytest.raises(AttributeError):
        one.seed = 3  # type: ignore[misc]
