"""What is checked: a forward, a backward and named arrays. Knows no dialect.

A `Subject` describes; its `build` makes a `Trial`, one live object of the user's. The engine calls nothing else, so
that whatever a layer looks like (a class, a pair of functions, a network) is the affair of the dialect that made
the Subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from checks.signature import Signature

Array = NDArray[Any]
Arrays = Mapping[str, Array]
Option = Literal["number", "off", "switch"]
Role = Literal["input", "parameter", "label", "hyper"]


class Trial(Protocol):
    """One live object of the user's.

    `forward` runs on the arrays as they are at that moment: parameters are put where the layer keeps them, inputs
    are handed over as they are (the caller decides whether they are copies). `backward` answers for the last
    forward. Exceptions of the user's code pass through unchanged. A Trial may have a `reset`, which empties what
    forward adds to at every call; it is called between two uses.
    """

    def forward(self, arrays: Arrays) -> Any:
        """The layer's output, as the layer gives it (array, scalar)."""

    def backward(self, upstream: Array) -> Mapping[str, Any]:
        """The gradients by array name, as the layer gives them; a name without a gradient is left out."""


OF_A_SIZE: Final = "\u27e6{}\u27e7"  # no sign of Python's


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Recipe:
    """How to use the layer in plain code, for the runnable counterexample.

    `forward` are the lines of a function body in which each array is a local variable of its own name and which
    set `layer` and `out`; `backward` is a statement that may use `layer` and `upstream`; `gradients` are
    expressions valid after it. `draws`: forward draws random numbers. A size that no axis has alone stands there as
    OF_A_SIZE, for the case's number.
    """

    imports: tuple[str, ...]
    forward: tuple[str, ...]
    backward: str
    gradients: Mapping[str, str]
    draws: bool = False


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Subject:
    """A layer as the engine sees it.

    `signatures`: the readings under which cases are drawn, the first is the one that is printed (a loss that takes
    class indices and one-hot labels has two). `roles`: a role for each argument of the signatures. `owed`: the
    arrays whose gradient backward has to give; a float array that is not owed is compared where a gradient comes.
    `takes_upstream`: False where backward has no upstream argument (a loss, a network's `gradient`): it is one.
    `given`: arrays whose values the user fixed (an instance's own parameters): cases start from them.
    `near_misses`: for an owed array, names of attributes that look like its gradient (`dw` beside `dW`).
    `keep`: like `build`, with one object for all forwards, and its parameters left as they were when it was made.
    `modes`: the same layer used in another way (in evaluation mode, with a stride), each with words for it.
    `option`: of such a use, what the layer is told: another number than its default, one where the default is
    0, or something else.
    `unaware`: of such a use, backward is not told of it. `asked`: of such a use, forward's own code asks for it.
    `averaged`: of a loss that gives a value per sample, their mean, of which backward may be the gradient.
    `labelled`: the readings in which backward is handed labels, of a loss that nothing states; what forward gives is
    the output still.
    `beside`: by the name of an array of labels, a number that stands for none of them, and is drawn among them.
    `fixed`: sizes that an object was built for, so that it takes no others. `updates`: backward changes the
    parameters itself. `resets`: the class has a method that sets gradients or state to zero.
    """

    name: str
    build: Callable[[Arrays], Trial]
    signatures: tuple[Signature, ...]
    roles: Mapping[str, Role]
    owed: tuple[str, ...]
    takes_upstream: bool = True
    given: Mapping[str, Array] = field(default_factory=dict)
    near_misses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recipe: Recipe | None = None
    keep: Callable[[Arrays], Trial] | None = None
    modes: tuple[tuple[str, Subject], ...] = ()
    option: Option | None = None
    unaware: bool = False
    asked: bool = False
    averaged: Subject | None = None
    labelled: Callable[[], Iterable[Subject]] | None = None
    beside: Mapping[str, int] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    updates: bool = False
    resets: bool = False
    file: str | None = None
    line: int | None = None
    cell: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def signature(self) -> Signature:
        """The reading that is printed."""
        return self.signatures[0]


def is_differentiable(array: Array) -> bool:
    """Whether a derivative by this array exists: real floating-point numbers only."""
    return bool(np.issubdtype(array.dtype, np.floating))
