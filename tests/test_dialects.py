"""An object in, a Subject out: what is owed, where the gradients are, and Trials that see what the engine
writes.
"""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np
import pytest
from zoo import textbook, wild

from checks import check
from checks.dialects import function_pairs, is_layer, read
from checks.dialects.arguments import keys_counted
from checks.dialects.names import partners, suffixed
from checks.errors import LayerError
from checks.signature import Signature
from checks.subject import Subject

SIZES = {"n": 3, "i": 4, "o": 5, "c": 6, "h": 7, "v": 8, "d": 2, "w": 8, "f": 2, "k": 3, "s": 6}
TRIED = [
    "Affine", "AffineCopies", "AffineTransposes", "AffineReturns", "AffineLists", "Linear", "LinearDicts",
    "LinearUpdates", "Relu", "Remembering", "Multiply", "MatMul", "Swish", "SoftmaxWithLoss", "OneHotLoss",
    "MeanSquared", "Embedding", "RNNCell", "BatchNorm", "Convolution", "TwoLayerNet", "AffineTuple",
    "AffineFloat32", "Tanh", "Softplus", "SquareError", "BoxedLinear",
]  # fmt: skip


def arrays_for(subject: Subject, sizes: dict[str, int] | None = None, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    sizes = sizes or SIZES
    arrays = {}
    for argument in subject.signature.arguments:
        shape = tuple(d.value(sizes) for d in argument.dims)
        if argument.kind in ("label", "int"):
            arrays[argument.name] = rng.integers(0, argument.limit.value(sizes), shape)
        elif argument.kind == "onehot":
            arrays[argument.name] = np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
        else:
            arrays[argument.name] = np.asarray(rng.uniform(0.5, 1.5, shape))
    return arrays


@pytest.mark.parametrize("name", TRIED)
def test_a_trial_sees_arrays_that_change_in_place_and_other_arrays(name: str) -> None:
    subject = read(getattr(textbook, name))
    arrays = arrays_for(subject)
    trial = subject.build(arrays)
    first = np.array(trial.forward(arrays))
    for key, array in arrays.items():
        if array.dtype != float:
            continue
        kept = array.copy()
        array += np.random.default_rng(1).uniform(0.2, 0.4, array.shape)
        changed = np.array(trial.forward(arrays))
        fresh = {n: a.copy() for n, a in arrays.items()}
        assert np.array_equal(changed, subject.build(fresh).forward(fresh)), key
        assert not np.array_equal(changed, first) or name in ("BatchNorm", "OneHotLoss"), key
        array[...] = kept
    others = arrays_for(subject, seed=5)
    assert np.array_equal(trial.forward(others), subject.build(others).forward(others))
    assert np.array_equal(trial.forward(arrays), first)


@pytest.mark.parametrize("name", TRIED)
def test_a_trial_gives_every_owed_gradient_in_its_shape_and_keeps_the_engines_arrays(name: str) -> None:
    subject = read(getattr(textbook, name))
    arrays = arrays_for(subject)
    before = {n: a.copy() for n, a in arrays.items()}
    trial = subject.build(arrays)
    output = np.asarray(trial.forward(arrays))
    gradients = trial.backward(np.ones_like(output))
    assert {n: np.shape(gradients[n]) for n in subject.owed} == {n: arrays[n].shape for n in subject.owed}
    assert all(np.array_equal(arrays[n], before[n]) for n in arrays)


def test_outputs_pass_through_unchanged() -> None:
    subject = read(textbook.MeanSquared)
    arrays = arrays_for(subject)
    assert isinstance(subject.build(arrays).forward(arrays), np.float64)
    single = {n: a.astype(np.float32) for n, a in arrays.items()}
    assert isinstance(subject.build(single).forward(single), np.float32)


def test_the_users_exceptions_pass_through() -> None:
    subject = read(textbook.SoftmaxWithLoss)
    arrays = {**arrays_for(subject), "t": np.array([0, 1, 99])}
    with pytest.raises(IndexError):
        subject.build(arrays).forward(arrays)
    broken = read(textbook.Breaks)
    arrays = arrays_for(broken)
    trial = broken.build(arrays)
    out = trial.forward(arrays)
    with pytest.raises(AttributeError, match="missing"):
        trial.backward(out)
    assert broken.owed == ("x",)


# What is owed, and where it is


@pytest.mark.parametrize(
    ("name", "owed", "near"),
    [
        ("Affine", ("x", "W", "b"), {}),
        ("AffineSlip", ("x", "W", "b"), {"W": ("dw",)}),
        ("AffineUnannounced", ("x", "W", "b"), {"W": ("dw",)}),
        ("AffineForgets", ("x", "W", "b"), {}),
        ("LinearForgetsBias", ("inputs", "W", "b"), {}),
        ("Capitals", ("x", "W", "B"), {}),
        ("Linear", ("x", "weights", "bias"), {}),
        ("Swish", ("x", "beta"), {}),
        ("Multiply", ("x",), {}),
        ("Embedding", ("W",), {}),
        ("BatchNorm", ("x", "gamma", "beta"), {}),
        ("Positions", ("x",), {}),
        ("TwoLayerNet", ("W1", "b1", "W2", "b2"), {}),
        ("ForgetfulNet", ("W1", "b1", "W2", "b2"), {"W2": ("w2",)}),
    ],
)
def test_owed_gradients_and_near_misses(name: str, owed: tuple[str, ...], near: dict[str, tuple[str, ...]]) -> None:
    subject = read(getattr(textbook, name))
    assert subject.owed == owed
    assert dict(subject.near_misses) == near


@pytest.mark.parametrize("name", ["AffineSlip", "AffineUnannounced"])
def test_a_slip_of_case_leaves_the_gradient_missing(name: str) -> None:
    subject = read(getattr(textbook, name))
    arrays = arrays_for(subject)
    trial = subject.build(arrays)
    assert set(trial.backward(trial.forward(arrays))) == {"x", "b"}


_RELU_DENSE = """
import numpy as np
class Dense:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_in, n_out), np.zeros(n_out)
    def forward(self, {x}):
        self.x, self.Z = {x}, {x} @ self.W + self.b
        return {gate}
    def backward(self, d):
        d = d * (self.Z {sign} 0)
        self.dW, self.db = self.x.T @ d, d.sum(axis=0)
        return d @ self.W.T
"""


@pytest.mark.parametrize(("gate", "sign"), [("np.maximum(0, self.Z)", ">"), ("np.minimum(self.Z, 0)", "<")])
def test_parameters_of_units_that_are_all_off_at_the_first_input_are_found(gate: str, sign: str) -> None:
    for name in "xXaAhzqu":
        scope = {"__name__": "gated"}
        exec(_RELU_DENSE.format(x=name, gate=gate, sign=sign), scope)
        assert str(read(scope["Dense"]).signature) == f"{name}(n,i), W(i,o), b(o) -> (n,o)"


def test_swapped_gradients_stay_where_they_are() -> None:
    subject = read(textbook.AffineSwapped)
    arrays = arrays_for(subject)
    trial = subject.build(arrays)
    gradients = trial.backward(trial.forward(arrays))
    assert np.shape(gradients["W"]) == (5,)
    assert np.shape(gradients["b"]) == (4, 5)
    swapped = read(textbook.MultiplySwapped)
    arrays = arrays_for(swapped)
    trial = swapped.build(arrays)
    trial.forward(arrays)
    assert np.array_equal(trial.backward(np.ones((3, 4)))["x"], arrays["x"])


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("AffineReturns", {"x": "returned[0]", "W": "returned[1]", "b": "returned[2]"}),
        ("AffineLists", {"x": "returned", "W": "layer.grads[0]", "b": "layer.grads[1]"}),
        ("LinearDicts", {"inputs": "returned", "W": "layer.grads['W']", "b": "layer.grads['b']"}),
        ("Linear", {"x": "returned", "weights": "layer.dw", "bias": "layer.db"}),
        ("Remembering", {"inputs": "layer.dinputs"}),
        ("InputLast", {"W": "returned[0]", "b": "returned[1]", "x": "returned[2]"}),
        ("Nested", {"x": "returned[0]", "W": "returned[1][0]", "b": "returned[1][1]"}),
        ("Named", {"x": "returned['dx']", "W": "returned['dW']", "b": "returned['db']"}),
    ],
)
def test_places_of_gradients(name: str, places: dict[str, str]) -> None:
    recipe = read(getattr(textbook, name)).recipe
    assert recipe is not None
    assert dict(recipe.gradients) == places


