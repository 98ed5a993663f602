"""Programs that give a tensor other data while an operation on it runs, in a process each.

An operation looks at a tensor once: what it has checked is what it reads and writes, whatever another thread makes of the
tensor meanwhile. So each call gives what it gives for one of the states of its operands or is an error; nothing crashes,
and no memory that belongs to no operand gets into a result. Operands hold ones and positions, so that a foreign number shows.

The tensors are large: of small ones the interpreter's lock is not let go of, and no other thread runs.
"""

import subprocess
import sys
from pathlib import Path

import pytest

#: Shared by all programs: threads that exchange the data of tensors, and what results must be.
SETTING = f"""
import sys, threading, time
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
import arcgrad as ag
F = ag.nn.functional
sys.setswitchinterval(1e-5)
ROWS, COLUMNS = 512, 256
ERRORS = RuntimeError, IndexError, ValueError, TypeError
current, running, turns = [], True, dict()

def exchange():
    # Tensors in `current` get their states in turn.
    turn = 0
    while running:
        turn += 1
        turns[threading.get_ident()] = turn
        for number, (tensor, states) in enumerate(list(current)):
            tensor.data = states[(turn >> number) % len(states)]
        if not current:
            time.sleep(0)

def leave_alone():
    # A thread may be about to exchange what it has looked up: it has its turn to the end.
    current.clear()
    seen = dict(turns)
    while any(turns[thread] < turn + 2 for thread, turn in seen.items()):
        time.sleep(0)

def shapes(result):
    parts = result if isinstance(result, (tuple, list)) else [result]
    return tuple(tuple(part.shape) if isinstance(part, ag.Tensor) else None for part in parts)

def check_values(result):
    # What ones and positions can become.
    for part in result if isinstance(result, (tuple, list)) else [result]:
        if isinstance(part, ag.Tensor) and part.numel():
            values = part.to(ag.float64)
            assert bool(ag.isfinite(values).all()) and float(values.abs().max()) < 1e9, part
"""

#: Calls on `x`, whose data is exchanged, and what stays as it is.
ONE = """
big, small = (ag.ones(ROWS, n, dtype=ag.float64) for n in (COLUMNS, 1))
x, y = big.clone(), ag.ones(COLUMNS, ROWS, dtype=ag.float64).t()
row, mask = ag.arange(ROWS), ag.ones(ROWS, COLUMNS, dtype=ag.bool).t().contiguous().t()
index = ag.zeros(ROWS, COLUMNS, dtype=ag.int64)
quiet = [big, small]

def one_look(calls, seconds):
    names = dict(globals())
    for call in calls:
        print(call, flush=True)
        code = compile(call, call, "eval")
        allowed = set()
        for state in quiet:
            x.data = state
            try:
                allowed.add(shapes(eval(code, names)))
            except ERRORS:
                pass
        assert allowed, "the call works"
        current[:] = [(x, quiet)]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                result = eval(code, names)
            except ERRORS as error:
                assert "a kernel was" not in str(error), error
                continue
            # What comes back as it is may have been given other data since.
            parts, found = result if isinstance(result, (tuple, list)) else [result], shapes(result)
            fits = any(all(p is x or own == shape for p, own, shape in zip(parts, found, each)) for each in allowed)
            assert fits, f"{found}, not one of {allowed}"
            check_values(result)
        leave_alone()
        x.data = big
"""

CALLS = [
    "ag.index_add(x, 0, row, y, alpha=2)",
    "x.index_copy(0, row, y)",
    "x.index_fill(0, row, 1.0)",
    "x.index_put((row,), y)",
    "x.index_select(0, row)",
    "x.masked_scatter(mask, y)",
    "x.masked_select(mask)",
    "x.masked_fill(mask, 1.0)",
    "x.gather(0, index)",
    "x.scatter(0, index, y)",
    "x.scatter(0, index, 1.0)",
    "x.scatter_add(0, index, y)",
    "x.scatter_reduce(0, index, y, 'amax')",
    "x.put(index, y)",
    "x.take(index)",
    "ag.take_along_dim(x, index, 0)",
    "ag.empty_like(y).bernoulli_(x)",
    "x.softmax(0)",
    "F.layer_norm(x, (COLUMNS,), y[0], y[1])",
    "F.batch_norm(x, None, None, y[0], training=True)",
    "F.nll_loss(x, row % 2)",
    "F.cross_entropy(x, row % 2, y[0])",
    "F.conv1d(x.t()[None], y[:3, :, None])",
    "F.max_pool1d(x[None], 1)",
    "F.embedding(row, x)",
    "x @ y.t()",
    "ag.addmm(y @ y.t(), x, y.t())",
    "ag.cat([x, y])",
    "ag.where(mask, x, y)",
    "ag.searchsorted(x, y)",
    "x.sort(0)",
    "x.topk(3, 0)",
    "x.cumsum(0)",
    "x.sum(0)",
    "x.norm(dim=0)",
    "x.logsumexp(0)",
    "x.tril()",
    "ag.select_scatter(x, y[0], 0, 1)",
    "ag.add(x, y)",
    "ag.addcmul(x, y, y)",
    "ag.add(x, y, out=ag.empty(0, dtype=ag.float64))",
    "ag.sum(x, 0, out=ag.empty(0, dtype=ag.float64))",
]

#: Operations that write to `x` itself, or to a tensor that is exchanged as it is written to.
WRITES = [
    "x.index_add_(0, row, y)",
    "x.index_put_((row,), y)",
    "x.masked_scatter_(mask, y)",
    "x.masked_fill_(mask, 1.0)",
    "x.scatter_(0, index, y)",
    "x.put_(index, y)",
    "x.copy_(y)",
    "x.mul_(y)",
    "x.bernoulli_(y)",
    "x.uniform_()",
    "x.tril_()",
    "ag.mul(y, y, out=x)",
    "ag.sort(y, 0, out=(x, index))",
    "ag.matmul(y, y.t()[:, :1], out=x)",
]

#: Every elementwise row of the op table over operands of any states.
TABLE = """
import numpy as np
from calls import ROWS as TABLE, find, row_inputs

def rows(seconds):
    for name in TABLE:
        print(name, flush=True)
        function = find(name)
        states = [[ag.tensor(x) for x in row_inputs(name, "float64", shape)] for shape in [(400, 200), (80000,), (1, 200)]]
        tensors = [x.clone() for x in states[0]]
        current[:] = [(x, [state[at] for state in states]) for at, x in enumerate(tensors)]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                function(*tensors)
            except ERRORS as error:
                assert "a kernel was" not in str(error), error
        current.clear()
"""


def run(program: str, call: str) -> None:
    threads = f"""
thread = threading.Thread(target=exchange)
thread.start()
try:
    {call}
finally:
    running = False
    thread.join()
"""
    source = SETTING + program + threads
    result = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=120)
    last = result.stdout.strip().rpartition("\n")[2]
    assert result.returncode == 0, f"{result.returncode} in {last}\n{result.stderr[-1500:]}"


@pytest.mark.parametrize("part", range(4))
def test_an_operation_looks_at_a_tensor_once(part):
    run(ONE, f"one_look({CALLS[part::4]!r}, 0.06)")


def test_an_operation_writes_to_what_it_has_checked():
    run(ONE, f"one_look({WRITES!r}, 0.06)")


def test_rows_of_operands_that_are_exchanged():
    run(TABLE, "rows(0.01)")
