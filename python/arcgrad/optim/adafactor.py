"""Adafactor."""

from __future__ import annotations

from arcgrad import _names, finfo, zeros_like

from ._declared import ABSENT, at_least, decay_parameter, defaults_of, learning_rate, steps_after, zero
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

    from .optimizer import ParamsT


def _check_epsilons(eps):
    for index, value in enumerate((eps[0], eps[1]), 1):
        if not (value is None and index == 1 or value >= 0.0):
            raise ValueError(f"epsilon{index} should be >= 0 but is: {value}")


def _check_decay(beta2_decay):
    if not beta2_decay <= 0.0:
        raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")


def _squashed(dim):
    """State like the parameter, but of size 1 along ``dim``; for matrices and what has more dimensions."""

    def made(param, group):
        if param.dim() < 2:
            return ABSENT
        shape = list(param.shape)
        shape[dim] = 1
        return param.new_zeros(shape)

    return made


def _variance(param, group):
    return ABSENT if param.dim() > 1 else zeros_like(param)


class Adafactor(Optimizer):
    r"""Adam's scaling with the mean squares of rows and columns only, in place of one per element (Shazeer and Stern, 2018).

    With t counting the steps and G the gradient of a matrix: ``r`` and ``c`` are running means of G²'s means over rows
    and columns, with the factor ``t^beta2_decay`` of the new; ``V = r c / mean(r)``, ``U = G / max(√V, eps1)``,
    ``p ← p - α U / max(1, rms(U) / d)`` with ``α = max(eps2, rms(p)) · min(lr, 1 / √t)``. For a vector, V is the running
    mean of G².

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): bound of the relative step. Default: 1e-2.
        beta2_decay (float): power of t; 0 or below. Default: -0.8.
        eps (pair of float): eps1, None for the smallest step of the dtype at 1, and eps2. Default: (None, 1e-3).
        d (float): what the root mean square of an update is clipped to. Default: 1.
        weight_decay (float): ``p ← p - lr · weight_decay · p`` before each step. Default: 0.
        foreach, maximize: see :class:`Optimizer`.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.ones(3, 2))
        >>> optimizer = ag.optim.Adafactor([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> {name: tuple(value.shape) for name, value in optimizer.state[w].items()}
        {'step': (), 'row_var': (3, 1), 'col_var': (1, 2)}
    """

    STATE = {"step": zero, "row_var": _squashed(-1), "col_var": _squashed(-2), "variance": _variance}

    CHECKS = {
        "lr": learning_rate("Learning rate should be >= 0 but is"),
        "beta2_decay": _check_decay,
        "eps": _check_epsilons,
        "d": at_least(1.0, "Clipping threshold d should be >= 1 but is"),
        "weight_decay": at_least(0.0, "weight_decay should be >= 0 but is"),
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        self._start(params, locals())

    DEFAULTS = defaults_of(__init__)

    def _update_group(self, params, grads, group):
        if any(param.is_complex() for param in params):
            raise RuntimeError("Adafactor does not support complex parameters")
        super()._update_group(params, grads, group)

    def _update(self, param, grad, state, group):
        eps1, eps2 = group["eps"]
        if eps1 is None:
            eps1 = finfo(param.dtype).eps
        step = steps_after(state)
        new = step ** group["beta2_decay"]
        relative = min(float(group["lr"]), 1 / step**0.5)
        rate = max(eps2, _rms(param)) * relative
        decay_parameter(param, group)
        if grad.dim() > 1:
            rows, columns = state["row_var"], state["col_var"]
            rows.lerp_(grad.norm(dim=-1, keepdim=True).square().div(grad.size(-1)), new)
            columns.lerp_(grad.norm(dim=-2, keepdim=True).square().div(grad.size(-2)), new)
            variance = (rows @ columns).div_(rows.mean(dim=-2, keepdim=True).clamp_(min=eps1))
        else:
            variance = state["variance"].lerp_(grad.square(), new)
        update = variance.clamp(min=eps1 * eps1).rsqrt_().mul_(grad)
        param.add_(update, alpha=-rate / max(1.0, _rms(update) / group["d"]))


def _rms(x):
    """The root mean square."""
    return x.norm(2).item() / x.numel() ** 0.5


_names.describe(__name__)
