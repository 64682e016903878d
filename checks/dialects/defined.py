"""What in a file is worth checking: classes that are layers or networks, and pairs of functions."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.dialects import (
    activation,
    both,
    closures,
    costs,
    derivatives,
    flagged,
    layer,
    network,
    objective,
    separate,
    triples,
)
from checks.dialects.arguments import is_name, kept_under, rest_name, tree_of
from checks.dialects.names import BACKWARD, CACHE, FORWARD, called_forward, partners
from checks.dialects.spelled import hands_out
from checks.dialects.usage import code_words, formals, stub

# What is called after gradients, and what only does something with them.
_GRADIENT = re.compile(r"grad|backward|back_?prop|bprop|deriv|_prime|delta|adjoint|vjp", re.I)
_TOOL = re.compile(
    r"^_|save|numeric|check|clip|zero|test|descent|step|update|norm|plot|apply|estimate|upgrade|degrade", re.I
)
_ADDING = ("add", "append", "add_layer", "push", "add_module")
_OPTIMIZER = re.compile(r".*optimi[sz]er.*|sgd|adam|adagrad|rmsprop|momentum|nesterov|trainer", re.I)


def is_layer(obj: Any) -> bool:
    """Whether a class has a forward/backward pair or is a network. Optimizers and abstract bases are not
    layers.
    """
    if not isinstance(obj, type) or inspect.isabstract(obj):
        return False
    if _OPTIMIZER.fullmatch(obj.__name__) and not layer.recognises(obj):
        return False
    if issubclass(obj, BaseException) or is_container(obj):
        return False
    found = network.calls(obj)
    if found is not None:
        return not _stubbed(obj, (found.loss,), (found.gradient or found.loss,))
    if costs.recognises(obj):
        return True
    if layer.recognises(obj):
        return not _stubbed(obj, FORWARD, BACKWARD)
    if separate.recognises(obj):
        return not _stubbed(obj, separate.FORWARDS, BACKWARD)
    if objective.recognises(obj):
        return not _stubbed(obj, (*objective.LOSS, *activation.FUNCTION), objective.GRADIENT)
    return activation.recognises(obj) and not _stubbed(obj, activation.FUNCTION, activation.DERIVATIVE)


def is_container(cls: type) -> bool:
    """Whether all that its constructor takes are the layers, one by one, that it keeps: `Sequential(*layers)`.

    Or nothing, where they are added later.
    """
    made = inspect.getattr_static(cls, "__init__", None)
    if not inspect.isfunction(made):
        return False
    named, optional = formals(made, "constructor", skip=1)
    if len(named) == 1 and not optional:
        forward = layer.method(cls, FORWARD)
        return forward is not None and _goes_through(layer.plain(cls, forward), kept_under(made, named[0].name))
    if named or optional:
        return False
    rest = rest_name(made)
    kept = rest is not None and kept_under(made, rest) is not None
    return kept or (_keeps_empty_list(made) and any(callable(getattr(cls, n, None)) for n in _ADDING))


def _goes_through(forward: Any, attribute: str | None) -> bool:
    """Whether forward hands its input from one entry of an attribute to the next: the layers of a model."""
    for node in ast.walk(tree_of(forward)):
        match node:
            case ast.For(target=ast.Name(id=one), iter=ast.Attribute(attr=over), body=body):
                called = [n.func for statement in body for n in ast.walk(statement) if isinstance(n, ast.Call)]
                owners = [func.value if isinstance(func, ast.Attribute) else func for func in called]
                if over == attribute and any(is_name(owner, one) for owner in owners):
                    return True
    return False


def _keeps_empty_list(made: Any) -> bool:
    """Whether a constructor makes an empty list of layers, for them to be added."""
    empty = filled = False
    for node in ast.walk(tree_of(made)):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=ast.List(elts=[])):
                empty = empty or bool(re.search(r"layer|modul|block|stage|stack", name))
            case ast.Call(func=ast.Attribute(attr=called)):
                filled = filled or called in (*_ADDING, "extend", "insert")
    return empty and not filled


def _stubbed(cls: type, forward: tuple[str, ...], backward: tuple[str, ...]) -> bool:
    """Whether its forward does nothing, or its backward does nothing and subclasses exist: abstract in
    spirit.
    """
    first, second = layer.method(cls, forward), layer.method(cls, backward)
    assert first is not None
    assert second is not None
    idle = [stub(inspect.getattr_static(cls, name)) for name in (first, second)]
    if any(_calls_stub(cls, name) or _left_to_others(cls, name) for name in (first, second)):
        return True
    # A backward that is still to be written is a layer's fault, unless there are subclasses to write it.
    return idle[0] or (idle[1] and bool(cls.__subclasses__()))


def _left_to_others(cls: type, name: str) -> bool:
    """Whether a method calls one that the class has not, and its subclasses have."""
    missing = [word for word in code_words(layer.plain(cls, name), 0) if not hasattr(cls, word)]
    heirs: list[type] = cls.__subclasses__()
    return any(callable(getattr(heir, word, None)) for word in missing for heir in heirs)


def _calls_stub(cls: type, name: str) -> bool:
    """Whether a method calls one that only raises NotImplementedError: a template for subclasses."""
    for word in code_words(layer.plain(cls, name), 0):
        called = inspect.getattr_static(cls, word, None)
        if inspect.isfunction(called) and stub(called) and "NotImplementedError" in called.__code__.co_names:
            return True
    return False


def function_pairs(module: Any) -> list[tuple[str, Any]]:
    """The functions that a module defines as layers: `x_forward` with `x_backward`, named by the first, and losses
    that return their gradient too.
    """
    functions = _functions(module)
    pairs: list[tuple[str, Any]] = list(triples.triples(functions))
    three = {function.__name__ for _, found in pairs for function in found}
    taken = {partner for name in functions for partner in partners(name)}  # backward is no loss of its own
    taken |= {gradient for name in functions if (gradient := _gradient_of(name, functions)) is not None}
    for name, function in functions.items():
        if name in three:
            continue
        partner = next((p for p in partners(name) if p in functions and _goes_with(functions[p], name)), None)
        gradient = _gradient_of(name, functions)
        if partner is not None and partner != name:
            pairs.append((name, (function, functions[partner])))
            others = [other for other in functions if other.startswith(f"{partner}_") and other not in taken]
            pairs += [(other, (function, functions[other])) for other in others]
        elif name not in taken and (alone := _by_itself(name, function)) is not None:
            pairs.append((name, alone))
        elif gradient is not None:
            pairs.append((name, (function, functions[gradient])))
    return pairs


def _by_itself(name: str, function: Any) -> Any:
    """What a function is without another: a loss with its gradient, or one that a flag makes its derivative."""
    flag = flagged.flag_of(function)
    if flag is None:
        whole = both.recognises(function) or closures.recognises(function)
        return function if whole and not _GRADIENTS_ALONE.search(name) else None
    pair = flagged.apart(function, flag)
    several = len(formals(function, "forward")[0]) > 1
    return pair if several or derivatives.recognises(pair) or derivatives.of_a_number(*pair) else None


def _goes_with(backward: Any, name: str) -> bool:
    """Whether it is the backward of a function that is called a forward, or else asks for more than where it is taken:
    `relu_backward(dA, cache)` does, and `relu_backward(x)` is a derivative. One that takes a cache alone is a loss's.
    """
    needed, spare = formals(backward, "forward")
    remembers = len(needed) == 1 and CACHE.fullmatch(needed[0].name) is not None
    return called_forward(name) or remembers or len(needed) + len(spare) > 1


def unused_gradients(module: Any, checked: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """What a module defines that is called like a gradient and belongs to nothing that is checked: classes and
    functions, each with the reason and what to do about it. `checked`: its layers and pairs of functions.
    """
    for name, cls in vars(module).items():
        own = isinstance(cls, type) and cls.__module__ == module.__name__ and name == cls.__name__
        if own and not any(cls is one for one in checked) and not cls.__subclasses__():
            called = [n for n, value in vars(cls).items() if _of_gradients(n) and _is_method(value)]
            if called:
                yield name, f"{called[0]}, but no forward or loss of the same arguments; give it forward and backward"
    functions = _functions(module)
    pairs = [pair if isinstance(pair, tuple) else (pair,) for pair in checked if not isinstance(pair, type)]
    used = {function.__name__ for pair in pairs for function in pair}
    used |= _called(module)  # and what those call is checked with them
    for name in functions:
        if name not in used and _of_gradients(name):
            yield name, f"no function that it is the gradient of; in Python: check((f, {name}))"
        elif name not in used and (said := hands_out(functions[name])) is not None:
            yield name, f"{said}, in no way that is understood; give it arguments for all of them, or a class"


def _is_method(value: Any) -> bool:
    return inspect.isfunction(getattr(value, "__func__", value))


def _called(module: Any) -> set[str]:
    """The names that the code of the module's functions and methods uses."""
    methods = [vars(cls).values() for cls in vars(module).values() if isinstance(cls, type)]
    functions = [*_functions(module).values(), *(m for found in methods for m in found if inspect.isfunction(m))]
    return {word for function in functions for word in code_words(function, 0)}


