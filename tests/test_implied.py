"""A network of a loss that no call gives is judged by the one that its backward means, and only such a network is."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from checks import check
from checks.dialects import read
from checks.implied import implied
from tests.zoo.right import no_loss


class Linear:
    def __init__(self, n_in: int, n_out: int) -> None:
        self.W, self.b = np.random.default_rng(0).normal(size=(n_in, n_out)), np.zeros(n_out)

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def off(self, y: Any) -> Any:
        return self.x @ self.W + self.b - y

    def backward(self, y: Any) -> None:
        self.dW, self.db = self.x.T @ self.off(y), self.off(y).sum(axis=0)


class Nameless(Linear):
    def backward(self, a: Any, b: Any) -> None:  # type: ignore[override]
        self.dW, self.db = self.x.T @ (b - a) / len(a), (b - a).mean(axis=0)


class Decaying(Linear):
    def backward(self, y: Any) -> None:
        super().backward(y)
        self.dW = self.dW + 0.02 * self.W


class OfNoKnownLoss(Linear):
    def backward(self, y: Any, out: Any) -> None:  # type: ignore[override]
        d = (out - y) ** 3
        self.dW, self.db = self.x.T @ d, d.sum(axis=0)


class WithoutTheMean(Linear):
    def backward(self, y: Any) -> None:
        self.dW, self.db = self.x.T @ self.off(y) / len(y), self.off(y).sum(axis=0)


class Affine(Linear):
    """A layer, with a term too many: its backward gives something for nothing."""

    def backward(self, d: Any) -> Any:
        self.dW, self.db = self.x.T @ d + 0.1 * self.W, d.sum(axis=0)
        return d @ self.W.T


class Ignoring:
    def forward(self, x: Any) -> Any:
        self.y = np.tanh(x)
        return self.y

    def backward(self, d: Any) -> Any:
        return 1 - self.y**2


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (Linear, "judged by 0.5 times the sum of the squared errors"),
        (Nameless, "judged by 0.5 times the sum of the squared errors, divided by the number of samples"),
        (Decaying, "judged by 0.5 times the sum of the squared errors, and 0.01 times the squares of W"),
        (no_loss.SoftmaxRows, "judged by the cross entropy, divided by the number of samples"),
        (no_loss.ClassIndices, "judged by the cross entropy of the scores' softmax, divided by the number of samples"),
        (no_loss.LogisticInside, "judged by the binary cross entropy"),
        (no_loss.Absolute, "judged by the sum of the absolute errors"),
        (no_loss.Ascending, "judged by -1 times the binary cross entropy"),
        (no_loss.OwnRate, "judged by 0.025 times the sum of the squared errors"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_loss_that_is_meant_is_said(network: Any, words: str) -> None:
    report = check(network, seed=1, max_examples=4)
    assert report.verdict == "pass", report.to_text()
    assert report.likeness == f"no call gives a loss: {words}"


def test_all_gradients_have_to_be_of_the_same_loss() -> None:
    report = check(WithoutTheMean, seed=1, max_examples=6)
    assert report.verdict == "fail"
    assert len([row for row in report.comparisons if row.verdict == "differs"]) == 1


class OneOfThemTurned(Linear):
    def backward(self, y: Any) -> None:
        self.dW, self.db = -self.x.T @ self.off(y), self.off(y).sum(axis=0)


def test_what_is_made_small_is_not_made_large() -> None:
    report = check(OneOfThemTurned, seed=1, max_examples=4)
    assert [(f.kind, f.gradient) for f in report.findings if f.severity == "error"] == [("sign", "W")]


@pytest.mark.parametrize("layer", [Affine, Ignoring])
def test_a_layer_with_a_fault_is_no_network(layer: Any) -> None:
    report = check(layer, seed=1, max_examples=6)
    assert report.verdict == "fail"
    assert not (report.likeness or "").startswith("no call gives a loss")


def test_a_layer_that_is_right_is_not_asked_for_labels() -> None:
    subject = read(Linear)
    assert implied(subject, 0, "float64") is not None
    from reference.affine import Affine as Right

    assert implied(read(Right), 0, "float64") is None


def test_the_cases_that_tell_the_loss_have_several_sizes() -> None:
    for seed in (5, 6):  # of one size alone, 1/n would be a number
        report = check(no_loss.Columns, seed=seed, max_examples=1)
        assert report.likeness == "no call gives a loss: judged by the cross entropy, divided by the number of samples"


def test_the_callers_output_is_its_own_while_readings_are_handed_on() -> None:
    before = sys.stdout
    readings = iter(read(Linear).labelled())
    next(readings)
    assert sys.stdout is before


def test_where_no_loss_explains_it_what_to_add_is_said() -> None:
    report = check(OfNoKnownLoss, seed=1, max_examples=4)
    assert report.verdict == "error"
    assert report.why is not None
    assert "give the class a method loss(...) that returns it" in report.why


def test_the_counterexample_has_the_loss(tmp_path: Any) -> None:
    (tmp_path / "nets.py").write_text(
        "import numpy as np\n\n\nclass Net:\n    def __init__(self, n, k):\n        self.W = np.random.randn(n, k)\n"
        "        self.b = np.zeros(k)\n\n    def forward(self, x):\n        return x @ self.W + self.b\n\n"
        "    def backward(self, x, y, out):\n        self.dW = x.T @ (out - y) + 0.1\n"
        "        self.db = (out - y).sum(axis=0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "checks", "check", str(tmp_path / "nets.py"), "--seed", "1"],
        capture_output=True,
        text=True,
    )
    script = done.stdout.partition("runs as it stands:\n")[2].rpartition("\n1 subject")[0]
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    analytic, numerical = (float(line.split()[-1]) for line in shown.splitlines())
    assert abs(analytic - numerical - 0.1) < 1e-6


@pytest.mark.parametrize("seed", [36, 37])
def test_a_shift_of_all_scores_tells_nothing_of_the_loss(seed: int) -> None:
    assert check(no_loss.ClassIndices, seed=seed, max_examples=3).verdict == "pass"
