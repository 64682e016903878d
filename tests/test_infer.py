"""The search for a layout: what is tried, in which order, and how sizes are recognised."""

from __future__ import annotations

import importlib
import random

import numpy as np
import pytest
from zoo import textbook

from checks.dialects import read
from checks.errors import LayerError
from checks.infer_draw import draw, quiet
from checks.infer_layout import Formal, declare
from checks.infer_names import hint, is_buffer, is_parameter, size_role
from checks.infer_scenarios import SCENARIOS, scenarios
from checks.infer_sizes import RUNS, assignment, dim, name_axis, name_shape
from checks.infer_table import layouts

SIGNATURES = {
    "Affine": "x(n,i), W(i,o), b(o) -> (n,o)",
    "AffineCopies": "x(n,i), W(i,o), b(o) -> (n,o)",
    "AffineTransposes": "x(n,i), W(i,o), b(o) -> (n,o)",
    "AffineReturns": "x(n,i), W(i,o), b(o) -> (n,o)",
    "AffineLists": "x(n,i), W(i,o), b(o) -> (n,o)",
    "Linear": "x(n,i), weights(i,o), bias(o) -> (n,o)",
    "LinearDicts": "inputs(n,i), W(i,o), b(o) -> (n,o)",
    "LinearUpdates": "x(n,i), weights(i,o), bias(1,o) -> (n,o)",
    "Relu": "x(n,i) -> (n,i)",
    "Remembering": "inputs(n,i) -> (n,i)",
    "Multiply": "x(n,i), y(n,i) -> (n,i)",
    "MatMul": "x(n,i), W(i,o) -> (n,o)",
    "Swish": "x(n,i), beta() -> (n,i)",
    "Logarithm": "x(n,i):positive -> (n,i)",
    "MeanSquared": "prediction(n,c), target(n,c):target -> ()",
    "OneHotLoss": "x(n,c), t(n,c):onehot -> ()",
    "CrossEntropy": "y(n,c):probability, t(n,c):target -> ()",
    "Embedding": "idx(n):int(v), W(v,d) -> (n,d)",
    "RNNCell": "x(n,i), h_prev(n,h), Wx(i,h), Wh(h,h), b(h) -> (n,h)",
    "BatchNorm": "x(n,i), gamma(i), beta(i) -> (n,i)",
    "Convolution": "x(n,c,h,w), W(f,c,k,k), b(f) -> (n,f,h-k+1,w-k+1)",
    "MaxPool": "x(n,c,h,w) -> (n,c,h//2,w//2)",
    "EvenPool": "x(n,c,2*h,2*w) -> (n,c,h,w)",
    "Flatten": "x(n,c,h,w) -> (n,c*h*w)",
    "Outer": "x(i), W(o,i), b(o) -> (o)",
    "Columns": "x(i,n), W(o,i), b(o,1) -> (o,n)",
}


@pytest.mark.parametrize(("name", "signature"), SIGNATURES.items())
def test_the_signature_that_is_found(name: str, signature: str) -> None:
    assert str(read(getattr(textbook, name)).signature) == signature


@pytest.mark.parametrize("name", ["SoftmaxWithLoss", "TwoLayerNet"])
def test_both_kinds_of_label_are_two_readings(name: str) -> None:
    kinds = [s.argument("t").kind for s in read(getattr(textbook, name)).signatures]
    assert kinds == ["label", "onehot"]


def test_function_pairs_are_read_like_layers() -> None:
    subject = read((textbook.affine_forward, textbook.affine_backward))
    assert str(subject.signature) == "x(n,i), w(i,o), b(o) -> (n,o)"
    assert subject.roles == {"x": "input", "w": "parameter", "b": "parameter"}


def test_a_wrong_gradient_changes_no_signature() -> None:
    """Learning is not judging: the reading of a faulty layer is that of the right one."""
    for name in ("AffineSlip", "AffineSwapped", "AffineForgets", "AffineUnannounced", "AffineNotSummed"):
        assert str(read(getattr(textbook, name)).signature) == SIGNATURES["Affine"]


def test_sizes_are_distinct_within_a_run_and_between_runs() -> None:
    names = ("n", "i", "o", "h", "c")
    for run in range(RUNS):
        sizes = assignment(names, run)
        assert len(set(sizes.values())) == len(names)
        assert sizes["n"] > 1
    assert all(len({assignment(names, run)[name] for run in range(RUNS)}) == RUNS for name in names)


@pytest.mark.parametrize("text", ["n", "i", "3", "2*i", "i-1", "i+2", "h-k+1", "h//2", "c*h*w", "(h-1)//2+1", "n*i"])
def test_an_axis_is_named_by_its_values(text: str) -> None:
    runs = [assignment(("n", "i", "c", "h", "w", "k"), run) for run in range(RUNS)]
    runs.append({**runs[0], "h": runs[0]["h"] + 1})
    extents = tuple(dim(text).value(sizes) for sizes in runs)
    assert name_axis(extents, runs) == dim(text)


