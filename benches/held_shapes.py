"""Kernels over shapes that nobody chose: drawn anew in each run from a seed that is printed, arcgrad against PyTorch.

    python benches/held_shapes.py                              twelve shapes of every family
    python benches/held_shapes.py --against ../tv/bin/python   PyTorch in another interpreter
    python benches/held_shapes.py --seed 7 --only 'conv|sort'  the shapes of an earlier run again

One thread. What is slower than PyTorch is listed, slowest first, with microseconds of both (the best of many, the
libraries one after the other, family by family); in the end the geometric mean of the ratios of each family and of all,
and how many are above 1 and above 1.5.
"""

import argparse
import importlib
import json
import math
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

#: Seconds spent on a call.
SECONDS = 0.03
#: Most elements of an operand: a megabyte.
MOST = 1 << 18

Case = tuple[str, Callable[[], Any]]


def size(rng: random.Random, least: int, most: int) -> int:
    """A size between two others, as often in each octave."""
    return round(math.exp(rng.uniform(math.log(least), math.log(most))))


def backward(leaves: list[Any], call: Callable[[], Any], gradient: Any) -> Callable[[], None]:
    """A call and its gradient."""

    def run() -> None:
        for leaf in leaves:
            leaf.grad = None
        call().backward(gradient)

    return run


