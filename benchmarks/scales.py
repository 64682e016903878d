"""Scale changes nothing: the same verdicts for gradients of 1e-12 and of 1e+9, and the same small error found.

    python benchmarks/scales.py [--cases 200] [--seed 0]

An Affine whose output is multiplied by a constant is judged as it is, and with one entry of one gradient off by a
share of that gradient's largest entry: 1e-6 in float64, 1e-3 in float32.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np

from checks.case import Case
from checks.examine import examine
from checks.search import Search
from checks.signature import Signature
from checks.strategies import cases
from checks.subject import Role, Subject

SCALES = (1e-12, 1e-6, 1.0, 1e3, 1e9)
ROLES: dict[str, Role] = {"x": "input", "W": "parameter", "b": "parameter"}


class ScaledAffine:
    """scale * (x W + b), with one entry of the gradient `name` off by `share` of its largest entry."""

    def __init__(self, scale: float, name: str | None = None, share: float = 0.0, chance: int = 0) -> None:
        self.scale, self.name, self.share, self.chance = scale, name, share, chance

    def forward(self, arrays: Mapping[str, Any]) -> Any:
        self.x, self.W = np.array(arrays["x"]), np.array(arrays["W"])
        return self.x.dtype.type(self.scale) * (self.x @ self.W + arrays["b"])

    def backward(self, upstream: Any) -> Mapping[str, Any]:
        dout = upstream.dtype.type(self.scale) * upstream
        gradients = {"x": dout @ self.W.T, "W": self.x.T @ dout, "b": dout.sum(axis=0)}
        if self.name is not None:
            wrong = gradients[self.name]
            wrong.flat[self.chance % wrong.size] += self.share * np.abs(wrong).max()
        return gradients


def subject(scale: float, name: str | None = None, share: float = 0.0, chance: int = 0) -> Subject:
    return Subject(
        name="ScaledAffine",
        build=lambda arrays: ScaledAffine(scale, name, share, chance),
        signatures=(Signature.parse("x(n,i), W(i,o), b(o) -> (n,o)"),),
        roles=ROLES,
        owed=("x", "W", "b"),
    )


def measure(scale: float, dtype: str, count: int, seed: int) -> tuple[Counter[str], Counter[str]]:
    """Verdicts on the correct layer, and on the one with a small error."""
    correct: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    chance = Random(seed)

    def judge(case: Case) -> None:
        for row in examine(case).rows.values():
            correct[row.verdict] += 1
        name = chance.choice(sorted(ROLES))
        faulty = subject(scale, name, 1e-6 if dtype == "float64" else 1e-3, chance.randrange(1000))
        gradients = ScaledAffine(scale)
        gradients.forward(case.arrays)
        if not np.any(gradients.backward(np.ones((case.arrays["x"].shape[0], case.arrays["b"].size), dtype))[name]):
            return  # a gradient of zeros has no largest entry to take a share of
        moved = Case(subject=faulty, signature=case.signature, arrays=case.arrays, seed=case.seed, rounded=case.rounded)
        wrong[examine(moved).rows[name].verdict] += 1

    Search(cases(subject(scale), dtype=dtype), judge, seed).draw(count, float("inf"))
    return correct, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"{'scale':>8}{'dtype':>9}   correct gradients                 with one small error")
    for dtype in ("float64", "float32"):
        for scale in SCALES:
            correct, wrong = measure(scale, dtype, options.cases, options.seed)
            print(f"{scale:>8.0e}{dtype:>9}   {dict(correct)!s:<33} {dict(wrong)}", flush=True)


if __name__ == "__main__":
    main()
