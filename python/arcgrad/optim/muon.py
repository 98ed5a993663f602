"""Muon."""

from __future__ import annotations

import math

from arcgrad import _names, addmm

from ._declared import at_least, decay_parameter, defaults_of, learning_rate, zeros
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .optimizer import ParamsT


def _check_adjustment(adjust_lr_fn):
    if adjust_lr_fn is not None and adjust_lr_fn not in _ADJUSTED:
        raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")


#: How much longer a step is for a matrix of so many rows and columns.
_ADJUSTED = {
    "original": lambda rows, columns: math.sqrt(max(1, rows / columns)),
    "match_rms_adamw": lambda rows, columns: 0.2 * math.sqrt(max(rows, columns)),
}


class Muon(Optimizer):
    r"""Momentum whose matrix is made nearly orthogonal before the step (Jordan et al., 2024).

    ``b ← momentum · b + (1 - momentum) grad``; the step is along ``U Vᵀ`` of the singular value decomposition of b (with
    ``nesterov``, of ``momentum · b + (1 - momentum) grad``), which a few Newton-Schulz iterations
    ``X ← a X + (b A + c A²) X``, ``A = X Xᵀ`` come close to. Parameters are matrices; train the others with
    :class:`AdamW`.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries of groups.
        lr (float): learning rate. Default: 1e-3.
        weight_decay (float): ``p ← p - lr · weight_decay · p`` before each step. Default: 0.1.
        momentum (float): how much of the last step is kept. Default: 0.95.
        nesterov (bool): Nesterov's momentum. Default: True.
        ns_coefficients (three floats): a, b and c. Default: (3.4445, -4.775, 2.0315).
        eps (float): smallest norm that b is divided by. Default: 1e-7.
        ns_steps (int): number of iterations, below 100. Default: 5.
        adjust_lr_fn (str): how the rate depends on the shape (rows, columns) of the matrix: ``'original'`` or None:
            times ``√max(1, rows / columns)``; ``'match_rms_adamw'``: times ``0.2 √max(rows, columns)``, so that rates of
            AdamW do (Liu et al., 2025).

    The iterations round as PyTorch's do, which are in bfloat16.

    Raises:
        ValueError: a setting is out of bounds, or a parameter is no matrix.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.ones(2, 2))
        >>> optimizer = ag.optim.Muon([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
    """

    STATE = {"momentum_buffer": zeros}

    CHECKS = {
        "lr": learning_rate("Learning rate should be >= 0 but is"),
        "momentum": at_least(0.0, "momentum should be >= 0 but is"),
        "weight_decay": at_least(0.0, "weight decay should be >= 0 but is"),
        "adjust_lr_fn": _check_adjustment,
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        self._start(params, locals())

    DEFAULTS = defaults_of(__init__)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group; its parameters must be matrices."""
        super().add_param_group(param_group)
        for param in self.param_groups[-1]["params"]:
            if param.dim() != 2:
                self.param_groups.pop()
                raise ValueError(f"Muon only supports 2D parameters whereas we found a parameter with size: {param.size()}")

    def _update_group(self, params, grads, group):
        if any(param.is_complex() for param in params):
            raise RuntimeError("Muon does not support complex parameters")
        super()._update_group(params, grads, group)

    def _update(self, param, grad, state, group):
        momentum = group["momentum"]
        buffer = state["momentum_buffer"].lerp_(grad, 1 - momentum)
        update = grad.lerp(buffer, momentum) if group["nesterov"] else buffer
        update = _orthogonal(update, group["ns_coefficients"], group["ns_steps"], group["eps"])
        decay_parameter(param, group)
        longer = _ADJUSTED[group["adjust_lr_fn"] or "original"](*param.shape)
        param.add_(update, alpha=-float(group["lr"]) * longer)


def _orthogonal(x, coefficients, steps, eps):
    """Nearly the orthogonal matrix next to ``x``, by ``steps`` Newton-Schulz iterations with the precision of bfloat16."""
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    # Of a high matrix the transpose: the product of rows is then the smaller one.
    high = x.size(0) > x.size(1)
    y = _rounded((x.T if high else x).float())
    y = _rounded(y / _rounded(y.norm()).clamp(min=eps))
    for _ in range(steps):
        gram = _rounded(y @ y.T)
        y = _rounded(addmm(y, _rounded(addmm(gram, gram, gram, beta=b, alpha=c)), y, beta=a))
    return y.T if high else y


def _rounded(x):
    """Numbers of float32, rounded to the eight bits of bfloat16 by Veltkamp's splitting."""
    split = x * (2.0**16 + 1)
    return split - (split - x)


_names.describe(__name__)
