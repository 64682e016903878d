"""Which array of one layer is which of another: by name, then by what it holds, by its shape and by order.

Two layers that compute the same may call their arrays differently, and keep them in another layout: W of (o, i) for
W of (i, o), a bias of (1, o) for one of (o,), columns for rows, class indices for one-hot rows. A `Matching` says what
stands for what, and carries arrays there and gradients back. Sizes tell the layouts apart, so it is made at a case
whose sizes are all different.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from checks.errors import SignatureError
from checks.function import Array
from checks.pair import Pair, bare_axes
from checks.signature import Argument, Shape, Signature
from checks.subject import Arrays, Role

MOST: Final = 64  # matchings that are thought of
FOREIGN: Final = 100  # the cost of not pairing two arrays of the same name
# The layouts that people use beside the one at hand, by the number of axes.
PERMUTATIONS: Final[Mapping[int, tuple[tuple[int, ...], ...]]] = {
    2: ((0, 1), (1, 0)),
    3: ((0, 1, 2), (1, 0, 2), (0, 2, 1)),
    4: ((0, 1, 2, 3), (0, 3, 1, 2), (0, 2, 3, 1), (3, 2, 0, 1), (2, 3, 1, 0), (1, 0, 2, 3), (0, 1, 3, 2)),
}
_SAME_WORD: Final = (
    {"w", "weight", "weights", "kernel", "filter", "filters", "table"},
    {"b", "bias", "biases", "w0"},
    {"g", "gamma", "scale"},
    {"beta", "shift"},
    {"x", "z", "a", "input", "inputs", "inputdata", "aprev", "ypred", "yhat", "pred", "prediction", "logits", "scores"},
    {"t", "y", "ytrue", "target", "targets", "label", "labels"},
    {"h", "hprev", "prevh", "h0"},
    {"c", "cprev", "prevc", "c0"},
    {"ids", "idx", "indices", "tokens"},
    {"wx", "wih"},
    {"wh", "whh"},
)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Matching:
    """A partner for each array of the other layer. `output`: its output's axes in this one's order, once known.

    `crossed`: arrays that stand for another one than names or order would have it.
    """

    pairs: tuple[Pair, ...]
    cost: float = 0.0
    output: tuple[int, ...] | None = None
    crossed: tuple[str, ...] = ()

    def there(self, arrays: Arrays, sizes: Mapping[str, int]) -> dict[str, Array]:
        """The other layer's arrays, by its names."""
        return {p.other.name: p.there(np.asarray(arrays[p.own.name]), _classes(p, sizes)) for p in self.pairs}

    def out_back(self, output: Array, shape: Shape) -> Array | None:
        """The other's output in this one's layout; None where it has another shape."""
        turned = output if self.output is None else output.transpose(self.output)
        fits = tuple(s for s in turned.shape if s != 1) == tuple(s for s in shape if s != 1)
        return turned.reshape(shape) if fits else None

    def upstream_there(self, upstream: Array, shape: Shape) -> Array:
        """The upstream gradient as the other's backward takes it, for an output of that shape."""
        if self.output is None:
            return upstream.reshape(shape)
        turned = tuple(shape[k] for k in self.output)
        return np.ascontiguousarray(upstream.reshape(turned).transpose(np.argsort(self.output)))

    def with_output(self, own: Shape, other: Shape) -> Matching | None:
        """The same, with the order of the output's axes; None where no order makes the shapes one."""
        if tuple(s for s in own if s != 1) == tuple(s for s in other if s != 1):
            return self
        for axes in PERMUTATIONS.get(len(other), ())[1:]:
            turned = tuple(other[k] for k in axes)
            if tuple(s for s in turned if s != 1) == tuple(s for s in own if s != 1):
                return replace(self, output=axes)
        return None

    @property
    def named(self) -> bool:
        """Whether arrays of one name stand for each other."""
        return self.cost < FOREIGN

    @property
    def words(self) -> str:
        """`W and the output transposed`; empty where everything is taken as it is."""
        turned = [(p.own.name, len(p.axes)) for p in self.pairs if p.turned and not p.labels]
        turned += [("the output", len(self.output))] if self.output is not None else []
        how = "transposed" if all(rank == 2 for _, rank in turned) else "with the axes in another order"
        said = [f"{_listed([name for name, _ in turned])} {how}"] if turned else []
        said += [p.words for p in self.pairs if p.labels and p.words is not None]
        said += [f"{p.own.name} for {p.other.name}" for p in self.pairs if p.own.name in self.crossed]
        return " and ".join(said)


def matchings(
    own: Signature,
    own_roles: Mapping[str, Role],
    arrays: Arrays,
    other: Signature,
    other_roles: Mapping[str, Role],
) -> list[Matching]:
    """The ways to feed the other layer with these arrays, the most natural first. Hyper-parameters may be left over."""
    owed = [a for a in own.arguments if own_roles.get(a.name) != "hyper"]
    if not len(owed) <= len(other.arguments) <= len(own.arguments):
        return []
    choices = [
        sorted(_choices(own, own_roles, other, other_roles, k, arrays), key=lambda choice: choice[0])
        for k in range(len(other.arguments))
    ]
    for strict in (True, False):
        found = sorted(_completed(choices, other, arrays, strict), key=lambda m: m.cost)
        found = [m for m in found if {a.name for a in owed} <= {p.own.name for p in m.pairs}]
        if found:
            return found
    return []


