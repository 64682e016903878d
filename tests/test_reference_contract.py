"""What all layers of the reference owe: the derivative of forward, the caller's arrays and dtypes, plain errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import reference
from reference import ELU, GELU, LeakyReLU, LogSoftmax, Softmax, Softplus, Swish, Tanh

Shape = tuple[int, ...]


class BothStates:
    """LSTMCell with its two outputs side by side as one, so that one upstream gradient reaches both."""

    def __init__(self, *parameters):
        self.cell = reference.LSTMCell(*parameters)

    def forward(self, x, h, c):
        return np.concatenate(self.cell.forward(x, h, c), axis=1)

    def backward(self, dout):
        dout = np.asarray(dout)
        half = dout.shape[-1] // 2
        gradients = self.cell.backward(dout[..., :half], dout[..., half:])
        self.dWx, self.dWh, self.db = self.cell.dWx, self.cell.dWh, self.cell.db
        return gradients


class InUse:
    """BatchNorm after training, with running statistics of its own."""

    def __init__(self, *parameters):
        self.layer = reference.BatchNorm(*parameters)
        self.layer.running_mean, self.layer.running_var = np.array([0.5, -1, 2]), np.array([2.0, 0.25, 1])

    def forward(self, x):
        return self.layer.forward(x, train=False)

    def backward(self, dout):
        dx = self.layer.backward(dout)
        self.dgamma, self.dbeta = self.layer.dgamma, self.layer.dbeta
        return dx


@dataclass(frozen=True, kw_only=True)
class Use:
    """A layer with shapes that fit it: `make` takes the parameters, forward the inputs and then `given`."""

    make: Callable[..., Any]
    inputs: dict[str, Shape]
    parameters: dict[str, Shape] = field(default_factory=dict)
    given: tuple[Any, ...] = ()


CELL = {"Wx": (2, 3), "Wh": (3, 3), "b": (3,)}
GATES = {"Wx": (2, 12), "Wh": (3, 12), "b": (12,)}
AFFINE = {"gamma": (3,), "beta": (3,)}
TARGET = (np.array([[0.0, 1, 1], [1, 0, 1]]),)
IMAGE = {"x": (2, 2, 4, 5)}
USES = {
    **{
        layer.__name__: Use(make=layer, inputs={"x": (2, 3)})
        for layer in (
            Tanh,
            LeakyReLU,
            ELU,
            Softplus,
            Swish,
            GELU,
            Softmax,
            LogSoftmax,
        )
    },
    "ELU(0.3)": Use(make=lambda: ELU(0.3), inputs={"x": (2, 3)}),
    "LeakyReLU of one number": Use(make=LeakyReLU, inputs={"x": ()}),
    "GELU of one number": Use(make=GELU, inputs={"x": ()}),
    **{
        loss.__name__: Use(make=loss, inputs={"x": (2, 3)}, given=TARGET)
        for loss in (reference.MeanSquaredError, reference.Huber, reference.BinaryCrossEntropyWithLogits)
    },
    "BatchNorm": Use(make=reference.BatchNorm, parameters=AFFINE, inputs={"x": (4, 3)}),
    "BatchNorm of images": Use(make=reference.BatchNorm, parameters=AFFINE, inputs={"x": (2, 3, 2, 2)}),
    "BatchNorm in use": Use(make=InUse, parameters=AFFINE, inputs={"x": (4, 3)}),
    "LayerNorm": Use(make=reference.LayerNorm, parameters=AFFINE, inputs={"x": (2, 2, 3)}),
    "LayerNorm of one sample": Use(make=reference.LayerNorm, parameters=AFFINE, inputs={"x": (3,)}),
    "Convolution": Use(make=reference.Convolution, parameters={"W": (3, 2, 2, 3), "b": (3,)}, inputs=IMAGE),
    "Convolution(stride=2, pad=1)": Use(
        make=lambda W, b: reference.Convolution(W, b, stride=2, pad=1),
        parameters={"W": (3, 2, 2, 3), "b": (3,)},
        inputs=IMAGE,
    ),
    "Convolution(stride=3)": Use(  # leaves columns of the image unused
        make=lambda W, b: reference.Convolution(W, b, stride=3), parameters={"W": (1, 2, 2, 2), "b": (1,)}, inputs=IMAGE
    ),
    "MaxPooling": Use(make=lambda: reference.MaxPooling(2, 2), inputs=IMAGE),
    "MaxPooling(stride=1, pad=1)": Use(make=lambda: reference.MaxPooling(2, 3, stride=1, pad=1), inputs=IMAGE),
    "AveragePooling": Use(make=lambda: reference.AveragePooling(2, 3, stride=1, pad=2), inputs=IMAGE),
    "Embedding": Use(
        make=reference.Embedding, parameters={"W": (5, 3)}, inputs={}, given=(np.array([[4, 0, 4], [4, 2, 0]]),)
    ),
    "RNNCell": Use(make=reference.RNNCell, parameters=CELL, inputs={"x": (4, 2), "h": (4, 3)}),
    "LSTMCell": Use(make=BothStates, parameters=GATES, inputs={"x": (4, 2), "h": (4, 3), "c": (4, 3)}),
    "ScaledDotProductAttention": Use(
        make=reference.ScaledDotProductAttention, inputs={"q": (2, 3, 4), "k": (2, 5, 4), "v": (2, 5, 2)}
    ),
    "Dropout": Use(make=lambda: reference.Dropout(0.4, rng=3), inputs={"x": (3, 4)}),
}
DTYPES = ["float32", "float64", "longdouble", "complex64", "complex128"]
each = pytest.mark.parametrize("name", USES)


def arrays_of(use: Use, dtype: Any = float, scale: float = 1.0) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    shapes = {**use.inputs, **use.parameters}
    return {name: np.asarray(scale * rng.standard_normal(shape)).astype(dtype) for name, shape in shapes.items()}


def run(use: Use, arrays: dict[str, Any]) -> tuple[Any, Any]:
    """The layer, and its output for these arrays."""
    layer = use.make(*[arrays[name] for name in use.parameters])
    return layer, layer.forward(*[arrays[name] for name in use.inputs], *use.given)


def gradients(use: Use, layer: Any, dout: Any) -> dict[str, Any]:
    """By the name of their array."""
    returned = layer.backward(dout)
    several = returned if isinstance(returned, tuple) else (returned,)
    found = dict(zip(use.inputs, several, strict=False))
    return {**found, **{name: getattr(layer, f"d{name}") for name in use.parameters}}


def upstream_of(out: Any) -> Any:
    return np.random.default_rng(8).uniform(-2, 2, np.shape(out)).astype(np.asarray(out).dtype)


@each
def test_backward_is_the_derivative_under_any_upstream_gradient(complex_step_gradient, name):
    use = USES[name]
    arrays = arrays_of(use)
    layer, out = run(use, arrays)
    dout = upstream_of(out)
    analytic = gradients(use, layer, dout)
    assert set(analytic) == set(arrays)
    for key, array in arrays.items():

        def output(moved: Any, key: str = key) -> Any:
            return run(use, {**arrays, key: moved})[1]

        numerical = complex_step_gradient(output, array, dout)
        assert analytic[key].shape == array.shape
        np.testing.assert_allclose(analytic[key], numerical, rtol=1e-11, atol=1e-13, err_msg=key)


@each
def test_the_callers_arrays_are_neither_written_nor_returned(name):
    use = USES[name]
    arrays = arrays_of(use)
    saved = {key: array.copy() for key, array in arrays.items()}
    layer, out = run(use, arrays)
    dout = upstream_of(out)
    results = [out, *gradients(use, layer, dout).values()]
    for key, array in arrays.items():
        assert array.tobytes() == saved[key].tobytes(), key
        assert not any(np.shares_memory(array, result) for result in results), key
    assert dout.tobytes() == upstream_of(out).tobytes()
    assert not any(np.shares_memory(dout, result) for result in results)


@each
def test_backward_answers_for_what_forward_saw_and_does_not_accumulate(name):
    use = USES[name]
    arrays = arrays_of(use)
    layer, out = run(use, arrays)
    dout = upstream_of(out)
    first = {key: gradient.copy() for key, gradient in gradients(use, layer, dout).items()}
    for key in use.inputs:
        arrays[key][...] = 99
    if np.ndim(out):
        out[...] = -99
    for key, gradient in gradients(use, layer, dout).items():
        np.testing.assert_array_equal(gradient, first[key], err_msg=key)


@each
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_are_kept(name, dtype):
    use = USES[name]
    layer, out = run(use, arrays_of(use, dtype))
    assert out.dtype == dtype
    for key, gradient in gradients(use, layer, upstream_of(out)).items():
        assert gradient.dtype == dtype, key


@each
def test_the_memory_layout_of_inputs_does_not_matter(name):
    use = USES[name]
    arrays = arrays_of(use)
    layer, out = run(use, arrays)
    turned = {key: np.array(array, order="F") for key, array in arrays.items()}
    again, same = run(use, turned)
    np.testing.assert_allclose(same, out, rtol=1e-13)
    dout = upstream_of(out)
    expected = gradients(use, layer, dout)
    for key, gradient in gradients(use, again, np.array(dout, order="F")).items():
        np.testing.assert_allclose(gradient, expected[key], rtol=1e-12, atol=1e-14, err_msg=key)


@each
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e4, 1e-4])
def test_large_and_small_numbers_are_finite_and_flag_nothing(name, dtype, scale):
    use = USES[name]
    arrays = arrays_of(use, dtype)
    for key in use.inputs:
        arrays[key] = np.asarray(np.sign(arrays[key]) * scale).astype(dtype)
    with np.errstate(all="raise"):
        layer, out = run(use, arrays)
        found = gradients(use, layer, upstream_of(out))
    assert np.isfinite(out).all()
    for key, gradient in found.items():
        assert np.isfinite(gradient).all(), key


@each
def test_integers_are_taken_as_float64(name):
    use = USES[name]
    layer, out = run(use, arrays_of(use, int, scale=3))
    assert out.dtype == np.float64
    for key, gradient in gradients(use, layer, np.ones(np.shape(out), int)).items():
        assert gradient.dtype == np.float64, key


@each
def test_an_upstream_gradient_of_another_shape(name):
    use = USES[name]
    layer, out = run(use, arrays_of(use))
    wrong = np.ones((*np.shape(out), 2))
    with pytest.raises(ValueError, match=r"\.backward: the upstream gradient has shape .*, the output had") as caught:
        layer.backward(wrong)
    if not isinstance(layer, BothStates):
        assert str(wrong.shape) in str(caught.value)
        assert str(np.shape(out)) in str(caught.value)


@each
def test_backward_before_forward(name):
    use = USES[name]
    arrays = arrays_of(use)
    layer = use.make(*[arrays[key] for key in use.parameters])
    title = name.partition("(")[0].partition(" ")[0]
    with pytest.raises(RuntimeError, match=rf"{title}\.backward was called before forward: run forward first"):
        layer.backward(np.ones((4, 6)))


def test_every_layer_is_exported():
    for name in reference.__all__:
        assert hasattr(reference, name), name
    titles = {name.partition("(")[0].partition(" ")[0] for name in USES}
    elsewhere = {"AddLayer", "Affine", "MulLayer", "ReLU", "Sigmoid", "SoftmaxWithLoss"}
    layers = {name for name in reference.__all__ if hasattr(getattr(reference, name), "backward")}
    assert titles == layers - elsewhere
