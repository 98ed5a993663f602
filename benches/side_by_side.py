"""arcgrad side by side with NumPy and, where it is installed, PyTorch: ratios measured in one run.

    python benches/side_by_side.py                    every row
    python benches/side_by_side.py --only 'exp|tanh'  the rows whose figure matches
    python benches/side_by_side.py --json out.json    the same as data

Times of a shared machine wander by more than the differences that matter, so nothing is compared across runs: ours and
the peer's turn are taken alternately in several rounds, a ratio is that of the best rounds (of the median ones where
memory and threads are concerned), and both libraries get the same number of threads. Rows whose peer is not installed say so.
"""

import argparse
import contextlib
import gc
import importlib.util
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
THREADS = min(2, os.cpu_count() or 1)
# NumPy's libraries read these at import.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, str(THREADS))

import numpy as np  # noqa: E402

#: What one repetition should last: long against the clock's grain, short against the machine's moods.
REPETITION = 1.5e-3
#: What runs on several threads or fills the caches runs for this long before it counts. The workers of OpenMP, which
#: PyTorch uses, keep spinning on their cores for up to 7 ms after their work and would halve the other library's; and a
#: pause instead would send processors to sleep, which then take as long again to be as fast as they get.
SETTLE = 0.02
#: Alternating repetitions in a round, and rounds.
PAIRS, ROUNDS = 3, 25
#: Large elementwise rows: 4 M floats, beyond the caches.
LARGE = 4 * 1024 * 1024
#: Operations of the chain.
CHAIN = 200
#: Results kept alive.
ALIVE = 300_000


def ours():
    """The library that is measured; ``ARCGRAD_REFERENCE=torch`` puts PyTorch in its place, to try this program."""
    name = os.environ.get("ARCGRAD_REFERENCE") or "arcgrad"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library = importlib.import_module(name)
        importlib.import_module(f"{name}.nn")
        importlib.import_module(f"{name}.optim")
    library.set_num_threads(THREADS)
    return library


@cache
def torch():
    """PyTorch with as many threads as we have, or None."""
    if importlib.util.find_spec("torch") is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library = importlib.import_module("torch")
    library.set_num_threads(THREADS)
    return library


# ---- measuring -----------------------------------------------------------------------------------------------------


class Timed:
    """Something to be measured: seconds per call, from repetitions of a fixed length."""

    def __init__(self, function, *, per=1, collector=False):
        """``per`` operations in one call; ``collector`` leaves the cycle collector on."""
        self.timer = timeit.Timer(function, setup=gc.enable if collector else "pass")
        self.per = per
        once = min(self.timer.timeit(1) for _ in range(3))
        self.number = max(1, min(1_000_000, round(REPETITION / max(once, 1e-9))))
        # The first guess included the timer itself.
        once = self.timer.timeit(self.number) / self.number
        self.number = max(1, min(1_000_000, round(REPETITION / max(once, 1e-9))))

    @classmethod
    def expression(cls, text, names):
        """An expression in a compiled loop: without the cost of calling a function."""
        timed = cls.__new__(cls)
        timed.timer, timed.per = timeit.Timer(text, globals=names), 1
        timed.number, _ = timed.timer.autorange()
        timed.number = max(1, round(timed.number * REPETITION / 0.2))
        return timed

    def once(self):
        return self.timer.timeit(self.number) / self.number / self.per


def turn(side, settle):
    """One repetition; with ``settle`` the median of some, after a while that is not counted."""
    if not settle:
        return side.once()
    end = time.perf_counter() + SETTLE
    while time.perf_counter() < end:
        side.once()
    return statistics.median(side.once() for _ in range(5))


def alternate(*sides, rounds=ROUNDS, settle=False):
    """Seconds per operation of each side: the best of the rounds' medians, or with ``settle`` their median. Such rows are
    about memory and caches, which other programs share: there the best is a matter of luck."""
    medians = [[] for _ in sides]
    for _ in range(rounds):
        times = [[] for _ in sides]
        for _ in range(PAIRS):
            for side, some in zip(sides, times):
                some.append(turn(side, settle))
        for all_rounds, some in zip(medians, times):
            all_rounds.append(statistics.median(some))
    return [(statistics.median if settle else min)(some) for some in medians]


@dataclass
class Result:
    """One line of the table. ``ratio`` is ours by the peer's, or ours by the bar where there is no peer."""

    figure: str
    peer: str
    bar: float
    ours: str = ""
    theirs: str = ""
    ratio: float | None = None
    ok: bool | None = None
    note: str = ""


def seconds(value):
    """A time as people read it."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9)):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.2g} ns"


class Skip(Exception):
    """A row that can't be measured here, and why."""


