"""A signature that the user wrote: which of its arrays goes where, and the numbers that the constructor
wants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice, permutations, product
from typing import Any

from checks.dialects.probing import Prober, explain
from checks.dialects.reach import arrays
from checks.dialects.usage import Bound, Usage, Values
from checks.errors import LayerError, SignatureError
from checks.infer import Found
from checks.infer_layout import Formal, Layout, Probe, SizeList
from checks.infer_names import hint, size_role
from checks.infer_sizes import RUNS, assignment
from checks.signature import Dim, Signature
from checks.subject import Array

_MOST_ORDERS = 24  # of the widths of a list of sizes


def matched(usage: Usage, signature: Signature) -> tuple[Usage, tuple[str, ...]]:
    """The usage with its arguments named as in the signature, and the arrays that the object keeps itself.

    Names decide; arguments of other names are filled in order, forward's before the constructor's.
    """
    names = list(signature.names)
    optional = tuple(name for name in names if name in usage.further)
    if optional and usage.extended is not None:
        usage = usage.extended(optional)
    everything = (*usage.forward, *usage.constructor, *usage.optional)
    direct = {formal.name for formal in everything}
    free = [name for name in names if name not in direct]
    renamed: dict[str, str] = {}
    for formal in usage.called:
        if formal.name not in names and free and hint(formal.name, place="forward") != "flag":
            renamed[formal.name] = free.pop(0)
    for formal in usage.constructor:
        numeric = hint(formal.name, place="constructor") in ("size", "sizes", "rate")
        if formal.name not in names and free and not numeric:
            renamed[formal.name] = free.pop(0)
    missing = [f.name for f in usage.forward if f.name not in names and f.name not in renamed]
    missing = [name for name in missing if hint(name, place="forward") != "flag"]
    if missing:
        raise LayerError(
            f"{usage.name}: the signature {signature} has no array for forward's argument {missing[0]!r}\n"
            f"name every input of forward first: {', '.join(f.name + '(...)' for f in usage.forward)}"
        )
    return rename(usage, renamed), tuple(free)


def rename(usage: Usage, names: Mapping[str, str]) -> Usage:
    """The same usage with other names for some of its arguments."""
    if not names:
        return usage
    back = {new: old for old, new in names.items()}

    def changed(formals: tuple[Formal, ...]) -> tuple[Formal, ...]:
        return tuple(replace(f, name=names.get(f.name, f.name)) for f in formals)

    def make(values: Values) -> Any:
        return usage.make({back.get(name, name): value for name, value in values.items()})

    def bind(instance: Any) -> Bound:
        return _Renamed(usage.bind(instance), back)

    return replace(
        usage,
        make=make,
        bind=bind,
        forward=changed(usage.forward),
        owners=None if usage.owners is None else tuple(names.get(name, name) for name in usage.owners),
        constructor=changed(usage.constructor),
        optional=changed(usage.optional),
    )


class _Renamed:
    """Two calls whose inputs go by other names."""

    def __init__(self, bound: Bound, names: Mapping[str, str]) -> None:
        self._bound, self._names = bound, names

    def forward(self, values: Values) -> Any:
        return self._bound.forward({self._names.get(name, name): value for name, value in values.items()})

    def backward(self, upstream: Any) -> Any:
        return self._bound.backward(upstream)


def run(prober: Prober, signature: Signature, kept: tuple[str, ...], inputs: Mapping[str, Array]) -> Found:
    """The signature's runs; LayerError with the layer's own words where its forward does not come through."""
    usage = prober.usage
    concrete = signature.expanded(1) if signature.has_rest else signature
    arguments = tuple(a for a in concrete.arguments if a.name not in kept)
    worst: tuple[Layout, Probe, dict[str, int]] | None = None
    for chosen in islice(_constructor_values(usage, concrete), 80):
        numbers = {name: value for name, value in chosen.items() if isinstance(value, Dim | SizeList)}
        constants = {name: value for name, value in chosen.items() if name not in numbers}
        layout = Layout(arguments, numbers, constants)
        runs = [_sizes(concrete, layout, k, inputs) for k in range(1 if inputs and not kept else RUNS)]
        probes: list[Probe] = []
        for k, sizes in enumerate(runs):
            given = inputs if k == 0 else {}
            probe = prober.run(layout, sizes, {n: v for n, v in given.items() if layout.argument(n)})
            if not probe.forward_ran:
                worst = worst or (layout, probe, sizes)
                break
            probes.append(probe)
        if len(probes) == len(runs) and _keeps(prober, layout, concrete, kept, runs[0]):
            raised = next((p.error for p in probes if not p.ran), None)
            return Found(layout=layout, sizes=tuple(runs), probes=tuple(probes), raised=raised)
    if worst is None:
        names = ", ".join(str(concrete.argument(name)) for name in kept)
        raise LayerError(
            f"{usage.name} runs, but keeps no {names} of those shapes\n"
            f"write the parameters by the names and shapes that they have on the object, or leave them out"
        )
    layout, probe, sizes = worst
    shapes = ", ".join(f"{a.name} {tuple(d.value(sizes) for d in a.dims)}" for a in layout.arguments)
    stage = "the constructor" if probe.stage == "construct" else "forward"
    raise LayerError(
        f"{usage.name} does not run as {signature}: with {shapes}, {stage} raised {explain(probe.error)}\n"
        f"change the signature, or hand over a case that runs: check({usage.name}, inputs=(...))"
    )


def _keeps(prober: Prober, layout: Layout, signature: Signature, kept: tuple[str, ...], sizes: dict[str, int]) -> bool:
    """Whether the arrays that the object makes itself have the shapes that the signature declares."""
    if not kept:
        return True
    root = prober.construct(layout, sizes, {}).root
    own = {slot.path.name: slot.value.shape for slot in reversed(arrays(root))}
    wanted = {name: tuple(d.value(sizes) for d in signature.argument(name).dims) for name in kept}
    return all(own.get(name, shape) == shape for name, shape in wanted.items())


def _sizes(signature: Signature, layout: Layout, k: int, inputs: Mapping[str, Array]) -> dict[str, int]:
    sizes = assignment(tuple(dict.fromkeys((*signature.sizes, *layout.names))), k)
    if k == 0 and inputs:
        known = {name: value.shape for name, value in inputs.items() if name in signature.names}
        sizes.update(signature.fit(known))
        return sizes
    return _positive(sizes, signature)


def _positive(sizes: dict[str, int], signature: Signature) -> dict[str, int]:
    """The numbers, with the first size of an expression such as `h-k+1` enlarged where it would not be positive."""
    expressions = [d for argument in signature.arguments for d in argument.dims if not d.is_rest]
    expressions += [d for d in signature.output or () if not d.is_rest]
    for _ in range(20):
        short = next((d for d in expressions if d.names and _value(d, sizes) < 1), None)
        if short is None:
            break
        sizes[short.names[0]] += 1 - min(_value(short, sizes), 0)
    return sizes


def _value(size: Dim, sizes: Mapping[str, int]) -> int:
    try:
        return size.value(sizes)
    except SignatureError:  # a division by zero
        return 0


def _constructor_values(usage: Usage, signature: Signature) -> Iterator[dict[str, Any]]:
    """Ways to fill the constructor's other arguments: each with a size of the signature, likely first."""
    waiting = [f for f in usage.constructor if f.name not in signature.names]
    flags = {f.name: True for f in usage.forward if f.name not in signature.names}
    options = [_numbers(formal, signature) for formal in waiting]
    for ranks in sorted(islice(product(*(range(len(o)) for o in options)), 2000), key=sum):
        chosen = {f.name: option[rank] for f, option, rank in zip(waiting, options, ranks, strict=True)}
        yield {**chosen, **flags}


