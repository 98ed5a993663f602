"""Tables of which a few rows are looked up: their gradient names these rows, and nothing else."""

from __future__ import annotations

import arcgrad
from arcgrad import Tensor, _names
from arcgrad._core import nn as _core
from arcgrad.autograd.function import Function
from arcgrad.sparse.coo import SparseTensor, _made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["look_up"]


class _LookUp(Function):
    """Rows of a table, with a sparse gradient."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, input: Tensor, padding_idx: int | None) -> Tensor:
        ctx.save_for_backward(input)
        ctx.size, ctx.padding_idx = weight.shape, padding_idx
        return _core.embedding(input, weight, padding_idx)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[SparseTensor, None, None]:
        (input,) = ctx.saved_tensors
        # A gradient lives on when the program goes on with its indices.
        rows, values = input.reshape(-1).to(arcgrad.int64, copy=True), grad.reshape(input.numel(), ctx.size[1])
        if ctx.padding_idx is not None:
            counts = rows != ctx.padding_idx % ctx.size[0]
            rows, values = rows[counts], values[counts]
        return _made(rows.unsqueeze(0), values, ctx.size, False), None, None


def look_up(input: Tensor, weight: Tensor, padding_idx: int | None, scale_grad_by_freq: bool) -> Tensor:
    """Rows of a table. The gradient is sparse: it has a row for each that was looked up.

    Raises:
        RuntimeError: rows are to be scaled by how often they occur, which a sparse gradient does not know.
    """
    if scale_grad_by_freq:
        raise RuntimeError("embedding_backward: scale_grad_by_freq not supported with sparse gradients")
    if not (weight.requires_grad and arcgrad.is_grad_enabled()):
        return _core.embedding(input, weight, padding_idx)
    return _LookUp.apply(weight, input, padding_idx)  # type: ignore[no-any-return]


_names.describe(__name__)
