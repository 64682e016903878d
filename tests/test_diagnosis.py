"""Every kind of fault that is named: layers that have it, near-twins that have not, and the words that are said."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoo.kinds import KINDS, Layer
from zoo.named import NAMED, DeafTanh, Differences, LeakyForgets, MeanOfBias, ScaleSwapped, Softmax, Turned, WithDecay

from checks import check
from checks.diagnosis import diagnose
from checks.diagnosis.constants import named
from checks.results import KINDS as ALL_KINDS

WRONG = [pytest.param(kind, one, id=f"{kind}-{one.layer.__name__}") for kind, k in NAMED.items() for one in k.wrong]
RIGHT = {one.layer: one for table in NAMED.values() for one in table.right}


def checked(one: Layer, **more: Any) -> Any:
    return check(one.layer, one.signature, **{"seed": 0, "max_examples": 3, **one.options, **more})


@pytest.mark.parametrize(("kind", "one"), WRONG)
def test_a_fault_is_named(kind: str, one: Layer) -> None:
    report = checked(one)
    assert report.verdict == "fail"
    assert (kind, one.gradient) in {(f.kind, f.gradient) for f in report.findings if f.severity == "error"}


@pytest.mark.parametrize("layer", RIGHT, ids=lambda layer: layer.__name__)
def test_a_near_twin_is_right(layer: Any) -> None:
    report = checked(RIGHT[layer])
    assert report.verdict == "pass", report.to_text()
    assert report.findings == ()


def test_each_kind_has_three_of_either() -> None:
    assert all(len(table.wrong) >= 3 and len(table.right) >= 3 for table in NAMED.values())
    assert set(NAMED) <= ALL_KINDS
    assert not set(NAMED) & set(KINDS)


@pytest.mark.parametrize(
    ("layer", "gradient", "words", "cure"),
    [
        (MeanOfBias, "b", "it is off by a factor: with * n it agrees to ", "db = db * n"),
        (
            WithDecay,
            "W",
            "the term 0.01 * self.W is too many in line 130: mended, it agrees to ",
            "line 130: self.dW = self.dW",
        ),
        (
            ScaleSwapped,
            "gamma",
            "it is the gradient of beta, and that of beta is this one: with the two exchanged it agrees to ",
            "take the two exchanged",
        ),
        (Turned, "A", "it is transposed: with its transpose it agrees to ", "take its transpose"),
        (
            Softmax,
            "x",
            "the term (dout * self.out).sum(axis=1, keepdims=True) * self.out is missing in line 186: mended, ",
            "line 186: return dout * self.out - (dout * self.out).sum(axis=1, keepdims=True) * self.out",
        ),
        (DeafTanh, "x", "it is the same whatever the gradient from above is", None),
        (
            LeakyForgets,
            "x",
            "it is wrong where x <= 0, and right elsewhere: with * 0.1 there it agrees to ",
            "take dx * 0.1 there",
        ),
        (
            Differences,
            "x",
            "dx[:, k] is written again and again, and not added to, in line 469: mended, it agrees to ",
            "line 469: dx[:, k] += 3 * dout[:, k]",
        ),
    ],
)
def test_the_words(layer: Any, gradient: str, words: str, cure: str | None) -> None:
    one = next(one for table in NAMED.values() for one in table.wrong if one.layer is layer)
    (finding,) = (f for f in checked(one).findings if f.gradient == gradient and f.severity == "error")
    place, _, said = finding.message.partition("; ")
    assert place.startswith(f"{layer.__name__}.{gradient}[")
    assert " analytic " in place
    assert " numerical " in place
    assert said.startswith(words)
    assert finding.suggestion == cure


class SoftShrink:
    def forward(self, x):
        self.x = x
        return np.sign(x) * np.maximum(np.abs(x) - 0.5, 0)

    def backward(self, dout):
        return dout * (self.x > 0.5)


def sourceless(layer: type) -> type:
    """The layer with a backward whose source is not in its file, as of one that was typed in."""
    typed = FunctionType(layer.backward.__code__.replace(co_filename="<typed>"), globals())  # type: ignore[attr-defined]
    return type(layer.__name__, (layer,), {"backward": typed})


def test_a_threshold_lies_where_the_errors_end() -> None:
    (finding,) = check(sourceless(SoftShrink), seed=3, max_examples=5).findings
    _, _, threshold = finding.message.partition("it is wrong where x <= ")
    assert finding.kind == "branch"
    assert -0.6 <= float(threshold.partition(",")[0]) <= -0.4


class Cubic:
    def forward(self, x):
        self.x = x
        return x**3 + np.sin(x)

    def backward(self, dout):
        return dout * (3 * self.x**2 + np.cos(1.01 * self.x))


def test_what_no_rule_knows_are_wrong_values() -> None:
    report = check(sourceless(Cubic), seed=1, max_examples=5)
    assert [(f.kind, f.suggestion) for f in report.findings] == [("wrong-values", None)]


def test_nothing_is_asked_where_nothing_differs() -> None:
    assert diagnose([], 0) == {}


SIZES = {"n": (3.0, 4.0, 4.0), "i": (4.0, 5.0, 5.0), "o": (5.0, 6.0, 6.0)}


@given(st.sampled_from(sorted(SIZES)), st.sampled_from([1.0, -1.0]))
def test_a_number_that_follows_a_size_is_called_by_it(size: str, sign: float) -> None:
    prefix = "-" if sign < 0 else ""
    assert named([sign * k for k in SIZES[size]], SIZES) == f"{prefix}{size}"
    assert named([sign / k for k in SIZES[size]], SIZES) == f"{prefix}1/{size}"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((2.0, 2.0, 2.0), "2"),
        ((0.5, 0.5, 0.5), "1/2"),
        ((-1.0, -1.0, -1.0), "-1"),
        ((12.0, 20.0, 20.0), "n*i"),
        ((0.7654321, 0.7654321, 0.7654321), "0.765432"),
        ((1.5, 4 / 3, 4 / 3), "n/(n - 1)"),
        ((1.0, 2.0, 7.0), None),
    ],
)
def test_numbers_by_name(values: tuple[float, ...], text: str | None) -> None:
    assert named(values, SIZES) == text
