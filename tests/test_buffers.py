"""Buffers that a layer makes for itself follow the dtype in which it is run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from zoo.plain import SAME, case, pure

from checks.buffers import buffers_of, narrow_buffers
from checks.evaluation import Evaluation

WIDE = np.dtype(np.longdouble)
X = np.array([[0.5, -1.0, 0.3], [2.0, 0.25, -0.7]])


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.zeros(3),
        lambda: np.empty((2, 3)),
        lambda: np.ones(3, dtype=float),
        lambda: np.full(3, 0.5),
        lambda: np.eye(3),
        lambda: np.identity(2),
        lambda: np.zeros_like(np.zeros(2)),
    ],
)
def test_what_is_float64_by_default_is_wide(make: Any) -> None:
    with buffers_of(WIDE):
        assert make().dtype == WIDE
    assert make().dtype == np.float64


def test_other_dtypes_stay() -> None:
    with buffers_of(WIDE):
        assert np.zeros(2, dtype=int).dtype == int
        assert np.ones(2, np.float32).dtype == np.float32
        assert np.full(2, 7).dtype.kind == "i"


def test_numpy_comes_back_whatever_is_raised() -> None:
    before = np.zeros
    with pytest.raises(KeyError), buffers_of(WIDE):
        raise KeyError
    assert np.zeros is before


def test_a_layer_that_fills_a_buffer_runs_in_longdouble() -> None:
    def forward(x: Any) -> Any:
        out = np.zeros(x.shape)
        for k, row in enumerate(x):
            out[k] = np.tanh(row)
        return out

    layer = pure(forward, lambda upstream, x: {"x": upstream * (1 - np.tanh(x) ** 2)}, SAME)
    wide = Evaluation(case(layer, x=X)).wide
    assert wide is not None
    assert wide.output.dtype == WIDE


def test_in_double_precision_what_is_asked_for_in_single_is_double() -> None:
    with buffers_of(np.dtype(np.float64)):
        assert np.empty(3, dtype="f").dtype == np.float64
        assert np.zeros_like(np.zeros(2, np.float32)).dtype == np.float64
        assert np.ones(2).dtype == np.float64


def test_buffers_of_single_precision_are_noticed() -> None:
    with narrow_buffers() as found:
        np.zeros(3)
        assert not found
        made = np.zeros(3, np.float32)
        np.empty_like(made)
    assert found == [(3,), (3,)]


def test_a_layer_with_a_buffer_of_single_precision_is_differentiated_in_double() -> None:
    def forward(x: Any) -> Any:
        out = np.zeros(x.shape, dtype=np.float32)
        out[...] = np.tanh(x)
        return 3 * out.astype(float)

    layer = pure(forward, lambda upstream, x: {"x": 3 * upstream * (1 - np.tanh(x) ** 2)}, SAME)
    found = Evaluation(case(layer, x=X))
    assert found.numeric is not found.native
    assert not found.coarse
