"""Softmax and cross-entropy: values, the derivative, large scores, labels of both kinds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import SoftmaxWithLoss, as_one_hot, cross_entropy_error, log_softmax, softmax

DTYPES = ["float16", "float32", "float64", "longdouble", "complex64", "complex128"]


@st.composite
def scores_and_labels(draw):
    """Scores of one sample, of a batch or of a batch of sequences, with class indices."""
    samples = draw(st.sampled_from([(), (1,), (3,), (2, 2)]))
    classes = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = draw(st.sampled_from([0.1, 1, 10])) * rng.standard_normal((*samples, classes))
    return x, rng.integers(classes, size=samples)


def test_softmax_of_worked_values():
    np.testing.assert_allclose(softmax([0.3, 2.9, 4.0]), [0.01821127, 0.24519181, 0.73659691], rtol=1e-6)
    assert softmax(np.zeros((2, 4))).tolist() == [[0.25] * 4] * 2


@given(case=scores_and_labels(), shift=st.integers(-(10**6), 10**6))
def test_a_shift_of_all_scores_changes_nothing(case, shift):
    x = np.round(case[0] * 64) / 64  # so that adding the shift is exact
    assert softmax(x + shift).tolist() == softmax(x).tolist()
    assert log_softmax(x + shift).tolist() == log_softmax(x).tolist()
    np.testing.assert_allclose(softmax(x).sum(axis=-1), 1, rtol=1e-14)
    np.testing.assert_allclose(np.exp(log_softmax(x)), softmax(x), rtol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_scores_are_finite_and_flag_nothing(dtype):
    x = np.array([[1e4, -1e4, 0], [-1e4, -1e4, -1e4], [1e4, 1e4, -1e4], [0, -95, -740]], dtype)
    layer = SoftmaxWithLoss()
    with np.errstate(all="raise"):
        y, log_y = softmax(x), log_softmax(x)
        loss = layer.forward(x, np.array([1, 2, 2, 2]))
        dx = layer.backward(1e-3)
    for result in (y, log_y, loss, dx):
        assert np.isfinite(result).all()
        assert result.dtype == dtype
    assert np.abs(y[0] - [1, 0, 0]).max() < 1e-300
    assert log_y[0].tolist() == [0, -2e4, -1e4]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_largest_scores_of_the_dtype_do_not_overflow(dtype):
    largest = np.finfo(dtype).max
    with np.errstate(all="raise"):
        assert softmax(np.array([largest, -largest, 0], dtype)).tolist() == [1, 0, 0]


def test_the_loss_keeps_what_softmax_rounds_away():
    x = np.array([0.0, 1000.0])
    assert softmax(x)[0] == 0
    assert SoftmaxWithLoss().forward(x, 0) == 1000


@pytest.mark.parametrize("labels", [np.array([2, 0]), np.array([[0, 0, 1], [1, 0, 0]])])
def test_cross_entropy_of_worked_values(labels):
    y = np.array([[0.1, 0.3, 0.6], [0.5, 0.25, 0.25]])
    assert cross_entropy_error(y, labels) == pytest.approx(-(np.log(0.6) + np.log(0.5)) / 2, rel=1e-15)
    assert cross_entropy_error(y[0], labels[0]) == pytest.approx(-np.log(0.6), rel=1e-15)


def test_a_label_of_probability_0_costs_infinity_and_other_classes_nothing():
    with np.errstate(all="raise"):
        assert cross_entropy_error([0.0, 1.0], 0) == np.inf
        assert cross_entropy_error([0.0, 1.0], [0, 1]) == 0


@given(case=scores_and_labels(), dout=st.floats(-3, 3, width=16))
def test_backward_is_the_derivative_times_the_upstream_gradient(complex_step_gradient, case, dout):
    x, t = case
    one_hot = as_one_hot(t, x)
    soft = softmax(x[..., ::-1]) * 1.5  # any weights will do, they need not sum to 1
    for labels in (t, one_hot, soft):
        layer = SoftmaxWithLoss()
        loss = layer.forward(x, labels)
        assert loss == pytest.approx(cross_entropy_error(softmax(x), labels), rel=1e-12, abs=1e-12)
        numerical = complex_step_gradient(lambda z, t=labels: SoftmaxWithLoss().forward(z, t), x, dout)
        np.testing.assert_allclose(layer.backward(dout), numerical, rtol=1e-12, atol=1e-14)


@given(case=scores_and_labels())
def test_the_upstream_gradient_is_1_unless_given(case):
    layer = SoftmaxWithLoss()
    layer.forward(*case)
    assert layer.backward().tolist() == layer.backward(1.0).tolist()
    assert layer.backward(-2).tolist() == (-2 * layer.backward()).tolist()


@given(case=scores_and_labels())
def test_class_indices_and_one_hot_labels_agree_to_the_bit(case):
    x, t = case
    by_index, by_row = SoftmaxWithLoss(), SoftmaxWithLoss()
    assert by_index.forward(x, t) == by_row.forward(x, as_one_hot(t, x).astype(bool))
    assert by_index.backward().tolist() == by_row.backward().tolist()


def test_one_sample_is_a_batch_of_one():
    x = np.array([0.3, 2.9, 4.0])
    alone, batch = SoftmaxWithLoss(), SoftmaxWithLoss()
    assert alone.forward(x, 1) == batch.forward(x[np.newaxis], [1])
    assert alone.backward().tolist() == batch.backward()[0].tolist()


def test_one_class_and_many_samples_are_not_taken_for_one_hot():
    layer = SoftmaxWithLoss()
    assert layer.forward(np.array([[3.0], [4.0]]), np.array([0, 0])) == 0
    assert layer.backward().tolist() == [[0], [0]]


def test_the_callers_arrays_are_neither_written_nor_kept():
    x, t = np.array([[1.0, 2, 3], [0, 0, 1]]), np.array([[0.0, 1, 0], [1, 0, 0]])
    saved = x.copy(), t.copy()
    layer = SoftmaxWithLoss()
    layer.forward(x, t)
    first = layer.backward()
    assert x.tobytes() == saved[0].tobytes()
    assert t.tobytes() == saved[1].tobytes()
    x[:], t[:] = 9, 1
    first_values = first.tolist()
    first[:] = 7
    assert layer.backward().tolist() == first_values


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_are_kept_whatever_the_labels_are(dtype):
    x = np.ones((2, 3), dtype)
    for labels in (np.array([0, 1]), np.eye(3)[:2]):
        layer = SoftmaxWithLoss()
        assert layer.forward(x, labels).dtype == dtype
        assert layer.backward().dtype == dtype
        assert cross_entropy_error(softmax(x), labels).dtype == dtype


def test_integers_are_taken_as_float64():
    assert softmax([1, 2]).dtype == np.float64
    assert SoftmaxWithLoss().forward([[1, 2]], [0]).dtype == np.float64


def test_the_loss_of_a_large_batch_does_not_lose_float32_digits():
    x = np.zeros((100_000, 2), np.float32)
    assert SoftmaxWithLoss().forward(x, np.zeros(100_000, int)) == pytest.approx(np.log(2), rel=1e-6)


@pytest.mark.parametrize(
    ("shape", "labels", "message"),
    [
        ((2, 3), [0, 3], "label 3 is no class: the 3 classes are numbered 0 to 2"),
        ((2, 3), [0, -1], "label -1 is no class: the 3 classes are numbered 0 to 2"),
        ((3,), 7, "label 7 is no class: the 3 classes are numbered 0 to 2"),
        ((2, 3), [0, 1, 2], "labels of shape (3,) do not fit scores of shape (2, 3):\n"
         "give class indices of shape (2,) or one-hot labels of shape (2, 3)"),
        ((2, 3), [[0], [1]], "labels of shape (2, 1) do not fit scores of shape (2, 3):\n"
         "give class indices of shape (2,) or one-hot labels of shape (2, 3)"),
        ((2, 3), [0.0, 1.0], "class indices have to be integers, got dtype float64: "
         "convert them with t.astype(int)"),
        ((), 0, "scores of shape () have no class: expected (samples, classes) or (classes,)"),
        ((2, 0), [0, 0], "scores of shape (2, 0) have no class: expected (samples, classes) or (classes,)"),
        ((0, 3), np.zeros(0, int), "scores of shape (0, 3) have no sample: a mean needs one at least"),
    ],
)  # fmt: skip
def test_labels_and_scores_that_do_not_fit(shape, labels, message):
    for cost in (cross_entropy_error, SoftmaxWithLoss().forward):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            cost(np.ones(shape), labels)
        assert str(caught.value) == message


def test_softmax_of_no_samples_is_empty():
    assert softmax(np.ones((0, 3))).shape == (0, 3)


def test_an_upstream_gradient_that_is_no_single_number():
    layer = SoftmaxWithLoss()
    layer.forward(np.ones((2, 3)), [0, 1])
    with pytest.raises(ValueError, match=r"upstream gradient has shape \(2, 3\), the output had \(\)"):
        layer.backward(np.ones((2, 3)))


def test_backward_before_forward():
    with pytest.raises(RuntimeError, match=r"SoftmaxWithLoss.backward was called before forward"):
        SoftmaxWithLoss().backward()
