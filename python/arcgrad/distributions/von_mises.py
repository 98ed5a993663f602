"""The von Mises distribution."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from . import constraints
from .distribution import Distribution
from .utils import lazy_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcgrad._core import Tensor

__all__ = ["VonMises"]


def _log_bessel(x: Tensor) -> Tensor:
    """ln I₀(x) without overflow."""
    return ag.special.i0e(x).log() + x


class VonMises(Distribution):
    """The von Mises distribution over angles in radians, with a density proportional to exp(κ cos(x − loc)).

    Args:
        loc: the mean angle.
        concentration: κ, positive: 0 would be uniform.

    >>> import arcgrad as torch
    >>> VonMises(torch.tensor(0.0), torch.tensor(1.0)).log_prob(torch.tensor(0.0))
    tensor(-1.0738)
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    _parameters = {"loc": 0, "concentration": 0}

    def __init__(
        self, loc: Tensor | float, concentration: Tensor | float, validate_args: bool | None = None
    ) -> None:
        self._take(0, validate_args, loc=loc, concentration=concentration)
        self._batch_shape = self.loc.shape

    @lazy_property
    def _proposal_r(self) -> Tensor:
        """The parameter of the wrapped Cauchy distribution from which samples are proposed, in double precision."""
        kappa = self.concentration.double()
        tau = 1 + (1 + 4 * kappa.square()).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * kappa)
        r = (1 + rho.square()) / (2 * rho)
        # Of small κ the difference has no digits left: 1 / κ + κ.
        return ag.where(kappa < 1e-5, 1 / kappa + kappa, r)

    def sample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        # Best and Fisher, "Efficient simulation of the von Mises distribution" (1979): a wrapped Cauchy number, which is
        # taken or thrown away. All are drawn anew until each has been taken once; what is taken last counts.
        shape = self._extended_shape(sample_shape)
        with ag.no_grad():
            kappa = self.concentration.double().expand(shape)
            loc, r = self.loc.double().expand(shape), self._proposal_r.expand(shape)
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

    def log_prob(self, value: Tensor) -> Tensor:
        peak = self.concentration * (self._checked(value) - self.loc).cos()
        return peak - math.log(2 * math.pi) - _log_bessel(self.concentration)

    @property
    def mean(self) -> Tensor:
        """The mean angle."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        """The circular variance 1 − I₁(κ) / I₀(κ)."""
        return 1 - ag.special.i1e(self.concentration) / ag.special.i0e(self.concentration)


_names.describe(__name__)
