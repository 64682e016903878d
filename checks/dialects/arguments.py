"""What a function does with its arguments, from its syntax tree: the keys it reads from a dict, what it counts by."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

_SHAPED = frozenset({"zeros", "ones", "empty", "full", "eye", "arange", "range", "identity"})  # all arguments count
_SHAPING = frozenset({"reshape", "pad", "repeat", "tile", "split", "array_split", "roll"})  # those beside the array do


def keys_read(function: Callable[..., Any], name: str, depth: int = 1) -> tuple[str, ...]:
    """The keys that have to be in the argument of that name: `parameters["W1"]`, in the order of the code.

    Those that the function itself puts there need not be. Functions of the module that it hands the argument to are
    read too.
    """
    entries = [
        node for node in ast.walk(tree_of(function)) if isinstance(node, ast.Subscript) and is_name(node.value, name)
    ]
    entries.sort(key=lambda node: (node.lineno, node.col_offset))
    keys = [(node.slice.value, node.ctx) for node in entries if isinstance(node.slice, ast.Constant)]
    stored = {key for key, context in keys if isinstance(context, ast.Store)}
    own = [key for key, _ in keys if isinstance(key, str) and key not in stored]
    if depth:
        for called, argument in _handed_on(function, name):
            own += [key for key in keys_read(called, argument, depth - 1) if key not in stored]
    return tuple(dict.fromkeys(own))


def keys_counted(function: Callable[..., Any], name: str, count: int) -> tuple[str, ...]:
    """The keys that a loop over layers makes for that argument: `parameters["W" + str(l)]`, `parameters[f"b{l}"]`.

    For the layers 1 to `count`, in the order of the code; empty where it makes none.
    """
    entries = [n for n in ast.walk(tree_of(function)) if isinstance(n, ast.Subscript) and is_name(n.value, name)]
    stems: list[str] = []
    for node in sorted(entries, key=lambda node: (node.lineno, node.col_offset)):
        match node.slice:
            case ast.BinOp(left=ast.Constant(value=str(stem)), op=ast.Add(), right=ast.Call()):
                stems.append(stem)
            case ast.JoinedStr(values=[ast.Constant(value=str(stem)), ast.FormattedValue()]):
                stems.append(stem)
    return tuple(f"{stem}{layer}" for layer in range(1, count + 1) for stem in dict.fromkeys(stems))


def _handed_on(function: Callable[..., Any], name: str) -> Iterator[tuple[Callable[..., Any], str]]:
    """The functions of the module that are called with the argument of that name, and what it is called there."""
    known = getattr(function, "__globals__", {})
    for node in ast.walk(tree_of(function)):
        called = known.get(node.func.id) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
        if isinstance(node, ast.Call) and inspect.isfunction(called):
            arguments = list(inspect.signature(called).parameters)
            yield from (
                (called, arguments[k]) for k, given in enumerate(node.args[: len(arguments)]) if is_name(given, name)
            )


def constants_told(function: Callable[..., Any], called: str) -> dict[str, Any]:
    """The constants that a method tells another one of the object by keyword: `self.loss(x, t, train_flg=True)`."""
    for node in ast.walk(tree_of(function)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == called:
            return {
                word.arg: word.value.value
                for word in node.keywords
                if word.arg is not None and isinstance(word.value, ast.Constant)
            }
    return {}


def strings_compared(defined: Any, name: str) -> tuple[str, ...]:
    """The strings that an argument, or the attribute of its name, is compared with: `self.pool == "mean"`."""
    found: list[str] = []
    for node in ast.walk(tree_of(defined)):
        if isinstance(node, ast.Compare) and name in _called(node.left):
            constants = [v.value for c in node.comparators for v in ast.walk(c) if isinstance(v, ast.Constant)]
            found += [value for value in constants if isinstance(value, str)]
    return tuple(dict.fromkeys(found))


def _called(node: ast.expr) -> tuple[str, ...]:
    """What a name, an attribute or an entry is called."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return (name,)
    return ()


def keys_written(function: Callable[..., Any]) -> tuple[str, ...]:
    """The keys of the dicts that a function makes: `grads["dW"] = ...`, `{"dW": dW}`."""
    found: list[Any] = []
    for node in ast.walk(tree_of(function)):
        match node:
            case ast.Subscript(slice=ast.Constant(value=key), ctx=ast.Store()):
                found.append(key)
            case ast.Dict(keys=keys):
                found += [key.value for key in keys if isinstance(key, ast.Constant)]
    return tuple(dict.fromkeys(key for key in found if isinstance(key, str)))


def counts(function: Callable[..., Any], name: str) -> bool:
    """Whether the argument of that name is used as a whole number: `C // G`, `range(k)`, in a shape, in a slice."""
    return any(is_name(part, name) for node in ast.walk(tree_of(function)) for part in _numbers(node))


