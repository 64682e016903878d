"""Arrays of which nothing is known have the shapes of their gradients; a gradient for each sample stays wrong."""

from __future__ import annotations

import pytest

from checks import check
from checks.infer_answered import answered
from checks.infer_layout import Layout, declare
from checks.infer_sizes import dims


class Scale:
    total = True

    def __init__(self, s1):
        self.s1 = s1

    def forward(self, r):
        self.r = r
        return r * self.s1

    def backward(self, g):
        each = g * self.r
        self.u = each.sum(axis=0) if self.total else each
        return g * self.s1


class ScaleOfEachSample(Scale):
    total = False


def test_a_scale_without_a_name_is_read() -> None:
    report = check(Scale, seed=1, max_examples=5)
    assert report.verdict == "pass", report.to_text()
    assert [(row.name, row.verdict) for row in report.comparisons] == [("r", "agrees"), ("s1", "agrees")]


def test_what_a_constructor_takes_holds_nothing_for_each_sample() -> None:
    assert check(ScaleOfEachSample, seed=1, max_examples=5).verdict != "pass"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"s": "i"}, ["r(n,i), s(i), t(n,i)"]),
        ({"s": "i", "t": "1,i"}, ["r(n,i), s(i), t(1,i)", "r(n,i), s(i), t(n,i)", "r(n,i), s(n,i), t(1,i)"]),
        ({"s": "n,i"}, []),
        ({"r": "i"}, []),
        ({"r": "3"}, ["r(3), s(n,i), t(n,i)"]),
        (
            {"s": "n,n", "t": "n,1"},
            [
                "r(n,i), s(o,n), t(o,1)",
                "r(n,i), s(o,n), t(n,1)",
                "r(n,i), s(n,o), t(o,1)",
                "r(n,i), s(n,o), t(n,1)",
                "r(n,i), s(n,n), t(n,1)",
                "r(n,i), s(o,n), t(n,i)",
                "r(n,i), s(n,o), t(n,i)",
                "r(n,i), s(n,n), t(n,i)",
                "r(n,i), s(n,i), t(n,1)",
            ],
        ),
    ],
)
def test_layouts_with_the_gradients_shapes(told: dict[str, str], expected: list[str]) -> None:
    layout = Layout((declare("r", "n,i"), declare("s", "n,i"), declare("t", "n,i")))
    named = {name: dims(text) for name, text in told.items()}
    found = [str(one.signature()) for one in answered(layout, named, ["r", "s", "t"])]
    assert found == expected


def test_numbers_of_arrays_that_differ_are_no_layout() -> None:
    assert not list(answered(Layout((declare("r", "n,i"), declare("s", "i"))), {"s": dims("n,i")}, []))
