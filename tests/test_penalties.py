"""Penalties that a backward adds and its forward knows nothing of: at 0 first, and no fault at another number."""

# ruff: noqa: NPY002  (this is how they are written)

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import check


class DecayedDense:
    def __init__(self, n_in, n_out, weight_decay):
        self.W = np.random.randn(n_in, n_out)
        self.wd = weight_decay

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dout):
        self.dW = self.x.T @ dout + self.wd * self.W
        return dout @ self.W.T


class Dense:
    def __init__(self, n_inputs, n_neurons, l1, l2):
        self.weights = 0.1 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))
        self.l1, self.l2 = l1, l2

    def forward(self, inputs):
        self.inputs = inputs
        return inputs @ self.weights + self.biases

    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = dvalues.sum(axis=0, keepdims=True)
        if self.l1 > 0:
            self.dweights = self.dweights + self.l1 * np.sign(self.weights)
        if self.l2 > 0:
            self.dweights = self.dweights + 2 * self.l2 * self.weights
        return dvalues @ self.weights.T


def l2_regularization(W, reg_strength):
    loss = reg_strength * np.sum(W**2)
    grad = 2 * reg_strength * W
    return loss, grad


@pytest.mark.parametrize("layer", [DecayedDense, Dense, l2_regularization])
def test_a_penalty_is_a_number_and_no_fault(layer: Any) -> None:
    report = check(layer, seed=1, max_examples=3)
    assert report.verdict == "pass", report.to_text()


def test_a_penalty_is_nothing_where_forward_does_not_know_of_it() -> None:
    assert "weight_decay" not in str(check(DecayedDense, seed=1, max_examples=3).signature)
