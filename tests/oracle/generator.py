"""Writes generator.json: what PyTorch's CPU generator draws, for the tests of the core's generators.

Run once, with the PyTorch to compare with: python tests/oracle/generator.py

A case is a seed and a list of calls on one generator. A call has the operation, element type, number of elements and
arguments; the expected result as a hash of its bytes ("exact": integers and what is made from uniform numbers by
correctly rounded arithmetic) or as some elements ("near": what took a logarithm or a sine); and the state of the
generator afterwards: hash of its integers, and the cached normal number.
"""

import json
import pathlib
import struct

import torch

SIZES = [0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 100, 1000, 100003]
TYPES = {
    "bool": torch.bool,
    "u8": torch.uint8,
    "i8": torch.int8,
    "i16": torch.int16,
    "i32": torch.int32,
    "i64": torch.int64,
    "f32": torch.float32,
    "f64": torch.float64,
}
SEEDS = [0, 1, 42, 12345, 2**31, 2**32 + 7, 2**63 + 5, 2**64 - 1]
# Offsets in the saved state: end of the integers, cached sample, whether there is one.
STATE_INTEGERS, STATE_SAMPLE, STATE_VALID = 5016, 5024, 5040


def fnv1a(data):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


# Inputs that are not worth storing: the test makes them by the same formulas.
def probabilities(n, dtype):
    return ((torch.arange(n) * 37) % 101).to(torch.float64).div(100).to(dtype)


def weights(n, dtype):
    return ((torch.arange(n) * 37 + 5) % 101).to(torch.float64).div(8).to(dtype)


def rates(n, dtype):
    return (torch.arange(n) % 40).to(torch.float64).mul(0.75).to(dtype)


def counts(n, dtype):
    return (torch.arange(n) % 60).to(dtype)


def success(n, dtype):
    return ((torch.arange(n) * 7) % 11).to(torch.float64).div(10).to(dtype)


def multinomial(g, dtype, n, samples, replacement, rows):
    return torch.multinomial(weights(n * rows, dtype).view(rows, n), samples, replacement, generator=g)


