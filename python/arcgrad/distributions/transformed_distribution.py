"""Distributions of transformed samples."""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names

from . import constraints
from .distribution import Distribution
from .independent import Independent
from .transforms import ComposeTransform, Transform
from .utils import _sum_rightmost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["TransformedDistribution"]


def base_parameter(name: str, meaning: str) -> Any:
    """A parameter that is that of the distribution before the transforms."""
    return property(lambda self: getattr(self.base_dist, name), doc=meaning)


class TransformedDistribution(Distribution):
    """The distribution of y = f(x), x being a sample of another one.

    Its density is ln p(y) = ln p(x) − ln |det dy/dx|.

    Args:
        base_distribution: that of x.
        transforms: f, or several that are applied one after the other.

    Raises:
        ValueError: ``transforms`` is something else, or asks for more axes than samples have.

    >>> import arcgrad as torch
    >>> from arcgrad.distributions import ExpTransform, Normal, TransformedDistribution
    >>> TransformedDistribution(Normal(0.0, 1.0), ExpTransform()).log_prob(torch.tensor(1.0))
    tensor(-0.9189)
    """

    arg_constraints: Any = {}

    def __init__(
        self,
        base_distribution: Distribution,
        transforms: Transform | Sequence[Transform],
        validate_args: bool | None = None,
    ) -> None:
        if isinstance(transforms, Transform):
            self.transforms: list[Transform] = [transforms]
        elif isinstance(transforms, list):
            if not all(isinstance(transform, Transform) for transform in transforms):
                raise ValueError("transforms must be a Transform or a list of Transforms")
            self.transforms = transforms
        else:
            raise ValueError(f"transforms must be a Transform or list, but was {transforms}")
        whole = ComposeTransform(self.transforms)
        shape = base_distribution.batch_shape + base_distribution.event_shape
        needed = whole.domain.event_dim
        if len(shape) < needed:
            raise ValueError(
                f"base_distribution needs to have shape with size at least {needed}, but got {shape}."
            )
        # Parameters of the transforms may widen the batch, and they may take axes of it into the event.
        after = whole.forward_shape(shape)
        base_batch = whole.inverse_shape(after)
        base = base_distribution
        if base_batch != shape:
            base = base.expand(base_batch[: len(base_batch) - len(base.event_shape)])
        taken = needed - len(base.event_shape)
        self.base_dist: Distribution = Independent(base, taken) if taken > 0 else base
        event_dim = whole.codomain.event_dim + max(len(base.event_shape) - needed, 0)
        cut = len(after) - event_dim
        super().__init__(after[:cut], after[cut:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = self._instance(_instance)
        shape = ag.Size(batch_shape)
        whole = ComposeTransform(self.transforms)
        base_shape = whole.inverse_shape(shape + self._event_shape)
        new.base_dist = self.base_dist.expand(base_shape[: len(base_shape) - len(self.base_dist.event_shape)])
        new.transforms = self.transforms
        # Parameters beside those of the base.
        new.__dict__.update((name, self.__dict__[name].expand(shape)) for name in self._parameters)
        Distribution.__init__(new, shape, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        return bool(self.base_dist.has_rsample)

    @constraints.dependent_property(is_discrete=False)
    def support(self) -> Any:
        if not self.transforms:
            return self.base_dist.support
        support = self.transforms[-1].codomain
        missing = len(self._event_shape) - support.event_dim
        return constraints.independent(support, missing) if missing > 0 else support

    def _applied(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def sample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        with ag.no_grad():
            return self._applied(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        return self._applied(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        y, dims = self._checked(value), len(self._event_shape)
        correction: Any = 0.0
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            dims += transform.domain.event_dim - transform.codomain.event_dim
            term = transform.log_abs_det_jacobian(x, y)
            correction = correction - _sum_rightmost(term, dims - transform.domain.event_dim)
            y = x
        return _sum_rightmost(self.base_dist.log_prob(y), dims - len(self.base_dist.event_shape)) + correction

    def _sign(self) -> Any:
        """1 where the transforms are increasing, −1 where they are decreasing."""
        sign: Any = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        return sign

    def _turned(self, probability: Tensor) -> Tensor:
        """Where the transforms are decreasing, 1 less the probability."""
        sign = self._sign()
        if isinstance(sign, int) and sign == 1:
            return probability
        return sign * (probability - 0.5) + 0.5

    def cdf(self, value: Tensor) -> Tensor:
        # Refused by a transform that is not monotone.
        self._sign()
        value = self._checked(value)
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        return self._turned(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        return self._applied(self.base_dist.icdf(self._turned(value)))


_names.describe(__name__)
