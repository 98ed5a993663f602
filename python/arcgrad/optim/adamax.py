"""Adamax."""

from __future__ import annotations

from arcgrad import _names, maximum

from ._declared import add_quotient, betas_of, decay_gradient, defaults_of, steps_after, value_of, zero, zeros
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

    from .optimizer import ParamsT


class Adamax(Optimizer):
    r"""Adam with the largest gradient of late in place of the root of the mean square (Kingma and Ba, 2015, section 7).

    With t counting the steps: ``m ← β₁ m + (1 - β₁) grad``, ``u ← max(β₂ u, |grad| + eps)``,
    ``p ← p - lr / (1 - β₁ᵗ) · m / u``.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): learning rate. Default: 2e-3.
        betas (pair of float): β₁ and β₂. Default: (0.9, 0.999).
        eps (float): added to the gradient's magnitude. Default: 1e-8.
        weight_decay (float): factor of an L2 penalty. Default: 0.
        foreach, capturable, maximize, differentiable: see :class:`Optimizer`.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.tensor([1.0, -2.0]))
        >>> optimizer = ag.optim.Adamax([w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([ 0.5000, -1.5000])
    """

    STATE = {"step": zero, "exp_avg": zeros, "exp_inf": zeros}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        self._start(params, locals())

    DEFAULTS = defaults_of(__init__)

    def _update(self, param, grad, state, group):
        exp_avg, exp_inf = state["exp_avg"], state["exp_inf"]
        beta1, beta2 = betas_of(group)
        step = steps_after(state)
        grad = decay_gradient(param, grad, group)
        exp_avg.lerp_(grad, 1 - beta1)
        exp_inf.copy_(maximum(exp_inf * beta2, grad.abs() + group["eps"]))
        add_quotient(param, exp_avg, exp_inf, -(value_of(group, "lr") / (1 - beta1**step)))


_names.describe(__name__)
