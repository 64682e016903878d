"""A network as the textbooks write it: `loss(x, t)`, and `gradient(x, t)` that returns the gradients of the parameters.

Or one call that returns both, `loss_and_grads(x, t)`. One that is not supervised takes `x` alone.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from checks.dialects import objective, separate
from checks.dialects.arguments import constants_told, tree_of
from checks.dialects.both import in_roles
from checks.dialects.layer import arguments, constructor, make, method, plain, private, required, returned_names
from checks.dialects.layer import recognises as is_layer
from checks.dialects.names import BACKWARD, FORWARD, UPSTREAM
from checks.dialects.roles import as_learned, called_after, is_data, is_label, learns, of_a_loss, of_a_network
from checks.dialects.spelled import BOTH, Spelled, gradients, loss_with_gradients
from checks.dialects.usage import Bound, Usage, Values, code_words
from checks.infer_layout import REQUIRED, Formal

LOSS = tuple(
    dict.fromkeys(
        (
            *("loss", "compute_loss", "cost", "forward_loss", *separate.LOSS),
            *("objective", "reconstruction_error", "reconstruction_loss", "energy", "nll", "neg_log_likelihood"),
            *("negative_log_likelihood", "log_likelihood", "loglik", "loglike", "elbo", "distortion", "free_energy"),
            *("fun", "nlml", "neg_log_posterior", "potential"),
        )
    )
)
GRADIENT = (
    *("gradient", "gradients", "compute_gradient", "compute_gradients", "grad", "grads", "compute_grads"),
    *("get_gradients", "get_grads", "calc_gradients", "calculate_gradients", "loss_gradient", "loss_grad", "grad_loss"),
    *("cost_gradient", "cost_derivative", "dloss", "jac", "jacobian", *BACKWARD),
)


_AFTER_THE_LOSS = ("{}_grad", "{}_gradient", "{}_prime", "{}_derivative", "{}Prime", "{}Grad", "{}Gradient", "grad_{}")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Calls:
    """The methods: `loss`, and `gradient`, or `both` for what the loss alone returns. `asked`: which of the loss's
    arguments the gradient takes.
    """

    loss: str
    inputs: tuple[Formal, ...]
    gradient: str | None = None
    asked: tuple[int, ...] = ()
    both: Spelled | None = None


def recognises(obj: Any) -> bool:
    """Whether it has a loss and a gradient that takes the loss's arguments, or a method that returns both."""
    return calls(obj) is not None


def calls(obj: Any) -> Calls | None:
    """The methods by which it gives its loss and the gradients."""
    if objective.recognises(obj):
        return None
    cls = obj if isinstance(obj, type) else type(obj)
    found = _of_two(cls) or next(_of_one(cls), None)
    if found is not None and separate.recognises(obj) and not is_data(found.inputs[0].name):
        return None  # its forward is called first, and the loss takes what that gave
    return found


def _of_two(cls: type) -> Calls | None:
    """A loss with a gradient; those for the class's own use, `_loss` and `_gradient`, where it has no others."""
    loss = method(cls, LOSS)
    if loss is None and not is_layer(cls):
        loss = method(cls, tuple(f"_{name}" for name in LOSS))
    if loss is None:
        return None
    inputs, known = _inputs(cls, loss), [formal.name for formal in required(cls, loss)]
    words = [f"_{name}" for name in GRADIENT] if loss.startswith("_") else GRADIENT
    names = [*words, *(form.format(loss) for form in _AFTER_THE_LOSS)]
    names += ["score", "score_function"] if "lik" in loss else []  # as statisticians call the gradient of that
    for gradient in dict.fromkeys(found for name in names if (found := method(cls, (name,)))):
        asked = [formal.name for formal in required(cls, gradient)]
        if not known or len(asked) > len(known):
            continue
        if asked and all(name in known for name in asked):
            if len(asked) == len(known) or gradient not in BACKWARD:
                return Calls(loss=loss, inputs=inputs, gradient=gradient, asked=tuple(map(known.index, asked)))
        elif len(asked) == len(known) and (len(known) > 1 or not UPSTREAM.fullmatch(asked[0])):
            return Calls(loss=loss, inputs=inputs, gradient=gradient, asked=tuple(range(len(known))))
        elif not asked and _beyond_forward(cls, known):
            return Calls(loss=loss, inputs=inputs, gradient=gradient)
    return None


