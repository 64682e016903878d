"""No false alarm, and no hiding: verdicts on the reference layers over many drawn cases, and on planted faults.

    python benchmarks/verdicts.py [--cases 10000] [--dtype float64] [--layers ReLU Affine ...] [--plant-every 5]

Every drawn case of a correct layer has to agree. On the same cases one random entry of one random gradient is moved
by twice the smallest error that the check says it detects, and has to be found. Undecided counts as neither.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np

import reference
from checks.case import Case
from checks.examine import examine
from checks.look import CaseResult
from checks.search import Search
from checks.strategies import cases
from checks.subject import Subject, Trial

LAYERS = ("MulLayer", "AddLayer", "ReLU", "Sigmoid", "Affine", "SoftmaxWithLoss", "TwoLayerNet")


@dataclass
class Tally:
    """What became of the cases of one layer in one dtype."""

    layer: str
    dtype: str
    verdicts: Counter[str]
    planted: Counter[str]
    detectable: list[float]
    forwards: int
    seconds: float
    open_cases: list[str]


class Planted:
    """A Trial whose gradient is wrong in one entry, by `share` of max(|a|, typical)."""

    def __init__(self, trial: Trial, name: str, index: int, share: float, typical: float) -> None:
        self.trial, self.name, self.index, self.share, self.typical = trial, name, index, share, typical

    def forward(self, arrays: Mapping[str, Any]) -> Any:
        return self.trial.forward(arrays)

    def backward(self, upstream: Any) -> Mapping[str, Any]:
        gradients = dict(self.trial.backward(upstream))
        wrong = np.array(gradients[self.name])
        wrong.flat[self.index] += self.share * max(abs(wrong.flat[self.index]), self.typical)
        gradients[self.name] = wrong
        return gradients


def with_fault(subject: Subject, name: str, index: int, share: float, typical: float) -> Subject:
    return replace(subject, build=lambda arrays: Planted(subject.build(arrays), name, index, share, typical))


def verdict_of(result: CaseResult) -> str:
    if result.differing:
        return "differs"
    return "undecided" if result.undecided else "agrees"


def plant(case: Case, result: CaseResult, chance: Random) -> str | None:
    """The verdict on the case with one entry moved by twice what is detectable; None where nothing is said to be."""
    rows = [row for row in result.rows.values() if row.detectable is not None and np.prod(row.shape) > 0]
    if not rows:
        return None
    row = chance.choice(rows)
    index = chance.randrange(int(np.prod(row.shape)))
    share = 2 * row.detectable * chance.choice([-1, 1])
    faulty = replace(case, subject=with_fault(case.subject, row.name, index, share, row.typical))
    seen = examine(faulty).rows[row.name].verdict
    if seen == "differs":
        return seen
    return f"{'missed' if seen == 'agrees' else seen}: {row.name}[{index}], detectable {row.detectable:.1e}"


def tally(layer: str, dtype: str, count: int, seed: int, plant_every: int = 1) -> Tally:
    from checks.dialects import read

    subject = read(getattr(reference, layer))
    result = Tally(layer, dtype, Counter(), Counter(), [], 0, 0.0, [])
    chance = Random(seed)
    started = time.perf_counter()

    def judge(case: Case) -> None:
        found = examine(case)
        verdict = verdict_of(found)
        result.verdicts[verdict] += 1
        result.forwards += found.evaluations
        if verdict != "agrees":
            rows = [(r.name, r.verdict, r.cause, r.worst) for r in found.rows.values() if r.verdict != "agrees"]
            result.open_cases.append(f"{ {k: v.tolist() for k, v in case.arrays.items()} } seed {case.seed}: {rows}")
            return
        result.detectable += [row.detectable for row in found.rows.values() if row.detectable is not None]
        outcome = plant(case, found, chance) if result.verdicts.total() % plant_every == 0 else None
        if outcome is not None:
            result.planted[outcome.partition(":")[0]] += 1
            if outcome != "differs":
                result.open_cases.append(
                    f"{outcome} in { {k: v.tolist() for k, v in case.arrays.items()} } seed {case.seed}"
                )

    Search(cases(subject, dtype=dtype), judge, seed).draw(count, float("inf"))
    result.seconds = time.perf_counter() - started
    return result


def _job(arguments: tuple[str, str, int, int, int]) -> Tally:
    return tally(*arguments)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--dtype", nargs="*", default=["float64", "float32"])
    parser.add_argument("--layers", nargs="*", default=list(LAYERS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plant-every", type=int, default=1, metavar="K", help="plant a fault on every K-th case")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--show", type=int, default=3, help="how many open cases to print for each layer")
    options = parser.parse_args()
    shared = (options.cases, options.seed, options.plant_every)
    jobs = [(layer, dtype, *shared) for layer in options.layers for dtype in options.dtype]
    jobs.sort(key=lambda job: job[0] != "TwoLayerNet")
    print(
        f"{'layer':<16}{'dtype':<9}{'agree':>7}{'differ':>7}{'undec.':>7}{'planted':>9}{'caught':>8}"
        f"{'detectable: median':>20}{'largest':>9}{'forwards':>9}{'ms/case':>9}",
        flush=True,
    )
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        for one in pool.imap_unordered(_job, jobs):
            planted = sum(one.planted.values())
            total = sum(one.verdicts.values())
            print(
                f"{one.layer:<16}{one.dtype:<9}{one.verdicts['agrees']:>7}{one.verdicts['differs']:>7}"
                f"{one.verdicts['undecided']:>7}{planted:>9}{one.planted['differs'] / max(planted, 1):>8.2%}"
                f"{np.median(one.detectable):>20.1e}{np.max(one.detectable):>9.0e}{one.forwards / total:>9.0f}"
                f"{1e3 * one.seconds / total:>9.1f}",
                flush=True,
            )
            for text in one.open_cases[: options.show]:
                print("   ", text[:1500], flush=True)


if __name__ == "__main__":
    main()
