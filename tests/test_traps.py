"""What makes a checker wrong: a layer for each trap, right ones that have to pass and wrong ones that have to fail."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from checks import check
from checks.results import Report


def judged(layer: Any, **options: Any) -> Report:
    return check(layer, seed=3, max_examples=6, **options)


# --- state


class Appends:
    """A second forward on the same object would read the first one's cache."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def forward(self, x: Any) -> Any:
        self.seen.append(x)
        return x**2

    def backward(self, d: Any) -> Any:
        return 2 * self.seen.pop() * d


class Reseeds:
    """Sets NumPy's global state in the constructor."""

    def __init__(self, n_in: int, n_out: int) -> None:
        np.random.seed(0)  # noqa: NPY002
        self.W = np.random.randn(n_in, n_out)  # noqa: NPY002

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W

    def backward(self, d: Any) -> Any:
        self.dW = self.x.T @ d
        return d @ self.W.T


class Dropout:
    """Draws from the global state at each forward."""

    def forward(self, x: Any) -> Any:
        self.keep = np.random.rand(*x.shape) < 0.6  # noqa: NPY002
        return x * self.keep / 0.6

    def backward(self, d: Any) -> Any:
        return d * self.keep / 0.6


class OwnDice:
    """Draws from a generator of its own: two masks of one entry are mostly alike."""

    def __init__(self, p: float = 0.2, seed: int = 42) -> None:
        self.p, self.rng = p, np.random.default_rng(seed)

    def forward(self, x: Any) -> Any:
        self.keep = (self.rng.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.keep

    def backward(self, d: Any) -> Any:
        return d * self.keep


class RunningMean:
    """Statistics change with every forward and owe no gradient."""

    def __init__(self, width: int) -> None:
        self.gamma, self.running_mean = np.ones(width), np.zeros(width)

    def forward(self, x: Any) -> Any:
        self.running_mean = 0.9 * self.running_mean + 0.1 * x.mean(axis=0)
        self.centred = x - x.mean(axis=0)
        return self.gamma * self.centred

    def backward(self, d: Any) -> Any:
        self.dgamma = (d * self.centred).sum(axis=0)
        d = d * self.gamma
        return d - d.mean(axis=0)


# --- values


class KeyBias:
    """A bias of the keys of attention shifts all scores of a row alike: its gradient is truly zero."""

    def __init__(self, width: int) -> None:
        self.Wk, self.bk = np.random.randn(width, width), np.random.randn(width)  # noqa: NPY002

    def forward(self, x: Any) -> Any:
        self.x, self.k = x, x @ self.Wk + self.bk
        scores = x @ self.k.swapaxes(-1, -2)
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        self.p = e / e.sum(axis=-1, keepdims=True)
        return self.p @ x

    def backward(self, d: Any) -> Any:
        x, p = self.x, self.p
        dp = d @ x.swapaxes(-1, -2)
        ds = p * (dp - (p * dp).sum(axis=-1, keepdims=True))
        dk = ds.swapaxes(-1, -2) @ x
        axes = tuple(range(x.ndim - 1))
        self.dWk = np.tensordot(x, dk, (axes, axes))
        self.dbk = dk.sum(axis=axes)
        return p.swapaxes(-1, -2) @ d + ds @ self.k + dk @ self.Wk.T


class RowBias:
    """The gradient of a (1, n) parameter in the shape (n,): the right values, by convention."""

    def __init__(self, n_in: int, n_out: int) -> None:
        self.W, self.b = np.random.randn(n_in, n_out), np.random.randn(1, n_out)  # noqa: NPY002

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, d: Any) -> Any:
        self.dW, self.db = self.x.T @ d, d.sum(axis=0)
        return d @ self.W.T


class SingleInside:
    """A float32 buffer within a float64 layer."""

    def forward(self, x: Any) -> Any:
        self.y = np.tanh(x.astype(np.float32))
        return self.y.astype(x.dtype)

    def backward(self, d: Any) -> Any:
        return d * (1 - self.y.astype(d.dtype) ** 2)


