"""The lines of plain Python that do what a Trial does, for the runnable counterexample."""

from __future__ import annotations

import functools
import inspect
import linecache
import re
import sys
import sysconfig
from collections.abc import Collection, Mapping
from pathlib import Path as File
from typing import Any

from checks.dialects.accumulating import Accumulation
from checks.dialects.parameters import Parameter
from checks.dialects.places import Place
from checks.dialects.probing import Live
from checks.dialects.settings import holder
from checks.dialects.setup import is_neighbour, neighbour, set_up_argument, set_up_code
from checks.dialects.usage import Usage, kept_as
from checks.infer_layout import Layout
from checks.subject import Recipe

_CELL = re.compile(r"\.ipynb\[cell (\d+)\]$")  # the end of a code's name


def recipe(
    usage: Usage,
    live: Live | None,
    layout: Layout,
    numbers: Mapping[str, str],
    parameters: list[Parameter],
    places: Mapping[str, Place],
    primed: Accumulation | None = None,
) -> Recipe:
    """`numbers`: an expression for each constructor argument that is the number of a size. `live`: one in use.

    `primed`: the parameters are there after a first forward, and what that adds to.
    """
    handed: dict[str, str] = {}
    later: dict[str, list[str]] = {}  # the arguments of set-up methods
    for formal in (*usage.constructor, *usage.optional):
        name = formal.name
        if name in usage.told:
            continue
        if layout.argument(name):
            value = f"np.array({name})" if usage.updates else name
        elif name in layout.sizes or name in layout.constants:
            value = numbers.get(name) or repr(layout.constants.get(name))
        else:
            continue
        method, argument = set_up_argument(name)
        if method:
            later.setdefault(method, []).append(neighbour(value) if is_neighbour(argument) else value)
        else:
            handed[name] = value
    handed |= {name: repr(value) for name, value in usage.told.items()}
    inputs = [
        f.name if layout.argument(f.name) else numbers.get(f.name) or repr(layout.constants.get(f.name))
        for f in usage.called
    ]
    owner = usage.defined[0] if isinstance(usage.defined, tuple) else usage.defined
    title = getattr(owner, "__name__", usage.name)
    required = {formal.name for formal in usage.constructor} - set(usage.told)
    create = f"{title}({', '.join(_handed(owner, handed, required))})"
    imports = tuple(dict.fromkeys((*import_lines(usage.defined), *_settings_imports(owner, handed))))
    if usage.instance is not None:
        imports = (f"# {usage.name} is your object", "import copy")
        create = f"copy.deepcopy({usage.name})"
    inserted = {"{create}": create, "{inputs}": ", ".join(inputs)}
    inserted |= {f"{{={formal.name}}}": value for formal, value in zip(usage.called, inputs, strict=True)}
    lines = [_with(line, inserted) for line in usage.call]
    made, *rest = lines
    made_later = set_up_code(owner if usage.instance is None else None, later)
    settings = [
        f"layer{path.code} = {f'np.array({p.name})' if usage.updates else p.name}"
        for p in parameters
        if not p.handed
        for path in p.paths
    ]
    first = [] if primed is None else [*rest, *_forgotten(primed)]
    lines = [made, *made_later, *first, *settings, *rest] if rest else lines
    if live is not None and live.keeps_output:
        lines.append(f"out = layer.{kept_as(live.root)}")
    answer = _with(usage.answer, inserted)
    return Recipe(
        imports=imports,
        forward=tuple(lines),
        backward=f"returned = {answer}",
        gradients={name: _gradient(name, place) for name, place in places.items()},
        draws="random" in usage.words,
    )


def _gradient(name: str, place: Place) -> str:
    """The expression for a gradient; what a step at rate 1 took is one."""
    return f"({name} - layer{place.path.code})" if place.source == "update" else place.code("returned")


def _forgotten(gathers: Accumulation) -> list[str]:
    """What takes back what one forward appended."""
    if gathers.reset is not None:
        return [f"layer.{gathers.reset}()"]
    return [f"del layer{path.code}[-{count}:]" for path, count in gathers.grows.items()]


def _handed(owner: Any, values: Mapping[str, str], required: Collection[str]) -> list[str]:
    """What a constructor is handed: required values by position, others by name, and settings with what they hold."""
    own = {name: holder(owner, name) for name in values}
    given, spelled = dict[str, str](), False
    for name, value in values.items():
        one = own[name]
        if one is None or one.kind == "keywords":
            spelled = spelled or name not in required or one is not None
            given[name] = f"{name}={value}" if spelled else value
        elif one.name not in given:
            code = one.code({n: v for n, v in values.items() if own[n] is one})
            given[one.name] = f"{one.name}={code}" if spelled else code
    return list(given.values())


