"""Adam."""

from __future__ import annotations

from arcgrad import Tensor, _core, _names

from ._declared import (
    add_product,
    add_quotient,
    betas_of,
    decay,
    defaults_of,
    fusible,
    shrink,
    steps_after,
    value_of,
    when,
    zero,
    zeros,
)
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .optimizer import ParamsT


class Adam(Optimizer):
    r"""Adam: steps along the running mean of the gradient, scaled by that of its square (Kingma and Ba, 2015).

    With t counting the steps: ``m ← β₁ m + (1 - β₁) grad``, ``v ← β₂ v + (1 - β₂) grad²``,
    ``p ← p - lr · (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + eps)``.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): learning rate. Default: 1e-3.
        betas (pair of float): β₁ and β₂. Default: (0.9, 0.999).
        eps (float): added to the denominator. Default: 1e-8.
        weight_decay (float): factor of an L2 penalty. Default: 0.
        amsgrad (bool): use the largest v so far (Reddi et al., 2018).
        decoupled_weight_decay (bool): decay as :class:`AdamW` does, not through the gradient.
        foreach, fused, capturable: accepted; all parameters of a group are updated in one call in any case.
        maximize, differentiable: see :class:`Optimizer`.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.tensor([1.0, -2.0]))
        >>> optimizer = ag.optim.Adam([w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([ 0.5000, -1.5000])
    """

    STATE = {"step": zero, "exp_avg": zeros, "exp_avg_sq": zeros, "max_exp_avg_sq": when("amsgrad", zeros)}

    _for_sparse = ", please consider SparseAdam instead"

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        self._start(params, locals())

    DEFAULTS = defaults_of(__init__)

    def _check(self, settings):
        if settings["foreach"] and not settings["capturable"]:
            for name, value in (("lr", settings["lr"]), *((f"betas[{i}]", beta) for i, beta in enumerate(settings["betas"]))):
                if isinstance(value, Tensor):
                    raise ValueError(f"{name} as a Tensor is not supported for capturable=False and foreach=True")
        super()._check(settings)

    def _update_group(self, params, grads, group):
        if not fusible(params, grads, group):
            super()._update_group(params, grads, group)
            return
        states = self._states(params, group)
        amsgrad = bool(group["amsgrad"])
        beta1, beta2 = group["betas"]
        # The core counts the step, too.
        _core.adam_step(
            params,
            grads,
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [state["max_exp_avg_sq"] for state in states] if amsgrad else [],
            [state["step"] for state in states],
            lr=float(group["lr"]),
            beta1=float(beta1),
            beta2=float(beta2),
            eps=float(group["eps"]),
            weight_decay=float(group["weight_decay"]),
            amsgrad=amsgrad,
            decoupled=bool(group["decoupled_weight_decay"]),
            maximize=bool(group["maximize"]),
        )

    def _update(self, param, grad, state, group):
        exp_avg, exp_avg_sq = state["exp_avg"], state["exp_avg_sq"]
        beta1, beta2 = betas_of(group)
        step = steps_after(state)
        grad = decay(param, grad, group)
        exp_avg.lerp_(grad, 1 - beta1)
        add_product(shrink(exp_avg_sq, beta2), grad, grad, 1 - beta2)
        if group["amsgrad"]:
            exp_avg_sq = state["max_exp_avg_sq"].clamp_(min=exp_avg_sq)
        root = exp_avg_sq.sqrt() / (1 - beta2**step) ** 0.5 + group["eps"]
        add_quotient(param, exp_avg, root, -(value_of(group, "lr") / (1 - beta1**step)))


_names.describe(__name__)
