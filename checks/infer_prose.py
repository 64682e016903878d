"""Shapes that the code tells in words: `u: (n, batch)`, `X : ndarray of shape (n_ex, n_in)`, `# (n+1,)`.

Docstrings and comments come as pairs of the code on the line and the text. What they say of the arguments' shapes is
written as sizes of a signature; where they say nothing that can be read, they say nothing.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from checks.errors import SignatureError
from checks.infer_sizes import dim

Note = tuple[str, str]  # the code before a comment, none for a docstring; the text
Shapes = dict[str, tuple[str, ...]]

_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]|(?:R|\u211d|\\mathbb\{R\})\s*\^\s*[({]([^(){}]*)[)}]")
_TIMES = re.compile(
    r"(?<![\w*/+])(\w+(?:\s*\u00d7\s*|\s+x\s+|\s*\\times\s*)\w+(?:(?:\s*\u00d7\s*|\s+x\s+|\s*\\times\s*)\w+)*)"
)
_BETWEEN = re.compile(r",|\u00d7|\\times|\s+x\s+")
_SHAPE_WORD = re.compile(r"(?:shape|shaped|dims?|dimensions?|size)s?\W{0,6}(?:(?:is|of|as|like)\W{0,4})?$", re.I)
_NO_SIZE = frozenset(
    {
        "optional", "default", "required", "self", "none", "true", "false", "int", "float", "str", "bool", "scalar",
        "float32", "float64", "array", "ndarray", "np", "numpy", "tensor", "list", "tuple", "complex", "real", "any",
        "the", "and", "or", "of", "is", "in", "for", "see", "not", "where", "which",
    }
)  # fmt: skip
_SCALAR = re.compile(r"\ba (?:python )?scalar\b|[:,(-] ?scalar\b(?! *-?(?:or|multiple|of))", re.I)
_ARTICLES = re.compile(r"\b(?:the|a|an)\s+", re.I)
_MARKS = r"[`'\"*]*"
_FILLER = (
    r"(?:(?:in|is|are|has|have|an?|the|of|with|np|numpy|arrays?|ndarrays?|nd|tensors?|matrix|matrices|vectors?|floats?"
    r"|float\d+|shapes?|shaped|dims?|dimensions?|size|all|both)\b[\s:=,.]*)*"
)
_SIGNATURE_LINE = re.compile(r"\s*(?:(?:async\s+)?def\s.*|(?:\w+\s*(?::[^,]*)?(?:=[^,]*)?,?\s*)+\)?\s*(?:->.*)?:?)\s*")
_ASSIGNED = re.compile(r"\s*[\w.]+(?:\s*,\s*[\w.]+)*\s*(?::[^=]+)?=(?!=)\s*(.+)")
_OWN_COPY = r"(?:[\w.]+\(\s*)?{}\b(?:\.(?:copy|astype)\(.*|\s*,.*|\s*\))*\)?"


_MARKUP = re.compile(r":\w+(?::\w+)*:`([^`<]*?)\s*(?:<[^>`]*>)?`")  # :class:`ndarray <numpy.ndarray>`


def shapes(notes: Iterable[Note], names: Sequence[str]) -> Shapes:
    """The shapes that the notes tell of arrays of these names, the first that is told of each.

    The same word is the same size; its case matters only where both cases occur.
    """
    told: Shapes = {}
    for code, marked in notes:
        text = _MARKUP.sub(r"\1", marked).replace("`", "")
        for name, shape in (*_beside(code, text, names), *_in_prose(text, names)):
            told.setdefault(name, shape)
    return _folded(told)


def _in_prose(text: str, names: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """`W (D, 4H), U (H, 4H)`, `gamma, beta: (C,)`, and entries whose text has a shape somewhere."""
    if not names:
        return
    one = rf"{_MARKS}(?:{'|'.join(map(re.escape, sorted(names, key=len, reverse=True)))})(?!\w){_MARKS}"
    several = rf"(?<![\w.])({one}(?:\s*(?:,|/|&|\band\b)\s*{one})*)"
    for match in re.finditer(
        rf"{several}\s*[:=\u2013\u2014\u2208-]*\s*(?:,\s*(?=shape))?{_FILLER}(?=[(\[R\u211d\w])", text
    ):
        found = _shape_at(text, match.end())
        touching = match.end() == match.end(1)  # x[i, j] and x(t) are an entry and a call
        if found is not None and not (touching and (len(found) == 1 or text[match.end()] == "[")):
            yield from ((name, found) for name in _named(match[1], names))
    entry = rf"(?m)^[\s*\u2022:@#-]*(?:param\s+(?:\w+\s+(?=\w+\s*:))?|arg\s+)?{several}\s*[:=\u2013\u2014(-]"
    for match in re.finditer(entry, text):
        rest = _rest_of_entry(text[match.end() - 1 :])
        found = _first_shape(rest)
        if found is None and _SCALAR.search(rest.partition("\n")[0]):
            found = ()
        if found is not None:
            yield from ((name, found) for name in _named(match[1], names))


def _beside(code: str, text: str, names: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A comment beside the line that declares an argument, or that keeps it: `self.k = stiffness  # (n+1,)`."""
    told = [shape for match in _BRACKETS.finditer(text) if (shape := _sizes(match, text)) is not None]
    if not code.strip() or not told:
        return
    kept = _ASSIGNED.fullmatch(code.rstrip())
    if kept is not None:
        parts = _split(kept[1])
        sources = [[n for n in names if re.fullmatch(_OWN_COPY.format(re.escape(n)), part.strip())] for part in parts]
        if len(told) >= len(parts) and (len(parts) == 1 or len(told) == len(parts)):
            yield from ((found[0], shape) for found, shape in zip(sources, told, strict=False) if found)
    elif _SIGNATURE_LINE.fullmatch(code):
        declared = [word for word in re.findall(r"(?<![\w.])\w+", code.partition("->")[0]) if word in names]
        if len(declared) == len(told):
            yield from zip(declared, told, strict=True)