def test_an_upstream_gradient_is_taken_where_backward_can() -> None:
    assert read(textbook.SoftmaxWithLoss).takes_upstream
    assert not read(textbook.OneHotLoss).takes_upstream
    assert not read(textbook.TwoLayerNet).takes_upstream


# Instances, signatures and inputs


def test_an_instance_gives_its_values_and_stays_as_it_is() -> None:
    layer = textbook.Affine(np.full((4, 2), 0.5), np.zeros(2))
    subject = read(layer)
    assert str(subject.signature) == "x(n,4), W(4,2), b(2) -> (n,2)"
    assert np.array_equal(subject.given["W"], layer.W)
    assert layer.x is None
    arrays = {"x": np.ones((3, 4)), **{n: a.copy() for n, a in subject.given.items()}}
    trial = subject.build(arrays)
    arrays["W"][0, 0] = 9.0
    assert trial.forward(arrays)[0, 0] == 10.5
    assert layer.W[0, 0] == 0.5
    assert layer.x is None


def test_a_network_instance_shares_its_arrays_with_its_layers() -> None:
    net = textbook.TwoLayerNet(6, 5, 4, weight_init_std=0.5)
    subject = read(net)
    arrays = {
        "x": np.ones((3, 6)),
        "t": np.array([0, 1, 3]),
        **{n: a.copy() for n, a in subject.given.items()},
    }
    trial = subject.build(arrays)
    assert trial.forward(arrays) == net.loss(arrays["x"], arrays["t"])
    for name in subject.owed:
        before = trial.forward(arrays)
        arrays[name] += 0.1 * np.arange(arrays[name].size).reshape(arrays[name].shape)
        assert trial.forward(arrays) != before, name


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("Affine", "x(n,i), W(i,o), b(o) -> (n,o)", "x(n,i), W(i,o), b(o) -> (n,o)"),
        ("Affine", "a(n,i), w(i,o), c(o)", "a(n,i), w(i,o), c(o) -> (n,o)"),
        ("Affine", "x(n,s,i), W(i,o), b(o) -> (n,s,o)", "x(n,s,i), W(i,o), b(o) -> (n,s,o)"),
        ("Linear", "x(n,p), weights(p,q), bias(q)", "x(n,p), weights(p,q), bias(q) -> (n,q)"),
        ("Linear", "x(n,p) -> (n,q)", "x(n,p), weights(p,q), bias(q) -> (n,q)"),
        ("Relu", "x(...) -> (...)", "x(...) -> (...)"),
        ("LinearDicts", "x(n,i), W(i,o), b(o)", "x(n,i), W(i,o), b(o) -> (n,o)"),
        (
            "TwoLayerNet",
            "x(n,i), t(n):label(c) -> ()",
            "x(n,i), t(n):label(c), W1(i,hidden_size), b1(hidden_size), W2(hidden_size,c), b2(c) -> ()",
        ),
    ],
)
def test_a_given_signature_is_followed(name: str, given: str, expected: str) -> None:
    subject = read(getattr(textbook, name), Signature.parse(given))
    assert str(subject.signature) == expected
    if subject.signature.has_rest or "s" in subject.signature.sizes:
        return
    arrays = arrays_for(subject, {**SIZES, "p": 3, "q": 2, "hidden_size": 4})
    trial = subject.build(arrays)
    gradients = trial.backward(np.ones_like(trial.forward(arrays)))
    assert {n: np.shape(gradients[n]) for n in subject.owed} == {n: arrays[n].shape for n in subject.owed}


