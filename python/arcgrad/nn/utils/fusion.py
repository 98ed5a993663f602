"""Folding a batch normalisation that is in eval mode into the layer before it."""

from __future__ import annotations

import copy

from arcgrad import Tensor, _names, ones_like, rsqrt, zeros_like

from ..module import Module
from ..parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    M = TypeVar("M", bound=Module)

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]


def _fused(weight, bias, mean, variance, eps, gamma, beta, shape):
    """weight and bias of the layer followed by γ (y - mean) / √(variance + eps) + β; γ lies in ``shape`` along the weight."""
    bias = zeros_like(mean) if bias is None else bias
    gamma = ones_like(mean) if gamma is None else gamma
    beta = zeros_like(mean) if beta is None else beta
    scale = gamma * rsqrt(variance + eps)
    return (
        Parameter((weight * scale.reshape(shape)).to(weight.dtype).detach(), weight.requires_grad),
        Parameter(((bias - mean) * scale + beta).to(bias.dtype).detach(), bias.requires_grad),
    )


def _fuse(layer, bn, fuse_weights, *options):
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("the statistics of the batch normalisation have to be tracked (track_running_stats=True)")
    fused = copy.deepcopy(layer)
    fused.weight, fused.bias = fuse_weights(
        layer.weight, layer.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, *options
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of a convolution that does what the given one and the batch normalisation after it do.

    Args:
        conv_w, conv_b: weight and bias (or None) of the convolution.
        bn_rm, bn_rv: running mean and variance of the normalisation.
        bn_eps (float): what it adds to the variance.
        bn_w, bn_b: its weight and bias, or None.
        transpose (bool): whether the convolution is a transposed one, which has its outputs on axis 1. Default: ``False``.
    """
    shape = [1] * conv_w.ndim
    shape[1 if transpose else 0] = -1
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape)


def fuse_conv_bn_eval(conv: M, bn: Any, transpose: bool = False) -> M:
    """A copy of the convolution ``conv`` that does the work of the batch normalisation ``bn``, too; both are in eval mode.

    Example::

        >>> import arcgrad as ag
        >>> conv, bn = ag.nn.Conv2d(1, 2, 3).eval(), ag.nn.BatchNorm2d(2).eval()
        >>> x = ag.randn(4, 1, 8, 8)
        >>> fused = ag.nn.utils.fuse_conv_bn_eval(conv, bn)
        >>> ag.allclose(fused(x), bn(conv(x)), atol=1e-5)
        True
    """
    return _fuse(conv, bn, fuse_conv_bn_weights, transpose)


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """Like :func:`fuse_conv_bn_weights`, for a linear layer."""
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, (-1, 1))


def fuse_linear_bn_eval(linear: M, bn: Any) -> M:
    """Like :func:`fuse_conv_bn_eval`, for a linear layer; AssertionError if ``bn`` is of another number of features."""
    if linear.out_features != bn.num_features and bn.num_features != 1:
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={linear.out_features} and bn.num_features={bn.num_features}"
        )
    return _fuse(linear, bn, fuse_linear_bn_weights)


_names.describe(__name__)
