"""Sparse tensors by coordinates (:func:`arcgrad.sparse_coo_tensor`), and matrices by rows or columns, of numbers or of blocks
(:func:`arcgrad.sparse_csr_tensor`, ``csc``, ``bsr``, ``bsc``), and products and sums of them.

>>> import arcgrad as ag
>>> sparse = ag.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (2, 3), requires_grad=True)
>>> ag.sparse.mm(sparse, ag.ones(3, 1)).sum().backward()
>>> sparse.grad.to_dense()
tensor([[0., 0., 1.],
        [1., 0., 0.]])
"""

from __future__ import annotations

import arcgrad
from arcgrad import Tensor, _names
from arcgrad.sparse import functions, kernels  # noqa: F401  What the class does is known when they are.
from arcgrad.sparse.compressed import (
    SparseCompressedTensor,
    sparse_bsc_tensor,
    sparse_bsr_tensor,
    sparse_compressed_tensor,
    sparse_csc_tensor,
    sparse_csr_tensor,
)
from arcgrad.sparse.coo import SparseTensor, _made, _product
from arcgrad.sparse.creation import sparse_coo_tensor, to_sparse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "BFloat16Tensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
    "SparseCompressedTensor",
    "SparseTensor",
    "addmm",
    "log_softmax",
    "mm",
    "softmax",
    "spmm",
    "sparse_bsc_tensor",
    "sparse_bsr_tensor",
    "sparse_compressed_tensor",
    "sparse_coo_tensor",
    "sparse_csc_tensor",
    "sparse_csr_tensor",
    "sum",
    "to_sparse",
]


def mm(sparse: SparseTensor | Tensor, dense: SparseTensor | Tensor) -> Any:
    """The product of two matrices, of which one or both are sparse; of two sparse ones it is sparse. Gradients reach both.

    Args:
        sparse (SparseTensor): n × m.
        dense (Tensor or SparseTensor): m × k.
    """
    if isinstance(sparse, SparseTensor):
        return _product(sparse, dense)
    return sparse @ dense


spmm = mm


def addmm(mat: Tensor, mat1: SparseTensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta`` · ``mat`` + ``alpha`` · ``mat1`` ``mat2``, where ``mat1`` is sparse."""
    return beta * mat + alpha * mm(mat1, mat2)  # type: ignore[no-any-return]


def sum(input: SparseTensor, dim: Any = None, dtype: arcgrad.dtype | None = None) -> Any:
    """The sum of all elements, or over axes: sparse as long as a sparse axis is left.

    Args:
        input (SparseTensor): what is summed.
        dim (int or ints): the axes. Default: all.
        dtype: of the sum.
    """
    source = input if dtype is None else input.to(dtype)
    if dim is None:
        return source._elements.sum()
    axes = {range(source.ndim)[axis] for axis in ([dim] if isinstance(dim, int) else dim)}
    sparse, dense = ([axis for axis in range(source.ndim) if (axis < source.sparse_dim()) == here] for here in (True, False))
    values = source._elements
    gone = [axis - len(sparse) + 1 for axis in dense if axis in axes]
    values = values.sum(gone) if gone else values
    kept = [axis for axis in sparse if axis not in axes]
    size = [length for axis, length in enumerate(source.shape) if axis not in axes]
    if not kept:
        return values.sum(0)
    return _made(source._indices()[arcgrad.tensor(kept)], values, size, False).coalesce()


def softmax(input: SparseTensor, dim: int, *, dtype: arcgrad.dtype | None = None) -> SparseTensor:
    """The softmax along an axis of what is there: elements without a value have no weight.

    Args:
        input (SparseTensor): a tensor all of whose axes are sparse.
        dim (int): the axis.
        dtype: of the result.
    """
    source = (input if dtype is None else input.to(dtype)).coalesce()
    shifted, group, groups = _shifted(source, dim)
    weights = shifted.exp()
    return source._with(weights / arcgrad.zeros(groups, dtype=weights.dtype).index_add(0, group, weights)[group])


def log_softmax(input: SparseTensor, dim: int, *, dtype: arcgrad.dtype | None = None) -> SparseTensor:
    """The logarithm of :func:`softmax`."""
    source = (input if dtype is None else input.to(dtype)).coalesce()
    shifted, group, groups = _shifted(source, dim)
    total = arcgrad.zeros(groups, dtype=shifted.dtype).index_add(0, group, shifted.exp())
    return source._with(shifted - total.log()[group])


def _shifted(source, dim):
    """The values less the greatest of their group, and for each the number of its group: of those that differ along one axis only."""
    if source.dense_dim():
        raise RuntimeError("softmax: the values of the sparse tensor must be numbers")
    axis = range(source.ndim)[dim]
    others = [source._indices()[other] for other in range(source.ndim) if other != axis]
    number = arcgrad.zeros(source._nnz(), dtype=arcgrad.int64)
    for length, row in zip([length for other, length in enumerate(source.shape) if other != axis], others):
        number = number * length + row
    found, group = arcgrad.unique(number, return_inverse=True)
    values = source._elements
    greatest = arcgrad.full((len(found),), -arcgrad.inf, dtype=values.dtype)
    greatest = greatest.scatter_reduce(0, group, values.detach(), "amax")
    return values - greatest[group], group, len(found)


class _Typed(type):
    """The old types of sparse tensors, by dtype."""

    _dtype: arcgrad.dtype

    def __call__(cls, *args: Any) -> SparseTensor:
        if args and all(isinstance(size, int) for size in args):
            return sparse_coo_tensor(args, dtype=cls._dtype)
        return sparse_coo_tensor(*args, dtype=cls._dtype)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, SparseTensor) and instance.dtype is cls._dtype


def _typed(name, dtype):
    doc = f"Makes a sparse tensor of {dtype}. :func:`arcgrad.sparse_coo_tensor` is clearer."
    return _Typed(name, (), {"__module__": __name__, "__doc__": doc, "_dtype": dtype})


BFloat16Tensor = _typed("BFloat16Tensor", arcgrad.bfloat16)
ByteTensor = _typed("ByteTensor", arcgrad.uint8)
CharTensor = _typed("CharTensor", arcgrad.int8)
DoubleTensor = _typed("DoubleTensor", arcgrad.float64)
FloatTensor = _typed("FloatTensor", arcgrad.float32)
HalfTensor = _typed("HalfTensor", arcgrad.float16)
IntTensor = _typed("IntTensor", arcgrad.int32)
LongTensor = _typed("LongTensor", arcgrad.int64)
ShortTensor = _typed("ShortTensor", arcgrad.int16)


_names.describe(__name__)
