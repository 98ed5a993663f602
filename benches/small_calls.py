"""What calls on small tensors cost, counted in instructions and in units of a small addition.

    python benches/small_calls.py                    every row
    python benches/small_calls.py --only 'cat|sum'   the rows whose name matches
    python benches/small_calls.py --json out.json    the same as data

Counts are the same in every run, which times of a shared machine are not. A program is run under valgrind twice, with
different numbers of repetitions: what one repetition takes is the difference, so that neither the start of the program nor its
first calls count; that of an empty loop is subtracted.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys

#: Repetitions of the two runs.
FEW, MANY = 200, 600

#: Whose cost is the unit.
UNIT = "add"

#: A row's statement, and its bar in units of a small addition.
ROWS = {
    UNIT: ("a + b", None),
    "add, recorded": ("p + b", None),
    "sum": ("a.sum()", 1.8),
    "slice": ("a[1:3]", 2.0),
    "where": ("torch.where(mask, a, b)", 2.5),
    "clamp": ("torch.clamp(a, -1.0, 1.0)", 2.5),
    "cat": ("torch.cat([a, b])", 2.5),
    "stack": ("torch.stack([a, b])", 3.0),
    "layer_norm": ("F.layer_norm(m, (10,), scale, shift)", 3.0),
    "linear": ("F.linear(m, weight, bias)", 3.5),
    "mse_loss": ("F.mse_loss(a, b)", 3.0),
    "cross_entropy": ("F.cross_entropy(m, classes)", 4.0),
}

#: Objects of every size are kept: Python's allocator would else give the memory of the last one back, and take it anew, in
#: some of the loops and not in others.
PROGRAM = """
import gc
import arcgrad as torch
from itertools import repeat

torch.set_num_threads(1)
torch.manual_seed(0)
F = torch.nn.functional
a, b, p = torch.randn(10), torch.randn(10), torch.randn(10).requires_grad_()
m, weight, bias = torch.randn(4, 10), torch.randn(5, 10), torch.randn(5)
scale, shift, mask, classes = torch.ones(10), torch.zeros(10), a > 0, torch.tensor([0, 1, 2, 0])

def loop(count, torch, F, a, b, p, m, weight, bias, scale, shift, mask, classes):
    for _ in repeat(None, count):
        {statement}

gc.disable()
kept = [[*range(n)] for n in range(62)], [tuple(range(n)) for n in range(62)], [bytes(n) for n in range(0, 480, 8)]
loop({count}, torch, F, a, b, p, m, weight, bias, scale, shift, mask, classes)
"""


def instructions(statement, count):
    """Instructions of a program that repeats a statement."""
    # Whoever measures another tree or a wheel that is not installed says where it lies.
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, "-P", "-c"]
    program = PROGRAM.format(statement=statement, count=count)
    run = subprocess.run([*command, program], env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode or not found:
        sys.exit(run.stderr[-2000:])
    return int(found[1])


def cost(statement):
    """Instructions of one repetition, that of the loop included."""
    return (instructions(statement, MANY) - instructions(statement, FEW)) / (MANY - FEW)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="the rows whose name matches this expression")
    parser.add_argument("--json", help="file for the figures as data")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit("small calls are counted with valgrind, which is not installed")
    empty = cost("pass")
    unit = cost(ROWS[UNIT][0]) - empty
    figures = {}
    print(f"{'call':<16}{'instructions':>14}{'additions':>12}{'bar':>8}")
    for name, (statement, bar) in ROWS.items():
        if not re.search(options.only, name):
            continue
        count = unit if name == UNIT else cost(statement) - empty
        figures[name] = {"instructions": round(count), "additions": round(count / unit, 2), "bar": bar}
        over = "  over" if bar is not None and count > bar * unit else ""
        print(f"{name:<16}{count:>14.0f}{count / unit:>12.2f}{'' if bar is None else bar:>8}{over}", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
