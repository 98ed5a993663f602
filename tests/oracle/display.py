"""Writes display.json: random tensors, options and suffixes, with the text that PyTorch prints for them.

Run with an interpreter that has PyTorch: ``python tests/oracle/display.py``. The tests read the file alone.

Layout of the file: ``options`` and ``facts`` are tables, a case is ``[dtype, shape, values, option, fact, text]``.
``values`` are decimal numbers separated by spaces, repeated cyclically until the shape is full, and parse exactly in
the case's own dtype (half precision in ``float32``); a complex value is two of them, real part first.
"""

import contextlib
import json
import math
import pathlib
import random
import struct

import numpy as np
import torch
import torch.autograd.forward_ad as forward_ad

SEED = 20260214
CASES = 2000
# Longest text and values of an ordinary case, and of a few more: large tensors need room to show their layout.
SHORT, LONG, LONG_CASES = 260, 2500, 40

FLOATS = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32, "float64": torch.float64}
COMPLEX = {"complex64": torch.complex64, "complex128": torch.complex128}
INTEGERS = {
    "uint8": torch.uint8,
    "int8": torch.int8,
    "int16": torch.int16,
    "int32": torch.int32,
    "int64": torch.int64,
}
SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan]
# Around the limits at which the notation changes, and ties of decimal rounding.
LIMITS = [1e-4, 9.9999e-5, 1.0001e-4, 1e8, 1e8 + 8, 99999999.5, 1.0, 1000.0, 1000.001, 999.99, 0.1, 100.0, 100.01]
TIES = [0.5, 1.5, 2.5, 3.5, -0.5, -2.5, 0.125, 0.375, 0.03125, 0.09375, 0.00048828125, 9.5, 99.5, 9.99995, 0.99995]

rng = random.Random(SEED)


def rounded(value, dtype):
    """The value as an element of the floating-point dtype."""
    return torch.tensor(value, dtype=torch.float64).to(dtype).item()


def random_bits(dtype):
    if dtype is torch.float64:
        return struct.unpack("<d", rng.randbytes(8))[0]
    return struct.unpack("<f", rng.randbytes(4))[0]


def float_source(dtype):
    """A function that draws values of one random kind."""
    scale = 10.0 ** rng.randint(-6, 9)
    digits = rng.randint(0, 6)
    spread = rng.choice([1, 2, 3, 4, 12, 40])
    kinds = [
        lambda: float(rng.randint(-9, 9)),
        lambda: float(rng.randint(-(10 ** rng.randint(1, 9)), 10 ** rng.randint(1, 9))),
        lambda: round(rng.gauss(0, 1), digits),
        lambda: round(rng.random(), digits) * scale,
        lambda: 10.0 ** rng.uniform(-spread, spread) * rng.choice([1, -1]),
        lambda: rng.choice(LIMITS),
        lambda: rng.choice(TIES),
        lambda: rng.choice(SPECIAL),
        lambda: random_bits(dtype),
    ]
    source = rng.choices(kinds, [4, 2, 5, 3, 4, 4, 3, 1, 2])[0]
    specials = rng.choice([0.0, 0.0, 0.0, 0.2])
    return lambda: rounded(rng.choice(SPECIAL) if rng.random() < specials else source(), dtype)


def float_text(value, dtype):
    return repr(value) if dtype is torch.float64 else str(np.float32(value))


def random_values(name, count):
    """Elements, and their texts."""
    if name == "bool":
        values = [rng.random() < 0.5 for _ in range(count)]
        if rng.random() < 0.2:
            values = values[:1] * count
        return values, [str(int(value)) for value in values]
    if name in INTEGERS:
        info = torch.iinfo(INTEGERS[name])
        bound = 10 ** rng.randint(0, 19)
        values = [rng.randint(max(info.min, -bound), min(info.max, bound)) for _ in range(count)]
        if rng.random() < 0.1:
            values[0] = rng.choice([info.min, info.max])
        return values, [str(value) for value in values]
    if name in COMPLEX:
        part = torch.float32 if name == "complex64" else torch.float64
        real, imaginary = float_source(part), float_source(part)
        pairs = [(real(), imaginary()) for _ in range(count)]
        return [complex(*pair) for pair in pairs], [float_text(x, part) for pair in pairs for x in pair]
    source = float_source(FLOATS[name])
    values = [source() for _ in range(count)]
    return values, [float_text(value, FLOATS[name]) for value in values]


def random_shape():
    kind = rng.random()
    if kind < 0.08:
        return []
    if kind < 0.14:
        return [rng.choice([0, 0, 1, 2, 3]) for _ in range(rng.randint(1, 4))]
    if kind < 0.5:
        return [rng.randint(1, 12)]
    if kind < 0.9:
        return [rng.randint(1, 4) for _ in range(rng.randint(2, 5))]
    if kind < 0.94:
        return [rng.randint(1, 60)]
    if kind < 0.97:
        return [rng.randint(900, 1100)]
    return rng.choice([[40, 50], [12, 9, 11], [2, 3, 300], [5, 2, 7, 20], [7, 7, 7, 7], [1001, 1], [1, 1001], [500, 2]])


OPTION_NAMES = ["precision", "threshold", "edgeitems", "linewidth", "sci_mode"]
DEFAULT_OPTIONS = (4, 1000, 3, 80, None)
SHORT_OPTIONS = (2, 1000, 2, 80, None)
# A threshold of -1 stands for none in the file.
FULL_OPTIONS = (4, -1, 3, 80, None)


