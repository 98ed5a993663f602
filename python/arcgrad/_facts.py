"""Questions about tensors that have a plain answer."""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["dim_order", "get_device", "is_conj", "is_distributed", "is_neg", "is_nonzero", "is_same_size", "is_set_to", "is_signed"]


def is_nonzero(self: Tensor) -> bool:
    """See :func:`arcgrad.is_nonzero`."""
    return _core.is_nonzero(self)


def is_same_size(self: Tensor, other: Tensor) -> bool:
    """See :func:`arcgrad.is_same_size`."""
    return _core.is_same_size(self, other)


def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether two tensors are the same memory, seen in the same way: offset, shape and strides.

    >>> import arcgrad as ag
    >>> x = ag.zeros(3)
    >>> x.is_set_to(x.view(3)), x.is_set_to(x.clone())
    (True, False)
    """
    if self.untyped_storage().nbytes() == 0:
        # No memory is nobody's.
        return self is tensor
    return (
        self.dtype is tensor.dtype
        and self.untyped_storage().data_ptr() == tensor.untyped_storage().data_ptr()
        and self.storage_offset() == tensor.storage_offset()
        and self.shape == tensor.shape
        and self.stride() == tensor.stride()
    )


def _sparse_dim(self: Tensor) -> int:
    """How many axes of a tensor are sparse: none, of one whose elements all lie in memory."""
    return 0


def _dense_dim(self: Tensor) -> int:
    """How many axes of a tensor are dense: all, of one whose elements all lie in memory."""
    return self.ndim


def is_signed(input: Tensor) -> bool:
    """Whether the dtype of a tensor has negative numbers."""
    return input.dtype.is_signed


def is_conj(input: Tensor) -> bool:
    """Whether a tensor is to be conjugated when it is read: see ``Tensor.is_conj``."""
    return input.is_conj()


def is_neg(input: Tensor) -> bool:
    """Whether a tensor is to be negated when it is read: see ``Tensor.is_neg``."""
    return input.is_neg()


def is_distributed(input: Tensor) -> bool:
    """False: no tensor lies on several machines."""
    return False


def get_device(input: Tensor) -> int:
    """The number of the device of a tensor; -1 for the CPU."""
    return input.get_device()


def dim_order(self: Tensor, *, ambiguity_check: bool | list[Any] = False) -> tuple[int, ...]:
    """The axes in the order in which a dense tensor lies in memory, the one with the longest steps first.

    Args:
        ambiguity_check (bool or list of memory formats): whether an order that is not the only one is an error; with a list, one
            that does not tell which of these formats it is.

    >>> import arcgrad as ag
    >>> ag.zeros(2, 3, 4).transpose(0, 1).dim_order()
    (1, 0, 2)
    """
    if isinstance(ambiguity_check, list):
        if not all(isinstance(each, _core.memory_format) for each in ambiguity_check):
            raise TypeError("The ambiguity_check argument must be a bool or a list of memory formats.")
    elif not isinstance(ambiguity_check, bool):
        raise TypeError("The ambiguity_check argument must be a bool or a list of memory formats.")
    strides, shape = self.stride(), self.shape
    if ambiguity_check is True:
        wide = [stride for stride, size in zip(strides, shape) if size != 1]
        if len(set(wide)) < len(wide) or any(size == 1 for size in shape) and self.ndim > 1 or self.numel() == 0:
            raise RuntimeError("The tensor does not have unique dim order, or cannot map to exact one of the given memory formats.")
    elif isinstance(ambiguity_check, list):
        if sum(self.is_contiguous(memory_format=each) for each in ambiguity_check) != 1:
            raise RuntimeError("The tensor does not have unique dim order, or cannot map to exact one of the given memory formats.")
    # Axes of size 1 stay where they are among those of the same stride.
    return tuple(sorted(range(self.ndim), key=lambda axis: -strides[axis]))


def _is_all_true(input: Tensor) -> Tensor:
    """Whether all of a boolean tensor is true, as a tensor."""
    return _boolean(input, "_is_all_true").all()


def _is_any_true(input: Tensor) -> Tensor:
    """Whether any of a boolean tensor is true, as a tensor."""
    return _boolean(input, "_is_any_true").any()


def _boolean(input, name):
    if input.dtype is not _core.bool:
        raise RuntimeError(f"{name}: expected a boolean tensor, but got {input.dtype}")
    # Asked of one example, it is a question about all of them, and the answer can be looked at.
    if _core._autograd.is_transforming():
        from arcgrad.func import debug_unwrap

        return debug_unwrap(input)
    return input