# Operation: (whether exact, the call). `normal_pairs` fills a transposed tensor, read in the order of memory.
OPERATIONS = {
    "uniform": (True, lambda g, dtype, n, a, b: torch.empty(n, dtype=dtype).uniform_(a, b, generator=g)),
    "normal": (False, lambda g, dtype, n, a, b: torch.empty(n, dtype=dtype).normal_(a, b, generator=g)),
    "normal_pairs": (False, lambda g, dtype, n, a, b: torch.empty(n // 2, 2, dtype=dtype).t().normal_(a, b, generator=g).t()),
    "log_normal": (False, lambda g, dtype, n, a, b: torch.empty(n, dtype=dtype).log_normal_(a, b, generator=g)),
    "exponential": (False, lambda g, dtype, n, a: torch.empty(n, dtype=dtype).exponential_(a, generator=g)),
    "cauchy": (False, lambda g, dtype, n, a, b: torch.empty(n, dtype=dtype).cauchy_(a, b, generator=g)),
    "geometric": (True, lambda g, dtype, n, p: torch.empty(n, dtype=dtype).geometric_(p, generator=g)),
    "random_full": (True, lambda g, dtype, n: torch.empty(n, dtype=dtype).random_(generator=g)),
    "random_from_to": (True, lambda g, dtype, n, a, b: torch.empty(n, dtype=dtype).random_(a, b, generator=g)),
    "permutation": (True, lambda g, dtype, n: torch.randperm(n, dtype=dtype, generator=g)),
    "bernoulli": (True, lambda g, dtype, n, p: torch.empty(n, dtype=dtype).bernoulli_(p, generator=g)),
    "bernoulli_each": (True, lambda g, dtype, n: torch.bernoulli(probabilities(n, dtype), generator=g)),
    "multinomial": (True, multinomial),
    "poisson": (True, lambda g, dtype, n: torch.poisson(rates(n, dtype), generator=g)),
    "binomial": (True, lambda g, dtype, n: torch.binomial(counts(n, dtype), success(n, dtype), generator=g)),
}


def call(g, op, dtype, n, *args):
    exact, function = OPERATIONS[op]
    values = function(g, TYPES[dtype], n, *args).contiguous().view(-1)
    assert values.isfinite().all()
    record = {"op": op, "dtype": dtype, "n": n, "args": list(args)}
    if exact:
        record["hash"] = fnv1a(values.numpy().tobytes())
    else:
        count = len(values)
        indices = sorted({*range(min(8, count)), *range(max(0, count - 17), count), *range(0, count, count // 8 + 1)})
        record["near"] = [[i, values[i].item()] for i in indices]
    state = g.get_state().numpy().tobytes()
    assert len(state) == 5056
    record["state"] = fnv1a(state[:STATE_INTEGERS])
    if struct.unpack_from("<i", state, STATE_VALID)[0]:
        record["sample"] = struct.unpack_from("<d", state, STATE_SAMPLE)[0]
    return record


def case(seed, calls):
    g = torch.Generator().manual_seed(seed - 2**64 if seed >= 2**63 else seed)
    return {"seed": seed, "calls": [call(g, *arguments) for arguments in calls]}


def all_sizes(op, dtype, *args, sizes=SIZES):
    return [(op, dtype, n, *args) for n in sizes]


def sequences():
    for dtype in ("f32", "f64"):
        yield all_sizes("uniform", dtype, 0.0, 1.0)
        yield all_sizes("uniform", dtype, -3.3, 5.1)
        yield all_sizes("normal", dtype, 0.0, 1.0)
        yield all_sizes("normal", dtype, 0.7, 1.3)
        yield all_sizes("normal_pairs", dtype, 0.7, 1.3, sizes=[0, 2, 16, 100, 1000])
        yield all_sizes("log_normal", dtype, 0.25, 0.5)
        yield all_sizes("exponential", dtype, 1.0)
        yield all_sizes("exponential", dtype, 1.7)
        yield all_sizes("cauchy", dtype, 0.7, 1.3)
        yield all_sizes("bernoulli_each", dtype)
        yield all_sizes("poisson", dtype)
        yield all_sizes("binomial", dtype)
        yield [
            ("multinomial", dtype, n, samples, replacement, rows)
            for n in (1, 7, 100, 1000)
            for rows in (1, 3)
            for samples in (1, 2, 50, 900)
            for replacement in (True, False)
            if replacement or samples <= n * 0.9
        ]
    for dtype in TYPES:
        yield all_sizes("random_full", dtype)
        yield all_sizes("bernoulli", dtype, 0.3)
    yield all_sizes("bernoulli", "f32", 0.9)
    for dtype, p in (("f32", 0.3), ("f64", 1e-5), ("i64", 0.03), ("i32", 1e-12), ("u8", 0.002), ("i8", 0.5)):
        yield all_sizes("geometric", dtype, p)
    for dtype in ("i64", "i32", "f32", "f64"):
        yield all_sizes("permutation", dtype)
    yield all_sizes("permutation", "u8", sizes=[0, 1, 2, 100, 256])
    bounds = [
        ("i64", 0, 10),
        ("i64", -7, 2**28 - 8),
        ("i64", -7, 2**28 - 7),
        ("i64", 0, 2**32),
        ("i64", -(2**63), 2**63 - 1),
        ("i64", -(2**63), None),
        ("i64", -5, None),
        ("i32", -(2**31), 2**31),
        ("i32", 3, None),
        ("i16", -100, 100),
        ("u8", 0, 256),
        ("i8", -128, None),
        ("bool", 0, 2),
        ("f32", -3, 3),
        ("f32", 5, None),
        ("f64", -(2**53), 2**53),
        ("f64", -(2**63), None),
    ]
    for dtype, low, high in bounds:
        yield all_sizes("random_from_to", dtype, low, high, sizes=[0, 1, 7, 33, 1000])
    # Bounds that the type cannot represent.
    yield [
        ("random_from_to", "f32", 17, 2**24 + 1, 2**24 + 3),
        ("random_from_to", "f32", 17, -(2**25) - 1, 2**25 + 1),
        ("random_from_to", "f32", 17, 2**40 + 1, 2**41 - 1),
        ("random_from_to", "f32", 17, -(2**63), 2**63 - 1),
        ("random_from_to", "f64", 17, 2**60 + 1, 2**61 - 1),
        ("random_from_to", "f64", 17, 2**62, 2**63 - 1),
    ]
    # Mixtures: an odd number of words before each, the cached normal number across other calls.
    yield [
        ("uniform", "f32", 3, 0.0, 1.0),
        ("normal", "f32", 5, 0.0, 1.0),
        ("bernoulli", "f32", 7, 0.5),
        ("normal", "f64", 16, 0.0, 1.0),
        ("normal", "f32", 1, 2.0, 3.0),
        ("normal", "f64", 3, 0.0, 1.0),
        ("permutation", "i64", 10),
        ("log_normal", "f32", 2, 0.0, 1.0),
        ("uniform", "f64", 311, 0.0, 1.0),
        ("normal", "f32", 33, 0.0, 1.0),
        ("normal", "f64", 7, 0.0, 1.0),
        ("random_from_to", "i64", 5, 0, 2**40),
        ("exponential", "f32", 9, 1.0),
        ("multinomial", "f32", 10, 4, False, 2),
        ("normal", "f32", 15, 0.0, 1.0),
        ("random_full", "u8", 624),
        ("normal", "f32", 15, 0.0, 1.0),
    ]


def main():
    cases = [case(SEEDS[i % len(SEEDS)], calls) for i, calls in enumerate(sequences())]
    saved = torch.Generator().manual_seed(2**63 + 5 - 2**64)
    torch.empty(5, dtype=torch.float64).normal_(generator=saved)
    state = saved.get_state()
    after = torch.empty(3, dtype=torch.float64).normal_(generator=saved)
    document = {
        "pytorch": torch.__version__,
        "cases": cases,
        # A whole saved state, and the normal numbers that come next.
        "saved": {"state": state.numpy().tobytes().hex(), "normal": after.tolist()},
    }
    path = pathlib.Path(__file__).with_suffix(".json")
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in document["cases"])
    head = f'{{"pytorch":{json.dumps(document["pytorch"])},\n"saved":{json.dumps(document["saved"])},\n"cases":[\n'
    path.write_text(head + lines + "\n]}\n")


if __name__ == "__main__":
    main()
