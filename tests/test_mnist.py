"""The MNIST sample: shapes, values, and that it is small and found wherever the package is."""

import importlib.resources

import numpy as np
import pytest

from reference import load_sample


def test_shapes_dtypes_and_ranges():
    (x_train, t_train), (x_test, t_test) = load_sample()
    assert (x_train.shape, t_train.shape) == ((800, 784), (800,))
    assert (x_test.shape, t_test.shape) == ((200, 784), (200,))
    for x, t in ((x_train, t_train), (x_test, t_test)):
        assert x.dtype == np.float64
        assert (x.min(), x.max()) == (0, 1)
        assert t.dtype == np.int64
        assert set(t) == set(range(10))


def test_the_first_labels_are_those_of_the_official_files():
    (_, t_train), (_, t_test) = load_sample()
    assert t_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert t_test[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_options():
    (plain, _), _ = load_sample()
    (single, _), _ = load_sample(np.float32)
    (grey, _), (images, _) = load_sample(normalize=False, flatten=False)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, plain, rtol=1e-6)
    assert (grey.shape, images.shape) == ((800, 1, 28, 28), (200, 1, 28, 28))
    assert np.array_equal(grey.reshape(800, 784) / 255, plain)


def test_arrays_are_new_each_time():
    (first, labels), _ = load_sample()
    first[:], labels[:] = 7, 7
    (second, labels), _ = load_sample()
    assert second.max() == 1
    assert labels[0] == 5


def test_a_dtype_that_holds_no_fractions():
    with pytest.raises(ValueError, match="got dtype uint8"):
        load_sample(np.uint8)


def test_the_file_is_small():
    file = importlib.resources.files("reference").joinpath("data", "mnist_sample.npz")
    assert len(file.read_bytes()) <= 165_000
