"""A term or a factor is found by what an expression would have to be, wherever it stands in backward."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import check

RNG = np.random.default_rng(3)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Gate:
    def __init__(self, d):
        self.Wg = RNG.normal(size=(d, d))

    def forward(self, x, y):
        self.x, self.y = x, y
        self.g = sigmoid(x @ self.Wg)
        return self.g * x + (1 - self.g) * y


class GateRight(Gate):
    def backward(self, dout):
        dz = dout * (self.x - self.y) * self.g * (1 - self.g)
        self.dWg = self.x.T @ dz
        return dz @ self.Wg.T + dout * self.g, dout * (1 - self.g)


class GateLost(Gate):
    def backward(self, dout):
        dz = dout * (self.x - self.y) * self.g * (1 - self.g)
        self.dWg = self.x.T @ dz
        return dz @ self.Wg.T, dout * (1 - self.g)


class Scaled:
    def __init__(self, d):
        self.gain = np.ones(d)

    def forward(self, x):
        self.r = np.sqrt(np.mean(x**2, axis=1, keepdims=True) + 1e-6)
        self.z = x / self.r
        return self.z * self.gain


class ScaledRight(Scaled):
    def backward(self, dout):
        self.dgain = np.sum(dout * self.z, axis=0)
        dz = dout * self.gain
        return (dz - self.z * np.mean(dz * self.z, axis=1, keepdims=True)) / self.r


class ScaledLost(Scaled):
    def backward(self, dout):
        self.dgain = np.sum(dout * self.z, axis=0)
        dz = dout * self.gain
        return dz / self.r


class Divergence:
    def forward(self, mu, logvar):
        self.mu, self.logvar = mu, logvar
        return 0.5 * np.sum(np.exp(logvar) + mu**2 - 1 - logvar)


class DivergenceRight(Divergence):
    def backward(self):
        return 1.0 * self.mu, 0.5 * (np.exp(self.logvar) - 1)


class DivergenceLost(Divergence):
    def backward(self):
        return 1.0 * self.mu, 0.5 * np.exp(self.logvar)


class Peephole:
    def __init__(self, h):
        self.W, self.p = RNG.normal(size=(h, 2 * h)), RNG.normal(size=h)

    def forward(self, x, c):
        h = x.shape[1]
        a = x @ self.W
        self.x = x
        self.i = sigmoid(a[:, :h])
        self.cn = c * 0.5 + self.i
        self.o = sigmoid(a[:, h:] + self.p * self.cn)
        self.t = np.tanh(self.cn)
        return self.o * self.t

    def backward(self, dh):
        do = dh * self.t * self.o * (1 - self.o)
        dc = self.inner(dh, do)
        da = np.concatenate([dc * self.i * (1 - self.i), do], axis=1)
        self.dW, self.dp = self.x.T @ da, (do * self.cn).sum(axis=0)
        return da @ self.W.T, dc * 0.5


class PeepholeRight(Peephole):
    def inner(self, dh, do):
        return dh * self.o * (1 - self.t**2) + do * self.p


class PeepholeLost(Peephole):
    def inner(self, dh, do):
        return dh * self.o * (1 - self.t**2)


@pytest.mark.parametrize(
    ("layer", "gradients", "cure"),
    [
        (GateLost, {"x"}, "dz @ self.Wg.T + dout * self.g"),
        (ScaledLost, {"x"}, "(dz - (self.z * dz).mean(axis=1, keepdims=True) * self.z) / self.r"),
        (DivergenceLost, {"logvar"}, "0.5 * np.exp(self.logvar) - 0.5"),
        (PeepholeLost, {"x", "c", "W"}, "dc = self.inner(dh, do) + do * self.p"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_term_that_is_a_product_is_found(layer: Any, gradients: set[str], cure: str) -> None:
    report = check(layer, seed=1, max_examples=6)
    wrong = [finding for finding in report.findings if finding.severity == "error"]
    assert {finding.gradient for finding in wrong} == gradients, report.to_text()
    assert {finding.kind for finding in wrong} == {"missing-term"}, report.to_text()
    for finding in wrong:
        assert cure in (finding.suggestion or ""), finding.suggestion


@pytest.mark.parametrize("layer", [GateRight, ScaledRight, DivergenceRight, PeepholeRight])
def test_the_right_ones_pass(layer: Any) -> None:
    assert check(layer, seed=1, max_examples=6).verdict == "pass"
