"""Adam for sparse gradients."""

from __future__ import annotations

from arcgrad import _names

from ._declared import CHECKS, betas_of, count, defaults_of, value_of, zeros
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

    from .optimizer import ParamsT


def _check_epsilon(eps):
    if not 0.0 < eps:
        raise ValueError(f"Invalid epsilon value: {eps}")


class SparseAdam(Optimizer):
    """Adam that updates only the elements a sparse gradient names: the moments of all others stay as they are, too.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): learning rate. Default: 1e-3.
        betas (pair of float): β₁ and β₂, as of :class:`Adam`. Default: (0.9, 0.999).
        eps (float): added to the denominator. Default: 1e-8.
        maximize (bool): climb instead of descend.

    A dense gradient is refused; use :class:`Adam` for it.

    Example::

        >>> import arcgrad as ag
        >>> table = ag.nn.Embedding(4, 1, sparse=True, _weight=ag.ones(4, 1))
        >>> optimizer = ag.optim.SparseAdam(table.parameters(), lr=0.5)
        >>> table(ag.tensor([1, 3])).sum().backward()
        >>> optimizer.step()
        >>> table.weight.detach().flatten()
        tensor([1.0000, 0.5000, 1.0000, 0.5000])
    """

    CHECKS = {**CHECKS, "eps": _check_epsilon}
    STATE = {"step": count, "exp_avg": zeros, "exp_avg_sq": zeros}

    _takes_sparse = True
    _in_real_parts = False

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        self._start(params, locals())

    DEFAULTS = defaults_of(__init__)

    def _update(self, param, grad, state, group):
        if not grad.is_sparse:
            raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
        grad = grad.coalesce()
        state["step"] += 1
        beta1, beta2 = betas_of(group)
        exp_avg, exp_avg_sq = state["exp_avg"], state["exp_avg_sq"]
        # What is missing from the new mean is added to it: of elements that are not named nothing is missing.
        mean, square = grad.picked_from(exp_avg), grad.picked_from(exp_avg_sq)
        to_mean, to_square = (grad.values() - mean) * (1 - beta1), (grad.values().square() - square) * (1 - beta2)
        grad._with(to_mean).add_to_(exp_avg, 1)
        grad._with(to_square).add_to_(exp_avg_sq, 1)
        root = (square + to_square).sqrt() + group["eps"]
        rate = value_of(group, "lr") * (1 - beta2 ** state["step"]) ** 0.5 / (1 - beta1 ** state["step"])
        grad._with((mean + to_mean) / root).add_to_(param, -rate)


_names.describe(__name__)
