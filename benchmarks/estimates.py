"""How often the true derivative lies within the stated allowance, over functions with known derivatives.

    python benchmarks/estimates.py [--points 300] [--seed 0]

Each function is differentiated at many points, one scalar at a time, and compared with mpmath at 60 digits. Smooth
points count as covered where |value - truth| <= allowance; undecided ones are counted apart, and never as covered.
Kinks (ReLU and abs, at 0 and near it) have to be resolved as an interval of subgradients or left undecided.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from checks.derivative import estimate_gradient

mpmath.mp.dps = 60
m: Any = mpmath


@dataclass(frozen=True)
class Known:
    """A function in NumPy, its derivative in mpmath, and where to draw its points."""

    name: str
    f: Callable[[Any], Any]
    derivative: Callable[[Any], Any]
    points: Callable[[np.random.Generator, int], Any]
    ordinary: bool = False
    kinked: bool = False


def uniform(low: float, high: float) -> Callable[[np.random.Generator, int], Any]:
    return lambda rng, count: rng.uniform(low, high, count)


def scales(low: float, high: float) -> Callable[[np.random.Generator, int], Any]:
    """Log-uniform sizes between 10^low and 10^high, both signs."""
    return lambda rng, count: 10 ** rng.uniform(low, high, count) * rng.choice([-1.0, 1.0], count)


def near_zero(rng: np.random.Generator, count: int) -> Any:
    """A third exactly 0, the rest at distances from 1e-12 to 1e-1."""
    points = 10 ** rng.uniform(-12, -1, count) * rng.choice([-1.0, 1.0], count)
    points[::3] = 0.0
    return points


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


TERMS = np.linspace(0.5, 1.5, 10_000)


FUNCTIONS = (
    Known("exp", np.exp, m.exp, uniform(-3, 3), ordinary=True),
    Known("sin", np.sin, m.cos, uniform(-3, 3), ordinary=True),
    Known("sin(300x)", lambda x: np.sin(300 * x), lambda x: 300 * m.cos(300 * x), uniform(-3, 3)),
    Known("sin(1e5 x)", lambda x: np.sin(1e5 * x), lambda x: 10**5 * m.cos(10**5 * x), uniform(-1, 1)),
    Known("tanh", np.tanh, lambda x: m.sech(x) ** 2, uniform(-3, 3), ordinary=True),
    Known("tanh(x/1e-3)", lambda x: np.tanh(x / 1e-3), lambda x: 1000 * m.sech(1000 * x) ** 2, scales(-5, -2)),
    Known("sigmoid", sigmoid, lambda x: m.exp(-x) / (1 + m.exp(-x)) ** 2, uniform(-6, 6), ordinary=True),
    Known("x^3", lambda x: x**3, lambda x: 3 * x**2, uniform(-3, 3), ordinary=True),
    Known("log near 1e-3", np.log, lambda x: 1 / x, lambda rng, n: 1e-3 * rng.uniform(0.2, 5, n), ordinary=True),
    Known("1e6 + tanh", lambda x: 1e6 + np.tanh(x), lambda x: m.sech(x) ** 2, uniform(-3, 3)),
    Known(
        "sqrt(x^2+1e-8)",
        lambda x: np.sqrt(x * x + 1e-8),
        lambda x: x / m.sqrt(x * x + m.mpf(1e-8)),
        scales(-6, 0),
    ),
    Known(
        "sum of 10,000",
        lambda x: np.sum(np.cos(TERMS * x)),
        lambda x: -sum(float(t) * mpmath.fp.sin(float(t) * float(x)) for t in TERMS),
        uniform(-3, 3),
    ),
    Known("float32 inside", lambda x: np.float64(np.exp(np.float32(x))), m.exp, uniform(-3, 3)),
    Known("float32, widened", lambda x: 2.5 * np.float64(np.float32(x)) ** 2, lambda x: 5 * x, uniform(0.1, 3)),
    Known("x^2 at 0 too", lambda x: x * x, lambda x: 2 * x, near_zero),
    Known(
        "exp(-(x/1e-6)^2)",
        lambda x: np.exp(-((x / 1e-6) ** 2)),
        lambda x: -2 * x / m.mpf(1e-6) ** 2 * m.exp(-((x / m.mpf(1e-6)) ** 2)),
        scales(-8, -5),
    ),
    Known("relu near 0", lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0, near_zero, kinked=True),
    Known("abs near 0", np.abs, lambda x: 1.0 if x > 0 else -1.0, near_zero, kinked=True),
    Known("relu", lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0, uniform(-1, 1)),
)


def measure(known: Known, count: int, seed: int) -> dict[str, Any]:
    """Counts of covered, wrong and undecided points, and the median relative allowance of the settled ones."""
    rng = np.random.default_rng([seed, len(known.name)])
    covered = wrong = undecided = resolved = 0
    relative, evaluations, misses = [], 0, []
    for point in known.points(rng, count):
        x = np.array(float(point))
        estimate = estimate_gradient(known.f, x)
        evaluations += estimate.evaluations
        truth = known.derivative(m.mpf(float(point)))
        value, allowance = float(estimate.value), float(estimate.allowance)
        error = abs(float(m.mpf(value) - truth)) if np.isfinite(value) else np.inf
        if known.kinked and estimate.kink:
            sides = (0.0, 1.0) if "relu" in known.name else (-1.0, 1.0)
            inside = float(estimate.lower) <= sides[0] and sides[1] <= float(estimate.upper)
            resolved += inside
            wrong += not inside
        elif not np.isfinite(allowance) or bool(estimate.kink):
            undecided += 1
        elif error <= allowance:
            covered += 1
            relative += [allowance / abs(value)] if value else []
        else:
            wrong += 1
            misses.append((float(point), value, error, allowance))
    median = float(np.median(relative)) if relative else float("nan")
    return {
        "covered": covered,
        "resolved": resolved,
        "undecided": undecided,
        "wrong": wrong,
        "median": median,
        "evaluations": evaluations / count,
        "misses": misses,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--misses", action="store_true", help="print the points whose truth was outside")
    options = parser.parse_args()
    print(
        f"{'function':<18}{'covered':>8}{'kinks':>7}{'undec.':>7}{'wrong':>6}{'median rel. allowance':>24}{'evals':>7}"
    )
    settled = within = 0
    for known in FUNCTIONS:
        row = measure(known, options.points, options.seed)
        settled += row["covered"] + (0 if known.kinked else row["wrong"])
        within += row["covered"]
        print(
            f"{known.name:<18}{row['covered']:>8}{row['resolved']:>7}{row['undecided']:>7}{row['wrong']:>6}"
            f"{row['median']:>24.1e}{row['evaluations']:>7.0f}"
        )
        if options.misses:
            for miss in row["misses"][:5]:
                print("    x = {!r}: value {!r}, error {:.2e}, allowance {:.2e}".format(*miss))
    print(f"smooth points settled: {settled}, truth within the allowance: {within} = {100 * within / settled:.3f} %")


if __name__ == "__main__":
    main()
