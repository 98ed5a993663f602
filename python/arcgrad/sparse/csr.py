"""Sparse matrices by rows: where each row begins, and the columns and values in it."""

from __future__ import annotations

import arcgrad
from arcgrad import Tensor, _names
from arcgrad.sparse.coo import SparseTensor, to_sparse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["SparseCsrTensor", "sparse_csr_tensor", "to_sparse_csr"]


class SparseCsrTensor(SparseTensor):
    """A matrix of layout ``sparse_csr``, which :func:`arcgrad.sparse_csr_tensor` makes.

    What is computed with it is what :class:`arcgrad.sparse.SparseTensor` computes, and has that layout.
    """

    is_sparse = False
    is_sparse_csr = True

    def __init__(self, crow_indices: Tensor, col_indices: Tensor, values: Tensor, size: Sequence[int]) -> None:
        rows = arcgrad.repeat_interleave(arcgrad.arange(len(crow_indices) - 1), crow_indices[1:] - crow_indices[:-1])
        super().__init__(arcgrad.stack([rows, col_indices]), values, size, True)
        self._begins = crow_indices

    @property
    def layout(self) -> arcgrad.layout:
        return arcgrad.sparse_csr

    def crow_indices(self) -> Tensor:
        """Where each row begins, and where the last one ends."""
        return self._begins

    def col_indices(self) -> Tensor:
        """The columns of the values."""
        return self._coordinates[1]

    def to_sparse(self, *_arguments: Any) -> SparseTensor:
        """The matrix by coordinates."""
        return SparseTensor(self._coordinates, self._elements, self.shape, True)

    to_sparse_coo = to_sparse

    def __reduce_ex__(self, protocol: Any) -> Any:
        return SparseCsrTensor, (self._begins, self._coordinates[1], self._elements, tuple(self.shape))

    def __repr__(self) -> str:
        size = f"size={tuple(self.shape)}, nnz={self._nnz()}, layout=arcgrad.sparse_csr"
        return (
            f"tensor(crow_indices={self._begins!r},\n       col_indices={self._coordinates[1]!r},\n"
            f"       values={self._elements.detach()!r}, {size})"
        )


def sparse_csr_tensor(
    crow_indices: Any,
    col_indices: Any,
    values: Any,
    size: Sequence[int] | None = None,
    *,
    dtype: arcgrad.dtype | None = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
) -> SparseCsrTensor:
    """A sparse matrix by rows.

    Args:
        crow_indices (Tensor or list): where the values of each row begin, and how many there are.
        col_indices (Tensor or list): the column of each value.
        values (Tensor or list): the values, row after row.
        size (pair of ints): of the matrix. Default: the least in which all columns are.
        dtype, device, pin_memory, requires_grad, check_invariants: as of :func:`arcgrad.sparse_coo_tensor`.

    Raises:
        RuntimeError: the parts do not fit.

    >>> import arcgrad as ag
    >>> ag.sparse_csr_tensor([0, 1, 2], [1, 0], [3.0, 4.0]).to_dense()
    tensor([[0., 3.],
            [4., 0.]])
    """
    if device is not None:
        arcgrad.empty(0, device=device)
    begins = arcgrad.as_tensor(crow_indices).detach().to(arcgrad.int64).clone()
    columns = arcgrad.as_tensor(col_indices).detach().to(arcgrad.int64).clone()
    values = arcgrad.as_tensor(values, dtype=dtype)
    if requires_grad:
        values = values.detach().clone().requires_grad_()
    if begins.ndim != 1 or columns.ndim != 1 or values.ndim != 1 or not len(begins):
        raise RuntimeError("sparse_csr_tensor: crow_indices, col_indices and values must have one axis each")
    steps = begins[1:] - begins[:-1]
    if int(begins[0]) != 0 or int(begins[-1]) != len(columns) or len(steps) and int(steps.min()) < 0:
        raise RuntimeError("`crow_indices` must begin with 0, never fall, and end with the number of `col_indices`")
    if len(columns) != len(values):
        raise RuntimeError(
            f"col_indices and values must have the same number of elements, but got {len(columns)} and {len(values)}"
        )
    width = int(columns.max()) + 1 if len(columns) else 0
    size = (len(begins) - 1, width) if size is None else tuple(size)
    if len(size) != 2 or size[0] != len(begins) - 1 or width > size[1] or len(columns) and int(columns.min()) < 0:
        raise RuntimeError(f"sparse_csr_tensor: crow_indices and col_indices do not fit the size {list(size)}")
    return SparseCsrTensor(begins, columns, values, size)


def to_sparse_csr(self: Tensor) -> SparseCsrTensor:
    """The elements of a dense matrix that are not zero, by rows."""
    if self.ndim != 2:
        raise RuntimeError(f"to_sparse_csr: expected a matrix, got {self.ndim} axes")
    found = to_sparse(self)
    counts = arcgrad.bincount(found.indices()[0], minlength=self.shape[0])
    begins = arcgrad.cat([arcgrad.zeros(1, dtype=arcgrad.int64), counts.cumsum(0)])
    return SparseCsrTensor(begins, found.indices()[1], found.values(), self.shape)


_names.describe(__name__)
