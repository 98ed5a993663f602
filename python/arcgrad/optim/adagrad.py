"""Adagrad."""

from __future__ import annotations

from arcgrad import _names

from ._declared import add_quotient, decay_gradient, defaults_of, filled, steps_after, value_of, zero
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import Tensor

    from .optimizer import ParamsT


def _initial_sum(param, group):
    return filled(param, group["initial_accumulator_value"])


class Adagrad(Optimizer):
    r"""Adagrad: each element's rate falls with the sum of its squared gradients (Duchi, Hazan and Singer, 2011).

    With t counting the steps from 0: ``s ← s + grad²``, ``p ← p - lr / (1 + t · lr_decay) · grad / (√s + eps)``.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): learning rate. Default: 1e-2.
        lr_decay (float): how fast the rate falls with the number of steps. Default: 0.
        weight_decay (float): factor of an L2 penalty. Default: 0.
        initial_accumulator_value (float): what s begins with. Default: 0.
        eps (float): added to the denominator. Default: 1e-10.
        foreach, fused, maximize, differentiable: see :class:`Optimizer`.

    The state is there from the beginning, not from the first step on.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.tensor([1.0, -2.0]))
        >>> optimizer = ag.optim.Adagrad([w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([ 0.5000, -1.5000])
    """

    STATE = {"step": zero, "sum": _initial_sum}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        self._start(params, locals())

    DEFAULTS = defaults_of(__init__)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group, and the state of its parameters."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        self._states(group["params"], group)

    def share_memory(self) -> None:
        """Move the sums of squares to memory that processes share."""
        for group in self.param_groups:
            for param in group["params"]:
                self.state[param]["sum"].share_memory_()

    _takes_sparse = True

    def _update(self, param, grad, state, group):
        before = steps_after(state) - 1
        if grad.is_sparse:
            self._update_rows(param, grad.coalesce(), state, group, before)
            return
        grad = decay_gradient(param, grad, group)
        total = state["sum"].addcmul_(grad, grad)
        rate = value_of(group, "lr") / (1 + before * group["lr_decay"])
        add_quotient(param, grad, total.sqrt() + group["eps"], -rate)

    def _update_rows(self, param, grad, state, group, before):
        """The same for the elements that a sparse gradient names."""
        if group["weight_decay"]:
            raise RuntimeError("weight_decay option is not compatible with sparse gradients")
        total = state["sum"]
        (grad * grad).add_to_(total, 1)
        rate = value_of(group, "lr") / (1 + before * group["lr_decay"])
        root = grad.picked_from(total).sqrt() + group["eps"]
        grad._with(grad.values() / root).add_to_(param, -rate)


_names.describe(__name__)
