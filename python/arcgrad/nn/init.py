"""Starting values of parameters. Every function writes into its tensor, unrecorded, and returns it.

The draws follow PyTorch's one by one: the same seed gives the same weights.
"""

from __future__ import annotations

import math
import warnings

import arcgrad
from arcgrad import _names
from arcgrad import no_grad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from arcgrad._core import Generator, Tensor

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = [
    "calculate_gain",
    "uniform_",
    "normal_",
    "trunc_normal_",
    "constant_",
    "ones_",
    "zeros_",
    "eye_",
    "dirac_",
    "xavier_uniform_",
    "xavier_normal_",
    "kaiming_uniform_",
    "kaiming_normal_",
    "orthogonal_",
    "sparse_",
]

# The functions whose gain is one: they neither grow nor shrink the variance of their argument.
_UNIT_GAIN = frozenset(
    ("linear", "sigmoid")
    + tuple(f"conv{dims}d" for dims in (1, 2, 3))
    + tuple(f"conv_transpose{dims}d" for dims in (1, 2, 3))
)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Recommended standard deviation, times √fan, of the weights in front of a nonlinearity.

    Args:
        nonlinearity (str): ``'linear'``, ``'sigmoid'``, ``'convNd'``, ``'tanh'``, ``'relu'``, ``'leaky_relu'``
            or ``'selu'``.
        param (float, optional): the slope of ``leaky_relu``. Default: 0.01.

    Example::

        >>> import arcgrad as ag
        >>> round(ag.nn.init.calculate_gain("relu"), 4)
        1.4142
    """
    if nonlinearity in _UNIT_GAIN:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        if param is None:
            param = 0.01
        elif isinstance(param, bool) or not isinstance(param, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + param**2))
    if nonlinearity == "selu":
        # Empirical: SELU normalises by itself, and trains best with this.
        return 3.0 / 4
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with draws uniform in [a, b).

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.init.uniform_(ag.empty(3, 5), -1, 1)
        >>> bool((w.abs() <= 1).all())
        True
    """
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal draws of the given mean and standard deviation."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal draws; those outside [a, b] are drawn again.

    ``a`` and ``b`` are absolute bounds, not multiples of ``std``.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_: nearly all values come from the very end "
            "of the distribution",
            stacklevel=2,
        )

    def below(bound):
        return 0.5 * (1.0 + math.erf((bound - mean) / std / math.sqrt(2.0)))

    with no_grad():
        # Rejecting normal draws takes 1/p rounds on average; where the interval holds little of the
        # distribution, uniform draws under its density are accepted more often.
        if below(b) - below(a) > 0.3:
            return _redraw_outside(tensor, mean, std, a, b, generator)
        return _draw_under_density(tensor, mean, std, a, b, generator)


def _redraw_outside(tensor, mean, std, a, b, generator):
    low, high = tensor.new_tensor(a).item(), tensor.new_tensor(b).item()
    values = tensor.normal_(mean, std, generator=generator)
    outside = (values < low) | (values > high)
    while outside.any():
        again = arcgrad.empty_like(tensor).normal_(mean, std, generator=generator)
        values = arcgrad.where(outside, again, values)
        outside = (values < low) | (values > high)
    if values is not tensor:
        tensor.copy_(values)
    return tensor


def _draw_under_density(tensor, mean, std, a, b, generator):
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    values = tensor.uniform_(a, b, generator=generator)
    pending = _above_density(values, mean, std, peak, generator)
    while pending.any():
        again = arcgrad.empty_like(tensor).uniform_(a, b, generator=generator)
        values = arcgrad.where(pending, again, values)
        pending = pending & _above_density(again, mean, std, peak, generator)
    if values is not tensor:
        tensor.copy_(values)
    return tensor


def _above_density(values, mean, std, peak, generator):
    """Where a uniform height lies above the density at ``values``, relative to its highest value in the interval."""
    log_density = -0.5 * ((values - mean) / std) ** 2 - peak
    return arcgrad.empty_like(values).uniform_(generator=generator).log() > log_density


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with ``val``."""
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with one."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zero."""
    with no_grad():
        return tensor.zero_()


