"""Mixtures of distributions of one family."""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names

from . import constraints
from .categorical import Categorical
from .distribution import Distribution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """A mixture: each sample is that of a component, which is drawn first.

    Args:
        mixture_distribution: a :class:`Categorical` distribution over the components.
        component_distribution: the components, along the last axis of its batch.

    Raises:
        ValueError: they are something else, or their shapes do not fit each other.

    >>> import arcgrad as torch
    >>> from arcgrad.distributions import Categorical, MixtureSameFamily, Normal
    >>> mixture = MixtureSameFamily(Categorical(torch.ones(2)), Normal(torch.tensor([-1.0, 1.0]), 0.5))
    >>> mixture.mean, mixture.variance
    (tensor(0.), tensor(1.2500))
    """

    arg_constraints: Any = {}

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(" The Mixture distribution needs to be an  instance of torch.distributions.Categorical")
        if not isinstance(component_distribution, Distribution):
            raise ValueError("The Component distribution needs to be an instance of torch.distributions.Distribution")
        mixture_batch = mixture_distribution.batch_shape
        component_batch = component_distribution.batch_shape[:-1]
        for have, want in zip(reversed(mixture_batch), reversed(component_batch)):
            if have != 1 and want != 1 and have != want:
                raise ValueError(
                    f"`mixture_distribution.batch_shape` ({mixture_batch}) is not compatible with "
                    f"`component_distribution.batch_shape`({component_batch})"
                )
        count, components = mixture_distribution.logits.shape[-1], component_distribution.batch_shape[-1]
        if count != components:
            raise ValueError(
                f"`mixture_distribution component` ({count}) does not equal `component_distribution.batch_shape[-1]` "
                f"({components})"
            )
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        self._num_component = count
        self._event_ndims = len(component_distribution.event_shape)
        super().__init__(component_batch, component_distribution.event_shape, validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        shape = ag.Size(batch_shape)
        return self._expanded(
            shape,
            _instance,
            _component_distribution=self._component_distribution.expand(shape + ag.Size((self._num_component,))),
            _mixture_distribution=self._mixture_distribution.expand(shape),
            _num_component=self._num_component,
            _event_ndims=self._event_ndims,
        )

    @constraints.dependent_property
    def support(self) -> Any:
        return constraints.MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self) -> Categorical:
        """The distribution of the component."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Distribution:
        """The components."""
        return self._component_distribution

    def _weights(self) -> Tensor:
        """The probabilities of the components, with axes for the event."""
        probs = self._mixture_distribution.probs
        return probs.reshape(probs.shape + ag.Size((1,) * self._event_ndims))

    def _over_components(self, value: Tensor) -> Tensor:
        return (self._weights() * value).sum(-1 - self._event_ndims)

    @property
    def mean(self) -> Tensor:
        return self._over_components(self._component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        # The mean variance and the variance of the means.
        means = self._component_distribution.mean
        distance = means - self.mean.unsqueeze(-1 - self._event_ndims)
        return self._over_components(self._component_distribution.variance) + self._over_components(distance.square())

    def cdf(self, x: Tensor) -> Tensor:  # type: ignore[override]
        each = self._component_distribution.cdf(x.unsqueeze(-1 - self._event_ndims))
        return (each * self._mixture_distribution.probs).sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._checked(value).unsqueeze(-1 - self._event_ndims)
        each = self._component_distribution.log_prob(value)
        return (each + self._mixture_distribution.logits.log_softmax(-1)).logsumexp(-1)

    def sample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        with ag.no_grad():
            axis = len(sample_shape) + len(self._batch_shape)
            chosen = self._mixture_distribution.sample(sample_shape)
            samples = self._component_distribution.sample(sample_shape)
            index = chosen.reshape(chosen.shape + ag.Size((1,) * (self._event_ndims + 1)))
            shape = samples.shape[:axis] + ag.Size((1,)) + samples.shape[axis + 1 :]
            return samples.gather(axis, index.expand(shape)).squeeze(axis)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self._mixture_distribution},\n  {self._component_distribution})"


_names.describe(__name__)
