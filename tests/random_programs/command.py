"""The command line: many programs in several processes, with progress, and what failed as short scripts."""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from .check import Check, Outcome
from .draw import Failed, draw, refused
from .program import Library, Program
from .reference import Mismatch
from .shrink import shrunk


@dataclass
class Failure:
    seed: int
    kind: str
    text: str
    program: Program


@dataclass
class Tally:
    """How many programs did what."""

    counts: Counter = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def add(self, result: Outcome | Failure) -> None:
        self.counts["programs"] += 1
        if isinstance(result, Failure):
            self.failures.append(result)
            return
        self.counts[f"refused: {result.refused}" if result.refused else "compared"] += 1
        self.counts[f"second derivative refused: {result.refused_second}"] += result.refused_second is not None
        self.counts["comparisons with differences"] += result.compared
        self.counts["comparisons given up near a kink"] += result.undecided


def one(library: Library, seed: int) -> Outcome | Failure:
    """Draws and checks the program of a number."""
    try:
        program = draw(library, seed)
    except Failed as failed:
        return Failure(seed, failed.mismatch.kind, str(failed.mismatch), failed.program)
    except Exception as error:
        raise RuntimeError(f"the program of seed {seed} cannot be drawn") from error
    return checked(library, program)


def checked(library: Library, program: Program) -> Outcome | Failure:
    try:
        return Check(library, program).run()
    except Mismatch as mismatch:
        return Failure(program.seed, mismatch.kind, str(mismatch), program)


def minimised(library: Library, failure: Failure) -> Failure:
    """The same failure by a shorter program."""

    def alike(failure: Failure) -> str:
        return re.sub(r"[tx]?\d\S*|\[.*", "", failure.text)[:60] if failure.kind == "error" else failure.kind

    found = failure

    def fails(program: Program) -> bool:
        nonlocal found
        result = checked(library, program)
        if isinstance(result, Failure) and alike(result) == alike(failure):
            found = result
            return True
        return False

    shrunk(failure.program, fails)
    return found


def refused_alone(library: Library, other: Library, seed: int) -> list[Failure]:
    """Programs that one module refuses and the other one takes."""
    try:
        programs = refused(library, seed)
    except Failed:
        return []
    found = []
    for program in programs:
        ours, theirs = checked(library, program), checked(other, program)
        if isinstance(ours, Outcome) and ours.refused and isinstance(theirs, Outcome) and not theirs.refused:
            found.append(Failure(seed, "refused alone", ours.refused, program))
    return found


# ---- processes -----------------------------------------------------------------------------------------------------

_library: Library


def _begin(module: str) -> None:
    global _library
    _library = Library(importlib.import_module(module))


def _work(task: tuple[int, int, bool]) -> list[Outcome | Failure]:
    first, count, shrink = task
    results = [one(_library, seed) for seed in range(first, first + count)]
    return [minimised(_library, r) if shrink and isinstance(r, Failure) else r for r in results]


def results(module: str, seed: int, count: int, jobs: int, shrink: bool):
    """Outcomes of programs in the order in which they are ready."""
    tasks = [(first, min(20, seed + count - first), shrink) for first in range(seed, seed + count, 20)]
    with multiprocessing.get_context("spawn").Pool(jobs, _begin, (module,)) as pool:
        for part in pool.imap_unordered(_work, tasks):
            yield from part


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="random_programs", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="programs to run")
    parser.add_argument("--seed", type=int, default=0, help="number of the first")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--show", type=int, metavar="SEED", help="print one program and what becomes of it")
    parser.add_argument("--module", default="arcgrad", help="run on this module: 'torch' tells who is wrong")
    parser.add_argument("--no-shrink", action="store_true", help="leave failing programs as they were drawn")
    options = parser.parse_args(arguments)
    if options.show is not None:
        return show(options)
    tally, begin = Tally(), time.perf_counter()
    for result in progress(results(options.module, options.seed, options.count, options.jobs, not options.no_shrink), options.count):
        tally.add(result)
    for failure in sorted(tally.failures, key=lambda f: (f.kind, f.seed)):
        print(f"\n# ---- seed {failure.seed}: {failure.text}\n{failure.program.script(options.module)}")
    print(f"{time.perf_counter() - begin:.0f} s")
    for what, count in sorted(tally.counts.items()):
        if count:
            print(f"{count:8} {what}")
    print(f"{len(tally.failures):8} failed", dict(Counter(f.kind for f in tally.failures)) or "")
    return bool(tally.failures)


def show(options) -> int:
    library = Library(importlib.import_module(options.module))
    result = one(library, options.show)
    if isinstance(result, Failure):
        small = minimised(library, result)
        print(f"# {small.text}\n{small.program.script(options.module)}")
        return 1
    print(draw(library, options.show).script(options.module))
    print(f"# {result}")
    return 0


def progress(items, total: int):
    try:
        from tqdm import tqdm
    except ImportError:
        return items
    return tqdm(items, total=total, unit="program", disable=not sys.stderr.isatty())
