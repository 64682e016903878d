"""Other options are tried where they mean something, and only what is surely wrong there is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from zoo.right import options as right
from zoo.wrong import options as wrong

from checks import check
from checks.dialects.options import words_of
from checks.dialects.varying import others, together
from checks.infer_layout import Formal
from checks.results import Report


@pytest.mark.parametrize(
    ("name", "default", "values"),
    [
        ("dilation", 2, (3, 1)),
        ("stride", 1, (2, 3)),
        ("pad", 1, (2, 3, 0)),
        ("num_heads", 8, (9, 1, 2, 3)),
        ("axis", -1, (0, 1)),
        ("n_iter", 3, (4,)),
        ("max_len", 512, (513,)),
        ("seed", 0, ()),
        ("keep_prob", 0.5, (0.35,)),
        ("label_smoothing", 0.0, (0.3,)),
        ("eps", 0.0, (1e-6,)),
        ("clip", np.inf, ()),
        ("bias", True, (False,)),
        ("stride", None, (2, 1)),
        ("mask", None, ()),
        ("kernel_size", (3, 3), ((4, 3),)),
        ("shape", (3, 3), ()),
        ("kind", "a", ("b",)),
    ],
)
def test_other_values(name: str, default: Any, values: tuple[Any, ...]) -> None:
    words = () if default is None else ("a", "b")
    assert others(Formal(name, "constructor", default), words) == values


def test_strings_that_nothing_is_compared_with() -> None:
    assert others(Formal("pool", "constructor", None), ("sum", "mean")) == ("sum", "mean")
    assert others(Formal("mode", "constructor", "max"), ("max",)) == ("average",)


def test_a_stride_and_a_padding_also_together() -> None:
    assert together({"stride": (2, 3), "pad": (1,), "eps": (1e-6,)}) == {"stride": 2, "pad": 1}
    assert together({"stride": (2, 3), "groups": (2,)}) == {}


def report(subject: Any) -> Report:
    return check(subject, seed=1, max_examples=5)


def pair(module: Any, name: str) -> Any:
    return getattr(module, f"{name}_forward"), getattr(module, f"{name}_backward")


@pytest.mark.parametrize(
    ("subject", "kind", "use"),
    [
        (pair(wrong, "grouped_norm"), "wrong-values", "(with G=2)"),
        (pair(wrong, "lagged"), "wrong-values", "(with lag=3)"),
        (pair(wrong, "tilted"), "branch", "(with slope=0.07)"),
        (wrong.bounded_loss, "wrong-values", "(with delta=0.7)"),
        (wrong.Border, "wrong-shape", "(with pad=2)"),
        (wrong.Smoother, "raises", "with pad=2 forward ran, then backward raised ValueError"),
        (wrong.Exponential, "branch", "(with alpha=0.7)"),
        (wrong.Leaky, "branch", "(with slope=0.007)"),
    ],
)
def test_a_fault_at_another_option_says_which(subject: Any, kind: str, use: str) -> None:
    found = report(subject)
    assert found.verdict == "fail"
    assert any(finding.kind == kind and use in finding.message for finding in found.findings), found.to_text()


@pytest.mark.parametrize(
    ("subject", "tried", "untried"),
    [
        (right.Equilibrium, (), ("n_iter", "tol")),  # it has converged: nothing changes
        (right.ClippedUpstream, (), ("max_grad", "lr", "weight_decay")),
        (right.BinaryDense, ("binary=True",), ()),
        (right.Rounded, ("bits=1", "bits=2"), ()),
        (right.GumbelSoftmax, ("tau=0.7", "hard=True"), ()),
        (right.SquaredError, ("reduction='none'", "reduction='sum'"), ()),
        (right.FrozenDense, (), ("trainable",)),
        (right.PaddedEmbedding, (), ("padding_idx",)),
        (right.OnlyUnitStride, ("stride=2", "pad=1", "stride=2, pad=1"), ()),
        (pair(right, "windowed_sum"), ("stride=2", "window=4"), ()),
    ],
)
def test_what_an_option_means_is_no_fault(subject: Any, tried: tuple[str, ...], untried: tuple[str, ...]) -> None:
    found = report(subject)
    assert found.verdict == "pass", found.to_text()
    assert set(tried) <= set(found.uses)
    assert not [use for use in found.uses if use.partition("=")[0] in untried]


def test_a_case_of_another_use_is_as_small_as_any_and_runs(capsys: pytest.CaptureFixture[str]) -> None:
    found = report(pair(wrong, "grouped_norm"))
    assert next(row.shape for row in found.comparisons if row.name == "x") == (1, 2, 1, 1)
    assert found.counterexample is not None
    assert "grouped_norm_forward(x, gamma, beta, G=2)" in found.counterexample
    exec(compile(found.counterexample, "counterexample", "exec"), {})
    backward, numerical = (float(line.split()[-1]) for line in capsys.readouterr().out.splitlines())
    assert abs(backward - numerical) > 1e-3 * max(abs(backward), abs(numerical))


def normed_forward(x: Any, g: Any, b: Any, axis: int = -1) -> Any:
    hat = x / np.sqrt((x**2).mean(axis, keepdims=True))
    return hat * g + b, (x, hat, g, axis)


def normed_backward(dout: Any, cache: Any) -> Any:
    x, hat, g, axis = cache
    d = dout * g
    dx = (d - hat * (d * hat).mean(axis, keepdims=True)) / np.sqrt((x**2).mean(axis, keepdims=True))
    return dx, (dout * hat).sum(0), dout.sum(0)


def test_the_names_of_keywords_are_no_words_to_choose_by() -> None:
    assert words_of(normed_forward) == ()
    assert report((normed_forward, normed_backward)).uses == ("axis=0",)


class Centred:
    """Takes off the mean of the batch; outside of training, one that it keeps."""

    def __init__(self) -> None:
        self.kept = 0.5

    def forward(self, x: Any, training: bool = True) -> Any:
        mean = x.mean(axis=0) if training else self.kept
        return x - mean

    def backward(self, dout: Any) -> Any:
        return dout - dout.mean(axis=0)


class CentredAware(Centred):
    def forward(self, x: Any, training: bool = True) -> Any:
        self.training = training
        return super().forward(x, training)


class CentredTold(Centred):
    def backward(self, dout: Any, training: bool = True) -> Any:
        return dout - dout.mean(axis=0)


class CentredRight(CentredAware):
    def backward(self, dout: Any) -> Any:
        return dout - dout.mean(axis=0) if self.training else dout.copy()


def test_a_mode_of_which_backward_cannot_know_is_a_warning() -> None:
    found = report(Centred)
    assert found.verdict == "pass"
    (said,) = [f for f in found.findings if f.kind == "inconsistent-forward"]
    assert said.severity == "warning"
    assert "with training=False" in said.message


@pytest.mark.parametrize("layer", [CentredAware, CentredTold])
def test_one_of_which_it_can_know_is_an_error(layer: type) -> None:
    assert report(layer).verdict == "fail"


def test_one_that_it_heeds_is_none() -> None:
    found = report(CentredRight)
    assert found.verdict == "pass"
    assert not [f for f in found.findings if f.kind == "inconsistent-forward"]
