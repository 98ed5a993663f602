"""Losses as modules. ``reduction`` is ``'mean'`` (default), ``'sum'`` or ``'none'``."""

from __future__ import annotations

import math

from arcgrad import _names, _warnings

from .. import _reduction
from .. import functional as F
from .distance import PairwiseDistance
from .linear import Linear
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arcgrad._core import DType, Device, Tensor


class _Loss(Module):
    __constants__ = ["reduction"]

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = _reduction.resolve(size_average, reduce, reduction)


class _WeightedLoss(_Loss):
    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class L1Loss(_Loss):
    """Mean of ``|input - target|``."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape → a scalar, or that shape for reduction ``'none'``."""
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(_Loss):
    """Mean of ``(input - target)²``.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.MSELoss()(ag.tensor([1.0, 2.0]), ag.tensor([1.0, 4.0]))
        tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape → a scalar, or that shape for reduction ``'none'``."""
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """Mean of ``d²/(2β)`` for ``d = |input - target| < β``, else ``d - β/2``."""

    __constants__ = ["reduction"]

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean", beta: float = 1.0
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape → a scalar, or that shape for reduction ``'none'``."""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """Mean of ``d²/2`` for ``d = |input - target| ≤ δ``, else ``δ (d - δ/2)`` (Huber, 1964)."""

    __constants__ = ["reduction", "delta"]

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape → a scalar, or that shape for reduction ``'none'``."""
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class CrossEntropyLoss(_WeightedLoss):
    """Negative logarithm of the probability that the softmax of the scores gives to the target class.

    Args:
        weight (Tensor, optional): one weight per class ``(C,)``; the mean is then the weighted one.
        ignore_index (int): targets with this value don't count. Default: -100.
        reduction (str): see above.
        label_smoothing (float): this much of the target's probability is spread over all classes. Default: 0.

    Shapes:
        input ``(C,)``, ``(N, C)`` or ``(N, C, *)`` with unnormalised scores; target class indices ``()``, ``(N,)``,
        ``(N, *)``, or probabilities in the shape of the input.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.CrossEntropyLoss()(ag.zeros(2, 4), ag.tensor([0, 3]))
        tensor(1.3863)
    """

    __constants__ = ["ignore_index", "reduction", "label_smoothing"]

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Scores ``(N, C, *)`` and targets → a scalar, or ``(N, *)`` for reduction ``'none'``."""
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """Minus the entry of the target class; the input holds logarithms of probabilities.

    Args:
        weight (Tensor, optional): one weight per class ``(C,)``; the mean is then the weighted one.
        ignore_index (int): targets with this value don't count. Default: -100.
        reduction (str): see above.
    """

    __constants__ = ["ignore_index", "reduction"]

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """``(N, C, *)`` and class indices ``(N, *)`` → a scalar, or ``(N, *)`` for reduction ``'none'``."""
        return F.nll_loss(
            input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class NLLLoss2d(NLLLoss):
    """The old name of :class:`NLLLoss` for images ``(N, C, H, W)``."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        _warnings.warn("NLLLoss2d has been deprecated. Please use NLLLoss instead.", FutureWarning)
        super().__init__(weight, size_average, ignore_index, reduce, reduction)


class BCELoss(_WeightedLoss):
    """Mean of ``-(target log input + (1 - target) log(1 - input))``, the logarithms limited to -100 and above.

    Args:
        weight (Tensor, optional): factor per element.
        reduction (str): see above.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Probabilities and targets in [0, 1] of one shape → a scalar, or that shape for reduction ``'none'``."""
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """:class:`BCELoss` of the sigmoid of the input, computed without overflow.

    Args:
        weight (Tensor, optional): factor per element.
        reduction (str): see above.
        pos_weight (Tensor, optional): factor of the positive term, per class.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Scores and targets in [0, 1] of one shape → a scalar, or that shape for reduction ``'none'``."""
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )


