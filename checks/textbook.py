"""`gradproof reference`: every layer of `reference/`, then its network at full size, every entry by itself.

The last is the check that the textbook ends on: the mean absolute difference of the numerical and the
backpropagated gradient of TwoLayerNet(784, 50, 10), for three images of MNIST.
"""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from checks.discover import Discovery, Found, expand, find
from checks.report.layout import Line
from checks.report.numbers import short
from checks.results import Report
from checks.run import Job
from checks.session import Session, conduct

SIZES: Final = (784, 50, 10)
IMAGES: Final = 3
NETWORK: Final = f"reference/network.py::TwoLayerNet{SIZES}"


def check_reference(session: Session) -> int:
    """Checks everything in `reference/`; the exit status."""
    return conduct([*layers(), Job(label=NETWORK, find=partial(full_size, session.options.seed))], session)


def full_size(seed: int) -> Discovery:
    """The network of the textbook with its images: one subject, differentiated entry by entry."""
    from reference.mnist import load_sample
    from reference.network import TwoLayerNet

    (images, labels), _ = load_sample()
    network = TwoLayerNet(*SIZES, rng=seed)
    settings = {"inputs": (images[:IMAGES], labels[:IMAGES]), "exact": True}
    return Discovery(found=(Found(target=NETWORK, subject=network, settings=settings),))


def table(reports: Sequence[Report]) -> list[Line]:
    """`W1:4.2e-13` and so on, under a line that says what these numbers are."""
    report = next((report for report in reports if report.target == NETWORK), None)
    if report is None or not report.comparisons:
        return []
    rows = [row for row in report.comparisons if row.role == "parameter"]
    entries = sum(math.prod(row.shape) for row in rows)
    title = (
        f"mean absolute difference of numerical and backpropagated gradient,\n"
        f"TwoLayerNet{SIZES} on {IMAGES} images of MNIST, all {entries:,} entries one by one:"
    )
    lines: list[Line] = [((line, "strong"),) for line in title.split("\n")]
    lines += [((f"{row.name}:{short(row.mean_abs_diff)}", ""),) for row in rows]
    return [*lines, ()]


def layers() -> list[Job]:
    """A job for each file of the package, under its name as it stands in the repository."""
    spec = importlib.util.find_spec("reference")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the package `reference` is not installed beside `checks`")
    folder = spec.submodule_search_locations[0]
    jobs = []
    for source in expand(folder):
        label = f"reference/{os.path.relpath(source.path or folder, folder)}"
        jobs.append(Job(label=label, find=partial(find, replace(source, label=label))))
    return jobs
