"""Adam for sparse gradients."""

from __future__ import annotations

from arcgrad import _names

from ._declared import CHECKS, defaults_of
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

    from .optimizer import ParamsT


def _check_epsilon(eps):
    if not 0.0 < eps:
        raise ValueError(f"Invalid epsilon value: {eps}")


class SparseAdam(Optimizer):
    """Adam that updates only the elements a sparse gradient names.

    There are no sparse gradients in this package yet, so :meth:`step` refuses the gradients there are, as PyTorch's
    refuses dense ones. Use :class:`Adam`.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): learning rate. Default: 1e-3.
        betas (pair of float): β₁ and β₂, as of :class:`Adam`. Default: (0.9, 0.999).
        eps (float): added to the denominator. Default: 1e-8.
        maximize (bool): climb instead of descend.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.ones(2))
        >>> optimizer = ag.optim.SparseAdam([w])
        >>> w.sum().backward()
        >>> optimizer.step()
        Traceback (most recent call last):
        RuntimeError: SparseAdam does not support dense gradients, please consider Adam instead
    """

    CHECKS = {**CHECKS, "eps": _check_epsilon}

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

    def _update_group(self, params, grads, group):
        if not all(grad.is_sparse for grad in grads):
            raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
        raise NotImplementedError("SparseAdam's update of sparse gradients is not available")


_names.describe(__name__)
