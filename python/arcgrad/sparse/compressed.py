"""Sparse matrices by rows or columns, of numbers or of blocks: where each row begins, and the columns and values in it.

Each is a sparse tensor by coordinates in an order of its own, with what says where rows begin beside it.
"""

from __future__ import annotations

import arcgrad
from arcgrad import Tensor, _names
from arcgrad.sparse.coo import SparseTensor
from arcgrad.sparse.nodes import _refuse_device, _refuse_parts, _with_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Self

__all__ = [
    "SparseCompressedTensor",
    "compress",
    "sparse_bsc_tensor",
    "sparse_bsr_tensor",
    "sparse_compressed_tensor",
    "sparse_csc_tensor",
    "sparse_csr_tensor",
]

_BY_ROWS = (arcgrad.sparse_csr, arcgrad.sparse_bsr)
_OF_BLOCKS = (arcgrad.sparse_bsr, arcgrad.sparse_bsc)


class SparseCompressedTensor(SparseTensor):
    """A matrix of layout ``sparse_csr``, ``sparse_csc``, ``sparse_bsr`` or ``sparse_bsc``, which functions of these names make.

    What is computed with it is what :class:`arcgrad.sparse.SparseTensor` computes; what keeps the coordinates has its layout.
    """

    is_sparse = False

    _begins: Tensor
    _others: Tensor
    _layout: arcgrad.layout
    _shape_of_values: tuple[int, ...]

    def __new__(cls, begins: Tensor, others: Tensor, values: Tensor, size: Sequence[int], layout: arcgrad.layout) -> Self:
        outer = arcgrad.repeat_interleave(arcgrad.arange(len(begins) - 1), begins[1:] - begins[:-1])
        rows, columns = (outer, others) if layout in _BY_ROWS else (others, outer)
        if layout in _OF_BLOCKS:
            height, width = values.shape[1:]
            rows = (rows.reshape(-1, 1, 1) * height + arcgrad.arange(height).unsqueeze(1)).expand(values.shape).reshape(-1)
            columns = (columns.reshape(-1, 1, 1) * width + arcgrad.arange(width)).expand(values.shape).reshape(-1)
        in_order = layout is arcgrad.sparse_csr
        self = super().__new__(cls, arcgrad.stack([rows, columns]), values.reshape(-1), size, in_order)
        self._begins, self._others, self._layout = begins, others, layout
        self._shape_of_values = tuple(values.shape[1:])
        return self

    @property
    def layout(self) -> arcgrad.layout:
        return self._layout

    @property
    def is_sparse_csr(self) -> bool:  # type: ignore[override]
        return self._layout is arcgrad.sparse_csr

    def _compressed(self, rows, name):
        if (self._layout in _BY_ROWS) is not rows:
            raise RuntimeError(f"{name} expected sparse {'row' if rows else 'column'} compressed tensor layout but got {self._layout}")

    def crow_indices(self) -> Tensor:
        """Where each row begins, and where the last one ends."""
        self._compressed(True, "crow_indices")
        return self._begins

    def col_indices(self) -> Tensor:
        """The columns of the values."""
        self._compressed(True, "col_indices")
        return self._others

    def ccol_indices(self) -> Tensor:
        """Where each column begins, and where the last one ends."""
        self._compressed(False, "ccol_indices")
        return self._begins

    def row_indices(self) -> Tensor:
        """The rows of the values."""
        self._compressed(False, "row_indices")
        return self._others

    def values(self) -> Tensor:
        """The values, or blocks of values."""
        return self._elements.reshape(-1, *self._shape_of_values)

    def _values(self) -> Tensor:
        return self._raw.reshape(-1, *self._shape_of_values)

    def _nnz(self) -> int:
        return len(self._others)

    def _has_each_once(self):
        return True

    def _with(self, values):
        begins, others, size, layout = self._begins, self._others, tuple(self.shape), self._layout
        shape = (-1, *self._shape_of_values)
        return _with_values(values, lambda values: SparseCompressedTensor(begins, others, values.reshape(shape), size, layout))

    def _as_mine(self, sparse):
        return compress(sparse, self._layout, self._shape_of_values or None)

    def _copied(self):
        return SparseCompressedTensor(
            self._begins.clone(), self._others.clone(), self._values().clone(), tuple(self.shape), self._layout
        )

    def to_sparse(self, sparse_dim: int | None = None, *, layout: Any = None, blocksize: Any = None, dense_dim: Any = None) -> Any:
        """The elements in another layout: by coordinates where none is named."""
        if layout is self._layout and (blocksize is None or _pair(blocksize) == self._shape_of_values):
            return self
        return self._by_coordinates().to_sparse(layout=layout, blocksize=blocksize)

    def _parts(self):
        return self._begins, self._others, self._values(), tuple(self.shape), self._layout

    def _in_file(self):
        return self._layout, (self._begins, self._others, self._values(), self.shape)

    def _described(self):
        names = ("crow_indices", "col_indices") if self._layout in _BY_ROWS else ("ccol_indices", "row_indices")
        return f"{names[0]}={self._begins!r},\n       {names[1]}={self._others!r},\n       values={self._values()!r}"


