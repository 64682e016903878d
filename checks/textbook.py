"""`gradproof reference`: every layer of `reference/`, then its network at full size, every entry by itself.

The layers in `WRITTEN` are checked under a signature that is spelled out there; how the others are called is found
by trying. The last is the check that the textbook ends on: the mean absolute difference of the numerical and the
backpropagated gradient of TwoLayerNet(784, 50, 10), for three images of MNIST.
"""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from checks.discover import Discovery, Found, Source, expand, find
from checks.report.layout import Line
from checks.report.numbers import short
from checks.results import Report
from checks.run import Job
from checks.session import Session, conduct

if TYPE_CHECKING:
    from reference.convolution import Convolution
    from reference.multilayer import MultiLayerNet

SIZES: Final = (784, 50, 10)
IMAGES: Final = 3
NETWORK: Final = f"reference/network.py::TwoLayerNet{SIZES}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How a layer is called. `make`: from the class to an object of it, where the class alone does not say enough.

    `examples`: the most cases drawn. Where a number of a signature is a literal, any would do: it keeps the layer
    quick to check.
    """

    signature: str
    make: Callable[[Any], Any] | None = None
    examples: int = 10


def _dropout(cls: Any) -> Any:
    return cls(0.3, rng=0)  # with a seed: forward is a function once its mask can be drawn again


def _convolution(cls: type[Convolution]) -> Convolution:
    import numpy as np

    rng = np.random.default_rng(0)
    return cls(rng.standard_normal((2, 2, 2, 3)), rng.standard_normal(2), stride=2, pad=1)


def _network(cls: type[MultiLayerNet]) -> MultiLayerNet:
    return cls(3, [4, 2], 2, activation="tanh", weight_decay=0.1, rng=0)


# By class; a second way of making the same is told from the first by what stands in parentheses.
WRITTEN: Final[Mapping[str, Written]] = {
    "Tanh": Written(signature="x(...) -> (...)"),
    "LeakyReLU": Written(signature="x(...) -> (...)"),
    "ELU": Written(signature="x(...) -> (...)"),
    "Softplus": Written(signature="x(...) -> (...)"),
    "Swish": Written(signature="x(...) -> (...)"),
    "GELU": Written(signature="x(...) -> (...)"),
    "Softmax": Written(signature="x(n,c) -> (n,c)"),
    "LogSoftmax": Written(signature="x(n,c) -> (n,c)"),
    "MeanSquaredError": Written(signature="x(n,i), t(n,i):target -> ()"),
    "Huber": Written(signature="x(n,i), t(n,i):target -> ()"),
    "BinaryCrossEntropyWithLogits": Written(signature="x(n,i), t(n,i):mask -> ()"),
    "Dropout(0.3, rng=0)": Written(signature="x(n,i) -> (n,i)", make=_dropout, examples=5),
    "BatchNorm": Written(signature="x(n,d), gamma(d), beta(d) -> (n,d)", examples=6),
    "BatchNorm(images)": Written(signature="x(n,c,2,3), gamma(c), beta(c) -> (n,c,2,3)", examples=4),
    "LayerNorm": Written(signature="x(n,d), gamma(d), beta(d) -> (n,d)", examples=6),
    "Convolution": Written(signature="x(2,2,h,3), W(f,2,2,2), b(f) -> (2,f,h-1,2)", examples=4),
    "Convolution(stride=2, pad=1)": Written(
        signature="x(2,2,4,w), W(2,2,2,3), b(2) -> (2,2,3,(w-1)//2+1)", make=_convolution, examples=4
    ),
    "MaxPooling(2, 2)": Written(signature="x(n,2,4,w) -> (n,2,2,w//2)", make=lambda pooling: pooling(2, 2), examples=5),
    "MaxPooling(2, 3, stride=1, pad=1)": Written(
        signature="x(n,1,3,w) -> (n,1,4,w)", make=lambda pooling: pooling(2, 3, stride=1, pad=1), examples=5
    ),
    "AveragePooling(2, 3, stride=2, pad=1)": Written(
        signature="x(n,2,h,w) -> (n,2,h//2+1,(w-1)//2+1)",
        make=lambda pooling: pooling(2, 3, stride=2, pad=1),
        examples=5,
    ),
    "Embedding": Written(signature="ids(n,s):int(v), W(v,d) -> (n,s,d)"),
    "RNNCell": Written(signature="x(n,i), h(n,j), Wx(i,j), Wh(j,j), b(j) -> (n,j)", examples=4),
    # h alone, of the two outputs: the notation declares one
    "LSTMCell": Written(signature="x(n,i), h(n,2), c(n,2), Wx(i,8), Wh(2,8), b(8) -> (n,2)", examples=3),
    "ScaledDotProductAttention": Written(signature="q(2,t,d), k(2,s,d), v(2,s,e) -> (2,t,e)", examples=4),
    "MultiLayerNet(3, [4, 2], 2)": Written(
        signature="x(n,3), t(n):label(2), W1(3,4), b1(4), W2(4,2), b2(2), W3(2,2), b3(2) -> ()",
        make=_network,
        examples=4,
    ),
}


def check_reference(session: Session) -> int:
    """Checks everything in `reference/`; the exit status."""
    jobs = [*layers(), Job(label=NETWORK, find=partial(full_size, session.options.seed))]
    return conduct(jobs, replace(session, check=session.check or check_as_written))


def check_as_written(subject: Any, signature: str | None, **options: Any) -> Report:
    """`checks.check` under the signature that `WRITTEN` has for the target, with no more examples than it says."""
    from checks.checking import check

    written = WRITTEN.get(options["target"].rpartition("::")[2])
    if written is None:
        return check(subject, signature, **options)
    options["max_examples"] = min(options["max_examples"], written.examples)
    return check(subject, signature or written.signature, **options)


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
        jobs.append(Job(label=label, find=partial(find_as_written, replace(source, label=label))))
    return jobs


def find_as_written(source: Source) -> Discovery:
    """The subjects of one file, each in the ways that `WRITTEN` has for it."""
    discovery = find(source)
    return replace(discovery, found=tuple(one for found in discovery.found for one in _ways(found)))


def _ways(found: Found) -> Iterator[Found]:
    """The subject made in each way; as it was found where there is none, or nothing to make it from."""
    place, _, name = found.target.rpartition("::")
    ways = {label: way for label, way in WRITTEN.items() if label.partition("(")[0] == name}
    if found.why is not None or not ways:
        yield found
        return
    for label, way in ways.items():
        subject = found.subject if way.make is None else way.make(found.subject)
        yield replace(found, target=f"{place}::{label}", subject=subject)