def _completed(
    choices: Sequence[Sequence[tuple[float, Pair]]], other: Signature, arrays: Arrays, strict: bool
) -> Iterator[Matching]:
    """Combinations in which no array serves twice; `strict`: the shapes fit the other's signature."""
    count = 0

    def grown(chosen: tuple[tuple[float, Pair], ...]) -> Iterator[Matching]:
        nonlocal count
        if len(chosen) == len(choices):
            count += 1
            yield Matching(pairs=tuple(pair for _, pair in chosen), cost=sum(cost for cost, _ in chosen))
            return
        for cost, pair in choices[len(chosen)]:
            if count >= MOST or any(pair.own.name == taken.own.name for _, taken in chosen):
                continue
            extended = (*chosen, (cost, pair))
            if (not strict and not pair.turned) or (strict and _fits(extended, other, arrays)):
                yield from grown(extended)

    yield from grown(())


def _fits(chosen: Sequence[tuple[float, Pair]], other: Signature, arrays: Arrays) -> bool:
    shapes = {p.other.name: _shape_there(p, arrays[p.own.name].shape) for _, p in chosen if not p.labels}
    try:
        other.fit(shapes)
    except SignatureError:
        return False
    return True


def _shape_there(pair: Pair, shape: Shape) -> Shape:
    return pair.there(np.empty(shape, dtype=bool), None).shape


def _choices(
    own: Signature,
    own_roles: Mapping[str, Role],
    other: Signature,
    other_roles: Mapping[str, Role],
    position: int,
    arrays: Arrays,
) -> Iterator[tuple[float, Pair]]:
    """What may stand for the other's array number `position`, with how unlikely that is."""
    wanted = other.arguments[position]
    here, there = {word(n) for n in own.names}, {word(n) for n in other.names}
    for k, argument in enumerate(own.arguments):
        same_name = word(argument.name) == word(wanted.name)
        claimed = not same_name and (word(argument.name) in there or word(wanted.name) in here)
        roles = own_roles.get(argument.name, "input"), other_roles.get(wanted.name, "input")
        if "parameter" in roles and roles[0] != roles[1]:
            continue
        cost = FOREIGN * claimed + 4.0 * (roles[0] != roles[1]) + 0.5 * abs(k - position)
        cost += 0.25 * (argument.kind != wanted.kind)
        rank = arrays[argument.name].ndim
        if argument.differentiable != wanted.differentiable and "target" not in (argument.kind, wanted.kind):
            yield from ((cost, pair) for pair in _other_labels(argument, wanted))
        elif argument.kind in ("label", "int") or wanted.kind in ("label", "int"):
            if argument.kind in ("label", "int") and wanted.kind in ("label", "int") and rank == _rank(wanted, rank):
                yield cost, Pair(own=argument, other=wanted, axes=tuple(range(rank)))
            else:
                yield from ((cost + 1, pair) for pair in _other_labels(argument, wanted))
        elif rank == _rank(wanted, rank) or len(bare_axes(argument, wanted)) == len(bare_axes(wanted, argument)):
            kept = len(bare_axes(argument, wanted))
            free = any(dim.is_rest for dim in wanted.dims)
            as_it_is = tuple(range(kept))
            ways = (as_it_is,) if free else PERMUTATIONS.get(kept, (as_it_is,))
            if {argument.kind, wanted.kind} == {"onehot", "onehot0"}:
                ways = ((1, 0),) if kept == 2 else ()  # the classes run along the other axis
            for axes in ways:
                pair = Pair(own=argument, other=wanted, axes=axes)
                yield cost + 2 * pair.turned, pair


def _other_labels(own: Argument, other: Argument) -> Iterator[Pair]:
    rows = ("onehot", "onehot0", "target", "simplex")
    if own.kind == "label" and other.kind in rows and len(other.dims) == len(own.dims) + 1:
        yield Pair(own=own, other=other, labels="onehot")
    if own.kind in rows[:2] and other.kind == "label" and len(own.dims) == len(other.dims) + 1:
        yield Pair(own=own, other=other, labels="indices")


def _rank(argument: Argument, rank: int) -> int:
    """How many axes it has: `rank` where it takes any number of them."""
    if any(dim.is_rest for dim in argument.dims):
        return max(rank, len(argument.dims) - 1)
    return len(argument.dims)


def _classes(pair: Pair, sizes: Mapping[str, int]) -> int | None:
    try:
        return None if pair.own.limit is None else pair.own.limit.value(sizes)
    except SignatureError:
        return None


def word(name: str) -> str:
    """The name without case and underscores, and the same for all words of one meaning."""
    plain = re.sub(r"_", "", name).lower()
    return next((min(words) for words in _SAME_WORD if plain in words), plain)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
