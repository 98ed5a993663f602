"""The op table as text: which operations programs may call, and how a call of each is written."""

from __future__ import annotations

import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import calls as table

#: Not functions of their arguments alone, or not of a tensor: random numbers, creation, memory.
#: The permutation that `lu` gives is a constant among results that are none; singular vectors have no derivative where values are repeated.
LEFT_OUT = {"as_strided", "eigh", "lu", "lu_unpack", "svd"}
#: PyTorch has them as methods alone.
METHODS = {"expand", "expand_as", "unfold", "view", "view_as", "reshape_as", "repeat", "sum_to_size", "contiguous", "type_as"}


@dataclass(frozen=True)
class Row:
    name: str
    inputs: tuple[str, ...]
    domain: tuple[float, float]
    forms: tuple[str, ...]


ROWS = [
    Row(name, tuple(row["inputs"]), row["domain"], tuple(row["forms"]))
    for name, row in sorted(table.ROWS.items())
    if row["differentiable"]
]
IN_PLACE_ROWS = [row for row in ROWS if "in-place" in row.forms or "in-place nn" in row.forms]


def call_text(name: str, arguments: list[str]) -> str:
    """A call as it is written in a program."""
    module, _, own = name.rpartition(".")
    place = module or table.ELSEWHERE.get(name) or table.OPS[name]["namespace"]
    name = own
    if place == "Tensor" or not place and name in METHODS:
        return f"{arguments[0]}.{name}({', '.join(arguments[1:])})"
    return f"ag.{place}.{name}({', '.join(arguments)})" if place else f"ag.{name}({', '.join(arguments)})"


def literal(value: Any) -> str:
    if isinstance(value, table.C):
        return f"ag.tensor({np.asarray(value.values).tolist()}, dtype=ag.{value.dtype})"
    if isinstance(value, float) and not np.isfinite(value):
        return f'float("{value}")'
    return repr(value)


@dataclass(frozen=True)
class Sample:
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(hash=False)
    results: int
    #: Whether the result could be written to the first argument.
    keeps_shape: bool

    def arguments(self, drawing) -> list[str]:
        """The arguments as text, with expressions over variables where the sample has tensors to differentiate."""

        def text(value):
            if isinstance(value, table.T):
                return drawing.within(drawing.fitted(value.shape), value.low, value.high)
            if isinstance(value, list) and any(isinstance(item, (table.T, table.C)) for item in value):
                return f"[{', '.join(map(text, value))}]"
            return literal(value)

        return [*map(text, self.args), *(f"{key}={text(value)}" for key, value in self.kwargs.items())]


def _more() -> list[tuple[str, tuple, dict]]:
    """Arguments that the samples of the table leave out, since other tests are about them."""
    T, C = table.T, table.C
    image, line, row = T((1, 2, 4, 5)), T((1, 2, 6), -2.0, 2.0), T((2, 3), -2.0, 2.0)
    classes = C([0, 2, 1, 2])
    return [
        ("nll_loss", (T((4, 3), -2.0, 2.0), classes), {"ignore_index": 2}),
        ("cross_entropy", (T((4, 3), -2.0, 2.0), classes), {"ignore_index": 2, "label_smoothing": 0.1}),
        ("cross_entropy", (T((2, 3, 4), -2.0, 2.0), C([[0, 2, 1, 2], [1, 1, 0, 2]])), {}),
        ("conv2d", (image, T((2, 2, 2, 2), -1.0, 1.0)), {"dilation": 2}),
        ("conv1d", (line, T((2, 2, 3), -1.0, 1.0), T((2,))), {"padding": "same"}),
        ("conv_transpose1d", (line, T((2, 1, 2), -1.0, 1.0)), {"stride": 2, "output_padding": 1, "groups": 2}),
        ("conv_transpose2d", (image, T((2, 2, 2, 2), -1.0, 1.0)), {"dilation": 2}),
        ("max_pool2d", (image, 3), {"stride": 1, "padding": 1}),
        ("max_pool1d", (line, 2), {"stride": 1, "dilation": 2}),
        ("avg_pool2d", (image, 3), {"stride": 2, "padding": 1, "count_include_pad": False}),
        ("avg_pool1d", (line, 3), {"ceil_mode": True}),
        ("pad", (image, (1, -1, 0, 2)), {"value": 0.5}),
        ("var", (row,), {"dim": 1, "correction": 2}),
        ("cdist", (row, T((4, 3), 2.5, 3.0)), {"p": 1.0}),
        ("cdist", (row, T((4, 3), 2.5, 3.0)), {"p": 3.0}),
        ("einsum", ("ij,ik->jk", row, row), {}),
        ("einsum", ("ij,ij->", row, row), {}),
        ("einsum", ("iij->j", T((2, 2, 3))), {}),
        ("prod", (T((4,), -2.0, 2.0),), {"dim": 0}),
        ("pow", (T((2, 3), 0.5, 2.0), 0.5), {}),
        ("sum", (T((2, 3, 4), -2.0, 2.0), (0, -1)), {"keepdim": True}),
        ("layer_norm", (T((2, 3, 4), -2.0, 2.0), (3, 4)), {}),
        ("batch_norm", (T((2, 3, 4)), None, None, T((3,))), {"training": True}),
        ("scaled_dot_product_attention", (T((2, 3, 4)), T((2, 3, 4)), T((2, 3, 4))), {"is_causal": True}),
        ("gelu", (row,), {"approximate": "tanh"}),
        ("softmax", (row, 0), {}),
        ("logsumexp", (row, (0, 1)), {}),
        ("smooth_l1_loss", (row, T((2, 3), -2.0, 2.0)), {"beta": 0.5}),
        ("huber_loss", (row, T((2, 3), -2.0, 2.0)), {"delta": 0.5}),
        ("interpolate", (T((1, 1, 3, 3)),), {"scale_factor": 2, "mode": "nearest"}),
        ("index_put", (row, [C([[True, False, True], [False, True, True]], "bool")], T(())), {}),
        ("where", (C([[True, False, True]], "bool"), row, T(())), {}),
    ]


def _samples() -> dict[str, list[Sample]]:
    found = defaultdict(list)
    every = [(name, *sample) for name in sorted(table.SAMPLES) for sample in table.SAMPLES[name]] + _more()
    for name, args, kwargs in every:
        if name in table.NO_GRADIENT or name in LEFT_OUT or name.endswith("_"):
            continue
        if any(isinstance(value, table.Z) or getattr(value, "of", None) is not None for value in [*args, *kwargs.values()]):
            continue  # programs are made of real tensors that are as they come
        leaves: list = []
        call = [table.build(value, np.random.RandomState(0), leaves) for value in args]
        if not leaves or any(isinstance(value, table.ag.dtype) for value in args):
            continue
        named = {key: table.build(value, np.random.RandomState(0), leaves) for key, value in kwargs.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = table.find(name)(*call, **named)
        several = isinstance(result, (tuple, list))
        keeps = not several and isinstance(args[0], table.T) and tuple(result.shape) == args[0].shape
        found[name].append(Sample(name, args, kwargs, len(result) if several else 1, keeps))
    return dict(found)


SAMPLES = _samples()
NAMES = sorted(SAMPLES)
IN_PLACE_NAMES = [n for n in NAMES if hasattr(table.ag.Tensor, f"{n}_") and any(s.keeps_shape for s in SAMPLES[n])]
