"""A softmax over many classes, of which most are rare."""

from __future__ import annotations

from collections import namedtuple

import arcgrad
from arcgrad import _names

from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NamedTuple

    from arcgrad._core import DType, Device, Tensor

    class _ASMoutput(NamedTuple):
        output: Tensor
        loss: Tensor

else:
    _ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """Softmax over classes in the order of their frequency, whose rare ones are clusters with smaller projections (Grave et al., 2017).

    Args:
        in_features (int): size of the last axis of the input.
        n_classes (int): number of classes.
        cutoffs (sequence): the first class of each cluster, rising; what is below the first of them has scores of its own.
        div_value (float): each cluster has this much fewer features than that before. Default: 4.
        head_bias (bool): whether the scores of the frequent classes and of the clusters have a bias. Default: ``False``.
        device, dtype: of the parameters.

    Shapes:
        input ``(N, in_features)`` or ``(in_features,)``, target ``(N,)`` or ``()``; a named tuple of ``output``, the logarithms of the
        targets' probabilities in the shape of the target, and ``loss``, minus their mean.

    Example::

        >>> import arcgrad as ag
        >>> layer = ag.nn.AdaptiveLogSoftmaxWithLoss(16, 100, cutoffs=[10, 40])
        >>> tuple(layer.log_prob(ag.zeros(3, 16)).shape)
        (3, 100)
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if (
            cutoffs != sorted(set(cutoffs))
            or cutoffs[0] <= 0
            or cutoffs[-1] > n_classes - 1
            or any(int(cutoff) != cutoff for cutoff in cutoffs)
        ):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is between 1 "
                "and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cutoffs[0]
        self.n_clusters = len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList()
        for number, (first, end) in enumerate(zip(self.cutoffs, self.cutoffs[1:]), 1):
            features = int(in_features // div_value**number)
            down = Linear(in_features, features, False, device, dtype)
            self.tail.append(Sequential(down, Linear(features, end - first, False, device, dtype)))

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        self.head.reset_parameters()
        for down, up in self.tail:
            down.reset_parameters()
            up.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """``(N, in_features)`` and classes ``(N,)``, or one sample without N → ``output`` and ``loss``."""
        batched = target_.dim() == 1
        if batched:
            if input_.shape[0] != target_.shape[0]:
                raise RuntimeError("Input and target should have the same size in the batch dimension.")
            if input_.dim() != 2:
                raise RuntimeError(f"1D target tensor expects 2D input tensors, but found inputs with size {list(input_.shape)}")
        elif target_.dim() != 0:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        elif input_.dim() != 1:
            raise RuntimeError(f"0D target tensor expects 1D input tensors, but found inputs with size {list(input_.shape)}")
        rows, target = (input_, target_) if batched else (input_.unsqueeze(0), target_.unsqueeze(0))
        if target.numel() and not (0 <= target.min() and target.max() < self.n_classes):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range [{int(target.min())}, "
                f"{int(target.max())}] were found. "
            )
        head = self.head(rows).log_softmax(1)
        # Of a rare class first its cluster.
        first = target
        for number, start in enumerate(self.cutoffs[:-1]):
            first = first.masked_fill(target >= start, self.shortlist_size + number)
        output = head.gather(1, first.unsqueeze(1)).squeeze(1)
        for start, end, cluster in zip(self.cutoffs, self.cutoffs[1:], self.tail):
            (members,) = ((target >= start) & (target < end)).nonzero(as_tuple=True)
            if len(members):
                inside = cluster(rows[members]).log_softmax(1)
                output = output.index_add(0, members, inside.gather(1, (target[members] - start).unsqueeze(1)).squeeze(1))
        return _ASMoutput(output if batched else output.squeeze(0), -output.mean())

    def log_prob(self, input: Tensor) -> Tensor:
        """Logarithms of the probabilities of all classes: ``(N, in_features)`` → ``(N, n_classes)``."""
        head = self.head(input).log_softmax(-1)
        parts = [head[..., : self.shortlist_size]]
        for number, cluster in enumerate(self.tail, self.shortlist_size):
            parts.append(cluster(input).log_softmax(-1) + head[..., number : number + 1])
        return arcgrad.cat(parts, -1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of each row: ``(N, in_features)`` → ``(N,)``."""
        return self.log_prob(input).argmax(-1)


_names.describe(__name__)
