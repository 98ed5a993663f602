"""Invertible functions of tensors, with the logarithm of the determinant of their Jacobian.

>>> import arcgrad as torch
>>> from arcgrad.distributions import AffineTransform, ComposeTransform, ExpTransform
>>> t = ComposeTransform([AffineTransform(0.0, 2.0), ExpTransform()])
>>> y = t(torch.tensor(0.5))
>>> y
tensor(2.7183)
>>> t.inv(y)
tensor(0.5000)
"""

from __future__ import annotations

import math
import operator
import weakref
from functools import reduce

import arcgrad as ag
from arcgrad import _names
from arcgrad.nn import functional as F

from . import constraints
from .utils import _sum_rightmost, broadcast_all, tril_matrix_to_vec, vec_to_tril_matrix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, ClassVar

    from arcgrad._core import Size, Tensor

    from .distribution import Distribution

__all__ = [
    "AbsTransform",
    "AffineTransform",
    "CatTransform",
    "ComposeTransform",
    "CorrCholeskyTransform",
    "CumulativeDistributionTransform",
    "ExpTransform",
    "IndependentTransform",
    "LowerCholeskyTransform",
    "PositiveDefiniteTransform",
    "PowerTransform",
    "ReshapeTransform",
    "SigmoidTransform",
    "SoftmaxTransform",
    "SoftplusTransform",
    "StackTransform",
    "StickBreakingTransform",
    "TanhTransform",
    "Transform",
    "identity_transform",
]


