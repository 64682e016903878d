"""Layers that update their own parameters, at a rate of their own or in an optimizer's way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import check


class SGD:
    def __init__(self, lr):
        self.lr = lr

    def update(self, w, g):
        return w - self.lr * g


class Adam:
    def __init__(self, lr):
        self.lr, self.m, self.v, self.t = lr, 0.0, 0.0, 0

    def update(self, w, g):
        self.t += 1
        self.m, self.v = 0.9 * self.m + 0.1 * g, 0.999 * self.v + 0.001 * g * g
        return w - self.lr * (self.m / (1 - 0.9**self.t)) / (np.sqrt(self.v / (1 - 0.999**self.t)) + 1e-8)


class Dense:
    lr = 0.1
    times = 1.0

    def __init__(self, n, m):
        self.W = np.ones((n, m))

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, grad):
        dx = grad @ self.W.T
        self.W = self.step(self.times * self.x.T @ grad)
        return dx

    def step(self, dW):
        return self.W - self.lr * dW


class OfAnOptimizer(Dense):
    def __init__(self, n, m, optimizer=None):
        super().__init__(n, m)
        self.opt = optimizer or SGD(0.01)

    def step(self, dW):
        return self.opt.update(self.W, dW)


class OfAdam(OfAnOptimizer):
    def __init__(self, n, m):
        super().__init__(n, m, Adam(0.01))


class Literal(Dense):
    def step(self, dW):
        return self.W - 0.01 * dW


class Twice(Dense):
    times = 2.0


class TwiceByAnOptimizer(OfAnOptimizer):
    times = 2.0


@pytest.mark.parametrize("layer", [Dense, OfAnOptimizer])
def test_the_change_at_the_rate_one_is_the_gradient(layer: Any) -> None:
    report = check(layer, seed=1, max_examples=4)
    assert report.verdict == "pass", report.to_text()
    assert [row.name for row in report.comparisons] == ["x", "W"]


@pytest.mark.parametrize("layer", [Twice, TwiceByAnOptimizer])
def test_a_wrong_change_is_found(layer: Any) -> None:
    report = check(layer, seed=1, max_examples=4)
    assert [(f.kind, f.gradient) for f in report.findings] == [("factor", "W")]


@pytest.mark.parametrize("layer", [OfAdam, Literal])
def test_a_rule_of_its_own_is_not_judged_and_said(layer: Any) -> None:
    report = check(layer, seed=1, max_examples=4)
    assert report.verdict == "pass", report.to_text()
    assert [row.name for row in report.comparisons] == ["x"]
    assert any("backward changes W by a rule of its own" in note for note in report.notes)
