"""A case as a script that runs two layers on it, one after the other, and prints the entry in which they differ."""

from __future__ import annotations

import numpy as np

from checks.case import Case
from checks.function import Array
from checks.matching import Matching
from checks.pair import Pair
from checks.snippet import MOST_NUMBERS, literal
from checks.subject import Recipe, Subject


def side_by_side(
    case: Case, trusted: Subject, matching: Matching, key: str, place: tuple[int, ...], upstream: Array
) -> str | None:
    """Runnable source; `key`: the gradient that it is about, empty for the output. None where it would be too long."""
    own, other = case.subject.recipe, trusted.recipe
    if own is None or other is None or sum(array.size for array in case.arrays.values()) > MOST_NUMBERS:
        return None
    pairs = {p.own.name: p for p in matching.pairs}
    there = pairs[key].other.name if key else ""
    asked = own.gradients.get(key), other.gradients.get(there)
    if key and None in asked:
        return None
    turned = matching.output is not None or (key and pairs[key].turned)
    index = "" if turned or not place else f"[{', '.join(map(str, place))}]"
    lines = ["import numpy as np", "", *(f"{name} = {literal(array)}" for name, array in case.arrays.items())]
    lines += [f"upstream = {literal(upstream)}", ""] if key else [""]
    lines += _defined("yours", own, list(case.arrays), key and asked[0])
    lines += _defined("trusted", other, [p.other.name for p in matching.pairs], key and asked[1])
    arguments = ", ".join(_expression(p, case.arrays[p.own.name]) for p in matching.pairs)
    sent = "" if matching.output is None else f".transpose({tuple(int(k) for k in np.argsort(matching.output))})"
    first = ("upstream, ", f"upstream{sent}, ") if key else ("", "")
    lines += [
        f'print("yours:  ", np.asarray(yours({first[0]}{", ".join(case.arrays)})){index})',
        f'print("trusted:", np.asarray(trusted({first[1]}{arguments})){index})',
    ]
    return "\n".join(lines) + "\n"


def _defined(name: str, recipe: Recipe, arrays: list[str], gradient: str | None) -> list[str]:
    """A function of its own for each layer: both may have the same name."""
    imports = [line for line in recipe.imports if line != "import numpy as np"]
    body = [*imports, *recipe.forward]
    body += [recipe.backward, f"return {gradient}"] if gradient else ["return out"]
    first = "upstream, " if gradient else ""
    return [f"def {name}({first}{', '.join(arrays)}):", *(f"    {line}" for line in body), ""]


def _expression(pair: Pair, array: Array) -> str:
    """The own array as the trusted layer takes it."""
    name = pair.own.name
    if pair.labels == "onehot":
        return f"np.eye({name}.max() + 1)[{name}]"
    if pair.labels == "indices":
        return f"{name}.argmax({0 if pair.own.kind == 'onehot0' else -1})"
    shape = pair.there(array, None).shape
    if len(shape) != array.ndim:
        return f"{name}.reshape{shape}"
    return f"{name}.transpose{pair.axes}" if pair.turned else name
