"""What distributions share that are given by probabilities or by logits."""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names

from .distribution import Distribution
from .utils import broadcast_all, is_number, lazy_property, logits_to_probs, probs_to_logits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from arcgrad._core import Size, Tensor


class Weighted(Distribution):
    """A distribution given by ``probs`` or by ``logits``; the other one is computed when it is asked for."""

    #: Whether the two are the chance and the log odds of one outcome; else they lie along the last axis.
    _binary: ClassVar[bool]

    def _take_weights(
        self, probs: Any, logits: Any, validate_args: bool | None, event: int = 0, **others: Any
    ) -> None:
        """Keeps the weights and other parameters, broadcast together, and starts the instance. ``event``: the number of last axes
        of the weights that the batch has not and samples have.

        Raises:
            ValueError: both kinds of weights are given, or none; a vector of weights without an axis.
        """
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        name, given = ("probs", probs) if logits is None else ("logits", logits)
        if self._binary:
            weights, *tensors = broadcast_all(given, *others.values())
            is_batch = not is_number(given) or not all(map(is_number, others.values()))
            batch, event_shape = weights.shape if is_batch else ag.Size(), ag.Size()
            self.__dict__.update((key, value.type_as(weights)) for key, value in zip(others, tensors))
        else:
            if given.dim() < 1:
                raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
            weights = given
            batch, event_shape = weights.shape[:-1], weights.shape[weights.dim() - event :]
        if name == "logits" and not self._binary:
            # Of any sum: normalized here, so that they are logarithms of probabilities from then on.
            self.logits = weights - weights.logsumexp(-1, keepdim=True)
        elif name == "probs" and not self._binary:
            self.probs = weights / weights.sum(-1, keepdim=True)
        else:
            self.__dict__[name] = weights
        Distribution.__init__(self, batch, event_shape, validate_args)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities."""
        return logits_to_probs(self.logits, is_binary=self._binary)

    @lazy_property
    def logits(self) -> Tensor:
        """The log odds of probabilities, or their logarithms along the last axis."""
        return probs_to_logits(self.probs, is_binary=self._binary)

    @property
    def _param(self) -> Tensor:
        weights: Tensor = self.__dict__["probs"] if "probs" in self.__dict__ else self.__dict__["logits"]
        return weights

    @property
    def param_shape(self) -> Size:
        """The shape of the weights."""
        return self._param.shape

    def _new(self, *args: Any, **kwargs: Any) -> Tensor:
        return self._param.new(*args, **kwargs)


_names.describe(__name__)
