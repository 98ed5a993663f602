"""Operations that PyTorch has without a documentation of them, and programs call all the same."""

from __future__ import annotations

from arcgrad import _core, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad import Tensor, dtype

__all__ = [
    "batch_norm",
    "convolution",
    "cosine_embedding_loss",
    "ctc_loss",
    "embedding_bag",
    "grid_sampler",
    "hinge_embedding_loss",
    "instance_norm",
    "kl_div",
    "margin_ranking_loss",
    "native_layer_norm",
    "norm_except_dim",
    "nuclear_norm",
    "poisson_nll_loss",
    "triplet_margin_loss",
]

#: What a number for a reduction means.
_REDUCTIONS = ("none", "mean", "sum")


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
    """:func:`arcgrad.nn.functional.batch_norm` with the arguments in another order, all of which have to be given."""
    from arcgrad.nn import functional

    return functional.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


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
    """:func:`arcgrad.nn.functional.instance_norm` with the arguments in another order, all of which have to be given."""
    from arcgrad.nn import functional

    return functional.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def native_layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """:func:`arcgrad.nn.functional.layer_norm`, with the means and the reciprocals of the deviations that it divides by."""
    from arcgrad.nn import functional

    axes = list(range(-len(normalized_shape), 0))
    variance, mean = _core.var_mean(input, axes, correction=0, keepdim=True)
    return functional.layer_norm(input, normalized_shape, weight, bias, eps), mean, (variance + eps).rsqrt()


def grid_sampler(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    """:func:`arcgrad.nn.functional.grid_sample` with numbers for the modes: 0 bilinear, 1 nearest, 2 bicubic; 0 for zeros outside,
    1 for the border, 2 for reflections.

    >>> import arcgrad as ag
    >>> ag.grid_sampler(ag.ones(1, 1, 2, 2), ag.zeros(1, 1, 1, 2), 0, 0, False).item()
    1.0
    """
    from arcgrad.nn import functional

    mode, padding = ("bilinear", "nearest", "bicubic")[interpolation_mode], ("zeros", "border", "reflection")[padding_mode]
    return functional.grid_sample(input, grid, mode, padding, align_corners)


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
    from arcgrad.nn import functional

    bags = functional.embedding_bag(
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
    """A convolution along as many axes as ``stride`` has items, or the transposed one.

    >>> import arcgrad as ag
    >>> ag.convolution(ag.ones(1, 1, 4), ag.ones(1, 1, 2), None, (1,), (0,), (1,), False, (0,), 1)
    tensor([[[2., 2., 2.]]])
    """
    axes = input.ndim - 2
    if transposed:
        call = (_core.conv_transpose1d, _core.conv_transpose2d, _core.conv_transpose3d)[axes - 1]
        return call(input, weight, bias, stride, padding, output_padding, groups, dilation)
    return (_core.conv1d, _core.conv2d, _core.conv3d)[axes - 1](input, weight, bias, stride, padding, dilation, groups)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:
    """:func:`arcgrad.nn.functional.ctc_loss` with a number for the reduction."""
    from arcgrad.nn import functional

    return functional.ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank, _REDUCTIONS[reduction], zero_infinity
    )


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """:func:`arcgrad.nn.functional.cosine_embedding_loss` with a number for the reduction."""
    from arcgrad.nn import functional

    return functional.cosine_embedding_loss(input1, input2, target, margin, reduction=_REDUCTIONS[reduction])


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0) -> Tensor:
    """:func:`arcgrad.nn.functional.hinge_embedding_loss` with a number for the reduction."""
    from arcgrad.nn import functional

    return functional.hinge_embedding_loss(input, target, margin, reduction=_REDUCTIONS[reduction])


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """:func:`arcgrad.nn.functional.margin_ranking_loss` with a number for the reduction."""
    from arcgrad.nn import functional

    return functional.margin_ranking_loss(input1, input2, target, margin, reduction=_REDUCTIONS[reduction])


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 0,
) -> Tensor:
    """:func:`arcgrad.nn.functional.triplet_margin_loss` with a number for the reduction."""
    from arcgrad.nn import functional

    return functional.triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, reduction=_REDUCTIONS[reduction]
    )


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int
) -> Tensor:
    """:func:`arcgrad.nn.functional.poisson_nll_loss` with a number for the reduction; all arguments have to be given."""
    from arcgrad.nn import functional

    return functional.poisson_nll_loss(input, target, log_input, full, eps=eps, reduction=_REDUCTIONS[reduction])


def nuclear_norm(
    input: Tensor, dim: Sequence[int] | None = None, keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """The sum of the singular values of a matrix: ``linalg.matrix_norm(input, "nuc")``.

    >>> import arcgrad as ag
    >>> ag.nuclear_norm(ag.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor(7.)
    """
    from arcgrad import linalg

    return linalg.matrix_norm(input, "nuc", (-2, -1) if dim is None else tuple(dim), keepdim, out=out)


def _int_mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices of ``int8``, in ``int32``."""
    for name, matrix in (("self", input), ("mat2", mat2)):
        if matrix.ndim != 2:
            raise RuntimeError(f"Expected {name} to be of dimension 2 but got {matrix.ndim}")
        if matrix.dtype != _core.int8:
            raise RuntimeError(f"Expected {name} dtype to be of type int8 but got {matrix.dtype}")
    return _core.mm(input.to(_core.int32), mat2.to(_core.int32), out=out)


def _addmm_activation(
    input: Tensor,
    mat1: Tensor,
    mat2: Tensor,
    *,
    beta: Any = 1,
    alpha: Any = 1,
    use_gelu: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """``addmm``, and ReLU or GELU of it."""
    from arcgrad.nn import functional

    sum = _core.addmm(input, mat1, mat2, beta=beta, alpha=alpha)
    result = functional.gelu(sum) if use_gelu else _core.relu(sum)
    return result if out is None else out.resize_(result.shape).copy_(result)


def _shape_as_tensor(input: Tensor) -> Tensor:
    """The sizes of a tensor, as one of integers."""
    return _core.tensor(list(input.shape), dtype=_core.int64)


def _debug_has_internal_overlap(tensor: Tensor) -> int:
    """Whether several elements lie in one place: 0 where they fill their memory, 1 where an axis has no extent, 2 if it would take
    more than a look."""
    axes = [(stride, size) for size, stride in zip(tensor.shape, tensor.stride()) if size != 1]
    filled = 1
    for stride, size in sorted(axes):
        if stride != filled and tensor.numel():
            return 1 if any(stride == 0 for stride, _ in axes) else 2
        filled *= size
    return 0


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
