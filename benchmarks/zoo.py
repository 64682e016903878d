"""Layers as people write them: which are read without configuration, which correct ones fail, which faults are missed.

    python benchmarks/zoo.py [--seeds 50] [--max-examples 8] [--processes 2] [--wrong-seeds 1]

The correct ones are under tests/zoo/right, those with one fault each under tests/zoo/wrong, with what it is.
"""

from __future__ import annotations

import argparse
import ast
import multiprocessing
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ZOO = Path(__file__).parent.parent / "tests" / "zoo"
SEEDS_AT_ONCE = 5  # in one process, which has the files' modules loaded then
CONVENTIONS = ("overflow",)  # a naive exp is a correct derivative, and is said beside the verdict


def faults(path: Path) -> dict[str, str]:
    """The subjects of a file with what is wrong with each, from its last statement."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "FAULTS":
            return dict(ast.literal_eval(node.value))
    return {}


def judged(job: tuple[str, range, int, tuple[str, ...]]) -> list[tuple[str, str, str]]:
    """(target, verdict, what is said) of every subject in a file, under each of some seeds."""
    from checks.checking import check
    from checks.discover import expand, find

    path, seeds, examples, allow = job
    said = []
    for source in expand(path):
        for found in find(source).found:
            if found.subject is None:
                said.append((found.target, "error", found.why or ""))
                continue
            for seed in seeds:
                report = check(found.subject, seed=seed, max_examples=examples, allow=allow, target=found.target)
                words = report.why or "; ".join(f.kind for f in report.findings if f.severity == "error")
                said.append((found.target, report.verdict, words.splitlines()[0] if words else ""))
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--wrong-seeds", type=int, default=1)
    parser.add_argument("--max-examples", type=int, default=8)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    right = [str(path) for path in sorted((ZOO / "right").glob("*.py"))]
    wrong = [str(path) for path in sorted((ZOO / "wrong").glob("*.py")) if path.name != "__init__.py"]
    known = {(path, name): fault for path in wrong for name, fault in faults(Path(path)).items()}
    with multiprocessing.get_context("spawn").Pool(options.processes, maxtasksperchild=1) as pool:
        show(
            "correct",
            pool,
            [(p, seeds, options.max_examples, CONVENTIONS) for seeds in parts(options.seeds) for p in right],
            "pass",
        )
        jobs = [(p, seeds, options.max_examples, ()) for seeds in parts(options.wrong_seeds) for p in wrong]
        seen = show("wrong", pool, jobs, "fail", known)
    absent = [f"{path}::{name}" for path, name in known if f"{path}::{name}" not in seen]
    print(f"wrong ones that were not looked at: {', '.join(absent) or 'none'}")


def parts(seeds: int) -> list[range]:
    """The seeds from 0 on, a few at a time."""
    return [range(first, min(first + SEEDS_AT_ONCE, seeds)) for first in range(0, seeds, SEEDS_AT_ONCE)]


def show(title: str, pool: Any, jobs: list[Any], expected: str, known: dict[Any, str] | None = None) -> set[str]:
    """Prints the counts, and each subject with another verdict than expected. All targets that were judged."""
    counts: Counter[str] = Counter()
    others: Counter[tuple[str, str, str]] = Counter()
    seen = set()
    for said in pool.imap_unordered(judged, jobs):
        for target, verdict, words in said:
            path, _, name = target.rpartition("::")
            if known is not None and (path, name) not in known:
                continue
            seen.add(target)
            counts[verdict] += 1
            if verdict != expected:
                others[(target, verdict, words)] += 1
                print(f"{Path(target).name} {verdict}: {words[:150]}", file=sys.stderr, flush=True)
    total = sum(counts.values())
    print(
        f"{title}: {len(seen)} subjects, {total} checks: "
        + ", ".join(f"{v} {c / total:.2%}" for v, c in counts.items())
    )
    for (target, verdict, words), count in sorted(others.items()):
        print(f"    {count:>3} x {verdict:<9} {Path(target).name}  {words[:150]}")
    return seen


if __name__ == "__main__":
    main()
