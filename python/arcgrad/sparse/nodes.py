"""The nodes between values and sparse tensors: one makes a sparse tensor of values, one takes the values out, one all elements."""

from __future__ import annotations

import arcgrad
from arcgrad import Tensor, _names
from arcgrad._C import _is_batchedtensor
from arcgrad.autograd import _levels
from arcgrad.autograd.function import Function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from arcgrad.sparse.coo import SparseTensor


class _Made(Function):
    """A sparse tensor of values: what it is made by knows the coordinates."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, make: Callable[[Tensor], SparseTensor]) -> SparseTensor:
        made = make(values)
        # Coordinates and shape alone: the node does not keep the values.
        ctx.coordinates, ctx.make = made._coordinates, make
        return made

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        if grad.layout is not arcgrad.strided:
            return grad._at(ctx.coordinates), None
        return grad[tuple(ctx.coordinates)], None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, _: None) -> SparseTensor:
        return _with_values(tangent, ctx.make)  # type: ignore[no-any-return]


class _Values(Function):
    """The values of a sparse tensor."""

    @staticmethod
    def forward(ctx: Any, sparse: SparseTensor) -> Tensor:
        # What becomes of the tensor in place is not the node's business.
        ctx.sparse = sparse._with(sparse._raw)
        return sparse._raw.detach()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> SparseTensor:
        return ctx.sparse._gradient(grad)  # type: ignore[no-any-return]

    @staticmethod
    def jvp(ctx: Any, tangent: SparseTensor) -> Tensor:
        # Values of one coordinate have a tangent together, which is that of their sum: each has a share.
        ones = arcgrad.ones(len(ctx.sparse._raw), dtype=ctx.sparse.dtype)
        share = ones if ctx.sparse._has_each_once() else ctx.sparse._share().to(ctx.sparse.dtype)
        return tangent._at(ctx.sparse._coordinates) * share.reshape(-1, *[1] * ctx.sparse.dense_dim())


class _AllElements(Function):
    """All elements, with a gradient of all of them."""

    @staticmethod
    def forward(ctx: Any, sparse: SparseTensor) -> Tensor:
        ctx.all_elements = sparse._all_elements_of
        return sparse.to_dense()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return ctx.all_elements(grad)  # type: ignore[no-any-return]


def _with_values(values, make):
    if _levels.thread.levels or values.requires_grad and arcgrad.is_grad_enabled():
        _refuse_batches(values)
        return _Made.apply(values, make)
    return make(values)


def _refuse_batches(values):
    if _is_batchedtensor(values):
        raise RuntimeError(
            "vmap: a sparse tensor has no batches of values; compute it outside of the transformation, or with dense tensors"
        )


def _refuse_device(device):
    """Refuses a device that an argument names."""
    if device is not None:
        _refuse_elsewhere(arcgrad.empty(0, device=device))


def _refuse_elsewhere(part):
    if part.device.type != "cpu":
        raise NotImplementedError(f"sparse tensors are on the CPU only, not on {part.device}")


def _refuse_parts(values, *indices):
    """Refuses what no sparse tensor is made of."""
    for part in (values, *indices):
        _refuse_batches(part)
        _refuse_elsewhere(part)
    if values.layout is not arcgrad.strided:
        layout = "Sparse" if values.is_sparse else values.layout
        raise RuntimeError(f"expected values to be a dense tensor, but got values of layout {layout}")


_names.describe(__name__)
