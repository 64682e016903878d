"""A backward that raises: its own fault in a natural layout, nobody's in a layout that runs by accident."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import check


class Affine:
    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b


class NotTransposed(Affine):
    def backward(self, dout: Any) -> Any:
        self.dW, self.db = self.x @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class UndefinedName(Affine):
    def backward(self, dout: Any) -> Any:
        self.dW, self.db = self.x.T @ dout, grad.sum(axis=0)  # type: ignore[name-defined]  # noqa: F821
        return dout @ self.W.T


class WrongAttribute(Affine):
    def backward(self, dout: Any) -> Any:
        self.dW, self.db = self.inputs.T @ dout, dout.sum(axis=0)  # type: ignore[attr-defined]
        return dout @ self.W.T


class Cell:
    def __init__(self, Wx: Any, Wh: Any, b: Any) -> None:
        self.Wx, self.Wh, self.b = Wx, Wh, b

    def forward(self, x: Any, h_prev: Any) -> Any:
        self.x, self.h_prev = x, h_prev
        self.h = np.tanh(x @ self.Wx + h_prev @ self.Wh + self.b)
        return self.h

    def backward(self, dh: Any) -> Any:
        da = dh * (1 - self.h**2)
        self.dWx, self.dWh, self.db = self.x @ da, self.h_prev.T @ da, da.sum(axis=0)
        return da @ self.Wx.T, da @ self.Wh.T


class Scale:
    def __init__(self, gamma: Any) -> None:
        self.gamma = gamma

    def forward(self, x: Any) -> Any:
        self.x = x
        return self.gamma * x

    def backward(self, dout: Any) -> Any:
        self.dgamma = (dout[:, 0] * self.x).sum(axis=0)
        return dout * self.gamma


@pytest.mark.parametrize("layer", [NotTransposed, UndefinedName, WrongAttribute, Cell, Scale])
def test_a_backward_that_raises_in_a_natural_layout_fails(layer: Any) -> None:
    report = check(layer, seed=1, max_examples=4)
    assert report.verdict == "fail"
    assert [f.kind for f in report.findings] == ["raises"]


class WideSprings:
    """Springs over three points, with two fixed ends on either side."""

    def __init__(self, stiffness: Any) -> None:
        self.k = np.asarray(stiffness, float)

    def forward(self, q: Any) -> Any:
        self.ext = np.diff(np.pad(q, ((0, 0), (3, 3))), axis=1)
        t = self.k * self.ext
        return t[:, 5:] - t[:, :-5]

    def backward(self, df: Any) -> Any:
        dt = np.pad(df, ((0, 0), (5, 0))) - np.pad(df, ((0, 0), (0, 5)))
        self.dk = np.zeros_like(self.k)
        self.dk += (dt * self.ext).sum(axis=0)
        dext = dt * self.k
        return (np.pad(dext, ((0, 0), (1, 0))) - np.pad(dext, ((0, 0), (0, 1))))[:, 3:-3]


class Fluxes:
    """The flux between cells three apart; a conductance for each pair."""

    def forward(self, u: Any, conductances: Any) -> Any:
        n = len(u)
        at = np.arange(n - 3)
        self.B = np.zeros((n - 3, n))
        self.B[at, at], self.B[at, at + 3] = -1.0, 1.0
        self.u, self.D = u, conductances
        return self.B.T @ (self.D[:, None] * (self.B @ u))

    def backward(self, dout: Any) -> Any:
        pairs = zip(self.B @ dout, self.B @ self.u, strict=True)
        dD = np.array([a @ b for a, b in pairs])
        return self.B.T @ (self.D[:, None] * (self.B @ dout)), dD + 0 * self.D


class Halo:
    """A profile over a row and three cells on either side."""

    def __init__(self, profile: Any) -> None:
        self.profile = np.asarray(profile, float)

    def forward(self, x: Any) -> Any:
        self.wide = np.pad(x, ((0, 0), (3, 3)))
        return self.wide * self.profile

    def backward(self, dout: Any) -> Any:
        self.dprofile = np.zeros_like(self.profile)
        self.dprofile += (dout * self.wide).sum(axis=0)
        return (dout * self.profile)[:, 3:-3]


class Differences:
    """Third differences with a weight each."""

    def __init__(self, couplings: Any) -> None:
        self.J = np.asarray(couplings, float)

    def forward(self, s: Any) -> Any:
        self.d = np.diff(s, n=3, axis=1)
        return self.d * self.J

    def backward(self, dout: Any) -> Any:
        self.dJ = np.zeros_like(self.J)
        self.dJ += (dout * self.d).sum(axis=0)
        g = dout * self.J
        for _ in range(3):
            g = -np.diff(np.pad(g, ((0, 0), (1, 1))), axis=1)
        return g


@pytest.mark.parametrize("layer", [WideSprings, Fluxes, Halo, Differences])
def test_a_backward_that_raises_in_a_layout_that_runs_by_accident_is_an_error(layer: Any) -> None:
    report = check(layer, seed=1, max_examples=4)
    assert report.verdict == "error", report.to_text()
    assert "could not be called" in (report.why or "")
    assert 'say what it takes, as in --signature "' in (report.why or "")
