"""What a return statement spells: a loss with its gradients, `return loss, {"W": dW}` or `return loss, grads`.

Read from the source: what a function gives has to be known before there are arrays to call it with.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from checks.dialects.arguments import tree_of
from checks.dialects.roles import is_label

# One that says of itself that it gives both: `loss_and_grads`, `compute_cost_and_gradient`, `value_and_grad`.
BOTH = re.compile(
    r"_*(\w+_)?(loss|cost|value|val|objective|obj|energy|nll|likelihood|error|err|j|f|fun)"
    r"(_?(function|fn|func))?_?(and|with)?_?(the_)?(d?grads?|gradients?|deltas?)",
    re.I,
)
# The names of a number that is to be differentiated.
_VALUE = re.compile(
    r".*(loss|cost|err|value|obj|nll|energy|likelihood|elbo|out|hinge|divergence|entropy|distortion|penalty).*"
    r"|[lje]|mse|mae|kl|ll|total|log_?lik\w*",
    re.I,
)
_GRADIENT = re.compile(
    r"_*((?!data|dim|dist|done|dot|dict|dec|dep|def|det)d_?[a-zA-Z]\w*|g[0-9wbxuv]?|.*grad.*|delta.*|nabla.*)",
    re.I,
)
# A pair that speaks where neither of the two would alone: `return loss, d`, `return f, g`.
_PAIRS = re.compile(r"(f|fx|fval|val|v) (g|gx|gr)", re.I)
_OF_LABELS = re.compile(r"(loss|cost|nll) d", re.I)  # of scores and labels; of a point, it is a distance
# What an energy falls by: the gradient with the other sign.
_FORCES = re.compile(r"(_*\w*energy|[euv]|e_?pot|pot(ential)?) \w*forces?|(_*\w*energy|e|e_?pot) f", re.I)
_UNROLLING = ("ravel", "flatten", "reshape", "concatenate", "hstack", "append")
_NO_ARRAYS = ("np", "numpy", "float", "len", "self")


@dataclass(frozen=True, eq=False, slots=True)
class Spelled:
    """A loss and its gradients. `loss`: the loss's index in what is returned.

    `keys`: of the gradients, those of a dict, or the first name in each element; `container`: what the gradients are,
    "beside" where each is an element of its own beside the loss, "unknown" where a name says nothing of it.
    `forces`: it is the gradient with the other sign.
    """

    loss: int
    container: Literal["unknown", "dict", "tuple", "beside"]
    keys: tuple[str, ...] = ()
    forces: bool = False

    def parts(self, returned: Any) -> tuple[Any, Any]:
        """The loss and the gradients."""
        if not isinstance(returned, tuple | list) or len(returned) < 2:
            raise TypeError(f"expected a loss and its gradients, got a {type(returned).__name__}")
        rest = tuple(part for k, part in enumerate(returned) if k != self.loss)
        if self.forces:
            return returned[self.loss], -np.asarray(rest[0])
        return returned[self.loss], rest if self.container == "beside" else rest[0]

    def gradients(self, returned: str) -> str:
        """The gradients in what is returned, in code."""
        own = returned + ("[0]" if self.loss else "[1:]" if self.container == "beside" else "[1]")
        return f"-np.asarray({own})" if self.forces else own


def loss_with_gradients(function: Callable[..., Any], *, inputs: Sequence[str]) -> Spelled | None:
    """What the last return spells, where it is a loss with gradients; None where it is something else.

    `inputs`: the arguments, of which a tuple of gradients without names has at most one each.
    """
    tree = tree_of(function)
    elements = last_elements(tree)
    if len(elements) < 2:
        return None
    name = getattr(function, "__name__", "")
    names = [name_of(element) for element in elements]
    if re.search(r"forward|fwd", name):
        return None  # what comes beside its loss is a cache
    if all(_GRADIENT.fullmatch(n) and not _VALUE.fullmatch(n) for n in names):
        return None  # the gradients of a loss, in a function that is called after it
    says_both = bool(BOTH.fullmatch(name))
    if len(elements) == 2 and not isinstance(elements[1], ast.Tuple | ast.List | ast.Dict):
        pair = " ".join(names) if not set(names) & set(inputs) else ""
        if _FORCES.fullmatch(pair):
            return Spelled(0, "unknown", (names[1],), forces=True)
        of_labels = bool(_OF_LABELS.fullmatch(pair)) and any(map(is_label, inputs))
        if of_labels or _PAIRS.fullmatch(pair):
            return Spelled(0, "unknown", (names[1],))
    if len(elements) == 2:
        for loss, other in ((0, 1), (1, 0)):
            container, keys = _container(tree, elements[other])
            told = says_both or bool(_GRADIENT.fullmatch(names[other])) or container == "dict"
            told = told or _promises(function, inputs)
            told = told or (container == "tuple" and len(keys) <= len(inputs) and not set(keys) & set(inputs))
            value = bool(_VALUE.fullmatch(names[loss])) or (loss == 0 and (says_both or bool(_VALUE.fullmatch(name))))
            if told and value and (loss == 0 or not _VALUE.fullmatch(names[other])):
                return Spelled(loss, container, keys if container != "unknown" else (names[other],))
        if _VALUE.fullmatch(name) and _is_product(elements[1]):
            return Spelled(0, "unknown", (names[1],))
        return None
    value = bool(_VALUE.fullmatch(names[0])) or bool(_VALUE.fullmatch(name))
    if value and all(_GRADIENT.fullmatch(n) for n in names[1:]):
        return Spelled(0, "beside", tuple(names[1:]))
    if value and all(_is_product(element) for element in elements[1:]) and len(elements) <= 1 + len(inputs):
        return Spelled(0, "beside", tuple(names[1:]))
    return None


def hands_out(function: Callable[..., Any]) -> str | None:
    """What a function returns that is like gradients, in words: `loss, dW, db`, or a function that returns such."""
    tree = tree_of(function)
    names = [name_of(element) for element in last_elements(tree)]
    within = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    inner = next((within[name] for name in names if name in within and name != function.__name__), None)
    if inner is not None:
        said = _gradients_among([name_of(element) for element in last_elements(inner)])
        return f"it returns {inner.name}, which returns {', '.join(said)}" if said else None
    said = _gradients_among(names)
    return f"it returns {', '.join(said)}" if len(said) > 1 and bool(_VALUE.fullmatch(names[0])) else None


def _gradients_among(names: Sequence[str]) -> list[str]:
    return [name for name in names if re.fullmatch(r"d_?[A-Z]\w*|d_?(x|b|w)\w*|\w*grad\w*", name)]


def _promises(function: Callable[..., Any], inputs: Sequence[str]) -> bool:
    """Whether the docstring says that it returns a gradient: by that word, or called after an argument, `dscores`."""
    returned = re.search(r"return.*", inspect.getdoc(function) or "", re.I | re.S)
    spoken = "|".join([r"grad\w*", r"derivativ\w*", *(rf"d_?{re.escape(name)}" for name in inputs)])
    return returned is not None and bool(re.search(rf"\b({spoken})\b", returned[0], re.I))


def _is_product(element: ast.expr) -> bool:
    """Whether it is made by a matrix product, as a gradient is and an accuracy is not; unrolled, perhaps."""
    unrolled = (
        isinstance(element, ast.Call) and isinstance(element.func, ast.Attribute) and element.func.attr in _UNROLLING
    )
    return (isinstance(element, ast.BinOp) or unrolled) and any(
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult) for node in ast.walk(element)
    )


def gradients(function: Callable[..., Any]) -> Spelled:
    """What a function that returns gradients alone spells."""
    tree = tree_of(function)
    returned = _returned(tree)
    container, keys = _container(tree, returned[-1]) if returned else ("unknown", ())
    if container == "unknown" and returned:
        keys = (name_of(returned[-1]),)
    return Spelled(-1, container, keys)


def several(function: Callable[..., Any]) -> bool:
    """Whether it returns a dict, a tuple or a list, or something that is called gradients."""
    spelled = gradients(function)
    return spelled.container != "unknown" or spelled.keys[:1] in (("grads",), ("gradients",))


def last_elements(tree: ast.AST) -> list[ast.expr]:
    """The elements of the last tuple that is returned; one that comes back early may be something else."""
    return next((value.elts for value in reversed(_returned(tree)) if isinstance(value, ast.Tuple)), [])


def _returned(tree: ast.AST) -> list[ast.expr]:
    """What the return statements give, in the order of the lines."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return [node.value for node in sorted(nodes, key=lambda node: node.lineno) if node.value is not None]


