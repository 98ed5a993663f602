"""Linear algebra, Fourier transforms and complex arithmetic, against PyTorch and NumPy in one run, one thread each.

    python benches/linalg.py                             every line
    python benches/linalg.py --only 'svd|fft'            those whose name matches
    python benches/linalg.py --torch /path/to/python     PyTorch in an interpreter of its own

Decompositions are timed with their gradients, forward and backward together, on one matrix of 64² and on 256 of 8².
A line says microseconds of processor time of a call in both libraries (the best of many rounds, taken in turns), their
ratio, and the bar that the ratio is to keep below. Each library runs in a process of its own, so that neither meets the
other's memory or threads.
"""

import argparse
import importlib
import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

#: What a round of one library lasts.
ROUND = 0.02
#: Decompositions whose gradient is timed.
DECOMPOSITIONS = ("eigh", "svd", "solve", "cholesky", "inverse")
#: Shapes of matrices, with the bar.
SHAPES = {"64²": ((64, 64), 0.4), "256 of 8²": ((256, 8, 8), 0.3)}
#: Lengths of transforms: a power of two, small factors, a prime.
LENGTHS = (65536, 1155, 10007)


def decomposition(torch: Any, name: str, shape: tuple[int, ...], dtype: Any) -> Callable[[], Any]:
    """Forward and backward of one decomposition, with a loss that does not depend on the choice of signs."""
    a, b = torch.randn(shape, dtype=dtype), torch.randn(shape, dtype=dtype)
    if name == "eigh":
        a = a + a.transpose(-1, -2)
    if name == "cholesky":
        a = a @ a.transpose(-1, -2) + shape[-1] * torch.eye(shape[-1], dtype=dtype)
    a.requires_grad_()
    ones = torch.ones(shape, dtype=dtype)

    def step() -> None:
        a.grad = None
        if name == "eigh":
            values, vectors = torch.linalg.eigh(a)
            outputs, grads = (values, vectors), (ones[..., 0], vectors.detach())
        elif name == "svd":
            u, values, vh = torch.linalg.svd(a)
            outputs, grads = (u, values, vh), (u.detach(), ones[..., 0], vh.detach())
        elif name == "solve":
            outputs, grads = (torch.linalg.solve(a, b),), (ones,)
        else:
            outputs, grads = ((torch.linalg.cholesky if name == "cholesky" else torch.linalg.inv)(a),), (ones,)
        torch.autograd.backward(outputs, grads)

    return step


def transform(torch: Any, length: int) -> Callable[[], Any]:
    """A complex transform."""
    x = torch.randn(length, dtype=torch.complex64)
    return lambda: torch.fft.fft(x)


def real_transform(torch: Any, length: int) -> Callable[[], Any]:
    """Forward and backward of the transform of real numbers."""
    x, ones = torch.randn(length, requires_grad=True), torch.ones(length // 2 + 1, dtype=torch.complex64)

    def step() -> None:
        x.grad = None
        torch.fft.rfft(x).backward(ones)

    return step


def multiply_add(library: Any) -> Callable[[], Any]:
    """a b + c of a million complex numbers, as both libraries write it."""
    make = getattr(library, "randn", None)
    if make:
        a, b, c = (make(1_000_000, dtype=library.complex64) for _ in range(3))
    else:
        draw = library.random.default_rng(0).standard_normal
        a, b, c = ((draw(1_000_000) + 1j * draw(1_000_000)).astype("complex64") for _ in range(3))
    return lambda: a * b + c


#: Name, program, its bar, and whom it is compared with.
CASES: dict[str, tuple[Callable[[Any], Callable[[], Any]], float, str]] = {
    **{
        f"{name} {tag} {kind}": (
            lambda library, name=name, shape=shape, kind=kind: decomposition(library, name, shape, getattr(library, kind)),
            bar,
            "torch",
        )
        for kind in ("float32", "float64")
        for tag, (shape, bar) in SHAPES.items()
        for name in DECOMPOSITIONS
    },
    **{f"fft {n}": (lambda library, n=n: transform(library, n), 0.8, "torch") for n in LENGTHS},
    **{f"rfft {n} and back": (lambda library, n=n: real_transform(library, n), 0.8, "torch") for n in LENGTHS},
    "complex a b + c of 1 M": (multiply_add, 0.5, "numpy"),
}


def serve(module: str) -> None:
    """Answers names of cases by the shortest time of a call within a round."""
    library = importlib.import_module(module)
    if module != "numpy":
        library.set_num_threads(1)
        library.manual_seed(0)
    made: dict[str, Callable[[], Any]] = {}
    for line in sys.stdin:
        name = line.rstrip("\n")
        if name not in made:
            made = {name: CASES[name][0](library)}
            made[name]()
        step, shortest, end = made[name], math.inf, time.process_time() + ROUND
        while (start := time.process_time()) < end:
            # As many calls as the clock needs.
            calls = 0
            while (now := time.process_time()) - start < ROUND / 20:
                step()
                calls += 1
            shortest = min(shortest, (now - start) / calls)
        print(shortest, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=".", help="a regular expression")
    parser.add_argument("--rounds", type=int, default=10, help="of each library, for each line")
    parser.add_argument("--torch", default=sys.executable, help="the interpreter that has PyTorch")
    parser.add_argument("--json", help="a file for the same as data")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(options.serve)
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    servers: dict[str, subprocess.Popen[str]] = {}

    def ask(module: str, name: str) -> float:
        if module not in servers:
            python = options.torch if module == "torch" else sys.executable
            own = environment if module != "torch" else {k: v for k, v in environment.items() if k != "PYTHONPATH"}
            command = [python, __file__, "--serve", module]
            servers[module] = subprocess.Popen(command, stdin=-1, stdout=-1, text=True, env=own)
        server = servers[module]
        print(name, file=server.stdin, flush=True)
        answer = server.stdout.readline() if server.stdout else ""
        return float(answer) if answer else math.nan

    found = []
    for name, (_, bar, peer) in CASES.items():
        if not re.search(options.only, name):
            continue
        pairs = [[1e6 * ask(module, name) for module in ("arcgrad", peer)] for _ in range(options.rounds)]
        ours, theirs = (min(column) for column in zip(*pairs, strict=True))
        ratio = ours / theirs
        verdict = "ok" if ratio <= bar else "OVER"
        print(f"{name:26} arcgrad {ours:10.1f} µs  {peer} {theirs:10.1f} µs  ratio {ratio:5.2f}  bar {bar}  {verdict}", flush=True)
        found.append({"case": name, "us": [ours, theirs], "ratio": ratio, "bar": bar})
    for server in servers.values():
        server.communicate()
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
