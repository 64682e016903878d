"""A network whose backward starts from labels, of a loss that nothing states: which one it is, found by trying.

`forward(x)` gives predictions, `backward(x, y)` the gradients of what is to be made small. The losses in use are few;
the one that is meant explains at least one of the gradients in every case, up to a constant, and then all of them are
judged by it. A layer's backward gives nothing where nothing comes from above, and is none of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from checks.case import Case
from checks.dialects.labelled import LABELS
from checks.errors import LayerError, NotFedError
from checks.evaluation import quiet
from checks.function import Array
from checks.ordinary import distinct_case
from checks.signature import Argument, Signature
from checks.subject import Arrays, Subject, Trial

_STARTS = (3, 2, 4, 3, 2, 4)  # of the sizes in the cases that are tried
_ENOUGH = 3  # cases in which the loss is finite
_DIRECTIONS = 3
_STEP = {"float64": 1e-5, "float32": 1e-2}  # of a difference, where three digits will do
_ALIKE = 1e-3  # numbers that are one


@dataclass(frozen=True, eq=False, slots=True)
class _Loss:
    """A loss of the output `out` and the labels `y`, in code. `kinds`: of the labels.

    `odds`: the probabilities of which it takes logarithms, in code. Those that nearly vanish are no longer known to the
    digit: what they are the rest of, to one, is rounded.
    """

    words: str
    code: str
    kinds: tuple[str, ...]
    odds: str = ""


_ROWS, _COLUMNS, _CLASSES = "onehot", "onehot0", "label"
_PICKED, _PICKED_BELOW = "out[np.arange(len(out)), y]", "out[y, np.arange(out.shape[1])]"
_OF_SCORES = "the cross entropy of the scores' softmax"
_LEAST = 1e-4  # probability
_LOSSES = (
    _Loss("the sum of the squared errors", "np.sum((out - y) ** 2)", ("target",)),
    _Loss(
        "the binary cross entropy",
        "-np.sum(y * np.log(out) + (1 - y) * np.log(1 - out))",
        ("target", "mask"),
        "np.minimum(out, 1 - out)",
    ),
    _Loss("the cross entropy", "-np.sum(y * np.log(out))", (_ROWS, _COLUMNS), "np.where(y > 0, out, 1)"),
    *(_Loss("the cross entropy", f"-np.sum(np.log({one}))", (_CLASSES,), one) for one in (_PICKED, _PICKED_BELOW)),
    _Loss(_OF_SCORES, f"np.sum(np.logaddexp.reduce(out, axis=-1) - {_PICKED})", (_CLASSES,)),
    _Loss(_OF_SCORES, "np.sum(np.logaddexp.reduce(out, axis=-1)) - np.sum(y * out)", (_ROWS,)),
    _Loss(_OF_SCORES, "np.sum(np.logaddexp.reduce(out, axis=0)) - np.sum(y * out)", (_COLUMNS,)),
    _Loss("the binary cross entropy of the scores", "np.sum(np.logaddexp(0, out) - y * out)", ("target", "mask")),
    _Loss("the sum of the absolute errors", "np.sum(np.abs(out - y))", ("target",)),
)
# What a loss may be divided by: in words, in code, and as a number.
_SHARES: tuple[tuple[str, str, Callable[[Array], float]], ...] = (
    ("", "", lambda out: 1.0),
    (", divided by the number of samples", " / len(out)", lambda out: float(len(out)) if out.ndim else np.nan),
    (
        ", divided by the number of samples",
        " / out.shape[1]",
        lambda out: float(out.shape[1]) if out.ndim > 1 else np.nan,
    ),
    (", divided by the number of outputs", " / out.size", lambda out: float(out.size)),
)


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
        kind = signature.argument(_label(signature)).kind
        for loss in (one for one in _LOSSES if kind in one.kinds):
            looks = _looks(_Judged(subject, signature, loss), seed, dtype)
            for words, code, share in _SHARES if looks else ():
                with np.errstate(all="ignore"):
                    number = _usual(filter(None, (_multiple(looks, name, share) for name in looks[0].slopes)))
                    decays = {} if number is None else _decays(looks, number, share)
                if number is not None:
                    judged = _Judged(subject, signature, loss, number, words, code, decays)
                    return Implied(judged.subject, judged.said, bool(loss.odds))
    return None


def _label(signature: Signature) -> str:
    """The argument that is the label: the one that owes nothing, else the second."""
    return next((a.name for a in signature.arguments if a.kind in LABELS), signature.names[1])


def _signatures(signature: Signature) -> Iterator[Signature]:
    """The readings of the labels: of the output's shape, as numbers or one-hot; classes, where there are any."""
    name, output = _label(signature), signature.output
    dims = output or signature.argument(name).dims
    kinds = ("target", _ROWS, _COLUMNS, "mask") if dims else ()
    readings = [Argument(name, dims, kind) for kind in kinds]
    if len(dims) == 2:  # a class for each row, or for each column
        readings[1:1] = [Argument(name, dims[:1], _CLASSES, dims[1]), Argument(name, dims[1:], _CLASSES, dims[0])]
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


