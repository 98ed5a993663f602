"""Layers and losses as PyTorch has them below ``nn.functional``: the same functions with numbers for names, in an order of their own.

Programs come to them through code that was copied out of PyTorch, and through graphs that were written down there.
"""

from __future__ import annotations

from arcgrad import _core, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad import Generator, Tensor

__all__ = [
    "adaptive_max_pool1d",
    "affine_grid_generator",
    "alpha_dropout_",
    "batch_norm",
    "binary_cross_entropy_with_logits",
    "convolution",
    "cosine_embedding_loss",
    "ctc_loss",
    "dequantize",
    "dropout_",
    "embedding",
    "embedding_bag",
    "feature_alpha_dropout_",
    "feature_dropout_",
    "frobenius_norm",
    "grid_sampler",
    "grid_sampler_2d",
    "grid_sampler_3d",
    "hinge_embedding_loss",
    "instance_norm",
    "kl_div",
    "margin_ranking_loss",
    "native_group_norm",
    "native_layer_norm",
    "nuclear_norm",
    "poisson_nll_loss",
    "rrelu",
    "triplet_margin_loss",
]

_REDUCTIONS = ("none", "mean", "sum")


def _functional():
    from arcgrad.nn import functional

    return functional


# ---- layers ----


def adaptive_max_pool1d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """The maxima of ``output_size`` parts of the last axis, and where they are."""
    return _functional().adaptive_max_pool1d(input, output_size, return_indices=True)  # type: ignore[no-any-return]


def affine_grid_generator(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """See ``nn.functional.affine_grid``."""
    return _functional().affine_grid(theta, list(size), align_corners)  # type: ignore[no-any-return]


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """See ``nn.functional.batch_norm``; ``cudnn_enabled`` has no effect.

    >>> import arcgrad as ag
    >>> ag.batch_norm(ag.tensor([[1.0], [3.0]]), None, None, None, None, True, 0.1, 0.0, False)
    tensor([[-1.],
            [ 1.]])
    """
    return _functional().batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)  # type: ignore[no-any-return]


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """See ``nn.functional.instance_norm``; ``cudnn_enabled`` has no effect."""
    return _functional().instance_norm(  # type: ignore[no-any-return]
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )


def native_layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """``nn.functional.layer_norm``, with the means that were subtracted and the inverse deviations by which was multiplied.

    >>> import arcgrad as ag
    >>> ag.native_layer_norm(ag.tensor([1.0, 3.0]), [2], None, None, 0.0)
    (tensor([-1.,  1.]), tensor([2.]), tensor([1.]))
    """
    axes = list(range(input.ndim - len(normalized_shape), input.ndim))
    variance, mean = _core.var_mean(input, axes, correction=0, keepdim=True)
    result = _functional().layer_norm(input, list(normalized_shape), weight, bias, eps)
    return result, mean, (variance + eps).rsqrt()


def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """``nn.functional.group_norm``, with the means that were subtracted and the inverse deviations by which was multiplied."""
    variance, mean = _core.var_mean(input.reshape(N, group, -1), -1, correction=0)
    return _functional().group_norm(input, group, weight, bias, eps), mean, (variance + eps).rsqrt()


def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor:
    """A convolution along as many axes as the weights have behind their first two, or its transpose.

    >>> import arcgrad as ag
    >>> ag.convolution(ag.ones(1, 1, 3), ag.ones(1, 1, 2), None, [1], [0], [1], False, [0], 1)
    tensor([[[2., 2.]]])
    """
    axes = weight.ndim - 2
    if not transposed:
        function = getattr(_functional(), f"conv{axes}d")
        return function(input, weight, bias, list(stride), list(padding), list(dilation), groups)  # type: ignore[no-any-return]
    function = getattr(_functional(), f"conv_transpose{axes}d")
    return function(  # type: ignore[no-any-return]
        input, weight, bias, list(stride), list(padding), list(output_padding), groups, list(dilation)
    )


def embedding(weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False) -> Tensor:
    """Rows of ``weight``, as ``nn.functional.embedding``; a ``padding_idx`` below zero stands for none.

    >>> import arcgrad as ag
    >>> ag.embedding(ag.tensor([[1.0], [2.0]]), ag.tensor([1, 0]))
    tensor([[2.],
            [1.]])
    """
    padding = padding_idx if padding_idx >= 0 else None
    return _functional().embedding(indices, weight, padding, None, 2.0, scale_grad_by_freq, sparse)  # type: ignore[no-any-return]


def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """:func:`arcgrad.nn.functional.embedding_bag` with a number for the mode: 0 for sums, 1 for means, 2 for maxima. The three
    tensors behind the result are what PyTorch keeps for its gradient; here they are empty."""
    bags = _functional().embedding_bag(
        indices,
        weight,
        offsets,
        scale_grad_by_freq=scale_grad_by_freq,
        mode=("sum", "mean", "max")[mode],
        sparse=sparse,
        per_sample_weights=per_sample_weights,
        include_last_offset=include_last_offset,
        padding_idx=padding_idx,
    )
    nothing = _core.empty(0, dtype=_core.int64)
    return bags, nothing, nothing.clone(), nothing.clone()


