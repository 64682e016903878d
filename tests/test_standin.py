"""What is missing is stood in for: it lets a file be imported, fails when it is used, and accuses nobody."""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from checks import check
from checks.discover import Source, find
from checks.load import load
from checks.loading.standin import Absent, StandIn, StandInUsedError
from checks.results import Report
from checks.worker import strictly

HEAD = """
import numpy as np
import torx, torx.nn as nn
import torx.nn.functional as F
from torx import Tensor
from numbx import njit
import numba
from numba import prange

pytestmark = pytest.mark.usefixtures("loaded_files_leave")
"""


def loaded(folder: Path, text: str, head: str = HEAD, name: str = "stood.py") -> Any:
    file = folder / name
    file.write_text(head + dedent(text), encoding="utf-8")
    return load(file)


def layer(name: str, forward: str, backward: str, base: str = "") -> str:
    return f"""
class {name}{base}:
    def forward(self, x):
        self.x = x
        return {forward}

    def backward(self, dout):
        return {backward}
"""


def judged(folder: Path, text: str, head: str = HEAD) -> Report:
    module = loaded(folder, text, head)
    own = [v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__]
    return check(own[0], seed=1, max_examples=3)


RIGHT, WRONG = ("x * x", "2 * self.x * dout"), ("x * x", "3 * self.x * dout")


def test_a_missing_module_that_a_layer_does_not_need_changes_no_verdict(tmp_path: Path) -> None:
    assert judged(tmp_path, layer("Right", *RIGHT)).verdict == "pass"


def test_nor_does_it_excuse_a_layer_that_does_not_use_it(tmp_path: Path) -> None:
    report = judged(tmp_path, layer("Wrong", *WRONG))
    assert (report.verdict, report.stood_in) == ("fail", ())
    assert report.counterexample is not None
    assert "from checks.load import load" in report.counterexample


@pytest.mark.parametrize("text", [layer("Uses", "torx.relu(x)", "dout"), layer("Uses", "x + torx.pi", "dout")])
def test_a_layer_that_computes_with_it_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    report = judged(tmp_path, text)
    assert report.verdict == "error"
    assert "torx is not installed; install torx" in (report.why or "")


def test_so_is_one_whose_backward_does(tmp_path: Path) -> None:
    report = judged(tmp_path, layer("Uses", "x * x", "F.mul(dout, self.x)"))
    assert (report.verdict, report.why) == (
        "error",
        "torx.nn.functional.mul was called, but torx is not installed; install torx",
    )


def test_a_question_of_type_is_no_use(tmp_path: Path) -> None:
    text = layer("Asks", "x.sum() if isinstance(x, (Tensor, torx.Size)) else x * x", WRONG[1])
    assert judged(tmp_path, text).verdict == "fail"


def test_a_class_that_derives_from_it_is_built_and_may_pass(tmp_path: Path) -> None:
    text = layer("Net", *RIGHT, base="(nn.Module, name='net')").replace(
        "    def forward", "    def __init__(self):\n        super().__init__()\n\n    def forward"
    )
    report = judged(tmp_path, text)
    assert report.verdict == "pass"
    assert report.stood_in == ("torx is not installed",)


def test_and_never_fails(tmp_path: Path) -> None:
    report = judged(tmp_path, layer("Net", *WRONG, base="(nn.Module)"))
    assert report.verdict == strictly(report).verdict == "undecided"
    assert report.why == "torx is not installed: a stand-in took part; to have it judged, install torx"
    assert [row.verdict for row in report.comparisons] == ["undecided"]
    assert report.findings == ()
    assert any("factor" in note for note in report.notes)


def test_one_that_falls_back_on_something_else_does_not_fail_either(tmp_path: Path) -> None:
    text = """
    def fallen(x):
        try:
            return torx.sin(x)
        except Exception:
            return np.sin(x)
    """
    assert judged(tmp_path, dedent(text) + layer("Falls", "fallen(x)", "dout")).verdict == "undecided"


@pytest.mark.parametrize("decorator", ["@numba.njit", "@numba.jit(nopython=True)", "@numba.jit('f8[:](f8[:])')"])
def test_a_decorator_known_to_change_nothing_is_none(tmp_path: Path, decorator: str) -> None:
    text = f"{decorator}\ndef square(x):\n    for i in prange(2):\n        y = x * x\n    return y\n"
    assert judged(tmp_path, text + layer("Right", "square(x)", RIGHT[1])).verdict == "pass"
    del sys.modules["stood"]
    assert judged(tmp_path, text + layer("Wrong", "square(x)", WRONG[1])).verdict == "fail"


def test_any_other_decorator_hands_its_function_through_and_is_told(tmp_path: Path) -> None:
    text = "@torx.twist(3)\ndef square(x):\n    return x * x\n"
    module = loaded(tmp_path, text)
    assert module.square(3) == 9
    del sys.modules["stood"]
    assert judged(tmp_path, text + layer("Wrong", "square(x)", WRONG[1])).verdict == "undecided"
    del sys.modules["stood"]
    assert judged(tmp_path, "@torx.register('a')" + layer("Wrong", *WRONG)).verdict == "undecided"


