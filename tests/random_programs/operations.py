"""The op table as text: which operations programs may call, and how a call of each is written."""

from __future__ import annotations

import functools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import test_registry_ops as table

#: Not functions of their arguments alone, or not of a tensor: random numbers, creation, memory.
LEFT_OUT = {"as_strided"}
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
    place = "nn.functional" if name.startswith("nn.functional.") else table.ELSEWHERE.get(name) or table.OPS[name]["namespace"]
    name = name.rpartition(".")[2]
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

    def arguments(self, drawing) -> list[str]:
        """The arguments as text, with expressions over variables where the sample has tensors to differentiate."""

        def text(value):
            if isinstance(value, table.T):
                return drawing.within(drawing.fitted(value.shape), value.low, value.high)
            if isinstance(value, list) and any(isinstance(item, (table.T, table.C)) for item in value):
                return f"[{', '.join(map(text, value))}]"
            return literal(value)

        return [*map(text, self.args), *(f"{key}={text(value)}" for key, value in self.kwargs.items())]

    @functools.cached_property
    def keeps_shape(self) -> bool:
        """Whether the result could be written to the first argument."""
        call, leaves, _ = next(c for c in table.calls(self.name) if c[2] == (self.args, self.kwargs))
        result = call(*leaves)
        first = self.args[0]
        return isinstance(first, table.T) and not isinstance(result, (tuple, list)) and tuple(result.shape) == first.shape

    def fits_in_place(self, library) -> bool:
        return self.keeps_shape


def _samples() -> dict[str, list[Sample]]:
    found = defaultdict(list)
    for name in sorted(table.SAMPLES):
        if name in table.NO_GRADIENT or name in LEFT_OUT or name.endswith("_"):
            continue
        for call, leaves, (args, kwargs) in table.calls(name):
            if leaves and not any(isinstance(a, table.ag.dtype) for a in args):
                result = call(*leaves)
                results = len(result) if isinstance(result, (tuple, list)) else 1
                found[name].append(Sample(name, args, kwargs, results if isinstance(result, (tuple, list)) else 1))
    return dict(found)


SAMPLES = _samples()
NAMES = sorted(SAMPLES)
IN_PLACE_NAMES = [name for name in NAMES if table.find(name) and hasattr(table.ag.Tensor, f"{name}_")]
