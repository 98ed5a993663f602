"""Modules of sequences (recurrent, attention, transformers), asked of PyTorch once and kept in ``sequences.json``.

A case makes a module from a seed, runs it and goes back through it. Of every tensor that comes of this (the parameters as they
were drawn, the results, the gradients of parameters and inputs) its shape is kept and two weighted sums of its elements.

To write the data anew, in an environment with PyTorch::

    ARCGRAD_REFERENCE=torch python tests/oracle/sequences.py
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import conftest  # noqa: F401  puts PyTorch in arcgrad's place if asked to

import arcgrad as ag
from arcgrad import nn
from arcgrad.nn.utils import rnn

DATA = Path(__file__).with_name("sequences.json")
F64 = ag.float64


def flat(value: Any) -> Iterator[ag.Tensor]:
    """The tensors in nested tuples."""
    if isinstance(value, ag.Tensor):
        yield value
    elif value is not None:
        for part in value:
            yield from flat(part)


def digest(tensor: ag.Tensor) -> list:
    """Shape, and sums of the elements weighted by cosines and sines of their places."""
    values = tensor.detach().reshape(-1).tolist()
    sums = [sum(wave(1.7 * place) * value for place, value in enumerate(values)) for wave in (math.cos, math.sin)]
    return [list(tensor.shape), *(round(total, 10) for total in sums)]


def trace(make: Callable[[], nn.Module], inputs: tuple[tuple[int, ...], ...], run: Callable) -> dict[str, list]:
    """Digests of all that comes of one case. ``run`` is called with the module and inputs of the given shapes."""
    ag.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = make().to(F64)
    found = {"state": digest(ag.cat([value.reshape(-1) for value in module.state_dict().values()]))}
    found["names"] = list(module.state_dict())
    ag.manual_seed(1)
    tensors = [ag.randn(shape, dtype=F64).requires_grad_() for shape in inputs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = list(flat(run(module, *tensors)))
    sum((one * ag.linspace(-1, 1, one.numel(), dtype=F64).reshape(one.shape)).sum() for one in results).backward()
    for place, one in enumerate(results):
        found[f"result {place}"] = digest(one)
    for name, parameter in module.named_parameters():
        found[f"{name}.grad"] = digest(parameter.grad)
    for place, one in enumerate(tensors):
        if one.grad is not None:
            found[f"input {place}.grad"] = digest(one.grad)
    return found


# ---- recurrent layers ----

SETTINGS = {
    "plain": {},
    "layers": {"num_layers": 2},
    "both ways": {"bidirectional": True},
    "batch first, no bias": {"batch_first": True, "bias": False},
    "all": {"num_layers": 3, "bidirectional": True, "dropout": 0.4, "batch_first": True},
}
MORE_SETTINGS = {
    "RNN": {"relu": {"nonlinearity": "relu", "num_layers": 2}},
    "LSTM": {"projected": {"proj_size": 2}, "all projected": {**SETTINGS["all"], "proj_size": 2}},
    "GRU": {},
}
FORMS = ("padded", "state", "single", "packed", "unsorted")


def recurrent(kind: str, settings: dict[str, Any], form: str) -> dict[str, list]:
    parts = settings.get("num_layers", 1) * (2 if settings.get("bidirectional") else 1)
    shapes = [(5, 3, 2), (parts, 3, settings.get("proj_size", 3))]
    if kind == "LSTM":
        shapes.append((parts, 3, 3))

    def run(module: nn.Module, input: ag.Tensor, *state: ag.Tensor) -> Any:
        hx = state if kind == "LSTM" else state[0]
        if form == "single":
            hx = tuple(part[:, 1] for part in state)
            return module(input[:, 1], hx if kind == "LSTM" else hx[0])
        if module.batch_first:
            input = input.transpose(0, 1)
        if form == "padded":
            return module(input)
        if form == "state":
            return module(input, hx)
        lengths = [5, 3, 2] if form == "packed" else [2, 5, 3]
        packed = rnn.pack_padded_sequence(input, lengths, module.batch_first, enforce_sorted=form == "packed")
        output, hx = module(packed, hx)
        return rnn.pad_packed_sequence(output, module.batch_first), hx

    return trace(lambda: getattr(nn, kind)(2, 3, **settings), tuple(shapes), run)


def cell(kind: str, bias: bool, form: str) -> dict[str, list]:
    batch = () if form == "single" else (3,)

    def run(module: nn.Module, input: ag.Tensor, *state: ag.Tensor) -> Any:
        if form == "no state":
            return module(input)
        return module(input, state if kind == "LSTMCell" else state[0])

    shapes = ((*batch, 2), *((*batch, 3),) * (2 if kind == "LSTMCell" else 1))
    return trace(lambda: getattr(nn, kind)(2, 3, bias), shapes, run)


# ---- attention and transformers ----

ATTENTION = {
    "plain": {},
    "batch first": {"batch_first": True},
    "no bias, dropout": {"bias": False, "dropout": 0.4},
    "more keys": {"add_bias_kv": True, "add_zero_attn": True},
    "apart": {"kdim": 3, "vdim": 5, "batch_first": True, "add_bias_kv": True},
}
MASKS = ("none", "bool", "float", "of heads", "padding", "both", "causal")
CALLS = {"weights": {}, "by head": {"average_attn_weights": False}, "no weights": {"need_weights": False}}


def causal(size: int) -> ag.Tensor:
    return nn.Transformer.generate_square_subsequent_mask(size, dtype=F64)


def masks(kind: str, queries: int, keys: int) -> dict[str, Any]:
    """Masks for a batch of 2 and 2 heads; every query sees the first key."""
    places = ag.arange(queries * keys).reshape(queries, keys)
    seen = places % 3 == 1
    waves = (places.to(F64) * 0.7).cos()
    padding = ag.tensor([[False] * keys, [False] * (keys - 2) + [True] * 2])
    return {
        "none": {},
        "bool": {"attn_mask": seen & (places % keys > 0)},
        "float": {"attn_mask": waves},
        "of heads": {"attn_mask": (ag.arange(4 * queries * keys, dtype=F64) * 0.3).sin().reshape(4, queries, keys)},
        "padding": {"key_padding_mask": padding},
        "both": {"attn_mask": waves, "key_padding_mask": ag.zeros(2, keys, dtype=F64) + padding},
        "causal": {"attn_mask": causal(4)[:queries, :keys], "is_causal": True},
    }[kind]


def attention(settings: dict[str, Any], mask: str, call: dict[str, Any]) -> dict[str, list]:
    kdim, vdim = settings.get("kdim", 4), settings.get("vdim", 4)
    keys = 4 if mask == "causal" else 5
    queries = 4 if mask == "causal" else 3

    def run(module: nn.Module, query: ag.Tensor, key: ag.Tensor, value: ag.Tensor) -> Any:
        if module.batch_first:
            query, key, value = (one.transpose(0, 1) for one in (query, key, value))
        return module(query, key, value, **masks(mask, queries, keys), **call)

    shapes = ((queries, 2, 4), (keys, 2, kdim), (keys, 2, vdim))
    return trace(lambda: nn.MultiheadAttention(4, 2, **settings), shapes, run)


def shared(form: str) -> dict[str, list]:
    """One tensor as query, key and value, or as key and value, or one sequence without a batch."""

    def run(module: nn.Module, query: ag.Tensor, key: ag.Tensor) -> Any:
        if form == "itself":
            return module(query, query, query)
        if form == "single":
            return module(query[:, 0], key[:, 0], key[:, 1], masks("padding", 3, 5)["key_padding_mask"][1])
        return module(query, key, key)

    return trace(lambda: nn.MultiheadAttention(4, 2), ((3, 2, 4), (5, 2, 4)), run)


LAYERS = {
    "plain": {},
    "norm first, batch first, gelu": {"norm_first": True, "batch_first": True, "activation": "gelu"},
    "no bias, tanh, dropout": {"bias": False, "activation": ag.tanh, "dropout": 0.3},
}


def transformer(settings: dict[str, Any], masked: str) -> dict[str, list]:
    settings = {"dropout": 0.0, **settings}

    def run(module: nn.Module, src: ag.Tensor, tgt: ag.Tensor) -> Any:
        if module.batch_first:
            src, tgt = src.transpose(0, 1), tgt.transpose(0, 1)
        if masked == "causal":
            return module(src, tgt, src_mask=causal(5), tgt_mask=causal(3), tgt_is_causal=True)
        if masked == "padding":
            of_src, of_tgt = (masks("padding", 1, size)["key_padding_mask"] for size in (5, 3))
            return module(
                src,
                tgt,
                memory_mask=masks("float", 3, 5)["attn_mask"],
                src_key_padding_mask=of_src,
                memory_key_padding_mask=of_src.to(F64).masked_fill(of_src, -math.inf),
                tgt_key_padding_mask=of_tgt,
            )
        return module(src, tgt)

    return trace(lambda: nn.Transformer(4, 2, 2, 2, 6, **settings), ((5, 2, 4), (3, 2, 4)), run)


def stack_alone(eval: bool, padded: str) -> dict[str, list]:
    """A stack of encoder layers, in evaluation: what is padded at the ends is zero there."""

    def run(module: nn.Module, src: ag.Tensor) -> Any:
        module.train(not eval)
        mask = {
            "ends": ag.tensor([[False, False, True], [False, True, True]]),
            "begins": ag.tensor([[True, False, False], [False, False, False]]),
        }[padded]
        with ag.set_grad_enabled(not eval):
            output = module(src.detach() if eval else src, src_key_padding_mask=mask)
        return output, module.layers[0].linear1.bias * 1 + sum(p.sum() for p in module.parameters()) + src.sum()

    def make() -> nn.Module:
        layer = nn.TransformerEncoderLayer(4, 2, 6, 0.0, batch_first=True)
        return nn.TransformerEncoder(layer, 2, nn.LayerNorm(4))

    return trace(make, ((2, 3, 4),), run)


def cases() -> Iterator[tuple[str, Callable[[], dict[str, list]]]]:
    """Every case: its name, and what runs it."""
    for kind, more in MORE_SETTINGS.items():
        for (name, settings), form in product({**SETTINGS, **more}.items(), FORMS):
            yield f"{kind}, {name}, {form}", lambda k=kind, s=settings, f=form: recurrent(k, s, f)
        for bias, form in product((True, False), ("no state", "state", "single")):
            yield f"{kind}Cell, bias={bias}, {form}", lambda k=kind, b=bias, f=form: cell(k + "Cell", b, f)
    for (name, settings), mask, (call, options) in product(ATTENTION.items(), MASKS, CALLS.items()):
        yield f"attention, {name}, {mask}, {call}", lambda s=settings, m=mask, o=options: attention(s, m, o)
    for form in ("itself", "keys are values", "single"):
        yield f"attention, {form}", lambda f=form: shared(f)
    for (name, settings), masked in product(LAYERS.items(), ("nothing", "causal", "padding")):
        yield f"transformer, {name}, {masked}", lambda s=settings, m=masked: transformer(s, m)
    for eval, padded in product((False, True), ("ends", "begins")):
        yield f"encoder, eval={eval}, padded at {padded}", lambda e=eval, p=padded: stack_alone(e, p)


CASES = dict(cases())


def read() -> dict[str, dict[str, list]]:
    return json.loads(DATA.read_text())


if __name__ == "__main__":
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(run())}" for name, run in CASES.items())
    DATA.write_text("{\n" + lines + "\n}\n")
