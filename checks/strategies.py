"""Hypothesis strategies for shapes, arrays and whole cases.

Hypothesis draws the choices (sizes, a seed, and for each array a flavour and a memory layout); NumPy draws
the entries from the seed, since one choice an entry would be too slow. Every choice shrinks towards the plain
one: size 1, seed 0, ordinary short decimals, C order, int64.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final, TypeVar
from zlib import crc32

import numpy as np
from hypothesis import strategies as st

from checks.case import Case
from checks.errors import SignatureError
from checks.signature import Argument, Dim, Shape, Signature
from checks.subject import Array, Arrays, Subject
from checks.values import Rng, draw_array, laid_out

T = TypeVar("T")

# What a table holds is what is drawn from it, evenly; its first entry is what shrinking arrives at.
_SIZES: Final = (1, *3 * (2,), *4 * (3,), *3 * (4,), *2 * (5,), 6, 7, 8)
_RANKS_OF_REST: Final = (1, 1, 2, 2, 0, 3)
_ROUNDED: Final = (True, True, False)
_LAYOUTS: Final = (*6 * ("C",), "F", "F", "strided", "reversed")
# No unsigned and no 8-bit ones: they wrap in a layer's index arithmetic, which is no fault of its gradient.
_INTEGERS: Final = ("int64", "int64", "int64", "int32", "int32", "int16")
_BOLD: Final = (
    *8 * ("ordinary",),
    "zeros",
    "zeros",
    "ties",
    "tiny",
    "large",
    "negative",
    "positive",
    "mixed",
)
_MILD: Final = (*2 * _BOLD[:8], *2 * ("zeros", "ties", "negative", "positive", "tiny", "mixed"), "large")
_REPEATS: Final = ("ordinary", "ties")
_LARGEST_SIZES: Final = (8, 16, 32, 64)
_MOST_ENTRIES: Final = 400  # of an array


def cases(
    subject: Subject, signature: Signature | str | None = None, *, dtype: str = "float64"
) -> st.SearchStrategy[Case]:
    """Cases of `subject`, under one of its signatures or under the one that is handed in.

    Sizes are 1 to 8, mostly 2 to 5 and mostly different: batches of one and square shapes hide faults. Sizes
    that `subject.given` determines are not drawn; given values are kept in half of the cases (those of a
    hyper-parameter always) and drawn in the others. Shrinks towards the first signature, sizes of 1, given
    values, seed 0, short decimals and contiguous arrays.
    """
    if isinstance(signature, str):
        signature = Signature.parse(signature)
    signatures = subject.signatures if signature is None else (signature,)
    for one in signatures:
        one.fit(_shapes_of(_given(subject, one)))  # what does not fit is refused here, not while drawing
    return _cases(subject, signatures, np.dtype(dtype).name)


def plain_case(
    subject: Subject,
    signature: Signature,
    sizes: Mapping[str, int],
    seed: int,
    dtype: str = "float64",
) -> Case:
    """The ordinary case of these sizes and this seed: short decimals, C order, given values kept.

    A size that given arrays determine is theirs, whatever `sizes` says.
    """
    given = _given(subject, signature)
    count = _rest_of(signature, given)
    signature = signature.at(sizes) if count is None else signature.expanded(count)
    sizes = {**sizes, **signature.fit(_shapes_of(given))}
    shapes = signature.shapes(sizes)
    arrays: dict[str, Array] = {}
    for argument in signature.arguments:
        name = argument.name
        if name in given:
            arrays[name] = _kept(argument, given[name], subject, dtype)
        else:
            limit = _limit(argument, sizes)
            rng = _rng(seed, name)
            array = draw_array(rng, shapes[name], argument.kind, dtype=dtype, limit=limit)
            arrays[name] = _with_some(array, subject.beside.get(name), rng)
    return Case(subject=subject, signature=signature, arrays=arrays, seed=seed)


# --- the choices of a case

_SEEDS: Final = st.integers(0, 2**32 - 1)


@st.composite
def _cases(draw: st.DrawFn, subject: Subject, signatures: tuple[Signature, ...], dtype: str) -> Case:
    signature = draw(_one_of(signatures))
    kept = _given(subject, signature)
    if signature.has_rest:
        count = _rest_of(signature, kept)
        signature = signature.expanded(draw(_one_of(_RANKS_OF_REST)) if count is None else count)
    sizes = _sizes(draw, signature, signature.fit(_shapes_of(kept)))
    shapes = signature.shapes(sizes)
    seed, rounded = draw(_SEEDS), draw(_one_of(_ROUNDED))
    constants = {name: array for name, array in kept.items() if subject.roles.get(name) == "hyper"}
    if len(constants) < len(kept) and not draw(_one_of((True, False))):
        kept = constants
    arrays: dict[str, Array] = {}
    for argument in signature.arguments:
        name, limit = argument.name, _limit(argument, sizes)
        if name in kept:
            arrays[name] = _kept(argument, kept[name], subject, dtype)
            continue
        # In one choice, so that labels are not more to draw than one-hot rows, which would then be thought simpler.
        kinds_of_number = (dtype,) if limit is None else _integers(limit)
        ways = tuple((flavour, kind) for kind in kinds_of_number for flavour in _flavours(argument, subject))
        flavour, kind_of_number = draw(_one_of(ways))
        rng = _rng(seed, name)
        array = draw_array(rng, shapes[name], argument.kind, flavour, kind_of_number, limit, rounded)
        array = _with_some(array, subject.beside.get(name), rng)
        arrays[name] = laid_out(array, draw(_one_of(_LAYOUTS))) if array.size > 1 else array
    return Case(subject=subject, signature=signature, arrays=arrays, seed=seed, rounded=rounded)


@cache
def _one_of(table: tuple[T, ...]) -> st.SearchStrategy[T]:
    return st.sampled_from(table)


def _flavours(argument: Argument, subject: Subject) -> tuple[str, ...]:
    role = subject.roles.get(argument.name, "input")
    if argument.kind in ("label", "int"):
        return _REPEATS
    if role == "hyper" or not argument.differentiable:
        return ("ordinary",)
    return _BOLD if role == "input" and argument.kind != "target" else _MILD


@cache
def _integers(limit: int) -> tuple[str, ...]:
    return tuple(name for name in _INTEGERS if limit <= np.iinfo(name).max)


def _with_some(labels: Array, value: int | None, rng: Rng) -> Array:
    """The labels, about one in three of which is this number, at least one, and not all where there are several."""
    if value is None or not labels.size:
        return labels
    first = int(rng.integers(labels.size))
    chosen = rng.random(labels.size) < 1 / 3
    chosen[first - 1], chosen[first] = False, True
    wide = labels.astype(np.result_type(labels.dtype, np.min_scalar_type(value)))
    return np.where(chosen.reshape(labels.shape), np.asarray(value, wide.dtype), wide)


def _limit(argument: Argument, sizes: Mapping[str, int]) -> int | None:
    return None if argument.limit is None else argument.limit.value(sizes)


def _rng(seed: int, name: str) -> Rng:
    """A stream for each array, so that shrinking one leaves the entries of the others as they are."""
    return np.random.default_rng([seed, 3, crc32(name.encode())])


# --- given arrays


def _given(subject: Subject, signature: Signature) -> dict[str, Array]:
    return {name: np.asarray(array) for name, array in subject.given.items() if name in signature.names}


def _shapes_of(arrays: Arrays) -> dict[str, Shape]:
    return {name: array.shape for name, array in arrays.items()}


def _rest_of(signature: Signature, given: Arrays) -> int | None:
    """How many axes `...` stands for, by the given arrays; None where they do not say."""
    for name, array in given.items():
        dims = signature.argument(name).dims
        if any(dim.is_rest for dim in dims):
            return max(array.ndim - len(dims) + 1, 0)
    return None


def _kept(argument: Argument, array: Array, subject: Subject, dtype: str) -> Array:
    """A copy of a given array, in the check's dtype where it is a float that the layer differentiates by."""
    if subject.roles.get(argument.name) == "hyper" or not argument.differentiable:
        return array.copy(order="K")
    return array.astype(dtype, order="K")