def in_turn(function: Callable[..., Any], name: str) -> bool:
    """Whether the entries of the argument of that name are taken one by one: `X[0]`, `a, b = X`, `for x in X`."""
    for node in ast.walk(tree_of(function)):
        match node:
            case ast.For(iter=taken) | ast.comprehension(iter=taken):
                if is_name(taken, name):
                    return True
            case ast.Assign(targets=[ast.Tuple() | ast.List()], value=taken):
                if is_name(taken, name):
                    return True
            case ast.Subscript(value=taken, slice=ast.Constant() | ast.Name() | ast.Slice()):
                if is_name(taken, name):
                    return True
    return False


def rest_name(function: Callable[..., Any]) -> str | None:
    """What a function calls its `*arguments`; None where it takes none."""
    return next((p.name for p in inspect.signature(function).parameters.values() if p.kind is p.VAR_POSITIONAL), None)


def taken_from_rest(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names for what has to be in `*inputs`: as they are unpacked, as many as are indexed, else two of a kind."""
    rest = rest_name(function)
    if rest is None:
        return ()
    return taken_from(function, rest) or (f"{rest}_0", f"{rest}_1")


def taken_from(function: Callable[..., Any], rest: str) -> tuple[str, ...]:
    """Names for what has to be in an argument: as it is taken apart, or as many as are indexed; empty without that."""
    named: dict[int, str] = {}
    last = -1
    for node in ast.walk(tree_of(function)):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=elements) | ast.List(elts=elements)], value=taken):
                names = [element.id for element in elements if isinstance(element, ast.Name)]
                if is_name(taken, rest) and len(names) == len(elements):
                    return tuple(names)
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Subscript(value=taken, slice=ast.Constant(value=int(k)))
            ):
                if is_name(taken, rest):
                    named[k] = name
        if isinstance(node, ast.Subscript) and is_name(node.value, rest):
            index = node.slice.value if isinstance(node.slice, ast.Constant) else None
            last = max(last, index) if isinstance(index, int) else last
    return tuple(named.get(k, f"{rest}_{k}") for k in range(last + 1))


def unpacked(function: Callable[..., Any], name: str, count: int) -> tuple[str, ...]:
    """The names under which a function takes the parts of an argument: `x, w, b = cache`; empty where it does not."""
    for node in ast.walk(tree_of(function)):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=elements)], value=value):
                if is_name(value, name) and len(elements) == count:
                    return tuple(element.id if isinstance(element, ast.Name) else "" for element in elements)
    return ("",) * count


def kept_under(function: Callable[..., Any], name: str) -> str | None:
    """The attribute under which an argument is kept as it is, or as a list: `self.layers = list(layers)`."""
    for node in ast.walk(tree_of(function)):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=attribute)], value=ast.Call(args=[kept]) | kept):
                if is_name(kept, name):
                    return attribute
    return None


def divides(function: Callable[..., Any], name: str) -> bool:
    """Whether something is divided into as many parts as the argument of that name says."""
    divisors = (
        n.right for n in ast.walk(tree_of(function)) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.FloorDiv)
    )
    return any(is_name(divisor, name) for divisor in divisors)


def _numbers(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of an expression that are whole numbers in it."""
    match node:
        case ast.BinOp(left=left, op=ast.FloorDiv() | ast.Mod(), right=right):
            yield from terms(left)
            yield from terms(right)
        case ast.Slice(lower=lower, upper=upper, step=step):
            for bound in (lower, upper, step):
                if bound is not None:
                    yield from terms(bound)
        case ast.Call(func=func, args=args):
            called = called_name(node)
            module = isinstance(func, ast.Attribute) and getattr(func.value, "id", "") in ("np", "numpy")
            if called in _SHAPED or called in _SHAPING:
                skipped = int(called in _SHAPING and (module or not isinstance(func, ast.Attribute)))
                for argument in args[skipped:]:
                    yield from terms(argument)


def terms(node: ast.AST) -> Iterator[ast.AST]:
    """The names in arithmetic and in tuples: not those of which an attribute, an entry or a function is taken."""
    match node:
        case ast.BinOp(left=left, right=right):
            yield from terms(left)
            yield from terms(right)
        case ast.UnaryOp(operand=operand):
            yield from terms(operand)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for element in elements:
                yield from terms(element)
        case _:
            yield node


def called_name(call: ast.Call) -> str:
    """The name of the function or method that is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def literal(node: ast.AST) -> Any:
    """The constant that an expression is, `-1` or `(3, 3)`; None where it is none."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def is_name(node: ast.AST, name: str) -> bool:
    """Whether it is the plain name."""
    return isinstance(node, ast.Name) and node.id == name


def tree_of(function: Any) -> ast.AST:
    """The syntax tree of a function or a class, to be read and not changed; an empty one where there is no source."""
    try:
        return _tree(function)
    except TypeError:  # a tuple with an instance in it, or what has no source by its type
        return ast.Module(body=[], type_ignores=[])


@functools.lru_cache(maxsize=1024)
def _tree(function: Any) -> ast.AST:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return ast.Module(body=[], type_ignores=[])


def last_statement(function: Callable[..., Any]) -> ast.stmt | None:
    """What a function ends with; None where there is no source."""
    body = getattr(next(iter(getattr(tree_of(function), "body", ())), None), "body", ())
    return body[-1] if body else None