def _numbers(formal: Formal, signature: Signature) -> list[Any]:
    if hint(formal.name, place="constructor") == "rate":
        return [0.3]
    role = size_role(formal.name)
    symbols = [Dim(name) for name in signature.sizes]
    if hint(formal.name, place="constructor") == "sizes":
        orders = (SizeList(order) for count in (3, 2, 4) for order in permutations(symbols, count))
        return [*islice(orders, _MOST_ORDERS), *symbols, 1]
    literal = [d for a in signature.arguments for d in a.dims if not d.names and not d.is_rest]
    first = signature.arguments[0].dims
    limits = [a.limit for a in signature.arguments if a.limit]
    others = [a.dims for a in signature.arguments[1:] if a.dims]
    last = signature.output or (limits if limits else others[-1] if others else ())
    rest = [s for s in symbols if s not in first[:1]]
    preferred: list[Dim] = []
    if role in ("kernel", "two", "zero"):
        return [{"kernel": 3, "two": 2, "zero": 0}[role], 1, 2, *symbols]
    if role == "hidden" and formal.name not in signature.sizes and formal.name not in signature.names:
        preferred = [Dim(formal.name)]  # a size of its own: none of the others, or a transpose would not show
    elif role == "input" and first:
        preferred = [first[1] if len(first) == 4 else first[-1]]
    elif role == "output" and last:
        preferred = [last[1] if len(last) == 4 else last[-1]]
    if role == "length":
        preferred = [*literal, *preferred]
    return [*dict.fromkeys((*preferred, *rest, *symbols, *literal)), 1, 2]