def compare(result, a, b, *others, rounds=ROUNDS, settle=False):
    """Measures two sides into a result; returns the times of these and all others."""
    times = alternate(a, b, *others, rounds=rounds, settle=settle)
    mine, theirs = times[:2]
    result.ours, result.theirs = seconds(mine), seconds(theirs)
    result.ratio = mine / theirs
    result.ok = result.ratio <= result.bar
    return times


def peer_torch():
    library = torch()
    if library is None:
        raise Skip("PyTorch is not installed here")
    return library


# ---- rows ----------------------------------------------------------------------------------------------------------

ROWS = []


def row(figure, peer, bar):
    """Registers a measurement; the function fills in a result."""

    def register(function):
        ROWS.append((Result(figure, peer, bar), function))
        return function

    return register


def small(library, requires_grad=False):
    """Two tensors of 8 floats."""
    values = [0.5 + 0.25 * i for i in range(8)]
    pair = [library.tensor(values) for _ in range(2)]
    if requires_grad:
        for tensor in pair:
            tensor.requires_grad_()
    return {"a": pair[0], "b": pair[1]}


def numpy_add():
    values = np.array([0.5 + 0.25 * i for i in range(8)], dtype=np.float32)
    return Timed.expression("a + b", {"a": values, "b": values.copy()})


@row("a + b, 8 floats", "NumPy", 0.8)
def add_plain(ag, result):
    compare(result, Timed.expression("a + b", small(ag)), numpy_add())


@row("a + b, 8 floats, gradient recorded", "NumPy", 1.4)
def add_recorded(ag, result):
    compare(result, Timed.expression("a + b", small(ag, requires_grad=True)), numpy_add())


@row(f"{CHAIN}-op chain, forward + backward, per op", "NumPy a + b", 3)
def chain(ag, result):
    names = small(ag, requires_grad=True)
    x, w, seed = names["a"], names["b"], ag.ones(8)

    def run():
        y = x
        for _ in range(CHAIN // 2):
            y = (y * w).tanh()
        y.backward(seed)

    compare(result, Timed(run, per=CHAIN), numpy_add())


def reading(expression, figure):
    @row(f"{figure}, small tensor", "PyTorch", 0.3)
    def read(ag, result):
        def names(library):
            matrix = library.tensor([[float(4 * i + j) for j in range(4)] for i in range(4)])
            return {"t": matrix if "," in expression else matrix.reshape(16)}

        compare(result, Timed.expression(expression, names(ag)), Timed.expression(expression, names(peer_torch())))


for _expression in ("t[3]", "t[1, 2]", "float(t[0])"):
    reading(_expression, _expression)


def training_step(library):
    """One step of a perceptron with 32 hidden units on a batch of 16, through modules, loss and Adam."""
    library.manual_seed(0)
    nn = library.nn
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))
    criterion = nn.CrossEntropyLoss()
    optimizer = library.optim.Adam(model.parameters(), lr=1e-3)
    inputs, labels = library.randn(16, 16), library.arange(16) % 4

    def step():
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()

    return Timed(step)


@row("training step, two layers of 32 units, batch 16, Adam", "PyTorch", 0.22)
def training(ag, result):
    compare(result, training_step(ag), training_step(peer_torch()))


@row(f"{ALIVE:,} results of a + b kept alive, per op", "NumPy a + b", 2)
def alive(ag, result):
    names = small(ag)
    a, b = names["a"], names["b"]

    class Kept:
        """Making the results, with the collector on; freeing them is not part of it."""

        @staticmethod
        def once():
            gc.collect()
            gc.enable()
            begin = time.perf_counter()
            kept = [a + b for _ in range(ALIVE)]
            took = time.perf_counter() - begin
            del kept
            return took / ALIVE

    compare(result, Kept, numpy_add(), rounds=4)


class Bus:
    """What memory lets through: the better of copying an array and adding two into a third, arrays as large as the
    rows', one part per thread; seconds per byte."""

    def __init__(self):
        self.a, self.b, self.c = (np.ones(LARGE, np.float32) for _ in range(3))
        step = LARGE // THREADS
        self.parts = [slice(i * step, (i + 1) * step) for i in range(THREADS)]
        self.pool = ThreadPoolExecutor(THREADS)

    def once(self):
        best = float("inf")
        for arrays, work in (
            (2, lambda s: np.copyto(self.c[s], self.a[s])),
            (3, lambda s: np.add(self.a[s], self.b[s], out=self.c[s])),
        ):
            begin = time.perf_counter()
            list(self.pool.map(work, self.parts))
            best = min(best, (time.perf_counter() - begin) / (arrays * self.a.nbytes))
        return best


