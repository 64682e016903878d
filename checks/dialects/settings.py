"""A constructor's argument that holds settings: `config["n_in"]`, `config.n_in`, `config.get("eps", 1e-5)`, `**kwargs`.

What the class reads from it is asked for like arguments of the constructor, by the names under which it is read.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, Literal

from checks.dialects.arguments import is_name, literal, strings_compared, tree_of
from checks.dialects.options import annotated, by_type
from checks.dialects.roles import is_number
from checks.infer_layout import REQUIRED, Formal

Kind = Literal["dict", "attributes", "keywords", "class"]
_OF_ARRAYS = frozenset({"shape", "T", "ndim", "dtype", "size", "flat", "real", "imag", "base", "__class__", "__name__"})
_SWITCH = re.compile(r"(use|has|with|is|add)_\w+|bias|\w+_bias|causal|affine|center|verbose|debug|bidirectional")
_CONFIGURES = re.compile(r"conf|cfg|opt|hyper|^hp|setting|args")
_DEPTH = 2  # calls that settings are followed through


@dataclass(frozen=True, slots=True)
class Settings:
    """The argument's name, what it has to be, the formals that stand for what is read from it. `made`: its class."""

    name: str
    kind: Kind
    needed: tuple[Formal, ...]
    spare: tuple[Formal, ...]
    made: Callable[..., Any] | None = None

    def holding(self, values: Mapping[str, Any]) -> Any:
        """The argument with these values in it."""
        if self.made is not None:
            return self.made(**values)
        return SimpleNamespace(**values) if self.kind == "attributes" else dict(values)

    def code(self, written: Mapping[str, str]) -> str:
        """The argument as code, from the code of each value."""
        if self.kind == "dict":
            return "{" + ", ".join(f"{name!r}: {value}" for name, value in written.items()) + "}"
        called = getattr(self.made, "__name__", "") or "types.SimpleNamespace"
        return f"{called}({', '.join(f'{name}={value}' for name, value in written.items())})"


@functools.cache
def settings(cls: type) -> tuple[Settings, ...]:
    """The constructor's arguments that hold settings, in their order, `**kwargs` last."""
    made = cls.__init__  # type: ignore[misc]
    try:
        parameters = list(inspect.signature(made).parameters.values())[1:]
    except (TypeError, ValueError):
        return ()
    taken = {parameter.name for parameter in parameters}
    types = annotated(made)
    found = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            one = _read(cls, parameter.name, "keywords")
        elif parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL:
            one = _declared(parameter.name, types.get(parameter.name)) or _read(cls, parameter.name, None)
        else:
            continue
        names = {formal.name for formal in (*one.needed, *one.spare)} if one is not None else taken
        if one is not None and not names & taken:
            found.append(one)
            taken |= names
    return tuple(found)


