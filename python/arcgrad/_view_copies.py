"""What views show, as tensors of their own: each is the view of its name, copied row by row."""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor, dtype

__all__ = [
    "alias_copy",
    "as_strided_copy",
    "detach_copy",
    "diagonal_copy",
    "expand_copy",
    "narrow_copy",
    "permute_copy",
    "select_copy",
    "slice_copy",
    "split_copy",
    "split_with_sizes_copy",
    "squeeze_copy",
    "t_copy",
    "transpose_copy",
    "unbind_copy",
    "unfold_copy",
    "unsqueeze_copy",
    "view_as_complex_copy",
    "view_as_real_copy",
    "view_copy",
]


def _copy(view, out=None):
    made = view.clone(memory_format=_core.contiguous_format)
    return made if out is None else _written(made, out)


def _written(made, out):
    if out.requires_grad or made.requires_grad:
        raise RuntimeError("functions with out=... arguments don't support automatic differentiation, but one of the arguments "
                           "requires grad.")
    if out.shape != made.shape:
        out.resize_(made.shape)
    return out.copy_(made)


def _copies(views, out=None):
    made = tuple(map(_copy, views))
    if out is None:
        return made
    if len(out) != len(made):
        raise RuntimeError(f"expected {len(made)} tensors for out=, but got {len(out)}")
    for each, given in zip(made, out):
        _written(each, given)
    return None


def alias_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of all of a tensor.

    >>> import arcgrad as ag
    >>> ag.alias_copy(ag.tensor([1, 2]))
    tensor([1, 2])
    """
    return _copy(input, out)


def detach_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of all of a tensor, apart from the graph."""
    return _copy(input.detach(), out)


def as_strided_copy(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None, *, out: Tensor | None = None
) -> Tensor:
    """A copy of what ``as_strided`` shows."""
    return _copy(input.as_strided(size, stride, storage_offset), out)


def diagonal_copy(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1, *, out: Tensor | None = None) -> Tensor:
    """A copy of a diagonal.

    >>> import arcgrad as ag
    >>> ag.diagonal_copy(ag.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    return _copy(input.diagonal(offset, dim1, dim2), out)


def expand_copy(input: Tensor, size: Sequence[int], *, implicit: bool = False, out: Tensor | None = None) -> Tensor:
    """A copy of a tensor repeated along axes of size 1."""
    return _copy(input.expand(size), out)


def narrow_copy(input: Tensor, dim: int, start: int, length: int, *, out: Tensor | None = None) -> Tensor:
    """A copy of the elements ``start`` to ``start + length`` along an axis.

    >>> import arcgrad as ag
    >>> ag.narrow_copy(ag.tensor([1, 2, 3]), 0, 1, 2)
    tensor([2, 3])
    """
    return _copy(input.narrow(dim, start, length), out)


def permute_copy(input: Tensor, dims: Sequence[int], *, out: Tensor | None = None) -> Tensor:
    """A copy of a tensor with its axes in another order."""
    return _copy(input.permute(dims), out)


def select_copy(input: Tensor, dim: int, index: int, *, out: Tensor | None = None) -> Tensor:
    """A copy of the elements at one place of an axis."""
    return _copy(input.select(dim, index), out)


def slice_copy(
    input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1, *, out: Tensor | None = None
) -> Tensor:
    """A copy of a slice along an axis.

    >>> import arcgrad as ag
    >>> ag.slice_copy(ag.tensor([1, 2, 3, 4]), 0, 1, None, 2)
    tensor([2, 4])
    """
    axis = dim % input.ndim if -input.ndim <= dim < input.ndim else dim
    if axis >= input.ndim or axis < 0:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-input.ndim}, {input.ndim - 1}], but got {dim})")
    return _copy(input[(slice(None),) * axis + (slice(start, end, step),)], out)


def split_copy(
    input: Tensor, split_size: int, dim: int = 0, *, out: Sequence[Tensor] | None = None
) -> tuple[Tensor, ...] | None:
    """Copies of parts of one size along an axis; the last one may be smaller. With ``out=``, nothing is returned.

    >>> import arcgrad as ag
    >>> ag.split_copy(ag.tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    return _copies(input.split(split_size, dim), out)


def split_with_sizes_copy(
    input: Tensor, split_sizes: Sequence[int], dim: int = 0, *, out: Sequence[Tensor] | None = None
) -> tuple[Tensor, ...] | None:
    """Copies of parts of the given sizes along an axis. With ``out=``, nothing is returned."""
    return _copies(input.split_with_sizes(split_sizes, dim), out)


def squeeze_copy(input: Tensor, dim: int | Sequence[int] | None = None, *, out: Tensor | None = None) -> Tensor:
    """A copy of a tensor without axes of size 1."""
    return _copy(input.squeeze() if dim is None else input.squeeze(dim), out)


def t_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of a matrix, transposed."""
    return _copy(input.t(), out)


def transpose_copy(input: Tensor, dim0: int, dim1: int, *, out: Tensor | None = None) -> Tensor:
    """A copy of a tensor with two axes exchanged."""
    return _copy(input.transpose(dim0, dim1), out)


def unbind_copy(input: Tensor, dim: int = 0, *, out: Sequence[Tensor] | None = None) -> tuple[Tensor, ...] | None:
    """Copies of the slices along an axis. With ``out=``, nothing is returned."""
    return _copies(input.unbind(dim), out)


def unfold_copy(input: Tensor, dimension: int, size: int, step: int, *, out: Tensor | None = None) -> Tensor:
    """A copy of all windows of one size along an axis."""
    return _copy(input.unfold(dimension, size, step), out)


def unsqueeze_copy(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """A copy of a tensor with a new axis of size 1."""
    return _copy(input.unsqueeze(dim), out)


def view_as_complex_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of pairs of real numbers, as complex ones."""
    return _copy(_core.view_as_complex(input), out)


def view_as_real_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of complex numbers, as pairs of real ones."""
    return _copy(_core.view_as_real(input), out)


def view_copy(input: Tensor, size: Any = None, *, dtype: dtype | None = None, out: Tensor | None = None) -> Tensor:
    """A copy of a tensor in another shape, or of its bytes in another dtype.

    >>> import arcgrad as ag
    >>> ag.view_copy(ag.tensor([1, 2, 3, 4]), (2, 2))
    tensor([[1, 2],
            [3, 4]])
    """
    # What cannot be viewed so is copied all the same.
    return _copy(input.reshape(size) if dtype is None else input.view(dtype), out)
