"""The gradient beside its parameter: `dW` beside `W`, the same key of `grads` beside `params`, `grad`
beside `data`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from checks.dialects.names import gradient_names
from checks.dialects.places import Place
from checks.dialects.reach import BOXED, Path, as_number


def on_object(root: Any, name: str, paths: Sequence[Path]) -> Place | None:
    """The sibling of the parameter's place: the same key of a container of gradients, or an attribute `d` +
    name.
    """
    for path in paths:
        for candidate in _siblings(root, name, path):
            if _is_there(root, candidate):
                return Place("object", candidate, _of_the_others(root, path, paths, candidate))
    return next((Place("object", candidate) for candidate in _by_methods(root, paths)), None)


def _of_the_others(root: Any, path: Path, paths: Sequence[Path], gradient: Path) -> tuple[Path, ...]:
    """The gradients of an array that its list of parameters holds several times: each use of it has its own."""
    found = [gradient.beside(one.steps[-1]) for one in paths if one.in_list_with(path) and one != path]
    own = gradient.get(root)
    different = all(_is_there(root, one) and one.get(root) is not own for one in found)
    return tuple(found) if different else ()


def _by_methods(root: Any, paths: Sequence[Path]) -> Iterator[Path]:
    """Where `params()` hands out the parameter, the same key of what `grads()` hands out."""
    arrays = [array for path in paths if isinstance(array := path.get(root), np.ndarray)]
    for given, wanted in _METHODS:
        both = [Path(((".", name), ("()", None))).get(root) for name in (given, wanted)]
        if not all(isinstance(found, dict | list | tuple) for found in both):
            continue
        entries = both[0].items() if isinstance(both[0], dict) else enumerate(both[0])
        for key, value in entries:
            if any(value is array for array in arrays):
                for k in (key, *(gradient_names(key) if isinstance(key, str) else ())):
                    candidate = Path(((".", wanted), ("()", None), ("[]", k)))
                    if _is_there(root, candidate):
                        yield candidate


_METHODS = (
    ("params", "grads"),
    ("parameters", "gradients"),
    ("parameters", "grads"),
    ("params", "gradients"),
    ("get_params", "get_grads"),
    ("get_parameters", "get_gradients"),
    ("get_params", "get_gradients"),
    ("weights", "gradients"),
)


def _siblings(root: Any, name: str, path: Path) -> Iterator[Path]:
    kind, key = path.steps[-1]
    owner_path = Path(path.steps[:-1])
    if kind == "[]" and owner_path.steps:
        yield from _in_containers(root, path)
        if isinstance(key, str):  # params and gradients in one dict
            yield from (path.beside(("[]", k)) for k in gradient_names(key))
        names = [name] if not isinstance(key, str) else [key, name]
        yield from (owner_path.beside((".", g)) for n in dict.fromkeys(names) for g in gradient_names(n))
        return
    if key in BOXED and owner_path.steps:
        yield from (path.beside((".", g)) for g in ("grad", "gradient", "_grad", "g", "diff", "delta"))
    owner = owner_path.get(root) if owner_path.steps else root
    words = dict.fromkeys((str(key), name))
    yield from (path.beside((".", g)) for word in words for g in gradient_names(word))
    for gradients in _gradient_containers(owner, ""):
        base = path.beside((".", gradients))
        yield from (Path((*base.steps, ("[]", k))) for word in words for k in (word, *gradient_names(word)))


def _in_containers(root: Any, path: Path) -> Iterator[Path]:
    """The same keys of a container of gradients: `grads["W"]` of `params["W"]`, `dblocks[0][1]` of `blocks[0][1]`."""
    last = max((k for k, (kind, _) in enumerate(path.steps) if kind == "."), default=None)
    if last is None:
        return
    holder, keys = Path(path.steps[:last]), path.steps[last + 1 :]
    final = keys[-1][1]
    for gradients in _gradient_containers(holder.get(root) if last else root, str(path.steps[last][1])):
        for key in (final, *(gradient_names(final) if isinstance(final, str) else ())):
            yield Path((*path.steps[:last], (".", gradients), *keys[:-1], ("[]", key)))


def _gradient_containers(owner: Any, container: str) -> list[str]:
    """Attributes that hold gradients by key or by index: `grads` beside `params`."""
    names = []
    for name, value in getattr(owner, "__dict__", {}).items():
        word = name.lower().strip("_")
        called = word == f"d{container}" or name in gradient_names(container)
        if isinstance(value, dict | list) and name != container and ("grad" in word or called):
            names.append(name)
    return names


_ABSENT = object()


def _is_there(root: Any, path: Path) -> bool:
    """Whether something numeric is there, or a None that announces it."""
    value = path.get(root, _ABSENT)
    return value is None or (value is not _ABSENT and as_number(value) is not None)
