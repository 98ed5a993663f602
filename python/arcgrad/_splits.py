"""Splitting along the first, the second and the third axis, as NumPy names it, and into parts that are no views."""

from __future__ import annotations

from arcgrad import _core, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcgrad._core import Tensor

__all__ = ["dsplit", "hsplit", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "vsplit"]


def _split(name, rank, input, parts, axis):
    if input.ndim < rank:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {rank} dimension, but got a tensor with {input.ndim} dimensions!"
        )
    if isinstance(parts, int):
        size = input.shape[axis]
        if parts == 0 or size % parts != 0:
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {axis}, but the size of the dimension {size} is not divisible "
                f"by the split_size {parts}!"
            )
    return _core.tensor_split(input, parts, axis)


def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Views of parts of a tensor along its second axis (of a tensor with one axis, along that).

    Args:
        input (Tensor): has one axis at least.
        indices_or_sections (int or sequence of ints): how many equal parts, or where parts begin.

    Raises:
        RuntimeError: too few axes, or the axis is not divisible by the number of parts.

    >>> import arcgrad as ag
    >>> ag.hsplit(ag.tensor([[1, 2], [3, 4]]), 2)
    (tensor([[1],
            [3]]), tensor([[2],
            [4]]))
    """
    return _split("hsplit", 1, input, indices_or_sections, 0 if input.ndim == 1 else 1)


def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Views of parts of a tensor along its first axis; see :func:`hsplit`. It has two axes at least.

    >>> import arcgrad as ag
    >>> ag.vsplit(ag.tensor([[1, 2], [3, 4]]), 2)
    (tensor([[1, 2]]), tensor([[3, 4]]))
    """
    return _split("vsplit", 2, input, indices_or_sections, 0)


def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Views of parts of a tensor along its third axis; see :func:`hsplit`. It has three axes at least.

    >>> import arcgrad as ag
    >>> [tuple(part.shape) for part in ag.dsplit(ag.zeros(2, 3, 4), 2)]
    [(2, 3, 2), (2, 3, 2)]
    """
    return _split("dsplit", 3, input, indices_or_sections, 2)


def _own(parts):
    """The parts with memory of their own: in PyTorch they share that of the whole, which then shows wrong values."""
    return tuple(part.clone() for part in parts)


def unsafe_split(tensor: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """What :func:`arcgrad.split` gives, with memory of its own.

    >>> import arcgrad as torch
    >>> first, second = torch.unsafe_split(torch.arange(4), 2)
    >>> first.zero_(), second
    (tensor([0, 0]), tensor([2, 3]))
    """
    return _own(_core.split(tensor, split_size, dim))


def unsafe_split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of given lengths along an axis, with memory of their own."""
    return _own(_core.split_with_sizes(input, split_sizes, dim))


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """A number of parts along an axis, with memory of their own."""
    return _own(_core.chunk(input, chunks, dim))


_names.describe(__name__)