def test_given_inputs_decide_the_reading() -> None:
    x = np.ones((3, 4))
    by_index = read(textbook.SoftmaxWithLoss, inputs=(x, [0, 1, 3]))
    assert [str(s) for s in by_index.signatures] == ["x(n,c), t(n):label(c) -> ()"]
    by_row = read(textbook.SoftmaxWithLoss, inputs=(x, np.eye(4)[:3]))
    assert [str(s) for s in by_row.signatures] == ["x(n,c), t(n,c):onehot -> ()"]
    affine = read(textbook.Affine, inputs=(x, np.ones((4, 2)), np.ones(2)))
    assert str(affine.signature) == "x(n,i), W(i,o), b(o) -> (n,o)"
    assert str(read(textbook.Relu, inputs={"x": np.ones((2, 3, 4))}).signature) == "x(n,s,d) -> (n,s,d)"


# Errors


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "Overwrites",
            "Overwrites: backward returned no gradient and stored none, expected one for x\n"
            "return the gradient of x, or keep it as self.dx",
        ),
        (
            "TooMany",
            "TooMany: backward returned 2 gradients; forward takes 1 input (x)\n"
            "return one gradient for each input, in forward's order, and keep those of parameters as self.dW",
        ),
        (
            "Wordy",
            "Wordy: backward returned str 'the gradient'\n"
            "return one gradient for each input, in forward's order, and keep those of parameters as self.dW",
        ),
    ],
)
def test_errors_say_what_was_got_and_what_to_do(name: str, text: str) -> None:
    with pytest.raises(LayerError) as caught:
        read(getattr(textbook, name))
    assert str(caught.value) == text


