"""What a finding of each kind says, word for word: the gradient, the entry, both values, what would mend it, the line.

Numbers that rounding decides (allowances, and how well a cure agrees) are written as #.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import test_contract
from zoo import kinds, named
from zoo.right import guarded_losses

import reference
from checks import check
from checks.results import KINDS

TEXTS: list[tuple[str, Any, dict[str, Any], str, str | None, str | None]] = [
    (
        "missing-gradient", kinds.ForgetsBias, {},
        "forward depends on b, but backward gives no gradient for it", "store it: self.db", None,
    ),
    (
        "zero-gradient", kinds.NeverFilled, {},
        "the gradient of W is all zeros, although the output depends on W", None, "self.dW = np.zeros_like(self.W)",
    ),
    (
        "wrong-shape", kinds.TransposedWeights, {},
        "the gradient of W has shape (3, 2), but W has shape (2, 3); it is transposed: with .T it agrees to #",
        "dW = dW.T", "self.dW = dout.T @ self.x",
    ),
    (
        "raises", kinds.ReadsWhatIsNotThere, {},
        "forward ran, then backward raised AttributeError: 'ReadsWhatIsNotThere' object has no attribute 'mask'",
        None, "return dout * self.mask",
    ),
    (
        "nondeterministic", kinds.ReadsTheClock, {},
        "two forwards on the same arrays, built afresh under the same random state, gave different outputs",
        "let forward depend on its arrays and on random generators alone, not on a clock or a counter", None,
    ),
    ("mutates-input", kinds.ReluInPlace, {}, "forward writes into x, which is its caller's", "work on x.copy()", None),
    (
        "mutates-parameter", kinds.HalvesItsWeights, {},
        "forward writes into W, which is its caller's", "work on W.copy()", None,
    ),
    ("precision", kinds.TanhSingle, {}, "the output is float32 for inputs of float64", None, None),
    (
        "sign", named.TanhDown, {},
        "TanhDown.x[0, 0]: analytic -1.64433646, numerical 1.64433646 +- #; it is the negative of the derivative: "
        "with * -1 it agrees to #",
        "dx = dx * -1", "return -super().backward(dout)",
    ),
    (
        "factor", named.MeanOfBias, {},
        "MeanOfBias.b[0]: analytic -0.245, numerical -0.49 +- #; it is off by a factor: with * n it agrees to #",
        "db = db * n", "self.db = dout.mean(axis=0)",
    ),
    (
        "missing-factor", named.SigmoidHalf, {},
        "SigmoidHalf.x[0, 0]: analytic 0.76538034, numerical 0.44526719 +- #; the factor (1 - out) is missing: with "
        "* (1 - out) it agrees to #",
        "dx = dx * (1 - out)", "return dout * self.out",
    ),
    (
        "missing-term", named.Residual, {},
        "Residual.x[0, 0]: analytic 1.64433646, numerical 3.47433646 +- #; the term dout is missing: with + dout it "
        "agrees to #",
        "dx = dx + dout", "return dout * (1 - (self.out) ** 2)",
    ),
    (
        "extra-term", named.WithDecay, {},
        "WithDecay.W[0, 0]: analytic -0.6011, numerical -0.6039 +- #; the term 0.01 * self.W is too many in line 130: "
        "mended, it agrees to #",
        "line 130: self.dW = self.dW", "self.dW = self.dW + 0.01 * self.W",
    ),
    (
        "ignores-upstream", named.SumOfSquares, {},
        "SumOfSquares.x[0, 0]: analytic -0.66, numerical -1.2078 +- #; it does not depend on the gradient from above: "
        "with * dout it agrees to #",
        "dx = dx * dout", "return 2 * self.x",
    ),
    (
        "nonlinear-upstream", named.PositiveOnly, {},
        "PositiveOnly.x[0, 0]: analytic 0, numerical -1.64433646 +- #; it is not linear in the gradient from above: "
        "that of a sum is not the sum of those of its parts",
        None, "return np.maximum(super().backward(dout), 0)",
    ),
    (
        "swapped", named.Products, {},
        "Products.x[0, 0]: analytic -0.6039, numerical -0.8967 +- #; it is the gradient of y, and that of y is this "
        "one: with the two exchanged it agrees to #",
        "take the two exchanged", "return dout * self.x, dout * self.y",
    ),
    (
        "transposed", named.Turned, {},
        "Turned.A[1, 0]: analytic -0.4422, numerical 0.8235 +- #; it is transposed: with its transpose it agrees to #",
        "take its transpose", "self.dA = dout.T @ self.x",
    ),
    (
        "permuted", named.Backwards, {},
        "Backwards.x[0, 0]: analytic -1.83, numerical 1.34 +- #; it is reversed along axis 1: with axis 1 reversed it "
        "agrees to #",
        "take axis 1 reversed", "return dout.copy()",
    ),
    (
        "not-summed", named.LastOfTheBias, {},
        "LastOfTheBias.b[0]: analytic 1.34, numerical -0.49 +- #; it is what the last place along axis 0 of the output "
        "adds, without the others: sum over axis 0",
        None, "self.db = dout[-1].copy()",
    ),
    (
        "branch", named.LeakyForgets, {},
        "LeakyForgets.x[0, 0]: analytic 1.83, numerical 0.183 +- #; it is wrong where x <= 0, and right elsewhere: "
        "with * 0.1 there it agrees to #",
        "take dx * 0.1 there", "return dout.copy()",
    ),
    (
        "overwritten", named.Lookup, {},
        "Lookup.W[0, 0]: analytic 1.34, numerical -0.49 +- #; self.dW[self.ids] is written again and again, and not "
        "added to, in line 450: mended, it agrees to #",
        "line 450: np.add.at(self.dW, self.ids, dout)", "self.dW[self.ids] = dout",
    ),
    (
        "few-entries", named.ForgetsTheLastColumn, {},
        "ForgetsTheLastColumn.x[0, 0]: analytic 0.5, numerical 1.64433646 +- #; it is wrong in the last place along "
        "axis 1 alone",
        None, "dx[:, -1] = 0.5",
    ),
    (
        "stale-cache", test_contract.KeepsFirstInput, {"max_examples": 8},
        "for a second input, the gradient of W is not that of a fresh object: -1.4204 at [2, 4], expected 3.7155",
        "let forward store afresh all that backward reads", None,
    ),
    (
        "accumulates", test_contract.Accumulates, {"max_examples": 8},
        "a second backward adds to the gradient of W that the first one left",
        "assign the gradient of W in backward, or give the class a method that zeroes it", None,
    ),
    (
        "mutates-upstream", test_contract.WritesIntoUpstream, {},
        "backward writes into the upstream gradient, which is its caller's", "work on a copy of it", None,
    ),
    (
        "aliases", test_contract.HandsBackUpstream, {},
        "the gradient of x shares its memory with the upstream gradient: writing into one changes the other",
        "hand out a copy", None,
    ),
    (
        "layout-dependent", test_contract.MemoryOrder, {},
        "the output is another one for the same numbers in Fortran order",
        "index by axes, and read no memory order (no ravel('K'), no strides by hand)", None,
    ),
    (
        "overflow", test_contract.NaiveSoftmax, {},
        "the output is not finite for x of about 10000, although its exact value fits float64",
        "subtract the largest exponent first, or branch on the sign before calling exp", None,
    ),
    (
        "inconsistent-forward", guarded_losses.SoftmaxLossOfTheBook, {"seed": 5, "max_examples": 3},
        "backward is the derivative of the loss without the guard np.log(y[np.arange(n), t] + 1e-07): without it the "
        "two agree, with it they are apart by # and more",
        "let the loss go through log-softmax or logaddexp, which need none, or differentiate it too", None,
    ),
    (
        "differs-from-reference", reference.Sigmoid, {"against": reference.Tanh},
        "Sigmoid: output[0, 0] is 0.418, reference.Tanh gives -0.319", None, None,
    ),
]  # fmt: skip
# Those that have no layer of their own here: `wrong-values` says the entry alone, the others are told in test_repair.
_ELSEWHERE = {"wrong-values", "over-summed", "batch-dependent"}


@pytest.mark.parametrize(
    ("kind", "layer", "options", "message", "suggestion", "code"), TEXTS, ids=lambda v: str(v)[:30]
)
def test_the_words(
    kind: str, layer: Any, options: dict[str, Any], message: str, suggestion: str | None, code: str | None
) -> None:
    one = next(
        (one for table in (named.NAMED, kinds.KINDS) for k in table.values() for one in k.wrong if one.layer is layer),
        None,
    )
    signature, more = (None, {}) if one is None else (one.signature, one.options)
    report = check(
        layer, signature, **{"seed": 0, "max_examples": 3 if layer.__module__ == "zoo.named" else 4, **more, **options}
    )
    found = next(finding for finding in report.findings if finding.kind == kind)
    assert rounded(found.message) == message
    assert (found.suggestion, found.code) == (suggestion, code)


def rounded(text: str) -> str:
    """The text with # for the numbers that rounding decides."""
    return re.sub(r"(\+- |agrees to |apart by )\d(\.\d+)?(e-\d+)?", r"\1#", text)


def test_every_kind_has_its_words() -> None:
    assert {kind for kind, *_ in TEXTS} == set(KINDS) - _ELSEWHERE
