"""Tanh and the rectifiers that let something through below 0: values, kinks, digits in the tails."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import assert_gradients
from reference import ELU, GELU, LeakyReLU, Softplus, Swish, Tanh

ALL = [Tanh, LeakyReLU, ELU, Softplus, Swish, GELU]
POINTS = [-700.0, -36.7, -5.0, -1.25, -1e-9, 0.0, 0.3, 2.0, 20.0, 63.9, 64.1, 300.0]


def _gelu(x):
    return x / 2 * (1 + mpmath.tanh(mpmath.mpf(math.sqrt(2 / math.pi)) * (x + mpmath.mpf(0.044715) * x**3)))


EXACT = {
    Tanh: mpmath.tanh,
    LeakyReLU: lambda x: x if x > 0 else mpmath.mpf(0.01) * x,
    ELU: lambda x: x if x > 0 else mpmath.expm1(x),
    Softplus: lambda x: mpmath.log1p(mpmath.exp(x)),
    Swish: lambda x: x / (1 + mpmath.exp(-x)),
    GELU: _gelu,
}


@pytest.mark.parametrize("layer_class", ALL)
@pytest.mark.parametrize("x", POINTS)
def test_the_output_keeps_its_digits_in_both_tails(layer_class, x):
    with mpmath.workdps(2000):
        expected = float(EXACT[layer_class](mpmath.mpf(x)))
    # The rounding of an exponent of size |u| shows in the exponential as |u| units.
    assert float(layer_class().forward(x)) == pytest.approx(expected, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("layer_class", [Tanh, Softplus])
@pytest.mark.parametrize("x", POINTS)
def test_the_slope_keeps_its_digits_in_both_tails(layer_class, x):
    layer = layer_class()
    layer.forward(x)
    with mpmath.workdps(2000):
        x = mpmath.mpf(x)
        exact = mpmath.sech(x) ** 2 if layer_class is Tanh else 1 / (1 + mpmath.exp(-x))
        assert float(layer.backward(1.0)) == pytest.approx(float(exact), rel=1e-14, abs=1e-300)


def test_worked_values():
    assert LeakyReLU(0.1).forward([-2, 0, 3]).tolist() == [-0.2, 0, 3]
    assert ELU(2.0).forward([-math.log(2), 0, 3]).tolist() == pytest.approx([-1, 0, 3])
    assert Softplus().forward(0.0) == pytest.approx(math.log(2))
    assert Swish().forward([0, math.log(3)]).tolist() == pytest.approx([0, 0.75 * math.log(3)])
    assert Tanh().forward(math.log(2)) == pytest.approx(0.6)
    assert GELU().forward(1.0) == pytest.approx(0.841192, abs=5e-7)


@pytest.mark.parametrize(("layer", "slope"), [(LeakyReLU(0.2), 0.2), (ELU(0.5), 0.5), (ELU(), 1), (Softplus(), 0.5)])
def test_the_slope_at_0(layer, slope):
    layer.forward([0.0, -0.0])
    assert layer.backward(np.ones(2)).tolist() == [slope, slope]


@pytest.mark.parametrize("layer_class", ALL)
def test_nan_is_passed_on(layer_class):
    layer = layer_class()
    assert np.isnan(layer.forward(np.array([np.nan]))).all()


@pytest.mark.parametrize("layer_class", ALL)
def test_float16_is_kept_and_flags_nothing(layer_class):
    x = np.array([-6e4, -1e4, -60, -1, 0, 1, 60, 1e4, 6e4], np.float16)
    layer = layer_class()
    with np.errstate(all="raise"):
        out, dx = layer.forward(x), layer.backward(np.ones_like(x))
    assert out.dtype == dx.dtype == np.float16
    assert np.isfinite(out).all()
    assert np.isfinite(dx).all()
    assert dx[-1] == (0 if layer_class is Tanh else 1)


@given(x=st.floats(-50, 50))
def test_softplus_of_both_signs_differ_by_x(x):
    assert Softplus().forward(x) - Softplus().forward(-x) == pytest.approx(x, rel=1e-12, abs=1e-12)


@given(x=st.floats(-50, 50))
def test_gelu_and_swish_of_both_signs_differ_by_x(x):
    for layer_class in (GELU, Swish):
        assert layer_class().forward(x) - layer_class().forward(-x) == pytest.approx(x, rel=1e-12, abs=1e-12)


@given(x=st.floats(-8, 8))
def test_gelu_stays_by_the_normal_distribution_function(x):
    exact = x / 2 * (1 + math.erf(x / math.sqrt(2)))
    assert GELU().forward(x) == pytest.approx(exact, abs=5e-4)


@pytest.mark.parametrize("layer_class", ALL)
def test_the_checker_agrees(layer_class):
    assert_gradients(layer_class, "x(...) -> (...)", seed=4, max_examples=5)
