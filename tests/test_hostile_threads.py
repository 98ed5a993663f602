"""Programs that give a tensor other data while an operation on it runs, in a process each.

An operation looks at a tensor once: what it has checked is what it reads and writes, whatever another thread makes of the
tensor meanwhile. So each call either works on one state of every tensor or is an error; nothing crashes, and no memory
that belongs to nobody's operand gets into a result. Operands hold ones (or positions), so that a foreign number shows.

The tensors are large: of small ones the interpreter's lock is not let go of, and no other thread runs.
"""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

#: Shared by all programs: tensors of several shapes, threads that exchange their data, and a clock.
SETTING = """
import sys, threading, time
import arcgrad as ag
sys.setswitchinterval(1e-5)
SHAPES = [(150, 200), (200, 150), (30000,), (10, 20), (2, 150, 200), (150, 1), (0, 7)]

def ones(shape, dtype=ag.float64):
    return ag.ones(shape, dtype=dtype)

def positions(shape):
    return ag.zeros(shape, dtype=ag.int64)

def mask(shape):
    return ag.ones(shape, dtype=ag.bool)

class Exchanged:
    # Tensors whose data other threads exchange as long as the program runs.
    def __init__(self):
        self.kinds = {"x": ones, "y": ones, "index": positions, "mask": mask}
        self.states = {name: [make(shape) for shape in SHAPES] for name, make in self.kinds.items()}
        self.tensors = {name: make(SHAPES[0]) for name, make in self.kinds.items()}
        self.row = ag.zeros(150, dtype=ag.int64)
        self.running = True

    def exchange(self):
        turn = 0
        while self.running:
            turn += 1
            for number, (name, tensor) in enumerate(self.tensors.items()):
                # Most of the time all have the first shape, so that calls get past their checks.
                at = 0 if (turn + number) % 3 else turn % len(SHAPES)
                tensor.data = self.states[name][at]

def check(result):
    # What ones and zeros can become.
    for part in result if isinstance(result, (tuple, list)) else [result]:
        if isinstance(part, ag.Tensor) and part.numel():
            values = part.detach().to(ag.float64)
            assert bool(ag.isfinite(values).all()), part
            assert float(values.abs().max()) <= 1e9, part

def run(calls, seconds):
    shared = Exchanged()
    thread = threading.Thread(target=shared.exchange)
    thread.start()
    done = {}
    try:
        for call in calls:
            print(call, flush=True)
            code = compile(call, call, "eval")
            names = {"ag": ag, "F": ag.nn.functional, "row": shared.row, "ones": ones, **shared.tensors}
            end, done[call] = time.monotonic() + seconds, 0
            while time.monotonic() < end or not done[call]:
                if time.monotonic() > end + 10:
                    raise AssertionError(f"{call} never worked")
                try:
                    result = eval(code, names)
                except (RuntimeError, IndexError, ValueError, TypeError) as error:
                    assert "panicked" not in str(error) and "a kernel" not in str(error), error
                    continue
                check(result)
                done[call] += 1
    finally:
        shared.running = False
        thread.join()
"""

CALLS = {
    "masks": [
        "x.masked_scatter(mask, y)",
        "ones((150, 200)).masked_scatter_(mask, y)",
        "x.clone().masked_scatter_(mask, y)",
        "x.masked_select(mask)",
        "x.masked_fill(mask, 1.0)",
        "mask.nonzero()",
        "ag.where(mask, x, y)",
    ],
    "slices": [
        "ones((150, 200)).index_add_(0, row, y)",
        "x.index_add(0, row, y)",
        "x.index_copy(0, row, y)",
        "x.index_fill(0, row, 1.0)",
        "x.index_select(0, row)",
        "F.embedding(index, x)",
    ],
    "elements": [
        "x.gather(0, index)",
        "x.scatter(0, index, y)",
        "x.scatter(0, index, 1.0)",
        "x.scatter_add(0, index, y)",
        "x.scatter_reduce(0, index, y, 'amax')",
        "x.take(index)",
        "ones((150, 200)).put_(index, y)",
        "x[index]",
        "ones((150, 200)).index_put_((index, index), y)",
        "x.index_put((mask,), y[0])",
        "ag.take_along_dim(x, index, 0)",
    ],
    "lines": [
        "x.softmax(0)",
        "F.layer_norm(x, (200,), y[0])",
        "x.cumsum(0)",
        "x.sort(0)",
        "x.topk(3, 0)",
        "x.tril()",
        "x.logsumexp(0)",
        "x.norm(dim=0)",
        "ag.searchsorted(x, y)",
        "x.unique()",
        "x.median(0)",
    ],
    "sizes": [
        "x @ y.transpose(0, 1)",
        "ag.cat([x, y])",
        "F.nll_loss(x, row)",
        "F.conv1d(x[None], y[:, :, None])",
        "F.max_pool1d(x[None], 2)",
        "ag.select_scatter(x, y[0], 0, 1)",
        "F.batch_norm(x, None, None, y[0], training=True)",
        "ones((150, 200)).bernoulli_(x)",
        "x.uniform_()",
        "ag.add(x, y, out=ones((150, 200)))",
        "ag.sum(x, 0, out=ones((200,)))",
        "x.add_(y).fill_(1.0)",
    ],
}


ROWS = """
import numpy as np
from calls import ROWS, find, row_inputs

def exchanged_rows(seconds):
    # Every elementwise row over operands whose shapes change.
    running, current = True, []
    def exchange():
        turn = 0
        while running:
            turn += 1
            for number, (tensor, states) in enumerate(list(current)):
                tensor.data = states[0 if (turn + number) % 3 else turn % len(states)]
    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        for name in ROWS:
            print(name, flush=True)
            function = find(name)
            states = [[ag.tensor(x) for x in row_inputs(name, "float64", shape)] for shape in SHAPES[:4]]
            tensors = [x.clone() for x in states[0]]
            current[:] = [(x, [state[at] for state in states]) for at, x in enumerate(tensors)]
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                try:
                    function(*tensors)
                except (RuntimeError, TypeError) as error:
                    assert "a kernel" not in str(error), error
    finally:
        running = False
        thread.join()
"""


def run(program: str, seconds: float = 60) -> None:
    source = textwrap.dedent(SETTING) + program
    result = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=seconds)
    last = result.stdout.strip().rpartition("\n")[2]
    assert result.returncode == 0, f"{result.returncode} in {last}\n{result.stderr[-2000:]}"


@pytest.mark.parametrize("family", CALLS)
def test_operands_that_other_threads_exchange(family):
    run(f"run({CALLS[family]!r}, 0.05)")


def test_rows_whose_operands_other_threads_exchange():
    run(f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n{ROWS}\nexchanged_rows(0.01)")
