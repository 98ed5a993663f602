"""Rows that are looked up in a table, and sums, means and maxima of bags of them."""

from __future__ import annotations

import arcgrad
from arcgrad import _names, _warnings
from arcgrad._core import nn as _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

__all__ = ["embedding", "embedding_bag"]


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of a table.

    Args:
        input (Tensor): indices of rows, of any shape ``(*)``.
        weight (Tensor): the table ``(rows, columns)``.
        padding_idx (int, optional): this row gets no gradient. Negative counts from the end.
        max_norm (float, optional): rows that are looked up and longer than this are first shortened, in place.
        norm_type (float): the p of the p-norm for ``max_norm``.
        scale_grad_by_freq (bool): divide each row's gradient by how often it occurs in the input.
        sparse (bool): the gradient of a table that is a leaf is a sparse tensor of the rows that were looked up.

    Shapes:
        result ``(*, columns)``.

    >>> import arcgrad
    >>> table = arcgrad.arange(8.0).view(4, 2).requires_grad_()
    >>> arcgrad.nn.functional.embedding(arcgrad.tensor([0, 3, 3]), table, sparse=True).sum().backward()
    >>> table.grad.coalesce().indices()
    tensor([[0, 3]])
    """
    if not sparse:
        return _core.embedding(input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq)
    from arcgrad.sparse.gradients import look_up

    if max_norm is not None:
        with arcgrad.no_grad():
            _core.embedding(input, weight, padding_idx, max_norm, norm_type)
    return look_up(input, weight, padding_idx, scale_grad_by_freq)


def _check_factors(input, weight, mode, factors):
    """Raises where the factors of the rows do not go with the rest."""
    if factors is None:
        return
    if mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
            f"(got mode='{mode}')"
        )
    if factors.shape != input.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({list(factors.shape)}) is not None, then it must have the same shape as the input "
            f"({list(input.shape)})"
        )
    if factors.dtype is not weight.dtype:
        raise RuntimeError(
            f"embedding_bag: expected weight and per_sample_weights to have the same dtype, but got {weight.dtype} and {factors.dtype}"
        )


def _bags(input, offsets, include_last_offset):
    """For each index the number of its bag, and how many bags there are; -1 for what no bag holds."""
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. "
                f"However, found offsets of type {type(offsets).__name__}"
            )
        count, size = input.shape
        return arcgrad.arange(count).repeat_interleave(size), count
    if input.ndim != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}")
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if offsets.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    if offsets.is_floating_point():
        raise RuntimeError(f"embedding_bag: expected offsets of integers, but got {offsets.dtype}")
    if offsets.numel() == 0:
        if include_last_offset:
            raise RuntimeError("include_last_offset: number of offsets should be at least 1")
        return arcgrad.full(input.shape, -1), 0
    if offsets[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
            f"However, got {int(offsets[0])}"
        )
    if offsets[-1] > len(input):
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length({len(input)}) but got offsets[-1] of {int(offsets[-1])}"
        )
    if (offsets[1:] < offsets[:-1]).any():
        raise RuntimeError("embedding_bag: offsets must not decrease")
    starts = offsets[:-1] if include_last_offset else offsets
    return arcgrad.searchsorted(starts, arcgrad.arange(len(input), dtype=offsets.dtype), right=True) - 1, len(starts)


def _greatest(rows, bags, count):
    """Per bag and column the greatest element, the first of those that are equal; zeros where a bag is empty."""
    shape = (count, rows.shape[1])
    spread = bags.unsqueeze(1).expand_as(rows)
    with arcgrad.no_grad():
        greatest = rows.new_zeros(shape).scatter_reduce(0, spread, rows, "amax", include_self=False)
        of_bag = greatest[bags]
        places = arcgrad.arange(len(rows)).unsqueeze(1).expand_as(rows)
        places = places.masked_fill((rows != of_bag) & ~rows.isnan(), len(rows))
        first = arcgrad.full(shape, len(rows)).scatter_reduce(0, spread, places, "amin")
        filled = first < len(rows)
    if not len(rows):
        return rows.new_zeros(shape) + rows.sum()
    return arcgrad.where(filled, rows.gather(0, first.masked_fill(~filled, 0)), 0.0)


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Sums, means or greatest elements of bags of rows of ``weight``.

    Args:
        input (Tensor): indices of rows: ``(B, n)`` for bags of one size, or ``(N,)`` for those that ``offsets`` divides.
        weight (Tensor): the table ``(rows, columns)``.
        offsets (Tensor, optional): where each bag begins in ``input``.
        max_norm (float, optional): rows that are looked up and longer than this are first shortened, in place.
        norm_type (float): the p of the p-norm for ``max_norm``.
        scale_grad_by_freq (bool): divide each row's gradient by how often it occurs in the input. Not for ``'max'``.
        mode (str): ``'sum'``, ``'mean'`` or ``'max'``. Empty bags give zeros.
        sparse (bool): the gradient of a table that is a leaf is a sparse tensor of the rows that were looked up. Not for ``'max'``.
        per_sample_weights (Tensor, optional): factors of the rows, in the input's shape, for ``'sum'`` alone.
        include_last_offset (bool): the last of ``offsets`` is where the last bag ends.
        padding_idx (int, optional): indices of this row count for nothing.

    Shapes:
        result ``(B, columns)``.

    >>> import arcgrad
    >>> table = arcgrad.arange(8.0).view(4, 2)
    >>> arcgrad.nn.functional.embedding_bag(arcgrad.tensor([0, 1, 3]), table, arcgrad.tensor([0, 2]))
    tensor([[1., 2.],
            [6., 7.]])
    """
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"mode has to be one of sum, mean or max, but got {mode!r}")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")
    if input.is_floating_point() and not (weight.is_floating_point() or weight.is_complex()):
        _warnings.warn(
            "Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is deprecated: "
            "it is `embedding_bag(input, weight, ...)`."
        )
        input, weight = weight, input
    if weight.ndim != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.ndim}")
    if input.is_floating_point():
        raise RuntimeError(f"embedding_bag: expected indices of integers, but got {input.dtype}")
    _check_factors(input, weight, mode, per_sample_weights)
    if padding_idx is not None:
        if not -len(weight) <= padding_idx < len(weight):
            raise RuntimeError(f"embedding_bag: padding_idx must be within the number of embeddings, but got {padding_idx}")
        padding_idx %= len(weight)
    bags, count = _bags(input, offsets, include_last_offset)
    input = input.reshape(-1)
    try:
        rows = embedding(input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
    except IndexError as error:
        raise RuntimeError(f"embedding_bag: Expected idx >= 0 && idx < num_embeddings: {error}") from None
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    counts = bags >= 0
    if padding_idx is not None:
        counts &= input != padding_idx
    if not counts.all():
        rows, bags = rows[counts], bags[counts]
    if mode == "max":
        return _greatest(rows, bags, count)
    sums = rows.new_zeros((count, weight.shape[1])).index_add(0, bags, rows)
    if mode == "sum":
        return sums
    return sums / bags.bincount(minlength=count).clamp(min=1).unsqueeze(1).to(sums.dtype)


_names.describe(__name__)
