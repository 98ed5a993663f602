"""Averaged stochastic gradient descent."""

from __future__ import annotations

from arcgrad import _names

from ._declared import add_scaled, decay_gradient, defaults_of, makes_number, number, one, steps_after, zero, zeros
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

    from .optimizer import ParamsT


@makes_number
def _first_rate(param, group):
    return number(group["lr"])


class ASGD(Optimizer):
    r"""Stochastic gradient descent that keeps the mean of the parameters over the steps (Polyak and Juditsky, 1992).

    With t counting the steps and ``η = lr / (1 + lambd · lr · t)^alpha`` of the step before:
    ``p ← (1 - lambd · η) p - η · grad``, ``ax ← ax + (p - ax) / max(1, t - t0)``. The mean is ``state[p]["ax"]``.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): learning rate. Default: 1e-2.
        lambd (float): decay. Default: 1e-4.
        alpha (float): power of the rate's fall. Default: 0.75.
        t0 (float): from which step on the mean is taken. Default: 1e6.
        weight_decay (float): factor of an L2 penalty. Default: 0.
        foreach, capturable, maximize, differentiable: see :class:`Optimizer`.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.tensor([1.0, -2.0]))
        >>> optimizer = ag.optim.ASGD([w], lr=0.25)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([ 0.5000, -1.0000])
    """

    STATE = {"step": zero, "eta": _first_rate, "mu": one, "ax": zeros}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        self._start(params, locals())

    DEFAULTS = defaults_of(__init__)

    def _update(self, param, grad, state, group):
        eta, mu, mean = state["eta"], state["mu"], state["ax"]
        lr, lambd = float(group["lr"]), group["lambd"]
        step = steps_after(state)
        grad = decay_gradient(param, grad, group)
        rate = eta.item()
        add_scaled(param.mul_(1 - lambd * rate), grad, -rate)
        weight = mu.item()
        if weight == 1:
            mean.copy_(param)
        else:
            mean.add_((param - mean) * weight)
        eta.fill_(lr / (1 + lambd * lr * step) ** group["alpha"])
        mu.fill_(1 / max(1, step - group["t0"]))


_names.describe(__name__)
