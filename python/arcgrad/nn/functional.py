"""The functions behind the layers: primitives of the core, and what is composed of them."""

from __future__ import annotations

import math

import arcgrad
from arcgrad import _names, _warnings
from arcgrad._core import nn as _primitives

from . import _reduction
from ._attention import multi_head_attention_forward as multi_head_attention_forward

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Generator, Tensor

# ---- primitives: values and gradients are the core's ----

linear = _primitives.linear
bilinear = _primitives.bilinear
conv1d = _primitives.conv1d
conv2d = _primitives.conv2d
conv3d = _primitives.conv3d
conv_transpose1d = _primitives.conv_transpose1d
conv_transpose2d = _primitives.conv_transpose2d
conv_transpose3d = _primitives.conv_transpose3d
max_pool1d = _primitives.max_pool1d
max_pool2d = _primitives.max_pool2d
max_pool3d = _primitives.max_pool3d
avg_pool1d = _primitives.avg_pool1d
avg_pool2d = _primitives.avg_pool2d
avg_pool3d = _primitives.avg_pool3d
adaptive_avg_pool1d = _primitives.adaptive_avg_pool1d
adaptive_max_pool1d = _primitives.adaptive_max_pool1d
interpolate = _primitives.interpolate
unfold = _primitives.unfold
pad = _primitives.pad
fold = _primitives.fold
embedding = _primitives.embedding
layer_norm = _primitives.layer_norm
batch_norm = _primitives.batch_norm
group_norm = _primitives.group_norm
instance_norm = _primitives.instance_norm
rms_norm = _primitives.rms_norm
local_response_norm = _primitives.local_response_norm
scaled_dot_product_attention = _primitives.scaled_dot_product_attention
dropout = _primitives.dropout
one_hot = _primitives.one_hot
normalize = _primitives.normalize
cosine_similarity = _primitives.cosine_similarity
pairwise_distance = _primitives.pairwise_distance

softmax = _primitives.softmax
softmin = _primitives.softmin
log_softmax = _primitives.log_softmax
hardshrink = _primitives.hardshrink
softshrink = _primitives.softshrink
gelu = _primitives.gelu
softplus = _primitives.softplus
sigmoid = _primitives.sigmoid
logsigmoid = _primitives.logsigmoid
tanh = _primitives.tanh

cross_entropy = _primitives.cross_entropy
nll_loss = _primitives.nll_loss
mse_loss = _primitives.mse_loss
l1_loss = _primitives.l1_loss
smooth_l1_loss = _primitives.smooth_l1_loss
huber_loss = _primitives.huber_loss
binary_cross_entropy = _primitives.binary_cross_entropy
binary_cross_entropy_with_logits = _primitives.binary_cross_entropy_with_logits
kl_div = _primitives.kl_div


# ---- pooling ----


def _output_size(input, output_size):
    """Sizes of the outputs, where ``None`` keeps that of the input."""
    if not isinstance(output_size, (tuple, list)) or None not in output_size:
        return output_size
    if len(output_size) >= input.dim():
        raise ValueError(
            f"output_size {tuple(output_size)} is for an input of at least {len(output_size) + 1} axes, got {input.dim()}"
        )
    return [own if size is None else size for size, own in zip(output_size, input.shape[-len(output_size) :])]


def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    """Means of windows chosen so that ``output_size`` (a number, or one for each of height and width) of them cover the input
    evenly; ``None`` in place of a size keeps that of the input.

    >>> import arcgrad
    >>> arcgrad.nn.functional.adaptive_avg_pool2d(arcgrad.arange(8.0).view(1, 2, 4), (None, 1))
    tensor([[[1.5000],
             [5.5000]]])
    """
    return _primitives.adaptive_avg_pool2d(input, _output_size(input, output_size))


