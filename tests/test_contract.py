"""What must hold besides values: each kind has layers that break it, and near-twins that do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import check
from checks.results import Report


class Affine:
    """Right; the others change one thing."""

    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b
        self.x: Any = None
        self.dW: Any = np.zeros_like(W)
        self.db: Any = np.zeros_like(b)

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class KeepsFirstInput(Affine):
    def forward(self, x: Any) -> Any:
        if self.x is None:
            self.x = x
        return x @ self.W + self.b


class ReadsFirstOfMany(Affine):
    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self.seen: list[Any] = []

    def forward(self, x: Any) -> Any:
        self.seen.append(x)
        self.x = self.seen[0]
        return x @ self.W + self.b


class ReadsLastOfMany(ReadsFirstOfMany):
    def forward(self, x: Any) -> Any:
        out = super().forward(x)
        self.x = self.seen[-1]
        return out


class PopsItsCache(Affine):
    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self.seen: list[Any] = []

    def forward(self, x: Any) -> Any:
        self.seen.append(x)
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.x = self.seen.pop()
        return super().backward(dout)


class Accumulates(Affine):
    def backward(self, dout: Any) -> Any:
        self.dW += self.x.T @ dout
        self.db += dout.sum(axis=0)
        return dout @ self.W.T


class AccumulatesAndResets(Accumulates):
    def zero_grad(self) -> None:
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)


class BufferOfFirstBatch(Affine):
    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self.out: Any = None

    def forward(self, x: Any) -> Any:
        if self.out is None:
            self.out = np.zeros((x.shape[0], self.W.shape[1]), dtype=x.dtype)
        self.x = x
        self.out[...] = x @ self.W + self.b
        return self.out.copy()


class RaisesOnSecondUse(Affine):
    def forward(self, x: Any) -> Any:
        if self.x is not None:
            raise RuntimeError("already used")
        return super().forward(x)


class RunningMean:
    """Its state goes on in forward, and no gradient reads it."""

    def __init__(self) -> None:
        self.mean = 0.0

    def forward(self, x: Any) -> Any:
        self.x = x
        self.mean = 0.9 * self.mean + 0.1 * float(x.mean())
        return x**2

    def backward(self, dout: Any) -> Any:
        return 2 * dout * self.x


class Relu:
    def forward(self, x: Any) -> Any:
        self.mask = x > 0
        return np.where(self.mask, x, 0.0)

    def backward(self, dout: Any) -> Any:
        return dout * self.mask


class WritesIntoUpstream(Relu):
    def backward(self, dout: Any) -> Any:
        dout[~self.mask] = 0
        return dout.copy()


class HandsBackUpstream:
    def forward(self, x: Any, y: Any) -> Any:
        return x + y

    def backward(self, dout: Any) -> Any:
        return dout, dout


class HandsOutCopies(HandsBackUpstream):
    def backward(self, dout: Any) -> Any:
        return dout * 1, dout * 1


class WritesIntoInputLater(Relu):
    def forward(self, x: Any) -> Any:
        self.x = x
        return super().forward(x)

    def backward(self, dout: Any) -> Any:
        dx = super().backward(dout)
        self.x *= 0
        return dx


class MemoryOrder:
    def forward(self, x: Any) -> Any:
        self.shape = x.shape
        return x.ravel(order="K") * np.arange(x.size)

    def backward(self, dout: Any) -> Any:
        return (dout * np.arange(dout.size)).reshape(self.shape)


class RowOrder(MemoryOrder):
    def forward(self, x: Any) -> Any:
        self.shape = x.shape
        return x.ravel() * np.arange(x.size)


class SingleGradient(Relu):
    def backward(self, dout: Any) -> Any:
        return (dout * self.mask).astype(np.float32)


class NaiveSoftmax:
    def weights(self, x: Any) -> Any:
        return np.exp(x)

    def forward(self, x: Any) -> Any:
        e = self.weights(x)
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, dout: Any) -> Any:
        return self.p * (dout - (dout * self.p).sum(axis=1, keepdims=True))


class StableSoftmax(NaiveSoftmax):
    def weights(self, x: Any) -> Any:
        return np.exp(x - x.max(axis=1, keepdims=True))


class SquashedByExp:
    """The logarithm of a scale is never as large as the input."""

    def forward(self, x, log_scale):
        self.x, self.scale = x, np.exp(log_scale)
        self.y = np.tanh(x * self.scale)
        return self.y

    def backward(self, dy):
        dz = dy * (1 - self.y**2)
        return dz * self.scale, dz * self.x * self.scale


class NaiveSigmoid:
    def forward(self, x: Any) -> Any:
        self.y = 1 / (1 + np.exp(-x))
        return self.y

    def backward(self, dout: Any) -> Any:
        return dout * self.y * (1 - self.y)


class Exp:
    """Its exact value does not fit float64 either."""

    def forward(self, x: Any) -> Any:
        self.y = np.exp(x)
        return self.y

    def backward(self, dout: Any) -> Any:
        return dout * self.y


class SampleAndDivergence:
    """The divergence grows faster than the sample: what it hands back for no upstream is 0 * inf then."""

    def forward(self, mu: Any, logvar: Any) -> Any:
        self.std = np.exp(0.5 * logvar)
        return mu + self.std, 0.5 * np.sum(np.exp(logvar) - logvar)

    def backward(self, dz: Any, dkl: Any) -> Any:
        return 1 * dz, dz * 0.5 * self.std + dkl * 0.5 * (self.std**2 - 1)


class NaiveSoftmaxAndMean(NaiveSoftmax):
    """Its first output overflows for nothing, whatever the second is."""

    def forward(self, x: Any) -> Any:
        return super().forward(x), np.exp(x).mean()

    def backward(self, dout: Any, dmean: Any) -> Any:
        return super().backward(dout)


class ReusesItsBuffer:
    """The next forward writes over what the last one handed out."""

    def __init__(self) -> None:
        self.buffer: Any = None

    def forward(self, x: Any) -> Any:
        if self.buffer is None or self.buffer.shape != x.shape:
            self.buffer = np.empty_like(x)
        return np.tanh(x, out=self.buffer)

    def backward(self, dout: Any) -> Any:
        return dout * (1 - self.buffer**2)


class CopiesItsBuffer(ReusesItsBuffer):
    def forward(self, x: Any) -> Any:
        return super().forward(x).copy()


class SpoilsItsCache:
    """Right once: a second backward finds its own derivative in the place of the output."""

    def forward(self, x: Any) -> Any:
        self.y = np.tanh(x)
        return self.y.copy()

    def backward(self, dout: Any) -> Any:
        self.y = 1 - self.y**2
        return dout * self.y


class KeepsItsCache(SpoilsItsCache):
    def backward(self, dout: Any) -> Any:
        slope = 1 - self.y**2
        return dout * slope


class RowAlone:
    """The bias is not summed: right for a batch of one, though forward takes more."""

    def __init__(self, c_in: int, c_out: int) -> None:
        self.W, self.b = np.random.randn(c_in, c_out), np.zeros((1, c_out))  # noqa: NPY002
        self.db = np.zeros_like(self.b)

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.dW = self.x.T @ dout
        self.db[...] = dout
        return dout @ self.W.T


class RowChecked(RowAlone):
    def forward(self, x: Any) -> Any:
        if len(x) != 1:
            raise ValueError("one sample, please")
        return super().forward(x)


class NumberAlone:
    """The factor's gradient is not summed: right for a number, though forward takes arrays."""

    def __init__(self, factor: float = 1.5) -> None:
        self.factor = factor

    def forward(self, x: Any) -> Any:
        self.x = x
        return self.factor * x

    def backward(self, dout: Any) -> Any:
        self.dfactor = float(dout * self.x)
        return self.factor * dout


