"""Layouts with the shapes that the code tells of: tried first, and passed over where they do not run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from zoo.right import told

from checks.dialects import read

SIGNATURES = {
    "RadialBasis": "X(n,i), centers(h,i), log_widths(h), A(h,o), a0(o) -> (n,o)",
    "Springs": "q(n,i), stiffness(i+1) -> (n,i)",
    "HeatStep": "u(i,n), D(i-1) -> (i,n)",
    "PeepholeStep": "x(n,i), h_prev(n,h), c_prev(n,h), W(i,4*h), U(h,4*h), peep(3,h), b(4*h) -> (n,h)",
    "MixtureDensity": "X(n,i), means(o,i), log_scales(o,i), logits(o) -> (n)",
    "LowRank": "x(n,i), down(i,h), middle(h), up(h,o) -> (n,o)",
    "weightnorm": "x(n,i), v(o,i), g(o), b(o) -> (n,o)",
    "dilated": "x(n,t,cin), w(k,cin,cout), b(cout) -> (n,t,cout)",
}


@pytest.mark.parametrize(("name", "signature"), SIGNATURES.items())
def test_the_signature_that_is_found(name: str, signature: str) -> None:
    pair = getattr(told, f"{name}_forward", None), getattr(told, f"{name}_backward", None)
    assert str(read(getattr(told, name, pair)).signature) == signature


class Affine:
    """x: (N, C, H, W), W: (3, 3), b: (17,)"""

    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class Turned(Affine):
    """x: (features, batch), W: (units, features), b: (units, 1)"""

    def forward(self, x: Any) -> Any:
        self.x = x
        return self.W @ x + self.b

    def backward(self, dout: Any) -> Any:
        self.dW, self.db = dout @ self.x.T, dout.sum(axis=1, keepdims=True)
        return self.W.T @ dout


class Attention:
    """Queries (N, Dq) that look at keys (N, T, Dk)."""

    def __init__(self, Wk: Any, Wq: Any):
        self.Wk, self.Wq = Wk, Wq  # (Dk, A), (Dq, A)

    def forward(self, query: Any, keys: Any) -> Any:
        """query (N, Dq), keys (N, T, Dk) -> (N, T)"""
        self.query, self.keys = query, keys
        self.k, self.q = keys @ self.Wk, query @ self.Wq
        return np.einsum("nta,na->nt", self.k, self.q)

    def backward(self, dout: Any) -> Any:
        dk, dq = np.einsum("nt,na->nta", dout, self.q), np.einsum("nt,nta->na", dout, self.k)
        self.dWk, self.dWq = np.einsum("ntd,nta->da", self.keys, dk), self.query.T @ dq
        return dq @ self.Wq.T, dk @ self.Wk.T


class Loss:
    """Cross entropy.

    x: scores, of shape (N, C)
    y: labels, of shape (N,)
    """

    def forward(self, x: Any, y: Any) -> Any:
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.p, self.y = e / e.sum(axis=1, keepdims=True), y
        return -np.log(self.p[np.arange(len(y)), y]).mean()

    def backward(self, dout: Any = 1.0) -> Any:
        dx = self.p.copy()
        dx[np.arange(len(self.y)), self.y] -= 1
        return dout * dx / len(dx)


@pytest.mark.parametrize(
    ("layer", "signature"),
    [
        (Affine, "x(n,i), W(i,o), b(o) -> (n,o)"),
        (Turned, "x(i,n), W(o,i), b(o,1) -> (o,n)"),
        (Attention, "query(n,dq), keys(n,t,dk), Wk(dk,a), Wq(dq,a) -> (n,t)"),
        (Loss, "x(n,c), y(n):label(c) -> ()"),
    ],
)
def test_what_is_told_orders_the_attempts_and_nothing_else(layer: Any, signature: str) -> None:
    assert str(read(layer).signature) == signature


class Entry:
    """out[i] = tanh(x[i]), and x(t) of a signal; x[n, i] of a batch."""

    def forward(self, x: Any) -> Any:
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout: Any) -> Any:
        return dout * (1 - self.out**2)


class OneSample:
    """out = x W. x of shape (I,) is one sample, W: (I, O)."""

    def __init__(self, W: Any):
        self.W = W

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W

    def backward(self, dout: Any) -> Any:
        self.dW = self.x.T @ dout
        return dout @ self.W.T


@pytest.mark.parametrize(("layer", "signature"), [(Entry, "x(n,i) -> (n,i)"), (OneSample, "x(n,i), W(i,o) -> (n,o)")])
def test_entries_and_single_samples_are_no_shapes(layer: Any, signature: str) -> None:
    assert str(read(layer).signature) == signature
