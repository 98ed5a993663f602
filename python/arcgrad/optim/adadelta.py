"""Adadelta."""

from __future__ import annotations

from arcgrad import _names

from ._declared import add_scaled, decay_gradient, defaults_of, steps_after, value_of, zero, zeros
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

    from .optimizer import ParamsT


class Adadelta(Optimizer):
    r"""Adadelta: steps as large as the last ones in proportion to the last gradients (Zeiler, 2012).

    ``v ← ρ v + (1 - ρ) grad²``, ``Δ = √(u + eps) / √(v + eps) · grad``, ``u ← ρ u + (1 - ρ) Δ²``, ``p ← p - lr · Δ``.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): factor of the step. Default: 1.
        rho (float): how much of the old means is kept. Default: 0.9.
        eps (float): added under both roots. Default: 1e-6.
        weight_decay (float): factor of an L2 penalty. Default: 0.
        foreach, capturable, maximize, differentiable: see :class:`Optimizer`.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.tensor([1.0, -2.0]))
        >>> optimizer = ag.optim.Adadelta([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([ 0.9968, -1.9968])
    """

    STATE = {"step": zero, "square_avg": zeros, "acc_delta": zeros}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        self._start(params, locals())

    DEFAULTS = defaults_of(__init__)

    def _update(self, param, grad, state, group):
        square_avg, acc_delta = state["square_avg"], state["acc_delta"]
        rho, eps = group["rho"], group["eps"]
        steps_after(state)
        grad = decay_gradient(param, grad, group)
        square_avg.mul_(rho).addcmul_(grad, grad, value=1 - rho)
        delta = (acc_delta + eps).sqrt() / (square_avg + eps).sqrt() * grad
        acc_delta.mul_(rho).addcmul_(delta, delta, value=1 - rho)
        add_scaled(param, delta, -value_of(group, "lr"))


_names.describe(__name__)
