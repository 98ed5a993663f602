"""Stochastic gradient descent."""

from __future__ import annotations

from arcgrad import _core, _names

from ._declared import add_scaled, decay_gradient, defaults_of, fusible, unset, value_of, when
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

    from .optimizer import ParamsT


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
        foreach, fused: accepted; all parameters of a group are updated in one call in any case.
        maximize, differentiable: see :class:`Optimizer`.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.tensor([1.0, 2.0]))
        >>> optimizer = ag.optim.SGD([w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0., 0.])
    """

    STATE = {"momentum_buffer": when("momentum", unset)}

    _in_real_parts = False  # the formula is linear
    _takes_sparse = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        self._start(params, locals())

    DEFAULTS = defaults_of(__init__)

    def _check(self, settings):
        super()._check(settings)
        if settings["nesterov"] and (settings["momentum"] <= 0 or settings["dampening"] != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")

    def _update_group(self, params, grads, group):
        if not fusible(params, grads, group):
            super()._update_group(params, grads, group)
            return
        momentum = float(group["momentum"])
        states = self._states(params, group) if momentum else []
        # A buffer that is None, before the first step, is made by the core and put into the list.
        buffers = [state["momentum_buffer"] for state in states]
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

    def _update(self, param, grad, state, group):
        grad = decay_gradient(param, grad, group)
        momentum = group["momentum"]
        if momentum:
            buffer = state["momentum_buffer"]
            if buffer is None:
                buffer = state["momentum_buffer"] = grad.clone()
            else:
                buffer.mul_(momentum).add_(grad, alpha=1 - group["dampening"])
            grad = grad.add(buffer, alpha=momentum) if group["nesterov"] else buffer
        add_scaled(param, grad, -value_of(group, "lr"))


_names.describe(__name__)
