"""For each kind of finding, layers that have the fault and near-twins that look like them and have not."""

# ruff: noqa: NPY002  (this is how they are written)

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

AFFINE = "x(n,i), W(i,o), b(o) -> (n,o)"
SAME = "x(n,i) -> (n,i)"
SCALE = "x(n,i), gamma(i), beta(i) -> (n,i)"


class Affine:
    """Right; the others below differ from it in one line."""

    def __init__(self, W, b):
        self.W, self.b = W, b
        self.dW = None
        self.db = None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Scale:
    """gamma * x + beta."""

    def __init__(self, gamma, beta):
        self.gamma, self.beta = gamma, beta
        self.dgamma = None
        self.dbeta = None

    def forward(self, x):
        self.x = x
        return self.gamma * x + self.beta

    def backward(self, dout):
        self.dgamma = (dout * self.x).sum(axis=0)
        self.dbeta = dout.sum(axis=0)
        return dout * self.gamma


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout):
        return dout * (1 - self.out**2)


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dx = dout.copy()
        dx[self.mask] = 0
        return dx


# --- missing-gradient


class ForgetsBias(Affine):
    def backward(self, dout):
        self.dW = self.x.T @ dout
        return dout @ self.W.T


class AnotherSpelling(Affine):
    def backward(self, dout):
        self.dw = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class ForgetsGamma(Scale):
    def backward(self, dout):
        self.dbeta = dout.sum(axis=0)
        return dout * self.gamma


class CentresByARunningMean(Affine):
    """The running mean is a buffer: it owes no gradient."""

    def __init__(self, W, b):
        super().__init__(W, b)
        self.running_mean = np.zeros(W.shape[1])

    def forward(self, x):
        out = super().forward(x)
        self.running_mean = 0.9 * self.running_mean + 0.1 * out.mean(axis=0)
        return out


class Embedding:
    """Indices have no gradient."""

    def __init__(self, W):
        self.W = W
        self.dW = None

    def forward(self, idx):
        self.idx = idx
        return self.W[idx]

    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.idx, dout)


# --- zero-gradient


class NeverFilled(Affine):
    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class ReturnsZeros(Tanh):
    def backward(self, dout):
        return np.zeros_like(dout)


class MultipliesByNothing(Scale):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dgamma = self.dgamma * 0
        return dx


class Gate:
    """One step of a staircase: its derivative is zero."""

    def forward(self, x):
        self.shape = x.shape
        return (x > 0.123) * 1.0

    def backward(self, dout):
        return np.zeros(self.shape)


class ShiftsAllScoresOfARow:
    """Softmax does not see what all scores of a row have in common."""

    def __init__(self, b):
        self.b = b
        self.db = None

    def forward(self, x):
        scores = x + self.b[0]
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, dout):
        self.db = np.zeros_like(self.b)
        return self.p * (dout - (self.p * dout).sum(axis=1, keepdims=True))


class FarThreshold:
    """Nothing passes for ordinary inputs."""

    def forward(self, x):
        self.mask = x > 1e6
        return np.where(self.mask, x - 1e6, 0.0)

    def backward(self, dout):
        return dout * self.mask


# --- wrong-shape