def _looks(judged: _Judged, seed: int, dtype: Any) -> list[_Look]:
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


def _look(judged: _Judged, case: Case) -> _Look | None:
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
    ratios = [
        look.slopes[name].analytic * share(look.output) / look.slopes[name].numerical
        for look in looks
        if name in look.slopes
    ]
    return _same(np.concatenate(ratios)) if len(ratios) == len(looks) else None


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


@dataclass(frozen=True, eq=False, slots=True)
class _Judged:
    """A network with a loss: `number` times `loss`, divided as `code` says."""

    of: Subject
    signature: Signature
    loss: _Loss
    number: float = 1.0
    words: str = ""
    code: str = ""
    decays: Mapping[str, float] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """What it is judged by, in words."""
        factor = "" if self.number == 1 else f"{self.number:g} times "
        squares = "".join(f", and {number / 2:g} times the squares of {name}" for name, number in self.decays.items())
        return f"no call gives a loss: judged by {factor}{self.loss.words}{self.words}{squares}"

    @property
    def subject(self) -> Subject:
        """The network as a function whose value is the loss."""
        label, recipe, keep = _label(self.signature), self.of.recipe, self.of.keep
        times = "" if self.number == 1 else f"{self.number:g} * "
        code = f"{times}({self.loss.code}){self.code}" if self.code or times else self.loss.code
        loss, odds = (eval(f"lambda out, y: {text}", {"np": np}) for text in (code, self.loss.odds or "1.0"))
        squares = "".join(f" + {number / 2:g} * np.sum({name} ** 2)" for name, number in self.decays.items())
        line = f"out = (lambda out, y: {code})(np.asarray(out), {label}){squares}"

        def limited(out: Array, y: Array) -> Any:
            return loss(out, y) if np.min(odds(out, y)) >= _LEAST else np.nan

        def with_loss(build: Callable[[Arrays], Trial]) -> Callable[[Arrays], Trial]:
            return lambda arrays: _WithLoss(build(arrays), limited if self.loss.odds else loss, label, self.decays)

        return replace(
            self.of,
            build=with_loss(self.of.build),
            keep=keep and with_loss(keep),
            signatures=(Signature(self.signature.arguments, ()),),
            roles={**self.of.roles, label: "label"},
            recipe=recipe and replace(recipe, forward=(*recipe.forward, line)),
            takes_upstream=False,
            modes=(),
            averaged=None,
            labelled=None,
        )


class _WithLoss:
    """A Trial whose output is the loss of what its network gives."""

    def __init__(
        self, trial: Trial, loss: Callable[[Array, Array], Any], label: str, decays: Mapping[str, float]
    ) -> None:
        """`decays`: the arrays whose squares are a part of it, with their factors, doubled."""
        self._trial, self._loss, self._label, self._decays = trial, loss, label, decays

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trial, name)

    def forward(self, arrays: Arrays) -> Any:
        """The loss for these arrays."""
        loss = self._loss(np.asarray(self._trial.forward(arrays)), arrays[self._label])
        for name, number in self._decays.items():
            loss = loss + 0.5 * number * np.sum(arrays[name] ** 2)
        return loss

    def backward(self, upstream: Array) -> Mapping[str, Any]:
        """What the network's backward gives for the same labels."""
        return self._trial.backward(upstream)