def large(expression, bar, operands):
    """An elementwise row; with ``operands`` also against the bus: arrays read and written."""

    @row(f"{expression}, {LARGE // 2**20} M floats", "PyTorch", bar)
    def elementwise(ag, result):
        def names(library):
            library.manual_seed(0)
            return {"x": library.randn(LARGE), "y": library.randn(LARGE)}

        sides = [Timed.expression(expression, names(library)) for library in (ag, peer_torch())]
        if not operands:
            compare(result, *sides, settle=True)
            return
        mine, _, per_byte = compare(result, *sides, Bus(), settle=True)
        reached = operands * 4 * LARGE * per_byte / mine
        result.note = f"{reached:.0%} of the measured {1e-9 / per_byte:.0f} GB/s"
        result.ok = result.ok or reached >= 0.9


large("x.exp()", 0.6, None)
large("x.tanh()", 0.6, None)
large("x + y", 0.95, 3)
large("x.sigmoid()", 0.95, 2)


@row("matmul 1024³ f32", "PyTorch", 0.7)
def matmul(ag, result):
    def names(library):
        library.manual_seed(0)
        return {"x": library.randn(1024, 1024), "y": library.randn(1024, 1024)}

    compare(result, *(Timed.expression("x @ y", names(l)) for l in (ag, peer_torch())), settle=True)


@row("import, beyond the bare interpreter (ms)", "", 15)
def importing(ag, result):
    # From an empty folder, so that no source tree shadows what is installed.
    with tempfile.TemporaryDirectory() as folder:

        def run(program):
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)
            return time.perf_counter() - begin

        program = f"import {ag.__name__}"
        loaded = f"{program}, sys; sys.exit('numpy' in sys.modules)"
        if subprocess.run([sys.executable, "-c", loaded], cwd=folder).returncode:
            result.note = "it imports NumPy"
        times = [(run(program), run("pass")) for _ in range(25)]
    took = 1e3 * (min(t for t, _ in times) - min(t for _, t in times))
    result.ours, result.ratio = f"{took:.1f} ms", took / result.bar
    result.ok = took <= result.bar and not result.note


@row("size of the wheel (MB)", "", 10)
def wheel(ag, result):
    wheels = sorted((ROOT / "dist").glob("*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        raise Skip("no wheel in dist/")
    size = wheels[-1].stat().st_size / 1e6
    result.ours, result.ratio, result.ok = f"{size:.2f} MB", size / result.bar, size <= result.bar


@row("make test (min)", "", 25)
def testing(ag, result):
    times = ROOT / "build" / "times"
    if not times.exists():
        raise Skip("no `make test` has run here")
    took = sum(int(match) for match in re.findall(r": ok, (\d+) s", times.read_text())) / 60
    result.ours, result.ratio, result.ok = f"{took:.1f} min", took / result.bar, took <= result.bar
    result.note = "the last one, as far as it got"


# ---- the table -----------------------------------------------------------------------------------------------------


def progress(items):
    """A bar on stderr where tqdm is installed."""
    with contextlib.suppress(ImportError):
        from tqdm import tqdm

        return tqdm(items, file=sys.stderr, unit="row", leave=False)
    return items


def measure(pattern=""):
    """Runs the rows whose figure matches."""
    ag = ours()
    chosen = [(result, run) for result, run in ROWS if re.search(pattern, result.figure)]
    bar = progress(chosen)
    for result, run in bar:
        if hasattr(bar, "set_postfix_str"):
            bar.set_postfix_str(result.figure)
        try:
            run(ag, result)
        except Skip as reason:
            result.note = f"skipped: {reason}"
        except Exception as error:  # one broken row must not hide the others
            result.ok, result.note = False, f"{type(error).__name__}: {error}"
        gc.collect()
        gc.enable()
    return [result for result, _ in chosen]


def table(results):
    """The results as text."""
    head = ("figure", "ours", "peer's", "ratio", "bar", "", "")
    lines = [head]
    for r in results:
        ratio = f"{r.ratio:.2f}" if r.ratio is not None else "-"
        bar = f"{r.bar:g}"
        verdict = {True: "ok", False: "over", None: "-"}[r.ok]
        lines.append((f"{r.figure}" + (f", by {r.peer}" if r.peer else ""), r.ours, r.theirs, ratio, bar, verdict, r.note))
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = []
    for line in lines:
        cells = [line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:5], widths[1:5]))]
        text.append("  ".join([*cells, line[5].ljust(widths[5]), line[6]]).rstrip())
    return "\n".join(text)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="REGEX", help="only the rows whose figure matches")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")
    parser.add_argument("--strict", action="store_true", help="fail when a row is over its bar")
    options = parser.parse_args(arguments)
    results = measure(options.only)
    print(f"{THREADS} threads; ratios of times, smaller is better; import, wheel and tests as parts of their bars")
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1, ensure_ascii=False) + "\n")
    return int(options.strict and any(result.ok is False for result in results))


if __name__ == "__main__":
    sys.exit(main())