def eye_(tensor: Tensor) -> Tensor:
    """Make a matrix the identity, cut or padded with zeros to its shape."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        return tensor.copy_(arcgrad.eye(*tensor.shape, dtype=tensor.dtype))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Make the kernels of a convolution pass each channel through unchanged, per group.

    Args:
        tensor (Tensor): weights ``(out, in, *kernel)`` with one to three kernel axes.
        groups (int): number of groups of the convolution; divides ``out``.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    out_channels, in_channels, *kernel = tensor.shape
    if out_channels % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    per_group = out_channels // groups
    centre = tuple(size // 2 for size in kernel)
    with no_grad():
        tensor.zero_()
        for group in range(groups):
            for channel in range(min(per_group, in_channels)):
                tensor[(group * per_group + channel, channel, *centre)] = 1
    return tensor


def _calculate_fan_in_and_fan_out(tensor):
    """How many inputs each output sees, and how many outputs each input reaches."""
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    fan_out, fan_in, *kernel = tensor.shape
    field = math.prod(kernel)
    return fan_in * field, fan_out * field


def _calculate_correct_fan(tensor, mode):
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return _calculate_fan_in_and_fan_out(tensor)[mode == "fan_out"]


def _uniform_by_fan_in_(bias, weight):
    """Fill the bias of a layer with ``weight`` uniformly in ±1/√fan_in."""
    fan_in, _ = _calculate_fan_in_and_fan_out(weight)
    if fan_in > 0:
        bound = 1 / math.sqrt(fan_in)
        uniform_(bias, -bound, bound)
    return bias


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill uniformly in ±gain·√(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010)."""
    std = gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor))))
    # A uniform distribution of standard deviation s ends at √3·s.
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal draws of standard deviation gain·√(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010)."""
    std = gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor))))
    return normal_(tensor, 0.0, std, generator)


def _kaiming_std(tensor, a, mode, nonlinearity):
    """Standard deviation for :func:`kaiming_uniform_` and :func:`kaiming_normal_`; None for an empty tensor."""
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return None
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill uniformly in ±gain·√(3 / fan) (He et al., 2015).

    Args:
        tensor (Tensor): weights ``(out, in, *kernel)``.
        a (float): the slope of the ``leaky_relu`` behind them.
        mode (str): ``'fan_in'`` keeps the variance in forward, ``'fan_out'`` in backward.
        nonlinearity (str): see :func:`calculate_gain`.
        generator (Generator, optional): where the draws come from.
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    # A uniform distribution of standard deviation s ends at √3·s.
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal draws of standard deviation gain/√fan; see :func:`kaiming_uniform_`."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else normal_(tensor, 0.0, std, generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Make the matrix of the first axis against all others (semi-)orthogonal (Saxe et al., 2013), times ``gain``.

    The orthogonal factor of a normal matrix whose triangular factor has a positive diagonal, which makes it unique and
    uniformly distributed (Mezzadri, 2007).
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.size(0)
    columns = tensor.numel() // rows
    with no_grad():
        drawn = tensor.new_empty((rows, columns)).normal_(0, 1, generator=generator)
        # The vectors to be made orthogonal are the rows: all of them, or as many as there is room for.
        vectors = _orthogonal_rows((drawn if rows < columns else drawn.t()).double())
        if rows >= columns:
            vectors = vectors.t()
        return tensor.copy_(vectors.reshape(tensor.shape)).mul_(gain)


def _orthogonal_rows(vectors):
    """Gram and Schmidt's process on rows that are as good as certainly independent, in place."""
    for i in range(len(vectors)):
        row, before = vectors[i], vectors[:i]
        for _ in range(2):  # twice is enough for full precision (Giraud et al., 2005)
            row -= (before @ row) @ before
        row /= row.norm()
    return vectors


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Fill a matrix with normal draws and set the fraction ``sparsity`` of each column to zero (Martens, 2010)."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with no_grad():
        tensor.normal_(0, std, generator=generator)
        for column in range(columns):
            tensor[arcgrad.randperm(rows)[:zeros], column] = 0
    return tensor


def _under_old_name(function: F) -> F:
    """The function without the underscore, as it was called before; using it warns."""
    new = function.__name__
    old = new[:-1]

    def renamed(*args, **kwargs):
        warnings.warn(
            f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new}`.", category=FutureWarning, stacklevel=2
        )
        return function(*args, **kwargs)

    renamed.__name__ = renamed.__qualname__ = old
    renamed.__doc__ = f"The old name of :func:`{new}`."
    renamed.__wrapped__ = function  # whose signature it has
    return renamed


uniform = _under_old_name(uniform_)
normal = _under_old_name(normal_)
constant = _under_old_name(constant_)
eye = _under_old_name(eye_)
dirac = _under_old_name(dirac_)
xavier_uniform = _under_old_name(xavier_uniform_)
xavier_normal = _under_old_name(xavier_normal_)
kaiming_uniform = _under_old_name(kaiming_uniform_)
kaiming_normal = _under_old_name(kaiming_normal_)
orthogonal = _under_old_name(orthogonal_)
sparse = _under_old_name(sparse_)


_names.describe(__name__)
