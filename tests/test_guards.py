"""Losses with guards: the derivative of the loss that is meant passes with a warning, any other fault does not."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from zoo.right import guarded, guarded_losses
from zoo.wrong import guarded as with_a_fault

from checks import check, guards

LOSSES = ["SoftmaxLossOfTheBook", "SoftmaxLossClipped", "BinaryCrossEntropyGuarded", "SigmoidCrossEntropy"]


@pytest.mark.parametrize("name", LOSSES)
def test_a_guarded_loss_passes_with_a_warning(name: str) -> None:
    loss = getattr(guarded_losses, name)
    report = check(loss, seed=5, max_examples=3, allow=("overflow",))
    assert report.verdict == "pass"
    assert {(f.kind, f.severity) for f in report.findings} <= {("inconsistent-forward", "warning")}


def test_the_warning_names_the_guard_and_its_line() -> None:
    report = check(guarded_losses.SoftmaxLossOfTheBook, seed=5, max_examples=3, allow=("overflow",))
    (said,) = report.findings
    assert "without the guard np.log(y[np.arange(n), t] + 1e-07)" in said.message
    source = inspect.getsource(guarded_losses).splitlines()
    assert said.line is not None
    assert "1e-7" in source[said.line - 1]
    assert report.counterexample is None


class Halved(guarded_losses.SoftmaxLossOfTheBook):
    def backward(self, dout=1):
        return super().backward(dout) / 2


class ForgetsTheLabel(guarded_losses.SoftmaxLossClipped):
    def backward(self, dvalue=1.0):
        return dvalue * self.output / len(self.output)


class WrongSign(guarded_losses.BinaryCrossEntropyGuarded):
    def backward(self):
        return -super().backward()


@pytest.mark.parametrize(
    ("loss", "kind"), [(Halved, "wrong-values"), (ForgetsTheLabel, "wrong-values"), (WrongSign, "sign")]
)
def test_a_guard_excuses_no_other_fault(loss: type, kind: str) -> None:
    report = check(loss, seed=5, max_examples=3)
    assert report.verdict == "fail"
    assert kind in {finding.kind for finding in report.findings}


class Standardized:
    """No loss: an epsilon of this size in forward alone is a fault."""

    def forward(self, x):
        self.x = x
        self.s = np.sqrt(x.var(axis=0) + 1e-5)
        return np.log(np.maximum(np.abs(x), 1e-5)) / self.s.mean()

    def backward(self, dout):
        return dout / self.x / self.s.mean()


def test_what_is_larger_belongs_to_a_function_that_is_no_loss() -> None:
    assert check(Standardized, seed=5, max_examples=3).verdict == "fail"


FUNCTIONS = [
    guarded.SoftmaxWithFloor,
    guarded.UnitRows,
    guarded.UnitRows(eps=1e-9),
    guarded.AttentionPooling,
    (guarded.weighted_mean_forward, guarded.weighted_mean_backward),
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_guarded_function_passes_with_a_warning(function: object) -> None:
    report = check(function, seed=5, max_examples=3)
    assert report.verdict == "pass"
    (said,) = report.findings
    assert (said.kind, said.severity) == ("inconsistent-forward", "warning")
    assert "derivative of the function without the guard" in said.message


class WithoutTheSum(guarded.SoftmaxWithFloor):
    def backward(self, dy):
        return self.p * dy


class AlongTheRow(guarded.UnitRows):
    def backward(self, dy):
        return dy / self.n


class OfOneStep(guarded.AttentionPooling):
    def backward(self, dy):
        dx = super().backward(dy)
        self.dw = self.dw / self.x.shape[1]
        return dx


@pytest.mark.parametrize("function", [WithoutTheSum, AlongTheRow, AlongTheRow(eps=1e-9), OfOneStep])
def test_a_guard_excuses_no_other_fault_of_a_function(function: object) -> None:
    assert check(function, seed=5, max_examples=3).verdict == "fail"


def with_guards(p, eps=1e-9):
    return np.log(p + eps) + np.log(np.clip(p, 1e-6, 1 - 1e-6)) + np.log(p + guarded_losses.EPSILON)


def test_guards_are_lifted_and_put_back() -> None:
    code, defaults = with_guards.__code__, with_guards.__defaults__
    found = guards.find((with_guards, with_guards))
    assert found is not None
    assert found.values == {1e-9, 1e-6}
    before = with_guards(1e-8)
    with pytest.raises(RuntimeError), found.lifted():
        assert with_guards(1e-8) == pytest.approx(2 * np.log(1e-8) + np.log(1e-8 + 1e-12), rel=1e-12)
        raise RuntimeError
    assert with_guards(1e-8) == before
    assert with_guards.__code__ is code
    assert with_guards.__defaults__ is defaults


def test_no_guards() -> None:
    def plain(x):
        return np.log(x + 0.5) * 1e-7

    assert guards.find((plain, plain)) is None
    assert guards.find(len) is None


def test_a_fault_beside_a_guard_is_shown_by_itself() -> None:
    report = check((with_a_fault.weighted_mean_forward, with_a_fault.weighted_mean_backward), seed=1, max_examples=3)
    assert report.verdict == "fail"
    assert {row.name: row.verdict for row in report.comparisons} == {"x": "agrees", "w": "differs"}


class GuardedNetwork:
    """The guard lies in a layer of the network's, and there in a function."""

    def __init__(self, n_in, n_out):
        self.params = {"W": np.eye(n_in, n_out), "b": np.zeros(n_out)}
        self.last = guarded_losses.SoftmaxLossOfTheBook()

    def loss(self, x, t):
        self.x = x
        return self.last.forward(x @ self.params["W"] + self.params["b"], t)

    def gradient(self, x, t):
        self.loss(x, t)
        dz = self.last.backward(1)
        return {"W": self.x.T @ dz, "b": dz.sum(axis=0)}


def test_a_guard_in_a_layer_of_a_network() -> None:
    report = check(GuardedNetwork, seed=1, max_examples=4, allow=("overflow",))
    assert report.verdict == "pass", report.to_text()
    assert {f.kind for f in report.findings} == {"inconsistent-forward"}
