"""Adam."""

from __future__ import annotations

from arcgrad import Tensor, _core, _names, tensor, zeros_like
from arcgrad import float32 as _float32

from .optimizer import Optimizer, check_learning_rate, check_settings, evaluate, with_gradients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


def _check_betas(betas):
    if isinstance(betas[0], Tensor) != isinstance(betas[1], Tensor):
        raise ValueError("betas must be either both floats or both Tensors")
    for index, beta in enumerate(betas):
        if isinstance(beta, Tensor) and beta.numel() != 1:
            raise ValueError(f"Tensor betas[{index}] must be 1-element")
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {index}: {beta}")


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
        maximize (bool): climb instead of descend.
        decoupled_weight_decay (bool): decay as :class:`AdamW` does, not through the gradient.
        foreach, fused, capturable: accepted; there is one implementation, which updates all parameters in one call.
        differentiable (bool): must be False.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.tensor([1.0, -2.0]))
        >>> optimizer = ag.optim.Adam([w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([ 0.5000, -1.5000])
    """

    def __init__(
        self,
        params: Iterable[Tensor | tuple[str, Tensor] | dict[str, Any]],
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
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        check_learning_rate(lr)
        if not eps >= 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        _check_betas(betas)
        if not weight_decay >= 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        check_settings(foreach=foreach, fused=fused, differentiable=differentiable)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name in ("amsgrad", "maximize", "capturable", "differentiable", "decoupled_weight_decay"):
                group.setdefault(name, False)
            group.setdefault("foreach", None)
            group.setdefault("fused", None)
            for param in group["params"]:
                values = self.state.get(param)
                # Files of old hold the number of steps as a plain number.
                if values and not isinstance(values["step"], Tensor):
                    values["step"] = tensor(float(values["step"]), dtype=_float32)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters once.

        Args:
            closure (callable, optional): computes the loss again, gradients included, and returns it.

        Returns:
            What the closure returned, or None.
        """
        loss = evaluate(closure)
        for group in self.param_groups:
            params, grads = with_gradients(group["params"])
            if not params:
                continue
            amsgrad = bool(group["amsgrad"])
            exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps = [], [], [], []
            for param in params:
                state = self.state[param]
                if not state:
                    _initialise(state, param, amsgrad)
                exp_avgs.append(state["exp_avg"])
                exp_avg_sqs.append(state["exp_avg_sq"])
                if amsgrad:
                    max_exp_avg_sqs.append(state["max_exp_avg_sq"])
                steps.append(state["step"])
            beta1, beta2 = group["betas"]
            # The core counts the step, too.
            _core.adam_step(
                params,
                grads,
                exp_avgs,
                exp_avg_sqs,
                max_exp_avg_sqs,
                steps,
                lr=float(group["lr"]),
                beta1=float(beta1),
                beta2=float(beta2),
                eps=float(group["eps"]),
                weight_decay=float(group["weight_decay"]),
                amsgrad=amsgrad,
                decoupled=bool(group["decoupled_weight_decay"]),
                maximize=bool(group["maximize"]),
            )
        return loss


def _initialise(state, param, amsgrad):
    """The state of ``param`` before its first step."""
    state["step"] = tensor(0.0, dtype=_float32)
    state["exp_avg"] = zeros_like(param)
    state["exp_avg_sq"] = zeros_like(param)
    if amsgrad:
        state["max_exp_avg_sq"] = zeros_like(param)


_names.describe(__name__)
