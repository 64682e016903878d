"""Which array stands for which: by name, kind, shape and order, in the layouts that people use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks.matching import matchings
from checks.pair import Pair
from checks.signature import Argument, Signature

AFFINE = "x(n,i), W(i,o), b(o) -> (n,o)"


def roles_of(signature: Signature) -> dict[str, Any]:
    return {
        a.name: "parameter"
        if a.name[0] in "Wwb"
        else "label"
        if a.kind in ("label", "onehot", "onehot0", "target")
        else "input"
        for a in signature.arguments
    }


def matched(own: str, other: str) -> list[Any]:
    mine, theirs = Signature.parse(own), Signature.parse(other)
    sizes = {name: 3 + k for k, name in enumerate(mine.sizes)}
    arrays = {}
    for argument in mine.arguments:
        shape = mine.shapes(sizes)[argument.name]
        kind = int if argument.kind in ("label", "int") else float
        arrays[argument.name] = np.arange(int(np.prod(shape))).reshape(shape).astype(kind) % 3
    return matchings(mine, roles_of(mine), arrays, theirs, roles_of(theirs))


def pairs(own: str, other: str) -> dict[str, str]:
    return {p.other.name: p.own.name for p in matched(own, other)[0].pairs}


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("x(n,i), W(i,o), b(o)", {"x": "x", "W": "W", "b": "b"}),
        ("x(n,i), weights(i,o), bias(o)", {"x": "x", "W": "weights", "b": "bias"}),
        ("input(n,i), bias(o), weight(o,i)", {"x": "input", "W": "weight", "b": "bias"}),
        ("W(o,i), A(i,n), b(o,1)", {"x": "A", "W": "W", "b": "b"}),
        ("x(n,i), w1(1,o), w2(i,o)", {"x": "x", "W": "w2", "b": "w1"}),
    ],
)
def test_parameters_are_found_by_name_and_by_shape(own: str, expected: dict[str, str]) -> None:
    assert pairs(own, AFFINE) == expected


def test_inputs_go_by_name_before_they_go_by_order() -> None:
    assert pairs("y(n,i), x(n,i)", "x(n,i), y(n,i)") == {"x": "x", "y": "y"}
    assert pairs("first(n,i), second(n,i)", "p(n,i), q(n,i)") == {"p": "first", "q": "second"}


@pytest.mark.parametrize(
    "own",
    ["x(n,i)", "x(n,i), W(i,o)", "x(n,i), W(i,o), b(o), c(o)", "x(n,i), t(n):label(i), W(i,o)", "x(n), y(n), z(n)"],
)
def test_nothing_is_forced(own: str) -> None:
    assert matched(own, AFFINE) == []


def test_words_say_what_is_turned() -> None:
    assert matched("x(n,i), W(i,o), b(o)", AFFINE)[0].words == ""
    assert matched("x(n,i), W(o,i), b(o)", AFFINE)[0].words == "W transposed"
    assert matched("x(i,n), W(o,i), b(o,1)", AFFINE)[0].words == "x and W transposed"
    images = matched("x(n,h,w,c), W(k,l,c,f), b(f)", "x(n,c,h,w), W(f,c,k,l), b(f)")
    assert "x and W with the axes in another order" in [m.words for m in images]


def test_labels_become_what_the_other_takes() -> None:
    indices = matched("x(n,c), t(n):label(c)", "x(n,c), t(n,c):onehot")[0]
    there = indices.there({"x": np.zeros((2, 3)), "t": np.array([2, 0])}, {"n": 2, "c": 3})
    assert there["t"].tolist() == [[0, 0, 1], [1, 0, 0]]
    rows = matched("x(n,c), t(n,c):onehot", "x(n,c), t(n):label(c)")[0]
    assert rows.there({"x": np.zeros((2, 3)), "t": np.eye(3)[[2, 0]]}, {})["t"].tolist() == [2, 0]
    assert rows.words == "t as class indices"


@pytest.mark.parametrize(
    ("own", "other", "axes"),
    [
        ("W(i,o)", "W(i,o)", (0, 1)),
        ("W(o,i)", "W(i,o)", (1, 0)),
        ("b(1,o)", "b(o)", (0,)),
        ("b(o)", "b(o,1)", (0,)),
        ("g(1,c,1,1)", "g(c)", (0,)),
        ("x(n,h,w,c)", "x(n,c,h,w)", (0, 3, 1, 2)),
    ],
)
def test_a_gradient_comes_back_as_its_array_went(own: str, other: str, axes: tuple[int, ...]) -> None:
    mine, theirs = (Signature.parse(text).arguments[0] for text in (own, other))
    pair = Pair(own=mine, other=theirs, axes=axes)
    shape = tuple(1 if dim.text == "1" else 2 + k for k, dim in enumerate(mine.dims))
    array = np.arange(float(np.prod(shape))).reshape(shape)
    there = pair.there(array, None)
    assert there.ndim == len(theirs.dims)
    assert not np.shares_memory(there, array)
    assert np.array_equal(pair.back(there, shape), array)


def test_the_output_is_turned_where_its_shape_says_so() -> None:
    matching = matched("x(n,i), W(i,o), b(o)", AFFINE)[0].with_output((5, 3), (3, 5))
    assert matching is not None
    out = np.arange(15.0).reshape(3, 5)
    back = matching.out_back(out, (5, 3))
    assert back is not None
    assert np.array_equal(back, out.T)
    assert np.array_equal(matching.upstream_there(back, (3, 5)), out)
    assert matching.with_output((5, 3), (2, 5)) is None


def test_a_pair_of_labels_has_no_gradient_to_bring_back() -> None:
    labels = Pair(own=Argument("t", (), "mask"), other=Argument("t", (), "mask"), labels="indices")
    assert labels.back(np.ones(2), (2,)).tolist() == [1, 1]
