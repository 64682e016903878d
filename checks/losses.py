"""The losses in use, and a network as a function whose value is one of them.

They are kept as code, which a script that runs without this package shows as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from checks.dialects.labelled import LABELS
from checks.function import Array
from checks.signature import Signature
from checks.subject import Arrays, Subject, Trial


@dataclass(frozen=True, eq=False, slots=True)
class Loss:
    """A loss of the output `out` and the labels `y`, in code. `kinds`: of the labels.

    `odds`: the probabilities of which it takes logarithms, in code. Those that nearly vanish are no longer known to the
    digit: what they are the rest of, to one, is rounded.
    """

    words: str
    code: str
    kinds: tuple[str, ...]
    odds: str = ""


ROWS, COLUMNS, CLASSES = "onehot", "onehot0", "label"
_PICKED, _PICKED_BELOW = "out[np.arange(len(out)), y]", "out[y, np.arange(out.shape[1])]"
_OF_SCORES = "the cross entropy of the scores' softmax"
_LEAST = 1e-4  # probability
LOSSES = (
    Loss("the sum of the squared errors", "np.sum((out - y) ** 2)", ("target",)),
    Loss(
        "the binary cross entropy",
        "-np.sum(y * np.log(out) + (1 - y) * np.log(1 - out))",
        ("target", "mask"),
        "np.minimum(out, 1 - out)",
    ),
    Loss("the cross entropy", "-np.sum(y * np.log(out))", (ROWS, COLUMNS), "np.where(y > 0, out, 1)"),
    *(Loss("the cross entropy", f"-np.sum(np.log({one}))", (CLASSES,), one) for one in (_PICKED, _PICKED_BELOW)),
    Loss(_OF_SCORES, f"np.sum(np.logaddexp.reduce(out, axis=-1) - {_PICKED})", (CLASSES,)),
    Loss(_OF_SCORES, "np.sum(np.logaddexp.reduce(out, axis=-1)) - np.sum(y * out)", (ROWS,)),
    Loss(_OF_SCORES, "np.sum(np.logaddexp.reduce(out, axis=0)) - np.sum(y * out)", (COLUMNS,)),
    Loss("the binary cross entropy of the scores", "np.sum(np.logaddexp(0, out) - y * out)", ("target", "mask")),
    Loss("the sum of the absolute errors", "np.sum(np.abs(out - y))", ("target",)),
)
# What a loss may be divided by: in words, in code, and as a number.
SHARES: tuple[tuple[str, str, Callable[[Array], float]], ...] = (
    ("", "", lambda out: 1.0),
    (", divided by the number of samples", " / len(out)", lambda out: float(len(out)) if out.ndim else np.nan),
    (
        ", divided by the number of samples",
        " / out.shape[1]",
        lambda out: float(out.shape[1]) if out.ndim > 1 else np.nan,
    ),
    (", divided by the number of outputs", " / out.size", lambda out: float(out.size)),
)


def label_of(signature: Signature) -> str:
    """The argument that is the label: the one that owes nothing, else the second."""
    return next((a.name for a in signature.arguments if a.kind in LABELS), signature.names[1])


@dataclass(frozen=True, eq=False, slots=True)
class WithLoss:
    """A network with a loss: `number` times `loss`, divided as `code` says."""

    of: Subject
    signature: Signature
    loss: Loss
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
        label, recipe, keep = label_of(self.signature), self.of.recipe, self.of.keep
        times = "" if self.number == 1 else f"{self.number:g} * "
        code = f"{times}({self.loss.code}){self.code}" if self.code or times else self.loss.code
        loss, odds = (eval(f"lambda out, y: {text}", {"np": np}) for text in (code, self.loss.odds or "1.0"))
        squares = "".join(f" + {number / 2:g} * np.sum({name} ** 2)" for name, number in self.decays.items())
        line = f"out = (lambda out, y: {code})(np.asarray(out), {label}){squares}"

        def limited(out: Array, y: Array) -> Any:
            return loss(out, y) if np.min(odds(out, y)) >= _LEAST else np.nan

        def with_loss(build: Callable[[Arrays], Trial]) -> Callable[[Arrays], Trial]:
            return lambda arrays: _Trial(build(arrays), limited if self.loss.odds else loss, label, self.decays)

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


class _Trial:
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
