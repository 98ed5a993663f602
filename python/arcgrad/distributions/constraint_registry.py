"""From constraints to transforms that satisfy them, for optimization without constraints.

``biject_to(constraint)`` is a bijection from unconstrained tensors; ``transform_to(constraint)`` any transform onto the region, which
may be simpler.

>>> import arcgrad as torch
>>> from arcgrad.distributions import constraints, transform_to
>>> transform_to(constraints.positive)(torch.tensor(0.0))
tensor(1.)
"""

from __future__ import annotations

import numbers

from arcgrad import _names

from . import constraints, transforms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .constraints import Constraint
    from .transforms import Transform

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]


class ConstraintRegistry:
    """A function from constraints to transforms, by the class of the constraint.

    A constraint of one's own is registered with a function that is given the constraint and returns the transform:

    >>> from arcgrad.distributions import ExpTransform, constraints, transform_to
    >>> class Large(constraints.Constraint):
    ...     pass
    >>> @transform_to.register(Large)
    ... def from_large(constraint):
    ...     return ExpTransform()
    >>> transform_to(Large())
    ExpTransform()
    """

    def __init__(self) -> None:
        self._registry: dict[type, Callable[[Any], Transform]] = {}
        super().__init__()

    def register(self, constraint: Any, factory: Callable[[Any], Transform] | None = None) -> Any:
        """Registers a function for a class of constraints, or for that of an instance; without one, a decorator.

        Raises:
            TypeError: ``constraint`` is no constraint.
        """
        if factory is None:
            return lambda factory: self.register(constraint, factory)
        kind = type(constraint) if isinstance(constraint, constraints.Constraint) else constraint
        if not isinstance(kind, type) or not issubclass(kind, constraints.Constraint):
            raise TypeError(
                f"Expected constraint to be either a Constraint subclass or instance, but got {constraint}"
            )
        self._registry[kind] = factory
        return factory

    def __call__(self, constraint: Constraint) -> Transform:
        """The transform for a constraint.

        Raises:
            NotImplementedError: there is none.
        """
        factory = self._registry.get(type(constraint))
        if factory is None:
            raise NotImplementedError(f"Cannot transform {type(constraint).__name__} constraints")
        return factory(constraint)


biject_to = ConstraintRegistry()
transform_to = ConstraintRegistry()


def _both(*kinds: Any) -> Callable[[Callable[[Any], Transform]], Callable[[Any], Transform]]:
    """Registers a function for both registries."""

    def register(factory: Callable[[Any], Transform]) -> Callable[[Any], Transform]:
        for kind in kinds:
            biject_to.register(kind, factory)
            transform_to.register(kind, factory)
        return factory

    return register


def _through(registry: ConstraintRegistry, kind: Any, make: Callable[[Any, ConstraintRegistry], Transform]) -> None:
    """Registers a function that asks the registry itself for parts."""
    registry.register(kind, lambda constraint: make(constraint, registry))


@_both(constraints.real)
def _real(constraint: Any) -> Transform:
    return transforms.identity_transform


@_both(constraints.greater_than, constraints.greater_than_eq)
def _above(constraint: Any) -> Transform:
    return transforms.ComposeTransform(
        [transforms.ExpTransform(), transforms.AffineTransform(constraint.lower_bound, 1)]
    )


@_both(constraints.less_than)
def _below(constraint: Any) -> Transform:
    return transforms.ComposeTransform(
        [transforms.ExpTransform(), transforms.AffineTransform(constraint.upper_bound, -1)]
    )


@_both(constraints.interval, constraints.half_open_interval)
def _between(constraint: Any) -> Transform:
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, numbers.Number) and isinstance(high, numbers.Number) and low == 0 and high == 1:
        return transforms.SigmoidTransform()
    return transforms.ComposeTransform([transforms.SigmoidTransform(), transforms.AffineTransform(low, high - low)])


@_both(constraints.corr_cholesky)
def _corr_cholesky(constraint: Any) -> Transform:
    return transforms.CorrCholeskyTransform()


@biject_to.register(constraints.simplex)  # type: ignore[untyped-decorator]
def _bijection_to_simplex(constraint: Any) -> Transform:
    return transforms.StickBreakingTransform()


@transform_to.register(constraints.simplex)  # type: ignore[untyped-decorator]
def _simplex(constraint: Any) -> Transform:
    return transforms.SoftmaxTransform()


@transform_to.register(constraints.lower_cholesky)  # type: ignore[untyped-decorator]
def _lower_cholesky(constraint: Any) -> Transform:
    return transforms.LowerCholeskyTransform()


def _positive_definite(constraint: Any) -> Transform:
    return transforms.PositiveDefiniteTransform()


transform_to.register(constraints.positive_definite, _positive_definite)
transform_to.register(constraints.positive_semidefinite, _positive_definite)


def _independent(constraint: Any, registry: ConstraintRegistry) -> Transform:
    return transforms.IndependentTransform(
        registry(constraint.base_constraint), constraint.reinterpreted_batch_ndims
    )


def _cat(constraint: Any, registry: ConstraintRegistry) -> Transform:
    return transforms.CatTransform([registry(part) for part in constraint.cseq], constraint.dim, constraint.lengths)


def _stack(constraint: Any, registry: ConstraintRegistry) -> Transform:
    return transforms.StackTransform([registry(part) for part in constraint.cseq], constraint.dim)


for _registry in (biject_to, transform_to):
    _through(_registry, constraints.independent, _independent)
    _through(_registry, constraints.cat, _cat)
    _through(_registry, constraints.stack, _stack)

_names.describe(__name__)
