"""Functions that are methods of tensors under the same name."""

from __future__ import annotations

from arcgrad import _core
from arcgrad._core._overrides import has_torch_function, has_torch_function_unary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import Tensor, memory_format

__all__ = [
    "addmv_",
    "as_strided_scatter",
    "clamp_max_",
    "clamp_min_",
    "conj_physical_",
    "detach_",
    "fill",
    "is_same_size",
    "numel",
    "resize_as_",
]


def addmv_(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """See ``Tensor.addmv_``."""
    return input.addmv_(mat, vec, beta=beta, alpha=alpha)


def clamp_max_(input: Tensor, max: Any) -> Tensor:
    """See ``Tensor.clamp_max_``."""
    return input.clamp_max_(max)


def clamp_min_(input: Tensor, min: Any) -> Tensor:
    """See ``Tensor.clamp_min_``."""
    return input.clamp_min_(min)


def conj_physical_(input: Tensor) -> Tensor:
    """See ``Tensor.conj_physical_``."""
    return input.conj_physical_()


def detach_(input: Tensor) -> Tensor:
    """See ``Tensor.detach_``."""
    return input.detach_()


def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like ``input``, with every element set.

    >>> import arcgrad as ag
    >>> ag.fill(ag.zeros(2), 3.0)
    tensor([3., 3.])
    """
    return input.clone().fill_(value)


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape."""
    # The core knows the shape of what lies in memory, a class that takes calls over may have another one.
    return input.is_same_size(other) if has_torch_function((input, other)) else _core.is_same_size(input, other)


def numel(input: Tensor) -> int:
    """The number of elements of a tensor."""
    return input.numel() if has_torch_function_unary(input) else _core.numel(input)


def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: memory_format | None = None) -> Tensor:
    """See ``Tensor.resize_as_``."""
    return input.resize_as_(the_template, memory_format=memory_format)


def _copy_in_place(input):
    """A copy whose elements lie in its memory where those of ``input`` lie in theirs."""
    begins, ends = input.storage_offset(), 1
    for length, step in zip(input.shape, input.stride()):
        ends += (length - 1) * step
    if not input.numel() or (begins == 0 and ends == input.numel()):
        return input.clone()
    if 0 in (step for length, step in zip(input.shape, input.stride()) if length > 1):
        # Elements that share memory are apart in the copy.
        return input.clone()
    return input.as_strided((begins + ends,), (1,), 0).clone().as_strided(input.shape, input.stride(), begins)


def as_strided_scatter(
    input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None
) -> Tensor:
    """A copy of ``input`` in which ``src`` stands where ``as_strided`` of these arguments looks.

    >>> import arcgrad as ag
    >>> ag.as_strided_scatter(ag.zeros(2, 2), ag.ones(2), (2,), (3,))
    tensor([[1., 0.],
            [0., 1.]])
    """
    made = _copy_in_place(input)
    window = made.as_strided(size, stride, storage_offset)
    if window.shape != src.shape:
        raise RuntimeError(f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size = "
                           f"{list(window.shape)}")
    window.copy_(src)
    return made