def adaptive_avg_pool3d(input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    """As :func:`adaptive_avg_pool2d`, of depth, height and width."""
    return _primitives.adaptive_avg_pool3d(input, _output_size(input, output_size))


def adaptive_max_pool2d(input: Tensor, output_size: int | Sequence[int | None], return_indices: bool = False) -> Any:
    """Greatest elements of windows chosen so that ``output_size`` (a number, or one for each of height and width) of them cover
    the input evenly; ``None`` in place of a size keeps that of the input. With ``return_indices`` also where in its plane each
    lies.

    >>> import arcgrad
    >>> arcgrad.nn.functional.adaptive_max_pool2d(arcgrad.arange(8.0).view(1, 2, 4), (None, 1))
    tensor([[[3.],
             [7.]]])
    """
    return _primitives.adaptive_max_pool2d(input, _output_size(input, output_size), return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: int | Sequence[int | None], return_indices: bool = False) -> Any:
    """As :func:`adaptive_max_pool2d`, of depth, height and width."""
    return _primitives.adaptive_max_pool3d(input, _output_size(input, output_size), return_indices)


# ---- activations ----


elu_ = _primitives.elu_
celu_ = _primitives.celu_
hardtanh_ = _primitives.hardtanh_
leaky_relu_ = _primitives.leaky_relu_
relu_ = _primitives.relu_
selu_ = _primitives.selu_
threshold_ = _primitives.threshold_


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(x, 0)``; the gradient at 0 is 0."""
    return (relu_ if inplace else _primitives.relu)(input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(x, 0), 6)``."""
    return (_primitives.relu6_ if inplace else _primitives.relu6)(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``x`` where positive, else ``negative_slope · x``."""
    return (leaky_relu_ if inplace else _primitives.leaky_relu)(input, negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` where positive, else ``alpha (exp(x) - 1)`` (Clevert et al., 2015)."""
    return (elu_ if inplace else _primitives.elu)(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Scaled exponential linear unit (Klambauer et al., 2017)."""
    return (selu_ if inplace else _primitives.selu)(input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``x · sigmoid(x)``."""
    return (_primitives.silu_ if inplace else _primitives.silu)(input)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` clamped to ``[min_val, max_val]``; no gradient at and beyond the ends."""
    return (hardtanh_ if inplace else _primitives.hardtanh)(input, min_val, max_val)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``max(0, x) + min(0, α (exp(x/α) - 1))`` (Barron, 2017)."""
    return (celu_ if inplace else _primitives.celu)(input, alpha)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(x + 3, 0), 6) / 6``."""
    return (_primitives.hardsigmoid_ if inplace else _primitives.hardsigmoid)(input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x · hardsigmoid(x)`` (Howard et al., 2019)."""
    return (_primitives.hardswish_ if inplace else _primitives.hardswish)(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x · tanh(softplus(x))`` (Misra, 2019)."""
    return (_primitives.mish_ if inplace else _primitives.mish)(input)


def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``."""
    return input / (input.abs() + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``."""
    return input - input.tanh()


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where ``x > threshold``, else ``value``."""
    return (threshold_ if inplace else _primitives.threshold)(input, threshold, value)


def _floats_only(name, input):
    if not input.is_floating_point():
        raise NotImplementedError(f"{name}: expected a tensor of floats, got {input.dtype}")


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``max(0, x) + weight · min(0, x)``, one weight for all or one per channel (axis 1)."""
    if input.dtype != weight.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {input.dtype} and {weight.dtype}")
    _floats_only("prelu", input)
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    channels = input.shape[1] if input.ndim >= 2 else 1
    if weight.numel() != 1:
        if weight.numel() != channels:
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. "
                f"Found parameter numbers = {weight.numel()} and channel size = {channels}."
            )
        weight = weight.reshape(-1, *(1,) * (input.ndim - 2))
    return arcgrad.where(input > 0, input, weight * input)


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """Leaky ReLU with slopes drawn uniformly while training, their mean otherwise (Xu et al., 2015)."""
    if inplace:
        return rrelu_(input, lower, upper, training)
    return input * _drawn_slopes(input, lower, upper) if training else leaky_relu(input, (lower + upper) / 2)


def rrelu_(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """:func:`rrelu` in place."""
    if training:
        return input.mul_(_drawn_slopes(input, lower, upper, generator))
    return leaky_relu_(input, (lower + upper) / 2)


def _drawn_slopes(input, lower, upper, generator=None):
    # Drawn in double precision and only for the elements that need a slope: PyTorch's stream.
    falls = input <= 0
    slopes = arcgrad.ones_like(input)
    drawn = arcgrad.empty(int(falls.sum()), dtype=arcgrad.float64).uniform_(lower, upper, generator=generator)
    slopes[falls] = drawn.to(input.dtype)
    return slopes


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """First half times the sigmoid of the second half along ``dim`` (Dauphin et al., 2016)."""
    if input.ndim == 0:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    _floats_only("glu", input)
    size = input.shape[dim]
    if size % 2 != 0:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim % input.ndim} is size {size}")
    first, second = input.chunk(2, dim)
    return first * second.sigmoid()


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Draws from categorical distributions that are differentiable in ``logits`` (Jang et al., 2016).

    Args:
        logits (Tensor): logarithms of probabilities, up to a constant along ``dim``.
        tau (float): temperature: the lower, the closer to ones and zeros.
        hard (bool): ones and zeros, with the gradient of the soft draws.
        eps (float): has no effect, as in PyTorch.
        dim (int): the axis of the categories.
    """
    if eps != 1e-10:
        _warnings.warn("`eps` parameter is deprecated and has no effect.")
    noise = -arcgrad.empty_like(logits, memory_format=arcgrad.contiguous_format).exponential_().log()
    soft = softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    chosen = arcgrad.zeros_like(logits).scatter_(dim, soft.argmax(dim, keepdim=True), 1.0)
    return chosen - soft.detach() + soft


# ---- dropout of channels ----


def _channel_dropout(input, p, training, inplace):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    shape = (*input.shape[:2], *(1,) * (input.ndim - 2))
    if p == 1:
        return input.zero_() if inplace else input * arcgrad.zeros(shape, dtype=input.dtype)
    kept = arcgrad.empty(shape, dtype=input.dtype).bernoulli_(1 - p).div_(1 - p)
    return input.mul_(kept) if inplace else input * kept


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeroes whole channels of ``(N, C, L)`` or ``(C, L)`` with probability ``p``, scales the rest by 1/(1 - p)."""
    if input.ndim not in (2, 3):
        raise RuntimeError(f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input.")
    if input.ndim == 3:
        return _channel_dropout(input, p, training, inplace)
    if inplace:
        _channel_dropout(input.unsqueeze(0), p, training, True)
        return input
    return _channel_dropout(input.unsqueeze(0), p, training, False).squeeze(0)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeroes whole channels of ``(N, C, H, W)`` with probability ``p``, scales the rest by 1/(1 - p)."""
    if input.ndim not in (3, 4):
        _warnings.warn(
            f"dropout2d: Received a {input.ndim}-D input to dropout2d, which is deprecated: it drops channels of "
            "(N, C, H, W). Please use dropout instead."
        )
    elif input.ndim == 3:
        _warnings.warn(
            "dropout2d: Received a 3D input to dropout2d, which is taken as (N, C, L). Please use dropout1d instead."
        )
    return _channel_dropout(input, p, training, inplace)


# ---- distances ----


# ---- losses ----


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of Poisson counts; ``input`` is the rate or, with ``log_input``, its logarithm."""
    reduction = _reduction.resolve(size_average, reduce, reduction)
    # What does not occur says nothing about the rate, however small that is.
    logarithm = input if log_input else (input + eps).log()
    weighted = (target * logarithm).masked_fill((target == 0) & logarithm.isinf(), 0)
    loss = (input.exp() if log_input else input) - weighted
    if full:
        # Stirling's approximation of log(target!), for counts above one.
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return _reduction.apply(loss, reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """Negative log-likelihood of normal draws with mean ``input`` and variance ``var`` (at least ``eps``)."""
    if not isinstance(var, arcgrad.Tensor):
        if not isinstance(var, (int, float)):
            raise ValueError(f"var must be a number or a Tensor, but got {type(var).__name__}")
        var = arcgrad.full(input.shape, var, dtype=input.dtype)
    elif var.shape != input.shape:
        if tuple(input.shape[:-1]) == tuple(var.shape):
            # One variance for a row of inputs.
            var = var.unsqueeze(-1)
        elif input.ndim != var.ndim or any(given not in (1, size) for given, size in zip(var.shape, input.shape)):
            raise ValueError(f"var is of incorrect size: {list(var.shape)} for an input of {list(input.shape)}")
    if (var < 0).any():
        raise ValueError("var has negative entry/entries")
    # The clamp only guards the division: the gradient passes as if it were not there.
    var = var + (var.detach().clamp(min=eps) - var.detach())
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return _reduction.apply(loss, reduction)


def _shape(tensor):
    """Its shape in an error."""
    return list(tensor.shape)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 - cos`` for pairs with target 1, ``max(0, cos - margin)`` for pairs with target -1."""
    reduction = _reduction.resolve(size_average, reduce, reduction)
    if target.ndim > 1:
        raise RuntimeError(
            f"cosine_embedding_loss: 0D or 1D target tensor expected, multi-target not supported: got {_shape(target)}"
        )
    if not input1.ndim == input2.ndim == target.ndim + 1:
        raise RuntimeError(
            f"cosine_embedding_loss: {target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found "
            f"inputs with sizes {_shape(input1)} and {_shape(input2)}"
        )
    if not arcgrad.result_type(input1, input2).is_floating_point:
        input1 = input1.to(arcgrad.get_default_dtype())
    cosine = cosine_similarity(input1, input2, dim=-1)
    loss = arcgrad.where(target == 1, 1 - cosine, (cosine - margin).clamp(min=0))
    return _reduction.apply(loss, reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, -target · (input1 - input2) + margin)``."""
    reduction = _reduction.resolve(size_average, reduce, reduction)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss: All input tensors should have same dimension but got sizes: "
            f"input1: {_shape(input1)}, input2: {_shape(input2)}, target: {_shape(target)}"
        )
    # The margin is a float, also of integers.
    return _reduction.apply((-target * (input1 - input2) + float(margin)).clamp(min=0), reduction)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The input where the target is 1, ``max(0, margin - input)`` where it is -1."""
    reduction = _reduction.resolve(size_average, reduce, reduction)
    zero = arcgrad.zeros_like(input)
    apart = arcgrad.where(target != 1, (margin - input).clamp(min=0), zero)
    together = arcgrad.where(target != -1, input, zero)
    return _reduction.apply(apart + together, reduction)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``log(1 + exp(-target · input))``."""
    reduction = _reduction.resolve(size_average, reduce, reduction)
    product = target * input
    if product.shape != input.shape:
        raise RuntimeError(
            f"soft_margin_loss: output with shape {list(input.shape)} doesn't match the broadcast shape {list(product.shape)}: "
            f"a target of shape {list(target.shape)} does not fit an input of shape {list(input.shape)}"
        )
    if product.dtype is not input.dtype and not arcgrad.can_cast(product.dtype, input.dtype):
        raise RuntimeError(
            f"soft_margin_loss: result type {product.dtype} can't be cast to that of the input, {input.dtype}: give an input of "
            "floating-point numbers"
        )
    return _reduction.apply(-logsigmoid(product.to(input.dtype)), reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` with the p-norm as distance d.

    With ``swap``, d(positive, negative) counts instead where it is the smaller one (Balntas et al., 2016).
    """
    reduction = _reduction.resolve(size_average, reduce, reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = arcgrad.minimum(far, pairwise_distance(positive, negative, p, eps))
    return _reduction.apply((near - far + margin).clamp(min=0), reduction)

# ---- the core's other primitives, under their own names; in-place forms, which end in an underscore, are those above ----

globals().update(
    {name: value for name, value in vars(_primitives).items() if "_" not in (name[0], name[-1]) and name not in globals()}
)


_names.describe(__name__, of_core=True)
