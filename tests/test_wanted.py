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
        (ScaledLost, {"x"}, "(dz - (dz * self.z).mean(axis=1, keepdims=True) * self.z) / self.r"),
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


class Normed:
    def forward(self, x):
        self.sd = np.sqrt(x.var(axis=1, keepdims=True) + 1e-3)
        self.hat = (x - x.mean(axis=1, keepdims=True)) / self.sd
        return self.hat


class NormedRight(Normed):
    def backward(self, dout):
        d = dout.shape[1]
        s, t = dout.sum(axis=1, keepdims=True), (dout * self.hat).sum(axis=1, keepdims=True)
        return (d * dout - s - self.hat * t) / (d * self.sd)


class NormedOverTheSamples(Normed):
    """The same slip twice in one statement."""

    def backward(self, dout):
        n, d = dout.shape
        s, t = dout.sum(axis=1, keepdims=True), (dout * self.hat).reshape(n, d).sum(axis=1, keepdims=True)
        return (n * dout - s - self.hat * t) / (n * self.sd)


class Called:
    """What the object keeps is in sight of its backward though it can be called."""

    def __init__(self, n_in, n_out):
        self.W = RNG.normal(size=(n_in, n_out))

    def __call__(self, x):
        self.x, self.h = x, x @ self.W
        return np.maximum(self.h, 0) ** 2


class CalledRight(Called):
    def backward(self, dy):
        dh = dy * 2 * self.h * (self.h > 0)
        self.dW = self.x.T @ dh
        return dh @ self.W.T


class CalledOnBothSides(Called):
    def backward(self, dy):
        dh = dy * 2 * self.h
        self.dW = self.x.T @ dh
        return dh @ self.W.T


class Recurrent:
    def __init__(self, h):
        self.U = RNG.normal(size=(h, h))

    def forward(self, x):
        self.hs = {-1: np.zeros(x.shape[1])}
        for t in range(len(x)):
            self.hs[t] = np.tanh(x[t] + self.hs[t - 1] @ self.U)
        return np.array([self.hs[t] for t in range(len(x))])

    def backward(self, dout):
        self.dU, back, dx = np.zeros_like(self.U), np.zeros(len(self.U)), np.zeros_like(dout)
        for t in reversed(range(len(dout))):
            dx[t] = (dout[t] + back) * (1 - self.hs[t] ** 2)
            self.dU += self.outer(t, dx[t])
            back = self.U @ dx[t]
        return dx


class RecurrentRight(Recurrent):
    def outer(self, t, d):
        return np.outer(self.hs[t - 1], d)


class RecurrentOneOff(Recurrent):
    def outer(self, t, d):
        return np.outer(self.hs[t], d)


@pytest.mark.parametrize(
    ("layer", "what", "cure"),
    [
        (NormedOverTheSamples, "n stands where d belongs", "(d * dout - s - self.hat * t) / (d * self.sd)"),
        (CalledOnBothSides, "the factor (self.h > 0) is missing", "dh = dy * 2 * self.h * (self.h > 0)"),
        (RecurrentOneOff, "self.hs[t] stands where self.hs[t - 1] belongs", "np.outer(self.hs[t - 1], d)"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_another_name_is_found(layer: Any, what: str, cure: str) -> None:
    report = check(layer, seed=1, max_examples=6)
    wrong = [finding for finding in report.findings if finding.severity == "error"]
    assert wrong, report.to_text()
    assert any(what in finding.message for finding in wrong), report.to_text()
    assert all(cure in (finding.suggestion or "") for finding in wrong), report.to_text()


@pytest.mark.parametrize("layer", [NormedRight, CalledRight, RecurrentRight])
def test_the_right_names_pass(layer: Any) -> None:
    assert check(layer, seed=1, max_examples=6).verdict == "pass"
