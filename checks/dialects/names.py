"""Names by which gradients, methods and arguments go."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence

FORWARD = (
    "forward", "forward_pass", "forwardpass", "feed_forward", "feedforward", "forward_propagation",
    "forward_propagate", "forward_prop", "forwardprop", "fprop", "propagate_forward", "fwd", "propagate", "__call__",
    "adelante", "avant", "vorwaerts", "vorw\u00e4rts", "avanti", "propager", "propagar",
)  # fmt: skip
BACKWARD = (
    "backward", "backward_pass", "backwardpass", "backprop", "back_prop", "backpropagation", "bwd",
    "back_propagation", "backpropagate", "backward_propagation", "backward_propagate", "backward_prop",
    "bprop", "propagate_backward", "back", "backforward", "back_propagate",
    "atras", "atr\u00e1s", "arriere", "arri\u00e8re", "rueckwaerts", "r\u00fcckw\u00e4rts", "indietro",
    "retropropager", "retropropagar",
)  # fmt: skip
RATE = re.compile(r"lr|eta|rate|learning_?rate|learn_?rate|step_?size|alpha|l_?rate")
OUTPUT = ("out", "output", "y", "a", "outputs", "activation", "A", "Y", "z", "Z", "h", "loss", "result")
CACHE = re.compile(r"caches?|ctx|context|saved|memory", re.I)
UPSTREAM = re.compile(r"d?_?(out|output|y|z|a|h|c|s|loss|upstream|top|grad)s?(_.*)?|.*(grad|delta|error|err).*", re.I)

_FORMS = (
    "d{}", "d_{}", "grad_{}", "{}_grad", "{}_gradient", "gradient_{}", "grad{}", "{}grad", "g{}", "g_{}",
    "dL_d{}", "dLd{}", "dl_d{}", "dLoss_d{}", "dE_d{}", "dC_d{}", "delta_{}", "delta{}", "{}_delta",
    "nabla_{}", "grads_{}", "{}_grads", "{}_update", "{}_updates", "{}s_update", "d{}s", "_d{}", "_grad_{}",
    "_{}_grad", "{}Grad", "{}Gradient",
    "der_{}", "deriv_{}",
)  # fmt: skip
_SHORT = {"weight": ("w", "W"), "weights": ("w", "W"), "bias": ("b", "B"), "biases": ("b", "B")}
_LONG = {"w": ("weight", "weights"), "b": ("bias", "biases")}
GENERIC = ("dx", "dX", "dinputs", "dinput", "grad_input", "input_grad", "grad_x", "dA_prev", "dout", "din")


def gradient_names(name: str) -> tuple[str, ...]:
    """The names that say "gradient of `name`", the case of its letters kept; the likeliest first."""
    name = name.strip("_")
    stems = [name]
    match = re.fullmatch(r"(weights?|bias(?:es)?)(_?\w{0,2})", name)
    if match:
        stems += [short + match[2] for short in _SHORT[match[1]]]
        stems += [match[1].rstrip("s") + match[2], match[1] + "s" + match[2]]
    elif name.lower() in _LONG:
        stems += _LONG[name.lower()]
    if len(name) <= 2 and name.islower():
        stems.append(name.upper())  # `self.w` with `self.dW` is a common spelling; `self.W` with `self.dw` is not
    if name.endswith("s") and len(name) > 3 and not match:
        stems.append(name[:-1])
    # `nabla_w` for `W` is a spelling; `dw` for `W` is a slip.
    spelled = [f.format(name.lower()) for f in _FORMS if "_{}" in f or "{}_" in f] if len(name) <= 2 else []
    stems += [stem[0].upper() + stem[1:] for stem in stems[:1] if len(stem) > 2 and stem[0].islower()]
    return tuple(dict.fromkeys([*(form.format(stem) for form in _FORMS for stem in stems), *spelled]))


def input_gradient_names(name: str) -> tuple[str, ...]:
    """The names for the gradient of an input, the generic ones last."""
    return tuple(dict.fromkeys((*gradient_names(name), *GENERIC)))


def near_misses(name: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """Which of these look like the gradient of `name` without being so: another case, a slip of the pen."""
    exact = gradient_names(name)
    folded = {form.lower().replace("_", "") for form in exact[:12]}

    def likeness() -> Iterator[tuple[float, str]]:
        for candidate in candidates:
            word = candidate.lower().replace("_", "")
            if candidate in exact:
                continue
            if candidate.lower() == name.lower():
                yield 3.0, candidate
            elif suffixed(name, candidate):
                yield 2.5, candidate
            elif word in folded:
                yield 2.0, candidate
            elif len(name) > 1:
                ratio = max(difflib.SequenceMatcher(None, word, form.lower()).ratio() for form in exact[:4])
                if ratio > 0.8:
                    yield ratio, candidate
            elif len(word) <= 4 and word[:1] in "dg" and name.lower() in word[1:]:
                yield 0.7, candidate

    return tuple(candidate for _, candidate in sorted(likeness(), key=lambda pair: -pair[0]))


_SUFFIX = re.compile(r"_(new|old|tmp|temp|\d)?$")
_PAIRS = (("forward", "backward"), ("forward_pass", "backward_pass"), ("fwd", "bwd"), ("forward", "back"))
_AS_WORD = r"(^|_){}($|_)"
_FUNCTION_FORMS = ("{}_backward", "{}_back", "{}_bwd", "{}_backprop", "{}_bprop", "backward_{}")


def partners(name: str) -> list[str]:
    """The names that a forward function's backward may have: of `x_forward` `x_backward`, of `relu` `relu_backward`."""
    if not called_forward(name):
        return [form.format(name) for form in _FUNCTION_FORMS]
    return [
        re.sub(_AS_WORD.format(f), rf"\g<1>{b}\g<2>", name) for f, b in _PAIRS if re.search(_AS_WORD.format(f), name)
    ]


def called_forward(name: str) -> bool:
    """Whether a function is called a forward."""
    return any(re.search(_AS_WORD.format(forward), name) for forward, _ in _PAIRS)


def suffixed(name: str, candidate: str) -> bool:
    """Whether it is a name for the gradient of `name` with something of no meaning behind it: `dW_new`."""
    match = _SUFFIX.search(candidate)
    return match is not None and candidate[: match.start()] in gradient_names(name)


def respelled(name: str, near: str) -> str:
    """What an attribute that is nearly the gradient of `name` is to be called: without what is behind it."""
    return near[: match.start()] if suffixed(name, near) and (match := _SUFFIX.search(near)) else f"d{name}"


# Methods that set gradients or a state back.
RESET = re.compile(r"(?i)zero_?(grad|state)|reset|clear|flush")


def called_alike(keys: Sequence[str], arrays: Sequence[str]) -> tuple[str, ...] | None:
    """The arrays that several gradients are called after, nearly: `dMean` after `t_mean`, `d_xhat` after `x_hat`; None
    where one is of none.
    """
    stems = [re.sub(r"^(d|grad)_?|_?grad$", "", key).replace("_", "").lower() for key in keys]
    found = [[name for name in arrays if stem and stem in name.replace("_", "").lower()] for stem in stems]
    one_each = len(keys) > 1 and all(len(names) == 1 for names in found)
    known = tuple(names[0] for names in found) if one_each else ()
    return known if known and len(set(known)) == len(known) else None
