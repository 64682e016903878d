"""Cases: what is drawn fits, varies, keeps to its domain, and shrinks to the plain case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from checks.case import Case
from checks.errors import SignatureError
from checks.signature import KINDS, Argument, Dim, Signature
from checks.strategies import cases, plain_case
from checks.subject import Array, Subject
from checks.values import draw_array, laid_out

AFFINE = "x(n,i), W(i,o), b(o) -> (n,o)"
LOSS = "x(n,c), t(n):label(c) -> ()"
EMBEDDING = "ids(n,s):int(v), E(v,d) -> (n,s,d)"
CONVOLUTION = "x(n,c,h,w), W(f,c,k,k), b(f) -> (n,f,h-k+1,w-k+1)"
FLAVOURS = ("ordinary", "zeros", "ties", "tiny", "large", "negative", "positive", "mixed")
DOMAINS: Mapping[str, Callable[[Array], Any]] = {
    "adjacency": lambda a: (a == a.T) & np.isin(a, (0.0, 1.0)),
    "symmetric": lambda a: (a == a.T) & bool(np.all(np.linalg.eigvalsh(a) > 0)),
    "intercept": lambda a: np.isfinite(a) & bool(np.all(a[:, 0] == 1)),
    "float": np.isfinite,
    "target": np.isfinite,
    "positive": lambda a: a > 0,
    "probability": lambda a: (a > 0) & (a < 1),
    "simplex": lambda a: (a > 0) & (a <= 1) & np.isclose(a.sum(axis=-1, keepdims=True), 1, rtol=1e-6),
    "onehot0": lambda a: ((a == 0) | (a == 1)) & (not a.size or a.sum(axis=0, keepdims=True) == 1),
    "onehot": lambda a: ((a == 0) | (a == 1)) & (a.sum(axis=-1, keepdims=True) == 1),
    "mask": lambda a: ((a == 0) | (a == 1)) & a.any(),
    "sign": lambda a: (a == 1) | (a == -1),
    "bool": lambda a: a.dtype == bool,
    "label": lambda a: (a >= 0) & (a < 7),
    "int": lambda a: (a >= 0) & (a < 7),
}


def subject_of(*texts: str, given: Mapping[str, Any] | None = None, **roles: str) -> Subject:
    def build(arrays: Any) -> Any:
        raise AssertionError("drawing a case builds nothing")

    return Subject(
        name="Subject",
        build=build,
        signatures=tuple(Signature.parse(text) for text in texts),
        roles=roles,  # type: ignore[arg-type]
        owed=(),
        given={name: np.asarray(array) for name, array in (given or {}).items()},
    )


def sizes_of(case: Case) -> dict[str, int]:
    return case.signature.fit({name: array.shape for name, array in case.arrays.items()})


def first(strategy: st.SearchStrategy[Case], condition: Callable[[Case], Any]) -> Case:
    """The smallest case that the search finds."""
    quiet = settings(database=None, deadline=None, max_examples=2000, suppress_health_check=list(HealthCheck))
    return find(strategy, lambda case: bool(condition(case)), settings=quiet)


def sample(strategy: st.SearchStrategy[Case], count: int) -> list[Case]:
    seen: list[Case] = []
    quiet = settings(database=None, deadline=None, max_examples=count, derandomize=True)
    quiet(given(strategy)(lambda case: seen.append(case)))()
    return seen


# --- what is drawn


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("text", [AFFINE, LOSS, EMBEDDING, CONVOLUTION, "x(2*h,h//2), a() -> (h-1)"])
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_a_case_fits_its_signature(text: str, dtype: str, data: st.DataObject) -> None:
    case = data.draw(cases(subject_of(text), dtype=dtype))
    sizes = sizes_of(case)
    assert str(case.signature) == text
    assert tuple(case.arrays) == case.signature.names
    assert all(extent >= 1 for shape in case.signature.shapes(sizes).values() for extent in shape)
    assert min(case.signature.output_shape({"c": 1, **sizes}) or (1,)) >= 1
    for argument in case.signature.arguments:
        array = case.arrays[argument.name]
        if argument.limit is None:
            assert array.dtype == dtype
            assert np.isfinite(array).all()
        else:
            assert np.issubdtype(array.dtype, np.integer)
            assert array.min() >= 0
            assert array.max() < argument.limit.value(sizes)


def test_sizes_are_mostly_above_one_and_different() -> None:
    drawn = [tuple(sizes_of(case).values()) for case in sample(cases(subject_of(AFFINE)), 250)]
    assert {size for sizes in drawn for size in sizes} == set(range(1, 9))
    assert sum(sizes.count(1) == 0 for sizes in drawn) > 125
    assert sum(len(set(sizes)) == 3 for sizes in drawn) > 125
    assert sum(len(set(sizes)) == 1 for sizes in drawn) < 40


def test_flavours_layouts_and_integers_all_occur() -> None:
    drawn = sample(cases(subject_of(LOSS, x="input", t="label")), 400)
    inputs = [case.arrays["x"] for case in drawn]
    assert any(x.flags.f_contiguous and not x.flags.c_contiguous for x in inputs)
    assert any(x.strides[-1] > x.itemsize for x in inputs if x.shape[-1] > 1 and min(x.strides) > 0)
    assert any(x.strides[0] < 0 for x in inputs)
    assert any((x == 0).any() for x in inputs)
    assert any(len(np.unique(x)) < x.size / 2 for x in inputs)
    assert any(abs(x).max() < 1e-5 for x in inputs)
    assert any(abs(x).min() > 10 for x in inputs)
    assert any((x < 0).all() for x in inputs if x.size > 8)
    assert any((x > 0).all() for x in inputs if x.size > 8)
    assert any(abs(x).max() > 1e4 * abs(x).min() > 0 for x in inputs)
    assert {case.arrays["t"].dtype.name for case in drawn} == {"int64", "int32", "int16"}
    assert {case.rounded for case in drawn} == {True, False}


def test_parameters_are_rarely_large() -> None:
    drawn = sample(cases(subject_of(AFFINE, W="parameter")), 400)
    large = {name: sum(abs(case.arrays[name]).max() > 500 for case in drawn) for name in ("x", "W")}
    assert large["W"] < large["x"]


def test_every_signature_of_the_subject_is_drawn() -> None:
    other = "x(n,c), t(n,c):onehot -> ()"
    drawn = sample(cases(subject_of(LOSS, other)), 60)
    assert {str(case.signature) for case in drawn} == {LOSS, other}
    assert {str(c.signature) for c in sample(cases(subject_of(LOSS, other), other), 20)} == {other}


def test_the_rest_is_drawn_at_several_ranks() -> None:
    drawn = sample(cases(subject_of("x(n,...), y(...) -> (n,...)")), 200)
    assert {case.arrays["y"].ndim for case in drawn} == {0, 1, 2, 3}
    assert all(not case.signature.has_rest and sizes_of(case) for case in drawn)


def test_sizes_that_an_expression_needs_are_found() -> None:
    drawn = sample(cases(subject_of("x(h), y(h-10), z(8//k), W(k,k) -> (h-k)")), 60)
    assert all(10 < case.arrays["x"].size <= 16 for case in drawn)


def test_an_expression_that_no_size_satisfies() -> None:
    with pytest.raises(SignatureError, match=r"^no sizes up to 64 make h-99 1 or more"):
        first(cases(subject_of("x(h-99)")), lambda case: True)


def test_a_text_that_is_no_signature_is_refused_before_drawing() -> None:
    with pytest.raises(SignatureError, match="this parenthesis is never closed"):
        cases(subject_of(AFFINE), "x(n")


# --- given arrays


def test_given_arrays_fix_sizes_and_are_kept_in_half_of_the_cases() -> None:
    weights = np.array([[0.5, 1, 2], [3, 4, 5]], dtype=np.float32)
    drawn = sample(cases(subject_of(AFFINE, given={"W": weights}, W="parameter")), 200)
    assert all(case.arrays["W"].shape == (2, 3) and case.arrays["x"].shape[1] == 2 for case in drawn)
    kept = [case for case in drawn if (case.arrays["W"] == weights).all()]
    assert 60 < len(kept) < 140
    assert all(case.arrays["W"].dtype == np.float64 for case in drawn)
    assert not any(np.shares_memory(case.arrays["W"], weights) for case in kept)


def test_a_given_hyper_parameter_is_always_kept() -> None:
    rate = np.array(3)
    subject = subject_of("x(n), rate(), W(n)", given={"rate": rate, "W": [1.0, 2.0]}, rate="hyper")
    drawn = sample(cases(subject, dtype="float32"), 60)
    assert all(case.arrays["rate"] == rate and case.arrays["rate"].dtype == rate.dtype for case in drawn)
    assert {bool((case.arrays["W"] == [1, 2]).all()) for case in drawn} == {True, False}


def test_given_arrays_fix_the_rank_of_the_rest() -> None:
    subject = subject_of("x(n,...), mean(...)", given={"mean": np.zeros((2, 3)), "unrelated": np.zeros(7)})
    assert all(case.arrays["x"].shape[1:] == (2, 3) for case in sample(cases(subject), 20))
    case = plain_case(subject, subject.signature, {"n": 4, "rest1": 9}, 0)
    assert case.arrays["x"].shape == (4, 2, 3)


def test_a_given_array_that_does_not_fit_is_refused_before_drawing() -> None:
    with pytest.raises(SignatureError, match=r"^W\(i,o\) got shape \(2,\): 2 axes expected, got 1$"):
        cases(subject_of(AFFINE, given={"W": [1.0, 2.0]}))


# --- shrinking


def test_shrinks_to_the_plain_case() -> None:
    other = "x(n,c), t(n,c):onehot -> ()"
    case = first(cases(subject_of(LOSS, other)), lambda case: True)
    assert (str(case.signature), case.seed, case.rounded) == (LOSS, 0, True)
    assert sizes_of(case) == {"n": 1, "c": 2} or sizes_of(case) == {"n": 1}
    plain = plain_case(case.subject, case.signature, {"n": 1, "c": 2}, 0)
    assert case.fingerprint() == plain.fingerprint()


def test_shrinks_each_size_by_itself() -> None:
    case = first(cases(subject_of(AFFINE)), lambda case: case.arrays["W"].shape[0] > 2)
    assert sizes_of(case) == {"n": 1, "i": 3, "o": 1}
    assert all(array.flags.c_contiguous for array in case.arrays.values())


def test_shrinks_the_layouts_that_do_not_matter() -> None:
    case = first(
        cases(subject_of(AFFINE)),
        lambda case: case.arrays["x"].shape == (2, 3) and not case.arrays["W"].flags.forc,
    )
    assert case.arrays["x"].flags.c_contiguous
    assert not case.arrays["W"].flags.forc
    assert case.rounded


def test_shrinks_flavours_to_ordinary() -> None:
    case = first(cases(subject_of(AFFINE)), lambda case: abs(case.arrays["x"]).max() > 100)
    assert abs(case.arrays["W"]).max() < 10
    assert (case.arrays["W"] * 100 == np.rint(case.arrays["W"] * 100)).all()


def test_shrinks_to_the_given_values() -> None:
    subject = subject_of("x(n), W(n)", given={"W": [1.5, 2.5]})
    assert first(cases(subject), lambda case: True).arrays["W"].tolist() == [1.5, 2.5]


# --- single arrays


@pytest.mark.parametrize("rounded", [True, False])
@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_keeps_to_its_domain(kind: str, flavour: str, rounded: bool) -> None:
    for dtype in ("float64", "float32"):
        for shape in ((4, 5), (4, 4), (3, 1), (2, 40), (1,), (0, 3), ()):
            if not shape and kind in ("onehot", "onehot0", "simplex"):
                continue
            if kind in ("symmetric", "adjacency", "intercept") and len(shape) != 2:
                continue
            if kind in ("symmetric", "adjacency") and shape[0] != shape[1]:
                continue
            rng = np.random.default_rng(7)
            array = draw_array(rng, shape, kind, flavour, dtype, limit=7, rounded=rounded)
            assert array.shape == shape
            assert np.all(DOMAINS[kind](array)) or not array.size
            assert array.dtype == {"bool": "bool", "label": "int64", "int": "int64"}.get(kind, dtype)


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("kind", ["float", "positive", "probability", "simplex"])
def test_rounded_values_print_short(kind: str, flavour: str) -> None:
    array = draw_array(np.random.default_rng(1), (20, 6), kind, flavour)
    digits = max(len(repr(v).split("e")[0].strip("-").replace(".", "").strip("0")) for v in array.ravel().tolist())
    assert digits <= 6
    exact = draw_array(np.random.default_rng(1), (20, 6), kind, flavour, rounded=False)
    assert np.allclose(array, exact, rtol=0, atol=0.05 if kind == "simplex" else 0.01 * abs(exact).max())


def test_zeros_occur_in_zeros_only() -> None:
    for flavour in FLAVOURS:
        array = draw_array(np.random.default_rng(3), (40, 40), "float", flavour)
        assert (array == 0).any() == (flavour == "zeros")
    assert draw_array(np.random.default_rng(3), (1,), "float", "zeros") == 0


def test_an_integer_dtype_is_taken() -> None:
    assert draw_array(np.random.default_rng(0), (3,), "label", dtype="int32", limit=4).dtype == np.int32
    with pytest.raises(SignatureError, match="label needs a limit"):
        draw_array(np.random.default_rng(0), (3,), "label")
    with pytest.raises(ValueError, match="unknown flavour 'odd'"):
        draw_array(np.random.default_rng(0), (3,), "float", "odd")


@pytest.mark.parametrize("layout", ["C", "F", "strided", "reversed"])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4), (3, 1), (1, 3)])
def test_a_layout_keeps_the_entries(layout: str, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).normal(size=shape)
    view = laid_out(array, layout)
    assert np.array_equal(view, array)
    assert not np.shares_memory(view, array)
    if layout == "strided" and shape[-1] > 1:
        assert not view.flags.forc
    if layout == "reversed" and shape[0] > 1:
        assert view.strides[0] < 0


# --- plain cases


def test_a_plain_case_depends_on_its_seed_alone() -> None:
    subject = subject_of(AFFINE)
    sizes = {"n": 2, "i": 3, "o": 4}
    one, again, two = (plain_case(subject, subject.signature, sizes, seed) for seed in (1, 1, 2))
    assert one.fingerprint() == again.fingerprint() != two.fingerprint()
    assert sizes_of(one) == sizes
    assert one.rounded


def test_adding_an_array_moves_no_other() -> None:
    subject = subject_of("W(n), x(n)", "x(n)")
    longer, shorter = (plain_case(subject, signature, {"n": 3}, 5) for signature in subject.signatures)
    assert np.array_equal(longer.arrays["x"], shorter.arrays["x"])


def test_a_plain_case_keeps_given_arrays_and_their_sizes() -> None:
    subject = subject_of(AFFINE, given={"W": np.ones((2, 3))})
    case = plain_case(subject, subject.signature, {"n": 4, "i": 9, "o": 9}, 0, dtype="float32")
    assert sizes_of(case) == {"n": 4, "i": 2, "o": 3}
    assert (case.arrays["W"] == 1).all()
    assert all(array.dtype == np.float32 for array in case.arrays.values())


def test_a_plain_case_of_labels_needs_their_number() -> None:
    subject = subject_of("t(n):label(c)")
    assert subject.signature.arguments == (Argument("t", (Dim("n"),), "label", Dim("c")),)
    with pytest.raises(SignatureError, match=r"^c has no value: the size c is not known$"):
        plain_case(subject, subject.signature, {"n": 2}, 0)
