"""Layouts of a cost of one vector that holds all parameters: `cost(nn_params, input_size, hidden_size, labels, X, y)`.

How long the vector has to be is nowhere said. What the code answers tells it: a reshape names how many entries it got
and how many it wants. Lengths learned at many sizes give the sum of products that they are: `h*i+h+o*h+o`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from checks.errors import SignatureError
from checks.infer_layout import Formal, Layout, Probe, Run, declare
from checks.infer_names import hint, size_role
from checks.infer_sizes import dim
from checks.signature import Argument

_VECTOR: Final = re.compile(r"(nn_?|all_?|initial_?)?(params?|parameters|theta\w*|weights?|flat\w*|vec\w*|w|p)", re.I)
_MASK: Final = re.compile(r"r|.*(mask|rated|observed|indicator).*", re.I)
_RESHAPE: Final = re.compile(r"cannot reshape array of size (\d+) into shape \(([\d, ]+)\)")
_BROADCAST: Final = re.compile(r"\(([\d, ]+)\)")
_DIFFERENT: Final = re.compile(r"size (\d+) is different from (\d+)")
_LONG: Final = 5000  # entries: more than is needed
_CORRECTIONS: Final = 6  # of the length, at one assignment of numbers
_MOST_TRIED: Final = 400  # ways to fill the other arguments
_A_NUMBER: Final = "number"
_FREE: Final = "d"  # a size that only the data tells
_SAMPLES: Final = 24  # assignments at which the length is learned
_FIXED: Final = (3, 4, 2, 5, 6, 7)  # of sizes that no shape tells
_TOLD: Final = 6  # assignments at which the shapes have to tell the sizes
_LETTERS: Final = {"input": "i", "hidden": "h", "output": "o"}
Sizes = Mapping[str, int]


def unrolled(formals: Sequence[Formal], run: Run) -> Layout | None:
    """The layout of such a function; None where it is none, or no length works."""
    vectors = [f for f in formals if _VECTOR.fullmatch(f.name)]
    counts = [f for f in formals if f not in vectors and f.hint not in ("rate", "flag") and _counts(f)]
    if len(vectors) != 1 or not counts or any(f.place != "forward" or f.data for f in formals):
        return None
    (vector,) = vectors
    rest = [f for f in formals if f not in counts and f is not vector]
    symbols = dict(zip((f.name for f in counts), _symbols(counts), strict=True))
    for shapes in itertools.islice(_shapes(rest, list(symbols.values())), _MOST_TRIED):
        layout = _filled(formals, vector, symbols, shapes)
        if _length(layout, vector.name, _numbers(layout, 0), run) is not None:
            found = _generalised(layout, vector.name, run)
            if found is not None:
                return _determined(found)
    return None


def _counts(formal: Formal) -> bool:
    """Whether a name speaks of a size: a constructor would be told it by such a name."""
    return hint(_plain(formal.name), place="constructor") == "size"


def _plain(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _determined(layout: Layout) -> Layout:
    """The layout with numbers for those sizes that the shapes of the arrays do not tell."""
    for count in range(len(layout.names) + 1):
        for names in itertools.combinations(layout.names, count):
            fixed = layout.at(dict(zip(names, _FIXED, strict=False)))
            if all(_tells(fixed, _numbers(fixed, k)) for k in range(_TOLD)):
                return fixed
    return layout


def _tells(layout: Layout, numbers: Sizes) -> bool:
    shapes = {a.name: tuple(d.value(numbers) for d in a.dims) for a in layout.arguments}
    try:
        return dict(layout.signature().fit(shapes)) == numbers
    except SignatureError:
        return False


def _symbols(counts: Sequence[Formal]) -> list[str]:
    """A letter for each count, the usual one where its name says what it counts."""
    found: list[str] = []
    spare = iter("iohjmpquv")
    for formal in counts:
        letter = _LETTERS.get(size_role(_plain(formal.name).replace("labels", "classes")), "")
        if not letter or letter in found:
            letter = next(other for other in spare if other not in found)
        found.append(letter)
    return found


def _shapes(rest: Sequence[Formal], symbols: Sequence[str]) -> Iterator[dict[str, str]]:
    """What the data, labels and masks may be, samples in rows first. Plain numbers are left out, and what may be one is
    that first.
    """
    arrays = [f for f in rest if f.hint != "rate"]
    pairs = [*(f"n,{s}" for s in (_FREE, *symbols)), *(f"{s},n" for s in (_FREE, *symbols))]
    tables = [f"{a},{b}" for a, b in itertools.permutations(symbols, 2)]
    labels = [f"n:label({s})" for s in reversed(symbols)]
    labels += [*(f"n,{s}:onehot" for s in symbols), *(f"{s},n:onehot0" for s in symbols)]
    labels += [f"{t}:target" for t in (*tables, *pairs)]
    columns = []
    for k, formal in enumerate(arrays):
        if _MASK.fullmatch(formal.name):
            columns.append([f"{t}:mask" for t in (*tables, *pairs)])
        elif formal.hint == "label":
            columns.append(labels)
        else:
            columns.append([_A_NUMBER, *labels, *pairs] if k else [*pairs, *(f"{t}:target" for t in tables)])
    for texts in itertools.product(*columns):
        chosen = zip((f.name for f in arrays), texts, strict=True)
        yield {name: text for name, text in chosen if text != _A_NUMBER}


def _filled(formals: Sequence[Formal], vector: Formal, symbols: Mapping[str, str], shapes: Mapping[str, str]) -> Layout:
    arguments = []
    constants = {}
    for formal in formals:
        if formal is vector:
            arguments.append(declare(formal.name, str(_LONG)))
        elif formal.name in shapes:
            arguments.append(declare(formal.name, shapes[formal.name]))
        elif formal.name not in symbols:
            constants[formal.name] = 0.3
    return Layout(tuple(arguments), {name: dim(letter) for name, letter in symbols.items()}, constants)


def _numbers(layout: Layout, k: int) -> dict[str, int]:
    """Distinct numbers for the layout's sizes, others for each `k`."""
    rng = np.random.default_rng(k)
    return {name: int(number) for name, number in zip(layout.names, rng.permutation(np.arange(2, 9)), strict=False)}


