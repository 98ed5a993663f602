"""Keeping gradients from growing too large."""

from __future__ import annotations

import warnings

import arcgrad
from arcgrad import _names
from arcgrad import Tensor, no_grad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def _as_list(tensors):
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _checked(name, bound):
    """A bound of magnitudes: below 0 it would turn the gradients round."""
    bound = float(bound)
    if not bound >= 0:
        raise ValueError(f"{name} must be a non-negative number, got {bound}")
    return bound


def _gradients(parameters):
    parameters = _as_list(parameters)
    if not parameters:
        warnings.warn(
            "there are no parameters to clip the gradients of (an iterator that was used before?)",
            stacklevel=3,
        )
    return [parameter.grad for parameter in parameters if parameter.grad is not None]


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all elements of all tensors together.

    Args:
        tensors (Tensor or iterable of Tensors).
        norm_type (float): the p of the p-norm; ``inf`` for the maximum.
        error_if_nonfinite (bool): raise RuntimeError if the norm is nan or infinite.
        foreach: accepted for compatibility; the result is the same.
    """
    norm_type = float(norm_type)
    with no_grad():
        norms = [tensor.norm(norm_type) for tensor in _as_list(tensors)]
        if not norms:
            return arcgrad.tensor(0.0)
        total = arcgrad.stack(norms).norm(norm_type)
        if error_if_nonfinite and not arcgrad.isfinite(total):
            raise RuntimeError(
                f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be clipped. "
                "With error_if_nonfinite=False the gradients are scaled all the same"
            )
        return total


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients in place by ``max_norm / total_norm`` if that is below one."""
    max_norm = _checked("max_norm", max_norm)
    _scale_down(_gradients(parameters), max_norm, total_norm)


def _scale_down(gradients, max_norm, total_norm):
    if not gradients:
        return
    # 1e-6 keeps the quotient finite. The factor stays a tensor, so that nan and inf pass on into the gradients.
    factor = (max_norm / (total_norm + 1e-6)).clamp(max=1.0)
    with no_grad():
        for gradient in gradients:
            gradient.mul_(factor)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients in place so that their norm, taken all together, is ``max_norm`` at most.

    Args:
        parameters (Tensor or iterable of Tensors): whose ``.grad`` is scaled; those without one don't count.
        max_norm (float): the bound.
        norm_type (float): the p of the p-norm; ``inf`` for the maximum.
        error_if_nonfinite (bool): raise RuntimeError if the norm is nan or infinite.
        foreach: accepted for compatibility; the result is the same.

    Returns:
        Tensor: the norm before scaling.

    Example::

        >>> import arcgrad as ag
        >>> p = ag.nn.Parameter(ag.zeros(2))
        >>> p.grad = ag.tensor([3.0, 4.0])
        >>> ag.nn.utils.clip_grad_norm_(p, 1.0)
        tensor(5.)
    """
    max_norm = _checked("max_norm", max_norm)
    gradients = _gradients(parameters)
    total_norm = get_total_norm(gradients, norm_type, error_if_nonfinite)
    _scale_down(gradients, max_norm, total_norm)
    return total_norm


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The old name of :func:`clip_grad_norm_`."""
    warnings.warn(
        "`nn.utils.clip_grad_norm` is now deprecated in favor of `nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Limit every element of the gradients, in place, to [-``clip_value``, ``clip_value``]."""
    clip_value = _checked("clip_value", clip_value)
    with no_grad():
        for gradient in [parameter.grad for parameter in _as_list(parameters) if parameter.grad is not None]:
            gradient.clamp_(-clip_value, clip_value)


_names.describe(__name__)
