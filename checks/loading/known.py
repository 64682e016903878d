"""What is known about modules that are often missing: names with an equivalent here, decorators that change nothing."""

from __future__ import annotations

import functools
import importlib
import re
from typing import Any, Final

_MODULES: Final = {  # where whole modules live today
    "cPickle": "pickle",
    "Queue": "queue",
    "StringIO": "io",
    "cStringIO": "io",
    "ConfigParser": "configparser",
    "urllib2": "urllib.request",
    "six.moves.cPickle": "pickle",
    "six.moves.urllib": "urllib",
    "sklearn.externals.joblib": "joblib",
    "typing_extensions": "typing",
}
_PARTLY: Final = {"pylab": "numpy", "matplotlib.pylab": "numpy"}  # half of it is here
_NAMES: Final = {
    **{f"{m}.{n}": n for m in ("six.moves", "past.builtins", "future.builtins") for n in ("range", "zip", "map")},
    "six.moves.xrange": "range",
    "past.builtins.xrange": "range",
    "past.builtins.basestring": "str",
    "past.builtins.unicode": "str",
    "numba.prange": "range",
}
_ITERATES: Final = re.compile(r"tqdm(?:\.\w+)?\.(?:tqdm|tqdm_notebook)")
_TRANSPARENT: Final = re.compile(
    r"numba\.(?:jit|njit|generated_jit|jitclass|experimental\.jitclass)|torch\.(?:no_grad|enable_grad|inference_mode)"
    r"|torch\.jit\.(?:script|export|ignore|unused)|tensorflow\.function|jax\.jit"
    r"|(?:typeguard|beartype|jaxtyping|line_profiler|memory_profiler|typing_extensions|overrides|deprecated)\.\w+"
)


def equivalent(name: str) -> tuple[bool, Any]:
    """(whether there is one, what does the same here as the dotted name of a module that is missing)."""
    if name in _NAMES:
        return True, getattr(importlib.import_module("builtins"), _NAMES[name])
    if _ITERATES.fullmatch(name):
        return True, _iterate
    if name in _MODULES:
        return _module(_MODULES[name])
    module, _, attribute = name.rpartition(".")
    if module not in _PARTLY:
        return False, None
    value = importlib.import_module(_PARTLY[module])
    place = next((p for p in (value, value.random, value.linalg) if hasattr(p, attribute)), None)
    return (False, None) if place is None else (True, getattr(place, attribute))


def is_transparent(name: str) -> bool:
    """Whether a decorator of that dotted name leaves the values of what it decorates alone."""
    return _TRANSPARENT.fullmatch(name) is not None


def _iterate(iterable: Any = (), *args: Any, **kwargs: Any) -> Any:
    return iterable


@functools.cache
def _module(name: str) -> tuple[bool, Any]:
    try:
        return True, importlib.import_module(name)
    except ImportError:
        return False, None
