"""What a loss's arguments are, and what its gradients are of: by order, by the usual names and by the return statement,
never by whether a gradient comes out right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from checks import check
from checks.dialects import read
from checks.dialects.functions import usage as pair_usage
from checks.dialects.roles import main_is_second, of_a_loss
from checks.dialects.spelled import loss_with_gradients
from checks.dialects.usage import formals


def triplet(anchor, positive, negative, margin=1.0):
    loss = np.maximum(0, ((anchor - positive) ** 2 - (anchor - negative) ** 2).sum(1) + margin).sum()
    danchor, dpositive, dnegative = anchor, positive, negative
    return loss, (danchor, dpositive, dnegative)


def of_two(y_pred, target):
    r = y_pred - target
    loss = (r**2).sum()
    return loss, (2 * r, -2 * r)


def scores_alone(scores, y, mask):
    loss, dx = 0.0, scores
    return loss, dx


def flat(theta, X, y, lam):
    J, grad = 0.0, theta
    return J, grad


def late(X, y, theta):
    return ((X @ theta - y) ** 2).sum(), X.T @ (X @ theta - y)


late.__name__ = "cost_and_gradient"


def keyed(w, b, X, Y):
    cost, dw, db = 0.0, w, b
    grads = {"dw": dw, "db": db}
    return grads, cost


def beside(X, W, b, y):
    loss, dW, db = 0.0, W, b
    return loss, dW, db


def margin_first(margin, x1, x2, y):
    loss, g = 0.0, x1
    return loss, (g, -g)


def without_target(pred, target):
    loss, dpred = 0.0, pred
    return loss, (dpred, None)


def moments(mu, log_sigma, x):
    loss, d = 0.0, x - mu
    return loss, (-d, d * d)


def between(x, z, sigma):
    loss, g = 0.0, x - z
    return loss, g, -g


@pytest.mark.parametrize(
    ("function", "first", "owners"),
    [
        (triplet, "anchor", ("anchor", "positive", "negative")),
        (of_two, "y_pred", ("y_pred", "target")),
        (scores_alone, "scores", ("scores",)),
        (flat, "X", ("theta",)),
        (late, "X", ("theta",)),
        (keyed, "X", ("w", "b")),
        (beside, "X", ("W", "b")),
        (margin_first, "x1", ("x1", "x2")),
        (without_target, "pred", ("pred",)),
        (moments, "x", ("mu", "log_sigma")),
        (between, "x", ("x", "z")),
    ],
)
def test_what_the_gradients_are_of(function: Callable[..., Any], first: str, owners: tuple[str, ...]) -> None:
    needed, _ = formals(function, "forward")
    spelled = loss_with_gradients(function, inputs=[f.name for f in needed])
    assert spelled is not None
    roles = of_a_loss(needed, spelled)
    assert (roles.forward[0].name, roles.owners) == (first, owners)
    assert {f.name for f in roles.forward} == {f.name for f in needed}


def cached_forward(x, w):
    loss, cache = (x * w).sum(), (x, w)
    return loss, cache


def numbers(x, y):
    loss, accuracy = 0.0, 1.0
    return loss, accuracy


def loss_of(x, w):
    loss = (x * w).sum()
    return loss, (x, w)


@pytest.mark.parametrize("function", [cached_forward, numbers, loss_of])
def test_what_is_no_loss_with_gradients(function: Callable[..., Any]) -> None:
    assert loss_with_gradients(function, inputs=("x", "w")) is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("y", "y_pred"), True), (("t", "y"), True), (("y_true", "p"), True), (("y", "mu"), True),
        (("eta", "y"), False), (("y", "t"), False), (("p", "counts"), False), (("logits", "targets"), False),
        (("a", "b"), None), (("u", "v"), None), (("first", "second"), None),
    ],
)  # fmt: skip
def test_which_of_two_is_the_main_one(names: tuple[str, str], expected: bool | None) -> None:
    assert main_is_second(names) is expected


class Counts:
    """The gradient has lost exp in a term, and is no gradient of y either."""

    def forward(self, eta, y):
        self.mu, self.y = np.exp(eta), y
        return np.sum((y + 2) * np.log1p(0.5 * self.mu) - y * eta)

    def backward(self, dout=1.0):
        return dout * ((self.y + 2) * 0.5 / (1 + 0.5 * self.mu) - self.y)


class Unequal:
    """Two gradients come back for two arrays: the target's is owed as well."""

    sign = -1

    def forward(self, y_pred, target):
        self.r = y_pred - target
        return (self.r**2).sum()

    def backward(self):
        return 2 * self.r, self.sign * 2 * self.r


class UnequalWrong(Unequal):
    sign = 1


class OneSided(Unequal):
    def backward(self):
        return 2 * self.r, np.zeros_like(self.r)