def _split(text: str) -> list[str]:
    """The parts between commas that are in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _named(text: str, names: Sequence[str]) -> list[str]:
    return [word for word in re.findall(r"\w+", text) if word in names]


def _rest_of_entry(text: str) -> str:
    """The text up to an empty line or the next entry."""
    return re.split(r"\n\s*(?:\n|[-*\u2022:@]|[`\w, ]+(?:\([^\n)]*\)\s*)?(?::|--|\u2013|\u2014))", text, maxsplit=1)[0]


def _first_shape(text: str) -> tuple[str, ...] | None:
    """The first shape after the word, else the first at all."""
    found = [(m, sizes) for m in _BRACKETS.finditer(text) if (sizes := _sizes(m, text)) is not None]
    told = [sizes for m, sizes in found if _SHAPE_WORD.search(text[: m.start()])] or [sizes for _, sizes in found]
    if told:
        return told[0]
    times = _TIMES.search(text)
    return _read(times[1], alone=False) if times else None


def _shape_at(text: str, start: int) -> tuple[str, ...] | None:
    brackets = _BRACKETS.match(text, start)
    if brackets is not None:
        return _sizes(brackets, text)
    times = _TIMES.match(text, start)
    return _read(times[1], alone=False) if times else None


def _sizes(match: re.Match[str], text: str) -> tuple[str, ...] | None:
    """The sizes in brackets; a single word only where the text speaks of a shape, or the word is a letter."""
    return _read(match[1] or match[2] or "", alone=bool(_SHAPE_WORD.search(text[: match.start()])))


def _read(text: str, *, alone: bool) -> tuple[str, ...] | None:
    """The sizes of `N, 3*H`; None where a part is none."""
    parts = [part.strip(" `'\"\n\t") for part in _BETWEEN.split(text.strip())]
    single = len(parts) == 1
    if not parts[-1]:
        parts.pop()
    if not parts or (single and not alone and len(parts[0]) > 2):
        return None
    axes = [_axis(part) for part in parts]
    known = tuple(axis for axis in axes if axis is not None)
    return known if len(known) == len(axes) and any(map(_words, known)) else None


def _axis(text: str) -> str | None:
    """A size as a signature writes it: `4H` is `4*H`, and words that are no name become one."""
    text = re.sub(r"(?<![\w.])(\d+)\s*(?=[^\W\d])", r"\1*", text.replace("/", "//").replace("////", "//"))
    if re.fullmatch(r"[^\W\d][\w-]*(?:\s+[^\W\d][\w-]*)+|[^\W\d]\w*(?:-[^\W\d]\w*)+", text):
        text = re.sub(r"\W+", "_", _ARTICLES.sub("", text))
    text = re.sub(r"[^\W\d]\w*", lambda m: f"{m[0]}_" if keyword.iskeyword(m[0]) else m[0], text)
    if "..." in text or len(text) > 40 or any(map(_is_no_size, _words(text))):
        return None
    try:
        return str(dim(text))
    except SignatureError:
        return None


def _is_no_size(word: str) -> bool:
    """In any case, but for words of two letters: `nP` is a size, and `np` is none."""
    return word in _NO_SIZE or (len(word) > 2 and word.lower() in _NO_SIZE)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d]\w*", text)


def _folded(told: Shapes) -> Shapes:
    """The shapes in lower-case words, but for those that occur in both cases."""
    words = {word for shape in told.values() for axis in shape for word in _words(axis)}
    lower = {word: word.lower() for word in words if sum(other.lower() == word.lower() for other in words) == 1}
    return {name: tuple(renamed(axis, lower) for axis in shape) for name, shape in told.items()}


def renamed(axis: str, words: Mapping[str, str]) -> str:
    """A size with other names in it."""
    return re.sub(r"[^\W\d]\w*", lambda match: words.get(match[0], match[0]), axis)