# --- sizes


def _sizes(draw: st.DrawFn, signature: Signature, fixed: Mapping[str, int]) -> dict[str, int]:
    """A number for each size: those that `fixed` leaves open are drawn, mostly unlike the ones before.

    Shrinks to 1, else to the smallest number that is not another size's, so that shapes tell the sizes apart.
    A number that leaves no way to make every expression (`h//2`, `h-k`) positive is not offered.
    """
    sizes = dict(fixed)
    classes = {name for argument in signature.arguments for name in _classes(argument)}
    free = tuple(name for name in signature.sizes if name not in fixed)
    expressions = _open_expressions(signature, free)
    for k, name in enumerate(free):
        table = tuple(v for v in _SIZES if v == 1 or v not in sizes.values())
        table += tuple(v for v in sorted(set(sizes.values())) if 1 < v <= max(_SIZES))
        if any(name in dim.names for dim in expressions):
            involved = dict.fromkeys(n for dim in expressions for n in dim.names)
            known = tuple((n, sizes[n]) for n in involved if n in sizes)
            possible = _possible(name, expressions, known, tuple(n for n in free[k + 1 :] if n in involved))
            table = tuple(v for v in table if v in possible) or possible
        if name in classes:  # one class alone is no choice, and takes a label for one-hot rows
            table = tuple(v for v in table if v > 1) or table
        table = _affordable(name, table, signature, sizes)
        sizes[name] = draw(_one_of(table))
    return sizes