def test_a_shape_that_nothing_explains_has_no_name() -> None:
    runs = [assignment(("n", "i"), run) for run in range(RUNS)]
    assert name_shape([(41,), (59,), (97,)], runs) is None
    assert name_shape([(3,), (2, 2), (4,)], runs) is None


@pytest.mark.parametrize(
    ("name", "place", "expected"),
    [
        ("W", "constructor", "matrix"), ("weights", "constructor", "matrix"),
        ("b1", "constructor", "vector"),
        ("gamma", "constructor", "vector"), ("n_inputs", "constructor", "size"),
        ("lr", "constructor", "rate"),
        ("t", "forward", "label"), ("y_true", "forward", "label"), ("idx", "forward", "ids"),
        ("h_prev", "forward", "hidden"), ("train_flg", "forward", "flag"), ("x", "forward", "none"),
        ("dropout_rate", "constructor", "rate"), ("in_features", "constructor", "size"),
    ],
)  # fmt: skip
def test_hints(name: str, place, expected: str) -> None:
    assert hint(name, place=place) == expected


def test_names_of_sizes_and_buffers() -> None:
    names = ("in_features", "n_out", "hidden_size", "vocab_size", "kernel_size", "stride")
    assert [size_role(n) for n in names] == ["input", "output", "hidden", "vocabulary", "kernel", "two"]
    assert is_buffer("running_mean")
    assert not is_buffer("weights")
    assert is_parameter("W1")
    assert not is_parameter("mask")


def test_the_natural_layout_comes_first() -> None:
    formals = [Formal("x", "forward"), Formal("W", "constructor"), Formal("b", "constructor")]
    first = next(iter(layouts(formals, scenarios(formals, "Affine")[0])))
    assert str(first.signature()) == "x(n,i), W(i,o), b(o)"
    assert scenarios(formals, "Conv2d")[0].name == "image"
    assert len({s.name for s in SCENARIOS}) == len(SCENARIOS)


def test_labels_reach_the_last_class() -> None:
    assert draw(declare("t", "n:label(c)"), (3,), 5, "float64").max() == 4
    rows = draw(declare("t", "n,c:onehot"), (3, 5), None, "float32")
    assert rows.dtype == np.float32
    assert (rows.argmax(axis=1) == draw(declare("t", "n:label(c)"), (3,), 5, "float64")).all()


def test_reading_is_quiet_and_leaves_the_random_states_alone(capsys: pytest.CaptureFixture[str]) -> None:
    np.random.seed(3)  # noqa: NPY002
    random.seed(3)
    before = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    read(textbook.Chatty)
    assert capsys.readouterr() == ("", "")
    assert np.array_equal(before[0], np.random.get_state()[1])  # noqa: NPY002
    assert before[1] == random.getstate()
    with quiet():
        print("unheard")
    assert capsys.readouterr().out == ""


def test_no_layout_says_what_was_tried_and_what_to_add() -> None:
    with pytest.raises(LayerError) as caught:
        read(textbook.Stubborn)
    tried, add = str(caught.value).splitlines()
    assert tried.startswith("Stubborn could not be called: tried ")
    assert tried.endswith(
        " ways to fill Stubborn(W, b).forward(x); with x(n,i), W(i,o), b(i,o), "
        "forward raised ValueError: only squares of side 17"
    )
    assert add == (
        'say what it takes, as in --signature "x(n,i), W(i,o), b(o) -> (n,o)" '
        'or check(Stubborn, "x(n,i), W(i,o), b(o) -> (n,o)"), '
        "or hand over a case: a class method gradproof_case that returns (object, arrays)"
    )


def elementwise_pair(forward, backward):
    class Pair:
        def forward(self, a, b):
            self.a, self.b = a, b
            return forward(a, b)

        def backward(self, dout):
            return backward(dout, self.a, self.b)

    return Pair


def test_inputs_named_by_letters_in_a_row_are_of_one_kind() -> None:
    product = elementwise_pair(lambda a, b: a * b, lambda d, a, b: (d * b, d * a))
    assert str(read(product).signature) == "a(n,i), b(n,i) -> (n,i)"
    distance = elementwise_pair(
        lambda a, b: ((a - b) ** 2).sum(axis=1), lambda d, a, b: (2 * d[:, None] * (a - b), -2 * d[:, None] * (a - b))
    )
    assert str(read(distance).signature) == "a(n,i), b(n,i) -> (n)"


def test_a_bias_beside_another_letter_stays_a_bias() -> None:
    class AddBias:
        def forward(self, x, b):
            return x + b

        def backward(self, dout):
            return dout, dout.sum(axis=0)

    assert str(read(AddBias).signature) == "x(n,i), b(i) -> (n,i)"


def test_inputs_that_are_taken_from_the_rest() -> None:
    class AddAll:
        def forward(self, *arrays):
            return sum(arrays)

        def backward(self, dout):
            return dout, dout

    assert str(read(AddAll).signature) == "arrays_0(n,i), arrays_1(n,i) -> (n,i)"