class Transform:
    """A function of tensors with an inverse (or, where :attr:`bijective` is false, a right inverse).

    A transform of one's own defines ``_call``, ``_inverse`` and :meth:`log_abs_det_jacobian`, and as attributes :attr:`domain` and
    :attr:`codomain`, two constraints, ``bijective``, and ``sign`` if it is monotone.

    Args:
        cache_size: 1 to remember the last pair of argument and value, so that the inverse of what was just computed is the very
            argument; 0 not to.

    Raises:
        ValueError: another ``cache_size``.
    """

    bijective: Any = False
    domain: Any
    codomain: Any

    #: The arguments of ``__init__`` before ``cache_size``, by the names under which an instance keeps them.
    _arguments: ClassVar[tuple[str, ...]] = ()

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError("cache_size must be 0 or 1")
        self._cache_size = cache_size
        self._last: tuple[Tensor, Tensor] | None = None
        self._inverted: weakref.ref[Transform] | None = None
        super().__init__()

    def __getstate__(self) -> dict[str, Any]:
        # The inverse is made anew where it is wanted, and what was remembered is of this process.
        return {**self.__dict__, "_inverted": None, "_last": None}

    def __eq__(self, other: object) -> bool:
        return self is other

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    # ---- for a transform to define ----

    def _call(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """ln |det dy/dx|, from an argument and its value: one number for each event."""
        raise NotImplementedError

    @property
    def sign(self) -> Any:
        """1 for an increasing function of numbers, −1 for a decreasing one."""
        raise NotImplementedError

    def forward_shape(self, shape: Sequence[int]) -> Size:
        """The shape of the values of arguments of this shape."""
        return shape  # type: ignore[return-value]

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        """The shape of the arguments of values of this shape."""
        return shape  # type: ignore[return-value]

    # ---- what follows from it ----

    @property
    def event_dim(self) -> Any:
        """The number of last axes that are transformed as one event, where it is the same before and after."""
        before, after = self.domain.event_dim, self.codomain.event_dim
        if before != after:
            raise ValueError("Please use either .domain.event_dim or .codomain.event_dim")
        return before

    def __call__(self, x: Tensor) -> Tensor:
        last = self._last
        if last is not None and last[0] is x:
            return last[1]
        return self._remember(x, self._call(x))[1]

    def _invert(self, y: Tensor) -> Tensor:
        """The argument of a value: what was remembered, or what ``_inverse`` gives."""
        last = self._last
        if last is not None and last[1] is y:
            return last[0]
        return self._remember(self._inverse(y), y)[0]

    def _remember(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        if self._cache_size:
            self._last = x, y
        return x, y

    @property
    def inv(self) -> Transform:
        """The inverse transform, whose ``inv`` is this one."""
        known = self._inverted and self._inverted()
        if known is None:
            known = self._new_inverse()
            # Weakly: the inverse holds this one.
            self._inverted = weakref.ref(known)
        return known

    def _new_inverse(self) -> Transform:
        return _InverseTransform(self)

    def with_cache(self, cache_size: int = 1) -> Transform:
        """The transform with a cache of this size.

        Raises:
            NotImplementedError: a class has an ``__init__`` of its own and does not define this.
        """
        if self._cache_size == cache_size:
            return self
        kind = next(kind for kind in type(self).__mro__ if "_arguments" in vars(kind))
        if kind is Transform:
            if type(self).__init__ is not Transform.__init__:
                raise NotImplementedError(f"{type(self)}.with_cache is not implemented")
            kind = type(self)
        return kind(*[getattr(self, name) for name in self._arguments], cache_size=cache_size)  # type: ignore[no-any-return]


class _Alike(Transform):
    """A transform without parameters: all of a class are equal."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self))


class _InverseTransform(Transform):
    """The inverse of a transform, which does the work and remembers."""

    def __init__(self, transform: Transform) -> None:
        super().__init__(cache_size=transform._cache_size)
        self._of = transform

    @property
    def inv(self) -> Transform:
        return self._of

    @property
    def domain(self) -> Any:
        return self._of.codomain

    @property
    def codomain(self) -> Any:
        return self._of.domain

    @property
    def bijective(self) -> Any:
        return self._of.bijective

    @property
    def sign(self) -> Any:
        return self._of.sign

    def __call__(self, x: Tensor) -> Tensor:
        return self._of._invert(x)

    def _invert(self, y: Tensor) -> Tensor:
        return self._of(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -self._of.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Sequence[int]) -> Size:
        return self._of.inverse_shape(shape)

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        return self._of.forward_shape(shape)

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self._of.with_cache(cache_size).inv

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _InverseTransform) and self._of == other._of

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._of!r})"


def _wider(constraint: Any, event_dim: int) -> Any:
    """The constraint with ``event_dim`` axes in an event."""
    missing = event_dim - constraint.event_dim
    return constraints.independent(constraint, missing) if missing else constraint


class ComposeTransform(Transform):
    """Several transforms after each other, the first one first.

    Args:
        parts: the transforms.
        cache_size: 1 to let each of them remember.
    """

    _arguments = ("parts",)

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        if cache_size:
            parts = [part.with_cache(cache_size) for part in parts]
        super().__init__(cache_size=cache_size)
        self.parts = list(parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    def _event_dims(self) -> list[int]:
        """The number of axes in an event before the first part, between parts, and after the last one, wide enough for all."""
        # Relative to the first: the parts change the number, and each asks for a least one where it comes.
        level = least = 0
        for part in self.parts:
            least = max(least, part.domain.event_dim - level)
            level += part.codomain.event_dim - part.domain.event_dim
        dims = [least]
        for part in self.parts:
            dims.append(dims[-1] + part.codomain.event_dim - part.domain.event_dim)
        return dims

    @property
    def domain(self) -> Any:
        if not self.parts:
            return constraints.real
        return _wider(self.parts[0].domain, self._event_dims()[0])

    @property
    def codomain(self) -> Any:
        if not self.parts:
            return constraints.real
        return _wider(self.parts[-1].codomain, self._event_dims()[-1])

    @property
    def bijective(self) -> Any:
        return all(part.bijective for part in self.parts)

    @property
    def sign(self) -> Any:
        return reduce(operator.mul, (part.sign for part in self.parts), 1)

    def _new_inverse(self) -> Transform:
        inverse = ComposeTransform([part.inv for part in reversed(self.parts)])
        inverse._inverted = weakref.ref(self)
        return inverse

    def __call__(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        if not self.parts:
            return ag.zeros_like(x)
        values = [x]
        for part in self.parts[:-1]:
            values.append(part(values[-1]))
        values.append(y)
        terms = []
        for part, dim, before, after in zip(self.parts, self._event_dims(), values, values[1:]):
            term = part.log_abs_det_jacobian(before, after)
            terms.append(_sum_rightmost(term, dim - part.domain.event_dim))
        return reduce(operator.add, terms)

    def forward_shape(self, shape: Sequence[int]) -> Size:
        for part in self.parts:
            shape = part.forward_shape(shape)
        return shape  # type: ignore[return-value]

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        for part in reversed(self.parts):
            shape = part.inverse_shape(shape)
        return shape  # type: ignore[return-value]

    def __repr__(self) -> str:
        parts = ",\n    ".join(map(repr, self.parts))
        return f"{type(self).__name__}(\n    {parts}\n)"


identity_transform = ComposeTransform([])


def _require_axes(shape: Sequence[int], least: int) -> Size:
    """The shape, which has to have as many axes."""
    if len(shape) < least:
        raise ValueError("Too few dimensions on input")
    return ag.Size(shape)


class IndependentTransform(Transform):
    """A transform whose ``reinterpreted_batch_ndims`` last batch axes belong to the event: the logarithm of the determinant is the sum
    along them.
    """

    _arguments = ("base_transform", "reinterpreted_batch_ndims")

    def __init__(self, base_transform: Transform, reinterpreted_batch_ndims: int, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.base_transform = base_transform.with_cache(cache_size)
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    @property
    def domain(self) -> Any:
        return constraints.independent(self.base_transform.domain, self.reinterpreted_batch_ndims)

    @property
    def codomain(self) -> Any:
        return constraints.independent(self.base_transform.codomain, self.reinterpreted_batch_ndims)

    @property
    def bijective(self) -> Any:
        return self.base_transform.bijective

    @property
    def sign(self) -> Any:
        return self.base_transform.sign

    def _call(self, x: Tensor) -> Tensor:
        _require_axes(x.shape, self.domain.event_dim)
        return self.base_transform(x)

    def _inverse(self, y: Tensor) -> Tensor:
        _require_axes(y.shape, self.codomain.event_dim)
        return self.base_transform.inv(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return _sum_rightmost(self.base_transform.log_abs_det_jacobian(x, y), self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_transform!r}, {self.reinterpreted_batch_ndims})"

    def forward_shape(self, shape: Sequence[int]) -> Size:
        return self.base_transform.forward_shape(shape)

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        return self.base_transform.inverse_shape(shape)


class ReshapeTransform(Transform):
    """The last axes, of sizes ``in_shape``, in the shape ``out_shape``.

    Raises:
        ValueError: the shapes have not equally many elements.
    """

    bijective = True
    _arguments = ("in_shape", "out_shape")

    def __init__(self, in_shape: Sequence[int], out_shape: Sequence[int], cache_size: int = 0) -> None:
        self.in_shape = ag.Size(in_shape)
        self.out_shape = ag.Size(out_shape)
        if self.in_shape.numel() != self.out_shape.numel():
            raise ValueError("in_shape, out_shape have different numbers of elements")
        super().__init__(cache_size=cache_size)

    @property
    def domain(self) -> Any:
        return constraints.independent(constraints.real, len(self.in_shape))

    @property
    def codomain(self) -> Any:
        return constraints.independent(constraints.real, len(self.out_shape))

    def _call(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[: x.dim() - len(self.in_shape)] + self.out_shape)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.reshape(y.shape[: y.dim() - len(self.out_shape)] + self.in_shape)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x.new_zeros(x.shape[: x.dim() - len(self.in_shape)])

    def forward_shape(self, shape: Sequence[int]) -> Size:
        return _exchanged(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        return _exchanged(shape, self.out_shape, self.in_shape)


def _exchanged(shape: Sequence[int], old: Size, new: Size) -> Size:
    """The shape with its last sizes, which are ``old``, exchanged."""
    shape = _require_axes(shape, len(old))
    cut = len(shape) - len(old)
    if shape[cut:] != old:
        raise ValueError(f"Shape mismatch: expected {shape[cut:]} but got {old}")
    return shape[:cut] + new


class ExpTransform(_Alike):
    """y = eˣ."""

    domain = constraints.real
    codomain = constraints.positive
    bijective = True
    sign = +1

    def _call(self, x: Tensor) -> Tensor:
        return x.exp()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x


class PowerTransform(Transform):
    """y = x to the power ``exponent``, for positive x."""

    domain = constraints.positive
    codomain = constraints.positive
    bijective = True
    _arguments = ("exponent",)

    def __init__(self, exponent: Tensor | float, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        (self.exponent,) = broadcast_all(exponent)

    @property
    def sign(self) -> Any:
        return self.exponent.sign()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PowerTransform) and bool((self.exponent == other.exponent).all())

    def _call(self, x: Tensor) -> Tensor:
        return x.pow(self.exponent)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return (self.exponent * y / x).abs().log()

    def forward_shape(self, shape: Sequence[int]) -> Size:
        return _broadcast(shape, self.exponent)

    inverse_shape = forward_shape


def _broadcast(shape: Sequence[int], *parameters: Tensor | float) -> Size:
    """The shape that elements of this shape and these parameters broadcast to."""
    shapes = [tuple(parameter.shape) for parameter in parameters if isinstance(parameter, ag.Tensor)]
    return ag.broadcast_shapes(tuple(shape), *shapes)


class SigmoidTransform(_Alike):
    """y = 1 / (1 + e⁻ˣ), kept off 0 and 1."""

    domain = constraints.real
    codomain = constraints.unit_interval
    bijective = True
    sign = +1

    def _call(self, x: Tensor) -> Tensor:
        limits = ag.finfo(x.dtype)
        return ag.sigmoid(x).clamp(min=limits.tiny, max=1.0 - limits.eps)

    def _inverse(self, y: Tensor) -> Tensor:
        limits = ag.finfo(y.dtype)
        y = y.clamp(min=limits.tiny, max=1.0 - limits.eps)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -F.softplus(-x) - F.softplus(x)


class SoftplusTransform(_Alike):
    """y = ln(1 + eˣ), which is x itself above 20."""

    domain = constraints.real
    codomain = constraints.positive
    bijective = True
    sign = +1

    def _call(self, x: Tensor) -> Tensor:
        return F.softplus(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return (-y).expm1().neg().log() + y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -F.softplus(-x)


class TanhTransform(_Alike):
    """y = tanh x. Near the ends the inverse is inexact: a cache gives the argument back."""

    domain = constraints.real
    codomain = constraints.interval(-1.0, 1.0)
    bijective = True
    sign = +1

    def _call(self, x: Tensor) -> Tensor:
        return x.tanh()

    def _inverse(self, y: Tensor) -> Tensor:
        return ag.atanh(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        # ln(1 − tanh² x) = 2 ln sech x, without 1 − y².
        return 2.0 * (math.log(2.0) - x - F.softplus(-2.0 * x))


class AbsTransform(_Alike):
    """y = |x|; the inverse gives the positive one of both."""

    domain = constraints.real
    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return x.abs()

    def _inverse(self, y: Tensor) -> Tensor:
        return y


class AffineTransform(Transform):
    """y = loc + scale · x.

    Args:
        loc: what is added.
        scale: the factor.
        event_dim: 0 for numbers, 1 for vectors, 2 for matrices and so on.
        cache_size: see :class:`Transform`.
    """

    bijective = True
    _arguments = ("loc", "scale", "_event_dim")

    def __init__(
        self, loc: Tensor | float, scale: Tensor | float, event_dim: int = 0, cache_size: int = 0
    ) -> None:
        super().__init__(cache_size=cache_size)
        self.loc = loc
        self.scale = scale
        self._event_dim = event_dim

    @property
    def event_dim(self) -> Any:
        return self._event_dim

    @property
    def domain(self) -> Any:
        return _wider(constraints.real, self._event_dim)

    codomain = domain

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AffineTransform):
            return False
        same = (ag.as_tensor(a == b).all() for a, b in ((self.loc, other.loc), (self.scale, other.scale)))
        return all(map(bool, same))

    @property
    def sign(self) -> Any:
        if isinstance(self.scale, ag.Tensor):
            return self.scale.sign()
        return (self.scale > 0) - (self.scale < 0)

    def _call(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def _inverse(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        scale = self.scale
        if isinstance(scale, ag.Tensor):
            each = scale.abs().log()
        else:
            each = ag.full_like(x, math.log(abs(scale)) if scale else -math.inf)
        each = each.expand(ag.broadcast_shapes(tuple(x.shape), tuple(each.shape)))
        return _sum_rightmost(each, self._event_dim)

    def forward_shape(self, shape: Sequence[int]) -> Size:
        return _broadcast(shape, self.loc, self.scale)

    inverse_shape = forward_shape


class CorrCholeskyTransform(Transform):
    """Vectors of n (n − 1) / 2 numbers as Cholesky factors of correlation matrices of n rows.

    The numbers fill a matrix below its diagonal, row by row; the hyperbolic tangent makes them partial correlations, which take
    their share of what is left of a row's length by stick breaking (Lewandowski, Kurowicka and Joe, "Generating random
    correlation matrices based on vines and extended onion method", 2009).
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        eps = ag.finfo(x.dtype).eps
        partial = vec_to_tril_matrix(x.tanh().clamp(min=-1 + eps, max=1 - eps), diag=-1)
        # What is left of a row's squared length before each place.
        left = (1 - partial.square()).sqrt().cumprod(-1)
        size = partial.shape[-1]
        correlations = partial + ag.eye(size, dtype=x.dtype, device=x.device)
        return correlations * F.pad(left[..., :-1], [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        # What is left of the squared length of each row; the last, nothing, is not used.
        left = 1 - y.square().cumsum(-1)
        left = F.pad(left[..., :-1], [1, 0], value=1)
        entries = tril_matrix_to_vec(y, diag=-1)
        partial = entries / tril_matrix_to_vec(left, diag=-1).sqrt()
        # atanh, of numbers that rounding may have brought to the ends.
        return (partial.log1p() - (-partial).log1p()) / 2

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        left = 1 - y.square().cumsum(-1)
        # A place's factor is the root of what was left before it: the diagonal's own lies behind all others of its row.
        breaking = 0.5 * tril_matrix_to_vec(left, diag=-2).log().sum(-1)
        tanh = -2 * (x + F.softplus(-2 * x) - math.log(2.0)).sum(-1)
        return breaking + tanh

    def forward_shape(self, shape: Sequence[int]) -> Size:
        count = _require_axes(shape, 1)[-1]
        size = round((0.25 + 2 * count) ** 0.5 + 0.5)
        if size * (size - 1) // 2 != count:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return ag.Size((*shape[:-1], size, size))

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        *batch, rows, columns = _require_axes(shape, 2)
        if rows != columns:
            raise ValueError("Input is not square")
        return ag.Size((*batch, rows * (rows - 1) // 2))


class SoftmaxTransform(_Alike):
    """Vectors of log weights as probabilities. Not bijective: adding a constant changes nothing."""

    domain = constraints.real_vector
    codomain = constraints.simplex

    def _call(self, x: Tensor) -> Tensor:
        return x.softmax(-1)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def forward_shape(self, shape: Sequence[int]) -> Size:
        return _require_axes(shape, 1)

    inverse_shape = forward_shape


class StickBreakingTransform(_Alike):
    """Vectors of n numbers as vectors of n + 1 positive ones of sum 1.

    Of a stick of length 1, each number says through the logistic function which part of what is left is broken off. The number of
    places behind it is taken off its log odds, so that zeros give equal parts.
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        parts = _stick_breaking_odds(x).sigmoid()
        left = (1 - parts).cumprod(-1)
        return F.pad(parts, [0, 1], value=1) * F.pad(left, [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        first = y[..., :-1]
        left = (1 - first.cumsum(-1)).clamp(min=ag.finfo(y.dtype).tiny)
        return first.log() - left.log() + _places_behind(first).log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        odds = _stick_breaking_odds(x)
        return (F.logsigmoid(odds) - odds + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Sequence[int]) -> Size:
        *batch, count = _require_axes(shape, 1)
        return ag.Size((*batch, count + 1))

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        *batch, count = _require_axes(shape, 1)
        return ag.Size((*batch, count - 1))


def _places_behind(x: Tensor) -> Tensor:
    """How many places of the longer vector lie behind each of these."""
    return ag.arange(x.shape[-1], 0, -1, dtype=x.dtype, device=x.device)


def _stick_breaking_odds(x: Tensor) -> Tensor:
    return x - _places_behind(x).log()


class LowerCholeskyTransform(_Alike):
    """Square matrices as lower triangular ones with a positive diagonal: what is above goes, the diagonal is exponentiated."""

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(_Alike):
    """Square matrices as positive definite ones L Lᵀ, with L of :class:`LowerCholeskyTransform`."""

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def _call(self, x: Tensor) -> Tensor:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y: Tensor) -> Tensor:
        return LowerCholeskyTransform().inv(ag.linalg.cholesky(y))


class _Parts(Transform):
    """Transforms of the parts of a tensor along axis ``dim``, which are put together again."""

    transforms: list[Transform]

    def __init__(self, tseq: Sequence[Transform], dim: int, cache_size: int) -> None:
        if not all(isinstance(transform, Transform) for transform in tseq):
            raise AssertionError("All elements of tseq must be Transform instances")
        super().__init__(cache_size=cache_size)
        self.transforms = [transform.with_cache(cache_size) if cache_size else transform for transform in tseq]
        self.dim = dim

    @property
    def bijective(self) -> Any:
        return all(transform.bijective for transform in self.transforms)

    def _size(self) -> tuple[int, str]:
        """The size along the axis, and what it is called."""
        raise NotImplementedError

    def _divided(self, x: Tensor) -> Sequence[Tensor]:
        """The parts of a tensor."""
        raise NotImplementedError

    def _put_together(self, parts: list[Tensor]) -> Tensor:
        raise NotImplementedError

    def _split(self, x: Tensor) -> Sequence[Tensor]:
        if not -x.dim() <= self.dim < x.dim():
            raise AssertionError(f"dim {self.dim} out of range for x with {x.dim()} dimensions")
        size, name = self._size()
        if x.shape[self.dim] != size:
            raise AssertionError(f"x.size({self.dim}) = {x.shape[self.dim]} must equal {name} {size}")
        return self._divided(x)

    def _call(self, x: Tensor) -> Tensor:
        return self._put_together([transform(part) for transform, part in zip(self.transforms, self._split(x))])

    def _inverse(self, y: Tensor) -> Tensor:
        return self._put_together([transform.inv(part) for transform, part in zip(self.transforms, self._split(y))])

    def _determinants(self, x: Tensor, y: Tensor) -> list[Tensor]:
        parts = zip(self.transforms, self._split(x), self._split(y))
        return [transform.log_abs_det_jacobian(before, after) for transform, before, after in parts]


class CatTransform(_Parts):
    """Transforms of parts of ``lengths`` along axis ``dim``, as tensors put together by ``cat``."""

    _arguments = ("transforms", "dim", "lengths")

    def __init__(
        self,
        tseq: Sequence[Transform],
        dim: int = 0,
        lengths: Sequence[int] | None = None,
        cache_size: int = 0,
    ) -> None:
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise AssertionError(f"lengths ({len(self.lengths)}) must match tseq ({len(self.transforms)})")

    @property
    def event_dim(self) -> Any:
        return max(transform.event_dim for transform in self.transforms)

    @property
    def length(self) -> int:
        """The size along the axis."""
        return sum(self.lengths)

    @property
    def domain(self) -> Any:
        return constraints.cat([transform.domain for transform in self.transforms], self.dim, self.lengths)

    @property
    def codomain(self) -> Any:
        return constraints.cat([transform.codomain for transform in self.transforms], self.dim, self.lengths)

    def _size(self) -> tuple[int, str]:
        return self.length, "length"

    def _divided(self, x: Tensor) -> Sequence[Tensor]:
        return x.split(self.lengths, self.dim)

    def _put_together(self, parts: list[Tensor]) -> Tensor:
        return ag.cat(parts, self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        widest = self.event_dim
        terms = [
            _sum_rightmost(term, widest - transform.event_dim)
            for transform, term in zip(self.transforms, self._determinants(x, y))
        ]
        # Of an axis within the event the parts are of one number each.
        dim = self.dim - x.dim() if self.dim >= 0 else self.dim
        dim += widest
        return ag.cat(terms, dim) if dim < 0 else reduce(operator.add, terms)


class StackTransform(_Parts):
    """Transforms of the slices along axis ``dim``, as tensors put together by ``stack``."""

    _arguments = ("transforms", "dim")

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(tseq, dim, cache_size)

    @property
    def domain(self) -> Any:
        return constraints.stack([transform.domain for transform in self.transforms], self.dim)

    @property
    def codomain(self) -> Any:
        return constraints.stack([transform.codomain for transform in self.transforms], self.dim)

    def _size(self) -> tuple[int, str]:
        return len(self.transforms), "len(transforms) ="

    def _divided(self, x: Tensor) -> Sequence[Tensor]:
        return x.unbind(self.dim)

    def _put_together(self, parts: list[Tensor]) -> Tensor:
        return ag.stack(parts, self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return self._put_together(self._determinants(x, y))


class CumulativeDistributionTransform(Transform):
    """Numbers as their cumulative probability under a distribution.

    >>> import arcgrad as torch
    >>> from arcgrad.distributions import CumulativeDistributionTransform, Normal
    >>> CumulativeDistributionTransform(Normal(0.0, 1.0))(torch.tensor(0.0))
    tensor(0.5000)
    """

    bijective = True
    codomain = constraints.unit_interval
    sign = +1
    _arguments = ("distribution",)

    def __init__(self, distribution: Distribution, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.distribution = distribution

    @property
    def domain(self) -> Any:
        return self.distribution.support

    def _call(self, x: Tensor) -> Tensor:
        return self.distribution.cdf(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return self.distribution.log_prob(x)


_names.describe(__name__)
