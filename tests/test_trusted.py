"""The trusted layer by its name, and the layer of a file that is compared with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.discover import Source
from checks.trusted import find_to_compare, is_named, located, spoken, trusted
from reference import Affine, ReLU

LAYER = """
class {}:
    def forward(self, x):
        return 2 * x

    def backward(self, dout):
        return 2 * dout
"""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("reference:Affine", "reference.Affine"),
        ("reference.affine:Affine", "reference.affine.Affine"),
        ("mine.py::Affine", "mine.Affine"),
        ("mine.py:Affine", "mine.Affine"),
        ("folder/mine.py::Affine", "mine.Affine"),
        ("pairs.py::affine_forward", "pairs.affine_forward"),
    ],
)
def test_how_a_name_is_spoken(text: str, name: str) -> None:
    assert is_named(text)
    assert spoken(text) == name


@pytest.mark.parametrize("text", ["", "reference", "mine.py", "reference:", "::Affine", "a b:C"])
def test_what_is_no_name(text: str) -> None:
    assert not is_named(text)
    assert located(text).why == f"{text!r} names no layer; expected module:Name, as reference:Affine, or file.py::Name"


def test_objects_have_the_name_of_what_offers_them() -> None:
    assert trusted(Affine, None, "float64").name == "reference.Affine"
    assert trusted(ReLU(), None, "float64").name == "reference.ReLU"
    assert trusted("reference:Affine", None, "float64").subject.signature.names == ("x", "W", "b")


def test_of_a_file_with_several_the_one_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "several.py"
    path.write_text("".join(LAYER.format(name) for name in ("Relu", "Double", "Tanh")))
    source = Source(label="several.py", path=str(path))
    discovery = find_to_compare(source, "reference:ReLU")
    assert [found.target for found in discovery.found] == ["several.py::Relu"]
    assert discovery.skipped == ("Double, Tanh (not compared)",)
    (none,) = find_to_compare(source, "reference:Affine").found
    assert none.why == "3 layers, and none is named Affine: name the one to compare, as in several.py::Relu"
    assert find_to_compare(Source(label="several.py", path=str(path), explicit=False), "reference:Affine").found == ()


def test_the_only_one_of_a_file_needs_no_name(tmp_path: Path) -> None:
    path = tmp_path / "single.py"
    path.write_text(LAYER.format("Anything"))
    (found,) = find_to_compare(Source(label="single.py", path=str(path)), "reference:Affine").found
    assert (found.target, found.why) == ("single.py::Anything", None)