def test_what_files_do_with_modules_while_they_are_imported(tmp_path: Path) -> None:
    text = """
    from typing import Optional, Union, Callable
    import matplotx
    matplotx.use("Agg")
    import matplotx.pyplot as plt
    from PILX import Image
    plt.style.use("x")
    plt.rcParams["figure.figsize"] = (10, 8)
    plt.backend.fast = True
    device = torx.device("cuda" if torx.cuda.is_available() else "cpu")
    kinds = Union[Tensor, np.ndarray], Optional[Tensor], Callable[[Tensor], Tensor], Tensor | None, np.ndarray | Tensor
    boxes = torx.Box[float, "n d"]
    class Own(torx.OddError): pass
    class Meta(metaclass=torx.Meta): pass
    class Data(torx.Data[int]): pass
    def f(x: Tensor = torx.zeros(3), *, dtype=torx.float32) -> Tensor: pass
    with torx.no_grad():
        done = True
    """
    module = loaded(tmp_path, text)
    assert module.done
    assert issubclass(module.Own, Exception)
    assert repr(module.device) == "<stand-in for torx.device>"


def found_notes(folder: Path, text: str) -> tuple[str, ...]:
    file = folder / "noted.py"
    file.write_text(dedent(text), encoding="utf-8")
    return find(Source(label=str(file), path=str(file))).notes


def test_it_is_noted_once(tmp_path: Path) -> None:
    assert found_notes(tmp_path, "import torx.nn\nfrom torx import optim\nfrom .utilx import im2col\n") == (
        "stood in for torx, which is not installed",
        "stood in for .utilx, which is not there",
    )


def test_an_import_that_the_code_provides_for_is_left_alone(tmp_path: Path) -> None:
    text = """
    import torx
    try:
        import cupx as xp
    except ImportError:
        xp = None
    try:
        from collections import Mapping
    except ImportError:
        from collections.abc import Mapping
    import contextlib
    with contextlib.suppress(ImportError):
        import cupx.random
    """
    assert found_notes(tmp_path, text) == ("stood in for torx, which is not installed",)
    assert load(tmp_path / "noted.py").xp is None


@pytest.mark.parametrize("handling", ["print('install it'); sys.exit(1)", "raise ImportError('install it')"])
def test_unless_it_gives_up_over_it(tmp_path: Path, handling: str) -> None:
    text = f"import sys\ntry:\n    import cupx as xp\nexcept ImportError:\n    {handling}\nafter = 1\n"
    assert found_notes(tmp_path, text) == ("stood in for cupx, which is not installed",)
    assert load(tmp_path / "noted.py").after == 1


def test_a_guarded_import_of_a_file_that_is_not_guarded_within_itself(tmp_path: Path) -> None:
    (tmp_path / "gpu_ops.py").write_text("import cupx\n")
    assert found_notes(tmp_path, "try:\n    import gpu_ops\nexcept ImportError:\n    gpu_ops = None\n") == ()
    assert load(tmp_path / "noted.py").gpu_ops is None


def test_an_import_within_a_function_is_met_when_the_function_runs(tmp_path: Path) -> None:
    text = """
    def unguarded():
        import cupx
        return isinstance(3, cupx.ndarray)
    def guarded():
        try:
            import cupx
        except ImportError:
            return "none"
    """
    module = loaded(tmp_path, text, head="")
    assert (module.unguarded(), module.guarded()) == (False, "none")


def test_names_taken_from_a_missing_module_all_at_once(tmp_path: Path) -> None:
    head = "from numpy import *\nfrom torx import *\nfrom pylab import *\nx = linspace(0, 1, 3)\nplot(x, sin(x))\n"
    module = loaded(tmp_path, layer("Star", "exp(x)", "dout * exp(self.x)"), head)
    assert module.exp is np.exp
    assert isinstance(module.plot, StandIn)


def test_a_name_that_a_module_does_not_have(tmp_path: Path) -> None:
    module = loaded(tmp_path, "", "from scipy.special import expit, spline_of_old\n")
    assert module.expit(0.0) == 0.5
    assert isinstance(module.spline_of_old, StandIn)


STAND_IN = StandIn("torx.x", Absent("torx", "is not installed", "install torx"))


@pytest.mark.parametrize(
    "use",
    [
        lambda s: s(1), lambda s: s + 1, lambda s: np.ones(2) * s, lambda s: np.exp(s), lambda s: np.sum(s),
        lambda s: np.asarray(s), lambda s: len(s), lambda s: list(s), lambda s: s[0], lambda s: float(s),
        lambda s: bool(s), lambda s: s < 1, lambda s: 1 in s, lambda s: s.y.z(), lambda s: -s,
    ],
)  # fmt: skip
def test_whatever_needs_its_value_is_refused(use: Any) -> None:
    with pytest.raises(StandInUsedError, match="but torx is not installed; install torx"):
        use(STAND_IN)


def test_it_may_be_copied_and_asked_about() -> None:
    assert copy.deepcopy({"a": STAND_IN})["a"] is STAND_IN
    assert not isinstance(np.ones(2), STAND_IN)  # type: ignore[arg-type]
    assert not hasattr(STAND_IN, "__len_hint__")
    assert STAND_IN == STAND_IN