class AnyNumbers(NumberAlone):
    def backward(self, dout: Any) -> Any:
        self.dfactor = float(np.sum(dout * self.x))
        return self.factor * dout


def report(layer: Any, **options: Any) -> Report:
    return check(layer, seed=0, max_examples=4, **options)


def kinds(layer: Any, **options: Any) -> set[str]:
    return {finding.kind for finding in report(layer, **options).findings}


@pytest.mark.parametrize(
    ("layer", "kind", "severity"),
    [
        (KeepsFirstInput, "stale-cache", "error"),
        (ReadsFirstOfMany, "stale-cache", "error"),
        (BufferOfFirstBatch, "raises", "error"),
        (RaisesOnSecondUse, "raises", "error"),
        (Accumulates, "accumulates", "warning"),
        (WritesIntoUpstream, "mutates-upstream", "warning"),
        (WritesIntoInputLater, "mutates-input", "warning"),
        (HandsBackUpstream, "aliases", "warning"),
        (MemoryOrder, "layout-dependent", "error"),
        (SingleGradient, "precision", "warning"),
        (NaiveSoftmax, "overflow", "error"),
        (NaiveSigmoid, "overflow", "warning"),
        (SquashedByExp, "overflow", "warning"),
        (ReusesItsBuffer, "aliases", "warning"),
        (SpoilsItsCache, "stale-cache", "warning"),
        (RowAlone, "raises", "warning"),
        (NumberAlone, "raises", "warning"),
    ],
)
def test_a_breach_is_found(layer: type, kind: str, severity: str) -> None:
    found = report(layer)
    assert (kind, severity) in {(f.kind, f.severity) for f in found.findings}
    assert found.verdict == ("fail" if severity == "error" else "pass")


@pytest.mark.parametrize(
    "layer",
    [Affine, ReadsLastOfMany, PopsItsCache, AccumulatesAndResets, RunningMean, Relu, HandsOutCopies, RowOrder]
    + [StableSoftmax, CopiesItsBuffer, KeepsItsCache, RowChecked, AnyNumbers],
)
def test_a_near_twin_breaks_nothing(layer: type) -> None:
    assert kinds(layer) == set()


def test_the_exact_value_has_to_fit() -> None:
    assert "error" not in {finding.severity for finding in report(Exp).findings}


def test_another_output_that_is_not_finite_accuses_nobody() -> None:
    assert kinds(SampleAndDivergence) == set()
    large = report(SampleAndDivergence, inputs=(np.array([[0.3]]), np.array([[800.0]])))
    assert large.verdict == "undecided"
    assert not large.findings


def test_the_first_output_is_judged_whatever_the_others_are() -> None:
    assert "overflow" in kinds(NaiveSoftmaxAndMean)


def test_the_message_names_gradient_and_values() -> None:
    finding = next(f for f in report(KeepsFirstInput).findings if f.kind == "stale-cache")
    assert finding.gradient == "W"
    assert "for a second input" in finding.message
    assert "expected" in finding.message


def test_an_allowed_kind_is_no_failure() -> None:
    assert report(NaiveSoftmax, allow=("overflow",)).verdict == "pass"
    assert report(NaiveSoftmax, allow=("Other:overflow",)).verdict == "fail"


def test_the_case_that_was_given_is_used() -> None:
    layer = KeepsFirstInput(np.ones((3, 2)), np.zeros(2))
    found = check(layer, inputs=(np.arange(6.0).reshape(2, 3),), seed=0)
    assert "stale-cache" in {finding.kind for finding in found.findings}


def test_in_single_precision() -> None:
    assert kinds(Affine, dtype="float32") == set()
    assert "stale-cache" in kinds(KeepsFirstInput, dtype="float32")