def test_a_signature_that_does_not_fit_is_answered_with_the_layers_own_words() -> None:
    with pytest.raises(LayerError, match=r"Affine does not run as x\(n,i\), W\(o,i\), b\(o\): with x \(3, 4\)"):
        read(textbook.Affine, Signature.parse("x(n,i), W(o,i), b(o)"))
    with pytest.raises(LayerError, match="has no array for forward's argument 'x'"):
        read(textbook.Affine, Signature.parse("W(i,o)"))
    with pytest.raises(LayerError, match="Linear has no array V"):
        read(textbook.Linear, Signature.parse("x(n,p), V(p,q)"))


def test_what_is_no_layer_is_refused() -> None:
    with pytest.raises(LayerError, match="SGD is a class without a backward, not a layer"):
        read(textbook.SGD)
    with pytest.raises(LayerError, match="int is a int, not a layer"):
        read(3)


# Discovery


def test_classes_worth_checking() -> None:
    layers = [
        textbook.Affine,
        textbook.Remembering,
        textbook.LinearDicts,
        textbook.TwoLayerNet,
        textbook.Silent,
    ]
    assert all(map(is_layer, layers))
    others = [
        textbook.SGD,
        textbook.Base,
        textbook.Affine(np.ones((1, 1)), np.ones(1)),
        len,
        ValueError,
        None,
    ]
    assert not any(map(is_layer, others))


def test_function_pairs_are_named_by_their_forward() -> None:
    names = [name for name, _ in function_pairs(textbook)]
    assert names == ["affine_forward", "tanh_forward"]


# Recipes


