"""Operations that PyTorch has without a documentation of them, and programs call all the same."""

from __future__ import annotations

from arcgrad import _core, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad import Tensor, dtype

__all__ = ["kl_div", "norm_except_dim"]


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norms of the parts of a tensor along one axis, which is the only one that keeps its size; with ``dim=-1`` the norm of all.

    >>> import arcgrad as ag
    >>> ag.norm_except_dim(ag.tensor([[3.0, 4.0], [6.0, 8.0]]), 2, 0)
    tensor([[ 5.],
            [10.]])
    """
    if dim == -1:
        return _core.norm(v, pow)
    return _core.norm(v, pow, [axis for axis in range(v.ndim) if axis != dim], keepdim=True) if v.ndim > 1 else v.abs()


def kl_div(input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False) -> Tensor:
    """:func:`arcgrad.nn.functional.kl_div` with a number for the reduction: 0 for none, 1 for the mean, 2 for the sum.

    >>> import arcgrad as ag
    >>> ag.kl_div(ag.zeros(2), ag.ones(2), 2)
    tensor(0.)
    """
    from arcgrad.nn import functional

    # Means are taken here: the function warns of its own, which are no means of the distribution.
    loss = functional.kl_div(input, target, reduction="none", log_target=log_target)
    return loss.mean() if reduction == 1 else loss.sum() if reduction == 2 else loss


def _softmax_backward_data(grad_output: Tensor, output: Tensor, dim: int, input_dtype: dtype) -> Tensor:
    """The gradient of a softmax from its result."""
    product = grad_output * output
    return (product - output * product.sum(dim, keepdim=True)).to(input_dtype)


def _log_softmax_backward_data(grad_output: Tensor, output: Tensor, dim: int, input_dtype: dtype) -> Tensor:
    """The gradient of the logarithm of a softmax from its result."""
    return (grad_output - output.exp() * grad_output.sum(dim, keepdim=True)).to(input_dtype)


def _cast(name):
    def cast(self, non_blocking=False):
        return self.to(getattr(_core, name))

    cast.__doc__ = f"The tensor as {name}."
    return cast


_cast_Byte, _cast_Char, _cast_Short, _cast_Int, _cast_Long = map(_cast, ("uint8", "int8", "int16", "int32", "int64"))
_cast_Half, _cast_Float, _cast_Double = map(_cast, ("float16", "float32", "float64"))

_names.describe(__name__)