def _settings_imports(owner: Any, values: Mapping[str, str]) -> tuple[str, ...]:
    """What the code of settings needs."""
    used = dict.fromkeys(one for name in values if (one := holder(owner, name)) is not None)
    lines = [line for one in used if one.made is not None for line in import_lines(one.made)]
    return (*lines, *(["import types"] if any(one.kind == "attributes" for one in used) else []))


def _with(text: str, inserted: Mapping[str, str]) -> str:
    """The code with its placeholders filled."""
    for placeholder, value in inserted.items():
        text = text.replace(placeholder, value)
    return text


def import_lines(defined: Any) -> tuple[str, ...]:
    """How to come by the class or the functions in a fresh Python."""
    things = defined if isinstance(defined, tuple) else (defined,)
    return tuple(line for thing in things for line in _import(thing))


def _import(thing: Any) -> list[str]:
    name, module = getattr(thing, "__name__", "Layer"), getattr(thing, "__module__", None)
    if not name.isidentifier():  # spelled out where it is called
        return []
    unknown = [f"# {name} is your {'class' if isinstance(thing, type) else 'function'}"]
    if module is None or "<locals>" in getattr(thing, "__qualname__", "") or "." in thing.__qualname__:
        return unknown
    file = source_file(thing)
    if file is None:
        return unknown
    if _installed(module, file):
        return [f"from {module} import {name}"]
    root, dotted = _home(File(file).resolve())
    if _needs_help(module, file):
        return ["from checks.load import load", f"{name} = load({file!r}).{name}"]
    if not all(part.isidentifier() for part in dotted.split(".")):
        return ["import runpy", f"{name} = runpy.run_path({file!r})[{name!r}]"]
    return ["import sys", f"sys.path.insert(0, {str(root)!r})", f"from {dotted} import {name}"]


def _needs_help(module: str, file: str) -> bool:
    """Whether a plain import would not give it: a notebook's, or one for which something was stood in."""
    return file.endswith(".ipynb") or getattr(getattr(sys.modules.get(module), "__loader__", None), "helped", False)


def _home(file: File) -> tuple[File, str]:
    """(the folder to import from, the dotted name) of a file: above its package, if it is in one."""
    root, parts = file.parent, [] if file.stem == "__init__" else [file.stem]
    while (root / "__init__.py").exists() and root.parent != root:
        parts.insert(0, root.name)
        root = root.parent
    return root, ".".join(parts)


def source_file(thing: Any) -> str | None:
    """The file that a class or function was defined in; None for a notebook's or a prompt's."""
    thing = thing[0] if isinstance(thing, tuple) else thing
    file = getattr(sys.modules.get(getattr(thing, "__module__", "")), "__file__", None)
    if file is None:
        code = next((f.__code__ for f in _functions(thing)), None)
        file = code.co_filename if code else None
    return file if file and File(file).exists() else None


def source_line(thing: Any) -> int | None:
    """The line at which it begins."""
    thing = thing[0] if isinstance(thing, tuple) else thing
    file = source_file(thing)
    if not isinstance(thing, type):
        return inspect.unwrap(thing).__code__.co_firstlineno if inspect.isfunction(thing) else None
    file = next((f.__code__.co_filename for f in _functions(thing) if _CELL.search(f.__code__.co_filename)), file)
    begins = re.compile(rf"\s*class\s+{re.escape(thing.__name__)}\b")
    lines = linecache.getlines(file) if file else []
    found = next((number for number, line in enumerate(lines, 1) if begins.match(line)), None)
    return found or min((f.__code__.co_firstlineno for f in _functions(thing)), default=None)


def source_cell(thing: Any) -> int | None:
    """The number of the notebook's cell in which it is defined."""
    thing = thing[0] if isinstance(thing, tuple) else thing
    cells = (_CELL.search(inspect.unwrap(f).__code__.co_filename) for f in _functions(thing))
    return next((int(cell[1]) for cell in cells if cell), None)


def _functions(thing: Any) -> list[Any]:
    members = vars(thing).values() if isinstance(thing, type) else [thing]
    return [f for f in members if inspect.isfunction(f)]


@functools.cache
def _installed(module: str, file: str) -> bool:
    """Whether the file is what `import module` finds in any program of this Python."""
    folders = {sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")}
    if not any(File(file).resolve().is_relative_to(File(folder).resolve()) for folder in folders if folder):
        return False
    return _home(File(file).resolve())[1] == module
