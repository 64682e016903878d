"""Names that newer Pythons and NumPys dropped, for the user's code alone: the modules themselves stay as they are.

Where a file says `np.float`, its syntax tree is made to ask `today(np, "float")` instead: the attribute if there is
one, else what took its place. So whatever a newer NumPy defines, or warns about, is what the file gets.
"""

from __future__ import annotations

import ast
import collections.abc
import functools
import importlib
import types
from collections.abc import Iterator, Mapping
from typing import Any, Final

from checks import record

ASK: Final = "__today__"  # the name of `today` among the builtins of the user's modules
# For each module: the names that it had, with what to say today. A path starts at a module, `=` is a value of Python's.
_DROPPED: Final[Mapping[str, Mapping[str, str]]] = {
    "numpy": {
        **{name: f"builtins.{name}" for name in ("int", "float", "bool", "object", "str", "complex")},
        **dict.fromkeys(("infty", "Inf", "Infinity", "PINF"), "numpy.inf"),
        **dict.fromkeys(("NaN", "NAN"), "numpy.nan"),
        "long": "builtins.int",
        "unicode": "builtins.str",
        "float_": "numpy.float64",
        "complex_": "numpy.complex128",
        "cfloat": "numpy.complex128",
        "singlecomplex": "numpy.complex64",
        "longfloat": "numpy.longdouble",
        "clongfloat": "numpy.clongdouble",
        "longcomplex": "numpy.clongdouble",
        "unicode_": "numpy.str_",
        "string_": "numpy.bytes_",
        "bool8": "numpy.bool_",
        "int0": "numpy.intp",
        "uint0": "numpy.uintp",
        "product": "numpy.prod",
        "cumproduct": "numpy.cumprod",
        "alltrue": "numpy.all",
        "sometrue": "numpy.any",
        "in1d": "numpy.isin",
        "row_stack": "numpy.vstack",
        "trapz": "numpy.trapezoid",
        "round_": "numpy.round",
        "mat": "numpy.asmatrix",
        "rank": "numpy.ndim",
        "alen": "builtins.len",
        "issubclass_": "builtins.issubclass",
        "find_common_type": "numpy.result_type",
        "NINF": "=-inf",
        "PZERO": "=0.0",
        "NZERO": "=-0.0",
        "asscalar": "=item",
        "asfarray": "=floats",
        "msort": "=sorted",
        "fastCopyAndTranspose": "=transposed",
    },
    "numpy.random": {"random_integers": "=integers"},
    "numpy.linalg": {"linalg": "numpy.linalg"},
    "scipy": {
        **{name: f"numpy.{name}" for name in ("zeros", "ones", "array", "exp", "log", "sqrt", "dot", "arange")},
        **{name: f"numpy.{name}" for name in ("sin", "cos", "tanh", "mean", "sum", "rand", "pi", "inf", "random")},
    },
    "scipy.misc": {
        **{name: f"scipy.special.{name}" for name in ("logsumexp", "comb", "factorial", "factorial2", "factorialk")},
    },
    "scipy.integrate": {
        "trapz": "scipy.integrate.trapezoid",
        "simps": "scipy.integrate.simpson",
        "cumtrapz": "scipy.integrate.cumulative_trapezoid",
    },
    "collections": {name: f"collections.abc.{name}" for name in collections.abc.__all__},
    "inspect": {"getargspec": "=argspec"},
    "time": {"clock": "time.perf_counter"},
    "fractions": {"gcd": "math.gcd"},
    "string": {
        "letters": "string.ascii_letters",
        "lowercase": "string.ascii_lowercase",
        "uppercase": "string.ascii_uppercase",
    },
    "itertools": {
        "izip": "builtins.zip",
        "imap": "builtins.map",
        "ifilter": "builtins.filter",
        "izip_longest": "itertools.zip_longest",
    },
    "sys": {"maxint": "sys.maxsize"},
    "os": {"getcwdu": "os.getcwd"},
    "asyncio": {"coroutine": "=same"},
}
_GONE: Final[dict[str, Any]] = {  # builtins of Python 2
    "xrange": range,
    "unicode": str,
    "basestring": str,
    "long": int,
    "unichr": chr,
    "reduce": functools.reduce,
}
_USUAL: Final = {**{module: module for module in _DROPPED}, "np": "numpy", "sp": "scipy"}