def rows(torch: Any, rng: random.Random) -> Iterator[Case]:
    """Whatever works along the rows of a matrix, or element by element."""
    F = torch.nn.functional
    c = size(rng, 2, 8192)
    r = size(rng, 2, max(2, MOST // c))
    x, w, col = torch.randn(r, c, requires_grad=True), torch.randn(c), torch.randn(r, 1)
    z, m, i, ii = x.detach(), torch.randn(r, c) > 0, torch.randint(0, c, (r,)), torch.randint(0, c, (r, c))
    ones, k = torch.ones(r, c), min(3, c)
    forward = {
        "relu": lambda: z.relu(), "exp": lambda: z.exp(), "gelu": lambda: F.gelu(z), "clamp": lambda: z.clamp(-1, 1),
        "x + row": lambda: z + w, "x * column": lambda: z * col, "double": lambda: z.double(),
        "where": lambda: torch.where(m, z, 0.0), "sum 0": lambda: z.sum(0), "sum 1": lambda: z.sum(1),
        "amax 0": lambda: z.amax(0), "max 1": lambda: z.max(1), "var 1": lambda: z.var(1),
        "cumsum 0": lambda: z.cumsum(0), "cumsum 1": lambda: z.cumsum(1), "sort": lambda: z.sort(1),
        "topk": lambda: z.topk(k, 1), "gather": lambda: z.gather(1, ii), "mask": lambda: z[m], "flip": lambda: z.flip(1),
        "cat 0": lambda: torch.cat([z, z]), "cat 1": lambda: torch.cat([z, z], 1), "slice": lambda: z[:, 1:].contiguous(),
        "transpose": lambda: z.t().contiguous(), "cross_entropy": lambda: F.cross_entropy(z, i),
        "randn": lambda: torch.randn(r, c), "rand": lambda: torch.rand(r, c), "dropout": lambda: F.dropout(z, 0.1, True),
    }  # fmt: skip
    recorded = {
        "softmax": lambda: x.softmax(1), "log_softmax": lambda: x.log_softmax(1), "gelu": lambda: F.gelu(x),
        "layer_norm": lambda: F.layer_norm(x, (c,)), "chain": lambda: ((x * 2 + 1).sigmoid() * x).exp(),
        "column": lambda: x * col, "gather": lambda: x.gather(1, ii),
    }  # fmt: skip
    for name, call in forward.items():
        yield f"{name} {r}x{c}", call
    for name, call in recorded.items():
        yield f"{name}, gradient {r}x{c}", backward([x], call, ones)


def images(torch: Any, rng: random.Random) -> Iterator[Case]:
    """Convolution, pooling and batch normalisation of small images."""
    F = torch.nn.functional
    side, inner, outer = rng.randint(4, 28), size(rng, 1, 128), size(rng, 1, 128)
    batch = size(rng, 1, max(1, min(32, MOST // (side * side * max(inner, outer)))))
    kernel, stride = rng.choice([1, 3, 3, 5]), rng.choice([1, 1, 2])
    x, w = torch.randn(batch, inner, side, side, requires_grad=True), torch.randn(outer, inner, kernel, kernel)
    bias, weight, shift = (torch.randn(n, requires_grad=True) for n in (outer, inner, inner))
    w.requires_grad_()
    name = f"{batch}x{inner}x{side}x{side}"

    def conv() -> Any:
        return F.conv2d(x, w, bias, stride=stride, padding=kernel // 2)

    named = f"{name} to {outer}, {kernel}x{kernel}, step {stride}"
    with torch.no_grad():
        y = conv()
    yield f"conv2d {named}", lambda: F.conv2d(x.detach(), w.detach(), bias.detach(), stride=stride, padding=kernel // 2)
    yield f"conv2d, gradient {named}", backward([x, w, bias], conv, torch.ones(*y.shape))
    norm = lambda: F.batch_norm(x, None, None, weight, shift, True)  # noqa: E731
    yield f"batch_norm, gradient {name}", backward([x, weight, shift], norm, torch.ones(*x.shape))
    for pool in (F.max_pool2d, F.avg_pool2d):
        pooled = torch.ones(*pool(x.detach(), 2).shape)
        yield f"{pool.__name__}, gradient {name}", backward([x], lambda pool=pool: pool(x, 2), pooled)


def attention(torch: Any, rng: random.Random) -> Iterator[Case]:
    """Attention, an embedding and a linear layer."""
    F = torch.nn.functional
    length, width = size(rng, 4, 512), 8 * rng.randint(1, 8)
    heads = size(rng, 1, max(1, min(256, MOST // (length * width))))
    q, k, v = (torch.randn(1, heads, length, width, requires_grad=True) for _ in range(3))
    call = lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True)  # noqa: E731
    yield f"attention, gradient {heads}x{length}x{width}", backward([q, k, v], call, torch.ones(*q.shape))
    into, many = size(rng, 10, 20000), size(rng, 10, 4096)
    table, index = torch.randn(into, width, requires_grad=True), torch.randint(0, into, (many,))
    found = torch.ones(many, width)
    yield f"embedding, gradient {into}x{width}, {many}", backward([table], lambda: F.embedding(index, table), found)
    x, w = torch.randn(many, width, requires_grad=True), torch.randn(length, width, requires_grad=True)
    yield f"linear, gradient {many}x{width} to {length}", backward([x, w], lambda: F.linear(x, w), torch.ones(many, length))


FAMILIES = {family.__name__: family for family in (rows, images, attention)}


def measure(library: str, family: str, seed: int, count: int, only: str) -> dict[str, float]:
    """Microseconds of every call of a family in one library."""
    torch = importlib.import_module(library)
    importlib.import_module(f"{library}.nn.functional")
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    times: dict[str, float] = {}
    rng = random.Random(f"{family} {seed}")
    for _ in range(count):
        for name, call in FAMILIES[family](torch, rng):
            if not re.search(only, name):
                continue
            call()
            least, end = math.inf, time.perf_counter() + SECONDS
            while time.perf_counter() < end:
                start = time.perf_counter()
                call()
                least = min(least, time.perf_counter() - start)
            times[name] = least * 1e6
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--count", type=int, default=12, help="shapes of each family")
    parser.add_argument("--only", default="", help="calls whose name matches")
    parser.add_argument("--against", default=sys.executable, help="the interpreter that has PyTorch")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(*args.measure, args.seed, args.count, args.only)))
        return
    print(f"seed {args.seed}")
    ratios: dict[str, list[float]] = {}
    slower: list[tuple[float, str]] = []
    for family in FAMILIES:
        own = [__file__, "--seed", str(args.seed), "--count", str(args.count), "--only", args.only, "--measure"]
        ours, theirs = (
            json.loads(subprocess.check_output([interpreter, *own, library, family]))
            for interpreter, library in ((sys.executable, "arcgrad"), (args.against, "torch"))
        )
        for name, time_of_ours in ours.items():
            ratio = time_of_ours / theirs[name]
            ratios.setdefault(re.split(r" \d+x", name)[0], []).append(ratio)
            if ratio > 1:
                slower.append((ratio, f"{name:60} {time_of_ours:10.1f} {theirs[name]:10.1f}"))
    for ratio, line in sorted(slower, reverse=True):
        print(f"{ratio:6.2f}  {line}")
    mean = lambda values: math.exp(sum(map(math.log, values)) / len(values))  # noqa: E731
    print("  ".join(f"{name} {mean(values):.2f}" for name, values in sorted(ratios.items(), key=lambda kv: -mean(kv[1]))))
    everything = [ratio for values in ratios.values() for ratio in values]
    if everything:
        above = [sum(ratio > bar for ratio in everything) for bar in (1, 1.5)]
        print(f"geometric mean {mean(everything):.3f} of {len(everything)}; {above[0]} above 1, {above[1]} above 1.5")


if __name__ == "__main__":
    main()
