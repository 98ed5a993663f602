"""Sparse tensors by coordinates of their parts and of dense tensors, and what dense tensors answer to methods of sparse ones."""

from __future__ import annotations

import arcgrad
from arcgrad import Size, Tensor, _names
from arcgrad.sparse.coo import SparseTensor, _made
from arcgrad.sparse.nodes import _refuse_device, _refuse_parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["sparse_coo_tensor", "to_sparse"]


def sparse_coo_tensor(
    indices: Any = None,
    values: Any = None,
    size: Sequence[int] | None = None,
    *,
    dtype: arcgrad.dtype | None = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> SparseTensor:
    """A sparse tensor with these values at these coordinates, and zero elsewhere. Values of one coordinate add up.

    Args:
        indices (Tensor or lists): the coordinates, one in each column.
        values (Tensor or list): what is there; with more than one axis, each value is a tensor.
        size (sequence of ints): of the whole. Default: the least in which all coordinates are.
        dtype: of the values. Default: theirs.
        requires_grad (bool): whether gradients are wanted of the values.
        is_coalesced (bool): says that the coordinates are in order, each there once.
        device, pin_memory, check_invariants: the CPU; coordinates are always checked.

    Raises:
        RuntimeError: for coordinates outside of ``size`` or below zero, or as many values as there are no coordinates.

    >>> import arcgrad as ag
    >>> ag.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (2, 3)).to_dense()
    tensor([[0., 0., 3.],
            [4., 0., 0.]])
    """
    _refuse_device(device)
    if values is None or isinstance(values, (tuple, Size)) and size is None and not isinstance(indices, Tensor):
        # Of a size alone: nothing but zeros.
        size = (indices if values is None else values) if size is None else size
        if size is None:
            raise TypeError("sparse_coo_tensor: neither indices and values nor a size are given")
        indices, values = arcgrad.zeros((len(size), 0), dtype=arcgrad.int64), arcgrad.zeros(0, dtype=dtype)
    indices, values = arcgrad.as_tensor(indices), arcgrad.as_tensor(values, dtype=dtype)
    _refuse_parts(values, indices)
    indices = indices.detach().to(arcgrad.int64).clone()
    if indices.ndim == 1 and not len(indices):
        indices = indices.reshape(0 if size is None else len(size) - max(values.ndim - 1, 0), 0)
    if indices.ndim != 2:
        raise RuntimeError(f"indices must be sparse_dim x nnz, but got: {list(indices.shape)}")
    if values.ndim == 0:
        values = values.expand(indices.shape[1])
    if values.shape[0] != indices.shape[1]:
        raise RuntimeError(
            f"indices and values must have same nnz, but got nnz from indices: {indices.shape[1]}, nnz from values: {values.shape[0]}"
        )
    if indices.numel() and int(indices.min()) < 0:
        raise RuntimeError(f"found negative index {int(indices.min())} in sparse indices")
    if size is None:
        if not indices.shape[1]:
            raise RuntimeError("sparse_coo_tensor: the size cannot be told from no indices")
        size = [*(indices.max(1).values + 1).tolist(), *values.shape[1:]]
    size = tuple(size)
    if len(size) != indices.shape[0] + values.ndim - 1:
        raise RuntimeError(
            f"number of dimensions must be sparse_dim ({indices.shape[0]}) + dense_dim ({values.ndim - 1}), but got {len(size)}"
        )
    for axis, length in enumerate(size[: indices.shape[0]]):
        if indices.shape[1] and int(indices[axis].max()) >= length:
            raise RuntimeError(
                f"size is inconsistent with indices: for dim {axis}, size is {length} but found index {int(indices[axis].max())}"
            )
    if size[indices.shape[0] :] != tuple(values.shape[1:]):
        raise RuntimeError(f"values has incorrect size, expected {list(size[indices.shape[0] :])}, got {list(values.shape[1:])}")
    made = _made(indices, values, size, bool(is_coalesced) or indices.shape[1] < 2)
    return made.requires_grad_() if requires_grad else made  # type: ignore[no-any-return]


def to_sparse(
    self: Tensor, sparse_dim: int | None = None, *, layout: Any = None, blocksize: Any = None, dense_dim: int | None = None
) -> Any:
    """The elements of a dense tensor that are not zero, as a sparse one.

    Args:
        sparse_dim (int): of how many axes there are coordinates. Default: all.
        layout: ``arcgrad.sparse_coo``, or one of the compressed layouts of matrices.
        blocksize (pair of ints): of layouts by blocks.
        dense_dim (int): of how many axes each value is. Default: none.

    >>> import arcgrad as ag
    >>> ag.tensor([[0.0, 2.0], [0.0, 0.0]]).to_sparse().indices()
    tensor([[0],
            [1]])
    """
    axes = self.ndim - (dense_dim or 0) if sparse_dim is None else sparse_dim
    if not 0 < axes <= self.ndim and self.ndim:
        raise RuntimeError(f"sparse_dim must be in [1, {self.ndim}], but got {axes}")
    present = self.detach() != 0
    if axes < self.ndim:
        present = present.flatten(axes).any(-1)
    indices = present.nonzero().t()
    values = self[tuple(indices)] if self.ndim else self.reshape(1)[: indices.shape[1]]
    return _made(indices, values, self.shape, True).to_sparse(layout=layout, blocksize=blocksize)


def _to_sparse_csr(self: Tensor, dense_dim: int | None = None) -> Any:
    """See :meth:`SparseTensor.to_sparse_csr`."""
    return to_sparse(self).to_sparse_csr(dense_dim)


def _to_sparse_csc(self: Tensor, dense_dim: int | None = None) -> Any:
    """See :meth:`SparseTensor.to_sparse_csc`."""
    return to_sparse(self).to_sparse_csc(dense_dim)


def _to_sparse_bsr(self: Tensor, blocksize: Any, dense_dim: int | None = None) -> Any:
    """See :meth:`SparseTensor.to_sparse_bsr`."""
    return to_sparse(self).to_sparse_bsr(blocksize, dense_dim)


def _to_sparse_bsc(self: Tensor, blocksize: Any, dense_dim: int | None = None) -> Any:
    """See :meth:`SparseTensor.to_sparse_bsc`."""
    return to_sparse(self).to_sparse_bsc(blocksize, dense_dim)


def _to_sparse_coo(self: Tensor) -> Any:
    """See :meth:`SparseTensor.to_sparse_coo`."""
    return to_sparse(self)


def _needs_layout(name, layout):
    def method(self: Tensor) -> Any:
        raise RuntimeError(f"{name} expected sparse {layout}tensor layout but got Strided")

    method.__doc__ = "Raises RuntimeError: the tensor is dense."
    return method


_coalesce = _needs_layout("coalesce", "coordinate ")
_indices = _needs_layout("indices", "coordinate ")
_is_coalesced = _needs_layout("is_coalesced", "coordinate ")
_dense_values = _needs_layout("values", "")


def _sparse_mask(self: Tensor, mask: SparseTensor) -> SparseTensor:
    """The elements of a dense tensor at the coordinates of a sparse one."""
    mask = mask.coalesce()
    return mask._with(self._at(mask._coordinates) if isinstance(self, SparseTensor) else self[tuple(mask._coordinates)])


def _to_dense(self: Tensor, dtype: arcgrad.dtype | None = None, *, masked_grad: bool | None = None) -> Tensor:
    """The tensor, which is dense."""
    return self if dtype is None else self.to(dtype)


_names.describe(__name__)
