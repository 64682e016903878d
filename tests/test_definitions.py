"""Files that do work when they are imported: by their definitions alone, where they do not survive it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from checks import check, record
from checks.load import load
from checks.loading.plan import TERMS, Terms
from checks.loading.standin import StandIn, StandInUsedError

pytestmark = pytest.mark.usefixtures("loaded_files_leave")

SQUARE = """
class {name}:
    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, dout):
        return 2 * self.x * dout
"""


@pytest.fixture(autouse=True)
def _short_limit() -> Iterator[None]:
    token = TERMS.set(Terms(limit=0.3, option="--import-timeout"))
    yield
    TERMS.reset(token)


def loaded(folder: Path, text: str, name: str = "work.py") -> tuple[Any, list[str]]:
    (folder / name).parent.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(dedent(text), encoding="utf-8")
    with record.watching() as seen:
        return load(folder / name), list(seen.notes)


WHAT_WAS = {
    "open('missing.txt')": "raised FileNotFoundError: [Errno 2] No such file or directory: 'missing.txt'",
    "raise SystemExit(3)": "ended the program (SystemExit: 3)",
    "n = input('n? ')": "raised EOFError: a file that is imported cannot ask: there is nobody to answer",
    "assert False": "raised AssertionError",
    "while True: pass": "was still at work after 0.3 s (--import-timeout)",
}


@pytest.mark.parametrize("statement", WHAT_WAS)
def test_the_line_is_told_and_the_rest_is_there(tmp_path: Path, statement: str) -> None:
    module, notes = loaded(tmp_path, f"first = 1\n{statement}\n" + SQUARE.format(name="After"))
    assert notes == [f"line 2 of work.py {WHAT_WAS[statement]}; only its definitions were loaded"]
    assert (module.first, module.After.__module__) == (1, "work")


def test_constants_that_are_quickly_computed(tmp_path: Path) -> None:
    text = """
    import math, sys, numpy as np, warnings
    from collections import namedtuple
    from pathlib import Path
    RATE: float = 1e-3
    table = np.arange(6).reshape(2, 3) / math.pi
    Cache = namedtuple("Cache", "x w")
    rng = np.random.default_rng(0)
    noise = rng.normal(size=3)
    words = "a b".split()
    here = Path(__file__).parent
    double = lambda x: open(x)
    if sys.version_info >= (3,):
        new = True
    else:
        new = open("never")
    try:
        import cupx as xp
    except ImportError:
        xp = np
        print("no gpu")
    else:
        gpu = True
    with warnings.catch_warnings():
        quiet = 1
    RATE *= 2
    open("missing")
    late = {"a": [RATE]}
    """
    module, _ = loaded(tmp_path, text)
    assert (module.RATE, module.table.shape, module.late) == (2e-3, (2, 3), {"a": [2e-3]})
    assert (module.words, module.new, module.xp.__name__, module.quiet) == (["a", "b"], True, "numpy", 1)
    assert module.noise.shape == (3,)
    assert module.here == tmp_path


def test_what_is_not_run_is_stood_in_for_and_accuses_nobody(tmp_path: Path) -> None:
    text = """
    import numpy as np
    data = np.load("missing.npy")
    size = data.shape[0]
    for k in range(3):
        total = k
    opened = open("missing.txt")

    class Needs:
        def forward(self, x):
            return size * x

        def backward(self, dout):
            return dout
    """
    module, _ = loaded(tmp_path, text)
    assert all(isinstance(value, StandIn) for value in (module.data, module.size, module.total, module.k))
    with pytest.raises(StandInUsedError, match=r"opened has no value: line 7 of work\.py was not run"):
        len(module.opened)
    report = check(module.Needs, seed=1)
    assert report.verdict == "error"
    assert "data has no value: line 3 of work.py raised FileNotFoundError" in (report.why or "")


def test_what_layers_need_is_made_by_the_files_own_functions_for_a_second(tmp_path: Path) -> None:
    text = """
    import time
    def make():
        return 3
    def train():
        time.sleep(100)
    size = make()
    unused = make()
    model = train()
    class Layer:
        def forward(self, x):
            return x * size + model
    raise ValueError
    """
    started = time.monotonic()
    module, _ = loaded(tmp_path, text)
    assert time.monotonic() - started < 2
    assert module.size == 3
    assert isinstance(module.unused, StandIn)
    assert isinstance(module.model, StandIn)


def test_classes_lose_no_more_than_what_raises(tmp_path: Path) -> None:
    text = """
    from __future__ import annotations
    app = make_app()

    @app.route("/")
    @nowhere
    def page(x: Unknown = 3):
        return x

    class Table:
        values = open("missing")
        size: Unknown = 4
        def method(self): return self.size

    class Lost(nowhere): pass

    def patched(self): return 5
    Table.patched = patched
    """
    module, notes = loaded(tmp_path, text)
    assert module.page(1) == 1
    assert (module.Table().method(), module.Table().patched()) == (4, 5)
    assert notes[1:] == ["line 15 of work.py raised NameError: name 'nowhere' is not defined, and was left out"]


def test_the_deepest_file_that_does_not_end_is_the_one(tmp_path: Path) -> None:
    (tmp_path / "trains_here.py").write_text("def helper(): return 7\ndef run():\n    while True: pass\nrun()\n")
    (tmp_path / "goes_through.py").write_text("from trains_here import helper\ncount = [helper() for _ in range(2)]\n")
    module, notes = loaded(tmp_path, "from goes_through import count\nprint(count)\nwhole = str(count)\n")
    assert module.whole == "[7, 7]"
    assert notes == [
        "line 4 of trains_here.py was still at work after 0.3 s (--import-timeout); only its definitions were loaded"
    ]


def test_a_package_that_breaks_around_its_files(tmp_path: Path) -> None:
    (tmp_path / "breaks").mkdir()
    (tmp_path / "breaks" / "__init__.py").write_text("from .core import value\nfrom . import gone\n1 / 0\n")
    (tmp_path / "breaks" / "core.py").write_text("value = 3\n")
    module, notes = loaded(tmp_path, "from .core import value\nfrom breaks import value as same\n", "breaks/use.py")
    assert (module.value, module.same) == (3, 3)
    assert notes[-1].startswith("line 3 of __init__.py raised ZeroDivisionError: division by zero; only its defin")


def test_a_neighbour_that_does_not_parse_costs_what_it_had(tmp_path: Path) -> None:
    (tmp_path / "of_python_2.py").write_text("print 'x'\n")
    module, notes = loaded(tmp_path, "from of_python_2 import thing\nvalue = 1\n")
    assert module.value == 1
    assert isinstance(module.thing, StandIn)
    assert "line 1 is Python 2" in notes[0]


def test_nothing_is_run_where_the_process_died_of_it(tmp_path: Path) -> None:
    token = TERMS.set(Terms(bare="the process died"))
    try:
        module, notes = loaded(tmp_path, "import os\nx = 1\nos._exit(3)\ny = 2\n")
    finally:
        TERMS.reset(token)
    assert (module.x, module.y, notes) == (1, 2, ["the process died"])
