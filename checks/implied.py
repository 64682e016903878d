"""A network whose backward starts from labels, of a loss that nothing states: which one it is, found by trying.

`forward(x)` gives predictions, `backward(x, y)` the gradients of what is to be made small. The losses in use are few;
the one that is meant explains at least one of the gradients in every case, up to a constant, and then all of them are
judged by it. A layer's backward gives nothing where nothing comes from above, and is none of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from checks.case import Case
from checks.dialects.labelled import LABELS
from checks.errors import LayerError, NotFedError
from checks.evaluation import quiet
from checks.function import Array
from checks.losses import CLASSES, COLUMNS, LOSSES, ROWS, SHARES, WithLoss, label_of
from checks.ordinary import distinct_case
from checks.signature import Argument, Signature
from checks.subject import Subject

_STARTS = (3, 2, 4, 3, 2, 4)  # of the sizes in the cases that are tried
_ENOUGH = 3  # cases in which the loss is finite
_DIRECTIONS = 3
_STEP = {"float64": 1e-5, "float32": 1e-2}  # of a difference, where three digits will do
_FLAT = 1e-4  # of the largest slope
_ALIKE = 1e-3  # numbers that are one


@dataclass(frozen=True, eq=False, slots=True)
class Implied:
    """The subject with the loss that it means, and what is said of that. `within`: its output has a range of its own,
    beyond which nothing is held against it.
    """

    subject: Subject
    said: str
    within: bool


def implied(subject: Subject, seed: int, dtype: Any) -> Implied | None:
    """The network with the loss that its backward means; None where backward takes a gradient from above.

    Errors: LayerError where backward starts from labels, and no loss that is known has the gradients that it gives.
    """
    if subject.labelled is None:
        return None
    if subject.takes_upstream:
        way = _from_above(subject, seed, dtype)
    else:  # one that has been read with labels has no other use
        way = "not fed" if any(a.kind in LABELS for a in subject.signature.arguments) else "by itself"
    if way == "from above":
        return None
    found = next(filter(None, (_explained(one, seed, dtype) for one in subject.labelled())), None)
    if found is None and way == "not fed":
        raise LayerError(
            f"{subject.name}: backward starts from labels, and no call gives the loss that they are labels of; "
            "its gradients are those of no squared or absolute error and of no cross entropy\n"
            "give the class a method loss(...) that returns it"
        )
    return found


def _from_above(subject: Subject, seed: int, dtype: Any) -> Literal["from above", "by itself", "not fed"]:
    """Whether backward takes what comes from above; gives something where nothing does; or wants something else."""
    case = distinct_case(subject, seed, dtype, signature=subject.signature)
    if case is None:
        return "from above"
    with quiet():
        try:
            trial = subject.build(case.arrays)
            output = np.asarray(trial.forward(case.arrays))
            given = trial.backward(np.zeros(output.shape, case.upstream_for(output).dtype))
        except NotFedError:
            return "not fed"
        except Exception:  # the layer's own code
            return "by itself"
    return "by itself" if any(np.any(np.asarray(gradient) != 0) for gradient in given.values()) else "from above"


def _explained(subject: Subject, seed: int, dtype: Any) -> Implied | None:
    """The first loss, and the constant, with which a gradient is right in every case."""
    for signature in _signatures(subject.signature):
        kind = signature.argument(label_of(signature)).kind
        for loss in (one for one in LOSSES if kind in one.kinds):
            looks = _looks(WithLoss(subject, signature, loss), seed, dtype)
            for words, code, share in SHARES if looks else ():
                with np.errstate(all="ignore"):
                    number = _usual(filter(None, (_multiple(looks, name, share) for name in looks[0].slopes)))
                    decays = {} if number is None else _decays(looks, number, share)
                if number is not None:
                    judged = WithLoss(subject, signature, loss, number, words, code, decays)
                    return Implied(judged.subject, judged.said, bool(loss.odds))
    return None


def _signatures(signature: Signature) -> Iterator[Signature]:
    """The readings of the labels: of the output's shape, as numbers or one-hot; classes, where there are any."""
    name, output = label_of(signature), signature.output
    dims = output or signature.argument(name).dims
    kinds = ("target", ROWS, COLUMNS, "mask") if dims else ()
    readings = [Argument(name, dims, kind) for kind in kinds]
    if len(dims) == 2:  # a class for each row, or for each column
        readings[1:1] = [Argument(name, dims[:1], CLASSES, dims[1]), Argument(name, dims[1:], CLASSES, dims[0])]
    yield from map(signature.with_argument, readings)


