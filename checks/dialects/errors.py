"""What to tell an author whose layer cannot be called or read: what was tried, what it answered, the line
to add.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from checks.dialects.probing import explain
from checks.dialects.usage import Usage
from checks.errors import LayerError, SilentError
from checks.infer import UNPACKED, NotFoundError
from checks.infer_layout import Layout
from checks.loading.standin import StandInUsedError

_INDICES = re.compile(r"arrays used as indices|only integer(s| scalar arrays)|indices must be integers")


def not_found(usage: Usage, failure: NotFoundError) -> LayerError:
    """No layout ran: the best attempt, and where it stopped."""
    tried = f"tried {failure.tried} ways"
    if failure.probe is None or failure.layout is None:
        return LayerError(f"{usage.name} could not be called: no way to fill {_call(usage)}\n{_add(usage, None)}")
    if failure.probe.stage == "construct":
        where = "the constructor"
    else:
        where = "forward" if failure.probe.stage in ("forward", "output") else "backward"
    if isinstance(failure.probe.error, StandInUsedError):  # other arguments would not help
        return LayerError(f"{usage.name} could not be run: in {where}, {failure.probe.error}")
    signature = failure.layout.signature()
    as_tried = f"with {signature}" if failure.layout.arguments else "with no arrays"
    if failure.sizes is not None:
        used = [f"{name} = {failure.sizes[name]}" for name in signature.sizes if name in failure.sizes]
        as_tried += f" it runs at some sizes, but at {', '.join(used)}"
    return LayerError(
        f"{usage.name} could not be called: {tried} to fill {_call(usage)}; {as_tried}, {where} raised "
        f"{explain(failure.probe.error)}\n{_wanted(failure.probe.error)}{_add(usage, failure.layout)}"
    )


def nothing_stored(usage: Usage, owing: Sequence[str]) -> LayerError:
    """Backward ran and left nothing."""
    first = owing[0] if owing else "x"
    return SilentError(
        f"{usage.name}: backward returned no gradient and stored none, "
        f"expected one for {', '.join(owing) or first}\n"
        f"return the gradient of {first}, or keep it as self.d{first}"
    )


def one_of_many(usage: Usage) -> LayerError:
    """One gradient came back for three arguments or more, and neither of the first two moves the output so."""
    names = [formal.name for formal in usage.called]
    return LayerError(
        f"{usage.name}: nothing says which of {', '.join(names)} the gradient is of\n"
        f"return it under the array's name, as in d{names[0]}, or return one for each"
    )


def not_a_layer(name: str, got: str) -> LayerError:
    """Nothing that any dialect knows."""
    return LayerError(
        f"{name} is {got}, not a layer: expected a class or an object with forward and backward, "
        "a pair of functions, or a network with loss and gradient"
    )


def _call(usage: Usage) -> str:
    handed = ", ".join(f.name for f in usage.constructor)
    inputs = ", ".join(f.name for f in usage.forward)
    title = usage.name if usage.instance is not None or usage.kind == "function" else f"{usage.name}({handed})"
    return f"{title}({inputs})" if usage.kind == "function" else f"{title}.forward({inputs})"


def _wanted(error: BaseException | None) -> str:
    """What the error says of the arrays that were tried, in words; empty where it says nothing."""
    if _INDICES.search(str(error)):
        return "what picks entries holds whole numbers, as in k(m):int(n); "
    apart = UNPACKED.search(str(error))
    return f"what is taken apart has {apart[1]} entries, as in theta({apart[1]}); " if apart else ""


def _add(usage: Usage, layout: Layout | None) -> str:
    """The one line to add, with a signature in the layer's own names: arrays alone, for sizes follow from them."""
    tried = {a.name: str(a) for a in layout.arguments} if layout is not None else {}
    words = [tried.get(f.name, f"{f.name}(n,i)") for f in usage.forward]
    handed = [f for f in usage.constructor if f.hint not in ("size", "sizes", "shape", "rate")]
    words += [f"{f.name}({'i,o' if k == 0 else 'o'})" for k, f in enumerate(handed)]
    first = words[0].partition("(")[2].partition(")")[0] if words else "n,i"
    output = "" if not usage.takes_upstream else "n,o" if handed else first
    example = f"{', '.join(words)} -> ({output})"
    return (
        f'say what it takes, as in --signature "{example}" or check({usage.name}, "{example}"), '
        "or hand over a case: a class method gradproof_case that returns (object, arrays)"
    )