def grid_sampler(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    """``nn.functional.grid_sample``, with numbers for the modes: bilinear, nearest, bicubic; zeros, border, reflection."""
    mode = ("bilinear", "nearest", "bicubic")[interpolation_mode]
    padding = ("zeros", "border", "reflection")[padding_mode]
    return _functional().grid_sample(input, grid, mode, padding, align_corners)  # type: ignore[no-any-return]


grid_sampler_2d = grid_sampler_3d = grid_sampler


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, generator: Generator | None = None
) -> Tensor:
    """See ``nn.functional.rrelu``."""
    if generator is None:
        return _functional().rrelu(input, lower, upper, training)  # type: ignore[no-any-return]
    return _functional().rrelu_(input.clone(), lower, upper, training, generator)  # type: ignore[no-any-return]


def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """``nn.functional.alpha_dropout`` in place."""
    return _functional().alpha_dropout(input, p, train, inplace=True)  # type: ignore[no-any-return]


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """``nn.functional.dropout`` in place."""
    return _functional().dropout(input, p, train, inplace=True)  # type: ignore[no-any-return]


def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """Zeroes whole channels in place."""
    return input.copy_(_core.feature_dropout(input, p, train))


def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """``nn.functional.feature_alpha_dropout`` in place."""
    return _functional().feature_alpha_dropout(input, p, train, inplace=True)  # type: ignore[no-any-return]


# ---- losses ----


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None, reduction: int = 0
) -> Tensor:
    """See ``nn.functional.binary_cross_entropy_with_logits``; ``reduction`` is 0 for none, as it is unless given, 1 for the mean, 2 for the sum."""
    return _functional().binary_cross_entropy_with_logits(  # type: ignore[no-any-return]
        input, target, weight, pos_weight=pos_weight, reduction=_REDUCTIONS[reduction]
    )


def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0) -> Tensor:
    """See ``nn.functional.cosine_embedding_loss``; ``reduction`` is 0 for none, as it is unless given, 1 for the mean, 2 for the sum."""
    return _functional().cosine_embedding_loss(  # type: ignore[no-any-return]
        input1, input2, target, margin, reduction=_REDUCTIONS[reduction]
    )


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:
    """See ``nn.functional.ctc_loss``; ``reduction`` is 0 for none, as it is unless given, 1 for the mean, 2 for the sum."""
    return _functional().ctc_loss(  # type: ignore[no-any-return]
        log_probs, targets, input_lengths, target_lengths, blank, _REDUCTIONS[reduction], zero_infinity
    )


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0) -> Tensor:
    """See ``nn.functional.hinge_embedding_loss``; ``reduction`` is 0 for none, as it is unless given, 1 for the mean, 2 for the sum."""
    return _functional().hinge_embedding_loss(input, target, margin, reduction=_REDUCTIONS[reduction])  # type: ignore[no-any-return]


def kl_div(input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False) -> Tensor:
    """:func:`arcgrad.nn.functional.kl_div` with a number for the reduction: 0 for none, 1 for the mean, 2 for the sum.

    >>> import arcgrad as ag
    >>> ag.kl_div(ag.zeros(2), ag.ones(2), 2)
    tensor(0.)
    """
    # Means are taken here: the function warns of its own, which are no means of the distribution.
    loss: Tensor = _functional().kl_div(input, target, reduction="none", log_target=log_target)
    return loss.mean() if reduction == 1 else loss.sum() if reduction == 2 else loss


def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0) -> Tensor:
    """See ``nn.functional.margin_ranking_loss``; ``reduction`` is 0 for none, as it is unless given, 1 for the mean, 2 for the sum."""
    return _functional().margin_ranking_loss(  # type: ignore[no-any-return]
        input1, input2, target, margin, reduction=_REDUCTIONS[reduction]
    )


def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int) -> Tensor:
    """See ``nn.functional.poisson_nll_loss``; ``reduction`` is 0 for none, as it is unless given, 1 for the mean, 2 for the sum."""
    return _functional().poisson_nll_loss(  # type: ignore[no-any-return]
        input, target, log_input, full, eps=eps, reduction=_REDUCTIONS[reduction]
    )


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 0,
) -> Tensor:
    """See ``nn.functional.triplet_margin_loss``; ``reduction`` is 0 for none, as it is unless given, 1 for the mean, 2 for the sum."""
    return _functional().triplet_margin_loss(  # type: ignore[no-any-return]
        anchor, positive, negative, margin, p, eps, swap, reduction=_REDUCTIONS[reduction]
    )


# ---- norms, numbers ----


def frobenius_norm(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The square root of the sum of squares, over axes or all.

    >>> import arcgrad as ag
    >>> ag.frobenius_norm(ag.tensor([3.0, 4.0]), 0)
    tensor(5.)
    """
    axes = [dim] if isinstance(dim, int) else list(dim)
    return _core.norm(input, 2, axes or None, keepdim=keepdim)


def nuclear_norm(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The sum of the singular values of a matrix, or of those along two axes.

    >>> import arcgrad as ag
    >>> ag.nuclear_norm(ag.eye(3))
    tensor(3.)
    """
    if not dim and input.ndim != 2:
        raise RuntimeError(f"Expected a tensor with 2 dimensions, but got a tensor with {input.ndim} dimensions instead.")
    return _core.linalg.matrix_norm(input, "nuc", tuple(dim) or (-2, -1), keepdim=keepdim)


def dequantize(input: Tensor) -> Tensor:
    """The tensor with the numbers it stands for: itself in single precision, since nothing is quantized here."""
    return input.float()


_names.describe(__name__)
