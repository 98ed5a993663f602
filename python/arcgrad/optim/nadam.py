"""Adam with Nesterov's momentum."""

from __future__ import annotations

from arcgrad import _names

from ._declared import add_quotient, betas_of, decay, defaults_of, one, steps_after, value_of, zero, zeros
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

    from .optimizer import ParamsT


class NAdam(Optimizer):
    r"""Adam with Nesterov's momentum, whose factor grows with the steps (Dozat, 2016).

    With t counting the steps: ``μₜ = β₁ (1 - 0.96^(t · momentum_decay) / 2)``, ``m`` and ``v`` as in :class:`Adam`,
    ``p ← p - lr ((1 - μₜ) / (1 - μ₁…μₜ) · grad + μₜ₊₁ / (1 - μ₁…μₜ₊₁) · m) / (√(v / (1 - β₂ᵗ)) + eps)``.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): learning rate. Default: 2e-3.
        betas (pair of float): β₁ and β₂. Default: (0.9, 0.999).
        eps (float): added to the denominator. Default: 1e-8.
        weight_decay (float): factor of an L2 penalty. Default: 0.
        momentum_decay (float): how fast the momentum reaches β₁. Default: 4e-3.
        decoupled_weight_decay (bool): decay as :class:`AdamW` does, not through the gradient.
        foreach, capturable, maximize, differentiable: see :class:`Optimizer`.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.tensor([1.0, -2.0]))
        >>> optimizer = ag.optim.NAdam([w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([ 0.4718, -1.4718])
    """

    STATE = {"step": zero, "mu_product": one, "exp_avg": zeros, "exp_avg_sq": zeros}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
        lr, momentum_decay = value_of(group, "lr"), group["momentum_decay"]
        step = steps_after(state)
        grad = decay(param, grad, group)

        def momentum(step):
            return beta1 * (1.0 - 0.5 * 0.96 ** (step * momentum_decay))

        now, later = momentum(step), momentum(step + 1)
        product = state["mu_product"].mul_(now)
        # A step that is to be differentiated depends on it; the next one changes it in place.
        product = product.double() if group["differentiable"] else product.item()
        exp_avg.lerp_(grad, 1 - beta1)
        exp_avg_sq.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        root = (exp_avg_sq / (1 - beta2**step)).sqrt() + group["eps"]
        add_quotient(param, grad, root, -lr * (1.0 - now) / (1.0 - product))
        add_quotient(param, exp_avg, root, -lr * later / (1.0 - product * later))


_names.describe(__name__)
