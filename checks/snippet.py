"""A case as a script: pasted into a prompt it prints what backward said and what the difference quotient says."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from checks.case import Case
from checks.function import Array, line_scale
from checks.results import Comparison
from checks.signature import Dim
from checks.subject import OF_A_SIZE, Recipe

MOST_NUMBERS = 600
_SIZE = re.compile(OF_A_SIZE.format("(.+?)"))


def snippet(case: Case, comparison: Comparison | None, mutated: Sequence[str] = ()) -> str | None:
    """Runnable source for the case, about the worst entry of `comparison`; None where it would be too long.

    `mutated`: the arrays that forward writes into, which is given copies of them.
    """
    recipe = case.subject.recipe
    if recipe is None or sum(array.size for array in case.arrays.values()) > MOST_NUMBERS:
        return None
    names = ", ".join(case.arrays)
    lines = ["import numpy as np", *(line for line in recipe.imports if line != "import numpy as np"), ""]
    lines += [f"{name} = {literal(array)}" for name, array in case.arrays.items()]
    if case.subject.takes_upstream and case.upstream is not None:
        lines.append(f"upstream = {literal(case.upstream)}")
    else:
        lines.append("upstream = 1.0")
    seeded = [f"np.random.seed({case.seed % 2**32})"] if recipe.draws else []
    again = [] if case.subject.takes_upstream else seeded  # the gradient's call may draw what the loss's has drawn
    body = [*seeded, *(f"{name} = {name}.copy()  # forward writes into it" for name in mutated)]
    body += [*recipe.forward[:-1], *again, recipe.forward[-1], "return layer, out"]
    lines += ["", f"def forward({names}):", *(f"    {line}" for line in body), ""]
    lines += [f"layer, out = forward({names})", *again, recipe.backward]
    if comparison is not None:
        lines += _compared(case, comparison, recipe, names)
    return _with_sizes("\n".join(lines) + "\n", case)


def _with_sizes(text: str, case: Case) -> str:
    """The code with the case's numbers for the sizes that stand in it."""
    if not _SIZE.search(text):
        return text
    sizes = case.signature.fit({name: array.shape for name, array in case.arrays.items()})
    return _SIZE.sub(lambda match: str(Dim(match[1]).value(sizes)), text)


def _compared(case: Case, comparison: Comparison, recipe: Recipe, names: str) -> list[str]:
    name, worst = comparison.name, comparison.worst
    gradient = recipe.gradients.get(name, '"none"' if comparison.verdict == "missing" else None)
    if gradient is None:
        return []
    if worst is None:
        return [f'print("gradient of {name}:", {gradient})']
    index = f"[{', '.join(str(k) for k in worst.index)}]" if worst.index else "[()]"
    array = case.arrays[name]
    flat = int(np.ravel_multi_index(worst.index, array.shape)) if worst.index else 0
    exponent = -6 if array.dtype.itemsize >= 8 else -3
    step = 10.0 ** round(np.log10(line_scale(array)[flat]) + exponent)
    moved = ", ".join("{}" if key == name else key for key in case.arrays)
    told = gradient if comparison.verdict == "missing" else f"np.asarray({gradient}){index}"
    return [
        f'print("backward: ", {told})',
        "",
        f"step = {step:g}",
        f"plus, minus = np.array({name}), np.array({name})",
        f"plus{index} += step",
        f"minus{index} -= step",
        f"difference = np.asarray(forward({moved.format('plus')})[1]) - forward({moved.format('minus')})[1]",
        'print("numerical:", np.sum(upstream * difference) / (2 * step))',
    ]


def literal(array: Array) -> str:
    """An expression that makes the array again, to the bit, in a like memory layout."""
    if array.size == 0:
        return f"np.zeros({array.shape}, dtype=np.{array.dtype})"
    if array.dtype == np.float32:
        values = np.array([float(str(v)) for v in array.reshape(-1)]).reshape(array.shape).tolist()
    else:
        values = array.tolist()
    plain = array.dtype in (np.dtype(float), np.dtype(int), np.dtype(bool))
    text = f"np.array({values!r})" if plain else f"np.array({values!r}, dtype=np.{array.dtype})"
    text = text.replace("nan", "np.nan").replace("inf", "np.inf")
    if array.ndim == 0 or array.flags.c_contiguous:
        return text
    if array.flags.f_contiguous:
        return f"np.asfortranarray({text})"
    return f"np.repeat({text}, 2, axis=-1)[..., ::2]  # not contiguous"
