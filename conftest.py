"""Hypothesis profiles and shared fixtures.

`ci` is loaded unless another one is asked for: `pytest --hypothesis-profile=dev` searches longer, and
elsewhere each time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("ci", max_examples=30, derandomize=True, deadline=None, database=None)
settings.register_profile("dev", max_examples=1000, deadline=None, database=None)
settings.load_profile("ci")

Function = Callable[[Any], Any]


@pytest.fixture(scope="session")
def complex_step_gradient() -> Callable[[Function, Any, Any], Any]:
    """The gradient of sum(upstream * f(x)), as Im f(x + ih) / h by entry: nothing cancels, so it is exact."""

    def gradient(f: Function, x: Any, upstream: Any = 1.0) -> Any:
        step = 1e-30
        result = np.empty(np.shape(x))
        for index in np.ndindex(result.shape):
            moved = np.array(x, dtype=complex)
            moved[index] += 1j * step
            result[index] = np.sum(upstream * np.imag(f(moved))) / step
        return result

    return gradient


@pytest.fixture
def loaded_files_leave() -> Iterator[None]:
    """Modules and search paths as they were: the files of other tests have the same names."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for added in set(sys.modules) - modules:
        if "pytest-of" in str(getattr(sys.modules[added], "__file__", None) or ""):
            del sys.modules[added]