def _affordable(name: str, table: tuple[int, ...], signature: Signature, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The numbers that leave every array small enough for thousands of forward passes; the least where none does."""
    grown = [argument for argument in signature.arguments if any(name in dim.names for dim in argument.dims)]
    affordable = (v for v in table if all(_entries(one, {**sizes, name: v}) <= _MOST_ENTRIES for one in grown))
    largest = max(affordable, default=min(table))
    return tuple(v for v in table if v <= largest)


def _entries(argument: Argument, sizes: Mapping[str, int]) -> int:
    """How many entries the array has, as far as its sizes are known."""
    known = [dim.value(sizes) for dim in argument.dims if all(n in sizes for n in dim.names) and not dim.is_rest]
    return int(np.prod(known, dtype=np.int64))


def _classes(argument: Argument) -> tuple[str, ...]:
    """The sizes that count the classes of a label."""
    if argument.kind == "label" and argument.limit is not None:
        return argument.limit.names
    if argument.kind == "onehot0":
        return argument.dims[0].names
    return argument.dims[-1].names if argument.kind in ("onehot", "simplex") and argument.dims else ()


@cache
def _open_expressions(signature: Signature, free: tuple[str, ...]) -> tuple[Dim, ...]:
    """The expressions whose value still depends on a free size."""
    dims = [dim for argument in signature.arguments for dim in argument.dims]
    dims += [argument.limit for argument in signature.arguments if argument.limit]
    dims += signature.output or ()
    return tuple(dict.fromkeys(d for d in dims if not d.is_name and any(name in free for name in d.names)))


@lru_cache(maxsize=10_000)
def _possible(
    name: str, expressions: tuple[Dim, ...], known: tuple[tuple[str, int], ...], later: tuple[str, ...]
) -> tuple[int, ...]:
    """The numbers of `name` that some choice of later sizes completes: up to 8, or more where none do."""
    for largest in _LARGEST_SIZES:
        numbers = range(1, largest + 1)
        possible = tuple(v for v in numbers if _completes({**dict(known), name: v}, expressions, later, largest))
        if possible:
            return possible
    listed = ", ".join(map(str, expressions))
    raise SignatureError(f"no sizes up to {_LARGEST_SIZES[-1]} make {listed} 1 or more")


def _completes(sizes: Mapping[str, int], expressions: tuple[Dim, ...], later: tuple[str, ...], largest: int) -> bool:
    if not all(_is_positive(dim, sizes) for dim in expressions if all(n in sizes for n in dim.names)):
        return False
    if not later:
        return True
    numbers = range(1, largest + 1)
    return any(_completes({**sizes, later[0]: v}, expressions, later[1:], largest) for v in numbers)


def _is_positive(dim: Dim, sizes: Mapping[str, int]) -> bool:
    try:
        return dim.value(sizes) >= 1
    except SignatureError:  # division by zero
        return False