def _of_length(layout: Layout, name: str, length: int) -> Layout:
    return layout.with_argument(Argument(name, (dim(str(length)),)))


def _length(layout: Layout, name: str, numbers: Sizes, run: Run) -> int | None:
    """How many entries the vector has to have there, by what the code answers; None where none will do."""
    length = _LONG
    for _ in range(_CORRECTIONS):
        probe = run(_of_length(layout, name, length), numbers, {})
        if probe.ran:
            given = probe.largest
            if given == length:
                return length
            if not given:
                return None
            length = given
            continue
        wanted = _missing(probe)
        if not wanted or length + wanted < 1:
            return None
        length += wanted
    return None


def _missing(probe: Probe) -> int:
    """By how many entries a reshape, or what meets the rest of the vector, got too few."""
    text = str(probe.error)
    found = _RESHAPE.search(text)
    if found is not None:
        return int(np.prod(_extents(found[2]))) - int(found[1])
    shapes = [_extents(shape)[::-1] for shape in _BROADCAST.findall(text)]
    axes = [axis for axis in itertools.zip_longest(*shapes, fillvalue=1) if max(axis, default=0) > _LONG // 2]
    pairs = [*axes, *(tuple(map(int, sizes)) for sizes in _DIFFERENT.findall(text))]
    return next((min(pair) - max(pair) for pair in pairs if max(pair) > _LONG // 2), 0)


def _extents(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part.strip()]


def _generalised(layout: Layout, name: str, run: Run) -> Layout | None:
    """The layout with the length as a sum of products of its sizes; None where it is none."""
    sizes = [name for name in layout.names if name != "n"]
    terms = [*itertools.combinations_with_replacement(sizes, 2), *((s,) for s in sizes), ()]
    rows, lengths = [], []
    for k in range(_SAMPLES):
        numbers = _numbers(layout, k)
        length = _length(layout, name, numbers, run)
        if length is None:
            return None
        rows.append([float(np.prod([numbers[s] for s in term])) for term in terms])
        lengths.append(float(length))
    solved = np.linalg.lstsq(np.array(rows), np.array(lengths), rcond=None)[0]
    whole = np.rint(solved)
    if np.abs(np.array(rows) @ whole - lengths).max() > 0:
        return None
    parts = [_term(int(count), term) for count, term in zip(whole, terms, strict=True) if count > 0]
    if len(parts) != np.count_nonzero(whole):
        return None
    return layout.with_argument(Argument(name, (dim("+".join(parts)),)))


def _term(count: int, factors: tuple[str, ...]) -> str:
    return "*".join([*([str(count)] if count > 1 or not factors else []), *factors])
