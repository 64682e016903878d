"""Makes reference/data/mnist_sample.npz: the first images of the official MNIST files, unchanged.

    python benchmarks/make_mnist_sample.py FOLDER [--output FILE]

FOLDER holds the four IDX files (train-images-idx3-ubyte, ...), with or without .gz. An IDX file is two zero
bytes, the type of the numbers (8: unsigned bytes), the number of axes, a big-endian 32-bit length for each
axis, and the numbers.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TRAIN, TEST = 800, 200
SAMPLE = Path(__file__).resolve().parents[1] / "reference" / "data" / "mnist_sample.npz"


def read_idx(folder: Path, name: str, count: int) -> NDArray[Any]:
    """The first `count` entries of an IDX file of unsigned bytes. Raises FileNotFoundError or ValueError."""
    path = folder / f"{name}.gz"
    data = gzip.decompress(path.read_bytes()) if path.exists() else (folder / name).read_bytes()
    if data[:3] != b"\0\0\x08":
        raise ValueError(f"{folder / name} is no IDX file of unsigned bytes: it starts with {data[:4]!r}")
    axes = data[3]
    shape = tuple(int(length) for length in np.frombuffer(data, ">u4", count=axes, offset=4))
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the MNIST sample that comes with the package.")
    parser.add_argument("folder", type=Path, help="folder with the four official IDX files")
    parser.add_argument("--output", type=Path, default=SAMPLE)
    arguments = parser.parse_args()
    np.savez_compressed(
        arguments.output,
        x_train=read_idx(arguments.folder, "train-images-idx3-ubyte", TRAIN),
        t_train=read_idx(arguments.folder, "train-labels-idx1-ubyte", TRAIN),
        x_test=read_idx(arguments.folder, "t10k-images-idx3-ubyte", TEST),
        t_test=read_idx(arguments.folder, "t10k-labels-idx1-ubyte", TEST),
    )
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
