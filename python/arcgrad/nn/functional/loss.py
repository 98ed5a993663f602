"""Losses beside those of the core. ``reduction`` is ``'mean'``, ``'sum'`` or ``'none'``; ``size_average`` and ``reduce`` say the same in
old programs."""

from __future__ import annotations

import math

import arcgrad
from arcgrad import _names
from arcgrad._core import nn as _core

from .. import _reduction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arcgrad._core import Tensor

__all__ = [
    "cosine_embedding_loss",
    "ctc_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "linear_cross_entropy",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "poisson_nll_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


def _shape(tensor):
    """Its shape in an error."""
    return list(tensor.shape)


# ---- likelihoods ----


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


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: None = None,
) -> Tensor:
    """:func:`cross_entropy` of the scores that a linear layer gives to ``input``.

    Args:
        input (Tensor): ``(N, in_features)`` or ``(in_features,)``.
        linear_weight (Tensor): ``(C, *, in_features)``, of C classes for each place of the axes between.
        target (Tensor): classes ``(N, *)``, or probabilities ``(N, C, *)``.
        linear_bias (Tensor, optional): ``(C, *)``.
        weight, reduction, ignore_index, label_smoothing: those of :func:`cross_entropy`.
        options: must be None: ways of computing it piece by piece are not available.

    >>> import arcgrad
    >>> rows, weight = arcgrad.zeros(3, 2), arcgrad.zeros(4, 2)
    >>> arcgrad.nn.functional.linear_cross_entropy(rows, weight, arcgrad.tensor([0, 1, 3]))
    tensor(1.3863)
    """
    if options is not None:
        raise NotImplementedError("linear_cross_entropy: options are not available; leave them None")
    if input.ndim not in (1, 2):
        raise RuntimeError(f"linear_cross_entropy: expected input with dimensionality 1 or 2, got {input.ndim}")
    if input.ndim == 1 and linear_weight.ndim > 2:
        raise RuntimeError(
            f"linear_cross_entropy: the loss of linear_weight of shape {_shape(linear_weight)} requires batched input (N, in_features), "
            f"got unbatched input of shape {_shape(input)}"
        )
    if linear_weight.ndim < 2:
        raise RuntimeError(f"linear_cross_entropy: expected linear_weight of at least 2 dimensions, got {_shape(linear_weight)}")
    bias = None if linear_bias is None else linear_bias.reshape(-1)
    scores = _core.linear(input, linear_weight.flatten(0, -2), bias)
    return _core.cross_entropy(
        scores.unflatten(-1, linear_weight.shape[:-1]),
        target,
        weight=weight,
        ignore_index=-100 if ignore_index is None else ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


# ---- pairs and margins ----


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 - cos`` for pairs with target 1, ``max(0, cos - margin)`` for pairs with target -1, 0 for others."""
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
    # The root of what PyTorch adds to the squared lengths.
    cosine = _core.cosine_similarity(input1, input2, dim=-1, eps=1e-6)
    zero = arcgrad.zeros_like(cosine)
    together = arcgrad.where(target == 1, 1 - cosine, zero)
    apart = arcgrad.where(target == -1, (cosine - margin).clamp(min=0), zero)
    return _reduction.apply(together + apart, reduction)


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
    return _reduction.apply(-_core.logsigmoid(product.to(input.dtype)), reduction)


def _triplet_loss(anchor, positive, negative, distance, margin, swap, reduction):
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = arcgrad.minimum(far, distance(positive, negative))
    return _reduction.apply((near - far + margin).clamp(min=0), reduction)


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

    def distance(x, y):
        return _core.pairwise_distance(x, y, p, eps)

    return _triplet_loss(anchor, positive, negative, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """:func:`triplet_margin_loss` with any distance: a function of two tensors ``(N, D)`` that gives ``(N,)``."""
    distance = _core.pairwise_distance if distance_function is None else distance_function
    return _triplet_loss(anchor, positive, negative, distance, margin, swap, reduction)


# ---- classes ----


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``Σ max(0, margin - x[y] + x[j])^p / C`` over the classes j other than the target y.

    Args:
        input (Tensor): scores ``(N, C)`` or ``(C,)``.
        target (Tensor): classes ``(N,)`` or ``()``.
        p (int): 1 or 2.
        margin (float): by how much the target's score has to be greater than the others.
        weight (Tensor, optional): factors ``(C,)`` of the losses by target.

    >>> import arcgrad
    >>> arcgrad.nn.functional.multi_margin_loss(arcgrad.tensor([0.1, 0.2, 0.4, 0.8]), arcgrad.tensor(3))
    tensor(0.3250)
    """
    reduction = _reduction.resolve(size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    rows = _rows_of_scores("multi_margin_loss", input)
    if target.ndim > 1 or target.numel() != len(rows):
        raise RuntimeError(f"inconsistent target size, expected {len(rows)} but got {_shape(target)}")
    classes = rows.shape[1]
    if weight is not None and len(weight) != classes:
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {_shape(weight)}")
    if target.is_floating_point():
        raise RuntimeError(f"multi_margin_loss: expected a target of integers, but got {target.dtype}")
    if ((target < 0) | (target >= classes)).any():
        raise RuntimeError("target out of range")
    own = target.reshape(-1, 1).to(arcgrad.int64)
    # relu has no gradient where the margin is kept exactly, as in PyTorch.
    excess = (rows - rows.gather(1, own) + margin).relu()
    if p == 2:
        excess = excess.square()
    if weight is not None:
        excess = excess * weight[own]
    loss = excess.scatter(1, own, 0.0).sum(1) / classes
    return _reduction.apply(loss if input.ndim == 2 or target.ndim == 1 else loss.squeeze(0), reduction)


def _rows_of_scores(name, input):
    """One row per sample, also of one sample by itself."""
    if input.ndim not in (1, 2) or input.shape[-1] == 0:
        raise RuntimeError(
            f"{name}: Expected non-empty vector or matrix with optional 0-dim batch size, but got: {_shape(input)}"
        )
    if not input.is_floating_point():
        raise RuntimeError(f"{name}: expected scores of floating-point numbers, but got {input.dtype}")
    return input if input.ndim == 2 else input.unsqueeze(0)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``Σ max(0, 1 - (x[y] - x[j])) / C`` over the target classes y and all classes j that are none.

    Args:
        input (Tensor): scores ``(N, C)`` or ``(C,)``.
        target (Tensor): integers in the shape of the input: the classes of each sample, up to the first -1.

    >>> import arcgrad
    >>> scores, classes = arcgrad.tensor([0.1, 0.2, 0.4, 0.8]), arcgrad.tensor([3, 0, -1, 1])
    >>> arcgrad.nn.functional.multilabel_margin_loss(scores, classes)
    tensor(0.8500)
    """
    reduction = _reduction.resolve(size_average, reduce, reduction)
    rows = _rows_of_scores("multilabel_margin_loss", input)
    if target.shape != input.shape:
        raise RuntimeError(f"inconsistent target size: {_shape(target)} for input of size: {_shape(input)}")
    if target.is_floating_point():
        raise RuntimeError(f"multilabel_margin_loss: expected a target of integers, but got {target.dtype}")
    classes = rows.shape[1]
    if ((target < -1) | (target >= classes)).any():
        raise RuntimeError("multilabel_margin_loss: target out of range")
    listed = target.reshape(-1, classes).to(arcgrad.int64)
    counts = (listed >= 0).cumprod(1) > 0
    listed = listed.masked_fill(~counts, 0)
    wanted = arcgrad.zeros(listed.shape, dtype=arcgrad.int64).scatter_add(1, listed, counts.to(arcgrad.int64)) > 0
    # Samples × target classes × all classes.
    excess = (1 - rows.gather(1, listed).unsqueeze(2) + rows.unsqueeze(1)).relu()
    between = counts.unsqueeze(2) & ~wanted.unsqueeze(1)
    loss = excess.masked_fill(~between, 0).sum((1, 2)) / classes
    return _reduction.apply(loss if input.ndim == 2 else loss.squeeze(0), reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``-(y log σ(x) + (1 - y) log σ(-x))``, the mean over the classes.

    Args:
        input (Tensor): scores ``(N, C)`` or ``(C,)``.
        target (Tensor): zeros and ones in the shape of the input.
        weight (Tensor, optional): factors ``(C,)`` of the classes.

    >>> import arcgrad
    >>> arcgrad.nn.functional.multilabel_soft_margin_loss(arcgrad.zeros(1, 2), arcgrad.tensor([[0.0, 1.0]]))
    tensor(0.6931)
    """
    reduction = _reduction.resolve(size_average, reduce, reduction)
    loss = -(target * _core.logsigmoid(input) + (1 - target) * _core.logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return _reduction.apply(loss.mean(-1), reduction)


# ---- sequences ----

# The logarithm of no probability at all: sums of it stay finite, so that gradients are numbers, and it absorbs whatever is added.
_NEVER = -1e30


def _lengths(name, lengths, batch, unbatched):
    """Lengths of the sequences of a batch, as a tensor."""
    if not isinstance(lengths, arcgrad.Tensor):
        lengths = arcgrad.tensor(lengths)
    if lengths.is_floating_point():
        raise RuntimeError(f"{name} must be integral")
    lengths = lengths.to(arcgrad.int64)
    if unbatched and lengths.ndim == 0:
        lengths = lengths.unsqueeze(0)
    if tuple(lengths.shape) != (batch,):
        raise RuntimeError(f"{name} must be of size batch_size")
    if (lengths < 0).any():
        raise RuntimeError(f"Expected {name} to have value at least 0, but got value {int(lengths.min())}")
    return lengths


def _padded_targets(targets, lengths):
    """Labels of all sequences, sequences × the longest, of a batch in this form or of one line after the other."""
    longest = int(lengths.max()) if len(lengths) else 0
    if targets.ndim == 2:
        if targets.shape[1] < longest or targets.shape[0] != len(lengths):
            raise RuntimeError(
                f"Expected tensor to have size at least {longest} at dimension 1 and {len(lengths)} at dimension 0, but got targets of "
                f"size {_shape(targets)}"
            )
        return targets[:, :longest]
    if targets.numel() != int(lengths.sum()):
        raise RuntimeError(
            f"Expected tensor to have size {int(lengths.sum())} at dimension 0, but got size {targets.numel()} for argument 'targets'"
        )
    within = arcgrad.arange(longest) < lengths.unsqueeze(1)
    return arcgrad.zeros(within.shape, dtype=targets.dtype).masked_scatter(within, targets)


def _path_likelihoods(emitted, steps, skips):
    """Logarithms of the probabilities of all paths that end at each label at the end of each sequence (Graves et al., 2006, eq. 6).

    ``emitted`` holds those of each label, time × sequences × labels with the blanks between; ``steps`` the lengths of the
    sequences; ``skips`` whether the blank in front of a label can be left out.
    """
    never = emitted.new_full((emitted.shape[1], 1), _NEVER)
    paths = arcgrad.cat([emitted[0, :, :2], never.expand(-1, max(emitted.shape[2] - 2, 0))], 1)
    ends = [paths]
    for now in emitted[1:].unbind(0):
        one = arcgrad.cat([never, paths[:, :-1]], 1)
        two = arcgrad.cat([never, one[:, :-1]], 1).masked_fill(~skips, _NEVER)
        paths = arcgrad.stack([paths, one, two]).logsumexp(0) + now
        ends.append(paths)
    last = (steps - 1).clamp(min=0).view(1, -1, 1).expand(1, *paths.shape)
    return arcgrad.stack(ends).gather(0, last).squeeze(0)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Negative logarithm of the probability that the labels ``targets`` are read off, in order, at any times (Graves et al., 2006).

    The gradient is that of PyTorch: right for logarithms of probabilities that come from ``log_softmax``, which sum to one.

    Args:
        log_probs (Tensor): logarithms of the probabilities of each class at each time, ``(T, N, C)`` or ``(T, C)``.
        targets (Tensor): labels ``(N, S)``, or those of all sequences one after the other.
        input_lengths (Tensor or sequence): how many times of each sequence count.
        target_lengths (Tensor or sequence): how many labels each sequence has.
        blank (int): the class that is no label.
        reduction (str): ``'mean'`` divides each loss by the number of its labels first.
        zero_infinity (bool): losses of labels that do not fit into their sequence are 0, not infinite.

    >>> import arcgrad
    >>> log_probs = arcgrad.zeros(4, 1, 3).log_softmax(2)
    >>> arcgrad.nn.functional.ctc_loss(log_probs, arcgrad.tensor([[1, 2]]), (4,), (2,), reduction="sum")
    tensor(1.6864)
    """
    if log_probs.ndim not in (2, 3):
        raise RuntimeError(f"ctc_loss: expected log_probs of 2 or 3 dimensions, but got {log_probs.ndim}")
    if not log_probs.is_floating_point():
        raise RuntimeError(f"ctc_loss: expected log_probs of floating-point numbers, but got {log_probs.dtype}")
    unbatched = log_probs.ndim == 2
    if unbatched:
        log_probs = log_probs.unsqueeze(1)
    times, batch, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    if times == 0 or batch == 0:
        raise RuntimeError(f"ctc_loss: log_probs must not be empty, but got {_shape(log_probs)}")
    steps = _lengths("input_lengths", input_lengths, batch, unbatched)
    counts = _lengths("target_lengths", target_lengths, batch, unbatched)
    if steps.max() > times:
        raise RuntimeError(f"Expected input_lengths to have value at most {times}, but got value {int(steps.max())}")
    labels = _padded_targets(targets.reshape(-1) if targets.ndim == 0 else targets, counts).to(arcgrad.int64)
    if ((labels < 0) | (labels >= classes)).logical_and(arcgrad.arange(labels.shape[1]) < counts.unsqueeze(1)).any():
        raise RuntimeError(f"ctc_loss: labels must be in [0, {classes})")
    labels = labels.clamp(0, classes - 1)
    # Blanks before, between and behind the labels.
    spread = arcgrad.full((batch, 2 * labels.shape[1] + 1), blank)
    spread[:, 1::2] = labels
    skips = arcgrad.zeros(spread.shape, dtype=arcgrad.bool)
    skips[:, 2:] = (spread[:, 2:] != blank) & (spread[:, 2:] != spread[:, :-2])
    emitted = log_probs.gather(2, spread.expand(times, -1, -1)).clamp(min=_NEVER)
    ends = _path_likelihoods(emitted, steps, skips)
    # A path ends at the last label or at the blank behind it. Of no time there is one path, which reads no label.
    final = 2 * counts.unsqueeze(1)
    behind = ends.gather(1, final)
    last = ends.gather(1, (final - 1).clamp(min=0)).masked_fill(final == 0, _NEVER)
    loss = -arcgrad.cat([behind, last], 1).logsumexp(1)
    loss = arcgrad.where(steps > 0, loss, arcgrad.where(counts > 0, -_NEVER, 0.0).to(loss.dtype))
    # PyTorch's gradient with respect to log_probs has the probabilities added: what log_softmax makes of both is the same.
    running = (arcgrad.arange(times).unsqueeze(1) < steps).unsqueeze(2)
    mass = log_probs.exp().masked_fill(~running, 0).sum((0, 2))
    loss = loss + (mass - mass.detach())
    impossible = loss > -_NEVER / 2
    loss = loss.masked_fill(impossible, 0) if zero_infinity else loss * arcgrad.where(impossible, math.inf, 1.0)
    if reduction == "mean":
        return (loss / counts.clamp(min=1)).mean()
    return _reduction.apply(loss.squeeze(0) if unbatched else loss, reduction)


_names.describe(__name__)
