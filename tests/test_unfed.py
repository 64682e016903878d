"""A backward that reads what a method keeps that has to be called between the two: an error that says so, no fault."""

from __future__ import annotations

from typing import Any

import numpy as np

from checks import check


class Probabilities:
    def __init__(self) -> None:
        self.y: Any = None

    def forward(self, x: Any) -> Any:
        e = np.exp(x - x.max(1, keepdims=True))
        self.p = e / e.sum(1, keepdims=True)
        return self.p

    def ce_loss(self, p: Any, y: Any) -> Any:
        self.y = y
        return -np.mean(np.log(p[np.arange(len(y)), y.argmax(1)]))

    def backward(self, d: Any = 1) -> Any:
        return (self.p - self.y) / self.y.shape[0]


class Forgets:
    def __init__(self, n_in: int, n_out: int) -> None:
        self.W, self.x = np.ones((n_in, n_out)), None

    def forward(self, x: Any) -> Any:
        return x @ self.W

    def backward(self, dout: Any) -> Any:
        self.dW = self.x.T @ dout
        return dout @ self.W.T


class OfABatch:
    def __init__(self, n_in: int, n_out: int) -> None:
        self.W = np.ones((n_in, n_out))

    def forward(self, x: Any) -> Any:
        return np.tanh(x @ self.W)

    def backprop(self, batch: Any) -> Any:
        ((x, y),) = batch
        out = self.forward(x)
        return x.T @ ((out - y) * (1 - out**2))


class OfData(OfABatch):
    def backprop(self, data: Any) -> Any:
        return (data * (1 - self.out**2)) @ self.W.T

    def forward(self, x: Any) -> Any:
        self.out = np.tanh(x @ self.W)
        return self.out


def test_a_backward_that_wants_data_is_no_fault_where_it_fails_and_read_where_it_does_not() -> None:
    report = check(OfABatch, seed=0, max_examples=2)
    assert report.verdict == "error"
    assert (report.why or "").startswith("OfABatch: backprop takes batch: data, and no gradient from above")
    assert {row.name: row.verdict for row in check(OfData, seed=0, max_examples=2).comparisons}["x"] == "agrees"


def test_what_another_method_keeps_is_no_fault_of_backward() -> None:
    report = check(Probabilities, seed=0, max_examples=2)
    assert report.verdict == "error"
    assert (report.why or "").startswith("Probabilities: backward reads self.y, which ce_loss keeps")


def test_what_forward_forgot_to_keep_is_one() -> None:
    report = check(Forgets, seed=0, max_examples=2)
    assert report.verdict == "fail"
    assert [finding.kind for finding in report.findings] == ["raises"]
