"""What all distributions have."""

from __future__ import annotations


import arcgrad as ag
from arcgrad import _names, _warnings

from . import constraints
from .utils import broadcast_all, is_number, lazy_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, ClassVar, Self

    from arcgrad._core import Size, Tensor


__all__ = ["Distribution"]


class Distribution:
    """A probability distribution, or a batch of independent ones.

    A sample has the shape ``sample_shape + batch_shape + event_shape``: what is asked for, the distributions side by side,
    and the axes of one event.

    Args:
        batch_shape: the shape of the batch.
        event_shape: the shape of one event.
        validate_args: whether parameters and values are checked; the default is set by :meth:`set_default_validate_args`.

    A distribution of one's own defines what it can of :attr:`arg_constraints`, :attr:`support`, :meth:`sample`, :meth:`rsample`,
    :meth:`log_prob` and the moments; what it does not define raises ``NotImplementedError``.
    """

    has_rsample: Any = False
    has_enumerate_support: Any = False
    _validate_args: bool = __debug__

    #: The tensors an instance consists of, each with the number of its last axes that belong to one event.
    _parameters: ClassVar[Mapping[str, int]] = {}

    def __init__(
        self,
        batch_shape: Sequence[int] = ag.Size(),
        event_shape: Sequence[int] = ag.Size(),
        validate_args: bool | None = None,
    ) -> None:
        self._batch_shape: Size = batch_shape  # type: ignore[assignment]
        self._event_shape: Size = event_shape  # type: ignore[assignment]
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Sets whether distributions made without ``validate_args`` check their parameters and values.

        At first they do, but not under ``python -O``, as ``assert``.

        Raises:
            ValueError: ``value`` is not a truth value.
        """
        if value not in (True, False):
            raise ValueError
        Distribution._validate_args = value

    # ---- making ----

    def _take(self, event: int, validate_args: bool | None, **values: Any) -> None:
        """Broadcasts the parameters, keeps them under their names, and starts the instance. With ``event`` the last axis of the
        parameters is the event; a batch of numbers is one distribution."""
        tensors = broadcast_all(*values.values())
        self.__dict__.update(zip(values, tensors))
        shape = ag.Size() if all(map(is_number, values.values())) else tensors[0].shape
        cut = len(shape) - event
        Distribution.__init__(self, shape[:cut], shape[cut:], validate_args)

    def _check_parameters(self) -> None:
        """Raises ``ValueError`` for the first parameter that is outside of its constraint."""
        try:
            arg_constraints = self.arg_constraints
        except NotImplementedError:
            arg_constraints = {}
            _warnings.warn(
                f"{self.__class__} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or initialize the "
                "distribution with `validate_args=False` to turn off validation.",
                UserWarning,
            )
        for name, constraint in arg_constraints.items():
            if constraints.is_dependent(constraint):
                continue
            if name not in self.__dict__ and isinstance(getattr(type(self), name, None), lazy_property):
                continue
            value = getattr(self, name)
            if not constraint.check(value).all():
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution {self!r} "
                    f"to satisfy the constraint {constraint!r}, but found invalid values:\n{value}"
                )

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Self:
        """The distribution with its batch expanded to ``batch_shape``; parameters are views, and nothing is checked again.

        Args:
            batch_shape: the shape wanted, to which that of the batch broadcasts.
            _instance: the new instance, made by the ``expand`` of a derived class.

        >>> import arcgrad as torch
        >>> from arcgrad.distributions import Normal
        >>> tuple(Normal(torch.zeros(3), 1.0).expand((2, 3)).batch_shape)
        (2, 3)
        """
        if not self._parameters:
            raise NotImplementedError
        return self._expanded(batch_shape, _instance)

    def _expanded(self, batch_shape: Sequence[int], instance: Any = None, **others: Any) -> Any:
        """A new instance with expanded parameters, and others in addition."""
        new = self._instance(instance)
        shape = ag.Size(batch_shape)
        for name, axes in self._parameters.items():
            value = self.__dict__.get(name)
            if value is not None:
                new.__dict__[name] = value.expand(shape + value.shape[value.dim() - axes :])
        new.__dict__.update(others)
        Distribution.__init__(new, shape, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def _instance(self, instance: Any) -> Any:
        """What :meth:`expand` fills: the instance given, or a new one of this class."""
        # A class outside of this package that only adds methods is expanded as what it is derived from.
        ours = next(cls for cls in type(self).__mro__ if cls.__module__.startswith(f"{__package__}."))
        return self._get_checked_instance(ours, instance)

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        """A bare instance of this class, whose parameters are those that ``cls`` sets.

        Raises:
            NotImplementedError: the class has an ``__init__`` of its own, which may set others.
        """
        if _instance is not None:
            return _instance
        if type(self).__init__ != cls.__init__:  # type: ignore[misc]
            raise NotImplementedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ method must also define a "
                "custom .expand() method."
            )
        return type(self).__new__(type(self))

    # ---- facts ----

    @property
    def batch_shape(self) -> Size:
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one event."""
        return self._event_shape

    @property
    def arg_constraints(self) -> Any:
        """The constraints that parameters have to satisfy, by the names of the parameters."""
        raise NotImplementedError

    @property
    def support(self) -> Any:
        """The constraint that all samples satisfy."""
        raise NotImplementedError

    @property
    def mean(self) -> Tensor:
        """The mean."""
        raise NotImplementedError

    @property
    def mode(self) -> Tensor:
        """The value of the greatest probability or density."""
        raise NotImplementedError(f"{self.__class__} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """The variance."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.variance.sqrt()

    # ---- drawing ----

    def sample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        """Samples without a gradient, of shape ``sample_shape + batch_shape + event_shape``."""
        with ag.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        """Samples with a gradient in the parameters, of shape ``sample_shape + batch_shape + event_shape``."""
        raise NotImplementedError

    def sample_n(self, n: int) -> Tensor:
        """``n`` samples: the old form of ``sample((n,))``."""
        _warnings.warn("`sample_n(n)` will be deprecated. Use `sample((n,))` instead.", FutureWarning)
        return self.sample(ag.Size((n,)))

    # ---- values ----

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density or of the probability at each event of ``value``."""
        raise NotImplementedError

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a sample of ``value`` at most."""
        raise NotImplementedError

    def icdf(self, value: Tensor) -> Tensor:
        """What a sample is at most with probability ``value``: the inverse of :meth:`cdf`."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a discrete distribution along axis 0, the same for every element of the batch.

        The shape is ``(count,) + batch_shape + event_shape``; without ``expand`` the axes of the batch have size 1.
        """
        raise NotImplementedError

    def _enumerated(self, count: int, like: Tensor, expand: bool) -> Tensor:
        """The integers below ``count`` as :meth:`enumerate_support` gives them, of the dtype of ``like``."""
        values = ag.arange(count, dtype=like.dtype, device=like.device)
        values = values.view((-1,) + (1,) * len(self._batch_shape))
        return values.expand((-1,) + tuple(self._batch_shape)) if expand else values

    def entropy(self) -> Tensor:
        """The entropy in nats, of the shape of the batch."""
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """The exponential of the entropy, of the shape of the batch."""
        return self.entropy().exp()

    # ---- for the definition of distributions ----

    def _extended_shape(self, sample_shape: Sequence[int] = ag.Size()) -> Size:
        """The shape of samples."""
        return ag.Size(sample_shape) + self._batch_shape + self._event_shape

    def _validate_sample(self, value: Tensor) -> None:
        """Raises ``ValueError`` for a value that has not the shape of a sample or is outside of the support."""
        if not isinstance(value, ag.Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        cut = value.dim() - len(self._event_shape)
        if value.shape[max(cut, 0) :] != self._event_shape:
            raise ValueError(
                f"The right-most size of value must match event_shape: {value.shape} vs {self._event_shape}."
            )
        expected = self._batch_shape + self._event_shape
        for have, want in zip(reversed(value.shape), reversed(expected)):
            if have != want and have != 1 and want != 1:
                raise ValueError(
                    f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {expected}."
                )
        try:
            support = self.support
        except NotImplementedError:
            _warnings.warn(
                f"{self.__class__} does not define `support` to enable sample validation. Please initialize the distribution "
                "with `validate_args=False` to turn off validation.",
                UserWarning,
            )
            return
        if not support.check(value).all():
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the support "
                f"({support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

    def _checked(self, value: Tensor) -> Tensor:
        """The value, which is checked where this instance checks."""
        if self._validate_args:
            self._validate_sample(value)
        return value

    def __repr__(self) -> str:
        parts = []
        for name in self.arg_constraints:
            value = self.__dict__.get(name)
            if value is not None:
                parts.append(f"{name}: {value if value.numel() == 1 else value.shape}")
        return f"{type(self).__name__}({', '.join(parts)})"


_names.describe(__name__)