@pytest.mark.parametrize(
    ("module", "name", "signature"),
    [
        ("vectors_and_squares", "Outer", "u(i), v(j) -> (i,j)"),
        ("vectors_and_squares", "TriangularSolve", "L(n,n), b(n,d) -> (n,d)"),
        ("vectors_and_squares", "LogDet", "A(n,n) -> ()"),
        ("vectors_and_squares", "GCN", "A_hat(n,n), H(n,d), W(d,h) -> (n,h)"),
        ("vectors_and_squares", "OrdinalLogit", "f(n), y(n):label(k+1), thresholds(k) -> ()"),
        ("vectors_and_squares", "Harmonics", "t(i) -> (i,3)"),
        ("one_column", "Dense", "input(i,1), weights(o,i), bias(o,1) -> (o,1)"),
        ("one_column", "Softmax", "input(i,1) -> (i,1)"),
        ("one_column", "Convolutional", "input(c,h,w), kernels(f,c,3,3), biases(f,h-2,w-2) -> (f,h-2,w-2)"),
        ("words_and_frozen", "STFTMagnitude", "x(n,j+3) -> (n,(j-1)//2+1,4)"),
        ("words_and_frozen", "FrozenLoRA", "x(n,i), A(i,2), B(2,o) -> (n,o)"),
        ("words_and_frozen", "KLDivLoss", "logits(n,c), target(n,c):simplex -> ()"),
        ("starred", "Linear", "x(n,i), w(i,o), b(o) -> (n,o)"),
    ],
)
def test_layouts_that_are_no_batch_of_rows(module: str, name: str, signature: str) -> None:
    layer = getattr(importlib.import_module(f"zoo.right.{module}"), name)
    assert str(read(layer).signature) == signature


def test_sizes_that_are_alike_by_accident_are_loosened() -> None:
    class Distances:
        def forward(self, x, centers):
            self.d = x[:, None] - centers[None]
            return (self.d**2).sum(axis=-1)

        def backward(self, dout):
            t = 2 * dout[..., None] * self.d
            return t.sum(axis=1), -t.sum(axis=0)

    assert str(read(Distances).signature) == "x(n,i), centers(j,i) -> (n,j)"


def test_a_product_that_is_wrong_for_matrices_is_not_read_for_vectors() -> None:
    class NotTransposed:
        def __init__(self, W):
            self.W = W

        def forward(self, x):
            self.x = x
            return x @ self.W

        def backward(self, dout):
            self.dW = self.x @ dout
            return dout @ self.W.T

    assert str(read(NotTransposed).signature) == "x(n,i), W(i,o) -> (n,o)"


class Spread:
    def __init__(self, share):
        self.share = share

    def forward(self, given):
        self.given = given
        return given + self.share**2 * np.roll(given, 1, -1)


class SpreadNumber(Spread):
    def backward(self, z):
        self.dshare = 2 * self.share * np.sum(z * np.roll(self.given, 1, -1))
        return z + self.share**2 * np.roll(z, -1, -1)


class SpreadColumns(Spread):
    def backward(self, z):
        self.dshare = 2 * self.share * np.sum(z * np.roll(self.given, 1, -1), axis=0)
        return z + np.roll(self.share**2 * z, -1, -1)


class SpreadColumnsWrongly(Spread):
    def backward(self, z):
        self.dshare = 2 * self.share * np.sum(z * np.roll(self.given, 1, -1), axis=0)
        return z + self.share**2 * np.roll(z, -1, -1)


@pytest.mark.parametrize(
    ("layer", "shape"), [(SpreadNumber, "share()"), (SpreadColumns, "share(i)"), (SpreadColumnsWrongly, "share(i)")]
)
def test_what_is_summed_over_everything_is_of_a_number(layer: type, shape: str) -> None:
    assert str(read(layer).signature) == f"given(n,i), {shape} -> (n,i)"


class Joins:
    """Nodes take from those that they are joined to, and from themselves."""

    def __init__(self, p, q):
        self.w = np.random.randn(p, q)  # noqa: NPY002 - as people write it

    def forward(self, f, g):
        loops = np.identity(g.shape[0]) + g
        scale = 1 / np.sqrt(loops.sum(axis=1))
        self.f, self.s = f, scale[:, None] * loops * scale[None]
        return self.s @ f @ self.w

    def backward(self, z):
        self.dw = (self.s @ self.f).T @ z
        return self.s.T @ z @ self.w.T


class JoinsWrongly(Joins):
    def backward(self, z):
        self.dw = self.f.T @ z
        return self.s.T @ z @ self.w.T


@pytest.mark.parametrize("layer", [Joins, JoinsWrongly])
def test_what_the_identity_is_added_to_is_square(layer: type) -> None:
    assert str(read(layer).signature) == "f(n,i), g(n,n):mask, w(i,o) -> (n,o)"