def logged(method: Any) -> Any:
    @functools.wraps(method)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    return inner


class Decorated:
    @logged
    def forward(self, x: Any) -> Any:
        self.x = x
        return np.sin(x)

    @logged
    def backward(self, d: Any) -> Any:
        return d * np.cos(self.x)


class ZeroStart:
    """Biases that start at zero hide a gradient that is multiplied by them."""

    def __init__(self, n_in: int, n_out: int) -> None:
        self.W, self.b = np.random.randn(n_in, n_out), np.zeros(n_out)  # noqa: NPY002

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, d: Any) -> Any:
        self.dW, self.db = self.x.T @ d, d.sum(axis=0)
        return d @ self.W.T + 0.5 * d @ (self.W * self.b).T


class UnitGain:
    """A gain that starts at one hides that it is forgotten."""

    def __init__(self, width: int) -> None:
        self.gamma = np.ones(width)

    def forward(self, x: Any) -> Any:
        self.x = x
        return x * self.gamma

    def backward(self, d: Any) -> Any:
        self.dgamma = (d * self.x).sum(axis=0)
        return d


class SquareOnly:
    """Runs for square weights alone."""

    def __init__(self, W: Any) -> None:
        self.W = W

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W

    def backward(self, d: Any) -> Any:
        self.dW = self.x.T @ d
        return d @ self.W


class MeanOfBatch:
    """Right for a batch of one."""

    def __init__(self, W: Any) -> None:
        self.W = W

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W

    def backward(self, d: Any) -> Any:
        self.dW = self.x.T @ d
        return d @ self.W.T / len(d)


# --- readings


class Prime:
    """The derivative is a function of the output, for the caller to multiply."""

    def forward(self, x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    def derivative(self, y: Any) -> Any:
        return y * (1 - y)


class Deaf:
    """Has an upstream gradient and ignores it: no activation object."""

    def forward(self, x: Any) -> Any:
        self.y = np.tanh(x)
        return self.y

    def backward(self, d: Any) -> Any:
        return 1 - self.y**2


class LogLoss:
    """Probabilities and labels: neither may be scaled or drawn as any number."""

    def forward(self, p: Any, t: Any) -> Any:
        self.p, self.t = p, t
        return -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p))

    def backward(self, d: Any = 1.0) -> Any:
        return d * (self.p - self.t) / (self.p * (1 - self.p))


class Positional:
    """A table that the output depends on, and that nobody learns."""

    def __init__(self, d_model: int, max_len: int = 64) -> None:
        self.pe = np.sin(np.arange(max_len)[:, None] / 10.0 ** np.arange(d_model))

    def forward(self, x: Any) -> Any:
        return x + self.pe[: x.shape[1]]

    def backward(self, d: Any) -> Any:
        return d


class PerSample:
    """A loss for each sample."""

    def forward(self, y: Any, t: Any) -> Any:
        self.off = y - t
        return 0.5 * (self.off**2).sum(axis=1)

    def backward(self, d: Any) -> Any:
        return self.off * d[:, None]


RIGHT = (
    *(Appends, Reseeds, Dropout, OwnDice, RunningMean, KeyBias, RowBias, SingleInside, Decorated),
    *(Prime, LogLoss, Positional, PerSample),
)


@pytest.mark.parametrize("layer", RIGHT)
def test_a_correct_layer_is_not_accused(layer: Any) -> None:
    report = judged(layer, allow=("overflow",))
    assert report.verdict == "pass", report.to_text()


@pytest.mark.parametrize("layer", [ZeroStart, UnitGain, SquareOnly, MeanOfBatch, Deaf])
def test_a_fault_that_hides_is_found(layer: Any) -> None:
    assert judged(layer).verdict == "fail"


class WritesInput:
    def forward(self, x: Any) -> Any:
        x[x < 0] = 0
        self.mask = x > 0
        return x

    def backward(self, d: Any) -> Any:
        return d * self.mask


class WritesUpstream:
    def forward(self, x: Any) -> Any:
        self.mask = x > 0
        return x * self.mask

    def backward(self, d: Any) -> Any:
        d[~self.mask] = 0
        return d


