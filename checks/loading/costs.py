"""Whether an expression is quickly computed and touches nothing: told by what it calls, before anything is called."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from types import BuiltinFunctionType, ModuleType
from typing import Any, Final

from checks.loading.standin import StandIn

# Packages whose functions do no more than compute, apart from those that are named below.
_TRUSTED: Final = """
abc builtins cmath collections contextlib copy dataclasses datetime decimal enum fractions functools genericpath
importlib itertools logging math nt ntpath numbers numpy operator os pathlib platform posix posixpath random re scipy
string struct sys textwrap threading time types typing warnings _abc _collections _functools _operator _random _struct
_thread
"""
_NEVER: Final = """
open input exec eval compile exit quit print breakpoint help memmap save savez
savez_compressed savetxt tofile dump dumps system popen fork abort kill _exit remove unlink rename mkdir makedirs rmdir
chdir execv execvp spawnv putenv sleep start run join wait acquire write write_text write_bytes read_text read_bytes
touch symlink_to basicConfig import_module urlopen minimize fmin DataSource walk listdir scandir __import__
"""
# Statements that are calls, and that other code may rely on.
_SETTINGS: Final = """
sys.path.append sys.path.insert sys.path.extend sys.setrecursionlimit numpy.random.seed random.seed numpy.seterr
numpy.set_printoptions warnings.filterwarnings warnings.simplefilter
"""
_UNKNOWN: Final = object()
_trusted, _never = frozenset(_TRUSTED.split()), frozenset(_NEVER.split())


class Costs:
    """Judges expressions in the light of what their names stand for in a namespace."""

    def __init__(self, space: dict[str, Any]) -> None:
        self._space = space

    def is_cheap(self, node: ast.expr) -> bool:
        """Whether it calls nothing but functions of Python's and NumPy's that compute."""
        return all(self._is_trusted(call.func) for call in _calls(node)) and not _waits(node)

    def may_run(self, node: ast.expr) -> bool:
        """Whether it calls, besides those, only what the file itself defines."""
        return not _waits(node) and all(self._is_trusted(c.func) or self._is_own(c.func) for c in _calls(node))

    def is_setting(self, call: ast.Call) -> bool:
        """Whether the statement is a setting such as `np.random.seed(0)`."""
        words = _dotted(call.func)
        if words is None:
            return False
        first = self._space.get(words[0])
        name = first.__name__ if isinstance(first, ModuleType) else words[0]
        return ".".join([name, *words[1:]]) in _SETTINGS.split() and all(
            self.is_cheap(argument) for argument in call.args
        )

    def _is_trusted(self, function: ast.expr) -> bool:
        words = _dotted(function)
        if words is None:  # a method of an expression, which is judged by itself
            return isinstance(function, ast.Attribute) and function.attr not in _never
        if words[-1] in _never and words[:-1] != ["os", "path"]:
            return False
        value = self._resolved(words)
        if isinstance(value, StandIn):
            return True
        return value is not _UNKNOWN and _home(value) in _trusted

    def _is_own(self, function: ast.expr) -> bool:
        words = _dotted(function)
        value = _UNKNOWN if words is None else self._resolved(words)
        return getattr(value, "__module__", None) == self._space.get("__name__")

    def _resolved(self, words: list[str]) -> Any:
        value = self._space.get(words[0], getattr(builtins, words[0], _UNKNOWN))
        for word in words[1:]:
            if value is _UNKNOWN:
                break
            try:
                value = getattr(value, word, _UNKNOWN)
            except Exception:  # a property of the user's
                return _UNKNOWN
        return value


def _home(value: Any) -> str:
    """The top package in which a function, a class or a method's object was made."""
    module = getattr(value, "__module__", None)
    if not isinstance(module, str):
        holder = getattr(value, "__self__", None)
        holder = value if holder is None or not isinstance(value, BuiltinFunctionType) else holder
        module = holder.__name__ if isinstance(holder, ModuleType) else type(holder).__module__
    return module.split(".")[0]


def _calls(node: ast.expr) -> Iterator[ast.Call]:
    """The calls that evaluating the expression makes: not those in the body of a lambda."""
    pending: list[ast.AST] = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, ast.Call):
            yield current
        if not isinstance(current, ast.Lambda):
            pending += ast.iter_child_nodes(current)


def _waits(node: ast.expr) -> bool:
    return any(isinstance(inner, ast.Await | ast.Yield | ast.YieldFrom) for inner in ast.walk(node))


def _dotted(node: ast.expr) -> list[str] | None:
    """["np", "random", "seed"] of `np.random.seed`; None for anything else."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.insert(0, node.attr)
        node = node.value
    return [node.id, *words] if isinstance(node, ast.Name) else None