def _pair(blocksize):
    return (blocksize, blocksize) if isinstance(blocksize, int) else tuple(blocksize)


def compress(sparse: SparseTensor, layout: arcgrad.layout, blocksize: Any = None) -> SparseCompressedTensor:
    """A sparse matrix in a compressed layout; blocks hold the zeros beside their elements.

    Args:
        sparse (SparseTensor): a matrix of numbers.
        layout: one of the compressed ones.
        blocksize (int or pair of ints): of a layout by blocks; it has to divide the size.
    """
    source = sparse.to_sparse().coalesce()
    name = str(layout).partition(".")[2]
    if source.ndim != 2 or source.dense_dim():
        raise RuntimeError(f"to_{name}: expected a matrix of numbers, got {source.ndim} axes, {source.dense_dim()} of them dense")
    if (layout in _OF_BLOCKS) is (blocksize is None):
        raise RuntimeError(f"to_{name}: blocksize is needed by layouts of blocks, and by these alone, but got {blocksize}")
    height, width = (1, 1) if blocksize is None else _pair(blocksize)
    if not (height > 0 and width > 0) or source.shape[0] % height or source.shape[1] % width:
        raise RuntimeError(
            f"to_{name}: tensor sparse size ({source.shape[0]}, {source.shape[1]}) must be divisible by given blocksize ({height}, {width})"
        )
    rows, columns = source._coordinates
    pair = [(rows // height, source.shape[0] // height), (columns // width, source.shape[1] // width)]
    (outer, lines), (inner, length) = pair if layout in _BY_ROWS else pair[::-1]
    length = max(length, 1)
    blocks, block = arcgrad.unique(outer * length + inner, return_inverse=True)
    place = (block * height + rows % height) * width + columns % width
    values = arcgrad.zeros(len(blocks) * height * width, dtype=source.dtype).index_add(0, place, source._elements)
    counts = arcgrad.bincount(blocks // length, minlength=lines)
    begins = arcgrad.cat([arcgrad.zeros(1, dtype=arcgrad.int64), counts.cumsum(0)])
    shape, size = ((-1,) if blocksize is None else (-1, height, width)), tuple(source.shape)
    return _with_values(  # type: ignore[no-any-return]
        values, lambda values: SparseCompressedTensor(begins, blocks % length, values.reshape(shape), size, layout)
    )


def sparse_compressed_tensor(
    compressed_indices: Any,
    plain_indices: Any,
    values: Any,
    size: Sequence[int] | None = None,
    *,
    dtype: arcgrad.dtype | None = None,
    layout: arcgrad.layout | None = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
) -> SparseCompressedTensor:
    """A sparse matrix by rows or by columns.

    Args:
        compressed_indices (Tensor or list): where the values of each row (or column) begin, and how many there are.
        plain_indices (Tensor or list): the column (or row) of each value.
        values (Tensor or list): the values, row after row (or column after column); of layouts of blocks, blocks.
        size (pair of ints): of the matrix. Default: the least in which all are.
        layout: ``arcgrad.sparse_csr``, ``sparse_csc``, ``sparse_bsr`` or ``sparse_bsc``.
        dtype, device, pin_memory, requires_grad, check_invariants: as of :func:`arcgrad.sparse_coo_tensor`.

    Raises:
        RuntimeError: the parts do not fit.

    >>> import arcgrad as ag
    >>> ag.sparse_csr_tensor([0, 1, 2], [1, 0], [3.0, 4.0]).to_dense()
    tensor([[0., 3.],
            [4., 0.]])
    """
    if layout not in (*_BY_ROWS, arcgrad.sparse_csc, arcgrad.sparse_bsc):
        raise RuntimeError(f"sparse_compressed_tensor: expected a compressed sparse layout, but got {layout}")
    name = f"{str(layout).partition('.')[2]}_tensor"
    first, second = ("crow_indices", "col_indices") if layout in _BY_ROWS else ("ccol_indices", "row_indices")
    _refuse_device(device)
    begins, others = arcgrad.as_tensor(compressed_indices), arcgrad.as_tensor(plain_indices)
    values = arcgrad.as_tensor(values, dtype=dtype)
    _refuse_parts(values, begins, others)
    begins, others = (indices.detach().to(arcgrad.int64).clone() for indices in (begins, others))
    axes = 3 if layout in _OF_BLOCKS else 1
    if begins.ndim != 1 or others.ndim != 1 or values.ndim != axes or not len(begins):
        raise RuntimeError(f"{name}: {first} and {second} must have one axis each, and values {axes}")
    steps = begins[1:] - begins[:-1]
    if int(begins[0]) != 0 or int(begins[-1]) != len(others) or len(steps) and int(steps.min()) < 0:
        raise RuntimeError(f"`{first}` must begin with 0, never fall, and end with the number of `{second}`")
    if len(others) != len(values):
        raise RuntimeError(f"{second} and values must have the same number of elements, but got {len(others)} and {len(values)}")
    line = arcgrad.repeat_interleave(arcgrad.arange(len(steps)), steps)
    if not bool(((others[1:] > others[:-1]) | (line[1:] != line[:-1])).all()):
        raise RuntimeError(f"`{second}` must be sorted and distinct within each {'row' if layout in _BY_ROWS else 'column'}")
    block = tuple(values.shape[1:]) or (1, 1)
    counted = len(begins) - 1, int(others.max()) + 1 if len(others) else 0
    least = [count * length for count, length in zip(counted if layout in _BY_ROWS else counted[::-1], block)]
    size = tuple(least) if size is None else tuple(size)
    along = 0 if layout in _BY_ROWS else 1
    if (
        len(size) != 2
        or size[along] != least[along]
        or least[1 - along] > size[1 - along]
        or len(others) and int(others.min()) < 0
    ):
        raise RuntimeError(f"{name}: {first} and {second} do not fit the size {list(size)}")
    made = _with_values(values, lambda values: SparseCompressedTensor(begins, others, values, size, layout))
    return made.requires_grad_() if requires_grad else made  # type: ignore[no-any-return]


def _by(name, first, second):
    layout = getattr(arcgrad, name)

    def function(first_indices: Any, second_indices: Any, values: Any, size: Any = None, **options: Any) -> SparseCompressedTensor:
        return sparse_compressed_tensor(first_indices, second_indices, values, size, layout=layout, **options)

    function.__name__ = function.__qualname__ = f"{name}_tensor"
    function.__doc__ = f"A sparse matrix of layout ``{name}``, of ``{first}``, ``{second}`` and values; see :func:`sparse_compressed_tensor`."
    return function


sparse_csr_tensor = _by("sparse_csr", "crow_indices", "col_indices")
sparse_csc_tensor = _by("sparse_csc", "ccol_indices", "row_indices")
sparse_bsr_tensor = _by("sparse_bsr", "crow_indices", "col_indices")
sparse_bsc_tensor = _by("sparse_bsc", "ccol_indices", "row_indices")


_names.describe(__name__)
