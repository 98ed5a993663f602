"""Gradients of convolutions, of the input alone or of the weights alone, without the input or the weights."""

from __future__ import annotations

import arcgrad
from arcgrad import _names

from . import functional

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcgrad import Tensor

    Numbers = int | Sequence[int]

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input", "conv3d_weight"]


def _of_input(axes, input_size, weight, grad_output, *options):
    return _gradient(axes, weight.new_empty(input_size), weight, grad_output, options, 0)


def _of_weight(axes, input, weight_size, grad_output, *options):
    return _gradient(axes, input, input.new_empty(weight_size), grad_output, options, 1)


def _gradient(axes, input, weight, grad_output, options, wanted):
    """The result is linear in each operand, so the one that is differentiated by may have any values."""
    operands = [input, weight]
    recorded = arcgrad.is_grad_enabled() and (operands[1 - wanted].requires_grad or grad_output.requires_grad)
    with arcgrad.enable_grad():
        # Not requires_grad_(), which refuses within transformed functions: this one does not leave the function.
        operands[wanted] = operands[wanted].detach()
        operands[wanted].requires_grad = True
        result = getattr(functional, f"conv{axes}d")(*operands, None, *options)
        return arcgrad.autograd.grad(result, operands[wanted], grad_output, create_graph=recorded)[0]


def conv1d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Numbers = 1,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of the input of ``conv1d``.

    Args:
        input_size: the shape of the input.
        weight, stride, padding, dilation, groups: as of the convolution.
        grad_output (Tensor): the gradient of its result.

    >>> import arcgrad as ag
    >>> ag.nn.grad.conv1d_input((1, 1, 4), ag.tensor([[[1.0, 2.0]]]), ag.ones(1, 1, 3))
    tensor([[[1., 3., 3., 2.]]])
    """
    return _of_input(1, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv1d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Numbers = 1,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of the weights of ``conv1d``, whose shape is ``weight_size``; see :func:`conv1d_input`."""
    return _of_weight(1, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv2d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Numbers = 1,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of the input of ``conv2d``; see :func:`conv1d_input`."""
    return _of_input(2, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv2d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Numbers = 1,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of the weights of ``conv2d``, whose shape is ``weight_size``; see :func:`conv1d_input`."""
    return _of_weight(2, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv3d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Numbers = 1,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of the input of ``conv3d``; see :func:`conv1d_input`."""
    return _of_input(3, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv3d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Numbers = 1,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of the weights of ``conv3d``, whose shape is ``weight_size``; see :func:`conv1d_input`."""
    return _of_weight(3, input, weight_size, grad_output, stride, padding, dilation, groups)


_names.describe(__name__)
