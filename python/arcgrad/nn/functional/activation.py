"""Activations: those of the core, which may overwrite their input, and some that are composed."""

from __future__ import annotations

from types import SimpleNamespace

import arcgrad
from arcgrad import _names, _warnings
from arcgrad._core import nn as _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Generator, Tensor

__all__ = [
    "celu",
    "elu",
    "glu",
    "gumbel_softmax",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
    "rrelu_",
    "selu",
    "silu",
    "softsign",
    "tanhshrink",
    "threshold",
]

# ---- of the core ----

#: The core's forms that overwrite their input, under the names of those that do not.
_in_place = SimpleNamespace(
    **{
        name: getattr(_core, f"{name}_")
        for name in (
            "celu",
            "elu",
            "hardsigmoid",
            "hardswish",
            "hardtanh",
            "leaky_relu",
            "mish",
            "relu",
            "relu6",
            "selu",
            "silu",
            "threshold",
        )
    }
)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(x, 0)``; the gradient at 0 is 0."""
    return (_in_place if inplace else _core).relu(input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(x, 0), 6)``."""
    return (_in_place if inplace else _core).relu6(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``x`` where positive, else ``negative_slope · x``."""
    return (_in_place if inplace else _core).leaky_relu(input, negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` where positive, else ``alpha (exp(x) - 1)`` (Clevert et al., 2015)."""
    return (_in_place if inplace else _core).elu(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Scaled exponential linear unit (Klambauer et al., 2017)."""
    return (_in_place if inplace else _core).selu(input)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``max(0, x) + min(0, α (exp(x/α) - 1))`` (Barron, 2017)."""
    return (_in_place if inplace else _core).celu(input, alpha)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``x · sigmoid(x)``."""
    return (_in_place if inplace else _core).silu(input)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` clamped to ``[min_val, max_val]``; no gradient at and beyond the ends."""
    return (_in_place if inplace else _core).hardtanh(input, min_val, max_val)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(x + 3, 0), 6) / 6``."""
    return (_in_place if inplace else _core).hardsigmoid(input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x · hardsigmoid(x)`` (Howard et al., 2019)."""
    return (_in_place if inplace else _core).hardswish(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x · tanh(softplus(x))`` (Misra, 2019)."""
    return (_in_place if inplace else _core).mish(input)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where ``x > threshold``, else ``value``."""
    return (_in_place if inplace else _core).threshold(input, threshold, value)


# ---- composed ----


def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``."""
    return _core.softsign(input)


def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``."""
    return input - input.tanh()


def _floats_only(name, input):
    if not input.is_floating_point():
        raise NotImplementedError(f"{name}: expected a tensor of floats, got {input.dtype}")


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``max(0, x) + weight · min(0, x)``, one weight for all or one per channel (axis 1)."""
    if input.dtype != weight.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {input.dtype} and {weight.dtype}")
    _floats_only("prelu", input)
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    channels = input.shape[1] if input.ndim >= 2 else 1
    if weight.numel() != 1:
        if weight.numel() != channels:
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. "
                f"Found parameter numbers = {weight.numel()} and channel size = {channels}."
            )
        weight = weight.reshape(-1, *(1,) * (input.ndim - 2))
    elif input.ndim == 0:
        weight = weight.reshape(())
    return arcgrad.where(input > 0, input, weight * input)


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """Leaky ReLU with slopes drawn uniformly while training, their mean otherwise (Xu et al., 2015)."""
    if inplace:
        return rrelu_(input, lower, upper, training)
    return input * _drawn_slopes(input, lower, upper) if training else leaky_relu(input, (lower + upper) / 2)


def rrelu_(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """:func:`rrelu` in place."""
    if training:
        return input.mul_(_drawn_slopes(input, lower, upper, generator))
    return _core.leaky_relu_(input, (lower + upper) / 2)


def _drawn_slopes(input, lower, upper, generator=None):
    if lower > upper:
        raise RuntimeError(f"Lower bound should be less than or equal to the upper bound, got {lower} and {upper}")
    # Drawn in double precision and only for the elements that need a slope: PyTorch's stream.
    falls = input <= 0
    slopes = arcgrad.ones_like(input)
    drawn = arcgrad.empty(int(falls.sum()), dtype=arcgrad.float64).uniform_(lower, upper, generator=generator)
    slopes[falls] = drawn.to(input.dtype)
    return slopes


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """First half times the sigmoid of the second half along ``dim`` (Dauphin et al., 2016)."""
    if input.ndim == 0:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    _floats_only("glu", input)
    size = input.shape[dim]
    if size % 2 != 0:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim % input.ndim} is size {size}")
    first, second = input.chunk(2, dim)
    return first * second.sigmoid()


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Draws from categorical distributions that are differentiable in ``logits`` (Jang et al., 2016).

    Args:
        logits (Tensor): logarithms of probabilities, up to a constant along ``dim``.
        tau (float): temperature: the lower, the closer to ones and zeros.
        hard (bool): ones and zeros, with the gradient of the soft draws.
        eps (float): has no effect, as in PyTorch.
        dim (int): the axis of the categories.
    """
    if eps != 1e-10:
        _warnings.warn("`eps` parameter is deprecated and has no effect.")
    noise = -arcgrad.empty_like(logits, memory_format=arcgrad.contiguous_format).exponential_().log()
    soft = _core.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    chosen = arcgrad.zeros_like(logits).scatter_(dim, soft.argmax(dim, keepdim=True), 1.0)
    return chosen - soft.detach() + soft


_names.describe(__name__)
