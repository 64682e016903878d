"""Names of older Pythons and NumPys, for the user's files alone."""

from __future__ import annotations

import ast
import collections
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from checks import record
from checks.load import load
from checks.loading.dropped import today, updated

GIVES = {
    "np.int": int,
    "np.float": float,
    "np.object": object,
    "np.bool(1)": True,
    "np.infty": np.inf,
    "-np.Inf": -np.inf,
    "np.float_": np.float64,
    "np.unicode_": np.str_,
    "np.product((2, 3))": 6,
    "np.alltrue([True])": True,
    "np.sometrue([False])": False,
    "np.in1d([1], [1])[0]": True,
    "np.row_stack(([1], [2])).shape": (2, 1),
    "np.trapz([1.0, 1.0])": 1.0,
    "np.asscalar(np.array([3]))": 3,
    "np.random.random_integers(1)": 1,
    "isinstance([], collections.Iterable)": True,
    "inspect.getargspec(lambda a, b=1: 0).args": ["a", "b"],
    "time.clock() >= 0": True,
    "logsumexp([0.0])": 0.0,
    "gcd(4, 6)": 2,
    "list(xrange(2))": [0, 1],
    "pickle.loads(pickle.dumps(1))": 1,
    "reduce(max, [1, 3])": 3,
}
HEAD = """
import numpy as np, collections, inspect, time
import cPickle as pickle
from scipy.misc import logsumexp
from fractions import gcd
from collections import Mapping, OrderedDict
"""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("dropped") / "of_old.py"
    file.write_text(HEAD + f"VALUES = [{', '.join(GIVES)}]\ndef later():\n    return np.float\n")
    return load(file)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_they_mean_what_they_meant(old: Any) -> None:
    assert dict(zip(GIVES, old.VALUES, strict=True)) == GIVES
    assert old.Mapping is collections.abc.Mapping


def test_nobody_else_sees_them(old: Any) -> None:
    assert not hasattr(np, "float")
    assert not hasattr(collections, "Mapping")


def test_it_is_noted_when_it_happens(old: Any) -> None:
    with record.watching() as seen:
        assert old.later() is float
    assert list(seen.notes) == ["numpy.float is no more: float was taken"]


def test_what_there_is_comes_first() -> None:
    assert today(np, "bool") is np.bool
    with pytest.raises(AttributeError, match="no_such_name"):
        today(np, "no_such_name")


def test_a_file_that_asks_for_nothing_of_the_kind_is_left_as_it_is() -> None:
    text = dedent("""
    import numpy as np
    y = np.exp(1) + self.float + x.int
    """)
    tree = ast.parse(text)
    assert updated(tree) is tree
    assert ast.unparse(tree) == text.strip()


def test_attributes_keep_their_place_and_patterns_stay_patterns() -> None:
    tree = ast.parse("import numpy as n\nx = n.float\nmatch x:\n    case n.int:\n        pass\n")
    new = updated(tree)
    assert "__today__(n, 'float')" in ast.unparse(new)
    assert "case n.int" in ast.unparse(new)
    assert {node.lineno for node in ast.walk(new) if isinstance(node, ast.Call)} == {2}


def test_a_name_the_file_defines_itself_is_its_own(tmp_path: Path) -> None:
    file = tmp_path / "own_names.py"
    file.write_text("try:\n    xrange\nexcept NameError:\n    xrange = 3\nx = xrange\n")
    assert load(file).x == 3