class Nameless:
    """The same without a name that speaks: the gradient is of neither, and the first one stands."""

    def forward(self, first, other):
        self.mu, self.y = np.exp(first), other
        return np.sum((other + 2) * np.log1p(0.5 * self.mu) - other * first)

    def backward(self):
        return (self.y + 2) * 0.5 / (1 + 0.5 * self.mu) - self.y


@pytest.mark.parametrize(("layer", "names"), [(Counts, ("eta", "y")), (Nameless, ("first", "other"))])
def test_a_fault_does_not_exchange_the_roles(layer: type, names: tuple[str, str]) -> None:
    report = check(layer, seed=1, max_examples=4)
    first, second = names
    assert (str(report.signature), report.verdict) == (f"{first}(n,i), {second}(n,i):target -> ()", "fail")


def nameless(one, two, three):
    r = one - two
    return np.where(np.abs(r) < three, 0.5 * r**2, three * np.abs(r) - 0.5 * three * three).sum()


def nameless_grad(one, two, three):
    return np.clip(two - one, -three, three)


def nameless_wrong(one, two, three):
    return 0.5 * np.clip(two - one, -three, three)


def test_what_moves_the_output_decides_where_no_name_speaks() -> None:
    report = check((nameless, nameless_grad), seed=1, max_examples=4)
    assert (report.verdict, [row.name for row in report.comparisons]) == ("pass", ["two"])
    report = check((nameless, nameless_wrong), seed=1, max_examples=4)
    assert report.why == (
        "nameless: nothing says which of one, two, three the gradient is of\n"
        "return it under the array's name, as in done, or return one for each"
    )


@pytest.mark.parametrize(
    ("layer", "verdict", "names"),
    [
        (Unequal, "pass", ["y_pred", "target"]),
        (UnequalWrong, "fail", ["y_pred", "target"]),
        (OneSided, "pass", ["y_pred"]),
    ],
)
def test_as_many_gradients_as_inputs_are_all_owed(layer: type, verdict: str, names: list[str]) -> None:
    report = check(layer, seed=1, max_examples=4)
    assert (report.verdict, [row.name for row in report.comparisons]) == (verdict, names)


def squares(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2)


def squares_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.size


def test_of_a_pair_without_an_upstream_gradient_the_prediction_is_the_main_one() -> None:
    assert pair_usage((squares, squares_prime), "squares").owners == ("y_pred",)
    assert check((squares, squares_prime), seed=1, max_examples=4).verdict == "pass"


def flat_loss_and_grad(theta, X, y, lam):
    r = X @ theta - y
    return 0.5 * (r**2).sum() + lam * theta @ theta, X.T @ r + 2 * lam * theta


def test_arrays_and_signatures_are_in_the_order_of_the_call() -> None:
    rng = np.random.default_rng(0)
    given = rng.random(3), rng.random((5, 3)), rng.random(5), 0.7
    report = check(flat_loss_and_grad, inputs=given, seed=1)
    assert (report.verdict, str(report.signature)) == ("pass", "theta(i), X(n,i), y(n):target, lam() -> ()")
    assert check(flat_loss_and_grad, "a(d), B(m,d), c(m), e() -> ()", seed=1, max_examples=4).verdict == "pass"


class Tied:
    """Not supervised: a loss and a gradient of X alone, and a forward that is no pass of theirs."""

    def __init__(self, n_visible, n_hidden):
        self.W = np.random.default_rng(0).normal(size=(n_visible, n_hidden)) * 0.3

    def forward(self, X):
        self.h = np.tanh(X @ self.W)
        return self.h @ self.W.T

    def loss(self, X):
        return 0.5 * ((self.forward(X) - X) ** 2).sum()

    def gradient(self, X):
        d = self.forward(X) - X
        return {"W": X.T @ (d @ self.W * (1 - self.h**2)) + d.T @ self.h}


class TiedWrong(Tied):
    def gradient(self, X):
        d = self.forward(X) - X
        return {"W": X.T @ (d @ self.W * (1 - self.h**2))}


@pytest.mark.parametrize("signature", [None, "X(n,i) -> ()", "X(n,i), W(i,h) -> ()"])
@pytest.mark.parametrize(("network", "verdict"), [(Tied, "pass"), (TiedWrong, "fail")])
def test_a_network_without_labels(network: type, verdict: str, signature: str | None) -> None:
    assert check(network, signature, seed=1, max_examples=4).verdict == verdict


def test_an_object_with_labels_of_another_width_than_its_last_array() -> None:
    class Head:
        def __init__(self):
            self.out = np.ones((5, 3))
            self.inner = np.ones((4, 5))

        def loss_and_grads(self, x, y):
            p = np.exp(x @ self.inner @ self.out)
            return -np.log(p[np.arange(len(y)), y]).sum(), {"out": p, "inner": p}

    assert str(read(Head()).signature).startswith("x(n,4), y(n):label(3)")