@pytest.mark.parametrize(("layer", "kind"), [(WritesInput, "mutates-input"), (WritesUpstream, "mutates-upstream")])
def test_writing_into_the_callers_array_is_a_warning_beside_right_values(layer: Any, kind: str) -> None:
    report = judged(layer)
    assert report.verdict == "pass", report.to_text()
    assert kind in {finding.kind for finding in report.findings}


# --- data that is compared with itself


class Survival:
    """Who is still at risk when: the times of two samples may be the same, and then a step of one of them jumps."""

    def forward(self, risk: Any, time: Any, event: Any) -> Any:
        self.at_risk = (time[None, :] >= time[:, None]).astype(float)
        self.event, self.e = event, np.exp(risk)
        self.denom = self.at_risk @ self.e
        return np.sum(event * (np.log(self.denom) - risk))

    def backward(self) -> Any:
        return self.e * (self.at_risk.T @ (self.event / self.denom)) - self.event


class SurvivalOfItself(Survival):
    def backward(self) -> Any:
        return self.event * (self.e * (self.at_risk.T @ (1 / self.denom)) - 1)


@pytest.mark.parametrize("tied", [(1.0, 2.0, 3.0), (1.0, 1.0, 3.0), (2.0, 2.0, 2.0)])
def test_ties_among_data_are_no_noise(tied: tuple[float, ...]) -> None:
    risk, event = np.array([0.3, -0.8, 1.1]), np.array([1.0, 0.4, 0.0])
    for layer, verdict in ((Survival, "pass"), (SurvivalOfItself, "fail")):
        report = judged(layer, inputs=(risk, np.array(tied), event), allow="overflow")
        assert report.verdict == verdict, report.to_text()


# --- a part of the output that stands still between the numbers near one


@pytest.mark.parametrize("seed", [0, 111])
def test_what_stands_still_between_the_numbers_near_one_is_noise(seed: int) -> None:
    """Who alone is at risk loses log(exp(risk)) - risk: exp lies on the grid of numbers near one, risk between it."""
    risk = 1e-7 * np.random.default_rng(seed).standard_normal((3, 2))
    time, event = np.array([0.52, -0.58, 0.11]), np.array([[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    assert judged(Survival, inputs=(risk, time, event), allow="overflow").verdict != "fail"


# --- a probability of 1 does not show what small ones beside it gain


class SharpScores:
    """softmax(tanh(x W) v): where one v is large, all of the probability is one column's, and the rest is tiny."""

    def __init__(self, W: Any, v: Any) -> None:
        self.W, self.v = W, v

    def forward(self, x: Any) -> Any:
        self.x, self.t = x, np.tanh(x @ self.W)
        s = self.t @ self.v
        e = np.exp(s - s.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, dout: Any) -> Any:
        ds = self.p * (dout - (dout * self.p).sum(axis=1, keepdims=True))
        dz = ds[..., None] * self.v * (1 - self.t**2)
        self.dW, self.dv = np.einsum("ntd,nta->da", self.x, dz), np.einsum("nt,nta->a", ds, self.t)
        return dz @ self.W.T


class SharpScoresAlone(SharpScores):
    def backward(self, dout: Any) -> Any:
        return super().backward(dout * (1 + self.p))


SHARP = "x(n,t,d), W(d,a), v(a) -> (n,t)"


@pytest.mark.parametrize("large", [285.0, 2850.0])
def test_a_probability_of_one_swallows_what_the_others_gain(large: float) -> None:
    rng = np.random.default_rng(1)
    given = rng.standard_normal((3, 7, 2)), rng.standard_normal((2, 4)), np.array([-large, -0.28, -0.0049, -0.285])
    report = judged(SharpScores, signature=SHARP, inputs=given, allow="overflow")
    assert report.verdict != "fail", report.to_text()


def test_probabilities_that_are_wrong_among_themselves_are_seen() -> None:
    assert judged(SharpScoresAlone, signature=SHARP).verdict == "fail"