def _of_gradients(name: str) -> bool:
    return bool(_GRADIENT.search(name)) and not _TOOL.search(name)


def _functions(module: Any) -> dict[str, Any]:
    """The functions that a module defines."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    }


def _gradient_of(name: str, functions: Mapping[str, Any]) -> str | None:
    """The gradient of a loss, called after it and of the same two arguments or more, or the derivative of a function of
    one array.
    """
    forms: tuple[str, ...] = (
        "{}_prime",
        "{}_grad",
        "{}_gradient",
        "{}_derivative",
        "{}_deriv",
        "grad_{}",
        "gradient_{}",
        "d_{}",
        "d{}",
        "{}_grads",
        "{}_gradients",
    )
    forms += ("{}_der", "{}_derivate", "{}_d", "deriv_{}", "derivative_{}", "{}Prime", "{}Grad", "{}Derivative")
    called = [*(form.format(name) for form in forms), *partners(name)]
    called += ["gradient", "gradients", "grad", "backprop"] if name in network.LOSS else []
    called += [other for other in functions if _is_called_after(other, name)]
    wanted = [formal.name for formal in formals(functions[name], "forward")[0]]
    called = [one for one in called if one != name and one in functions]
    same = (one for one in called if [f.name for f in formals(functions[one], "forward")[0]] == wanted)
    if len(wanted) == 1:
        both = (one for one in called if derivatives.recognises((functions[name], functions[one])))
        return next(both, None) or next(
            (g for g in same if derivatives.of_a_number(functions[name], functions[g])), None
        )
    return next(same, None) if wanted else None


def _is_called_after(gradient: str, loss: str) -> bool:
    """Whether the two are of one name, but for the words that say loss and gradient: `lrCostFunction`, `lrGradient`;
    `gradient` alone is that of any loss.
    """
    words = [name.lower().replace("_", "") for name in (loss, gradient)]
    if not _SAYS_LOSS.search(words[0]) or not _SAYS_GRADIENT.search(words[1]) or _SAYS_GRADIENT.search(words[0]):
        return False
    stems = [
        _SAYS_GRADIENT.sub("", _SAYS_LOSS.sub("", re.sub("function|func|fn|comp(ute)?|calc(ulate)?|get", "", word)))
        for word in words
    ]
    return stems[1] in ("", stems[0])


_GRADIENTS_ALONE = re.compile(r"(?<!and)(?<!with)(?<!loss)(?<!cost)(?<!value)_(grads?|gradients?|derivatives?)$")
_SAYS_LOSS = re.compile("cost|loss|objective|nll|energy|potential|likelihood|error")
_SAYS_GRADIENT = re.compile("gradient(s|descent)?|grads?|derivative|prime|jac(obian)?")