class TransposedWeights(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dW = dout.T @ self.x
        return dx


class NotSummed(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.db = dout
        return dx


class KeepsAnAxis(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.db = dout.sum(axis=0, keepdims=True)
        return dx


class RowBias(Affine):
    """A bias of shape (1, o) has a gradient of shape (1, o)."""

    def backward(self, dout):
        dx = super().backward(dout)
        self.db = dout.sum(axis=0, keepdims=True)
        return dx


class Flattens:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dout):
        return dout.reshape(self.shape)


# --- wrong-values


class TanhCubed(Tanh):
    def backward(self, dout):
        return dout * (1 - np.abs(self.out) ** 3)


class ScaleBySine(Scale):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dgamma = (dout * np.sin(self.x)).sum(axis=0)
        return dx


class AffineAlmost(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dW = self.dW + 1e-5 * np.cos(np.arange(self.dW.size)).reshape(self.dW.shape) * self.dW
        return dx


# --- raises


class ReadsWhatIsNotThere(Tanh):
    def backward(self, dout):
        return dout * self.mask


class SqueezesTheBatch(Affine):
    """Works but for one sample."""

    def backward(self, dout):
        dx = super().backward(dout)
        self.dW = self.x.squeeze(axis=None).T.reshape(self.W.shape[0], len(dout)) @ dout
        if len(dout) == 1:
            raise IndexError("too many indices")
        return dx


class WrongProduct(Affine):
    def backward(self, dout):
        self.dW = self.x @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class WantsTwoSamples(Tanh):
    """Forward raises, and says why: such cases are left out."""

    def forward(self, x):
        if len(x) < 2:
            raise ValueError("a batch of two or more")
        return super().forward(x)


class TriesAndCatches(Tanh):
    def backward(self, dout):
        try:
            return dout * self.slope
        except AttributeError:
            return super().backward(dout)


# --- nondeterministic


class DrawsAnew(Tanh):
    def forward(self, x):
        return super().forward(x) + np.random.default_rng().uniform()


class CountsItsObjects(Tanh):
    made = 0

    def forward(self, x):
        type(self).made += 1
        return super().forward(x) + type(self).made


class ReadsTheClock(Tanh):
    def forward(self, x):
        return super().forward(x) + time.perf_counter_ns() % 1000


SEEN: list[float] = []


class RemembersElsewhere(Tanh):
    def forward(self, x):
        SEEN.append(float(np.sum(x)))
        return super().forward(x) + 1e-3 * len(SEEN)


class Dropout:
    """Draws from the global state, which every evaluation finds the same."""

    def forward(self, x):
        self.mask = np.random.rand(*x.shape) > 0.3
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class SeededDropout:
    def __init__(self):
        self.rng = np.random.default_rng(0)

    def forward(self, x):
        self.mask = self.rng.uniform(size=x.shape) > 0.3
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class Warms(Tanh):
    """Each call of one object answers otherwise, each new object the same."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        return self.calls * super().forward(x)

    def backward(self, dout):
        return self.calls * super().backward(dout)


# --- mutates-input


class ReluInPlace(Relu):
    def forward(self, x):
        self.mask = x <= 0
        x[self.mask] = 0
        return x.copy()


class DoublesInPlace:
    def forward(self, x):
        x *= 2
        return x + 0

    def backward(self, dout):
        return 2 * dout


class TanhInto(Tanh):
    def forward(self, x):
        np.tanh(x, out=x)
        self.out = x.copy()
        return self.out


class ReluOnACopy(Relu):
    def forward(self, x):
        self.mask = x <= 0
        x = x.copy()
        x[self.mask] = 0
        return x


class DoublesItsOwn:
    def forward(self, x):
        x = x * 1
        x *= 2
        return x

    def backward(self, dout):
        return 2 * dout


class TanhIntoABuffer(Tanh):
    def forward(self, x):
        self.out = np.empty_like(x)
        return np.tanh(x, out=self.out)


# --- mutates-parameter


class HalvesItsWeights(Affine):
    def forward(self, x):
        self.W /= 2
        return super().forward(x)

    def backward(self, dout):
        dx = super().backward(dout)
        self.dW = self.dW / 2
        return dx


class RaisesItsBias(Affine):
    def forward(self, x):
        self.b += 1
        return super().forward(x)


class TakesSizesInPlace(Scale):
    def forward(self, x):
        self.sign = np.sign(self.gamma)
        self.gamma *= -self.sign
        return super().forward(x)

    def backward(self, dout):
        dx = super().backward(dout)
        self.dgamma = -self.dgamma * self.sign
        return dx


class HalvesACopy(Affine):
    def forward(self, x):
        self.x = x
        self.half = self.W / 2
        return x @ self.half + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout / 2
        self.db = dout.sum(axis=0)
        return dout @ self.half.T


class WritesItsBuffer(Affine):
    def __init__(self, W, b):
        super().__init__(W, b)
        self.running_mean = np.zeros(W.shape[1])

    def forward(self, x):
        out = super().forward(x)
        self.running_mean *= 0.9
        self.running_mean += 0.1 * out.mean(axis=0)
        return out


class WritesItsGradients(Affine):
    def __init__(self, W, b):
        super().__init__(W, b)
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)

    def backward(self, dout):
        self.dW[...] = self.x.T @ dout
        self.db[...] = dout.sum(axis=0)
        return dout @ self.W.T


# --- precision


class TanhSingle(Tanh):
    def forward(self, x):
        self.out = np.tanh(x.astype(np.float32))
        return self.out


class SingleBuffer(Tanh):
    def forward(self, x):
        self.out = np.empty(x.shape, dtype=np.float32)
        self.out[...] = np.tanh(x)
        return self.out


class AffineSingle(Affine):
    def forward(self, x):
        return super().forward(x).astype("f4")


class LikeItsInput(Tanh):
    def forward(self, x):
        self.out = np.empty_like(x)
        self.out[...] = np.tanh(x)
        return self.out


class WiderThanItsInput(Tanh):
    def forward(self, x):
        return super().forward(x.astype(np.float64))


class Square(Tanh):
    """Its gradient goes through a quotient that zero has no part in."""

    def forward(self, x):
        self.x = x
        return x**2

    def backward(self, dout):
        with np.errstate(all="ignore"):
            return dout * 2 * self.x * self.x / self.x


class Size(Square):
    def forward(self, x):
        self.x = x
        return np.abs(x)

    def backward(self, dout):
        with np.errstate(all="ignore"):
            return dout * self.x / np.abs(self.x)


class Cube(Square):
    def forward(self, x):
        self.x = x
        return x**3

    def backward(self, dout):
        with np.errstate(all="ignore"):
            return dout * 3 * self.x**4 / self.x**2


class SquareOnceMore(Square):
    def backward(self, dout):
        return dout * 2 * self.x


class SizeBySign(Size):
    def backward(self, dout):
        return dout * np.sign(self.x)


class CubeOnceMore(Cube):
    def backward(self, dout):
        return dout * 3 * self.x**2


class Layer(NamedTuple):
    """A class, the signature under which it is checked, and what is found: about which gradient, how severe."""

    layer: type
    signature: str
    gradient: str | None = None
    severity: str = "error"
    options: Mapping[str, Any] = {}


class Kind(NamedTuple):
    """Layers with the fault, and layers without."""

    wrong: tuple[Layer, ...]
    right: tuple[Layer, ...]


FEW, MANY = {"max_examples": 2}, {"max_examples": 20}
SINGLE = {"dtype": "float32"}
KINDS: dict[str, Kind] = {
    "missing-gradient": Kind(
        wrong=(
            Layer(ForgetsBias, AFFINE, "b"),
            Layer(AnotherSpelling, AFFINE, "W"),
            Layer(ForgetsGamma, SCALE, "gamma"),
        ),
        right=(
            Layer(Affine, AFFINE),
            Layer(CentresByARunningMean, AFFINE),
            Layer(Embedding, "idx(n):label(v), W(v,d) -> (n,d)"),
        ),
    ),
    "zero-gradient": Kind(
        wrong=(
            Layer(NeverFilled, AFFINE, "W"),
            Layer(ReturnsZeros, SAME, "x"),
            Layer(MultipliesByNothing, SCALE, "gamma"),
        ),
        right=(
            Layer(Gate, SAME),
            Layer(ShiftsAllScoresOfARow, "x(n,c), b(1) -> (n,c)"),
            Layer(FarThreshold, SAME),
        ),
    ),
    "wrong-shape": Kind(
        wrong=(
            Layer(TransposedWeights, AFFINE, "W"),
            Layer(NotSummed, AFFINE, "b"),
            Layer(KeepsAnAxis, AFFINE, "b", "warning"),
        ),
        right=(
            Layer(Affine, AFFINE),
            Layer(RowBias, "x(n,i), W(i,o), b(1,o) -> (n,o)"),
            Layer(Flattens, "x(n,i,j) -> (n,i*j)"),
        ),
    ),
    "wrong-values": Kind(
        wrong=(
            Layer(TanhCubed, SAME, "x"),
            Layer(ScaleBySine, SCALE, "gamma"),
            Layer(AffineAlmost, AFFINE, "W"),
        ),
        right=(Layer(Tanh, SAME), Layer(Scale, SCALE), Layer(Relu, SAME)),
    ),
    "raises": Kind(
        wrong=(
            Layer(ReadsWhatIsNotThere, SAME),
            Layer(SqueezesTheBatch, AFFINE, options=MANY),
            Layer(WrongProduct, AFFINE),
        ),
        right=(Layer(WantsTwoSamples, SAME, options=MANY), Layer(TriesAndCatches, SAME), Layer(Affine, AFFINE)),
    ),
    "nondeterministic": Kind(
        wrong=(
            Layer(ReadsTheClock, SAME, options=FEW),
            Layer(CountsItsObjects, SAME, options=FEW),
            Layer(RemembersElsewhere, SAME, options=FEW),
        ),
        right=(Layer(Dropout, SAME), Layer(SeededDropout, SAME), Layer(DrawsAnew, SAME), Layer(Warms, SAME)),
    ),
    "mutates-input": Kind(
        wrong=(
            Layer(ReluInPlace, SAME, "x", "warning"),
            Layer(DoublesInPlace, SAME, "x", "warning"),
            Layer(TanhInto, SAME, "x", "warning"),
        ),
        right=(Layer(ReluOnACopy, SAME), Layer(DoublesItsOwn, SAME), Layer(TanhIntoABuffer, SAME)),
    ),
    "mutates-parameter": Kind(
        wrong=(
            Layer(HalvesItsWeights, AFFINE, "W", "warning"),
            Layer(RaisesItsBias, AFFINE, "b", "warning"),
            Layer(TakesSizesInPlace, SCALE, "gamma", "warning"),
        ),
        right=(Layer(HalvesACopy, AFFINE), Layer(WritesItsBuffer, AFFINE), Layer(WritesItsGradients, AFFINE)),
    ),
    "overflow": Kind(
        wrong=(
            Layer(Square, SAME, "x", "warning", MANY),
            Layer(Size, SAME, "x", "warning", MANY),
            Layer(Cube, SAME, "x", "warning", MANY),
        ),
        right=(
            Layer(SquareOnceMore, SAME, options=MANY),
            Layer(SizeBySign, SAME, options=MANY),
            Layer(CubeOnceMore, SAME, options=MANY),
        ),
    ),
    "precision": Kind(
        wrong=(
            Layer(TanhSingle, SAME, None, "warning"),
            Layer(SingleBuffer, SAME, None, "warning"),
            Layer(AffineSingle, AFFINE, None, "warning"),
        ),
        right=(
            Layer(LikeItsInput, SAME),
            Layer(LikeItsInput, SAME, options=SINGLE),
            Layer(WiderThanItsInput, SAME, options=SINGLE),
        ),
    ),
}
