"""Faults made mechanically out of correct layers: how many are caught, and how many are given the kind they are of.

    python benchmarks/mutants.py [--count 1000] [--seed 0] [--max-examples 8] [--processes 2] [--show]

The layers are those of reference/ and tests/zoo/right, the operators those of tests/mutation.py. A mutant counts where
it changes a gradient by more than 1e-6 of its largest entry at a point drawn at random (or, of the operators on state,
what a second use gives, or the caller's array), or where backward raises there. One whose forward raises, or gives
something else, does not: where one function gives the loss and its gradients, a mutant may be another function.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.mutation import Mutant, mutants

ROOT = Path(__file__).parent.parent
CHANGED = 1e-6  # of a gradient's largest entry
CASES = 4
STATE = ("keep-stale",)
MOST_OF_A_LAYER = 40


@dataclass(frozen=True, slots=True)
class Judged:
    """One mutant: whether it is a fault at all, the verdict, and the kinds of its findings."""

    file: str
    mutant: Mutant
    changed: bool
    verdict: str
    kinds: tuple[str, ...]
    words: str
    seconds: float

    @property
    def caught(self) -> bool:
        return self.verdict == "fail" or bool(set(self.kinds) & set(self.mutant.kinds))

    @property
    def named(self) -> bool:
        return bool(set(self.kinds) & set(self.mutant.kinds))


def layers() -> Iterator[tuple[Path, str]]:
    """Every layer of the reference and of the zoo that the harness reads, by its file and name."""
    from checks.discover import Source, find

    for path in [*sorted((ROOT / "reference").glob("[a-z]*.py")), *sorted((ROOT / "tests/zoo/right").glob("*.py"))]:
        for found in find(Source(label=path.name, path=str(path), explicit=False)).found:
            if found.subject is not None:
                yield path, found.target.rpartition("::")[2]


def sample(count: int, seed: int) -> list[tuple[Path, Mutant]]:
    """That many mutants, the operators in turn, so that the rare ones are there too."""
    rng = random.Random(seed)
    by_operator: dict[str, list[tuple[Path, Mutant]]] = defaultdict(list)
    for path, layer in layers():
        made = list(mutants(path.read_text(), layer))
        for mutant in rng.sample(made, min(len(made), MOST_OF_A_LAYER)):
            by_operator[mutant.operator].append((path, mutant))
    for made in by_operator.values():
        rng.shuffle(made)
    chosen: list[tuple[Path, Mutant]] = []
    while len(chosen) < count and any(by_operator.values()):
        for made in by_operator.values():
            if made and len(chosen) < count:
                chosen.append(made.pop())
    return chosen


def judge(job: tuple[Path, Mutant, int, int]) -> Judged | None:
    """Checks one mutant and compares it with its layer; None where forward would be mutated too."""
    from checks.checking import check
    from checks.dialects import read
    from checks.discover import Source, find

    path, mutant, seed, examples = job
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"mutant_{path.name}"
        copy.write_text(mutant.source)
        pair = []
        for file in (path, copy):
            every = find(Source(label=file.name, path=str(file), name=mutant.layer)).found
            pair.append(every[0].subject if every else None)
        own = read(pair[0])
        if own.recipe is None or "(" not in own.recipe.backward:
            return None
        if pair[1] is None:
            return Judged(path.name, mutant, True, "not found", (), "", 0.0)
        started = time.perf_counter()
        report = check(pair[1], seed=seed, max_examples=examples)
        seconds = time.perf_counter() - started
        kinds = tuple(dict.fromkeys(f.kind for f in report.findings))
        words = report.why or "; ".join(f"{f.gradient}: {f.message}" for f in report.findings)
        changed = differs(own, pair[1], mutant.operator) and not of_another_loss(own, report, seed)
    return Judged(path.name, mutant, changed, report.verdict, kinds, words, seconds)


def of_another_loss(own: Any, report: Any, seed: int) -> bool:
    """Whether no call gives the loss, and the mutant's gradients are of another one, or of none that is known.

    What backward of such a network starts with decides which loss is meant.
    """
    from checks.implied import implied

    found = implied(own, seed, "float64")
    said = report.likeness or report.why or ""
    return found is not None and "no call gives" in said and said != found.said


def differs(own: Any, mutant: Any, operator: str) -> bool:
    """Whether the two give another gradient somewhere, or leave something else behind."""
    from checks.dialects import read
    from checks.errors import GradproofError

    try:
        other = read(mutant, own.signature)
    except GradproofError as error:
        return "forward raised" not in str(error)
    return any(_apart(own, other, case, operator) for case in _cases(own))


def _cases(subject: Any) -> Iterator[Any]:
    from checks.ordinary import distinct_case, reaching

    for signature in subject.signatures:
        for k in range(CASES):
            case = distinct_case(subject, 100 + k, "float64", signature=signature, start=2 + k % 3)
            if case is not None:
                yield case
                yield reaching(case)


def _apart(own: Any, other: Any, case: Any, operator: str) -> bool:
    from dataclasses import replace

    from checks.evaluation import quiet
    from checks.live import Live, beside

    results: list[dict[str, Any]] = []
    outputs: list[np.ndarray] = []
    for subject in (own, other):
        mine = replace(case, subject=subject)
        try:
            with quiet():
                output = Live(mine).forward({name: array.copy() for name, array in mine.arrays.items()})
        except Exception:  # it gives no gradient any more, right or wrong
            return False
        outputs.append(np.array(output))
        if not np.array_equal(outputs[0], outputs[-1], equal_nan=True):
            return False
        try:
            with quiet():
                live = Live(mine)
                output, gradients = live.both(mine.arrays)
                if operator in STATE:
                    _, gradients = live.both(beside(mine, None).arrays)
                upstream = np.array(mine.upstream_for(output))
                kept = upstream.copy()
                if operator == "write-in-place":
                    fresh = Live(mine)
                    fresh.forward({name: array.copy() for name, array in mine.arrays.items()})
                    fresh.trial.backward(upstream)
                    gradients = {**gradients, "upstream": upstream - kept}
                results.append(gradients)
        except Exception:
            return subject is not own
    return _unlike(*results)


def _unlike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if set(one) != set(other):
        return True
    for name, gradient in one.items():
        a, b = np.asarray(gradient, dtype=float), np.asarray(other[name], dtype=float)
        if a.shape != b.shape:
            return True
        finite = np.isfinite(a)
        if np.any(np.abs(a - b)[finite] > CHANGED * np.max(np.abs(a[finite]), initial=0.0)):
            return True
    return False


def show(judged: Sequence[Judged], everything: bool) -> None:
    """A line an operator, then every mutant that was missed or given another kind."""
    faults = [one for one in judged if one.changed]
    print(f"{len(judged)} mutants, {len(faults)} of them faults")
    for operator in dict.fromkeys(one.mutant.operator for one in judged):
        own = [one for one in faults if one.mutant.operator == operator]
        caught, named = sum(one.caught for one in own), sum(one.named for one in own)
        others = Counter(" ".join(sorted(one.kinds)) or one.verdict for one in own if not one.named)
        told = ", ".join(f"{count} {kinds}" for kinds, count in others.most_common(6))
        print(f"  {operator:<26} {len(own):>4} faults, {caught:>4} caught, {named:>4} named   {told}")
    caught, named = sum(one.caught for one in faults), sum(one.named for one in faults)
    for words, count in (("caught", caught), ("named", named)):
        print(f"{words} {count}/{len(faults)} ({count / len(faults):.2%})")
    seconds = [one.seconds for one in judged]
    print(f"seconds a mutant: median {np.median(seconds):.2f}, most {max(seconds):.1f}")
    for one in faults:
        if not one.caught:
            print(f"missed: {one.file}::{one.mutant.title}  [{one.verdict} {one.words[:200]}]")
    if everything:
        for one in faults:
            if one.caught and not one.named:
                print(f"other: {one.file}::{one.mutant.title}  [{' '.join(one.kinds)}]  {one.words[:300]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-examples", type=int, default=8)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    jobs = [(path, mutant, options.seed, options.max_examples) for path, mutant in sample(options.count, options.seed)]
    with multiprocessing.get_context("spawn").Pool(options.processes, maxtasksperchild=50) as pool:
        judged = []
        for one in pool.imap_unordered(judge, jobs):
            if one is not None:
                judged.append(one)
                if one.changed and not one.caught:
                    print(f"{one.file}::{one.mutant.title} [{one.verdict}]", file=sys.stderr, flush=True)
    show(judged, options.show)


if __name__ == "__main__":
    main()
