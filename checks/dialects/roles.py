"""What the arguments of a loss are: the arrays that get a gradient, data, labels, plain numbers.

Order and the usual names say it, and how many gradients there are: where there are as many as there are arrays, each
array has its own, whatever it is called.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from checks.dialects.names import called_alike, gradient_names
from checks.infer_layout import Formal
from checks.infer_names import hint, is_penalty

if TYPE_CHECKING:
    from checks.dialects.spelled import Spelled

_LABEL = re.compile(
    r"y|ys|y_?(true|obs|batch|data)|obs(erv\w*)?|counts?|onehot|one_hot|labels?\w*|targets?\w*|chosen|choices?", re.I
)
_PREDICTION = re.compile(
    r".*(pred|hat|prob|out|logit|score|guess|estimate).*|p|a|x|z|eta|mu|f|u|h|theta|lam(bda)?", re.I
)
_DATA = re.compile(
    r"x|xs|x_?(train|batch|data)|data|inputs?|features?|samples?|design|attributes?|covariates?|regressors?", re.I
)
_PARAMETER = re.compile(
    r"theta\w*|(nn_)?params?|parameters|w\d?|ws|weights?\d?|[uv]\d?|b\d?|bias(es)?|beta|betas|coefs?|coefficients?|phi|flat\w*"
    r"|intercepts?|slopes?",
    re.I,
)
_NUMBER = re.compile(
    r"(\w+_)?(margin|lamb?d?a*|lm[bd]d?a?|reg|regulari[sz]ation\w*|decay|rate|lr|coeff?|strength|penalty|threshold|temp)_?"
    r"|l[12]?|c|sigma|alpha|beta|gamma|delta|temperature|tau|eps|epsilon|focus|smoothing|k|power|q|bandwidth|scale|m[12]?",
    re.I,
)
_OTHERWISE = ("label", "mask", "flag", "ids", "lengths")  # hints of what gets no gradient


@dataclass(frozen=True, eq=False, slots=True)
class Roles:
    """`forward`: the arguments, the main one first; `owners`: those that get a gradient, in the gradients' order, None
    where nothing says which they are. `doubtful`: the first one is the owner for its place alone.
    """

    forward: tuple[Formal, ...]
    owners: tuple[str, ...] | None
    doubtful: bool = False

    def exchanged(self) -> Roles:
        """The second argument in the first one's place."""
        first, second, *rest = self.forward
        forward = (replace(second, family="none"), replace(first, family="label"), *rest)
        return Roles(forward, (second.name,))


def is_data(name: str) -> bool:
    """Whether a name is one of what is learned from: `X`, `inputs`."""
    return bool(_DATA.fullmatch(name))


def is_label(name: str) -> bool:
    """Whether a name is one of what is to be met: `y`, `t`, `labels`."""
    return hint(name, place="forward") == "label" or bool(_LABEL.fullmatch(name))


def main_is_second(names: Sequence[str]) -> bool | None:
    """Whether the second of two arguments is the one to differentiate by: `(y, y_pred)`, `(t, y)`; None where no name
    speaks.
    """
    labels = [hint(name, place="forward") == "label" for name in names]
    if labels[0] != labels[1]:
        return labels[0]
    usual = [bool(_LABEL.fullmatch(name)) for name in names]
    if usual[0] != usual[1]:
        return usual[0]
    if all(len(name) == 1 for name in names) and ord(names[1]) == ord(names[0]) + 1:
        return None  # a and b, u and v
    data = [is_data(name) for name in names]
    if data[0] != data[1] and not _PARAMETER.fullmatch(names[0]):
        return data[1]
    predictions = [bool(_PREDICTION.fullmatch(name)) for name in names]
    return None if predictions[0] == predictions[1] else predictions[1]


def learns(names: Sequence[str], count: int = 1) -> bool:
    """Whether the names are those of data and of what is learned from it, of which there are `count`: `(w, b, X, y)`.

    They go by names of such arrays, or are all that is neither data nor label; a single one may come before those.
    Of several that go by such names, the data need none: `(U, V, R)`.
    """
    others = [name for name in names if not is_data(name) and not is_label(name)]
    learned = [name for name in others if _PARAMETER.fullmatch(name)]
    before = others == list(names[:1]) and len(names) > 2 and any(map(is_label, names))
    rest = len(others) == count > 1 and any(map(is_label, names))
    one_each = bool(learned) and len(learned) in (1, count)
    return ((one_each or before or rest) and any(map(is_data, names))) or len(learned) == count > 1


def called_after(spelled: Spelled, names: Sequence[str]) -> bool:
    """Whether every gradient is called after one of the arguments: `{"mu": ..., "logvar": ...}`, `dmu, dlogvar`."""
    return bool(spelled.keys) and all(any(_speaks_of(key, name, spelled) for name in names) for key in spelled.keys)