def _container(tree: ast.AST, element: ast.expr) -> tuple[Literal["unknown", "dict", "tuple"], tuple[str, ...]]:
    """What an expression, or the name that it is, was made as; with its keys, or the names of its elements."""
    made: list[ast.expr] = [element]
    added: list[str] = []
    if isinstance(element, ast.Name) and tree is not None:
        made += [value for name, value in _assigned(tree) if name == element.id]
        added = list(_added(tree, element.id))
    for value in reversed(made):
        if isinstance(value, ast.Dict):
            keys = [key.value for key in value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
            return "dict", (*keys, *added)
        if isinstance(value, ast.Tuple | ast.List) and value.elts:
            return "tuple", tuple(_key(e) for e in value.elts)
        if isinstance(value, ast.Call) and getattr(value.func, "id", "") in ("dict", "OrderedDict"):
            return "dict", (*(k.arg for k in value.keywords if k.arg), *added)
    return "unknown", ()


def _assigned(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The plain assignments to names, in the order of the lines."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    for node in sorted(nodes, key=lambda node: node.lineno):
        yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))


def _added(tree: ast.AST, name: str) -> Iterator[str]:
    """The keys that are given a value later: `grads["W"] = ...`."""
    stored = [node for node in ast.walk(tree) if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)]
    keys = [node.slice for node in stored if getattr(node.value, "id", "") == name]
    yield from (key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def _key(element: ast.expr) -> str:
    """The name that an element is, `None` included; of an expression, its first name with a mark."""
    if isinstance(element, ast.Name):
        return element.id
    return "None" if isinstance(element, ast.Constant) and element.value is None else f"{name_of(element)}()"


def name_of(element: ast.expr) -> str:
    """The first name in an expression: that of the loss in `loss / n`, of the gradient in `dx.reshape(n, d)`."""
    names = [node for node in ast.walk(element) if isinstance(node, ast.Name) and node.id not in _NO_ARRAYS]
    return min(names, key=lambda node: (node.lineno, node.col_offset)).id if names else ""