class KLDivLoss(_Loss):
    """Kullback-Leibler divergence ``target (log target - input)``; the input holds logarithms.

    Args:
        reduction (str): also ``'batchmean'``, the sum over the batch size: the divergence proper.
        log_target (bool): the target holds logarithms too.
    """

    __constants__ = ["reduction"]

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape → a scalar, or that shape for reduction ``'none'``."""
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(_Loss):
    """Negative log-likelihood of Poisson counts.

    Args:
        log_input (bool): the input is the logarithm of the rate. Default: ``True``.
        full (bool): add Stirling's approximation of log(target!).
        eps (float): added to the rate before its logarithm is taken.
        reduction (str): see above.
    """

    __constants__ = ["log_input", "full", "eps", "reduction"]

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape → a scalar, or that shape for reduction ``'none'``."""
        return F.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(_Loss):
    """Negative log-likelihood of normal draws with the given means and variances (at least ``eps``)."""

    __constants__ = ["full", "eps", "reduction"]

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(None, None, reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """Means, targets and variances → a scalar, or the shape of the means for reduction ``'none'``."""
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class _MarginLoss(_Loss):
    """A loss that leaves a margin between what belongs together and what does not."""

    __constants__ = ["margin", "reduction"]

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class HingeEmbeddingLoss(_MarginLoss):
    """The input where the target is 1, ``max(0, margin - input)`` where it is -1."""

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(margin, size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape → a scalar, or that shape for reduction ``'none'``."""
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class SoftMarginLoss(_Loss):
    """Mean of ``log(1 + exp(-target · input))`` for targets ±1."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape → a scalar, or that shape for reduction ``'none'``."""
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class CosineEmbeddingLoss(_MarginLoss):
    """``1 - cos`` for pairs with target 1, ``max(0, cos - margin)`` for pairs with target -1."""

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """``(N, D)`` twice and ``(N,)`` → a scalar, or ``(N,)`` for reduction ``'none'``."""
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(_MarginLoss):
    """``max(0, -target · (input1 - input2) + margin)``: target 1 where the first is to rank higher, else -1."""

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """Three tensors of one shape → a scalar, or that shape for reduction ``'none'``."""
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` with the p-norm as distance d.

    Args:
        margin (float): by how much the negative has to be farther away.
        p (float): of the norm.
        eps (float): added to the differences.
        swap (bool): let d(positive, negative) count instead where it is the smaller one.
        reduction (str): see above.
    """

    __constants__ = ["margin", "p", "eps", "swap", "reduction"]

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginLoss: expected margin to be greater than 0, got {margin} instead")
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """``(N, D)`` three times → a scalar, or ``(N,)`` for reduction ``'none'``."""
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    """:class:`TripletMarginLoss` with any distance.

    Args:
        distance_function (callable, optional): of two tensors ``(N, D)``, gives ``(N,)``. Default: the Euclidean distance.
        margin (float): by how much the negative has to be farther away.
        swap (bool): let d(positive, negative) count instead where it is the smaller one.
        reduction (str): see above.
    """

    __constants__ = ["margin", "swap", "reduction"]

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginWithDistanceLoss: expected margin to be greater than 0, got {margin} instead")
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """``(N, D)`` three times → a scalar, or ``(N,)`` for reduction ``'none'``."""
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


class MultiMarginLoss(_WeightedLoss):
    """``Σ max(0, margin - x[y] + x[j])^p / C`` over the classes j other than the target y.

    Args:
        p (int): 1 or 2.
        margin (float): by how much the target's score has to be greater than the others.
        weight (Tensor, optional): factors ``(C,)`` of the losses by target.
        reduction (str): see above.
    """

    __constants__ = ["p", "margin", "reduction"]

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.dim() != 1:
            raise ValueError(f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D instead")
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Scores ``(N, C)`` and classes ``(N,)`` → a scalar, or ``(N,)`` for reduction ``'none'``."""
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """``Σ max(0, 1 - (x[y] - x[j])) / C`` over the target classes y and all classes j that are none."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Scores and classes ``(N, C)``, those up to the first -1 → a scalar, or ``(N,)`` for reduction ``'none'``."""
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """Binary cross-entropy of each class, of which the mean is taken.

    Args:
        weight (Tensor, optional): factors ``(C,)`` of the classes.
        reduction (str): see above.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Scores ``(N, C)`` and zeros and ones of that shape → a scalar, or ``(N,)`` for reduction ``'none'``."""
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


class CTCLoss(_Loss):
    """Negative logarithm of the probability that labels are read off a sequence, in order, at any times (Graves et al., 2006).

    Args:
        blank (int): the class that is no label.
        reduction (str): ``'mean'`` divides each loss by the number of its labels first.
        zero_infinity (bool): losses of labels that do not fit into their sequence are 0, not infinite.

    Example::

        >>> import arcgrad as ag
        >>> log_probs = ag.zeros(4, 1, 3).log_softmax(2)
        >>> ag.nn.CTCLoss()(log_probs, ag.tensor([[1, 2]]), ag.tensor([4]), ag.tensor([2]))
        tensor(0.8432)
    """

    __constants__ = ["blank", "reduction"]

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(
        self,
        log_probs: Tensor,
        targets: Tensor,
        input_lengths: Tensor | Sequence[int],
        target_lengths: Tensor | Sequence[int],
    ) -> Tensor:
        """``(T, N, C)``, labels ``(N, S)`` or ``(ΣS,)``, lengths ``(N,)`` twice → a scalar, or ``(N,)`` for reduction ``'none'``."""
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )


class LinearCrossEntropyLoss(_WeightedLoss):
    """:class:`CrossEntropyLoss` of the scores that a linear layer, which is a part of the loss, gives to its input.

    Args:
        in_features (int): size of the last axis of the input.
        num_classes (int): number of classes C.
        out_features (tuple): sizes of further axes of the target, each place of which has scores of its own.
        bias (bool): whether the linear layer has a bias. Default: ``False``.
        device, dtype: of the parameters.
        reduction, weight, ignore_index, label_smoothing: see :class:`CrossEntropyLoss`.
        options: must be None: ways of computing it piece by piece are not available.

    Shapes:
        input ``(N, in_features)`` or ``(in_features,)``; target classes ``(N, *out_features)``, or probabilities
        ``(N, C, *out_features)``.

    Example::

        >>> import arcgrad as ag
        >>> loss = ag.nn.LinearCrossEntropyLoss(2, 4)
        >>> loss(ag.zeros(3, 2), ag.tensor([0, 1, 3])).item()
        1.3862943649291992
    """

    __constants__ = ["num_classes", "out_features", "reduction", "ignore_index", "label_smoothing"]

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Device = None,
        dtype: DType | None = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: None = None,
    ) -> None:
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise RuntimeError(f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}")
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
        super().__init__(weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.options = options
        self.linear = Linear(in_features, math.prod(out_features, start=num_classes), bias, device, dtype)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Features and targets → a scalar, or ``(N, *out_features)`` for reduction ``'none'``."""
        shape = (self.num_classes, *self.out_features)
        bias = self.linear.bias
        return F.linear_cross_entropy(
            input,
            self.linear.weight.view(*shape, -1),
            target,
            linear_bias=None if bias is None else bias.view(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, out_features={self.out_features}, "
            f"bias={self.linear.bias is not None}, reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )


_names.describe(__name__)