def _beyond_forward(cls: type, known: list[str]) -> bool:
    """Whether the loss takes what forward takes and more, or there is no forward."""
    forward = method(cls, FORWARD)
    taken = [] if forward is None else [formal.name for formal in required(cls, forward)]
    return forward is None or (len(taken) < len(known) and set(taken) <= set(known))


def _of_one(cls: type) -> Iterator[Calls]:
    """Methods that return a loss with its gradients: one that is called so, else the loss."""
    if is_layer(cls):
        return
    own = [name for base in cls.__mro__ if base is not object for name in vars(base)]
    named = [name for name in dict.fromkeys(own) if BOTH.fullmatch(name)]
    for name in (*named, *(name for name in LOSS if name in own)):
        if method(cls, (name,)) is None:
            continue
        if any(method(cls, (stem,)) for stem in _loss_before(name)):
            continue  # `d_loss_grad` beside `d_loss` gives the gradients of that
        inputs = _inputs(cls, name)
        both = loss_with_gradients(plain(cls, name), inputs=()) if inputs else None
        if both is not None:
            yield Calls(loss=name, inputs=inputs, both=both)


def _loss_before(name: str) -> Iterator[str]:
    """What a method called `name` would be the gradient of: `d_loss` of `d_loss_grad`."""
    match = re.fullmatch(r"(\w+?)_?(d?grads?|gradients?|prime|derivative)", name)
    if match and not match[1].endswith("and"):
        yield match[1]


def _inputs(cls: type, name: str) -> tuple[Formal, ...]:
    """The loss's arguments: the required ones, or the first two where the labels are optional."""
    needed, spare = arguments(cls, name)
    if len(needed) == 1 and spare and spare[0].default is None:
        needed.append(replace(spare[0], default=REQUIRED))
    return of_a_network(needed)


def _spare(cls: type, found: Calls) -> Iterator[Formal]:
    """What the loss may be told, and the gradient too, where it takes anything."""
    taken = {formal.name for formal in found.inputs}
    known = {f.name for f in arguments(cls, found.gradient)[1]} if found.gradient and found.asked else None
    for formal in arguments(cls, found.loss)[1]:
        if formal.name not in taken and (known is None or formal.name in known):
            yield formal


def usage(obj: Any, name: str) -> Usage:
    """How it is built and called."""
    return _usage(obj, name, {})


def _usage(obj: Any, name: str, more: Mapping[str, Any]) -> Usage:
    """The usage in which the calls are told something else than their defaults."""
    found = calls(obj)
    assert found is not None
    cls = obj if isinstance(obj, type) else type(obj)
    built, optional = constructor(obj)

    constants = constants_told(plain(cls, found.gradient), found.loss) if found.gradient else {}
    told = {**constants, **more}
    spare = tuple(f for f in _spare(cls, found) if f.name not in constants)

    def bind(instance: Any) -> Bound:
        return _Bound(instance, found, told, more)

    def bind_to_number(instance: Any) -> Bound:
        return _Bound(instance, found, told, more, number=True)

    first, answer = _in_code(found, told, more)
    network = Usage(
        name=name,
        kind="network",
        make=functools.partial(make, private(obj)),
        bind=bind,
        constructor=built,
        optional=optional,
        forward=found.inputs,
        takes_upstream=False,
        gives_input=False,
        returns_all=True,
        instance=None if isinstance(obj, type) else obj,
        settings=spare,
        telling=lambda options: _usage(obj, name, {**more, **options}),
        words=code_words(plain(cls, found.loss)),
        defined=cls,
        returned_names=found.both.keys if found.both else returned_names(plain(cls, found.gradient or found.loss)),
        call=("layer = {create}", f"out = {first}"),
        answer=answer,
    )
    return _with_roles(network, found, bind_to_number)


def _in_code(found: Calls, told: Mapping[str, Any], more: Mapping[str, Any]) -> tuple[str, str]:
    """The calls for the loss and for the gradients, as they are spelled."""
    keywords, also = ("".join(f", {key}={value!r}" for key, value in some.items()) for some in (told, more))
    call = f"layer.{found.loss}({{inputs}}{keywords})"
    if found.both is not None:
        return f"{call}[{found.both.loss}]", found.both.gradients(call)
    if len(found.asked) == len(found.inputs):
        return call, f"layer.{found.gradient}({{inputs}}{also})"
    asked = ", ".join(found.inputs[k].name for k in found.asked)
    return call, f"layer.{found.gradient}({asked}{also if found.asked else ''})"


