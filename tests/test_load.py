"""Files as they come: loaded by path as part of their package, or refused in one or two clear lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from checks.discover import Found, discover, expand, find
from checks.errors import LayerError
from checks.load import load
from checks.loading import place

pytestmark = pytest.mark.usefixtures("loaded_files_leave")

LAYER = """
class {name}:
    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, dout):
        return 2 * self.x * dout
"""


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")
    return path


def layer(path: Path, *names: str) -> Path:
    return write(path, "".join(LAYER.format(name=name) for name in names))


def targets(target: object) -> list[str]:
    return [found.target for found in discover(str(target))]


def why(target: object) -> str:
    (found,) = discover(str(target))
    assert found.subject is None
    assert found.why is not None
    return found.why


# load


def test_a_lone_file_sees_its_neighbours(tmp_path: Path) -> None:
    write(tmp_path / "helper_of_lone.py", "scale = 3")
    module = load(write(tmp_path / "lone_one.py", "from helper_of_lone import scale"))
    assert module.scale == 3
    assert module.__name__ == "lone_one"
    assert load(tmp_path / "lone_one.py") is module


def test_nothing_is_written(tmp_path: Path) -> None:
    write(tmp_path / "helper_unwritten.py")
    load(write(tmp_path / "unwritten.py", "import helper_unwritten"))
    assert sorted(os.listdir(tmp_path)) == ["helper_unwritten.py", "unwritten.py"]


def test_folders_above_are_searched_up_to_the_root_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    write(tmp_path / "repo" / "common_above" / "layers.py", "one = 1")
    write(tmp_path / "beyond_the_root.py")
    good = write(tmp_path / "repo" / "a" / "b" / "deep_file.py", "from common_above.layers import one")
    assert load(good).one == 1
    bad = write(tmp_path / "repo" / "a" / "b" / "reaches_out.py", "import beyond_the_root")
    assert repr(load(bad).beyond_the_root) == "<stand-in for beyond_the_root>"


def test_a_file_of_a_package_is_loaded_as_part_of_it(tmp_path: Path) -> None:
    write(tmp_path / "pkg_one" / "__init__.py")
    write(tmp_path / "pkg_one" / "base.py", "value = 5")
    write(tmp_path / "pkg_one" / "nn" / "__init__.py")
    file = write(tmp_path / "pkg_one" / "nn" / "dense.py", "from ..base import value\nimport pkg_one.base")
    module = load(file)
    assert (module.__name__, module.value) == ("pkg_one.nn.dense", 5)
    assert str(tmp_path / "pkg_one") not in sys.path
    assert load(tmp_path / "pkg_one" / "__init__.py") is sys.modules["pkg_one"]


def test_relative_imports_make_a_package_of_folders_without_init(tmp_path: Path) -> None:
    write(tmp_path / "plain_top" / "base.py", "value = 6")
    file = write(tmp_path / "plain_top" / "inner" / "dense.py", "from ..base import value")
    assert load(file).value == 6


def test_a_package_whose_init_fails_is_entered_without_it(tmp_path: Path) -> None:
    write(tmp_path / "pkg_heavy" / "__init__.py", "import a_module_that_is_nowhere")
    write(tmp_path / "pkg_heavy" / "base.py", "value = 7")
    file = write(tmp_path / "pkg_heavy" / "dense.py", "from .base import value\nfrom pkg_heavy import base")
    assert load(file).value == 7


@pytest.mark.parametrize("name", ["json", "json-layers", "01 affine", "numpy"])
def test_a_name_that_is_taken_or_no_name_does_not_matter(tmp_path: Path, name: str) -> None:
    before = sys.modules.get(name)
    module = load(write(tmp_path / f"{name}.py", "mine = True"))
    assert module.mine
    assert sys.modules.get(name) is before


def test_files_of_the_same_name_are_two_modules(tmp_path: Path) -> None:
    first = load(write(tmp_path / "a" / "same_name.py", "value = 1"))
    second = load(write(tmp_path / "b" / "same_name.py", "value = 2"))
    assert (first.value, second.value) == (1, 2)


def test_warnings_of_the_file_are_not_errors(tmp_path: Path) -> None:
    file = write(tmp_path / "warns.py", "import warnings\nwarnings.warn('old')\nx = '\\d'\ny = 1 is 1")
    assert load(file).x == "\\d"


def message(path: Path) -> str:
    with pytest.raises(LayerError) as caught:
        load(path)
    return str(caught.value).replace(f"{path.parent}{os.sep}", "")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path / "layers.py")
    assert message(tmp_path / "layer.py") == "there is no file layer.py; did you mean layers.py?"
    assert message(tmp_path / "zzz.py") == "there is no file zzz.py"
    assert message(tmp_path / "no" / "zzz.py").startswith("there is no file zzz.py, nor a folder ")


def test_what_is_no_python_file(tmp_path: Path) -> None:
    assert message(tmp_path).endswith("is a folder; expected a Python file")
    assert message(write(tmp_path / "a.txt")) == (
        "a.txt is not a Python file; expected a name that ends in .py or .ipynb"
    )


def test_a_file_that_does_not_parse_shows_the_line(tmp_path: Path) -> None:
    file = write(tmp_path / "broken.py", "x = 1\n    y = 2 +\n")
    assert message(file) == "broken.py:2 does not parse: unexpected indent\ny = 2 +"


@pytest.mark.parametrize("text", [b"x = '\xff\xfe'", b"x = 1\x00", b"# coding: klingon\n", b"(" * 10000])
def test_bytes_that_are_no_python(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "bytes.py"
    file.write_bytes(text)
    assert "does not parse: " in message(file)
    assert message(file).count("\n") <= 1


PYTHON_2 = {
    "print 'loss', x": "print 'loss', x",
    "print x": "print x",
    "try:\n    pass\nexcept ValueError, e:\n    pass": "except ValueError, e:",
    "raise ValueError, 'no'": "raise ValueError, 'no'",
    "exec 'x = 1'": "exec 'x = 1'",
    "x = 0777": "x = 0777",
    "x = 3 <> 4": "x = 3 <> 4",
}


@pytest.mark.parametrize("text", PYTHON_2)
def test_python_2_is_called_by_its_name(tmp_path: Path, text: str) -> None:
    file = write(tmp_path / "old.py", text)
    line = text.splitlines().index(PYTHON_2[text]) + 1
    assert message(file) == f"old.py: line {line} is Python 2: {PYTHON_2[text]}\nconvert the file to Python 3 first"


def test_an_ordinary_slip_is_not_called_python_2(tmp_path: Path) -> None:
    for text in ("print(1, 2", "x = (3", "def f(x:\n    pass", "class A\n    pass", "return x y"):
        assert "Python 2" not in message(write(tmp_path / "slip.py", text))


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfx = 'caf\xc3\xa9'\n", b"# coding: latin-1\r\nx = 'caf\xe9'\r\n"])
def test_files_as_editors_leave_them(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "01 as-left.v2.py"
    file.write_bytes(data)
    assert load(file).x == "caf\xe9"


def test_a_file_behind_a_link_sees_the_neighbours_of_both_places(tmp_path: Path) -> None:
    write(tmp_path / "real" / "beside_the_real.py", "one = 1")
    write(tmp_path / "link" / "beside_the_link.py", "two = 2")
    file = write(tmp_path / "real" / "linked_to.py", "from beside_the_real import one\nfrom beside_the_link import two")
    (tmp_path / "link" / "a_link.py").symlink_to(file)
    module = load(tmp_path / "link" / "a_link.py")
    assert (module.one, module.two) == (1, 2)


def test_a_relative_import_in_a_folder_whose_name_is_none(tmp_path: Path) -> None:
    write(tmp_path / "hand-in 3" / "beside.py", "value = 4")
    assert load(write(tmp_path / "hand-in 3" / "asks.v2.py", "from .beside import value")).value == 4


def test_standard_modules_are_not_shadowed_and_neighbours_of_their_names_are_found(tmp_path: Path) -> None:
    write(tmp_path / "colorsys.py", "mine = True")
    write(tmp_path / "test" / "helper.py", "value = 5")
    text = "import colorsys\nfrom colorsys import mine\nfrom test.helper import value\n"
    module = load(write(tmp_path / "test" / "uses_both.py", text))
    assert hasattr(module.colorsys, "rgb_to_hsv")
    assert (module.mine, module.value) == (True, 5)
    import colorsys

    assert module.colorsys is colorsys


def test_a_file_that_was_mended_is_loaded_as_it_is(tmp_path: Path) -> None:
    file = write(tmp_path / "half_done.py", "x = 1\n1 / 0\ny = max([1])\nz = print()")
    assert not hasattr(load(file), "z") or repr(load(file).z).startswith("<stand-in")
    del sys.modules["half_done"]
    write(file, "x = 2\nz = print()")
    assert (load(file).x, load(file).z) == (2, None)


def test_the_words_of_the_command_are_not_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gradproof", "check", "--lr"])
    text = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', default=3)\nlr = p.parse_args().lr"
    assert load(write(tmp_path / "parses.py", text)).lr == 3
    assert sys.argv == ["gradproof", "check", "--lr"]


# discover


def test_the_classes_of_a_file_in_order(tmp_path: Path) -> None:
    file = layer(tmp_path / "two_layers.py", "Zeta", "Alpha")
    assert targets(file) == [f"{file}::Zeta", f"{file}::Alpha"]
    assert [found.subject.__name__ for found in discover(str(file))] == ["Zeta", "Alpha"]


def test_imported_classes_and_second_names_are_left_out(tmp_path: Path) -> None:
    layer(tmp_path / "defines_one.py", "Original")
    file = layer(tmp_path / "imports_one.py", "Own")
    file.write_text("from defines_one import Original\n" + file.read_text() + "\nAgain = Own\n")
    assert targets(file) == [f"{file}::Own"]
    assert targets(f"{file}::Original") == [f"{file}::Original"]


def test_function_pairs_go_by_their_forward(tmp_path: Path) -> None:
    file = write(
        tmp_path / "pairs.py",
        """
        def square_forward(x):
            return x * x, x

        def square_backward(dout, cache):
            return 2 * cache * dout
        """,
    )
    (found,) = discover(str(file))
    assert found.target == f"{file}::square_forward"
    assert [function.__name__ for function in found.subject] == ["square_forward", "square_backward"]
    assert targets(f"{file}::square_forward") == [found.target]


def test_bases_and_optimizers_are_skipped_by_name(tmp_path: Path) -> None:
    file = layer(tmp_path / "with_kin.py", "Real")
    kin = """
    import abc


    class Base:
        def forward(self, x):
            '''The output.'''
            raise NotImplementedError

        def backward(self, dout):
            raise NotImplementedError


    class Abstract(abc.ABC):
        @abc.abstractmethod
        def forward(self, x): ...


    class SGD:
        def update(self, params, grads):
            pass
    """
    file.write_text(dedent(kin) + file.read_text())
    (source,) = expand(str(file))
    discovery = find(source)
    assert [found.target for found in discovery.found] == [f"{file}::Real"]
    assert discovery.skipped == ("Base (abstract base)", "Abstract (abstract base)", "SGD (optimizer)")


def test_gradients_of_nothing_are_skipped_by_name(tmp_path: Path) -> None:
    file = layer(tmp_path / "with_gradients.py", "Real")
    kin = """
    class Odd:
        def run(self, a):
            return a

        def adjoint(self, a, b, c):
            return b


    def square(x):
        return x * x


    def cube_derivative(x):
        return 3 * x**2


    def numerical_gradient(f, x):
        return x


    def squares(y, p):
        return ((y - p) ** 2).sum()


    def squares_grad(y, p):
        return 2 * (p - y)
    """
    file.write_text(dedent(kin) + file.read_text())
    (source,) = expand(str(file))
    discovery = find(source)
    assert [found.target for found in discovery.found] == [f"{file}::{name}" for name in ("Real", "squares")]
    assert discovery.skipped == (
        "Odd (adjoint, but no forward or loss of the same arguments; give it forward and backward)",
        "cube_derivative (no function that it is the gradient of; in Python: check((f, cube_derivative)))",
    )


def test_a_name_that_is_absent(tmp_path: Path) -> None:
    file = layer(tmp_path / "has_affine.py", "Affine", "ReLU")
    assert why(f"{file}::Afine") == "there is no Afine in has_affine.py; did you mean Affine?"
    assert why(f"{file}::Zzz") == "there is no Zzz in has_affine.py; it has Affine, ReLU"
    assert discover(f"{file}::Afine")[0].target == f"{file}::Afine"


def test_a_name_that_is_no_layer(tmp_path: Path) -> None:
    file = write(tmp_path / "no_layer_here.py", "class Plain:\n    pass\n")
    assert why(f"{file}::Plain") == (
        "Plain is no layer: a class without a forward and a backward\n"
        "expected a class with forward and backward, or loss and gradient, or functions f_forward and f_backward\n"
        "or check((f, df)) in Python: df takes what f takes, and returns a gradient for each array"
    )
    assert why(file) == (
        "no_layer_here.py holds no layer: its classes are Plain\n"
        "expected a class with forward and backward, or loss and gradient, or functions f_forward and f_backward"
    )
    assert why(write(tmp_path / "bare.py", "x = 1")).startswith("bare.py holds no layer: it defines no class\n")
    said = why(write(tmp_path / "some.py", "def f(x):\n    return x\n"))
    assert said.startswith("some.py holds no layer: it defines no class, and its functions are f\n")


def test_a_folder_skips_what_holds_no_layer_and_what_is_no_source(tmp_path: Path) -> None:
    layer(tmp_path / "b.py", "B")
    layer(tmp_path / "a" / "a.py", "A")
    write(tmp_path / "script.py", "raise SystemExit('run by mistake')")
    write(tmp_path / "plain.py", "class Plain:\n    pass\n")
    write(tmp_path / "broken.py", "x = (")
    for folder in (".hidden", "__pycache__", "node_modules", "venv"):
        layer(tmp_path / folder / "c.py", "C")
    write(tmp_path / "venv" / "pyvenv.cfg")
    slash = f"{tmp_path}{os.sep}"
    expected = [f"{slash}b.py::B", f"{slash}broken.py", f"{slash}a{os.sep}a.py::A"]
    assert targets(tmp_path) == expected
    assert targets(slash) == expected


def test_targets_are_written_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layer(tmp_path / "sub" / "given.py", "A")
    monkeypatch.chdir(tmp_path)
    for given, shown in [
        ("sub/given.py", "sub/given.py::A"),
        ("./sub/given.py::A", "./sub/given.py::A"),
        ("sub", "sub/given.py::A"),
        ("./", "./sub/given.py::A"),
        ("sub.given", "sub.given::A"),
        ("sub.given:A", "sub.given::A"),
        ("sub.given::A", "sub.given::A"),
    ]:
        assert targets(given) == [shown]


def test_a_package_stands_for_its_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "pkg_whole" / "__init__.py")
    layer(tmp_path / "pkg_whole" / "one.py", "A")
    layer(tmp_path / "pkg_whole" / "deep" / "two.py", "B")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert targets("pkg_whole") == ["pkg_whole.one::A", "pkg_whole.deep.two::B"]
    assert targets("pkg_whole.deep.two:B") == ["pkg_whole.deep.two::B"]


def test_what_leads_nowhere() -> None:
    assert why("no.such.module") == "there is no file, folder or module no.such.module; expected one of them"
    assert why("math").endswith("has no Python source to check")  # a file of C, or a part of the interpreter
    assert why("sys").endswith("has no Python source to check")
    assert why("no_such_file.py") == "there is no file no_such_file.py"
    assert why("no_such_file.py::A") == "there is no file no_such_file.py"
    assert targets("no_such_file.py::A") == ["no_such_file.py"]


def test_a_name_in_a_folder_needs_the_file(tmp_path: Path) -> None:
    assert why(f"{tmp_path}::A") == f"{tmp_path} is a folder; A needs a file: {tmp_path}/file.py::A"


def test_found_says_subject_or_reason() -> None:
    found = Found(target="a.py::A", subject=int)
    assert (found.why, found.settings) == (None, {})


def test_what_is_installed_or_pythons_own_is_not_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(place, "roots", {str(tmp_path), os.path.dirname(os.path.dirname(os.__file__))})
    assert place.is_users(str(tmp_path / "a" / "b.py"))
    assert not place.is_users(str(tmp_path / "venv" / "site-packages" / "b.py"))
    assert not place.is_users(os.__file__)
    assert not place.is_users(f"{tmp_path}2{os.sep}b.py")
