"""gradproof: says whether a hand-written layer's backward is the derivative of its forward.

    from checks import check, assert_gradients
    print(check(MyLayer))

Everything is imported at first use, so that `gradproof --help` does not wait for SciPy and hypothesis.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from checks.case import Case
    from checks.checking import assert_gradients, cases, check
    from checks.derivative import Estimate, estimate_gradient, numerical_gradient
    from checks.errors import GradientMismatch, GradproofError, LayerError, SignatureError
    from checks.results import Comparison, Finding, Report
    from checks.signature import Signature

_HOME = {
    "Case": "checks.case",
    "Comparison": "checks.results",
    "Estimate": "checks.derivative",
    "Finding": "checks.results",
    "GradientMismatch": "checks.errors",
    "GradproofError": "checks.errors",
    "LayerError": "checks.errors",
    "Report": "checks.results",
    "Signature": "checks.signature",
    "SignatureError": "checks.errors",
    "assert_gradients": "checks.checking",
    "cases": "checks.checking",
    "check": "checks.checking",
    "estimate_gradient": "checks.derivative",
    "numerical_gradient": "checks.derivative",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_HOME[name]), name)
    return value


__all__ = [
    "Case",
    "Comparison",
    "Estimate",
    "Finding",
    "GradientMismatch",
    "GradproofError",
    "LayerError",
    "Report",
    "Signature",
    "SignatureError",
    "__version__",
    "assert_gradients",
    "cases",
    "check",
    "estimate_gradient",
    "numerical_gradient",
]
