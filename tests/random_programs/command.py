"""The command line: many programs in several processes, with progress, and what failed as short scripts."""

from __future__ import annotations

import argparse
import importlib
import faulthandler
import multiprocessing
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
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
        self.counts["programs"] += getattr(result, "kind", None) != "refused"
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
    """Statements that were refused on the way to a program, although another module takes them, as short programs."""

    def alone(program: Program) -> bool:
        ours, theirs = checked(library, program), checked(other, program)
        return isinstance(ours, Outcome) and ours.refused is not None and isinstance(theirs, Outcome) and theirs.refused is None

    try:
        programs = [program for program in refused(library, seed) if alone(program)]
    except Failed:
        return []
    return [Failure(seed, "refused", f"refused here, and not by {other.ag.__name__}", shrunk(p, alone)) for p in programs]


# ---- processes -----------------------------------------------------------------------------------------------------

#: Programs that a process is given at once.
TOGETHER = 20
_library: Library
_other: Library | None = None


def _begin(module: str, against: str | None) -> None:
    global _library, _other
    faulthandler.enable()
    _library = Library(importlib.import_module(module))
    _other = Library(importlib.import_module(against)) if against else None


def _work(task: tuple[int, int, bool]) -> list[Outcome | Failure]:
    first, count, shrink = task
    seeds = range(first, first + count)
    results = [one(_library, seed) for seed in seeds]
    alone = [failure for seed in seeds if _other for failure in refused_alone(_library, _other, seed)]
    return [minimised(_library, r) if shrink and isinstance(r, Failure) else r for r in results] + alone


def results(options: argparse.Namespace) -> Iterator[Outcome | Failure]:
    """Outcomes of programs in the order in which they are ready; a process that ends is a failure, too."""
    end = options.seed + options.count
    tasks = [(n, min(TOGETHER, end - n), not options.no_shrink) for n in range(options.seed, end, TOGETHER)]
    begin = {"initializer": _begin, "initargs": (options.module, options.against)}
    with ProcessPoolExecutor(options.jobs, mp_context=multiprocessing.get_context("spawn"), **begin) as pool:
        futures = {pool.submit(_work, task): task for task in tasks}
        for future in as_completed(futures):
            first, programs, _ = futures[future]
            try:
                yield from future.result()
            except BrokenProcessPool:
                text = f"a process ended; the programs {first} to {first + programs - 1} are among those that may be to blame"
                yield Failure(first, "crash", text, Program(first, terms=("x0",)))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="random_programs", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="programs to run")
    parser.add_argument("--seed", type=int, default=0, help="number of the first")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--show", type=int, metavar="SEED", help="print one program and what becomes of it")
    parser.add_argument("--module", default="arcgrad", help="run on this module: 'torch' tells who is wrong")
    parser.add_argument("--against", metavar="MODULE", help="also report what is refused and not by this module")
    parser.add_argument("--no-shrink", action="store_true", help="leave failing programs as they were drawn")
    options = parser.parse_args(arguments)
    if options.show is not None:
        return show(options)
    tally, begin = Tally(), time.perf_counter()
    for result in progress(results(options), options.count):
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