def _with_roles(network: Usage, found: Calls, bind_to_number: Callable[[Any], Bound]) -> Usage:
    """The usage in which the arguments are what their names, and those of the gradients, say."""
    cls = network.defined
    spelled = found.both
    if found.gradient is not None and len(found.asked) == len(found.inputs):
        spelled = gradients(plain(cls, found.gradient))
    names = [formal.name for formal in found.inputs]
    if found.gradient is not None and not found.asked:  # it remembers them
        remembered = gradients(plain(cls, found.gradient))
        spelled = remembered if len(remembered.keys) > 1 and called_after(remembered, names) else None
    each = spelled is not None and len(spelled.keys) > 1 and len(spelled.keys) == sum(not is_label(n) for n in names)
    called = found.gradient is not None and not found.asked
    by_itself = any(map(is_label, names)) or not _reads_itself(plain(cls, found.loss))
    each = each and not network.constructor and by_itself
    if spelled is not None and (called or each or learns(names, len(spelled.keys))):
        stateless = replace(network, forward=tuple(required(cls, found.loss)), gives_input=True, returns_all=False)
        return in_roles(stateless, of_a_loss(stateless.forward, spelled))
    silent = len(names) > 2 and not any(is_data(name) or is_label(name) for name in names)
    alone = found.gradient is not None and len(found.inputs) == len(found.asked) == 1 and not is_data(names[0])
    variants = _of_its_argument(replace(network, bind=bind_to_number), spelled) if alone else ()
    return replace(network, doubtful=silent, variants=variants)


def _reads_itself(method_: Callable[..., Any]) -> bool:
    """Whether the method reads anything of the object's own: of one that does not, all is in the arguments."""
    return any(
        isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and getattr(node.value, "id", "") == "self"
        for node in ast.walk(tree_of(method_))
    )


def _of_its_argument(network: Usage, spelled: Spelled | None) -> tuple[Usage, ...]:
    """An objective `f(w)` with `gradient(w)`, of data that its constructor was handed: nothing is learned but `w`."""
    if spelled is None or spelled.container != "unknown":
        return ()
    (learned,) = network.forward
    use = replace(network, gives_input=True, returns_all=False, owners=(learned.name,), alone=True)
    use = replace(use, forward=(as_learned(learned),), only_after="an error")
    told = tuple(
        replace(f, data=True, family="label" if is_label(f.name) and not is_data(f.name) else f.family)
        if is_data(f.name) or is_label(f.name)
        else f
        for f in network.constructor
    )
    if not any(f.data for f in told):
        return (use,)
    return (replace(use, constructor=told), use)


class _Bound:
    """A network's two calls: the gradient is asked for with the loss's own inputs."""

    def __init__(
        self, instance: Any, found: Calls, told: Mapping[str, Any], also: Mapping[str, Any], *, number: bool = False
    ) -> None:
        """`told`: options of the loss, as the gradient calls it: in training mode, which need not be its default;
        `also`: those of the gradient. `number`: what is no number is no loss.
        """
        self._told, self._also, self._number = told, also, number
        self._loss = getattr(instance, found.loss)
        self._gradient = getattr(instance, found.gradient) if found.gradient else None
        self._both, self._asked = found.both, found.asked
        self._inputs = [formal.name for formal in found.inputs]
        self._given: list[Any] = []
        self._state: Any = None
        self._result: Any = None

    def forward(self, values: Values) -> Any:
        self._given = [values[name] for name in self._inputs]
        if self._state is None:  # the same before each forward of an object, and dear
            self._state = np.random.get_state(legacy=False)  # noqa: NPY002  the user's code draws from it
        result = self._result = self._loss(*self._given, **self._told)
        if self._number and np.ndim(result):
            raise TypeError(f"a loss is a number, but this is an array of shape {np.shape(result)}")
        if self._both is None:
            return result
        loss = self._both.parts(result)[0]
        shape = np.shape(loss)
        if len(shape) > 1 or (shape and any(shape == np.shape(given) for given in self._given)):  # a gradient, perhaps
            raise TypeError(f"a loss is a number, or one for each sample, but this is an array of shape {shape}")
        return loss

    def backward(self, upstream: Any) -> Any:
        if self._gradient is not None:
            if self._asked:  # it runs the loss again, and has to draw what that drew
                np.random.set_state(self._state)  # noqa: NPY002
            also = self._also if self._asked else {}
            return self._gradient(*[self._given[k] for k in self._asked], **also)
        assert self._both is not None
        return self._both.parts(self._result)[1]  # of that very call: another one might draw something else
