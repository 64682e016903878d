"""Faults in the values of gradients, three of each kind that is named, and near-twins that are right."""

from __future__ import annotations

import numpy as np

from zoo.kinds import AFFINE, SAME, SCALE, Affine, Kind, Layer, Relu, Scale, Tanh

TWO = "x(n,i), y(n,i) -> (n,i)"
IMAGE = "x(n,c,h,w) -> (n,c,h-1,w-1)"


# --- sign


class TanhDown(Tanh):
    def backward(self, dout):
        return -super().backward(dout)


class ScaleDown(Scale):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dgamma = -self.dgamma
        return dx


class AffineDown(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.db *= -1
        return dx


class Negated:
    def forward(self, x):
        return -x

    def backward(self, dout):
        return -dout


class FromOne:
    def forward(self, x):
        self.x = x
        return 1 - x**2

    def backward(self, dout):
        return -2 * self.x * dout


# --- factor


class MeanOfBias(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.db = dout.mean(axis=0)
        return dx


class TwiceTheSquare:
    def forward(self, x):
        self.x = x
        return x**2

    def backward(self, dout):
        return dout * self.x


class MeanOverTheRow:
    def forward(self, x):
        self.width = x.shape[1]
        return np.repeat(x.mean(axis=1, keepdims=True), self.width, axis=1)

    def backward(self, dout):
        return np.repeat(dout.sum(axis=1, keepdims=True), self.width, axis=1)


class MeanOverTheRowRight(MeanOverTheRow):
    def backward(self, dout):
        return super().backward(dout) / self.width


class SquareRight(TwiceTheSquare):
    def backward(self, dout):
        return 2 * super().backward(dout)


# --- missing-factor


class SigmoidHalf:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * self.out


class ScaleWithoutGamma(Scale):
    def backward(self, dout):
        super().backward(dout)
        return dout


class TanhAffine(Affine):
    def forward(self, x):
        self.out = np.tanh(super().forward(x))
        return self.out

    def backward(self, dout):
        return super().backward(dout)


class TanhAffineRight(TanhAffine):
    def backward(self, dout):
        return super().backward(dout * (1 - self.out**2))


# --- missing-term, extra-term


class WithDecay(Affine):
    """The decay of the weights is in forward of nothing."""

    def backward(self, dout):
        dx = super().backward(dout)
        self.dW = self.dW + 0.01 * self.W
        return dx


class DecaysItsBias(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.db = self.db + 0.5 * self.b
        return dx


class AddsTheInput(Tanh):
    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, dout):
        return super().backward(dout) + 0.1 * self.x


class Residual(Tanh):
    def forward(self, x):
        return super().forward(x) + x

    def backward(self, dout):
        return dout * (1 - (self.out) ** 2)


class ResidualRight(Tanh):
    def forward(self, x):
        return super().forward(x) + x

    def backward(self, dout):
        return super().backward(dout) + dout


class Centred:
    def forward(self, x):
        return x - x.mean(axis=0)

    def backward(self, dout):
        return dout.copy()


class CentredRight(Centred):
    def backward(self, dout):
        return dout - dout.mean(axis=0)


class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.out = e / e.sum(axis=1, keepdims=True)
        return self.out

    def backward(self, dout):
        return dout * self.out


class SoftmaxRight(Softmax):
    def backward(self, dout):
        g = super().backward(dout)
        return g - self.out * g.sum(axis=1, keepdims=True)


# --- ignores-upstream, nonlinear-upstream


class SumOfSquares:
    def forward(self, x):
        self.x = x
        return np.sum(x**2)

    def backward(self, dout=1.0):
        return 2 * self.x


class SumOfSquaresRight(SumOfSquares):
    def backward(self, dout=1.0):
        return super().backward() * dout


class DeafTanh(Tanh):
    def backward(self, dout):
        return 1 - self.out**2


class DeafBias(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.db = np.full(self.b.shape, float(len(self.x)))
        return dx


class PositiveOnly(Tanh):
    def backward(self, dout):
        return np.maximum(super().backward(dout), 0)


class Squared(Tanh):
    def backward(self, dout):
        return super().backward(dout**2)


class Clipped(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dW = np.clip(self.dW, -0.3, 0.3)
        return dx


# --- swapped, transposed, permuted


class Products:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dout):
        return dout * self.x, dout * self.y


class ProductsRight(Products):
    def backward(self, dout):
        return super().backward(dout)[::-1]


class ScaleSwapped(Scale):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dgamma, self.dbeta = self.dbeta, self.dgamma
        return dx


class TwoMaps:
    def __init__(self, U, V):
        self.U, self.V = U, V

    def forward(self, x):
        self.x = x
        return x @ self.U * (x @ self.V)

    def backward(self, dout):
        a, b = self.x @ self.U, self.x @ self.V
        self.dV = self.x.T @ (dout * b)
        self.dU = self.x.T @ (dout * a)
        return (dout * b) @ self.U.T + (dout * a) @ self.V.T


class TwoMapsRight(TwoMaps):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dU, self.dV = self.dV, self.dU
        return dx


SQUARE = "x(n,i), A(i,i) -> (n,i)"


class Turned:
    def __init__(self, A):
        self.A = A

    def forward(self, x):
        self.x = x
        return x @ self.A

    def backward(self, dout):
        self.dA = dout.T @ self.x
        return dout @ self.A.T


class TurnedRight(Turned):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dA = self.dA.T
        return dx


class TurnedInput:
    def forward(self, x):
        return x.transpose(0, 2, 1)

    def backward(self, dout):
        return dout.copy()


class TurnedInputRight(TurnedInput):
    def backward(self, dout):
        return dout.transpose(0, 2, 1)


class Mixed(Turned):
    def forward(self, x):
        self.x = x
        return np.tanh(x @ self.A)

    def backward(self, dout):
        g = dout * (1 - np.tanh(self.x @ self.A) ** 2)
        self.dA = (self.x.T @ g).T
        return g @ self.A.T


class Backwards:
    def forward(self, x):
        return x[:, ::-1]

    def backward(self, dout):
        return dout.copy()


class BackwardsRight(Backwards):
    def backward(self, dout):
        return dout[:, ::-1].copy()


class Rolled:
    def forward(self, x):
        return np.roll(x, 1, axis=1)

    def backward(self, dout):
        return np.roll(dout, 1, axis=1)


class RolledRight(Rolled):
    def backward(self, dout):
        return np.roll(dout, -1, axis=1)


class BiasBackwards(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.db = self.db[::-1].copy()
        return dx


# --- not-summed


class LastOfTheBias(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.db = dout[-1].copy()
        return dx


class FirstOfTheScale(Scale):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dbeta = dout[0].copy()
        return dx


class LastOfTheWeights(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dW = np.outer(self.x[-1], dout[-1])
        return dx


# --- branch


class LeakyForgets:
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, 0.1 * x)

    def backward(self, dout):
        return dout.copy()


class LeakyRight(LeakyForgets):
    def backward(self, dout):
        return np.where(self.x > 0, dout, 0.1 * dout)


class HuberForgets:
    def forward(self, x):
        self.x = x
        a = np.abs(x)
        return np.where(a <= 1, 0.5 * x**2, a - 0.5)

    def backward(self, dout):
        return dout * self.x


class HuberRight(HuberForgets):
    def backward(self, dout):
        return dout * np.clip(self.x, -1, 1)


class HardTanh:
    def forward(self, x):
        self.x = x
        return np.clip(x, -0.5, 0.75)

    def backward(self, dout):
        return dout.copy()


class HardTanhRight(HardTanh):
    def backward(self, dout):
        return dout * ((self.x > -0.5) & (self.x < 0.75))


# --- overwritten


class Lookup:
    def __init__(self, W):
        self.W = W

    def forward(self, ids):
        self.ids = ids
        return self.W[ids]

    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        self.dW[self.ids] = dout


class LookupRight(Lookup):
    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.ids, dout)


class Differences:
    """Windows of two; their contributions overlap."""

    def forward(self, x):
        self.shape = x.shape
        return 2 * x[:, 1:] + 3 * x[:, :-1]

    def backward(self, dout):
        dx = np.zeros(self.shape)
        for k in range(dout.shape[1]):
            dx[:, k] = 3 * dout[:, k]
            dx[:, k + 1] = 2 * dout[:, k]
        return dx


class DifferencesRight(Differences):
    def backward(self, dout):
        dx = np.zeros(self.shape)
        dx[:, 1:] += 2 * dout
        dx[:, :-1] += 3 * dout
        return dx


class Windows:
    """Sums over windows of two by two."""

    def forward(self, x):
        self.shape = x.shape
        return x[..., 1:, 1:] + x[..., :-1, 1:] + x[..., 1:, :-1] + x[..., :-1, :-1]

    def backward(self, dout):
        dx = np.zeros(self.shape)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                dx[:, :, i : i + 2, j : j + 2] = dout[:, :, i : i + 1, j : j + 1]
        return dx


class WindowsRight(Windows):
    def backward(self, dout):
        dx = np.zeros(self.shape)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                dx[:, :, i : i + 2, j : j + 2] += dout[:, :, i : i + 1, j : j + 1]
        return dx


# --- few-entries


class ForgetsTheLastColumn(Tanh):
    def backward(self, dout):
        dx = super().backward(dout)
        dx[:, -1] = 0.5
        return dx


class OffInOne(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dW[1, 2] *= 1.5
        return dx


class OffInTheFirstRow(Scale):
    def backward(self, dout):
        dx = super().backward(dout)
        dx[0] += 0.3
        return dx


NAMED: dict[str, Kind] = {
    "sign": Kind(
        wrong=(Layer(TanhDown, SAME, "x"), Layer(ScaleDown, SCALE, "gamma"), Layer(AffineDown, AFFINE, "b")),
        right=(Layer(Negated, SAME), Layer(FromOne, SAME), Layer(Affine, AFFINE)),
    ),
    "factor": Kind(
        wrong=(Layer(MeanOfBias, AFFINE, "b"), Layer(TwiceTheSquare, SAME, "x"), Layer(MeanOverTheRow, SAME, "x")),
        right=(Layer(MeanOverTheRowRight, SAME), Layer(SquareRight, SAME), Layer(Scale, SCALE)),
    ),
    "missing-factor": Kind(
        wrong=(
            Layer(SigmoidHalf, SAME, "x"),
            Layer(ScaleWithoutGamma, SCALE, "x"),
            Layer(TanhAffine, AFFINE, "W"),
        ),
        right=(Layer(Scale, SCALE), Layer(TanhAffineRight, AFFINE), Layer(Tanh, SAME)),
    ),
    "missing-term": Kind(
        wrong=(Layer(Residual, SAME, "x"), Layer(Centred, SAME, "x"), Layer(Softmax, SAME, "x")),
        right=(Layer(ResidualRight, SAME), Layer(CentredRight, SAME), Layer(SoftmaxRight, SAME)),
    ),
    "extra-term": Kind(
        wrong=(Layer(WithDecay, AFFINE, "W"), Layer(DecaysItsBias, AFFINE, "b"), Layer(AddsTheInput, SAME, "x")),
        right=(Layer(Affine, AFFINE), Layer(Tanh, SAME), Layer(ResidualRight, SAME)),
    ),
    "ignores-upstream": Kind(
        wrong=(
            Layer(SumOfSquares, "x(n,i) -> ()", "x"),
            Layer(DeafTanh, SAME, "x"),
            Layer(DeafBias, AFFINE, "b"),
        ),
        right=(Layer(SumOfSquaresRight, "x(n,i) -> ()"), Layer(Tanh, SAME), Layer(Negated, SAME)),
    ),
    "nonlinear-upstream": Kind(
        wrong=(Layer(PositiveOnly, SAME, "x"), Layer(Squared, SAME, "x"), Layer(Clipped, AFFINE, "W")),
        right=(Layer(Relu, SAME), Layer(Tanh, SAME), Layer(HardTanhRight, SAME)),
    ),
    "swapped": Kind(
        wrong=(
            Layer(Products, TWO, "x"),
            Layer(ScaleSwapped, SCALE, "gamma"),
            Layer(TwoMaps, "x(n,i), U(i,o), V(i,o) -> (n,o)", "U"),
        ),
        right=(
            Layer(ProductsRight, TWO),
            Layer(Scale, SCALE),
            Layer(TwoMapsRight, "x(n,i), U(i,o), V(i,o) -> (n,o)"),
        ),
    ),
    "transposed": Kind(
        wrong=(
            Layer(Turned, SQUARE, "A"),
            Layer(TurnedInput, "x(n,i,i) -> (n,i,i)", "x"),
            Layer(Mixed, SQUARE, "A"),
        ),
        right=(
            Layer(TurnedRight, SQUARE),
            Layer(TurnedInputRight, "x(n,i,j) -> (n,j,i)"),
            Layer(Affine, AFFINE),
        ),
    ),
    "permuted": Kind(
        wrong=(Layer(Backwards, SAME, "x"), Layer(Rolled, SAME, "x"), Layer(BiasBackwards, AFFINE, "b")),
        right=(Layer(BackwardsRight, SAME), Layer(RolledRight, SAME), Layer(Affine, AFFINE)),
    ),
    "not-summed": Kind(
        wrong=(
            Layer(LastOfTheBias, AFFINE, "b"),
            Layer(FirstOfTheScale, SCALE, "beta"),
            Layer(LastOfTheWeights, AFFINE, "W"),
        ),
        right=(Layer(Affine, AFFINE), Layer(Scale, SCALE), Layer(TanhAffineRight, AFFINE)),
    ),
    "branch": Kind(
        wrong=(Layer(LeakyForgets, SAME, "x"), Layer(HuberForgets, SAME, "x"), Layer(HardTanh, SAME, "x")),
        right=(Layer(LeakyRight, SAME), Layer(HuberRight, SAME), Layer(HardTanhRight, SAME)),
    ),
    "overwritten": Kind(
        wrong=(
            Layer(Lookup, "ids(n):int(v), W(v,d) -> (n,d)", "W"),
            Layer(Differences, "x(n,i) -> (n,i-1)", "x"),
            Layer(Windows, IMAGE, "x"),
        ),
        right=(
            Layer(LookupRight, "ids(n):int(v), W(v,d) -> (n,d)"),
            Layer(DifferencesRight, "x(n,i) -> (n,i-1)"),
            Layer(WindowsRight, IMAGE),
        ),
    ),
    "few-entries": Kind(
        wrong=(
            Layer(ForgetsTheLastColumn, SAME, "x"),
            Layer(OffInOne, "x(n,3), W(3,4), b(4) -> (n,4)", "W"),
            Layer(OffInTheFirstRow, SCALE, "x"),
        ),
        right=(Layer(Tanh, SAME), Layer(Affine, AFFINE), Layer(Scale, SCALE)),
    ),
}
