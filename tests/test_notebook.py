"""Notebooks: the classes and functions of their code cells, with the cell told wherever a place is."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checks import check, record
from checks.discover import discover, expand, find
from checks.errors import LayerError
from checks.load import load
from checks.loading.notebook import cells, without_magics
from checks.report.text import to_text

pytestmark = pytest.mark.usefixtures("loaded_files_leave")

SQUARE = """class {name}:
    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, dout):
        return {factor} * self.x * dout
"""


def square(name: str, factor: int = 2) -> str:
    return SQUARE.format(name=name, factor=factor)


def notebook(folder: Path, *texts: str, name: str = "nb.ipynb", **metadata: Any) -> Path:
    prose = {"cell_type": "markdown", "metadata": {}, "source": ["# Layers"]}
    code = [{"cell_type": "code", "metadata": {}, "source": text.splitlines(keepends=True)} for text in texts]
    file = folder / name
    file.write_text(json.dumps({"nbformat": 4, "metadata": metadata, "cells": [prose, *code]}))
    return file


def test_the_classes_and_functions_of_its_cells_are_subjects(tmp_path: Path) -> None:
    pair = "def f_forward(x):\n    return x, x\n\n\ndef f_backward(d, cache):\n    return d\n"
    file = notebook(tmp_path, "import numpy as np", square("A") + "\n" + square("B"), pair)
    for target in (str(file), str(tmp_path)):
        assert [found.target for found in discover(target)] == [f"{file}::A", f"{file}::B", f"{file}::f_forward"]
    assert [found.target for found in discover(f"{file}::B")] == [f"{file}::B"]
    assert expand(f"{file}::B")[0].name == "B"


def test_a_place_has_the_cell_and_the_line_in_it(tmp_path: Path) -> None:
    file = notebook(tmp_path, "import numpy as np", "\n\n" + square("Wrong", 3))
    report = check(load(file).Wrong, seed=1)
    finding = report.findings[0]
    assert (finding.file, finding.cell, finding.line) == (str(file), 2, 3)
    assert f"{file}, cell 2, line 3" in to_text(report)
    assert report.to_json()["findings"][0]["cell"] == 2


def test_the_counterexample_runs(tmp_path: Path) -> None:
    report = check(load(notebook(tmp_path, square("Wrong", 3))).Wrong, seed=1)
    assert report.counterexample is not None
    done = subprocess.run([sys.executable, "-c", report.counterexample], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("backward: ")
    assert done.stderr == ""


def test_sources_can_be_read(tmp_path: Path) -> None:
    module = load(notebook(tmp_path, "x = 1", square("A")))
    assert inspect.getsource(module.A.forward).startswith("    def forward(self, x):")


def test_the_last_definition_is_the_one(tmp_path: Path) -> None:
    (found,) = discover(str(notebook(tmp_path, square("A", 3), square("A", 2))))
    assert check(found.subject, seed=1).passed


def test_a_cell_that_fails_costs_no_other(tmp_path: Path) -> None:
    file = notebook(tmp_path, "x = open('missing')", square("A"), "y = 1\ny.append(2)\nz = 3", "def f(:", square("B"))
    discovery = find(expand(str(file))[0])
    assert [found.target for found in discovery.found] == [f"{file}::A", f"{file}::B"]
    assert discovery.notes == (
        "cell 1, line 1 of nb.ipynb raised FileNotFoundError: [Errno 2] No such file or directory: 'missing'; "
        "from there on only definitions were loaded",
        "cell 4, line 1 of nb.ipynb does not parse, and the cell was left out: def f(:",
    )
    assert load(file).z == 3


MAGICS = {
    "%matplotlib inline\nx = 1": "pass\nx = 1",
    "!pip install a \\\n  b\nx = 1": "pass\n\nx = 1",
    "for k in y:\n    !echo {k}\n    %time z": "for k in y:\n    pass\n    pass",
    "files = !ls\nt = %timeit -o f()": "pass\npass",
    "?np.dot\nnp.dot?\nnp.dot??": "pass\npass\npass",
    "%%time\nx = 1": "\nx = 1",
    "\n%%bash\nls -la": "\n\n",
    "%%writefile a.py\nclass A: pass": "\n",
    "s = '''\n%d of it\n!not a command\n'''\ny = (3\n % 2)": "s = '''\n%d of it\n!not a command\n'''\ny = (3\n % 2)",
    "s = '''\n%d\n'''\n%time f()": "s = '''\n%d\n'''\npass",
    "pip install numpy": "pass",
}


@pytest.mark.parametrize("text", MAGICS)
def test_magics_are_left_out_and_lines_keep_their_numbers(text: str) -> None:
    assert without_magics(text)[0] == MAGICS[text]


def test_a_slip_is_no_magic() -> None:
    for text in ("x = (", "def f(:\n    pass", "x = 1 +"):
        with pytest.raises(SyntaxError):
            without_magics(text)


def test_what_notebooks_call_is_there(tmp_path: Path) -> None:
    file = notebook(tmp_path, "get_ipython().run_line_magic('matplotlib', 'inline')\ndisplay(3)\nx = 1")
    with record.watching() as seen:
        assert load(file).x == 1
    assert not seen.notes


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"x = 1", "nb.ipynb is no notebook: it does not parse as JSON (line 1)"),
        (b"\xff\xfe\x00", "nb.ipynb is no notebook: it does not parse as JSON"),
        (b"[]", "nb.ipynb is no notebook: expected a list of cells in it"),
        (b'{"cells": 3}', "nb.ipynb is no notebook: expected a list of cells in it"),
        (b'{"cells": [{"cell_type": "markdown", "source": "x"}]}', "nb.ipynb has no code cells"),
        (b'{"cells": [{"cell_type": "code", "source": " "}]}', "nb.ipynb has no code cells"),
        (
            b'{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}',
            "nb.ipynb is a notebook in R; expected one in Python",
        ),
    ],
)
def test_what_is_no_notebook_is_one_line(data: bytes, why: str) -> None:
    with pytest.raises(LayerError) as caught:
        cells("nb.ipynb", data)
    assert str(caught.value) == why


def test_the_format_of_old() -> None:
    cell = {"cell_type": "code", "language": "python", "input": ["x = 1\n", "y = 2"]}
    data = json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [cell]}]}).encode("utf-8-sig")
    assert cells("nb.ipynb", data) == [(1, "x = 1\ny = 2")]
