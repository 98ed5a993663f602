"""RMSprop."""

from __future__ import annotations

from arcgrad import _names

from ._declared import add_quotient, add_scaled, decay_gradient, defaults_of, steps_after, value_of, when, zero, zeros
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

    from .optimizer import ParamsT


class RMSprop(Optimizer):
    r"""Steps along the gradient, scaled by the root of its mean square (Hinton's lectures, 2012).

    ``v ← α v + (1 - α) grad²``, ``p ← p - lr · grad / (√v + eps)``. With ``centered``, the square of the running mean of
    the gradient is taken from v under the root (Graves, 2013). With ``momentum``, p moves by lr times
    ``b ← momentum · b + grad / (√v + eps)``.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): learning rate. Default: 1e-2.
        alpha (float): how much of the old mean is kept. Default: 0.99.
        eps (float): added to the denominator. Default: 1e-8.
        weight_decay (float): factor of an L2 penalty. Default: 0.
        momentum (float): how much of the last step is kept. Default: 0.
        centered (bool): scale by the standard deviation.
        foreach, capturable, maximize, differentiable: see :class:`Optimizer`.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.tensor([1.0, -2.0]))
        >>> optimizer = ag.optim.RMSprop([w], lr=0.05)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([ 0.5000, -1.5000])
    """

    STATE = {
        "step": zero,
        "square_avg": zeros,
        "momentum_buffer": when("momentum", zeros),
        "grad_avg": when("centered", zeros),
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        self._start(params, locals())

    DEFAULTS = defaults_of(__init__)

    def _update(self, param, grad, state, group):
        lr, alpha, momentum = value_of(group, "lr"), group["alpha"], group["momentum"]
        steps_after(state)
        grad = decay_gradient(param, grad, group)
        square = state["square_avg"].mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
        if group["centered"]:
            mean = state["grad_avg"].lerp_(grad, 1 - alpha)
            square = square.addcmul(mean, mean, value=-1)
        root = square.sqrt() + group["eps"]
        if momentum > 0:
            add_scaled(param, state["momentum_buffer"].mul_(momentum).addcdiv_(grad, root), -lr)
        else:
            add_quotient(param, grad, root, -lr)


_names.describe(__name__)
