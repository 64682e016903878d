"""The user's own code, changed in one place: what is mended, how it is told, and that nothing stays changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from zoo.wrong.updates import TanhAfterItsStep

from checks import check
from checks.discover import discover


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Net:
    """Two layers, whose hidden one no rule about values sees."""

    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = np.ones((n_in, n_hidden))
        self.b1 = np.zeros(n_hidden)
        self.W2 = np.ones((n_hidden, n_out))
        self.eps = 0.01

    def forward(self, x):
        self.x = x
        self.z = x @ self.W1 + self.b1
        self.h = sigmoid(self.z)
        return self.h @ self.W2


class Right(Net):
    def backward(self, dout):
        self.dW2 = self.h.T @ dout
        dz = (dout @ self.W2.T) * self.h * (1 - self.h)
        self.dW1 = self.x.T @ dz
        self.db1 = np.sum(dz, axis=0)
        return dz @ self.W1.T


class FactorLost(Net):
    def backward(self, dout):
        self.dW2 = self.h.T @ dout
        dz = (dout @ self.W2.T) * self.h
        self.dW1 = self.x.T @ dz
        self.db1 = np.sum(dz, axis=0)
        return dz @ self.W1.T


class SignTurned(Net):
    def backward(self, dout):
        self.dW2 = self.h.T @ dout
        dz = (dout @ self.W2.T) * self.h * (1 + self.h)
        self.dW1 = self.x.T @ dz
        self.db1 = np.sum(dz, axis=0)
        return dz @ self.W1.T


class WrongArray(Net):
    def backward(self, dout):
        self.dW2 = self.h.T @ dout
        dz = (dout @ self.W2.T) * self.h * (1 - self.z)
        self.dW1 = self.x.T @ dz
        self.db1 = np.sum(dz, axis=0)
        return dz @ self.W1.T


class Centred:
    def forward(self, x):
        self.z = x - x.mean(axis=0)
        self.std = np.sqrt((self.z**2).mean(axis=0) + 1e-3)
        self.out = self.z / self.std
        return self.out


class CentredRight(Centred):
    def backward(self, dout):
        return (dout - dout.mean(axis=0) - self.out * (dout * self.out).mean(axis=0)) / self.std


class TermLost(Centred):
    def backward(self, dout):
        return (dout - self.out * (dout * self.out).mean(axis=0)) / self.std


class SumLost(Centred):
    def backward(self, dout):
        return (dout - dout.mean(axis=0) - self.out * (dout * self.out)) / self.std


class SignOfATerm(Centred):
    def backward(self, dout):
        return (dout - dout.mean(axis=0) + self.out * (dout * self.out).mean(axis=0)) / self.std


class Recurrent:
    def __init__(self, n):
        self.U = np.eye(n) * 0.5

    def forward(self, x):
        self.x, self.h = x, [np.zeros_like(x[0])]
        for row in x:
            self.h.append(np.tanh(row + self.h[-1] @ self.U))
        return np.array(self.h[1:])


class RecurrentRight(Recurrent):
    def backward(self, dout):
        self.dU = np.zeros_like(self.U)
        dx, back = np.zeros_like(self.x), 0
        for t in reversed(range(len(dout))):
            dz = (dout[t] + back) * (1 - self.h[t + 1] ** 2)
            self.dU += np.outer(self.h[t], dz)
            dx[t] = dz
            back = dz @ self.U.T
        return dx


class Overwritten(Recurrent):
    def backward(self, dout):
        self.dU = np.zeros_like(self.U)
        dx, back = np.zeros_like(self.x), 0
        for t in reversed(range(len(dout))):
            dz = (dout[t] + back) * (1 - self.h[t + 1] ** 2)
            self.dU = np.outer(self.h[t], dz)
            dx[t] = dz
            back = dz @ self.U.T
        return dx


class Turned(Recurrent):
    def backward(self, dout):
        self.dU = np.zeros_like(self.U)
        dx, back = np.zeros_like(self.x), 0
        for t in reversed(range(len(dout))):
            dz = (dout[t] + back) * (1 - self.h[t + 1] ** 2)
            self.dU += np.outer(self.h[t], dz)
            dx[t] = dz
            back = dz @ self.U
        return dx


class Gelu:
    def forward(self, x):
        self.x = x
        self.t = np.tanh(0.8 * (x + 0.044715 * x**3))
        return 0.5 * x * (1 + self.t)


class GeluRight(Gelu):
    def backward(self, dout):
        slope = 0.8 * (1 + 3 * 0.044715 * self.x**2)
        return dout * (0.5 * (1 + self.t) + 0.5 * self.x * (1 - self.t**2) * slope)


class NearbyNumber(Gelu):
    def backward(self, dout):
        slope = 0.8 * (1 + 3 * 0.0447 * self.x**2)
        return dout * (0.5 * (1 + self.t) + 0.5 * self.x * (1 - self.t**2) * slope)


class WrongSide:
    def forward(self, x):
        self.x = x
        return np.where(np.abs(x) < 1.5, x**2, 0.5 * x)

    def backward(self, dout):
        return dout * np.where(np.abs(self.x) > 1.5, 2 * self.x, 0.5)


class RightSide(WrongSide):
    def backward(self, dout):
        return dout * np.where(np.abs(self.x) < 1.5, 2 * self.x, 0.5)


class Joined:
    """A step on two inputs side by side, one of which goes on past it."""

    def forward(self, x, h):
        self.x, self.h = x, h
        self.c = np.tanh(np.hstack([x, 0.5 * h]))
        return self.c.sum(axis=1, keepdims=True) * h

    def backward(self, dout):
        n = self.x.shape[1]
        along = self.c.sum(axis=1, keepdims=True)
        both = (dout * self.h).sum(axis=1, keepdims=True) * (1 - self.c**2)
        both[:, n:] *= 0.5
        return both[:, :n], self.passed(dout, along, both, n)


class JoinedRight(Joined):
    def passed(self, dout, along, both, n):
        return dout * along + both[:, n:]


class PartLost(Joined):
    def backward(self, dout):
        n = self.x.shape[1]
        along = self.c.sum(axis=1, keepdims=True)
        both = (dout * self.h).sum(axis=1, keepdims=True) * (1 - self.c**2)
        both[:, n:] *= 0.5
        return both[:, :n], dout * along


class TurnedPairs:
    """Pairs of features turned by an angle a step: arrays of four axes."""

    def forward(self, q):
        self.a, self.b = np.split(q, 2, axis=-1)
        self.c, self.s = (f(np.arange(1, q.shape[1] + 1))[:, None, None] for f in (np.cos, np.sin))
        return np.concatenate([self.a * self.c - self.b * self.s, self.a * self.s + self.b * self.c], axis=-1)


class TurnedPairsRight(TurnedPairs):
    def backward(self, dout):
        a, b = np.split(dout, 2, axis=-1)
        return np.concatenate([a * self.c + b * self.s, b * self.c - a * self.s], axis=-1)


class HalfTurned(TurnedPairs):
    def backward(self, dout):
        a, b = np.split(dout, 2, axis=-1)
        return np.concatenate([a * self.c + b * self.s, b * self.c], axis=-1)


NET = "x(n,i), W1(i,h), b1(h), W2(h,o) -> (n,o)"
SAME = "x(n,i) -> (n,i)"
STEP = "x(n,i), h(n,j) -> (n,j)"
PAIRS = "q(n,t,h,2*c) -> (n,t,h,2*c)"
TIME = "x(t,n), U(n,n) -> (t,n)"


@pytest.mark.parametrize(
    ("layer", "signature", "kind", "cure"),
    [
        (FactorLost, NET, "missing-factor", "dz = dout @ self.W2.T * self.h * (1 - self.h)"),
        (SignTurned, NET, "sign", "dz = dout @ self.W2.T * self.h * (1 - self.h)"),
        (WrongArray, NET, "wrong-values", "dz = dout @ self.W2.T * self.h * (1 - self.h)"),
        (SumLost, SAME, "not-summed", "self.out * (dout * self.out).mean(axis=0)) / self.std"),
        (SignOfATerm, SAME, "sign", "- self.out * (dout * self.out).mean(axis=0)) / self.std"),
        (Overwritten, TIME, "zero-gradient", "self.dU += np.outer(self.h[t], dz)"),
        (Turned, TIME, "transposed", "back = dz @ self.U.T"),
        (NearbyNumber, SAME, "inconsistent-forward", "slope = 0.8 * (1 + 3 * 0.044715 * self.x ** 2)"),
        (WrongSide, SAME, "branch", "np.where(np.abs(self.x) <= 1.5, 2 * self.x, 0.5)"),
        (PartLost, STEP, "missing-term", "return (both[:, :n], dout * along + both[:, n:])"),
        (HalfTurned, PAIRS, "missing-term", "b * self.c - "),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_statement_that_would_be_right_is_said(layer: Any, signature: str, kind: str, cure: str) -> None:
    report = check(layer, signature, seed=1, max_examples=4)
    wrong = [finding for finding in report.findings if finding.severity == "error"]
    assert {finding.kind for finding in wrong} == {kind}, report.to_text()
    for finding in wrong:
        assert cure in (finding.suggestion or "")
        assert finding.suggestion == f"line {finding.line}: {(finding.suggestion or '').partition(': ')[2]}"
        assert "mended" in finding.message
        assert " it agrees to " in finding.message


@pytest.mark.parametrize(
    ("layer", "signature"),
    [(Right, NET), (CentredRight, SAME), (RecurrentRight, TIME), (GeluRight, SAME), (RightSide, SAME)]
    + [(JoinedRight, STEP), (TurnedPairsRight, PAIRS)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_mended_layers_pass(layer: Any, signature: str) -> None:
    assert check(layer, signature, seed=1, max_examples=6).verdict == "pass"


def test_the_code_is_as_it_was_afterwards() -> None:
    before = FactorLost.backward.__code__, dict(FactorLost.backward.__globals__)
    check(FactorLost, NET, seed=1, max_examples=3)
    assert FactorLost.backward.__code__ is before[0]
    assert set(FactorLost.backward.__globals__) == set(before[1])


class UpdatesFirst(Net):
    """The weights are changed before the gradient of the input is made with them."""

    def __init__(self, n_in, n_out):
        self.W, self.b = np.ones((n_in, n_out)), np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout, learning_rate):
        self.W -= learning_rate * self.x.T @ dout
        self.b -= learning_rate * dout.sum(axis=0)
        return dout @ self.W.T


class UpdatesLast(UpdatesFirst):
    def backward(self, dout, learning_rate):
        dx = dout @ self.W.T
        super().backward(dout, learning_rate)
        return dx


class DrawsAgain:
    def mask(self, shape):
        return np.random.random(shape) > 0.3  # noqa: NPY002

    def forward(self, x):
        self.kept = self.mask(x.shape)
        return x * self.kept

    def backward(self, dout):
        return dout * self.mask(dout.shape)


class DrawsOnce(DrawsAgain):
    def backward(self, dout):
        return dout * self.kept


@pytest.mark.parametrize(("layer", "names"), [(UpdatesFirst, "W and b"), (TanhAfterItsStep, "w and b")])
def test_weights_that_are_updated_first_are_told_of(layer: type, names: str) -> None:
    (finding,) = (f for f in check(layer, seed=1, max_examples=4).findings if f.severity == "error")
    assert (finding.kind, finding.gradient) == ("nonlinear-upstream", "x")
    assert f"it is made with {names} as backward has updated them: form it before the update" in finding.message
    assert check(UpdatesLast, seed=1, max_examples=4).verdict == "pass"


def test_a_backward_that_draws_is_told_of() -> None:
    (finding,) = (f for f in check(DrawsAgain, seed=1, max_examples=4).findings if f.severity == "error")
    assert (finding.kind, finding.gradient) == ("nondeterministic", "x")
    assert "backward draws random numbers of its own" in finding.message
    assert check(DrawsOnce, seed=1, max_examples=4).verdict == "pass"


def test_a_file_that_is_given_by_a_relative_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent)
    (found,) = discover("examples/network.py")
    report = check(found.subject, seed=0, max_examples=4, target=found.target)
    cures = {f.suggestion for f in report.findings if f.severity == "error"}
    assert cures == {"line 17: dz = dout @ self.W2.T * self.h * (1 - self.h)"}


class Gate:
    """A gate of each channel by its mean; the images' extents have no names of their own."""

    def __init__(self, channels):
        self.A = np.ones((channels, channels)) * 0.4

    def forward(self, x):
        m = x.mean(axis=(2, 3))
        g = sigmoid(m @ self.A)
        self.kept = x, m, g
        return x * g[:, :, None, None]

    def backward(self, dy):
        x, m, g = self.kept
        dz = (dy * x).sum(axis=(2, 3)) * g * (1 - g)
        self.dA = m.T @ dz
        dm = dz @ self.A.T
        return dy * g[:, :, None, None] + dm[:, :, None, None] / self.area(x)

    def area(self, x):
        return x.shape[2] * x.shape[3]


class GateOfRows(Gate):
    def area(self, x):
        return x.shape[2]


def test_the_extent_of_an_axis_is_in_sight() -> None:
    assert check(Gate, seed=1, max_examples=4).verdict == "pass"
    report = check(GateOfRows, seed=1, max_examples=4)
    (said,) = (finding for finding in report.findings if finding.severity == "error")
    assert said.gradient == "x"
    assert ".shape[3]" in said.message
    assert "mended" in said.message