@dataclass(frozen=True, eq=False, slots=True)
class _Slopes:
    """Along a few directions in one array: what backward says, what the loss does, and half the array's own square."""

    analytic: Array
    numerical: Array
    own: Array


@dataclass(frozen=True, eq=False, slots=True)
class _Look:
    """The slopes of a case, by the arrays that have gradients, and the network's output."""

    slopes: Mapping[str, _Slopes]
    output: Array


def _looks(judged: WithLoss, seed: int, dtype: Any) -> list[_Look]:
    """A few cases in which the loss is finite; none where one does not run."""
    found: list[_Look] = []
    subject = judged.subject
    for attempt, start in enumerate(_STARTS):
        case = distinct_case(subject, seed + attempt, dtype, signature=subject.signature, start=start)
        if case is None:
            return []
        try:
            with quiet():
                look = _look(judged, case) or _look(judged, case.plain())
        except Exception:  # the layer's own code
            return []
        found += [look] if look is not None else []
        if len(found) >= _ENOUGH and len({look.output.shape for look in found}) > 1:
            break
    return found if len(found) > 1 else []


def _look(judged: WithLoss, case: Case) -> _Look | None:
    """The slopes; None where the loss is not finite."""
    subject, arrays = judged.subject, case.arrays
    output = np.array(judged.of.build(arrays).forward(arrays))
    trial = subject.build(arrays)
    loss = trial.forward(arrays)
    if not np.all(np.isfinite(loss)):
        return None
    gradients = trial.backward(np.ones(np.shape(loss), dtype=np.asarray(loss).dtype))
    given = {n: np.array(g, dtype=float) for n, g in gradients.items() if np.shape(g) == arrays[n].shape}
    rng = np.random.default_rng([case.seed, 11])
    step = _STEP[np.dtype(case.arrays[case.movable[0]].dtype).name]

    def value(name: str, moved: Array) -> float:
        changed = {**arrays, name: moved.astype(arrays[name].dtype)}
        return float(np.sum(subject.build(changed).forward(changed)))

    slopes = {}
    for name, gradient in given.items():
        ways = [rng.choice([-1.0, 1.0], gradient.shape) for _ in range(_DIRECTIONS)]
        ahead, behind = ([value(name, arrays[name] + by * way) for way in ways] for by in (step, -step))
        slopes[name] = _Slopes(
            np.array([np.sum(gradient * way) for way in ways]),
            (np.array(ahead) - np.array(behind)) / (2 * step),
            np.array([np.sum(arrays[name] * way) for way in ways]),
        )
    return _Look(slopes, output)


def _usual(numbers: Iterable[float]) -> float | None:
    """The number that most gradients are of, of several a positive one: what is made small is not made large."""
    counts = Counter(numbers)
    return max(counts, key=lambda number: (counts[number], number > 0), default=None)


def _multiple(looks: Sequence[_Look], name: str, share: Callable[[Array], float]) -> float | None:
    """The number by which the loss is multiplied, besides being divided by its share; None where there is none."""
    ratios = [_ratios(look.slopes[name]) * share(look.output) for look in looks if name in look.slopes]
    told = len(ratios) == len(looks) and all(one.size for one in ratios)
    return _same(np.concatenate(ratios)) if told else None


def _ratios(slopes: _Slopes) -> Array:
    """Analytic over numerical, without directions along which neither tells anything: a shift of all scores."""
    flat = [np.abs(one) <= _FLAT * np.max(np.abs(one)) for one in (slopes.analytic, slopes.numerical)]
    telling = ~(flat[0] & flat[1])
    return np.asarray(slopes.analytic[telling] / slopes.numerical[telling])


def _decays(looks: Sequence[_Look], times: float, share: Callable[[Array], float]) -> dict[str, float]:
    """Arrays whose gradient is the loss's and a multiple of themselves, and which: their squares are in the loss."""
    found = {}
    for name in looks[0].slopes:
        several = [look.slopes[name] for look in looks]
        rest = [s.analytic - times / share(look.output) * s.numerical for s, look in zip(several, looks, strict=True)]
        sizes = np.concatenate([np.abs(s.analytic) for s in several])
        number = _same(np.concatenate([r / s.own for r, s in zip(rest, several, strict=True)]))
        if number is not None and number > 0 and np.any(np.abs(np.concatenate(rest)) > _ALIKE * sizes):
            found[name] = number
    return found


def _same(numbers: Array) -> float | None:
    """The number that all of these are, to three digits; None where they differ."""
    middle = float(np.median(numbers))
    if not np.all(np.isfinite(numbers)) or middle == 0 or np.any(np.abs(numbers - middle) > _ALIKE * abs(middle)):
        return None
    return float(f"{middle:.3g}")