def gathered(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The constructor's own arguments: values that belong into settings are put there."""
    own = dict(values)
    for one in settings(cls):
        if one.kind != "keywords":
            held = {f.name: own.pop(f.name) for f in (*one.needed, *one.spare) if f.name in own}
            own[one.name] = one.holding(held)
    return own


def holder(cls: Any, name: str) -> Settings | None:
    """The settings into which the value of that name belongs."""
    every = settings(cls) if isinstance(cls, type) else ()
    return next((one for one in every if any(f.name == name for f in (*one.needed, *one.spare))), None)


def _declared(name: str, annotation: Any) -> Settings | None:
    """Settings that are declared as a dataclass that wants to be told something."""
    if not (dataclasses.is_dataclass(annotation) and isinstance(annotation, type)) or by_type(annotation)[1]:
        return None
    types = annotated(annotation.__init__)
    needed = []
    for field in dataclasses.fields(annotation):
        if field.init and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            formal = Formal(field.name, "constructor")
            family = by_type(types.get(field.name))[0] if formal.hint == "none" else None
            needed.append(replace(formal, family=family))
    return Settings(name, "class", tuple(needed), (), annotation)


def _read(cls: type, name: str, kind: Kind | None) -> Settings | None:
    """Settings of which the class reads what it is told; None where the argument is used as anything else."""
    reader = _Reader()
    reader.constructor(cls, name, _DEPTH)
    if reader.other or not (reader.needed or reader.spare) or (reader.by_attribute and reader.by_key):
        return None
    found = kind or ("attributes" if reader.by_attribute else "dict")
    spare = [Formal(key, "constructor", default) for key, default in reader.spare.items() if key not in reader.needed]
    told = found != "dict" or bool(_CONFIGURES.search(name.lower()))
    needed = [_formal(cls, key, told) for key in reader.needed]
    return Settings(name, found, tuple(needed), tuple(spare))


def _formal(cls: type, key: str, told: bool) -> Formal:
    """What is read under a key: an array or a rate where the name says so, a choice, a switch, else a number.

    What a layer is told by a configuration is a number, be it called `scale`.
    """
    formal = Formal(key, "constructor", REQUIRED, options=strings_compared(cls, key))
    if formal.options:
        return replace(formal, family="none")
    if told and formal.hint != "size" and (formal.hint == "vector" or is_number(key)):
        return replace(formal, family="rate")
    if formal.hint != "none":
        return formal
    return replace(formal, family="flag" if _SWITCH.fullmatch(key.lower()) else "size")


class _Reader:
    """Collects what is read from an argument. `other`: it is used as something that is no collection of settings."""

    def __init__(self) -> None:
        self.needed: dict[str, None] = {}
        self.spare: dict[str, Any] = {}
        self.by_key = self.by_attribute = self.other = False

    def constructor(self, cls: type, name: str, depth: int) -> None:
        """Reads the constructor, the constructors that it hands the argument to, and methods that find it kept."""
        made = cls.__init__  # type: ignore[misc]
        self.function(made, lambda node: is_name(node, name))
        owner = next((base for base in cls.__mro__ if "__init__" in vars(base)), cls)
        kept = _kept(made, name)
        for method in [f for base in cls.__mro__ for f in vars(base).values() if inspect.isfunction(f)] if kept else []:
            self.function(method, lambda node: _is_attribute(node, kept))
        for called, argument in _handed_on(owner, made, name, kept) if depth else ():
            if isinstance(called, type):
                self.constructor(called, argument, depth - 1)
            else:
                self.function(called, lambda node, argument=argument: is_name(node, argument))  # type: ignore[misc]

    def function(self, function: Callable[..., Any], is_it: Callable[[ast.AST], bool]) -> None:
        """Reads one function, in which the argument is what `is_it` tells."""
        tree = tree_of(function)
        methods = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        places = [node for node in ast.walk(tree) if isinstance(node, ast.Subscript | ast.Attribute | ast.Call)]
        for node in sorted(places, key=lambda node: (node.lineno, node.col_offset)):
            match node:
                case ast.Subscript(value=held, slice=ast.Constant(value=str(key)), ctx=ast.Load()) if is_it(held):
                    self.needed[key] = None
                    self.by_key = True
                case ast.Subscript(value=held, slice=index) if is_it(held) and not isinstance(index, ast.Constant):
                    self.other = True
                case ast.Call(
                    func=ast.Attribute(value=held, attr="get" | "pop"), args=[ast.Constant(value=str(key)), *default]
                ):
                    if is_it(held):
                        self.spare[key] = literal(default[0]) if default else None
                        self.by_key = True
                case ast.Call(func=ast.Name(id="getattr"), args=[held, ast.Constant(value=str(key)), *default]) if (
                    is_it(held)
                ):
                    self.spare[key] = literal(default[0]) if default else None
                    self.by_attribute = True
                case ast.Attribute(value=held, attr=attribute, ctx=ast.Load()) if is_it(held):
                    if id(node) in methods:
                        self.other |= attribute not in ("get", "pop", "keys", "items", "copy", "setdefault", "update")
                    elif attribute in _OF_ARRAYS:
                        self.other = True
                    else:
                        self.needed[attribute] = None
                        self.by_attribute = True


def _kept(made: Callable[..., Any], name: str) -> str | None:
    """The attribute under which a constructor keeps an argument as it is."""
    for node in ast.walk(tree_of(made)):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                pairs = list(zip(targets, values, strict=False))
            case ast.Assign(targets=[target], value=value):
                pairs = [(target, value)]
            case _:
                pairs = []
        for target, value in pairs:
            if isinstance(target, ast.Attribute) and is_name(target.value, "self") and is_name(value, name):
                return target.attr
    return None


def _is_attribute(node: ast.AST, kept: str | None) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == kept and is_name(node.value, "self")


def _handed_on(owner: type, made: Any, name: str, kept: str | None) -> Iterator[tuple[Any, str]]:
    """(a class or function that is called with the argument, what it is called there)."""
    known = getattr(made, "__globals__", {})
    for node in ast.walk(tree_of(made)):
        if not isinstance(node, ast.Call):
            continue
        places = [k for k, given in enumerate(node.args) if is_name(given, name) or _is_attribute(given, kept)]
        words = [w.arg for w in node.keywords if w.arg is not None and is_name(w.value, name)]
        called: Any = known.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if isinstance(node.func, ast.Attribute) and node.func.attr == "__init__":
            called = next((base for base in owner.__mro__[1:] if "__init__" in vars(base)), None)
        if not (places or words) or not (isinstance(called, type) or inspect.isfunction(called)):
            continue
        try:
            arguments = list(inspect.signature(called).parameters)
        except (TypeError, ValueError):
            continue
        yield from ((called, arguments[k]) for k in places if k < len(arguments))
        yield from ((called, word) for word in words if word in arguments)
