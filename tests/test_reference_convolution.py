"""Convolution and pooling: against loops over every window, worked values, adjoints, sizes that do not fit."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from checks import assert_gradients
from reference import AveragePooling, Convolution, MaxPooling, col2im, im2col


def drawn(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def by_loops(x, height, width, stride, pad, of_window, fill=0.0):
    """of_window(n, window) at each place, where a window is (C, height, width)."""
    image = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), constant_values=fill)
    out_h, out_w = (image.shape[2] - height) // stride + 1, (image.shape[3] - width) // stride + 1
    places = [[(p * stride, q * stride) for q in range(out_w)] for p in range(out_h)]
    out = [[[of_window(one[:, p : p + height, q : q + width]) for p, q in row] for row in places] for one in image]
    return np.moveaxis(np.array(out), -1, 1)


windows = {
    "size": st.tuples(st.integers(1, 6), st.integers(1, 6)),
    "window": st.tuples(st.integers(1, 3), st.integers(1, 3)),
    "stride": st.integers(1, 3),
    "pad": st.integers(0, 2),
    "seed": st.integers(0, 2**32),
}


def assume_room(size, window, pad):
    assume(all(w <= s + 2 * pad for s, w in zip(size, window, strict=True)))


@given(**windows)
def test_convolution_equals_a_loop_over_windows(size, window, stride, pad, seed):
    assume_room(size, window, pad)
    x, W, b = drawn(seed, (2, 2, *size), (3, 2, *window), (3,))
    expected = by_loops(x, *window, stride, pad, lambda numbers: (W * numbers).sum(axis=(1, 2, 3)) + b)
    out = Convolution(W, b, stride, pad).forward(x)
    assert out.shape == expected.shape
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-13)


@given(**windows)
def test_average_pooling_equals_a_loop_over_windows(size, window, stride, pad, seed):
    assume_room(size, window, pad)
    (x,) = drawn(seed, (2, 3, *size))
    expected = by_loops(x, *window, stride, pad, lambda numbers: numbers.mean(axis=(1, 2)))
    np.testing.assert_allclose(AveragePooling(*window, stride, pad).forward(x), expected, rtol=1e-12, atol=1e-13)


@given(**windows)
def test_max_pooling_equals_a_loop_over_windows(size, window, stride, pad, seed):
    assume_room(size, window, pad)
    assume(2 * pad <= min(window))
    (x,) = drawn(seed, (2, 3, *size))
    expected = by_loops(x, *window, stride, pad, lambda numbers: numbers.max(axis=(1, 2)), fill=-np.inf)
    assert MaxPooling(*window, stride, pad).forward(x).tolist() == expected.tolist()


@given(**windows)
def test_col2im_is_the_adjoint_of_im2col(size, window, stride, pad, seed):
    assume_room(size, window, pad)
    (x,) = drawn(seed, (2, 2, *size))
    out = im2col(x, *window, stride, pad)
    (dout,) = drawn(seed + 1, out.shape)
    assert np.sum(out * dout) == pytest.approx(np.sum(x * col2im(dout, x.shape, stride, pad)), rel=1e-10, abs=1e-12)


@given(**windows)
def test_the_gradient_of_an_average_is_shared_out_whole(size, window, stride, pad, seed):
    assume_room(size, window, pad)
    (x,) = drawn(seed, (1, 2, *size))
    pooling = AveragePooling(*window, stride, pad)
    dx = pooling.backward(np.ones_like(pooling.forward(x)))
    covered = col2im(np.ones_like(im2col(x, *window, stride, pad)), x.shape, stride, pad)
    np.testing.assert_allclose(dx, covered / (window[0] * window[1]), rtol=1e-12)


def test_worked_values():
    x = np.arange(1.0, 10).reshape(1, 1, 3, 3)
    convolution = Convolution(np.array([[[[1.0, 0], [0, -1]]]]), np.array([10.0]))
    assert convolution.forward(x).tolist() == [[[[6, 6], [6, 6]]]]
    dx = convolution.backward(np.array([[[[1.0, 2], [3, 4]]]]))
    assert dx.tolist() == [[[[1, 2, 0], [3, 3, -2], [0, -3, -4]]]]
    assert convolution.dW.tolist() == [[[[1 + 4 + 12 + 20, 2 + 6 + 15 + 24], [4 + 10 + 21 + 32, 5 + 12 + 24 + 36]]]]
    assert convolution.db.tolist() == [10]


def test_worked_values_of_pooling():
    x = np.array([[[[1.0, 5, 2, 2], [3, 4, 2, 2]]]])
    largest, mean = MaxPooling(2, 2), AveragePooling(2, 2)
    assert largest.forward(x).tolist() == [[[[5, 2]]]]
    assert largest.backward(np.array([[[[7.0, 8]]]])).tolist() == [[[[0, 7, 8, 0], [0, 0, 0, 0]]]]
    assert mean.forward(x).tolist() == [[[[3.25, 2]]]]
    assert mean.backward(np.array([[[[4.0, 8]]]])).tolist() == [[[[1, 1, 2, 2], [1, 1, 2, 2]]]]


def test_a_number_that_is_the_largest_of_several_windows_collects_from_all():
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 1, 1] = 1
    pooling = MaxPooling(2, 2, stride=1)
    assert pooling.forward(x).tolist() == [[[[1, 1], [1, 1]]]]
    assert pooling.backward(np.array([[[[1.0, 2], [3, 4]]]]))[0, 0].tolist() == [[0, 0, 0], [0, 10, 0], [0, 0, 0]]


def test_padding_is_never_the_largest():
    pooling = MaxPooling(2, 2, stride=2, pad=1)
    assert pooling.forward(np.full((1, 1, 2, 2), -5.0)).tolist() == [[[[-5, -5], [-5, -5]]]]


def test_a_convolution_as_large_as_the_image_is_an_affine_layer():
    x, W, b = drawn(3, (4, 2, 3, 3), (5, 2, 3, 3), (5,))
    out = Convolution(W, b).forward(x)
    np.testing.assert_allclose(out[:, :, 0, 0], x.reshape(4, -1) @ W.reshape(5, -1).T + b, rtol=1e-12)


def test_parameters_are_shared_with_the_caller():
    W, b = np.zeros((1, 1, 1, 1)), np.zeros(1)
    convolution = Convolution(W, b)
    W += 2
    b += 1
    assert convolution.forward(np.full((1, 1, 1, 1), 3.0)).tolist() == [[[[7]]]]


@pytest.mark.parametrize(
    ("x", "W", "b", "message"),
    [
        ((2, 3, 4, 4), (5, 2, 3, 3), (5,), r"W of shape \(5, 2, 3, 3\) does not fit x of shape \(2, 3, 4, 4\):\n"
         r"x has 3 channels, W needs the shape \(filters, 3, height, width\)"),
        ((2, 3, 4, 4), (5, 3, 3), (5,), r"W of shape \(5, 3, 3\) does not fit x of shape \(2, 3, 4, 4\)"),
        ((2, 3, 4, 4), (5, 3, 3, 3), (3,), r"b of shape \(3,\) does not fit W of shape \(5, 3, 3, 3\)"),
        ((2, 3, 4, 4), (5, 3, 5, 3), (5,), r"a window of shape \(5, 3\) does not fit x of shape \(2, 3, 4, 4\)"),
        ((3, 4, 4), (5, 3, 3, 3), (5,), r"x of shape \(3, 4, 4\) is no batch of images: expected \(N, C, H, W\)"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit(x, W, b, message):
    with pytest.raises(ValueError, match=message):
        Convolution(np.ones(W), np.ones(b)).forward(np.ones(x))


@pytest.mark.parametrize("pooling", [MaxPooling, AveragePooling])
def test_windows_that_do_not_fit(pooling):
    with pytest.raises(ValueError, match=r"a window of shape \(2, 5\) does not fit x of shape \(1, 1, 4, 4\)"):
        pooling(2, 5).forward(np.ones((1, 1, 4, 4)))
    with pytest.raises(ValueError, match="is no batch of images"):
        pooling(2, 2).forward(np.ones((4, 4)))
    with pytest.raises(ValueError, match="expected a stride of 1 or more and a pad of 0 or more, got 0 and 0"):
        pooling(2, 2, stride=0)
    with pytest.raises(ValueError, match="got 2 and -1"):
        pooling(2, 2, pad=-1)


def test_more_padding_than_half_a_window():
    with pytest.raises(ValueError, match=r"a pad of 1 is more than half of a window of shape \(1, 3\)"):
        MaxPooling(1, 3, pad=1)


def test_no_samples():
    convolution = Convolution(np.ones((2, 1, 2, 2)), np.ones(2))
    assert convolution.forward(np.ones((0, 1, 3, 3))).shape == (0, 2, 2, 2)
    assert convolution.backward(np.ones((0, 2, 2, 2))).shape == (0, 1, 3, 3)
    assert not convolution.dW.any()


@pytest.mark.parametrize("pooling", [MaxPooling(2, 2), AveragePooling(2, 2)])
def test_the_checker_agrees(pooling):
    assert_gradients(pooling, "x(n,1,4,5) -> (n,1,2,2)", seed=4, max_examples=3)


def test_the_checker_agrees_with_a_convolution():
    assert_gradients(Convolution, "x(2,2,h,4), W(f,2,2,3), b(f) -> (2,f,h-1,2)", seed=4, max_examples=3)