def random_options():
    kind = rng.random()
    if kind < 0.42:
        return rng.choices([DEFAULT_OPTIONS, SHORT_OPTIONS, FULL_OPTIONS], [35, 4, 3])[0]
    precision, threshold, edgeitems, linewidth, sci_mode = DEFAULT_OPTIONS
    if rng.random() < 0.5:
        precision = rng.choice([0, 1, 2, 3, 6, 8, 12, 17])
    if rng.random() < 0.6:
        threshold = rng.choice([0, 1, 4, 5, 10])
    if rng.random() < 0.6:
        edgeitems = rng.choice([0, 1, 1, 2, 2, 4])
    if rng.random() < 0.5:
        linewidth = rng.choice([0, 10, 20, 25, 30, 40, 50, 60, 72, 120])
    if rng.random() < 0.3:
        sci_mode = rng.choice([True, False])
    return (precision, threshold, edgeitems, linewidth, sci_mode)


def set_options(options):
    values = dict(zip(OPTION_NAMES, options, strict=True))
    if values["threshold"] == -1:
        values["threshold"] = math.inf
    torch.set_printoptions(**values)


# Each a class name, as `autograd.Function` makes the name of the node from it.
FUNCTIONS = ["Add", "X", "Scale", "A" * 22, "Slice", "B" * 44, "Größe"]


def random_facts():
    """Class shown, its name, default dtype, function that makes it, requires_grad, whether there is a tangent."""
    shown = rng.choices(["tensor", "parameter", "subclass", "flagged", "parameter_subclass"], [12, 2, 1, 1, 1])[0]
    name = "tensor"
    if shown not in ("tensor", "parameter"):
        name = rng.choice(["T", "MyTensor", "Größentensor", "LongNameOfASubclass"])
    default = rng.choices(list(FLOATS), [1, 1, 8, 3])[0]
    function = rng.choice(FUNCTIONS) if shown in ("tensor", "subclass") and rng.random() < 0.3 else None
    return shown, name, default, function, rng.random() < 0.3, shown == "tensor" and rng.random() < 0.05


def build(tensor, shown, name, function, requires_grad, tangent):
    """The tensor with these facts, as far as its dtype allows."""
    differentiable = tensor.is_floating_point() or tensor.is_complex()
    requires_grad = requires_grad and differentiable
    if shown in ("subclass", "flagged"):
        tensor = tensor.as_subclass(type(name, (torch.Tensor,), {}))
    if shown in ("parameter", "flagged"):
        return torch.nn.Parameter(tensor, requires_grad)
    if shown == "parameter_subclass":
        return type(name, (torch.nn.Parameter,), {})(tensor, requires_grad)
    if tangent and differentiable:
        return forward_ad.make_dual(tensor, torch.zeros_like(tensor))
    if function and differentiable:
        members = {"forward": staticmethod(lambda ctx, x: x.clone()), "backward": staticmethod(lambda ctx, g: g)}
        return type(function, (torch.autograd.Function,), members).apply(tensor.requires_grad_())
    return tensor.requires_grad_(requires_grad)


def own_module(text):
    return text.replace("dtype=torch.", "dtype=arcgrad.")


def random_case():
    name = rng.choices(["bool", *INTEGERS, *FLOATS, *COMPLEX], [4, 1, 1, 1, 2, 6, 3, 3, 18, 12, 3, 3])[0]
    shape, options = random_shape(), random_options()
    shown, class_name, default, *graph = random_facts()
    numel = math.prod(shape)
    count = numel if numel <= 60 else rng.choice([7, 13, 31])
    if rng.random() < 0.2:
        count = min(count, 3)
    values, texts = random_values(name, max(count, 1))
    repeated = [values[i % len(values)] for i in range(numel)]
    tensor = torch.tensor(repeated, dtype=getattr(torch, name)).reshape(shape)
    set_options(options)
    torch.set_default_dtype(FLOATS[default])
    # Inside a dual level PyTorch does not recognise parameters, so it is entered only where there is a tangent.
    with forward_ad.dual_level() if graph[-1] else contextlib.nullcontext():
        tensor = build(tensor, shown, class_name, *graph)
        text = repr(tensor)
        made_by = type(tensor.grad_fn).__name__ if tensor.grad_fn is not None else None
        tangent = forward_ad.unpack_dual(tensor).tangent
        tangent = None if tangent is None else own_module(f"{tangent}")
    facts = (shown, class_name, default, made_by, tensor.requires_grad, tangent)
    return name, shape, " ".join(texts) if numel else "", options, facts, own_module(text)


def main():
    options_table, facts_table, cases = {}, {}, []
    long_left = LONG_CASES
    while len(cases) < CASES:
        name, shape, values, options, facts, text = random_case()
        size = len(text) + len(values)
        if size > (LONG if long_left else SHORT):
            continue
        long_left -= size > SHORT
        option = options_table.setdefault(options, len(options_table))
        fact = facts_table.setdefault(facts, len(facts_table))
        cases.append([name, shape, values, option, fact, text])
    compact = {"ensure_ascii": False, "separators": (",", ":")}
    tables = {"torch": torch.__version__, "options": list(options_table), "facts": list(facts_table)}
    lines = ",\n".join(json.dumps(case, **compact) for case in cases)
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(f'{json.dumps(tables, **compact)[:-1]},"cases":[\n{lines}\n]}}\n', encoding="utf-8")
    print(f"{len(cases)} cases, {path.stat().st_size} bytes, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
