"""The von Mises distribution."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names
from arcgrad.autograd import Function

from . import constraints
from ._centred import Centred
from .utils import lazy_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["VonMises"]


def _log_bessel(x: Tensor) -> Tensor:
    """ln I₀(x) without overflow."""
    return ag.special.i0e(x).log() + x


def _mean_cosine(kappa: Tensor) -> Tensor:
    """The mean of the cosine, I₁(κ) / I₀(κ)."""
    return ag.special.i1e(kappa) / ag.special.i0e(kappa)


#: Points and weights of the Gauss–Legendre rule on [0, 1], made when they are first used: enough of them for e⁻⁴⁰ˣ to sixteen digits.
_RULE: list[Tensor] = []


def _rule() -> list[Tensor]:
    if not _RULE:
        from numpy.polynomial.legendre import leggauss

        points, weights = map(ag.from_numpy, leggauss(48))
        _RULE.extend(((points + 1) / 2, weights / 2))
    return _RULE


def _slope(kappa: Tensor, angle: Tensor) -> Tensor:
    """How an angle from the mean moves with κ, its probability F staying as it is: −∂F/∂κ over the density.

    ∂F/∂κ is the integral of (cos s − E[cos]) times the density, from the mean to the angle or, as the whole is nothing, from the angle
    to π with the other sign. Of both that is taken on which the density is not much greater than at the angle.
    """
    points, weights = _rule()
    side = ag.where(angle < 0, -1.0, 1.0)
    kappa, distance = kappa.unsqueeze(-1), (angle * side).unsqueeze(-1)
    near = kappa * (1 - distance.cos()) < 1
    # Where the density has fallen to e⁻⁴⁰ of that at the angle the integral ends: nothing depends on where exactly.
    end = (distance.cos() - 40 / kappa).clamp(min=-1).acos().detach()
    start, end = ag.where(near, 0.0, distance), ag.where(near, distance, end)
    s = start + (end - start) * points
    values = (s.cos() - _mean_cosine(kappa)) * (kappa * (s.cos() - distance.cos())).exp()
    integral = ((end - start) * values * weights).sum(-1)
    return side * ag.where(near.squeeze(-1), -integral, integral)


class _ByConcentration(Function):
    """Angles from the mean as a function of κ: what has been drawn, with the derivative of the quantile."""

    generate_vmap_rule = True

    @staticmethod
    def forward(kappa: Tensor, angle: Tensor) -> Tensor:
        return angle.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        # The angle that comes out is itself a function of κ, which second derivatives need.
        ctx.save_for_backward(inputs[0], output)
        ctx.save_for_forward(inputs[0], output)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad * _slope(*ctx.saved_tensors), None

    @staticmethod
    def jvp(ctx: Any, kappa: Tensor, _angle: Any) -> Tensor:
        return kappa * _slope(*ctx.saved_tensors)


class VonMises(Centred):
    """The von Mises distribution over angles in radians, with a density proportional to exp(κ cos(x − loc)).

    Samples of :meth:`rsample` have gradients in both parameters: in κ by implicit differentiation of the distribution function
    (Figurnov, Mohamed and Mnih, "Implicit reparameterization gradients", 2018).

    Args:
        loc: the mean angle.
        concentration: κ, positive: 0 would be uniform.

    >>> import arcgrad as torch
    >>> VonMises(torch.tensor(0.0), torch.tensor(1.0)).log_prob(torch.tensor(0.0))
    tensor(-1.0738)
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = True
    _parameters = {"loc": 0, "concentration": 0}

    def __init__(
        self, loc: Tensor | float, concentration: Tensor | float, validate_args: bool | None = None
    ) -> None:
        self._take(0, validate_args, loc=loc, concentration=concentration)
        self._batch_shape = self.loc.shape

    @lazy_property
    def _envelope(self) -> Tensor:
        """(1 + ρ²) / 2ρ of the wrapped Cauchy distribution from which samples are proposed, in double precision."""
        kappa = self.concentration.double()
        # Best and Fisher's ρ, which makes most proposals good. For small κ it is κ, up to its cube, and the formula has no digits.
        tau = 1 + (1 + 4 * kappa.square()).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * kappa)
        return ag.where(kappa < 1e-5, 1 / kappa + kappa, (1 + rho.square()) / (2 * rho))

    def sample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        # Best and Fisher, "Efficient simulation of the von Mises distribution" (1979): a wrapped Cauchy number, which is
        # taken or thrown away. All are drawn anew until each has been taken once; what is taken last counts.
        shape = self._extended_shape(sample_shape)
        with ag.no_grad():
            kappa = self.concentration.double().expand(shape)
            loc, r = self.loc.double().expand(shape), self._envelope.expand(shape)
            angles = ag.empty(shape, dtype=ag.double, device=self.loc.device)
            waiting = ag.ones(shape, dtype=ag.bool, device=self.loc.device)
            while waiting.any():
                turn, chance, side = ag.rand(ag.Size((3,)) + shape, dtype=ag.double, device=self.loc.device)
                z = (math.pi * turn).cos()
                f = (1 + r * z) / (r + z)
                c = kappa * (r - f)
                taken = ((c * (2 - c) - chance) > 0) | ((c / chance).log() + 1 - c >= 0)
                angle = (side - 0.5).sign() * f.clamp(-1, 1).acos()
                angles = ag.where(taken, angle, angles)
                waiting = waiting & ~taken
            return ((angles + math.pi + loc) % (2 * math.pi) - math.pi).to(self.loc.dtype)

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        value = self.sample(sample_shape)
        kappa = self.concentration.double().expand(value.shape)
        with ag.no_grad():
            angle = (value.double() - self.loc.double() + math.pi) % (2 * math.pi) - math.pi
        moved = _ByConcentration.apply(kappa, angle)
        # What is added is nothing, and has the gradients.
        return value + (self.loc - self.loc.detach()) + (moved - angle).to(value.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        peak = self.concentration * (self._checked(value) - self.loc).cos()
        return peak - math.log(2 * math.pi) - _log_bessel(self.concentration)

    @lazy_property
    def variance(self) -> Tensor:
        """The circular variance 1 − I₁(κ) / I₀(κ)."""
        return 1 - _mean_cosine(self.concentration)


_names.describe(__name__)