def run_recipe(subject: Subject, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    recipe = subject.recipe
    assert recipe is not None
    space: dict[str, object] = {**arrays}
    for line in (*recipe.imports, *recipe.forward):
        exec(line, space)
    space["upstream"] = np.ones_like(space["out"])
    exec(recipe.backward, space)
    return {name: eval(code, space) for name, code in recipe.gradients.items()}


@pytest.mark.parametrize(
    "name",
    ["Affine", "Linear", "LinearDicts", "Multiply", "Swish", "SoftmaxWithLoss", "RNNCell", "TwoLayerNet"],
)
def test_a_recipe_computes_what_a_trial_does(name: str) -> None:
    subject = read(getattr(textbook, name))
    arrays = arrays_for(subject)
    trial = subject.build({n: a.copy() for n, a in arrays.items()})
    expected = trial.backward(np.ones_like(trial.forward(arrays)))
    got = run_recipe(subject, arrays)
    assert set(got) == set(expected)
    assert all(np.array_equal(got[n], expected[n]) for n in got)


def test_a_pair_of_functions_has_a_recipe() -> None:
    subject = read((textbook.affine_forward, textbook.affine_backward))
    arrays = arrays_for(subject)
    assert np.array_equal(run_recipe(subject, arrays)["b"], np.full(5, 3.0))


def test_imports_of_a_recipe(tmp_path) -> None:
    class Local:
        def forward(self, x):
            return 2 * x

        def backward(self, dout):
            return 2 * dout

    recipe = read(Local).recipe
    assert recipe is not None
    assert recipe.imports == ("# Local is your class",)
    file = tmp_path / "by_path.py"
    file.write_text("class Twice:\n    def forward(self, x): return 2 * x\n    def backward(self, d): return 2 * d\n")
    module = types.ModuleType("loaded_by_path")
    module.__file__ = str(file)
    sys.modules["loaded_by_path"] = module
    try:
        exec(compile(file.read_text(), str(file), "exec"), module.__dict__)
        subject = read(module.Twice)
    finally:
        del sys.modules["loaded_by_path"]
    assert subject.recipe is not None
    path = f"sys.path.insert(0, {str(tmp_path)!r})"
    assert subject.recipe.imports == ("import sys", path, "from by_path import Twice")
    assert (subject.file, subject.line) == (str(file), 1)


def test_a_name_of_ones_own() -> None:
    assert read(textbook.Relu, name="mine").name == "mine"
    assert read((textbook.tanh_forward, textbook.tanh_backward)).name == "tanh_forward"


# Layers in the manners of many projects

WILD = {
    "DenseLayer": "inputs(n,i), weights(i,o), biases(1,o) -> (n,o)",
    "CategoricalLoss": "y_pred(n,c):probability, y_true(n):label(c) -> (n)",
    "FusedLoss": "inputs(n,c), y_true(n):label(c) -> ()",
    "Dropout": "x(n,i) -> (n,i)",
    "LSTMCell": "x(n,i), h_prev(n,h), c_prev(n,h), Wx(i,4*h), Wh(h,4*h), b(4*h) -> (n,h)",
    "TimeAffine": "x(n,s,d), W(d,h), b(h) -> (n,s,h)",
    "TimeRNN": "xs(n,s,d), Wx(d,h), Wh(h,h), b(h) -> (n,s,h)",
    "Dense": "X(n,i), W(i,h), w0(1,h) -> (n,h)",
    "Conv2D": "x(n,h,w,c), W(3,3,c,f), b(f) -> (n,h-2,w-2,f)",
    "SelfAttention": "x(n,s,d), W_q(d,d), W_k(d,d), W_v(d,d) -> (n,s,d)",
    "LayerNorm": "x(n,i), gamma(i), beta(i) -> (n,i)",
    "SmallNet": "X(n,i), y(n):label(o), W1(i,h), b1(h), W2(h,o), b2(o) -> ()",
    "BinaryLoss": "y_pred(n,c):probability, y_true(n,c):target -> ()",
    "Softmax": "x(n,i) -> (n,i)",
    "TokenEmbedding": "tokens(n):int(v), weight(v,d) -> (n,d)",
    "NoArguments": "x(n,6), w(6,2), b(2) -> (n,2)",
}


def agree(subject: Subject) -> None:
    """Every owed gradient against central differences, about as far as those go."""
    arrays = arrays_for(subject)
    for argument in subject.signature.arguments:
        if arrays[argument.name].dtype == float and argument.kind != "onehot":
            arrays[argument.name] *= 0.3  # probabilities below 1, and softmax far from saturation
    np.random.seed(1)  # noqa: NPY002
    trial = subject.build(arrays)
    output = np.array(trial.forward(arrays))
    upstream = np.ones(output.shape)
    if subject.takes_upstream:
        upstream = np.cos(np.arange(output.size)).reshape(output.shape)
    gradients = {n: np.array(g, dtype=float) for n, g in trial.backward(upstream).items()}

    def loss() -> float:
        np.random.seed(1)  # noqa: NPY002
        return float((np.asarray(subject.build(arrays).forward(arrays)) * upstream).sum())

    for name in subject.owed:
        array = arrays[name]
        for index in list(np.ndindex(array.shape))[:: max(1, array.size // 7)]:
            kept, values = array[index], []
            for step in (1e-5, -1e-5):
                array[index] = kept + step
                values.append(loss())
            array[index] = kept
            slope = (values[0] - values[1]) / 2e-5
            assert gradients[name][index] == pytest.approx(slope, rel=1e-4, abs=1e-7), (name, index)


@pytest.mark.parametrize(("name", "signature"), WILD.items())
def test_wild_layers_are_read_and_right(name: str, signature: str) -> None:
    subject = read(getattr(wild, name))
    assert str(subject.signature) == signature
    agree(subject)


@pytest.mark.parametrize(
    "name",
    ["Affine", "Linear", "LinearUpdates", "RNNCell", "TwoLayerNet", "Swish", "Tanh", "BatchNorm", "MaxPool"],
)
def test_textbook_layers_are_right(name: str) -> None:
    agree(read(getattr(textbook, name)))


@pytest.mark.parametrize("name", ["batchnorm", "sigmoid"])
def test_wild_functions_are_read_and_right(name: str) -> None:
    agree(read((getattr(wild, f"{name}_forward"), getattr(wild, f"{name}_backward"))))


def test_activations_and_loss_objects() -> None:
    assert str(read(textbook.SquareError).signature) == "y_pred(n,c), y(n,c):target -> ()"
    recipes = [read(getattr(textbook, name)).recipe for name in ("Tanh", "Softplus", "WrongSine")]
    assert [r.backward for r in recipes if r] == [
        "returned = upstream * layer.grad(out)",
        "returned = upstream * layer.derivative(x)",
        "returned = upstream * layer.gradient(x)",
    ]


def test_large_arrays_are_shared_among_trial_runs_and_never_with_the_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("checks.dialects.reach._LARGE", 10)
    layer = textbook.LinearUpdates(6, 4)
    before = layer.weights.copy()
    subject = read(layer)
    assert str(subject.signature) == "x(n,6), weights(6,4), bias(1,4) -> (n,4)"
    assert np.array_equal(layer.weights, before)
    assert np.array_equal(subject.given["weights"], before)
    assert not subject.given["weights"].flags.writeable


def test_a_signature_with_a_difference_of_sizes_is_run_where_it_is_positive() -> None:
    import reference

    subject = read(reference.Convolution, Signature.parse("x(n,c,h,w), W(f,c,k,l), b(f) -> (n,f,h-k+1,w-l+1)"))
    assert str(subject.signature) == "x(n,c,h,w), W(f,c,k,l), b(f) -> (n,f,h-k+1,w-l+1)"


class TrainsWhereItsLossDoesNot:
    """The gradient calls the loss in training mode, where units are dropped, which is not the loss's default."""

    def __init__(self, n_in, n_out):
        self.params = {"W": np.eye(n_in, n_out), "b": np.zeros(n_out)}

    def loss(self, x, t, train_flg=False):
        self.mask = np.random.rand(*x.shape) > 0.5 if train_flg else np.ones(x.shape)  # noqa: NPY002
        self.x, self.t = x * self.mask, t
        self.r = self.x @ self.params["W"] + self.params["b"] - t
        return 0.5 * np.sum(self.r**2)

    def gradient(self, x, t):
        self.loss(x, t, train_flg=True)
        return {"W": self.x.T @ self.r, "b": self.r.sum(axis=0)}


def test_a_loss_is_called_as_its_gradient_calls_it() -> None:
    report = check(TrainsWhereItsLossDoesNot, seed=1, max_examples=6)
    assert report.verdict == "pass", report.to_text()


def test_gradients_beside_none() -> None:
    class GraphConvolution:
        def forward(self, x, adj, weight):
            self.cache = x, adj, weight
            return adj @ x @ weight

        def backward(self, dout):
            x, adj, weight = self.cache
            return adj.T @ dout @ weight.T, None, (adj @ x).T @ dout

    report = check(GraphConvolution, seed=1, max_examples=4)
    assert report.verdict == "pass", report.to_text()
    assert [row.name for row in report.comparisons] == ["x", "weight"]


def test_a_container_of_layers_is_none() -> None:
    class Sequential:
        def __init__(self, *layers):
            self.layers = list(layers)

        def forward(self, x):
            return x

        def backward(self, dout):
            return dout

    assert not is_layer(Sequential)


@pytest.mark.parametrize(
    ("name", "candidate", "same"),
    [
        ("w", "dw_new", True),
        ("W", "dW_2", True),
        ("weights", "grad_weights_old", True),
        ("w", "dw", False),
        ("w", "dw_hidden", False),
        ("w", "new", False),
    ],
)
def test_a_gradients_name_with_something_behind_it(name: str, candidate: str, same: bool) -> None:
    assert suffixed(name, candidate) is same


class Solve:
    def forward(self, A: Any, b: Any) -> Any:
        self.A, self.x = A, np.linalg.solve(A, b)
        return self.x

    def backward(self, dx: Any) -> Any:
        if self.A[0, 0] > 1.2:
            raise np.linalg.LinAlgError("Singular matrix")
        db = np.linalg.solve(self.A.T, dx)
        return -np.outer(db, self.x), db


def test_a_matrix_that_is_singular_is_no_fault_of_backward() -> None:
    report = check(Solve, seed=0)
    assert report.verdict == "pass"
    assert any("LinAlgError" in note for note in report.notes)


def test_keys_that_a_loop_over_layers_makes() -> None:
    def forward(X: Any, parameters: Any, other: Any) -> Any:
        for k in range(len(parameters) // 2):
            X = parameters["W" + str(k)] @ X + parameters[f"b{k}"] + other["c"]
        return X

    assert keys_counted(forward, "parameters", 2) == ("W1", "b1", "W2", "b2")
    assert keys_counted(forward, "other", 2) == ()


@pytest.mark.parametrize(
    ("name", "partner"),
    [("conv_forward", "conv_backward"), ("relu", "relu_backward"), ("softmax", "backward_softmax")],
)
def test_the_backward_of_a_function(name: str, partner: str) -> None:
    assert partner in partners(name)


def test_a_backward_of_one_argument_goes_with_what_is_called_forward() -> None:
    module = types.ModuleType("flips")
    source = "def flip_forward(x): return x[:, ::-1]\ndef flip_backward(dout): return dout[:, ::-1]\n"
    exec(source + "def soft(x): return x * x\ndef soft_backward(x): return 2 * x\n", module.__dict__)
    for function in vars(module).values():
        if isinstance(function, types.FunctionType):
            function.__module__ = "flips"
    assert [name for name, _ in function_pairs(module)] == ["flip_forward", "soft"]
