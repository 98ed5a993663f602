"""Stochastic gradient descent."""

from __future__ import annotations

from arcgrad import _core, _names

from .optimizer import Optimizer, check_learning_rate, check_settings, evaluate, with_gradients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from arcgrad._core import Tensor


class SGD(Optimizer):
    r"""Stochastic gradient descent, with momentum if wanted.

    ``v ← momentum · v + (1 - dampening) · (grad + weight_decay · p)``, ``p ← p - lr · v``; the first step takes the
    gradient itself for v. With ``nesterov``, p moves by ``grad + momentum · v`` (Sutskever et al., 2013).

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): learning rate. Default: 1e-3.
        momentum (float): how much of the last step is kept. Default: 0.
        dampening (float): how much of the gradient is left out. Default: 0.
        weight_decay (float): factor of an L2 penalty. Default: 0.
        nesterov (bool): Nesterov's momentum.
        maximize (bool): climb instead of descend.
        foreach, fused: accepted; there is one implementation, which updates all parameters in one call.
        differentiable (bool): must be False.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.tensor([1.0, 2.0]))
        >>> optimizer = ag.optim.SGD([w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0., 0.])
    """

    def __init__(
        self,
        params: Iterable[Tensor | tuple[str, Tensor] | dict[str, Any]],
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_learning_rate(lr)
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        check_settings(foreach=foreach, fused=fused, differentiable=differentiable)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, default in (("nesterov", False), ("maximize", False), ("foreach", None)):
                group.setdefault(name, default)
            group.setdefault("differentiable", False)
            group.setdefault("fused", None)

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
            momentum = float(group["momentum"])
            # One buffer per parameter, None before its first step: the core then makes one and puts it there.
            states, buffers = [], []
            if momentum:
                states = [self.state[param] for param in params]
                buffers = [state.get("momentum_buffer") for state in states]
            _core.sgd_step(
                params,
                grads,
                buffers,
                lr=float(group["lr"]),
                momentum=momentum,
                dampening=float(group["dampening"]),
                weight_decay=float(group["weight_decay"]),
                nesterov=bool(group["nesterov"]),
                maximize=bool(group["maximize"]),
            )
            for state, buffer in zip(states, buffers):
                state["momentum_buffer"] = buffer
        return loss


_names.describe(__name__)
