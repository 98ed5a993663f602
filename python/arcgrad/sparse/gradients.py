"""Sparse gradients of dense tensors: of a table of which a few rows are looked up they name these rows, and nothing else.

The core adds up dense gradients. A node whose gradient is sparse hands it to the leaf itself, and the core hears that there is
nothing more to add. Where the gradient is wanted for something else than a leaf's ``.grad`` (``autograd.grad``, a hook, a tensor
that was computed), it is made dense, which is the same gradient in another form.
"""

from __future__ import annotations

import arcgrad
from arcgrad import Tensor, _names
from arcgrad._core import _autograd
from arcgrad._core import nn as _core
from arcgrad.autograd.function import Function
from arcgrad.sparse.coo import SparseTensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["look_up"]


def _deliver(node: Any, gradient: SparseTensor) -> Tensor | None:
    """Adds a gradient to the leaf behind a node; gives it back, dense, where the pass has to carry it."""
    leaf = getattr(node, "variable", None)
    is_watched = leaf is not None and (leaf._backward_hooks or leaf._post_accumulate_grad_hooks)
    if leaf is None or is_watched or _autograd.is_capturing():
        return gradient.to_dense()
    if not _autograd.will_execute(node):
        return None
    present = leaf.grad
    if present is None:
        leaf.grad = gradient
    elif present.is_sparse:
        leaf.grad = present._beside(gradient)
    else:
        leaf.grad = present + gradient
    return None


class _LookUp(Function):
    """Rows of a table, with a sparse gradient."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, input: Tensor, padding_idx: int | None) -> Tensor:
        ctx.save_for_backward(input)
        ctx.size, ctx.padding_idx = weight.shape, padding_idx
        return _core.embedding(input, weight, padding_idx)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, None, None]:
        (input,) = ctx.saved_tensors
        # A gradient lives on when the program goes on with its indices.
        rows, values = input.reshape(-1).to(arcgrad.int64, copy=True), grad.reshape(input.numel(), ctx.size[1])
        if ctx.padding_idx is not None:
            counts = rows != ctx.padding_idx % ctx.size[0]
            rows, values = rows[counts], values[counts]
        gradient = SparseTensor(rows.unsqueeze(0), values, ctx.size, False)
        return _deliver(ctx.next_functions[0][0], gradient), None, None


def look_up(input: Tensor, weight: Tensor, padding_idx: int | None, scale_grad_by_freq: bool) -> Tensor:
    """Rows of a table. The gradient of a leaf is sparse: it has a row for each that was looked up.

    Raises:
        RuntimeError: rows are to be scaled by how often they occur, which a sparse gradient does not know.
    """
    if scale_grad_by_freq:
        raise RuntimeError("embedding_backward: scale_grad_by_freq not supported with sparse gradients")
    if not (weight.requires_grad and arcgrad.is_grad_enabled()):
        return _core.embedding(input, weight, padding_idx)
    return _LookUp.apply(weight, input, padding_idx)  # type: ignore[no-any-return]


_names.describe(__name__)
