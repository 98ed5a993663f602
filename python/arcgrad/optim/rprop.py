"""Resilient backpropagation."""

from __future__ import annotations

from arcgrad import _names

from ._declared import defaults_of, filled, steps_after, zero, zeros
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

    from .optimizer import ParamsT


def _first_step(param, group):
    return filled(param, float(group["lr"]))


class Rprop(Optimizer):
    r"""Resilient backpropagation: only the gradient's sign counts, each element has a step of its own (Riedmiller and Braun, 1993).

    The step grows by η⁺ where the gradient keeps its sign, shrinks by η⁻ where it changes, and the element stays where
    it is that time.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): first step. Default: 1e-2.
        etas (pair of float): η⁻, below 1, and η⁺, above. Default: (0.5, 1.2).
        step_sizes (pair of float): smallest and largest step. Default: (1e-6, 50).
        foreach, capturable, maximize, differentiable: see :class:`Optimizer`.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.tensor([1.0, -2.0]))
        >>> optimizer = ag.optim.Rprop([w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([ 0.5000, -1.5000])
    """

    STATE = {"step": zero, "prev": zeros, "step_size": _first_step}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        self._start(params, locals())

    DEFAULTS = defaults_of(__init__)

    def _update(self, param, grad, state, group):
        prev, step_size = state["prev"], state["step_size"]
        smaller, larger = group["etas"]
        steps_after(state)
        # A sign has no derivative but zero.
        agreement = (grad.detach() * prev.detach()).sign()
        turned = agreement < 0
        factor = agreement.masked_fill(agreement > 0, larger).masked_fill(turned, smaller).masked_fill(agreement == 0, 1)
        step_size.mul_(factor).clamp_(*group["step_sizes"])
        grad = grad.masked_fill(turned, 0)
        param.addcmul_(grad.sign(), step_size, value=-1)
        prev.copy_(grad)


_names.describe(__name__)
