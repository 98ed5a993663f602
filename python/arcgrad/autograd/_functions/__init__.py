"""Custom functions that older programs use instead of methods of tensors."""

from __future__ import annotations

from arcgrad import Tensor, _names
from arcgrad.autograd.function import Function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["Resize"]


class Resize(Function):
    """A tensor in another shape with as many elements: what :meth:`arcgrad.Tensor.reshape` does.

    >>> import arcgrad as torch
    >>> torch.autograd._functions.Resize.apply(torch.ones(2, 2), (4,))
    tensor([1., 1., 1., 1.])
    """

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, sizes: Sequence[int]) -> Tensor:
        """The tensor in the shape ``sizes``."""
        from math import prod

        if prod(sizes) != tensor.numel():
            raise RuntimeError(
                f"requested resize to {'x'.join(map(str, sizes))} ({prod(sizes)} elements in total), but the given tensor has a size of "
                f"{'x'.join(map(str, tensor.shape))} ({tensor.numel()} elements): autograd's resize can only change the shape"
            )
        ctx.shape = tensor.shape
        return tensor.contiguous().view(*sizes).clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        """The gradient in the shape of the argument."""
        return grad.contiguous().view(ctx.shape), None


_names.describe(__name__)