def _values() -> dict[str, Any]:
    """What no module has under a name of its own."""
    import numpy as np

    def integers(low: Any, high: Any = None, size: Any = None) -> Any:
        low, high = (1, low) if high is None else (low, high)
        return np.random.randint(low, high + 1, size)  # noqa: NPY002 - it is the generator that the old name drew from

    def argspec(function: Any) -> Any:
        import inspect

        names = ["args", "varargs", "keywords", "defaults"]
        return collections.namedtuple("ArgSpec", names)(*inspect.getfullargspec(function)[:4])  # type: ignore[call-arg]

    return {
        "-inf": -np.inf,
        "0.0": 0.0,
        "-0.0": -0.0,
        "item": lambda a: a.item(),
        "floats": lambda a, dtype=np.float64: np.asarray(a, dtype),
        "sorted": lambda a: np.sort(a, axis=0),
        "transposed": lambda a: np.array(a).T.copy(),
        "integers": integers,
        "argspec": argspec,
        "same": lambda function: function,
    }


def substitute(module: str, name: str) -> tuple[bool, Any]:
    """(whether there is one, what took the place of a name that the module no longer has); it is noted."""
    path = _DROPPED.get(module, {}).get(name)
    if path is None:
        return False, None
    if path.startswith("="):
        value, now = _values()[path[1:]], ""
    else:
        home, _, attribute = path.rpartition(".")
        try:
            value = getattr(importlib.import_module(home or path), attribute)
        except (ImportError, AttributeError):
            return False, None
        now = f": {'' if home == 'builtins' else f'{home}.'}{attribute} was taken"
    record.note(f"{module}.{name} is no more{now}")
    return True, value


def today(value: Any, name: str) -> Any:
    """The attribute, or what took its place where `value` is a module that dropped it."""
    try:
        return getattr(value, name)
    except AttributeError:
        if isinstance(value, types.ModuleType):
            known, taken = substitute(value.__name__, name)
            if known:
                return taken
        raise


def updated(tree: ast.Module) -> ast.Module:
    """The tree with its questions for names that were dropped put to `today`."""
    asking = _Asking({**_USUAL, **dict(_modules(tree))})
    if not any(asking.is_question(node) for node in ast.walk(tree)):
        return tree
    asking.visit(tree)
    return ast.fix_missing_locations(tree)


def gone_builtins(tree: ast.Module) -> dict[str, Any]:
    """Python 2's builtins that the file uses and does not define."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in _GONE]
    own = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    wanted = {node.id: _GONE[node.id] for node in names if node.id not in own}
    for name in wanted:
        record.note(f"{name} is no more: {_GONE[name].__name__} was taken")
    return wanted


def _modules(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name, module) of each import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


class _Asking(ast.NodeTransformer):
    """`modules`: what the names of the file stand for."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules

    def is_question(self, node: ast.AST) -> bool:
        """Whether it is `np.float` or the like."""
        if not (isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)):
            return False
        base, words = node.value, [""]
        while isinstance(base, ast.Attribute):
            words.insert(0, f".{base.attr}")
            base = base.value
        if not isinstance(base, ast.Name) or base.id not in self._modules:
            return False
        return node.attr in _DROPPED.get(self._modules[base.id] + "".join(words), {})

    def visit_MatchValue(self, node: ast.MatchValue) -> ast.AST:
        return node  # a pattern may hold no call

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if not self.is_question(node):
            self.generic_visit(node)
            return node
        name = ast.Constant(node.attr)
        asked = ast.Call(ast.Name(ASK, ast.Load()), [node.value, name], [])
        for part in (asked, asked.func, name):
            ast.copy_location(part, node)
        return asked
