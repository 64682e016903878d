"""Signatures: what parses, what prints, what fits, and what the complaints say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.errors import SignatureError
from checks.signature import KINDS, Argument, Dim, Signature

AFFINE = "x(n,i), W(i,o), b(o) -> (n,o)"

size_names = st.sampled_from(["n", "i", "o", "h", "size_2", "é"])
atoms = st.one_of(size_names, st.integers(1, 40).map(str))
expressions = st.recursive(
    atoms,
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "//"]), inner).map(
        lambda t: f"({t[0]} {t[1]} {t[2]})"
    ),
    max_leaves=4,
).filter(lambda text: any(c.isalpha() for c in text))
dims = st.one_of(atoms, expressions).map(Dim)


@st.composite
def arguments(draw: st.DrawFn, name: str) -> Argument:
    kind = draw(st.sampled_from(sorted(KINDS)))
    shape = draw(st.lists(dims, min_size=kind in ("onehot", "onehot0", "simplex"), max_size=3))
    if draw(st.booleans()):
        shape.insert(0, Dim("..."))
    if kind in ("symmetric", "adjacency"):
        shape = [draw(dims)] * 2
    elif kind == "intercept":
        shape = [draw(dims), draw(dims)]
    limit = draw(size_names.map(Dim)) if kind in ("label", "int") else None
    return Argument(name, tuple(shape), kind, limit)


@st.composite
def signatures(draw: st.DrawFn) -> Signature:
    names = draw(st.lists(st.sampled_from(["x", "W", "b", "t", "h", "_y", "ß"]), min_size=1, unique=True))
    output = draw(st.none() | st.lists(dims, max_size=3).map(tuple))
    return Signature(tuple(draw(arguments(name)) for name in names), output)


# --- reading and printing


@settings(max_examples=50)
@given(signatures())
def test_a_printed_signature_parses_to_itself(signature: Signature) -> None:
    assert Signature.parse(str(signature)) == signature


@settings(max_examples=50)
@given(signatures())
def test_white_space_means_nothing(signature: Signature) -> None:
    spaced = str(signature)
    for token in "(),:":
        spaced = spaced.replace(token, f" \n {token}\t ")
    assert Signature.parse(spaced) == signature


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (AFFINE, AFFINE),
        ("x( n , i ),b(i,)->()", "x(n,i), b(i) -> ()"),
        ("x(2 * (h+1), (h - k) // s + 1)", "x(2*(h+1),(h-k)//s+1)"),
        ("a():, b():float", "a(), b()"),
        ("train():flag", "train():bool"),
        ("ids(n,s):int( v ), t(n):label(2*c)", "ids(n,s):int(v), t(n):label(2*c)"),
        ("x(n, ...) -> (...)", "x(n,...) -> (...)"),
    ],
)
def test_the_canonical_text(text: str, canonical: str) -> None:
    assert str(Signature.parse(text)) == canonical


def test_what_a_signature_knows() -> None:
    signature = Signature.parse("x(n,d), E(v,d), ids(n):int(w), y(n):target -> (n,4*h)")
    assert signature.names == ("x", "E", "ids", "y")
    assert signature.sizes == ("n", "d", "v", "w", "h")
    assert signature.argument("ids") == Argument("ids", (Dim("n"),), "int", Dim("w"))
    assert [a.differentiable for a in signature.arguments] == [True, True, False, True]
    assert Signature.parse("x(n)").output is None
    assert Signature.parse("x(n) -> ()").output == ()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_which_kinds_have_a_derivative(kind: str) -> None:
    limit = Dim("c") if kind in ("label", "int") else None
    expected = kind in ("float", "positive", "probability", "simplex", "target")
    shape = (Dim("n"),) * (2 if kind in ("symmetric", "adjacency", "intercept") else 1)
    assert Argument("x", shape, kind, limit).differentiable is expected


# --- sizes


@pytest.mark.parametrize(
    ("text", "names", "value"),
    [("n", ("n",), 5), ("7", (), 7), ("4*h", ("h",), 12), ("c*k*k + c", ("c", "k"), 10), ("h//2", ("h",), 1)]
    + [("(n-k)//c+1", ("n", "k", "c"), 2), ("n - (k - c)", ("n", "k", "c"), 5)],
)
def test_arithmetic(text: str, names: tuple[str, ...], value: int) -> None:
    assert Dim(text).names == names
    assert Dim(text).value({"n": 5, "h": 3, "c": 2, "k": 2}) == value


def test_a_size_without_a_number() -> None:
    with pytest.raises(SignatureError, match=r"^h\*w has no value: the size w is not known$"):
        Dim("h*w").value({"h": 2})
    with pytest.raises(SignatureError, match=r"^h//\(k-1\) divides by zero at h = 2, k = 1$"):
        Dim("h//(k-1)").value({"h": 2, "k": 1})


def test_shapes() -> None:
    signature = Signature.parse("x(n,i), W(i,2*o), a() -> (n,o//2)")
    sizes = {"n": 2, "i": 3, "o": 4}
    assert signature.shapes(sizes) == {"x": (2, 3), "W": (3, 8), "a": ()}
    assert signature.output_shape(sizes) == (2, 2)
    assert Signature.parse("x(n)").output_shape({"n": 1}) is None
    with pytest.raises(SignatureError, match=r"^x\(h-k\) has shape \(-1,\) at h = 1, k = 2: "):
        Signature.parse("x(h-k)").shapes({"h": 1, "k": 2})


# --- fitting


@given(st.lists(st.integers(0, 9), min_size=3, max_size=3))
def test_fit_inverts_shapes(numbers: list[int]) -> None:
    signature = Signature.parse(AFFINE)
    sizes = dict(zip(signature.sizes, numbers, strict=True))
    assert signature.fit(signature.shapes(sizes)) == sizes


@settings(max_examples=50)
@given(signatures(), st.data())
def test_fitted_sizes_give_the_shapes_back(signature: Signature, data: st.DataObject) -> None:
    signature = signature.expanded(data.draw(st.integers(0, 2)))
    sizes = {name: data.draw(st.integers(1, 9)) for name in signature.sizes}
    try:
        shapes = signature.shapes(sizes)
    except SignatureError:  # negative, or divided by zero, at these sizes
        return
    bare = {a.name for a in signature.arguments if all(d.is_name or not d.names for d in a.dims)}
    fitted = signature.fit({name: shape for name, shape in shapes.items() if name in bare})
    assert fitted.items() <= sizes.items()
    assert {name: signature.shapes({**sizes, **fitted})[name] for name in bare} == {name: shapes[name] for name in bare}


@pytest.mark.parametrize(
    ("text", "shapes", "sizes"),
    [
        ("x(n,i), W(4*h,i)", {"x": (2, 3), "W": (20, 3)}, {"n": 2, "i": 3, "h": 5}),
        ("x(h//2), W(h+1)", {"x": (3,), "W": (8,)}, {"h": 7}),
        ("x(h//2)", {"x": (3,)}, {"h": 6}),
        ("x((h-k)//s+1), W(k,s)", {"x": (3,), "W": (2, 2)}, {"k": 2, "s": 2, "h": 6}),
        ("x(c*k*k), c(c)", {"x": (27,), "c": (3,)}, {"c": 3, "k": 3}),
        ("x(9-k)", {"x": (2,)}, {"k": 7}),
        ("x(h*w)", {"x": (12,)}, {}),
        ("t(n):label(c)", {"t": (2,)}, {"n": 2}),
        ("x(n,i), W(i,o)", {"W": (2, 3)}, {"i": 2, "o": 3}),
        ("x(n,...), y(...)", {"x": (3, 4, 5), "y": (4, 5)}, {"n": 3, "rest1": 4, "rest2": 5}),
        ("x(...), s(rest1)", {"x": (4,), "s": (5,)}, {"rest2": 4, "rest1": 5}),
        ("x(...)", {"x": ()}, {}),
    ],
)
def test_fit(text: str, shapes: dict[str, tuple[int, ...]], sizes: dict[str, int]) -> None:
    assert Signature.parse(text).fit(shapes) == sizes


@pytest.mark.parametrize(
    ("text", "shapes", "message"),
    [
        (
            "x(n,i), W(i,o)",
            {"x": (2, 3), "W": (4, 5)},
            "W(i,o) got shape (4, 5): i is 4 here, but 3 in x(n,i) with shape (2, 3)",
        ),
        ("x(n,n)", {"x": (2, 3)}, "x(n,n) got shape (2, 3): n is 3 here, but 2 in x(n,n) with shape (2, 3)"),
        ("W(i,o)", {"W": (4,)}, "W(i,o) got shape (4,): 2 axes expected, got 1"),
        ("b(o)", {"b": ()}, "b(o) got shape (): 1 axis expected, got 0"),
        ("x(n,3)", {"x": (2, 4)}, "x(n,3) got shape (2, 4): axis 1 is 4, but 3 in the signature"),
        ("W(4*h)", {"W": (10,)}, "W(4*h) got shape (10,): no h makes 4*h equal to 10"),
        (
            "x(n,h), W(n*h)",
            {"x": (2, 3), "W": (7,)},
            "W(n*h) got shape (7,): n*h is 7 here, but 6 with n = 2 from x(n,h) with shape (2, 3), "
            "h = 3 from x(n,h) with shape (2, 3)",
        ),
        (
            "x(n), W(n*h)",
            {"x": (2,), "W": (7,)},
            "W(n*h) got shape (7,): no h makes n*h equal to 7, n = 2 from x(n) with shape (2,)",
        ),
        (
            "x(n,...), y(...)",
            {"x": (3, 4, 5), "y": (5,)},
            "y(...) got shape (5,): '...' is 1 axis here, but 2 axes in x(n,...) with shape (3, 4, 5)",
        ),
        ("x(n,i,...)", {"x": (3,)}, "x(n,i,...) got shape (3,): 2 axes or more expected"),
        ("x(n), bias(n)", {"bais": (3,)}, "no array named bais in x(n), bias(n); did you mean bias?"),
    ],
)
def test_what_does_not_fit(text: str, shapes: dict[str, tuple[int, ...]], message: str) -> None:
    with pytest.raises(SignatureError) as caught:
        Signature.parse(text).fit(shapes)
    assert str(caught.value) == message


# --- any rank


def test_the_rest_expands_to_names_of_its_own() -> None:
    signature = Signature.parse("x(n,...), b(rest1) -> (...,n)")
    assert str(signature.expanded(2)) == "x(n,rest2,rest3), b(rest1) -> (rest2,rest3,n)"
    assert str(signature.expanded(0)) == "x(n), b(rest1) -> (n)"
    assert signature.has_rest
    assert not signature.expanded(1).has_rest
    assert signature.at({"n": 1, "rest1": 2, "rest2": 3}) == signature.expanded(1)


def test_shapes_follow_the_rest() -> None:
    signature = Signature.parse("x(n,...) -> (...)")
    assert signature.shapes({"n": 2}) == {"x": (2,)}
    assert signature.shapes({"n": 2, "rest1": 3, "rest2": 4}) == {"x": (2, 3, 4)}
    assert signature.output_shape({"n": 2, "rest1": 3}) == (3,)


# --- complaints

NO_SIZE = "is not a size: expected a name, a positive integer, or these with + - * // and parentheses"


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("x(n,i", 2, "this parenthesis is never closed"),
        ("x(n,i, W(i,o) -> (n,o)", 2, "this parenthesis is never closed"),
        ("t(n):label(c", 11, "this parenthesis is never closed"),
        ("x", 2, "expected the sizes of x in parentheses, as in x(n,i), got the end"),
        ("x n)", 3, "expected the sizes of x in parentheses, as in x(n,i), got 'n)'"),
        ("(n)", 1, "expected an array such as x(n,i), got '(n)'"),
        ("x(n), -> (n)", 7, "expected an array such as x(n,i), got '-> (n)'"),
        ("x(n) W(n)", 6, "expected ',', '->' or the end, got 'W(n)'"),
        ("x(n)) -> (n)", 5, "expected ',', '->' or the end, got ') -> (n)'"),
        ("x(n) -> (n) foo", 13, "expected the end, got 'foo'"),
        ("x(n) -> (n), (m)", 12, "only one output can be declared"),
        ("x(n) -> n", 9, "expected the output's sizes in parentheses, as in -> (n,o), got 'n'"),
        ("x(n), W(n), x(n)", 13, "a second array named x"),
        ("class(n)", 1, "'class' is a Python keyword and cannot name an array"),
        ("2x(n)", 1, "'2x' cannot name an array: expected a Python name"),
        ("x(n, in)", 6, "'in' is a Python keyword and cannot name a size"),
        ("x(n,,m)", 5, "a size is missing"),
        ("x(0)", 3, "0 is not a size: sizes are 1 or more"),
        ("x(n, -1)", 6, "-1 is not a size: sizes are 1 or more"),
        ("x(3-3)", 3, "3-3 is not a size: sizes are 1 or more"),
        ("x(n/2)", 3, f"'n/2' {NO_SIZE}"),
        ("x(n**2)", 3, f"'n**2' {NO_SIZE}"),
        ("x(2h)", 3, f"'2h' {NO_SIZE}"),
        ("x(f(n))", 3, f"'f(n)' {NO_SIZE}"),
        ("x(n.m)", 3, f"'n.m' {NO_SIZE}"),
        ("x(n*)", 3, f"'n*' {NO_SIZE}"),
        (f"x({'(' * 60}n{')' * 60})", 3, f"'{'(' * 60}n{')' * 60}' {NO_SIZE}"),
        ("x(...,...)", 1, "'...' may occur once in an array"),
        ("t(n):lable(c)", 6, "unknown kind 'lable': did you mean label?"),
        ("t(n):zzz", 6, f"unknown kind 'zzz': the kinds are {', '.join(KINDS)}"),
        ("t(n):label", 6, "label needs the number its values stay below, as in label(c)"),
        ("t(n):label(a,b)", 6, "label takes one limit, got 2"),
        ("t(n):label(...)", 6, "a limit is one number, not '...'"),
        ("t(n):mask(3)", 6, "mask takes no limit; only label and int do"),
        ("t():onehot", 5, "onehot needs an axis to run along, as in t(n,c):onehot"),
    ],
)
def test_a_complaint_points_at_its_column(text: str, column: int, message: str) -> None:
    with pytest.raises(SignatureError) as caught:
        Signature.parse(text)
    assert str(caught.value) == f"{text}\n{' ' * (column - 1)}^ column {column}: {message}"


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_signature(text: str) -> None:
    with pytest.raises(SignatureError) as caught:
        Signature.parse(text)
    assert str(caught.value) == f"the signature is empty: expected one such as {AFFINE}"


@given(st.text(alphabet="xWn i3(),:.->+*/=label\n\0", max_size=25))
def test_any_text_parses_or_is_a_signature_error(text: str) -> None:
    try:
        signature = Signature.parse(text)
    except SignatureError as error:
        complaint = str(error)
    else:
        complaint = "none"
        assert Signature.parse(str(signature)) == signature
    assert 1 <= len(complaint.splitlines()) <= 2
