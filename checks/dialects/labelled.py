"""A network whose backward starts from labels, while no call gives the loss: `forward(x)`, then `backward(x, y, out)`.

Or both are handed to the constructor, `Net(x, y)`, and the calls take nothing. Here backward is fed; which loss is
meant is found out by trying, elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.dialects.calls import THE_OPTIMIZER, THE_OUTPUT, THE_RATE, Calls, LayerBound
from checks.dialects.modes import called
from checks.dialects.roles import is_data, is_label, main_is_second
from checks.dialects.usage import Usage
from checks.infer import Found
from checks.infer_layout import Formal
from checks.signature import Argument

_TOLD = (THE_RATE, THE_OPTIMIZER)
LABELS = frozenset({"label", "onehot", "onehot0", "target", "mask"})  # the kinds of what may be one


def with_labelled(found: Usage, calls: Calls, asked: Sequence[str]) -> Usage:
    """The usage with that in which backward is handed labels, where the arguments allow for it; it alone where the
    names of what the constructor takes say so. `asked`: what backward takes.
    """
    if calls.inputs or asked:
        return replace(found, labelled=_handed(found, calls, asked))
    formals = holding(found.constructor)
    if formals is not None:
        held = _as_network(replace(found, constructor=formals))
        return replace(held, labelled=held)
    return replace(found, labelled=_held(found))


def _handed(found: Usage, calls: Calls, asked: Sequence[str]) -> Usage | None:
    """The use in which labels are an argument of backward's."""
    if len(calls.inputs) != 1 or calls.context or not calls.takes_upstream:
        return None
    known = {key: value for key, value in calls.arguments if isinstance(value, str) or value in _TOLD}
    unknown = [name for name in asked if name not in known]
    if not 1 <= len(unknown) <= 2:
        return None

    def fed(label: str) -> Usage:
        arguments = (*known.items(), *((name, name if name == label else THE_OUTPUT) for name in unknown))
        other = _as_network(called(found, replace(calls, takes_upstream=False, arguments=arguments), LayerBound))
        formals = (*found.forward, Formal(label, "forward", family="label"))
        return replace(other, forward=formals, call=(*other.call, "layer.predicted = out"))

    first, *others = map(fed, _labels(unknown))
    return replace(first, variants=tuple(others))


def _labels(unknown: Sequence[str]) -> Sequence[str]:
    """Which of one or two arguments is the label: each in turn, where no name tells."""
    if len(unknown) == 1:
        return unknown
    said = [name for name in unknown if is_label(name)]
    if len(said) == 1:
        return said
    second = main_is_second(unknown)
    return unknown if second is None else unknown[:1] if second else unknown[1:]


def _held(found: Usage) -> Usage | None:
    """The use in which the first two of the constructor's arguments are data and labels, where no name says."""
    arrays = [formal for formal in found.constructor if formal.hint == "none"]
    if len(arrays) < 2 or any(formal.hint not in ("none", "size") for formal in found.constructor):
        return None
    formals = _as_held(found.constructor, arrays[0].name, arrays[1].name)
    return _as_network(replace(found, constructor=formals))


def holding(constructor: Sequence[Formal]) -> tuple[Formal, ...] | None:
    """A constructor's arguments, where data and labels are among them: those as inputs, the data first."""
    names = [formal.name for formal in constructor]
    data, label = (next(filter(speaks, names), None) for speaks in (is_data, is_label))
    if data is None or label is None:
        return None
    return _as_held(constructor, data, label)


def _as_held(constructor: Sequence[Formal], data: str, label: str) -> tuple[Formal, ...]:
    as_inputs = {data: Formal(data, "constructor", data=True)}
    as_inputs[label] = Formal(label, "constructor", family="label", data=True)
    formals = [as_inputs.get(formal.name, formal) for formal in constructor]
    return tuple(sorted(formals, key=lambda formal: formal.name != data))


def with_labels(usage: Usage, known: Sequence[Found]) -> Iterator[Found]:
    """The layouts with labels: their own, or of the output's shape, or a class for each of its rows."""
    label = next(f.name for f in (*usage.forward, *usage.constructor) if f.family == "label")
    for found in known:
        declared, output = found.layout.argument(label), found.output()
        if declared is not None and declared.kind in LABELS:
            yield found
        if declared is not None or not output:
            continue
        arguments = [Argument(label, output, "target")]
        if len(output) == 2:
            arguments.append(Argument(label, output[:1], "label", output[1]))
        for argument in arguments:
            yield replace(found, layout=replace(found.layout, arguments=(*found.layout.arguments, argument)))


def _as_network(found: Usage) -> Usage:
    network = replace(
        found,
        kind="network",
        takes_upstream=False,
        gives_input=False,
        perhaps_loss=False,
        averaged=None,
        labelled=None,
        rated=None,
        updates=True,
        variants=(),
        modes=(),
    )
    return replace(network, rated=found.rated and replace(network, make=found.rated.make))