def of_a_loss(formals: Sequence[Formal], spelled: Spelled) -> Roles:
    """The roles of the arguments of a function that returns a loss and these gradients."""
    owners = _owners(formals, spelled)
    first = owners or tuple(f.name for f in formals[:1])
    changed = [_as_owner(f) if f.name in first else _as_other(f, formals) for f in formals]
    data = [f for f in changed if f.name not in first and is_data(f.name)]
    if not data and len(first) > 1 and all(_PARAMETER.fullmatch(name) for name in first):
        data = [f for f in changed if f.name not in first and f.hint == "none"][:1]
    if data:  # what is learned comes after what it is learned from
        changed = [as_learned(f) if f.name in first else f for f in changed]
    main = data[:1] or [f for f in changed if f.name in first][:1]
    doubtful = spelled.container == "unknown" and owners == (formals[0].name,) and _silent(formals, spelled)
    if doubtful:  # a third argument of which nothing is known is a number, if it may be
        changed = [replace(f, family="rate") if k > 1 and f.hint == "none" else f for k, f in enumerate(changed)]
    return Roles((*main, *(f for f in changed if f not in main)), owners, doubtful)


def _silent(formals: Sequence[Formal], spelled: Spelled) -> bool:
    """Whether no name says what the gradient is of."""
    names = [f.name for f in formals]
    if len(names) < 2 or any(_is_label(f) or is_data(f.name) for f in formals):
        return False
    return main_is_second(names[:2]) is None and not any(
        _speaks_of(key, n, spelled) for key in spelled.keys for n in names
    )


def of_a_network(formals: Sequence[Formal]) -> tuple[Formal, ...]:
    """The arguments of a network's loss: data first, labels second, and plain numbers after them."""
    numbers = [replace(f, family="rate") if is_number(f.name) or f.hint == "none" else f for f in formals[2:]]
    return (*formals[:1], *(replace(f, family="label") for f in formals[1:2]), *numbers)


def _owners(formals: Sequence[Formal], spelled: Spelled) -> tuple[str, ...] | None:
    """The arrays that the gradients are of, in their order."""
    names = [formal.name for formal in formals]
    said = [next((n for n in names if _speaks_of(key, n, spelled)), None) for key in spelled.keys]
    found = tuple(dict.fromkeys(name for name in said if name is not None))
    if spelled.container == "dict":
        return found or None
    arrays = [f.name for f in formals if not _is_label(f)]
    alike = called_alike(spelled.keys, arrays)
    if alike is not None and len(found) < len(said):
        return alike
    if spelled.container != "unknown" and len(said) == len(names):
        return tuple(name for name, key in zip(names, spelled.keys, strict=True) if key != "None")
    if len(found) == len(said):
        return found
    if spelled.container == "unknown":
        return _single(names, arrays)
    likely = [n for n in arrays if not is_data(n) and not is_number(n)]
    rest = likely if len(likely) >= len(said) else arrays
    return tuple(rest[: len(said)]) if len(rest) >= len(said) else None


def _speaks_of(key: str, name: str, spelled: Spelled) -> bool:
    """Whether a gradient is called after the array: `dW` after `W`; a key of a dict may be the array's own name."""
    return key in gradient_names(name) or (spelled.container == "dict" and key == name)


def _single(names: Sequence[str], arrays: Sequence[str]) -> tuple[str, ...] | None:
    """The one array that a gradient is of: what is learned from data, else the first argument."""
    if any(map(is_data, names)) and len(arrays) > 1:
        rest = [n for n in arrays if not is_data(n)]
        learned = [n for n in rest if not is_number(n)] or rest
        if len(learned) == 1 and (len(names) > 2 or _PARAMETER.fullmatch(learned[0])):
            return (learned[0],)
    if len(names) == 2 and main_is_second(names):
        return (names[1],)
    return tuple(arrays[:1]) or None if len(names) > 1 else None


def is_number(name: str) -> bool:
    """Whether a name is one of a plain number: `lam`, `margin`, `temperature`."""
    return bool(_NUMBER.fullmatch(name.strip("_")))


def _is_label(formal: Formal) -> bool:
    return formal.hint in _OTHERWISE or is_label(formal.name)


def _as_owner(formal: Formal) -> Formal:
    """An array that gets a gradient is no label, whatever it is called."""
    return replace(formal, family="none") if formal.hint in _OTHERWISE else formal


def as_learned(formal: Formal) -> Formal:
    """Parameters that are handed over beside data: vectors where the name is small, matrices where it is large."""
    small = formal.name == formal.name.lower()
    return replace(formal, family="vector" if small and _PARAMETER.fullmatch(formal.name) else "matrix")


def _as_other(formal: Formal, formals: Sequence[Formal]) -> Formal:
    """An argument that gets no gradient."""
    if formal.hint in _OTHERWISE:
        return formal
    if _LABEL.fullmatch(formal.name):
        return replace(formal, family="label")
    if is_number(formal.name) and (len(formals) > 2 or is_penalty(formal.name)):
        return replace(formal, family="rate")
    if formal is formals[1] and not is_data(formal.name):
        return replace(formal, family="label")
    learned = formal.hint in ("matrix", "vector") and not is_data(formal.name)
    return replace(formal, family="none") if learned else formal  # weights of samples, that nothing is learned of
