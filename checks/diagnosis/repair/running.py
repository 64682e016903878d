"""Which of the user's functions make the gradients: those that run in backward, and not in forward."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import numpy as np

from checks.bench import clones, own_gradient, own_output, reseed
from checks.case import Case
from checks.function import Array
from checks.live import Live

_MOST_FUNCTIONS = 6
_CHECKS = str(Path(__file__).parents[2])


@dataclass(frozen=True, slots=True)
class Answer:
    """What a layer gave on a case: its output, and its gradients."""

    output: Array
    gradients: dict[str, Array]


def answer(case: Case, upstream: Array) -> Answer:
    """Of a fresh object, which draws what the one draws that is judged. Exceptions of the user's code pass through."""
    arrays = clones(case.arrays)
    reseed(case.seed)
    trial = case.subject.build(arrays)
    output = own_output(trial.forward(arrays))
    given = trial.backward(np.array(upstream, dtype=output.dtype))
    return Answer(output, {name: own_gradient(name, value) for name, value in given.items()})


def makers(case: Case, upstream: Array) -> tuple[list[FunctionType], bool]:
    """(the functions in the layer's file that run in backward alone, whether forward runs in them too).

    Where one function gives the loss and its gradients, it is that one. None where backward does not run.
    """
    if case.subject.file is None:
        return [], False
    live = Live(case)
    first = _recorded(lambda: live.forward(clones(case.arrays)))
    second = _recorded(lambda: live.backward(np.array(upstream)))
    file = os.path.realpath(case.subject.file)
    other = [code for code in second if code not in first and not _is_library(code)]
    own = [code for code in other if os.path.realpath(code.co_filename) == file]
    if other:
        codes, ran = own, second
    else:
        codes, ran = [code for code in first if os.path.realpath(code.co_filename) == file], first
    found = [function for code in codes if (function := _function(code, ran[code])) is not None]
    return found[:_MOST_FUNCTIONS], not other


def _is_library(code: CodeType) -> bool:
    """Whether it is the harness's own code, or an installed package's."""
    return code.co_filename.startswith((_CHECKS, "<__array_function__")) or "site-packages" in code.co_filename


def _recorded(run: Callable[[], Any]) -> dict[CodeType, tuple[Any, dict[str, Any]]]:
    """The code that ran, each with its first argument and its globals."""
    seen: dict[CodeType, tuple[Any, dict[str, Any]]] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code not in seen:
            first = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
            seen[code] = first, frame.f_globals

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
    return seen


def _function(code: CodeType, beside: tuple[Any, dict[str, Any]]) -> FunctionType | None:
    """The function object of a code: a method of what it was called with, one of the module, else wherever it is."""
    own, names = beside
    for cls in (own if isinstance(own, type) else type(own)).__mro__:
        found = _plain(cls.__dict__.get(code.co_name))
        if found is not None and found.__code__ is code:
            return found
    found = _plain(names.get(code.co_name))
    if found is not None and found.__code__ is code:
        return found
    return next((one for one in gc.get_referrers(code) if isinstance(one, FunctionType)), None)


def _plain(found: Any) -> FunctionType | None:
    """The function in a static method, a class method or a property."""
    found = getattr(found, "__func__", getattr(found, "fget", found))
    return found if isinstance(found, FunctionType) else None
