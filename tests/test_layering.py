"""Imports go downward only: read from the source, so that the order written here is the order there is."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import checks
import reference

CHECKS = Path(checks.__file__).parent
REFERENCE = Path(reference.__file__).parent

# Each line may import those above it, and its neighbours on the line where the line is one idea in several files.
LAYERS = (
    ("errors",),
    ("signature", "function", "results", "stepping", "record", "entropy"),
    ("loading",),
    ("noise", "subject", "entries", "values", "standing", "buffers"),
    ("sweep", "ladder", "case", "roundoff", "pair", "accusing"),
    ("derivative", "bench", "strategies", "snippet", "agreement", "matching"),
    ("evaluation", "search", "infer", "ordinary", "relation", "side_by_side", "duo"),
    ("live",),
    ("overflow", "executed"),
    ("contract",),
    ("directions",),
    ("comparison", "rows"),
    ("look",),
    ("examine",),
    ("dialects", "far"),
    ("statement",),
    ("diagnosis",),
    ("findings",),
    ("convention", "losses"),
    ("averaging", "batch_average", "classes", "fused", "formed", "implied", "uses", "guards"),
    ("summary", "report", "caveats", "own_case", "own_inputs"),
    ("load",),
    ("discover",),
    ("trusted",),
    ("counterpart",),
    ("against", "known"),
    ("checking",),
    ("worker",),
    ("process",),
    ("run",),
    ("session", "options"),
    ("textbook", "explanations"),
    ("explaining",),
    ("cli",),
    ("__main__",),
)
HEIGHT = {name: level for level, names in enumerate(LAYERS) for name in names}


def unit(module: str) -> str:
    """`checks.dialects.layer` belongs to `dialects`, `checks.infer_sizes` to `infer`."""
    name = module.split(".")[1]
    return "infer" if name.startswith("infer") else name


def sources() -> Iterator[tuple[str, Path]]:
    for path in sorted(CHECKS.rglob("*.py")):
        dotted = ".".join(("checks", *path.relative_to(CHECKS).with_suffix("").parts))
        if dotted != "checks.__init__":
            yield unit(dotted), path


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports when it is imported itself."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "checks")
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize(("name", "path"), list(sources()), ids=lambda value: getattr(value, "stem", value))
def test_imports_go_downward(name: str, path: Path) -> None:
    assert name in HEIGHT, f"{name} has no place in LAYERS"
    for module in imported(path):
        if module.startswith("checks.") and unit(module) in HEIGHT:
            assert HEIGHT[unit(module)] <= HEIGHT[name], f"{path.name} imports {module}, which lies above it"


@pytest.mark.parametrize("path", sorted(REFERENCE.rglob("*.py")), ids=lambda path: path.stem)
def test_reference_is_numpy_only(path: Path) -> None:
    assert {module.split(".")[0] for module in imported(path)} <= {*sys.stdlib_module_names, "numpy", "reference"}
    assert "checks" not in path.read_text()


def test_the_order_is_complete_and_every_name_is_a_module() -> None:
    assert {name for name, _ in sources()} == set(HEIGHT)


def test_nothing_imports_itself_in_a_circle() -> None:
    """Also among the files of one idea, where the order above is silent."""
    files = {".".join(("checks", *p.relative_to(CHECKS).with_suffix("").parts)): p for p in CHECKS.rglob("*.py")}
    graph: dict[str, set[str]] = {}
    for name, path in files.items():
        graph[name] = set()
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ImportFrom) and node.module:
                submodules = {f"{node.module}.{alias.name}" for alias in node.names} & files.keys()
                graph[name] |= submodules or ({node.module} & files.keys())
    TopologicalSorter(graph).prepare()


def test_a_report_is_laid_out_only_when_it_is_asked_for() -> None:
    path = CHECKS / "results.py"
    assert not any("report" in module for module in imported(path))
    inside = [node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    assert {"checks.report.text", "checks.report.json"} <= set(inside)


def test_the_program_never_imports_its_tests() -> None:
    for path in (*CHECKS.rglob("*.py"), *REFERENCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"tests", "zoo", "conftest", "benchmarks"}, path


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["check", "--help"]])
def test_help_waits_for_nothing(words: list[str]) -> None:
    code = (
        "import sys; from checks.cli import main\n"
        f"sys.argv = ['gradproof', *{words!r}]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([name for name in ('scipy', 'hypothesis', 'matplotlib') if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
