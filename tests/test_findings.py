"""Which finding is made of what, in which words; and for each kind near-twins of which it is not made."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from zoo.kinds import KINDS, Layer
from zoo.plain import affine, affine_arrays, case, pure

from checks import check, findings
from checks.errors import UserCodeRaised
from checks.examine import examine
from checks.findings import RULES, entry_text, find
from checks.look import CaseResult
from checks.results import Comparison, Finding, Worst

WRONG = [pytest.param(kind, one, id=f"{kind}-{one.layer.__name__}") for kind, k in KINDS.items() for one in k.wrong]
RIGHT = [
    pytest.param(kind, one, id=f"{kind}-{one.layer.__name__}-{k}")
    for kind, table in KINDS.items()
    for k, one in enumerate(table.right)
]


def checked(one: Layer) -> Any:
    return check(one.layer, one.signature, **{"seed": 0, "max_examples": 5, **one.options})


@pytest.mark.parametrize(("kind", "one"), WRONG)
def test_a_layer_with_the_fault(kind: str, one: Layer) -> None:
    report = checked(one)
    found = [f for f in report.findings if f.kind == kind]
    assert [(f.severity, f.gradient) for f in found] == [(one.severity, one.gradient)]
    assert report.verdict == ("fail" if one.severity == "error" else "pass")
    assert found[0].file == inspect.getsourcefile(one.layer)
    line = Path(found[0].file).read_text().splitlines()[found[0].line - 1]
    assert line.startswith(f"class {one.layer.__name__}") if found[0].code is None else line.strip() == found[0].code


@pytest.mark.parametrize(("kind", "one"), RIGHT)
def test_a_near_twin_without_it(kind: str, one: Layer) -> None:
    report = checked(one)
    assert report.findings == ()
    assert report.verdict == "pass", report.to_text()


def words(node: ast.expr) -> set[str]:
    """The strings that an expression may be."""
    if isinstance(node, ast.IfExp):
        return words(node.body) | words(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) else set()


def test_the_zoo_knows_every_kind_that_is_made() -> None:
    made: set[str] = set()
    for node in ast.walk(ast.parse(Path(findings.__file__).read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "finding":
            made |= words(node.args[0])
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "kind":
            made |= words(node.value)
    assert made == set(KINDS)
    assert all(len(table.wrong) >= 3 and len(table.right) >= 3 for table in KINDS.values())


# --- the words


SUBJECT = replace(affine(), name="Affine", file="layers.py", line=12)


def result_of(change: Any = lambda gradients: None, **options: Any) -> CaseResult:
    return examine(case(affine(change), **affine_arrays(**options)))


def found_in(*results: CaseResult, subject: Any = SUBJECT, raised: Any = ()) -> list[Finding]:
    rows = list(results[0].rows.values()) if results else []
    return find(subject, rows, results, raised)


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert found_in(result_of()) == []
    assert found_in() == []


def test_a_missing_gradient_and_its_near_miss() -> None:
    result = result_of(lambda g: {"x": g["x"], "b": g["b"]})
    (one,) = found_in(result)
    assert (one.kind, one.severity, one.gradient) == ("missing-gradient", "error", "W")
    assert one.message == "forward depends on W, but backward gives no gradient for it"
    assert one.suggestion == "store it: self.dW"
    assert (one.file, one.line) == ("layers.py", 12)
    (near,) = found_in(result, subject=replace(SUBJECT, near_misses={"W": ("dw", "grad_w")}))
    assert near.message == (
        "forward depends on W, but backward gives no gradient for it; there is self.dw and self.grad_w instead"
    )
    assert near.suggestion == "rename dw to dW"


def test_an_input_without_a_gradient() -> None:
    (one,) = found_in(result_of(lambda g: {"W": g["W"], "b": g["b"]}))
    assert one.suggestion == "let backward return it"


def test_shapes() -> None:
    hard, soft = found_in(result_of(lambda g: {**g, "W": g["W"].T, "b": g["b"][None]}))
    assert (hard.kind, hard.severity, hard.gradient) == ("wrong-shape", "error", "W")
    assert hard.message == "the gradient of W has shape (2, 4), but W has shape (4, 2)"
    assert hard.suggestion == "give it the shape of W"
    assert (soft.kind, soft.severity, soft.gradient) == ("wrong-shape", "warning", "b")
    assert soft.message == (
        "the gradient of b has shape (1, 2), but b has shape (2,); its values are in the right order"
    )


def test_zeros_everywhere_and_zeros_here() -> None:
    zeros = result_of(lambda g: {**g, "W": 0 * g["W"]})
    (one,) = found_in(zeros)
    assert (one.kind, one.gradient) == ("zero-gradient", "W")
    assert one.message == "the gradient of W is all zeros, although the output depends on W"
    (other,) = found_in(zeros, result_of(lambda g: {**g, "W": 2 * g["W"]}))
    assert other.kind == "wrong-values"


def test_values_name_the_place_both_numbers_and_the_allowance() -> None:
    result = result_of(lambda g: {**g, "b": 2 * g["b"]})
    (one,) = found_in(result)
    worst = result.rows["b"].worst
    assert worst is not None
    assert (one.kind, one.severity, one.gradient, one.suggestion) == ("wrong-values", "error", "b", None)
    assert one.message == f"Affine.{entry_text(result.rows['b'])}"


@pytest.mark.parametrize(
    ("index", "worst", "text"),
    [
        ((2, 0), (0.31, 0.62, 3e-9), "W[2, 0]: analytic 0.31, numerical 0.62 +- 3e-09"),
        ((), (1.0, -2.0, 0.5), "W: analytic 1, numerical -2 +- 5e-01"),
        ((1,), (float("nan"), 1 / 3, 1e-12), "W[1]: analytic nan, numerical 0.333333333 +- 1e-12"),
        ((0,), (float("inf"), 1e-300, 1e-310), "W[0]: analytic inf, numerical 1e-300 +- 1e-310"),
    ],
)
def test_the_text_of_an_entry(index: tuple[int, ...], worst: tuple[float, float, float], text: str) -> None:
    a, n, e = worst
    row = Comparison(
        name="W",
        role="parameter",
        shape=(3, 1),
        dtype="float64",
        verdict="differs",
        worst=Worst(index=index, analytic=a, numerical=n, allowance=e),
    )
    assert entry_text(row) == text


def test_what_raised() -> None:
    in_forward, in_backward = UserCodeRaised("forward", ValueError("odd")), UserCodeRaised("backward", KeyError("W"))
    assert found_in(raised=[in_forward]) == []
    (one,) = found_in(raised=[in_forward, in_backward, in_backward])
    assert (one.kind, one.severity, one.gradient) == ("raises", "error", None)
    assert one.message == "forward ran, then backward raised KeyError: 'W'"


def test_what_never_repeats() -> None:
    (one,) = found_in(replace(result_of(), deterministic=False))
    assert (one.kind, one.severity) == ("nondeterministic", "error")
    assert one.message == (
        "two forwards on the same arrays, built afresh under the same random state, gave different outputs"
    )
    assert one.suggestion == (
        "let forward depend on its arrays and on random generators alone, not on a clock or a counter"
    )


def test_what_was_written_into_is_named_once() -> None:
    first, second = replace(result_of(), mutated=("x", "W")), replace(result_of(), mutated=("x",))
    weights, inputs = found_in(first, second)
    assert (weights.kind, weights.severity, weights.gradient) == ("mutates-parameter", "warning", "W")
    assert (inputs.kind, inputs.severity, inputs.gradient) == ("mutates-input", "warning", "x")
    assert inputs.message == "forward writes into x, which is its caller's"
    assert inputs.suggestion == "work on x.copy()"


def test_a_loss_of_precision() -> None:
    (one,) = found_in(replace(result_of(), lost_precision="float32"))
    assert (one.kind, one.severity, one.gradient) == ("precision", "warning", None)
    assert one.message == "the output is float32 for inputs of float64"
    (half,) = found_in(replace(result_of(dtype="float32"), lost_precision="float16"))
    assert half.message == "the output is float16 for inputs of float32"


def test_errors_come_first() -> None:
    result = replace(result_of(lambda g: {**g, "b": g["b"][None], "W": 2 * g["W"]}), mutated=("x",))
    assert [f.severity for f in found_in(result)] == ["error", "warning", "warning"]


def test_each_rule_is_asked() -> None:
    loss = pure(lambda x: x.sum(), lambda u, x: {}, "x(n) -> ()")
    result = replace(examine(case(loss, x=[1.0, 2.0])), deterministic=False, mutated=("x",), lost_precision="float16")
    kinds = {f.kind for f in found_in(result, subject=loss)}
    assert kinds == {"missing-gradient", "nondeterministic", "mutates-input", "precision"}
    # A backward that raised had no chance to give a gradient: that it raises is all there is to say.
    kinds = {f.kind for f in found_in(result, subject=loss, raised=[UserCodeRaised("backward", ValueError())])}
    assert kinds == {"raises", "nondeterministic", "mutates-input", "precision"}
    assert len(RULES) >= 8
