"""Custom functions that older programs use instead of methods of tensors."""

from __future__ import annotations

from arcgrad import Tensor, _names, zeros
from arcgrad.autograd.function import Function
from arcgrad.autograd.grad_mode import enable_grad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["AccumulateGrad", "DelayedError", "Resize", "UndefinedGrad"]


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


class _NoGradient(Function):
    """Passes tensors on; no gradient passes."""

    @staticmethod
    def forward(ctx: Any, *tensors: Tensor) -> Any:
        """The tensors."""
        results = tuple(tensor.view_as(tensor) for tensor in tensors)
        return results if len(results) > 1 else results[0]

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Nothing."""
        return (None,) * len(grads)


class UndefinedGrad:
    """A function that passes tensors on, and no gradients: what is before it gets none, as if it had not been used.

    >>> import arcgrad as torch
    >>> x = torch.ones(1, requires_grad=True)
    >>> torch.autograd._functions.UndefinedGrad()(x * 2).backward()
    >>> x.grad is None
    True
    """

    def __call__(self, *tensors: Tensor) -> Any:
        return _NoGradient.apply(*tensors)


class _Raises(Function):
    @staticmethod
    def forward(ctx, message, *tensors):
        ctx.message = message
        results = tuple(tensor.view_as(tensor) for tensor in tensors)
        return results if len(results) > 1 else results[0]

    @staticmethod
    def backward(ctx, *grads):
        raise RuntimeError(ctx.message)


class DelayedError:
    """A function that passes tensors on, and raises an error when a gradient arrives.

    Args:
        message: that of the error.
        num_inputs: the number of tensors.
    """

    def __init__(self, message: str, num_inputs: int) -> None:
        self.message = message
        self.num_inputs = num_inputs

    def __call__(self, *tensors: Tensor) -> Any:
        return _Raises.apply(self.message, *tensors)


def _class_of_accumulators() -> type:
    leaf = zeros(0, requires_grad=True)
    with enable_grad():
        return type(leaf.view_as(leaf).grad_fn.next_functions[0][0])


#: The class of the nodes that add gradients into ``.grad``.
AccumulateGrad = _class_of_accumulators()

_names.describe(__name__)
