"""Rectified Adam."""

from __future__ import annotations

from arcgrad import _names

from ._declared import add_scaled, betas_of, decay, defaults_of, steps_after, value_of, zero, zeros
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

    from .optimizer import ParamsT


class RAdam(Optimizer):
    r"""Adam that scales by the mean square only once it is known well enough (Liu et al., 2020).

    With t counting the steps, ``m`` and ``v`` as in :class:`Adam`, ``ρ∞ = 2 / (1 - β₂) - 1`` and
    ``ρ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ)``: ``p ← p - lr · m / (1 - β₁ᵗ) · s``, where s is 1 while ρ ≤ 5, and then
    ``√((ρ - 4) (ρ - 2) ρ∞ / ((ρ∞ - 4) (ρ∞ - 2) ρ)) · √(1 - β₂ᵗ) / (√v + eps)``.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): learning rate. Default: 1e-3.
        betas (pair of float): β₁ and β₂. Default: (0.9, 0.999).
        eps (float): added to the denominator. Default: 1e-8.
        weight_decay (float): factor of an L2 penalty. Default: 0.
        decoupled_weight_decay (bool): decay as :class:`AdamW` does, not through the gradient.
        foreach, capturable, maximize, differentiable: see :class:`Optimizer`.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.tensor([1.0, -2.0]))
        >>> optimizer = ag.optim.RAdam([w], lr=0.25)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([ 0.5000, -1.0000])
    """

    STATE = {"step": zero, "exp_avg": zeros, "exp_avg_sq": zeros}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        self._start(params, locals())

    DEFAULTS = defaults_of(__init__)

    def _update(self, param, grad, state, group):
        exp_avg, exp_avg_sq = state["exp_avg"], state["exp_avg_sq"]
        beta1, beta2 = betas_of(group)
        step = steps_after(state)
        grad = decay(param, grad, group)
        exp_avg.lerp_(grad, 1 - beta1)
        exp_avg_sq.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        correction1, correction2 = 1 - beta1**step, 1 - beta2**step
        update = exp_avg / correction1 * value_of(group, "lr")
        # The lengths of the moving average, in the limit and now, as those of a plain mean with the same centre.
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * step * beta2**step / correction2
        if length > 5.0:
            variance = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            update = update * (correction2**0.5 / (exp_avg_sq.sqrt() + group["eps"])) * variance**0.5
        add_scaled(param, update, -1.0)


_names.describe(__name__)
