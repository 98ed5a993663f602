"""Parts of a tensor that may be changed in place, because they are no views of it."""

from __future__ import annotations

from arcgrad import Tensor, _core, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes"]


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
