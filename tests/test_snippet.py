"""Counterexamples run as they stand, and print the numbers of the report."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from zoo import kinds, uses
from zoo.plain import case, elementwise

from checks import check
from checks.load import load
from checks.snippet import literal, snippet

LAYERS = Path(__file__).parent.parent / "examples" / "my_layers.py"


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@given(st.sampled_from(["float64", "float32", "int64", "int32", "bool"]).flatmap(lambda d: arrays(d, (2, 3))))
def test_literals_make_the_array_again(array: np.ndarray) -> None:
    again = eval(literal(array), {"np": np})
    assert np.array_equal(again, array, equal_nan=array.dtype.kind == "f")
    assert again.dtype == array.dtype


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(12.0).reshape(2, 6)[:, ::2],
        np.arange(6.0).reshape(2, 3)[::-1],
        np.array(0.1),
        np.array(0.1, dtype=np.float32),
        np.zeros((0, 3)),
    ],
    ids=["Fortran", "strided", "reversed", "0-d", "0-d single", "empty"],
)
def test_literals_keep_the_layout(array: np.ndarray) -> None:
    again = eval(literal(array).partition("  #")[0], {"np": np})
    assert np.array_equal(again, array)
    assert again.dtype == array.dtype
    assert again.flags.c_contiguous == array.flags.c_contiguous
    assert again.flags.f_contiguous == array.flags.f_contiguous


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.array([1, 2]), "np.array([1, 2])"),
        (np.array([True]), "np.array([True])"),
        (np.array([1, 2], dtype=np.int16), "np.array([1, 2], dtype=np.int16)"),
        (np.array([[0.5]]), "np.array([[0.5]])"),
        (np.array([0.1, 3e10], dtype=np.float32), "np.array([0.1, 30000000000.0], dtype=np.float32)"),
        (np.array([np.nan, -np.inf]), "np.array([np.nan, -np.inf])"),
    ],
)
def test_literals_are_short(array: np.ndarray, text: str) -> None:
    assert literal(array) == text


def run(source: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, cwd=folder)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("name", ["MeanAffine", "ReLU", "SoftmaxWithLoss"])
def test_a_counterexample_prints_both_numbers(name: str, tmp_path: Path) -> None:
    report = check(getattr(load(LAYERS), name), seed=5, max_examples=6)
    assert report.counterexample is not None
    out = run(report.counterexample, tmp_path).split()
    analytic, numerical = float(out[1]), float(out[3])
    row = next(row for row in report.comparisons if row.verdict == "differs")
    assert row.worst is not None
    assert analytic == pytest.approx(row.worst.analytic, abs=1e-12)
    assert numerical == pytest.approx(row.worst.numerical, rel=1e-4, abs=1e-6)


def test_a_gradient_that_is_not_there_is_shown_as_none(tmp_path: Path) -> None:
    report = check(load(LAYERS).Affine, seed=5, max_examples=6)
    assert report.counterexample is not None
    assert run(report.counterexample, tmp_path).startswith("backward:  None\nnumerical: ")


LAYOUTS = {
    "as drawn": lambda a: a,
    "Fortran": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "reversed": lambda a: a[::-1].copy()[::-1],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_case_of_the_snippet_is_the_case_of_the_report(
    layout: str, dtype: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    x = LAYOUTS[layout](rng.standard_normal((3, 4)).astype(dtype))
    gamma, beta = rng.standard_normal((2, 4)).astype(dtype)
    report = check(kinds.ScaleBySine, kinds.SCALE, inputs=(x, gamma, beta), seed=1, dtype=dtype)
    assert report.counterexample is not None
    exec(report.counterexample, {})
    words = capsys.readouterr().out.split()
    (row,) = (row for row in report.comparisons if row.verdict == "differs")
    assert row.worst is not None
    assert (words[0], words[2]) == ("backward:", "numerical:")
    assert float(words[1]) == pytest.approx(row.worst.analytic, rel=1e-6)
    assert float(words[3]) == pytest.approx(row.worst.numerical, rel=1e-2 if dtype == "float32" else 1e-6)


def test_a_case_of_many_numbers_is_not_printed() -> None:
    report = check(kinds.TanhCubed, kinds.SAME, inputs=(np.ones((30, 30)) / 3,), seed=0)
    assert report.verdict == "fail"
    assert report.counterexample is None


def test_a_subject_without_a_recipe_has_no_snippet() -> None:
    one = case(elementwise(np.sin, np.sin), x=[[0.5]])
    assert snippet(one, None) is None


WRONG_USES = [value for value in vars(uses).values() if isinstance(value, type)]


@pytest.mark.parametrize("layer", WRONG_USES)
def test_a_counterexample_runs_whatever_the_use(layer: type, capsys: pytest.CaptureFixture[str]) -> None:
    report = check(layer, seed=1, max_examples=5)
    assert report.verdict == "fail"
    assert report.counterexample is not None
    exec(compile(report.counterexample, "counterexample", "exec"), {})
    backward, numerical = (float(line.split()[-1]) for line in capsys.readouterr().out.splitlines())
    assert abs(backward - numerical) > 1e-3 * max(abs(backward), abs(numerical))
