"""A sample of MNIST that comes with the package: 800 training and 200 test images of handwritten digits.

MNIST: Yann LeCun, Corinna Cortes and Christopher J. C. Burges, "The MNIST database of handwritten digits".
The sample is the first 800 images of the official training file and the first 200 of the test file, in their
order and unchanged, as 8-bit greys; `benchmarks/make_mnist_sample.py` made it. See also
`reference/data/README.md`.
"""

from __future__ import annotations

import importlib.resources

import numpy as np
from numpy.typing import DTypeLike

from reference._arrays import Array

Split = tuple[Array, Array]


def load_sample(dtype: DTypeLike = np.float64, *, normalize: bool = True, flatten: bool = True) -> tuple[Split, Split]:
    """((x_train, t_train), (x_test, t_test)): images (800, 784) and (200, 784), labels (800,) and (200,).

    Images are of `dtype`, from 0 (paper) to 1 (ink), or to 255 without `normalize`; of shape (N, 1, 28, 28)
    without `flatten`. Labels are int64. New arrays each time. Raises ValueError for a dtype that is not
    floating.
    """
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        raise ValueError(f"images are floating-point numbers, got dtype {dtype}: choose float64 or float32")
    path = importlib.resources.files("reference").joinpath("data", "mnist_sample.npz")
    with path.open("rb") as file, np.load(file) as arrays:
        train, test = ((arrays[f"x_{part}"], arrays[f"t_{part}"]) for part in ("train", "test"))

    def prepared(images: Array, labels: Array) -> Split:
        x = images.astype(dtype)
        if normalize:
            x /= 255
        return x.reshape((len(x), -1) if flatten else (len(x), 1, 28, 28)), labels.astype(np.int64)

    return prepared(*train), prepared(*test)
