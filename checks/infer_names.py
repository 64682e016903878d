"""What an argument's name suggests. A suggestion orders the attempts; what the layer does decides."""

from __future__ import annotations

import re
from typing import Literal

Hint = Literal[
    "matrix",
    "vector",
    "label",
    "ids",
    "lengths",
    "hidden",
    "mask",
    "graph",
    "flag",
    "rate",
    "sizes",
    "size",
    "shape",
    "options",
    "none",
]

_PENALTY = r"l[12](_?(reg\w*|coef\w*))?|(.*_)?reg([ul_].*)?|.*lamb?d?a*|lmb?da?|.*penalty|.*strength|.*decay"

_HINTS: tuple[tuple[Hint, str], ...] = (
    ("label", r"t|ts|target[s]?|label[s]?|y_?true|true_?y|truth|gt|ground_truth|answer[s]?|correct|teacher"
              r"|y_?(real|batch|train)|expected|target_?y|actual|tags?|gold\w*|ratings?"),
    ("flag", r"(is_?|for_?)?(train|training|train_?fl(a)?g|test|testing|inference)(_?mode)?"),
    ("mask", r".*mask"),
    ("graph", r"adj\w*|(norm(alized)?_)?adj\w*|a_?(hat|norm|tilde)|laplacian|graph(_matrix)?|affinity"),
    ("ids", r"(.*_)?ids?|.*idxs?|.*ind(ices|ex|exes)|tokens?|positions|segments?"),
    ("lengths", r"(seq_?|x_?)?(lengths?|lens?)|n_?steps|valid_?len(gth)?s?"),
    ("hidden", r"(h|c|s|prev_?h|[ahcs]_?prev|hidden|state|prev_?state|h0|c0|cell)"
               r"(_?(prev|state|t|in|last))?"),
    ("rate", r".*(rate|ratio|prob|momentum|slope|eps|epsilon|lr|threshold|temperature|std|drop(out)?)"
             r"|.*margin|p|alpha|keep_?p|delta|tau|" + _PENALTY),
    ("shape", r".*shape"),
    ("options", r".*_params?|.*conf(ig)?|.*options|h?(yper)?_?param(eter)?s|hparams"),
    ("sizes", r".*(size|dim|unit|layer)s?_?list|layers|dims|sizes|(hidden|layer)_?(sizes|dims|layers|units)"),
    ("size", r"d_?(model|ff|head|hidden|inner|k|v)|[a-z]+_(in|out)|(in|out)_[a-z_]+|[cdnf](in|out)"
             r"|max_?(len|seq|pos)\w*|.*positions|block_?size"
             r"|(n|num|number|no)_?(of_?)?[a-z_]*\d?|.*(size|dims?|features?|units?|channels?|classes)"
             r"|.*(_?neurons?|_?width|_?height|_?len|_?length|_?filters|_?nodes|_?kernel_?size|_count)"
             r"|.*(_?inputs?|_?outputs?)|in|out|[dhkmn]\d?|stride|pad|padding|hidden|fan_in|fan_out|input|output"
             r"|vocab|dim|size"),
    ("matrix", r"w|w_?[a-z0-9]*|weight[s]?[_a-z0-9]*|kernel[s]?|filter[s]?|theta|u|v|weight_?matrix"
               r"|embedding[s]?"),
    ("vector", r"b|b_?[a-z0-9]?|bias(es)?[_a-z0-9]*|gamma|beta|scale|shift|offset|g|gain"),
)  # fmt: skip
_COMPILED = tuple((hint, re.compile(pattern)) for hint, pattern in _HINTS)


def hint(name: str, *, place: Literal["constructor", "forward"]) -> Hint:
    """The first family of names that this one belongs to, among those that make sense in its place."""
    word = name.lower().strip("_")
    for family, pattern in _COMPILED:
        if family in _NEVER[place]:
            continue
        if pattern.fullmatch(word):
            return family
    return "none"


def is_penalty(name: str) -> bool:
    """Whether a name is one of how much weights are penalised, which a layer's forward need not know."""
    return bool(re.fullmatch(_PENALTY, name.lower().strip("_")))


_NEVER = {
    "constructor": frozenset({"label", "ids", "lengths", "hidden", "flag", "options"}),
    "forward": frozenset({"size", "sizes", "rate", "shape"}),
}

_SIZE_SYMBOLS: tuple[tuple[str, str], ...] = (
    (r".*(vocab|num_?embeddings|n_?tokens).*", "vocabulary"),
    (r".*emb(ed)?(ding)?_?.*dim.*|.*d_?model|.*emb(ed)?_?(ding)?(_?size)?", "embedding"),
    (r".*(kernel|filter_?(size|h|w|height|width)|field|^k$|ksize|window).*", "kernel"),
    (r".*(max_?(seq|pos|len|ctx|time)|n_?pos|seq_?len|context|block_?size|positions|time_?steps).*", "length"),
    (r".*(pool|stride).*", "two"),
    (r"(.*_)?(in|input|prev)(_.*)?|[cdnf]in", "input"),
    (r"(.*_)?(out|output|next)(_.*)?|[cdnf]out", "output"),
    (r".*pad.*|.*dilation.*", "zero"),
    (r".*(heads?|groups?)", "two"),
    (r".*(hidden|units|^h$|^m$).*", "hidden"),
    (r".*(out|class|neurons|^k$|next|filters|^o$|fan_?out|n_?f$).*", "output"),
    (r".*(in|prev|features|channels|dim|^d$|^i$|size).*", "input"),
)


def size_role(name: str) -> str:
    """What a size of that name measures: input, output, hidden, vocabulary, kernel, or a small constant."""
    word = name.lower().strip("_")
    for pattern, role in _SIZE_SYMBOLS:
        if re.fullmatch(pattern, word):
            return role
    return "unknown"


_BUFFER = re.compile(
    r".*(running|moving|ema|mean|var|std|mask|encoding|positional|pos_?enc|^pe$|buffer|cache|grid|adj|laplac|a_?(hat|norm|tilde)|graph|prec|cov|sigma_?inv|gram|stiff|eps|window|^win$|frozen|pretrained|^_?base$).*"
)
_PARAMETER = re.compile(
    r"(w|weights?|kernels?|filters?|u|v)(_?[a-z0-9]{0,3})|b_?[a-z0-9]{0,3}|bias(es)?_?\w{0,3}|gamma|beta",
    re.I,
)
_SCALAR = re.compile(
    r"(.*_)?(scale|gain|alpha|beta|gamma|eta|tau|sigma|slope|temp(erature)?|factor|coef\w*|scalar|const\w*|margin"
    r"|offset|shift|weight|lambd?a?|power|exponent|threshold|strength|bias|intercept|steepness|rate)|(?-i:[a-z])",
    re.I,
)


def is_buffer(name: str) -> bool:
    """Whether a name says running statistics, masks or tables: arrays that owe no gradient."""
    return bool(_BUFFER.fullmatch(name.lower()))


def is_parameter(name: str) -> bool:
    """Whether a name is one that parameters usually bear."""
    return bool(_PARAMETER.fullmatch(name.lower().strip("_")))


def is_scalar(name: str) -> bool:
    """Whether a name is one that a single number may bear."""
    return bool(_SCALAR.fullmatch(name.strip("_")))
